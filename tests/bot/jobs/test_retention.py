"""What is deleted, and when: files and words of jobs that ended, never those that are at work."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.errors import Reason, RefusedError
from bot.jobs.model import Job, JobState
from bot.jobs.retention import Retention
from bot.store.tables import places
from tests.bot.jobs.kit import OWNER, Kit, eventually
from tests.bot.jobs.orders import MEMBER

KEEP_FOR = timedelta(days=30)


def retention(kit: Kit) -> Retention:
    return Retention(store=kit.store, files=kit.files, clock=kit.clock, keep_for=KEEP_FOR, disk=kit.disk)


async def delivered(kit: Kit) -> Job:
    return await kit.at(JobState.DELIVERED)


async def test_a_job_that_ended_long_ago_leaves_with_its_row_its_words_and_its_track(kit: Kit):
    job = await delivered(kit)
    track = kit.files.track(job)
    assert track is not None
    kit.clock.leap((KEEP_FOR + timedelta(seconds=1)).total_seconds())

    assert await retention(kit).delete_due() == 1
    assert await kit.store.get(job.id) is None
    assert await kit.store.history(job.id) == []
    assert not track.exists()


async def test_a_job_that_ended_lately_stays(kit: Kit):
    job = await delivered(kit)
    kit.clock.leap((KEEP_FOR - timedelta(minutes=1)).total_seconds())
    assert await retention(kit).delete_due() == 0
    assert kit.files.track(job) is not None


async def test_a_job_at_work_stays_however_old_it_is(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    kit.clock.leap((10 * KEEP_FOR).total_seconds())
    assert await retention(kit).delete_due() == 0
    assert await kit.store.get(job.id) is not None


async def test_more_than_one_helping_is_deleted_in_one_go(kit: Kit):
    for _ in range(3):
        await delivered(kit)
    kit.clock.leap((2 * KEEP_FOR).total_seconds())
    assert await retention(kit).delete_due() == 3


async def test_ids_and_places_leave_the_ledger_when_no_limit_counts_them_and_not_before(kit: Kit):
    await kit.order()

    async def counted() -> tuple[int, int]:
        async with kit.real_store.database.reading() as connection:
            kept = (await connection.execute(select(func.count()).select_from(places))).scalar_one()
        return len(await kit.real_store.ledger_of(MEMBER)), kept

    await retention(kit).delete_due()
    assert await counted() == (1, 1)
    kit.clock.leap((KEEP_FOR + timedelta(seconds=1)).total_seconds())
    await retention(kit).delete_due()
    assert await counted() == (0, 0)


async def test_a_file_that_is_gone_already_does_not_keep_the_row(kit: Kit):
    job = await delivered(kit)
    track = kit.files.track(job)
    assert track is not None
    track.unlink()
    kit.clock.leap((2 * KEEP_FOR).total_seconds())
    assert await retention(kit).delete_due() == 1


async def test_a_job_whose_files_cannot_be_removed_stays_and_holds_up_nobody(kit: Kit):
    """The loop died of it, and nothing was deleted any more."""
    stuck, other = await delivered(kit), await delivered(kit)
    track = kit.files.track(stuck)
    assert track is not None
    track.unlink()
    track.mkdir()  # what cannot be removed as a file
    kit.clock.leap((2 * KEEP_FOR).total_seconds())

    assert await retention(kit).delete_due() == 1
    assert await kit.store.get(stuck.id) is not None
    assert await kit.store.get(other.id) is None
    assert kit.disk.trouble

    track.rmdir()
    assert await retention(kit).delete_due() == 1


async def test_it_looks_once_an_hour_and_also_after_the_database_was_busy(kit: Kit):
    """Without its pause the loop would ask the database without end."""
    kit.store.busy("older_than")
    kit.supervisor.run_forever("retention", retention(kit).run)
    for looks in (1, 2, 3):
        await eventually(lambda looks=looks: len(kit.clock.asked) == looks)
        await kit.clock.settle()
        assert kit.store.calls.count("older_than") == looks
        await kit.clock.advance(3599)
        assert kit.store.calls.count("older_than") == looks
        await kit.clock.advance(1)
    assert kit.clock.asked[:3] == [3600.0] * 3


async def test_beside_the_one_that_does_it_for_all_only_files_of_jobs_that_are_gone_are_removed(kit: Kit):
    job = await delivered(kit)
    mine = kit.files.track(job)
    assert mine is not None
    gone = kit.files.track_path(f"{job.id + 1}-{'0' * 16}.mp3")
    gone.write_bytes(b"ID3")
    long_ago = (kit.clock.now() - timedelta(hours=2)).timestamp()
    for path in (mine, gone):
        os.utime(path, (long_ago, long_ago))
    await kit.clock.advance(KEEP_FOR.total_seconds() * 2)
    kit.supervisor.run_forever("copies", retention(kit).run_beside)
    await eventually(kit.clock.has_sleepers)
    await kit.clock.advance(3600)
    await eventually(lambda: not gone.exists())
    assert mine.exists()
    assert await kit.store.get(job.id) is not None


async def test_a_job_is_kept_to_the_very_end_of_its_time(kit: Kit):
    job = await delivered(kit)
    kit.clock.leap(KEEP_FOR.total_seconds())
    assert await retention(kit).delete_due() == 0
    kit.clock.leap(0.001)
    assert await retention(kit).delete_due() == 1
    assert await kit.store.get(job.id) is None


async def with_copy(kit: Kit, job: Job) -> Path:
    copy = kit.files.reference_path(f"{job.id}-{job.key}")
    copy.write_bytes(b"ID3 a song")
    await kit.real_store.update(job.id, reference=replace(job.reference, copy_name=copy.name))
    return copy


async def test_an_order_that_is_cancelled_before_anything_is_paid_gives_its_copy_back_at_once(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    copy = await with_copy(kit, job)
    await kit.service.cancel(job.id, OWNER)
    await kit.run_on(job.id)
    assert not copy.exists()
    assert (await kit.job(job.id)).reference.copy_name is None
    assert (await kit.job(job.id)).reference.url == job.reference.url


async def test_an_order_that_a_service_refuses_gives_its_copy_back_at_once(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    copy = await with_copy(kit, job)
    kit.generator.submits.then(RefusedError("words", reason=Reason.CONTENT_REFUSED))
    await kit.run_on(job.id)
    assert (await kit.job(job.id)).state is JobState.FAILED
    assert not copy.exists()


async def test_a_copy_that_no_row_came_to_name_goes_with_the_order_that_was_cancelled_meanwhile(kit: Kit):
    job = await kit.order()
    copy = kit.files.reference_path(f"{job.id}-{job.key}.mp3")
    copy.write_bytes(b"ID3 a song")
    await kit.service.cancel(job.id, OWNER)
    await kit.run_on(job.id)
    assert not copy.exists()


@pytest.mark.parametrize("paid", ["delivered", "cancelled after payment", "in doubt"])
async def test_what_was_or_may_have_been_paid_keeps_its_copy_for_again(kit: Kit, paid: str):
    if paid == "delivered":
        job = await delivered(kit)
    elif paid == "in doubt":
        job = await kit.unknown()
    else:
        job = await kit.at(JobState.GENERATING)
    copy = await with_copy(kit, job)
    if paid == "cancelled after payment":
        await kit.service.cancel(job.id, OWNER)
    if paid == "in doubt":
        await kit.service.dismiss(job.id, OWNER)
    await kit.run_on(job.id)
    assert await retention(kit).give_copies_back() == 0
    assert copy.exists()


async def test_copies_that_older_versions_kept_of_unpaid_orders_go_with_the_next_look(kit: Kit):
    held: list[Path] = []
    for _ in range(3):
        job = await kit.at(JobState.QUEUED)
        held.append(await with_copy(kit, job))
        moved = await kit.real_store.move(job, JobState.CANCELLED, kit.clock.now(), notified_state=JobState.CANCELLED)
        assert moved is not None
    live = await kit.at(JobState.QUEUED)
    kept = await with_copy(kit, live)
    assert await retention(kit).give_copies_back() == 3
    assert [path.exists() for path in (*held, kept)] == [False, False, False, True]
    assert await retention(kit).give_copies_back() == 0
