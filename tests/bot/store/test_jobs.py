"""Every method of the store, on a real database of each kind."""

import asyncio
import dataclasses
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import StatementError

from bot.clock import SystemClock
from bot.disk import Disk
from bot.errors import DuplicateOrderError, OrderError, Reason, StoreDiskError
from bot.jobs.model import LIVE, Job, JobState, Reference, Track
from bot.jobs.overview import Running
from bot.jobs.ports import JobStore
from bot.jobs.space import SpaceLimits
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from bot.store.space_used import takes_bytes
from tests.bot.store.orders import LYRICS, NOON, TO_DELIVERED, TO_GENERATING, SetClock, an_order, at, moved
from tests.small_disk import small_disk


def test_the_store_is_a_job_store(store: SqlJobStore) -> None:
    jobs: JobStore = store
    assert jobs is store


async def test_an_order_becomes_a_job_that_says_all_the_order_said(store: SqlJobStore) -> None:
    order = an_order(again_of=4)
    job = await store.add(order, NOON)
    assert (job.state, job.version, job.attempt) == (JobState.CHECKING, 0, 0)
    assert (job.member_id, job.member_name, job.place) == (order.member_id, order.member_name, order.place)
    assert (job.title, job.lyrics, job.prompt, job.again_of) == (order.title, LYRICS, order.prompt, 4)
    assert job.reference == order.reference
    assert (job.created_at, job.moved_at) == (NOON, NOON)
    assert job.track is job.notified_state is job.reason is job.generation_id is None
    assert len(job.key) == 16
    assert int(job.key, 16) >= 0
    assert await store.get(job.id) == job


async def test_two_jobs_have_different_keys_and_growing_numbers(store: SqlJobStore) -> None:
    first, second = await store.add(an_order(1), NOON), await store.add(an_order(2), NOON)
    assert first.id < second.id
    assert first.key != second.key


async def test_the_same_interaction_gives_the_number_of_the_first_job(store: SqlJobStore) -> None:
    first = await store.add(an_order(1), NOON)
    with pytest.raises(DuplicateOrderError) as caught:
        await store.add(an_order(1, lyrics="other words"), at(1))
    assert caught.value.job_id == first.id
    assert await store.get(first.id) == first
    assert len(await store.history(first.id)) == 1


async def test_of_twenty_arrivals_of_one_interaction_one_becomes_a_job(store: SqlJobStore) -> None:
    results = await asyncio.gather(*(store.add(an_order(1), NOON) for _ in range(20)), return_exceptions=True)
    taken = [result for result in results if isinstance(result, Job)]
    assert len(taken) == 1
    assert {r.job_id for r in results if isinstance(r, DuplicateOrderError)} == {taken[0].id}
    assert sum(isinstance(r, DuplicateOrderError) for r in results) == 19


async def test_what_no_database_can_hold_is_replaced_and_the_rest_is_kept(store: SqlJobStore) -> None:
    job = await store.add(an_order(lyrics="a\x00b\ud83cc", title="t\udfff"), NOON)
    assert (job.lyrics, job.title) == ("a\ufffdb\ufffdc", "t\ufffd")


async def test_a_generation_is_known_by_the_job_that_has_it(store: SqlJobStore) -> None:
    job = await moved(store, await store.add(an_order(), NOON), *TO_GENERATING)
    assert job.generation_id is not None
    assert await store.is_generation_known(job.generation_id)
    assert not await store.is_generation_known("fal-ai/minimax-music/requests/none")


async def test_a_job_that_does_not_exist_is_none(store: SqlJobStore) -> None:
    assert await store.get(404) is None
    assert await store.update(404, detail="x") is None
    assert await store.update(404) is None
    assert await store.resolve_submission(404, 1, "gen", NOON, NOON) is None
    assert await store.history(404) == []
    assert await store.delete(404) is False


async def test_every_column_of_a_job_can_be_set_and_read_back(store: SqlJobStore) -> None:
    job = await moved(store, await store.add(an_order(), NOON), JobState.QUEUED)
    changes = {
        "attempt": 3,
        "reference": Reference(url="u", name="n", size_bytes=1, seconds=31.25, format="mp3", copy_name="1.mp3"),
        "generation_id": "g" * 200,
        "track": Track(url="https://t.example/1", copy_name="1.mp3", size_bytes=2**33, seconds=12.5),
        "card_message_id": 2**62,
        "track_channel_id": 2**62 + 1,
        "track_message_id": 2**62 + 2,
        "notified_state": JobState.UNKNOWN,
        "reason": Reason.DEADLINE,
        "detail": "slow",
        "submit_started_at": at(1),
        "accepted_at": at(2),
        "deliver_started_at": at(3),
        "deadline_at": at(4),
    }
    noted = await store.update(job.id, **changes, interaction_token=None)
    place = dataclasses.replace(job.place, interaction_token=None)
    assert noted == dataclasses.replace(job, **changes, place=place)
    assert await store.get(job.id) == noted


