"""What is deleted, and when: files and words of jobs that ended, never those that are at work."""

from datetime import timedelta

from bot.jobs.model import Job, JobState
from bot.jobs.retention import Retention
from tests.bot.jobs.kit import Kit, eventually

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


async def test_a_job_is_kept_to_the_very_end_of_its_time(kit: Kit):
    job = await delivered(kit)
    kit.clock.leap(KEEP_FOR.total_seconds())
    assert await retention(kit).delete_due() == 0
    kit.clock.leap(0.001)
    assert await retention(kit).delete_due() == 1
    assert await kit.store.get(job.id) is None
