"""The line: waiting songs are rows; who is next is found when a place comes free, and that song alone is woken."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from bot.errors import Reason
from bot.jobs.line import HEAD
from bot.jobs.line_head import Head
from bot.jobs.model import Job, JobState
from bot.jobs.ports import GaveUp
from bot.jobs.service import Actor
from bot.store import waiting as statements
from bot.store.jobs import SqlJobStore
from tests.bot.jobs.kit import Kit, eventually
from tests.bot.jobs.orders import MODEL, NOON, an_order


@pytest.fixture
async def two(kit: Kit) -> AsyncIterator[Kit]:
    """Two places at the provider, where nothing comes to an end by itself."""
    kit.places = 2
    small = kit.restarted()
    yield small
    await small.engine.stop(0)
    await small.supervisor.stop()


async def waiting(kit: Kit, *members: int, minutes_ago: float = 0) -> list[Job]:
    """A song of each member, in line."""
    jobs = [await kit.order(an_order(next(kit._interactions), member_id=member)) for member in members]
    since = kit.clock.now() - timedelta(minutes=minutes_ago)
    moved = [await kit.real_store.move(job, JobState.QUEUED, since) for job in jobs]
    return [job for job in moved if job is not None]


async def making(kit: Kit, member: int) -> Job:
    (job,) = await waiting(kit, member)
    sent = await kit._onward(job, JobState.SUBMITTING)
    return await kit._onward(sent, JobState.GENERATING)


async def reached(kit: Kit, jobs: list[Job], state: JobState) -> None:
    for job in jobs:
        while (await kit.job(job.id)).state is not state:  # noqa: ASYNC110 - the row is what is waited for
            await asyncio.sleep(0.01)


async def ids_of(store: SqlJobStore, *called: int, limit: int = 50) -> list[int]:
    head = await store.head_of_line(MODEL, called, limit, NOON)
    return [] if head is None else list(head.ids)


def a_head(**changes: object) -> Head:
    values = {"ids": (5, 6, 7), "taken": 1, "longest": 9, "longest_since": NOON, "median_since": NOON} | changes
    return Head(**values)  # type: ignore[arg-type]


# --- who is next ------------------------------------------------------------------------------------------------------


async def test_the_next_is_of_the_member_with_the_fewest_songs_in_hand_then_the_oldest(kit: Kit):
    held = await making(kit, 1)
    one, two, three = await waiting(kit, 1, 2, 3)
    assert await ids_of(kit.real_store) == [two.id, three.id, one.id]
    assert held.id not in await ids_of(kit.real_store)


async def test_a_member_with_many_songs_goes_in_turn_with_the_others(kit: Kit):
    many = await waiting(kit, 1, 1, 1, 1)
    few = await waiting(kit, 2, 3, 2)
    order = [many[0], few[0], few[1], many[1], few[2], many[2], many[3]]
    assert await ids_of(kit.real_store) == [job.id for job in order]


async def test_songs_that_were_given_a_place_count_as_in_hand_and_stand_in_line_no_more(kit: Kit):
    first, second, other = await waiting(kit, 1, 1, 2)
    head = await kit.real_store.head_of_line(MODEL, [first.id], 50, NOON)
    assert head is not None
    assert (list(head.ids), head.taken) == ([other.id, second.id], 1)


async def test_no_other_models_songs_are_in_the_line(kit: Kit):
    await waiting(kit, 1)
    assert await kit.real_store.head_of_line("another", [], 50, NOON) is None


async def test_the_head_says_who_waits_longest_and_how_long_the_middle_one_does(kit: Kit):
    await waiting(kit, 1, 2, minutes_ago=10)
    (oldest,) = await waiting(kit, 3, minutes_ago=60)
    await waiting(kit, 4, minutes_ago=1)
    head = await kit.real_store.head_of_line(MODEL, [], 50, NOON)
    assert head is not None
    assert (head.longest, head.longest_since) == (oldest.id, NOON - timedelta(minutes=60))
    assert head.median_since == NOON - timedelta(minutes=10)


@pytest.mark.parametrize(("waited", "ids"), [(29, [5, 6]), (30, [9])])
def test_who_has_waited_three_times_as_long_as_the_middle_one_goes_next(waited: int, ids: list[int]):
    head = a_head(longest_since=NOON - timedelta(minutes=waited), median_since=NOON - timedelta(minutes=10))
    assert list(head.next_ids(2, NOON)) == ids


def test_nobody_is_overdue_in_a_line_that_came_together():
    assert list(a_head().next_ids(2, NOON)) == [5, 6]


@pytest.mark.parametrize("free", [0, -3])
def test_nobody_goes_while_no_place_is_free(free: int):
    long_ago = NOON - timedelta(days=1)
    assert list(a_head(longest_since=long_ago).next_ids(free, NOON)) == []


# --- places -----------------------------------------------------------------------------------------------------------


async def test_one_statement_fills_all_places_and_those_alone_are_woken(two: Kit):
    jobs = await waiting(two, *range(1, 31))
    two.supervisor.run_forever("line", two.line.run)
    await eventually(lambda: len(two.called_up) == 2)
    await two.clock.settle()
    assert two.called_up == [jobs[0].id, jobs[1].id]
    assert two.store.calls.count("head_of_line") == 1
    assert two.store.calls.count("get") == 0


async def test_a_place_that_comes_free_goes_to_the_next_at_once(two: Kit):
    jobs = await waiting(two, 1, 2, 3, 4)
    await two.engine.start(two.steps)
    await eventually(lambda: len(two.generator.submits.calls) == 2)
    await reached(two, jobs[:2], JobState.GENERATING)
    two.generator.polls.default = GaveUp(reason=Reason.PROVIDER_FAILED, detail="")
    await two.service.cancel(jobs[0].id, Actor(member_id=1))
    await eventually(lambda: len(two.generator.submits.calls) == 3)
    assert two.called_up == [job.id for job in jobs[:3]]


async def test_a_song_that_joins_a_full_line_asks_nothing_of_the_store(two: Kit):
    jobs = await waiting(two, 1, 2, 3, 4, 5)
    for job in jobs:
        assert await two.line.enter(job, two.model) == (job in jobs[:2])
    assert two.store.calls.count("head_of_line") == 1


async def test_who_is_given_a_place_while_another_asks_is_woken_and_the_one_who_asks_is_not(two: Kit):
    jobs = await waiting(two, 1, 2, 3)
    assert await two.line.enter(jobs[1], two.model)
    assert two.called_up == [jobs[0].id]


async def test_a_song_in_line_has_no_timer_and_no_record(two: Kit):
    jobs = await waiting(two, *range(1, 11))
    await two.engine.start(two.steps)
    await eventually(lambda: len(two.generator.submits.calls) == 2)
    await two.clock.settle()
    known = set(two.engine._jobs)
    assert not known & {job.id for job in jobs[2:]}


# --- cards ------------------------------------------------------------------------------------------------------------


async def test_a_start_edits_no_card(two: Kit):
    await making(two, 1)
    await making(two, 2)
    await waiting(two, *range(3, 40))
    drawn: list[int] = []
    two.line.draw = drawn.append
    two.supervisor.run_forever("line", two.line.run)
    await eventually(lambda: "head_of_line" in two.store.calls)
    for _ in range(3):
        await two.clock.advance(60)
        await asyncio.sleep(0.02)
    assert drawn == []


async def test_when_a_place_comes_free_the_cards_at_the_head_move_up_and_no_others(two: Kit):
    held = await making(two, 1)
    await making(two, 2)
    jobs = await waiting(two, *range(3, 63))
    drawn: list[int] = []
    two.line.draw = drawn.append
    two.supervisor.run_forever("line", two.line.run)
    await eventually(lambda: bool(two.line._heads.get(MODEL)))
    await two.real_store.move(held, JobState.FAILED, two.clock.now())
    two.line.look()
    await eventually(lambda: len(drawn) == HEAD)
    assert drawn == [job.id for job in jobs[1 : HEAD + 1]]
    assert [two.line.place_of(job) for job in jobs[:3]] == [0, 2, 3]
    assert two.line.place_of(jobs[40]) is None


async def test_a_card_at_the_head_is_not_drawn_again_within_ten_seconds(two: Kit):
    held = [await making(two, 1), await making(two, 2)]
    await waiting(two, *range(3, 63))
    drawn: list[int] = []
    two.line.draw = drawn.append
    two.supervisor.run_forever("line", two.line.run)
    await eventually(lambda: bool(two.line._heads.get(MODEL)))
    for number, job in enumerate(held):
        await two.real_store.move(job, JobState.FAILED, two.clock.now())
        two.line.look()
        await eventually(lambda: len(two.called_up) == number + 1)  # noqa: B023
        await two.clock.settle()
    assert len(drawn) == HEAD + 1, "one came near; the others have just been drawn"
    await two.clock.advance(10)
    await eventually(lambda: len(drawn) == 2 * HEAD)


# --- the store --------------------------------------------------------------------------------------------------------


async def test_a_start_looks_at_nobody_in_line_and_at_what_is_paid_for_first(kit: Kit):
    checking = await kit.order()
    (queued,) = await waiting(kit, 1)
    paid = await making(kit, 2)
    assert await kit.real_store.needing_a_look([MODEL]) == [paid.id, checking.id]
    assert await kit.real_store.needing_a_look([]) == [queued.id, paid.id, checking.id]


async def test_places_are_counted_by_indexes_that_hold_no_finished_song(kit: Kit):
    dialect = sqlite.dialect(paramstyle="named")
    values = {"model": MODEL, "called": [1], "limit": 20, "now": NOON}
    sql = str(statements._HEAD.params(**values).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    async with kit.real_store.database.reading() as connection:
        plan = (await connection.execute(text("EXPLAIN QUERY PLAN " + sql))).all()
    tables = [row[3] for row in plan if " job" in row[3]]
    assert tables
    assert all("job_in_" in row or "PRIMARY KEY" in row for row in tables), tables
