"""The ledger and its sums: what each move writes, and that verdict, row and hold are one."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from bot.errors import DuplicateOrderError, OrderError, Reason
from bot.jobs.admission import EVERYWHERE, PAUSED, Pause, PlaceRequest, Refused, RuleKind, SubjectKind, Terms, limits_of
from bot.jobs.model import Job, JobState, Order
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from bot.store.tables import charges, day_sums, held_sums, minute_sums, places, rules
from tests.bot.store.orders import NOON, TO_DELIVERED, TO_GENERATING, SetClock, an_order, at, moved

PRICE = 37_000
BIG = ("job", "charge ", "place", "rule", "charge_day", "charge_minute")
DAY = timedelta(hours=24)
NO_LIMITS = Terms()


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncGenerator[SqlJobStore]:
    async with open_store(sqlite_url, clock=SetClock()) as opened:
        yield opened


async def rows(store: SqlJobStore, table: Any) -> Sequence[Any]:
    async with store.database.reading() as connection:
        return (await connection.execute(select(table).order_by(*table.primary_key))).mappings().all()


async def lines(store: SqlJobStore, job_id: int = 1) -> list[tuple[str, int]]:
    return [(row["kind"], row["attempt"]) for row in await rows(store, charges) if row["job_id"] == job_id]


async def sums(store: SqlJobStore) -> dict[str, int]:
    """All money, in songs at PRICE, from the sums alone."""
    held = sum(row["micros"] for row in await rows(store, held_sums))
    days = await rows(store, day_sums)
    minutes = sum(row["micros"] for row in await rows(store, minute_sums))
    spent, unknown = (sum(row[f"{kind}_micros"] for row in days) for kind in ("spent", "unknown"))
    assert minutes == spent + unknown
    return {
        name: micros // PRICE for name, micros in (("held", held), ("spent", spent), ("unknown", unknown)) if micros
    }


async def counted(store: SqlJobStore, member_id: int = 77, now: datetime = NOON) -> int:
    asked = PlaceRequest(member_id=member_id, guild_id=5, price_micros=PRICE)
    _, usage = await store.standing_of(asked, now, Terms(member_per_day=1000))
    return usage.member.count


async def refused(store: SqlJobStore, order: Order, terms: Terms, now: datetime = NOON) -> OrderError:
    with pytest.raises(OrderError) as caught:
        await store.admit(order, now, terms)
    return caught.value


def until_of(error: OrderError) -> datetime:
    until = error.values["until"]
    assert isinstance(until, datetime)
    return until


async def lay_down(store: SqlJobStore, **values: Any) -> None:
    row = {"guild_id": 5, "note": "", "by": 1, "at": NOON, **values}
    async with store.database.writing() as connection:
        await connection.execute(insert(rules).values(row))


WAYS = {
    "delivered": (TO_DELIVERED, [("held", 1), ("spent", 1)], {"spent": 1}, 1),
    "refused": ((JobState.REFUSED,), [("held", 1), ("freed", 1)], {}, 0),
    "cancelled unpaid": ((JobState.QUEUED, JobState.CANCELLED), [("held", 1), ("freed", 1)], {}, 0),
    "refused by the service": (
        (JobState.QUEUED, JobState.SUBMITTING, JobState.FAILED),
        [("held", 1), ("freed", 1)],
        {},
        0,
    ),
    "cancelled paid": ((*TO_GENERATING, JobState.CANCELLED), [("held", 1), ("spent", 1)], {"spent": 1}, 1),
    "failed paid": ((*TO_GENERATING, JobState.FAILED), [("held", 1), ("spent", 1), ("given", 1)], {"spent": 1}, 0),
    "expired": ((*TO_GENERATING, JobState.EXPIRED), [("held", 1), ("spent", 1), ("given", 1)], {"spent": 1}, 0),
    "busy, then accepted": (
        (JobState.QUEUED, JobState.SUBMITTING, *TO_GENERATING),
        [("held", 1), ("freed", 1), ("held", 2), ("spent", 2)],
        {"spent": 1},
        1,
    ),
    "busy, then cancelled": (
        (JobState.QUEUED, JobState.SUBMITTING, JobState.QUEUED, JobState.CANCELLED),
        [("held", 1), ("freed", 1), ("held", 2), ("freed", 2)],
        {},
        0,
    ),
    "lost by a service that charges nothing, sent again": (
        (*TO_GENERATING, *TO_GENERATING),
        [("held", 1), ("spent", 1), ("freed", 1), ("held", 2), ("spent", 2)],
        {"spent": 1},
        1,
    ),
    "unknown": (
        (JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN),
        [("held", 1), ("unknown", 1)],
        {"unknown": 1},
        1,
    ),
    "unknown, dismissed": (
        (JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN, JobState.CANCELLED),
        [("held", 1), ("unknown", 1)],
        {"unknown": 1},
        1,
    ),
    "unknown, found in the log": (
        (JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN, JobState.GENERATING),
        [("held", 1), ("unknown", 1), ("spent", 1)],
        {"spent": 1},
        1,
    ),
    "unknown, risked, delivered": (
        (JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN, *TO_DELIVERED),
        [("held", 1), ("unknown", 1), ("held", 2), ("spent", 2)],
        {"spent": 1, "unknown": 1},
        2,
    ),
    "unknown, risked, cancelled in line": (
        (JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN, JobState.QUEUED, JobState.CANCELLED),
        [("held", 1), ("unknown", 1), ("held", 2), ("freed", 2)],
        {"unknown": 1},
        1,
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_of_a_job_leaves_its_lines_its_money_and_its_place(store: SqlJobStore, way: str) -> None:
    path, expected, money, place = WAYS[way]
    job = await moved(store, await store.add(an_order(), NOON), *path)
    assert await lines(store) == expected
    assert await sums(store) == money
    assert await counted(store, now=job.moved_at) == place


async def test_what_the_service_stopped_before_it_began_is_paid_by_nobody(store: SqlJobStore) -> None:
    job = await moved(store, await store.add(an_order(), NOON), *TO_GENERATING)
    stopped = await store.move(job, JobState.CANCELLED, at(90_000), submit_started_at=None)
    assert stopped is not None
    assert not stopped.may_be_charged
    assert await lines(store) == [("held", 1), ("spent", 1), ("freed", 1)]
    assert await sums(store) == {}, "taken back on the day on which it was counted"
    assert await counted(store) == 0
    report = await store.spent(EVERYWHERE, NOON - DAY, [])
    assert (report.total.songs, report.total.micros) == (0, 0)


async def test_a_song_that_is_let_go_is_paid_unless_the_service_says_otherwise(store: SqlJobStore) -> None:
    await moved(store, await store.add(an_order(), NOON), *TO_GENERATING, JobState.CANCELLED)
    assert await sums(store) == {"spent": 1}
    assert await counted(store) == 1
    assert (await store.spent(EVERYWHERE, NOON - DAY, [])).total.songs == 1


async def test_a_line_says_whose_where_and_for_how_much(store: SqlJobStore) -> None:
    await moved(store, await store.add(an_order(guild_id=None), NOON), *TO_GENERATING)
    held, spent = await rows(store, charges)
    assert (held["at"], spent["at"]) == (NOON, at(6))
    for line in (held, spent):
        assert (line["member_id"], line["guild_id"], line["channel_id"]) == (77, None, 6)
        assert (line["provider"], line["model"], line["songs"]) == ("aiml", "minimax-music", 1)
        assert line["price_micros"] == PRICE


async def test_the_late_answer_of_an_overtaken_attempt_is_spent_once(store: SqlJobStore) -> None:
    job = await moved(
        store,
        await store.add(an_order(), NOON),
        JobState.QUEUED,
        JobState.SUBMITTING,
        JobState.UNKNOWN,
        *TO_GENERATING,
    )
    for _ in range(2):
        assert await store.resolve_submission(job.id, 1, "gen-late", at(60), at(90)) is None
    assert await lines(store) == [("held", 1), ("unknown", 1), ("held", 2), ("spent", 2), ("spent", 1)]
    assert await sums(store) == {"spent": 2}


async def test_an_answer_after_the_row_is_gone_is_spent(store: SqlJobStore) -> None:
    path = (JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN)
    job = await moved(store, await store.add(an_order(), NOON), *path)
    assert await store.delete(job.id)
    assert await store.resolve_submission(job.id, 1, "gen-late", at(60), at(90)) is None
    assert await lines(store) == [("held", 1), ("unknown", 1), ("spent", 1)]
    assert await sums(store) == {"spent": 1}


async def test_money_that_becomes_known_in_another_month_is_not_counted_there_again(store: SqlJobStore) -> None:
    eve = datetime.fromisoformat("2026-05-31T23:59:59+00:00")
    job = await store.add(an_order(), eve - timedelta(seconds=20))
    job = await moved(store, job, JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN)
    june = eve + timedelta(hours=1)
    assert await store.resolve_submission(job.id, 1, "gen-1", june, june) is not None
    assert [(row["day"], row["spent_songs"]) for row in await rows(store, day_sums)] == [("2026-05-31", 1)]


async def test_deleting_a_song_does_not_change_what_is_counted(store: SqlJobStore) -> None:
    job = await moved(store, await store.add(an_order(), NOON), *TO_DELIVERED)
    before = await lines(store), await sums(store), await counted(store, now=job.moved_at)
    assert await store.delete(job.id)
    assert (await lines(store), await sums(store), await counted(store, now=job.moved_at)) == before


async def test_a_place_comes_back_after_a_paid_failure_twice_a_day_and_no_more(store: SqlJobStore) -> None:
    for number in range(1, 4):
        await moved(store, await store.add(an_order(number), NOON), *TO_GENERATING, JobState.FAILED)
    assert await counted(store, now=at(60)) == 1
    assert [kind for kind, _ in await lines(store, 3)] == ["held", "spent"]
    assert await sums(store) == {"spent": 3}
    tomorrow = NOON + DAY + timedelta(minutes=1)
    job = await moved(store, await store.add(an_order(4), tomorrow), *TO_GENERATING, JobState.EXPIRED)
    assert [kind for kind, _ in await lines(store, job.id)] == ["held", "spent", "given"]


async def test_what_costs_nothing_gives_its_place_back_however_often_it_fails(store: SqlJobStore) -> None:
    for number in range(1, 5):
        order = an_order(number, price_micros=0)
        await moved(store, await store.add(order, NOON), *TO_GENERATING, JobState.FAILED)
    assert await counted(store, now=at(60)) == 0


@pytest.mark.heavy
async def test_fifty_presses_at_once_give_what_one_gives(store: SqlJobStore) -> None:
    first = await moved(store, await store.add(an_order(1), NOON), *TO_DELIVERED)
    presses = [replace(an_order(number, again_of=first.id), is_repeat=True) for number in range(2, 52)]
    results = await asyncio.gather(
        *(store.admit(press, at(30), NO_LIMITS) for press in presses), return_exceptions=True
    )
    reasons = Counter(result.reason for result in results if isinstance(result, OrderError))
    assert reasons == {Reason.ALREADY_TAKEN: 49}
    assert len(await rows(store, places)) == 2


@pytest.mark.heavy
async def test_many_orders_at_once_stop_at_each_limit(store: SqlJobStore) -> None:
    for member_id, terms, taken in (
        (1, Terms(member_per_day=5), 5),
        (2, Terms(member_at_once=2), 2),
        (3, Terms(guild_per_day=3), 3),
        (4, Terms(budget_per_day_micros=24 * PRICE), 24 - 5 - 2 - 3),
        (5, Terms(budget_per_month_micros=26 * PRICE), 2),
    ):
        orders = [an_order(1000 * member_id + one, member_id=member_id, guild_id=member_id) for one in range(30)]
        results = await asyncio.gather(*(store.admit(one, NOON, terms) for one in orders), return_exceptions=True)
        assert sum(not isinstance(one, BaseException) for one in results) == taken, terms
        assert all(isinstance(one, OrderError) for one in results if isinstance(one, BaseException))
    held = len([row for row in await rows(store, charges) if row["kind"] == "held"])
    assert held == len(await rows(store, places)) == 26


async def test_an_order_that_arrives_twice_is_told_as_that_and_not_as_a_limit(store: SqlJobStore) -> None:
    terms = Terms(member_per_day=1)
    await store.admit(an_order(1), NOON, terms)
    with pytest.raises(DuplicateOrderError):
        await store.admit(an_order(1), NOON, terms)


async def test_a_refusal_says_when_and_then_it_is_so(store: SqlJobStore) -> None:
    terms = Terms(member_per_day=2)
    for number in (1, 2):
        await store.admit(an_order(number), at(number), terms)
    error = await refused(store, an_order(3), terms, at(3600))
    assert (error.reason, error.values["limit"]) == (Reason.LIMIT_DAY, 2)
    until = until_of(error)
    assert until == at(1) + DAY
    assert (await refused(store, an_order(3), terms, until - timedelta(seconds=1))).reason is Reason.LIMIT_DAY
    assert (await store.admit(an_order(3), until, terms)).taken.left == 0


async def test_a_budget_says_when_and_then_it_is_so(store: SqlJobStore) -> None:
    terms = Terms(budget_per_day_micros=2 * PRICE)
    for number in (1, 2):
        await moved(store, (await store.admit(an_order(number), at(600 * number), terms)).job, *TO_GENERATING)
    error = await refused(store, an_order(3), terms, at(3600))
    assert error.reason is Reason.BUDGET
    until = until_of(error)
    assert NOON + DAY < until <= at(600 + 120) + DAY
    assert (await refused(store, an_order(3), terms, until - timedelta(minutes=2))).reason is Reason.BUDGET
    await store.admit(an_order(3), until, terms)


async def test_a_songs_day_is_over_after_24_hours_of_the_ledger_not_at_midnight(store: SqlJobStore) -> None:
    terms = Terms(member_per_day=1)
    await store.admit(an_order(1), NOON + timedelta(hours=11, minutes=59), terms)
    error = await refused(store, an_order(2), terms, NOON + timedelta(hours=12, minutes=1))
    assert error.values["until"] == NOON + timedelta(hours=35, minutes=59)


async def test_unknown_holds_its_days_place_and_counts_as_spent_but_is_not_live(store: SqlJobStore) -> None:
    path = (JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN)
    await moved(store, await store.add(an_order(1), NOON), *path)
    assert (await refused(store, an_order(2), Terms(member_per_day=1), at(60))).reason is Reason.LIMIT_DAY
    assert (await refused(store, an_order(2), Terms(budget_per_day_micros=PRICE), at(60))).reason is Reason.BUDGET
    assert (await store.admit(an_order(2), at(60), Terms(member_at_once=1))).taken.left is None


async def test_a_second_charge_that_is_risked_counts_like_an_order(store: SqlJobStore) -> None:
    path = (JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN)
    job = await moved(store, await store.add(an_order(1), NOON), *path)
    for terms, reason in (
        (Terms(member_per_day=1), Reason.LIMIT_DAY),
        (Terms(budget_per_month_micros=PRICE), Reason.BUDGET),
    ):
        with pytest.raises(OrderError) as caught:
            await store.admit_again(job, at(60), terms)
        assert caught.value.reason is reason
    assert await store.get(job.id) == job
    again = await store.admit_again(job, at(60), Terms(member_per_day=2), why="a press")
    assert again is not None
    assert again.state is JobState.QUEUED
    assert again.reason is None
    assert await store.admit_again(job, at(61), NO_LIMITS) is None
    assert (await lines(store))[-1] == ("held", 2)


async def test_operators_are_outside_limits_but_never_outside_budgets(store: SqlJobStore) -> None:
    terms = Terms(
        member_per_day=1, member_at_once=1, guild_per_day=1, budget_per_day_micros=4 * PRICE, operators=frozenset({1})
    )
    for number in range(1, 4):
        assert (await store.admit(an_order(number, member_id=1), NOON, terms)).taken.left is None
    # what they order is not counted against the others of their server
    await store.admit(an_order(4, member_id=2), NOON, terms)
    assert (await refused(store, an_order(5, member_id=1), terms)).reason is Reason.BUDGET


async def test_the_highest_of_a_members_roles_wins_and_nought_wins_over_all(store: SqlJobStore) -> None:
    role = {"subject_kind": SubjectKind.ROLE, "kind": RuleKind.LIMIT_DAY}
    await lay_down(store, **role, subject_id=10, value="3")
    await lay_down(store, **role, subject_id=11, value="20")
    await lay_down(store, **role, subject_id=12, value=None)
    await lay_down(store, **role, subject_id=13, value="0")
    await lay_down(store, **role, subject_id=14, value="many")
    await lay_down(store, **role, subject_id=15, value="99", until=NOON)
    await lay_down(store, **role, subject_id=10, value="50", guild_id=6)
    terms = Terms(member_per_day=5)
    for roles, limit in (
        ((), 5),
        ((10,), 3),
        ((10, 11), 20),
        ((10, 11, 12), None),
        ((11, 12, 13), 0),
        ((14, 15), 5),
        ((999,), 5),
    ):
        asked = PlaceRequest(member_id=77, guild_id=5, price_micros=PRICE, role_ids=frozenset(roles))
        found, _ = await store.standing_of(asked, at(1), terms)
        assert limits_of(asked, found, at(1)).member_per_day == limit, roles


async def test_immediately_before_the_post_a_pause_a_block_and_a_lost_hold_are_seen(store: SqlJobStore) -> None:
    job = await moved(store, await store.add(an_order(1), NOON), JobState.QUEUED)

    async def reason() -> Reason | None:
        said = await store.begin_attempt(job, at(60))
        return said.reason if isinstance(said, Refused) else None

    await store.set_value(PAUSED, Pause(reason="a concert", until=at(90)).written())
    assert await reason() is Reason.PAUSED
    await store.set_value(PAUSED, "")
    await lay_down(store, subject_kind=SubjectKind.MEMBER, subject_id=77, kind=RuleKind.BLOCK, until=at(90))
    assert await reason() is Reason.BLOCKED
    begun = await store.begin_attempt(job, at(90))
    assert isinstance(begun, Job)
    assert (begun.state, begun.attempt, begun.submit_started_at) == (JobState.SUBMITTING, 1, at(90))
    assert await store.begin_attempt(job, at(91)) is None
    other = await moved(store, await store.add(an_order(2), NOON), JobState.QUEUED)
    async with store.database.writing() as connection:
        await connection.execute(charges.delete().where(charges.c.job_id == other.id))
    said = await store.begin_attempt(other, at(90))
    assert isinstance(said, Refused)
    assert said.reason is Reason.PLACE_GONE


@pytest.mark.heavy
async def test_sums_and_lines_say_the_same_after_many_random_ways(store: SqlJobStore) -> None:
    rng = random.Random(11)
    for number in range(1, 40):
        await moved(store, await store.add(an_order(number), NOON), *rng.choice(list(WAYS.values()))[0])
    last: dict[tuple[int, int], str] = {}
    for row in await rows(store, charges):
        if row["kind"] != "given":
            last[row["job_id"], row["attempt"]] = row["kind"]
    kinds = Counter(last.values())
    assert await sums(store) == {kind: kinds[kind] for kind in ("held", "spent", "unknown") if kinds[kind]}


async def test_only_places_that_no_window_counts_are_forgotten(store: SqlJobStore) -> None:
    await store.add(an_order(1), NOON)
    await store.add(an_order(2), NOON + 2 * DAY)
    await store.forget_places(NOON + 2 * DAY + timedelta(seconds=1))
    assert [row["job_id"] for row in await rows(store, places)] == [2]
    assert len(await rows(store, charges)) == 2


async def test_a_verdict_is_four_reads_at_most_and_none_walks_through_a_table(sqlite_store: SqlJobStore) -> None:
    store = sqlite_store
    terms = Terms(
        member_per_day=100,
        member_at_once=100,
        guild_per_day=100,
        budget_per_day_micros=2 * PRICE,
        budget_per_month_micros=9 * PRICE,
    )
    job = await moved(store, await store.add(an_order(1), NOON), *TO_DELIVERED)
    order = replace(an_order(2, again_of=job.id), is_repeat=True, role_ids=frozenset({10, 11}))
    await store.admit(order, at(3600), terms)
    asked: list[tuple[str, Any]] = []
    engine = store.database._writer.sync_engine

    def heard(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", heard)
    error = await refused(store, replace(order, place=an_order(3).place), terms, at(7200))
    event.remove(engine, "before_cursor_execute", heard)
    assert error.reason is Reason.BUDGET
    duplicates = [statement for statement, _ in asked if "interaction_id" in statement]
    assert len(asked) - len(duplicates) == 4
    async with store.database.reading() as connection:
        for statement, values in asked:
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)).all()
            walked = [row[3] for row in plan if row[3].startswith("SCAN")]
            # one row for each model that is in use is all that `charge_held` has
            assert not [step for step in walked if any(f"SCAN {name}" in step for name in BIG)], plan


async def test_burnt_checks_are_counted_by_member_whatever_became_of_the_job(store: SqlJobStore) -> None:
    for number in range(3):
        job = await store.add(an_order(number + 1), at(60 * number))
        for again in range(2):  # as after a crash between the note and the move
            await store.note_burnt(job.id, at(60 * number + 10 + again))
        if number == 0:
            await store.delete((await moved(store, job, JobState.CANCELLED)).id)
        elif number == 1:
            await moved(store, job, JobState.REFUSED)
        if number < 2:
            assert (await store.admit(an_order(10 + number), at(60 * number + 20), NO_LIMITS)).job
    error = await refused(store, an_order(20), NO_LIMITS, at(200))
    assert (error.reason, until_of(error)) == (Reason.HEARING_WAITS, at(120 + 10 + 600))
    assert (await store.admit(an_order(21, member_id=78), at(200), NO_LIMITS)).job
    assert (await store.admit(an_order(22), at(120 + 10 + 600), NO_LIMITS)).job
