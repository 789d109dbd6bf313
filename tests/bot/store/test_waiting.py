"""The line's statements, on each database: who goes next, who is ahead, and which indexes say so."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from bot.jobs.acts import Act, KeptRule
from bot.jobs.admission import EVERYWHERE, RuleKind, SubjectKind, Terms
from bot.jobs.model import Job, JobState
from bot.store import figures as figure_statements
from bot.store import jobs as job_statements
from bot.store import waiting as waiting_statements
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import NOON, TO_GENERATING, SetClock, an_order, moved

MODEL = "minimax-music"
ACT = Act(by=1, guild_id=5, what="pause")


async def waiting(store: SqlJobStore, *members: int, minutes_ago: float = 0, guild_id: int | None = 5) -> list[Job]:
    """A song of each member, in line."""
    before = sum((await store.tally()).by_state.values())
    since = NOON - timedelta(minutes=minutes_ago)
    jobs: list[Job] = []
    for number, member in enumerate(members, start=before + 1):
        added = await store.add(an_order(number, member_id=member, guild_id=guild_id), since)
        queued = await store.move(added, JobState.QUEUED, since)
        assert queued is not None
        jobs.append(queued)
    return jobs


async def making(store: SqlJobStore, member: int) -> Job:
    (job,) = await waiting(store, member)
    return await moved(store, job, JobState.SUBMITTING, JobState.GENERATING)


async def ids_of(store: SqlJobStore, *called: int, limit: int = 50) -> list[int]:
    head = await store.head_of_line(MODEL, called, limit, NOON)
    return [] if head is None else list(head.ids)


async def test_the_next_is_of_the_member_with_the_fewest_songs_in_hand_then_the_oldest(store: SqlJobStore) -> None:
    await making(store, 1)
    one, two, three = await waiting(store, 1, 2, 3)
    assert await ids_of(store) == [two.id, three.id, one.id]
    assert await ids_of(store, limit=2) == [two.id, three.id]


async def test_a_member_with_many_songs_goes_in_turn_with_the_others(store: SqlJobStore) -> None:
    many = await waiting(store, 1, 1, 1, 1)
    few = await waiting(store, 2, 3, 2)
    order = [many[0], few[0], few[1], many[1], few[2], many[2], many[3]]
    assert await ids_of(store) == [job.id for job in order]


async def test_songs_that_were_given_a_place_count_as_in_hand_and_stand_in_line_no_more(store: SqlJobStore) -> None:
    first, second, other = await waiting(store, 1, 1, 2)
    head = await store.head_of_line(MODEL, [first.id], 50, NOON)
    assert head is not None
    assert (list(head.ids), head.taken) == ([other.id, second.id], 1)


async def test_a_song_in_the_making_by_another_model_is_in_hand_as_well_and_takes_no_place_here(
    store: SqlJobStore,
) -> None:
    elsewhere = await store.add(an_order(500, member_id=1, model="another", guild_id=9), NOON)
    await moved(store, elsewhere, *TO_GENERATING)
    one, two = await waiting(store, 1, 2)
    head = await store.head_of_line(MODEL, [], 50, NOON)
    assert head is not None
    assert (list(head.ids), head.taken) == ([two.id, one.id], 0)


async def test_no_other_models_songs_are_in_the_line(store: SqlJobStore) -> None:
    await waiting(store, 1)
    assert await store.head_of_line("another", [], 50, NOON) is None


async def test_the_head_says_who_waits_longest_and_how_long_the_middle_one_does(store: SqlJobStore) -> None:
    await waiting(store, 1, 2, minutes_ago=10)
    (oldest,) = await waiting(store, 3, minutes_ago=60)
    await waiting(store, 4, minutes_ago=1)
    head = await store.head_of_line(MODEL, [], 50, NOON)
    assert head is not None
    assert (head.longest, head.longest_since) == (oldest.id, NOON - timedelta(minutes=60))
    assert head.median_since == NOON - timedelta(minutes=10)


@pytest.mark.parametrize("by", [5, EVERYWHERE])
async def test_songs_of_a_paused_server_keep_their_place_and_hold_up_nobody(store: SqlJobStore, by: int) -> None:
    (mine,) = await waiting(store, 1)
    others = await waiting(store, 2, guild_id=6) + await waiting(store, 3, guild_id=None)
    until = NOON + timedelta(minutes=1)
    pause = KeptRule(guild_id=by, subject_kind=SubjectKind.GUILD, subject_id=5, kind=RuleKind.BLOCK, until=until)
    await store.lay_down(pause, ACT, NOON)
    assert await ids_of(store) == [job.id for job in others]
    assert await store.ahead_of(others[1], NOON) == 1
    head = await store.head_of_line(MODEL, [], 50, until)
    assert head is not None
    assert (head.ids[0], await store.ahead_of(others[1], until)) == (mine.id, 2)


async def test_a_song_without_an_answer_is_looked_at_by_itself_and_stands_in_no_line(store: SqlJobStore) -> None:
    unanswered = (await store.admit(an_order(1), NOON, Terms())).job
    await store.move(unanswered, JobState.QUEUED, NOON)
    assert await ids_of(store) == []
    assert await store.needing_a_look([MODEL]) == [unanswered.id]
    await store.update(unanswered.id, answered_at=NOON)
    assert await ids_of(store) == [unanswered.id]
    assert await store.needing_a_look([MODEL]) == []


async def test_a_start_looks_at_nobody_in_line_and_at_what_is_paid_for_first(store: SqlJobStore) -> None:
    checking = await store.add(an_order(1_000), NOON)
    (queued,) = await waiting(store, 1)
    paid = await making(store, 2)
    assert await store.needing_a_look([MODEL]) == [paid.id, checking.id]
    assert await store.needing_a_look([]) == [queued.id, paid.id, checking.id]


#: What is asked at a start, at every sweep, and whenever metrics or `/healthz` are read.
ASKED_OFTEN = {
    "head": (waiting_statements._HEAD, {"called": [1], "called_too": [1], "limit": 20}, "job_in_"),
    "ahead": (waiting_statements._AHEAD, {"job_id": 9}, "job_in_"),
    "between": (waiting_statements._BETWEEN, {"job_id": 9, "from_id": 5}, "job_by_state (state=? AND id>? AND id<?)"),
    "needing a look": (job_statements._NEEDING_A_LOOK, {"models": [MODEL]}, "job_to_look_at"),
    "unknown": (job_statements._UNKNOWN, {}, "job_by_state (state=?)"),
    "making": (job_statements._MAKING, {}, "job_by_state (state=?)"),
    "live tally": (job_statements._LIVE_TALLY, {}, "job_by_state (state=?)"),
    "queued since": (figure_statements._QUEUED_SINCE["sqlite"], {}, "job_in_line_since"),
    "under way": (figure_statements._UNDER_WAY["sqlite"], {}, "job_live_of_model"),
    "attempts": (select(figure_statements._ATTEMPT), {"since": NOON}, "charge_by_time (at>?)"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", ASKED_OFTEN)
async def test_what_is_asked_often_reads_no_finished_song(sqlite_url: str, name: str) -> None:
    """By their plans: each reads an index that holds live songs alone, or the part of one that does."""
    statement, more, index = ASKED_OFTEN[name]
    values = {"model": MODEL, "now": NOON} | more
    known = {key: value for key, value in values.items() if key in statement.compile().params}
    dialect = sqlite.dialect(paramstyle="named")
    sql = str(statement.params(**known).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    async with open_store(sqlite_url, clock=SetClock()) as store, store.database.reading() as connection:
        plan = (await connection.execute(text("EXPLAIN QUERY PLAN " + sql))).all()
    tables = [row[3] for row in plan if {"job", "charge"} & set(row[3].split())]
    assert tables
    assert all(index in row or "PRIMARY KEY" in row for row in tables), tables


async def test_who_joins_late_counts_only_those_in_between(store: SqlJobStore) -> None:
    first, *_others, last = await waiting(store, *range(1, 8))
    other_model = await store.add(an_order(99, model="another"), NOON)
    await moved(store, other_model, JobState.QUEUED)
    assert await store.ahead_of(last, NOON) == 6
    assert await store.waiting_between(first.id + 4, last, NOON) == 2
    assert await store.waiting_between(last.id, last, NOON) == 0
