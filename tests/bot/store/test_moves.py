"""A job moves once from each version, whoever asks and however often."""

import asyncio
import dataclasses

import pytest

from bot.errors import Reason, StoreError
from bot.jobs.model import IllegalMoveError, JobEvent, JobState
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import NOON, TO_GENERATING, an_order, at, moved


async def test_a_move_changes_state_version_time_and_what_it_was_told_to(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    heard = dataclasses.replace(job.reference, seconds=31.25, format="mp3", copy_name="1.mp3")
    queued = await store.move(job, JobState.QUEUED, at(2), why="heard", reference=heard)
    assert queued == dataclasses.replace(job, state=JobState.QUEUED, version=1, moved_at=at(2), reference=heard)
    assert await store.get(job.id) == queued


async def test_a_move_from_an_old_version_changes_nothing(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    queued = await store.move(job, JobState.QUEUED, at(1))
    assert await store.move(job, JobState.CANCELLED, at(2), reason=Reason.MEMBER_CANCELLED) is None
    assert await store.get(job.id) == queued
    assert len(await store.history(job.id)) == 2


async def test_a_job_that_came_back_to_the_same_state_is_not_moved_by_who_saw_it_before(store: SqlJobStore) -> None:
    before = await moved(store, await store.add(an_order(), NOON), JobState.QUEUED)
    after = await moved(store, before, JobState.SUBMITTING, JobState.QUEUED)
    assert after.state is before.state
    assert await store.move(before, JobState.SUBMITTING, at(9), attempt=before.attempt + 1) is None
    assert await store.get(after.id) == after


async def test_a_move_of_a_deleted_job_changes_nothing(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    await store.delete(job.id)
    assert await store.move(job, JobState.QUEUED, at(1)) is None
    assert await store.history(job.id) == []


async def test_a_move_that_the_table_does_not_know_is_refused(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    with pytest.raises(IllegalMoveError):
        await store.move(job, JobState.DELIVERED, at(1))
    assert await store.get(job.id) == job


async def test_of_fifty_parallel_moves_of_one_job_exactly_one_wins(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    ways = [JobState.QUEUED, JobState.CANCELLED, JobState.REFUSED, JobState.FAILED, JobState.QUEUED] * 10
    results = await asyncio.gather(*(store.move(job, way, at(1), why=str(n)) for n, way in enumerate(ways)))
    winners = [result for result in results if result is not None]
    assert winners == [await store.get(job.id)]
    assert len(await store.history(job.id)) == 2


async def test_the_history_tells_every_move_oldest_first(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    queued = await store.move(job, JobState.QUEUED, at(1), why="heard")
    assert queued is not None
    await store.move(queued, JobState.CANCELLED, at(2), why="member_cancelled")
    assert await store.history(job.id) == [
        JobEvent(at=NOON, before=None, after=JobState.CHECKING, detail=""),
        JobEvent(at=at(1), before=JobState.CHECKING, after=JobState.QUEUED, detail="heard"),
        JobEvent(at=at(2), before=JobState.QUEUED, after=JobState.CANCELLED, detail="member_cancelled"),
    ]


@pytest.mark.parametrize("before", [JobState.SUBMITTING, JobState.UNKNOWN])
async def test_an_answer_settles_a_submission_whoever_holds_the_job(store: SqlJobStore, before: JobState) -> None:
    job = await moved(store, await store.add(an_order(), NOON), JobState.QUEUED, JobState.SUBMITTING)
    if before is JobState.UNKNOWN:
        doubted = await store.move(job, JobState.UNKNOWN, at(5), reason=Reason.OUTCOME_UNKNOWN, detail="reset")
        assert doubted is not None
        job = doubted
    settled = await store.resolve_submission(job.id, 1, "gen-1", at(6), at(900))
    assert settled == dataclasses.replace(
        job,
        state=JobState.GENERATING,
        version=job.version + 1,
        generation_id="gen-1",
        reason=None,
        detail="",
        accepted_at=at(6),
        moved_at=at(6),
        deadline_at=at(900),
    )
    assert await store.get(job.id) == settled
    last = (await store.history(job.id))[-1]
    assert (last.before, last.after) == (before, JobState.GENERATING)


async def test_settling_twice_with_the_same_answer_gives_the_same_job(store: SqlJobStore) -> None:
    job = await moved(store, await store.add(an_order(), NOON), JobState.QUEUED, JobState.SUBMITTING)
    first = await store.resolve_submission(job.id, 1, "gen-1", at(6), at(900))
    assert await store.resolve_submission(job.id, 1, "gen-1", at(7), at(901)) == first
    assert len(await store.history(job.id)) == 4


async def test_a_late_answer_of_an_overtaken_attempt_is_written_down_and_changes_nothing(store: SqlJobStore) -> None:
    job = await moved(store, await store.add(an_order(), NOON), JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN)
    second = await moved(store, job, JobState.QUEUED, JobState.SUBMITTING)
    assert second.attempt == 2
    assert await store.resolve_submission(second.id, 1, "gen-late", at(60), at(900)) is None
    assert await store.get(second.id) == second
    assert (await store.history(second.id))[-1] == JobEvent(
        at=at(60),
        before=JobState.SUBMITTING,
        after=JobState.SUBMITTING,
        detail="late answer to attempt 1: generation gen-late",
    )


async def test_an_answer_for_a_job_that_rests_is_late(store: SqlJobStore) -> None:
    job = await moved(store, await store.add(an_order(), NOON), JobState.QUEUED, JobState.SUBMITTING, JobState.FAILED)
    assert await store.resolve_submission(job.id, 1, "gen-late", at(60), at(900)) is None
    assert await store.get(job.id) == job
    assert "gen-late" in (await store.history(job.id))[-1].detail


async def test_a_generation_belongs_to_one_job(store: SqlJobStore) -> None:
    one = await moved(store, await store.add(an_order(1), NOON), JobState.QUEUED, JobState.SUBMITTING)
    other = await moved(store, await store.add(an_order(2), NOON), JobState.QUEUED, JobState.SUBMITTING)
    await store.resolve_submission(one.id, 1, "gen-1", at(6), at(900))
    with pytest.raises(StoreError) as caught:
        await store.resolve_submission(other.id, 1, "gen-1", at(7), at(900))
    assert "gen-1" not in str(caught.value)
    assert await store.get(other.id) == other
    assert len(await store.history(other.id)) == 3


async def test_a_wish_to_stop_is_kept_and_taken_back_while_a_song_is_made_and_never_else(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    assert await store.wish_to_stop(job, wished=True) is None
    made = await moved(store, job, *TO_GENERATING)
    wished = await store.wish_to_stop(made, wished=True)
    assert wished is not None
    assert (wished.reason, wished.version) == (Reason.MEMBER_CANCELLED, made.version)
    taken_back = await store.wish_to_stop(made, wished=False)
    assert taken_back is not None
    assert taken_back.reason is None
    ended = await store.move(made, JobState.FAILED, NOON, reason=Reason.PROVIDER_FAILED)
    assert ended is not None
    assert await store.wish_to_stop(ended, wished=True) is None
    kept = await store.get(job.id)
    assert kept is not None
    assert kept.reason is Reason.PROVIDER_FAILED