async def test_a_note_changes_no_version_and_leaves_no_history(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    noted = await store.update(job.id, card_message_id=9, interaction_token=None)
    assert noted is not None
    assert (noted.card_message_id, noted.place.interaction_token, noted.version) == (9, None, 0)
    assert await store.move(job, JobState.QUEUED, at(1)) is not None
    assert len(await store.history(job.id)) == 2


async def test_a_note_of_nothing_gives_the_job_as_it_is(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    assert await store.update(job.id) == job


async def test_a_track_and_a_reason_can_be_taken_back(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    await store.update(job.id, track=Track(url="u", copy_name="c", size_bytes=1, seconds=1), reason=Reason.SOUND)
    assert await store.update(job.id, track=None, reason=None) == job


async def test_what_is_live_or_untold_needs_a_look_paid_ones_first_then_the_oldest(store: SqlJobStore) -> None:
    live = await store.add(an_order(1), NOON)
    told = await moved(store, await store.add(an_order(2), NOON), JobState.CANCELLED)
    untold = await moved(store, await store.add(an_order(3), NOON), JobState.CANCELLED)
    unknown = await moved(
        store, await store.add(an_order(4), NOON), JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN
    )
    asked_again = await moved(store, await store.add(an_order(5), NOON), *TO_GENERATING, JobState.EXPIRED)
    for job in (told, unknown, asked_again):
        await store.update(job.id, notified_state=job.state)
    await moved(store, asked_again, JobState.GENERATING)
    assert await store.needing_a_look(()) == [untold.id, asked_again.id, live.id]
    everyone = [await store.get(job.id) for job in (live, told, untold, unknown, asked_again)]
    assert [job.id for job in everyone if job and job.is_unfinished] == [live.id, untold.id, asked_again.id]
    assert await store.unknown_ids() == [unknown.id]


async def test_ahead_are_those_at_the_provider_and_those_queued_before(store: SqlJobStore) -> None:
    added = [await store.add(an_order(number), NOON) for number in range(1, 8)]
    checking, submitting, first, mine, behind, generating, done = added
    await moved(store, submitting, JobState.QUEUED, JobState.SUBMITTING)
    await moved(store, generating, *TO_GENERATING)
    await moved(store, done, *TO_DELIVERED)
    for job in (first, mine, behind):
        await moved(store, job, JobState.QUEUED)
    assert await store.ahead_of(mine) == 3
    assert await store.ahead_of(checking) == 2
    assert await store.ahead_of(behind) == 4


async def test_another_models_jobs_are_not_ahead(store: SqlJobStore) -> None:
    for number in range(1, 4):
        await moved(store, await store.add(an_order(number, model="acestep"), NOON), JobState.QUEUED)
    mine = await moved(store, await store.add(an_order(9), NOON), JobState.QUEUED)
    theirs = await moved(store, await store.add(an_order(10, model="acestep"), NOON), JobState.QUEUED)
    assert (await store.ahead_of(mine), await store.ahead_of(theirs)) == (0, 3)


async def test_a_model_learns_from_its_own_generations(store: SqlJobStore) -> None:
    await moved(store, await store.add(an_order(1), NOON), *TO_DELIVERED)
    await moved(store, await store.add(an_order(2, model="acestep"), NOON), *TO_DELIVERED)
    await moved(store, await store.add(an_order(3, model="acestep"), NOON), *TO_DELIVERED)
    found = [len(await store.recent_seconds(model)) for model in ("minimax-music", "acestep", "nobody")]
    assert found == [1, 2, 0]


async def test_what_an_order_says_of_its_model_is_what_the_job_keeps(store: SqlJobStore) -> None:
    order = an_order(model="acestep", style="warm folk – 🎶", price_micros=3_000_000_000)
    job = await moved(store, await store.add(order, NOON), *TO_DELIVERED)
    assert (job.provider, job.model, job.price_micros) == ("aiml", "acestep", 3_000_000_000)
    assert job.style == "warm folk – 🎶"
    assert await store.get(job.id) == job


async def test_a_members_jobs_come_newest_first_in_pages(store: SqlJobStore) -> None:
    mine = [(await store.add(an_order(number), NOON)).id for number in range(1, 13)]
    await store.add(an_order(99, member_id=78), NOON)
    assert [job.id for job in await store.of_member(77)] == mine[:1:-1]
    assert [job.id for job in await store.of_member(77, limit=5, offset=10)] == mine[1::-1]
    assert await store.count_of_member(77) == 12
    assert await store.count_of_member(1) == 0
    assert await store.of_member(1) == []


async def test_a_guild_shows_its_live_jobs_and_a_direct_channel_its_own(store: SqlJobStore) -> None:
    here = await store.add(an_order(1, guild_id=5, channel_id=6), NOON)
    beside = await store.add(an_order(2, guild_id=5, channel_id=7), NOON)
    await store.add(an_order(3, guild_id=8, channel_id=6), NOON)
    direct = await store.add(an_order(4, guild_id=None, channel_id=9), NOON)
    await store.add(an_order(5, guild_id=None, channel_id=10), NOON)
    await moved(store, await store.add(an_order(6, guild_id=5), NOON), JobState.CANCELLED)
    assert await store.in_guild(5, 6) == [here, beside]
    assert await store.in_guild(None, 9) == [direct]
    assert await store.in_guild(None, 6) == []


async def test_recent_seconds_are_of_first_successes_newest_first(store: SqlJobStore) -> None:
    for number, seconds in enumerate((30, 20, 40), start=1):
        job = await moved(store, await store.add(an_order(number), at(number * 100)), *TO_GENERATING)
        await store.move(job, JobState.READY, job.moved_at + timedelta(seconds=seconds))
    late = await moved(store, await store.add(an_order(7), at(900)), *TO_GENERATING, JobState.EXPIRED)
    await moved(store, late, JobState.GENERATING, JobState.READY)
    lost = await moved(store, await store.add(an_order(8), at(800)), *TO_GENERATING, JobState.READY)
    await moved(store, lost, JobState.GENERATING, JobState.READY)
    await moved(store, await store.add(an_order(9), at(900)), *TO_GENERATING, JobState.FAILED)
    once = 4  # `moved` makes the fourth move of `lost` four seconds after the third
    assert await store.recent_seconds("minimax-music") == [once, 40, 20, 30]
    assert await store.recent_seconds("minimax-music", 2) == [once, 40]


async def test_the_tally_names_every_state(store: SqlJobStore) -> None:
    assert (await store.tally()).by_state == dict.fromkeys(JobState, 0)
    await store.add(an_order(1), NOON)
    await store.add(an_order(2), NOON)
    await moved(store, await store.add(an_order(3), NOON), JobState.CANCELLED)
    counts = (await store.tally()).by_state
    assert (counts[JobState.CHECKING], counts[JobState.CANCELLED], sum(counts.values())) == (2, 1, 3)


async def test_a_channels_list_reads_no_more_than_it_shows(store: SqlJobStore) -> None:
    first, *_ = [await store.add(an_order(number), at(number)) for number in range(1, 5)]
    place = first.place
    running = await store.running_in(place.guild_id, place.channel_id, limit=2)
    assert ([job.id for job in running.jobs], running.here, running.elsewhere) == ([first.id, first.id + 1], 4, 0)
    beside = await store.running_in(place.guild_id, place.channel_id + 1, limit=2)
    assert (list(beside.jobs), beside.here, beside.elsewhere) == ([], 0, 4)
    assert await store.running_in(None, place.channel_id, limit=2) == Running(jobs=[], here=0)


async def test_the_tally_of_metrics_names_live_states_alone(store: SqlJobStore) -> None:
    await store.add(an_order(1), NOON)
    await moved(store, await store.add(an_order(2), NOON), JobState.CANCELLED)
    assert (await store.live_tally()).by_state == dict.fromkeys(LIVE, 0) | {JobState.CHECKING: 1}


async def test_a_forgotten_job_is_gone_with_its_history_and_its_number_is_never_given_again(store: SqlJobStore) -> None:
    job = await store.add(an_order(1), NOON)
    assert await store.delete(job.id)
    assert await store.get(job.id) is None
    assert await store.history(job.id) == []
    assert not await store.delete(job.id)
    again = await store.add(an_order(1), NOON)
    assert again.id > job.id


async def test_resting_jobs_older_than_a_time_come_oldest_first(store: SqlJobStore) -> None:
    jobs = [await store.add(an_order(number), at(-100 * number)) for number in range(1, 5)]
    rested = [await moved(store, job, JobState.CANCELLED) for job in jobs[:3]]
    assert await store.older_than(at(-150)) == [rested[2], rested[1]]
    assert await store.older_than(NOON, limit=1) == [rested[2]]
    assert await store.older_than(rested[2].moved_at) == []


async def test_jobs_and_remembered_values_outlive_a_restart(url: str) -> None:
    async with open_store(url, clock=SetClock()) as store:
        assert await store.get_value("commands") is None
        await store.set_value("commands", "abc")
        await store.set_value("commands", "def")
        job = await store.add(an_order(), NOON)
    async with open_store(url, clock=SetClock()) as store:
        assert await store.get_value("commands") == "def"
        assert await store.get(job.id) == job


async def test_times_come_back_in_utc_to_the_microsecond(store: SqlJobStore) -> None:
    elsewhere = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=timezone(timedelta(hours=-7)))
    job = await store.add(an_order(), elsewhere)
    assert job.created_at == elsewhere
    assert job.created_at.utcoffset() == timedelta(0)


async def test_a_naive_time_is_refused(store: SqlJobStore) -> None:
    with pytest.raises(StatementError, match="naive"):
        await store.add(an_order(), datetime(2026, 1, 2))  # noqa: DTZ001
    assert (await store.tally()).by_state[JobState.CHECKING] == 0


LARGE = SpaceLimits(member_max_bytes=10_000_000)


async def test_a_member_has_so_much_room_for_references_and_tracks_and_others_have_their_own(
    store: SqlJobStore,
) -> None:
    """Each order attaches 4 MB, which count from the moment it is taken."""
    first = await store.add(an_order(1), NOON, space=LARGE)
    await store.update(first.id, track=Track(url="https://x.example/t.mp3", copy_name="t.mp3", size_bytes=2_000_000))
    await store.add(an_order(2), NOON, space=LARGE)
    with pytest.raises(OrderError) as caught:
        await store.add(an_order(3), NOON, space=LARGE)
    assert caught.value.reason is Reason.MEMBER_SPACE
    assert caught.value.values == {"used_bytes": 10_000_000, "limit_bytes": 10_000_000, "size_bytes": 4_000_000}
    assert await store.count_of_member(77) == 2
    assert (await store.add(an_order(4, member_id=78), NOON, space=LARGE)).member_id == 78
    await store.update(first.id, reference=dataclasses.replace(first.reference, copy_name=None, copy_bytes=None))
    assert (await store.add(an_order(3), NOON, space=LARGE)).member_id == 77


async def test_fifty_orders_at_once_do_not_overshoot_all_the_room_there_is(sqlite_url: str) -> None:
    limits = SpaceLimits(data_max_bytes=20_000_000)
    async with open_store(sqlite_url, clock=SetClock()) as store:
        orders = (store.add(an_order(number, member_id=number), NOON, space=limits) for number in range(1, 51))
        results = await asyncio.gather(*orders, return_exceptions=True)
    assert sum(isinstance(one, Job) for one in results) == 5
    assert {one.reason for one in results if isinstance(one, OrderError)} == {Reason.DATA_SPACE}


async def test_what_holds_space_is_summed_from_an_index_alone(sqlite_url: str) -> None:
    async with open_store(sqlite_url, clock=SetClock()) as store, store.database.reading() as connection:
        for condition in ("WHERE member_id = 1", ""):
            asked = f"EXPLAIN QUERY PLAN SELECT SUM(reference_copy_bytes + track_size_bytes) FROM job {condition}"
            plan = str((await connection.exec_driver_sql(asked)).all())
            assert "USING COVERING INDEX job_bytes" in plan


async def test_a_full_disk_under_the_database_is_told_apart_seen_by_the_operator_and_passes(
    sqlite_url: str, tmp_path: Path
) -> None:
    disk = Disk([tmp_path], SystemClock())
    async with open_store(sqlite_url, clock=SetClock(), disk=disk) as store:
        first = await store.add(an_order(1), NOON)
        async with store.database.writing() as connection:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreDiskError, match=r"^disk full$"):
            await store.add(an_order(2, lyrics="la " * 20_000), NOON)
        assert "the database takes nothing: disk full" in disk.trouble
        async with store.database.writing() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert (await store.add(an_order(2, lyrics="la " * 20_000), NOON)).id > first.id
        assert await store.get(first.id) == first


async def test_a_database_on_a_full_disk_loses_nothing_and_is_well_again_once_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    with small_disk(folder, 2_000_000):
        disk = Disk([tmp_path], SystemClock())
        url = f"sqlite+aiosqlite:///{folder / 'compose.db'}"
        async with open_store(url, clock=SetClock(), disk=disk) as store:
            first = await store.add(an_order(1), NOON)
            filler = folder / "filler"
            with suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
            for _ in range(2):
                with pytest.raises(StoreDiskError):
                    await store.add(an_order(2, lyrics="la " * 20_000), NOON)
            assert "the database takes nothing" in disk.trouble
            assert not await takes_bytes(store.database)
            disk.worked()  # the data folder's is another disk
            assert disk.trouble
            assert len([said for said in caplog.records if "the disk fails" in said.message]) == 1
            filler.unlink()
            assert await takes_bytes(store.database)
            assert await store.get_value("disk_tried") is None
            assert (await store.add(an_order(2, lyrics="la " * 20_000), NOON)).id > first.id
            assert await store.get(first.id) == first
