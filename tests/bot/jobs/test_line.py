"""The line: waiting songs are rows; who is next is found when a place comes free, and that song alone is woken."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.errors import BusyError, Reason, RefusedError
from bot.jobs.acts import Act, KeptRule
from bot.jobs.admission import EVERYWHERE, RuleKind, SubjectKind, Terms
from bot.jobs.line import HEAD, Line
from bot.jobs.line_head import Head
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModels, Repeat
from bot.jobs.operating import Operating
from bot.jobs.ports import GaveUp, StillWorking
from bot.jobs.service import Actor
from bot.store.tables import jobs as jobs_table
from tests.bot.jobs.kit import Kit, eventually, finished
from tests.bot.jobs.orders import GUILD, MODEL, NOON, an_order

HOLDING = (JobState.SUBMITTING, JobState.GENERATING)


@pytest.fixture
async def two(kit: Kit) -> AsyncIterator[Kit]:
    """Two places at the provider, where nothing comes to an end by itself."""
    kit.places = 2
    small = kit.restarted()
    yield small
    await small.engine.stop(0)
    await small.supervisor.stop()


async def waiting(
    kit: Kit, *members: int, minutes_ago: float = 0, guild_id: int = GUILD, model: str = MODEL
) -> list[Job]:
    """A song of each member, in line."""
    orders = [replace(an_order(next(kit._interactions), member_id=member), model=model) for member in members]
    jobs = [await kit.order(replace(order, place=replace(order.place, guild_id=guild_id))) for order in orders]
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


def a_head(**changes: object) -> Head:
    values = {"ids": (5, 6, 7), "taken": 1, "longest": 9, "longest_since": NOON, "median_since": NOON} | changes
    return Head(**values)  # type: ignore[arg-type]


# --- who is next ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("waited", "ids"), [(29, [5, 6]), (30, [9])])
def test_who_has_waited_three_times_as_long_as_the_middle_one_goes_next(waited: int, ids: list[int]):
    head = a_head(longest_since=NOON - timedelta(minutes=waited), median_since=NOON - timedelta(minutes=10))
    assert list(head.next_ids(2, NOON)) == ids


def test_nobody_is_overdue_in_a_line_that_came_together():
    assert list(a_head().next_ids(2, NOON)) == [5, 6]


@pytest.mark.parametrize("now", [NOON - timedelta(hours=1), NOON - timedelta(minutes=20), NOON])
def test_nobody_is_overdue_by_a_clock_that_was_set_back(now: datetime):
    head = a_head(longest_since=NOON - timedelta(seconds=0.1), median_since=NOON)
    assert list(head.next_ids(2, now)) == [5, 6]


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


async def test_all_places_are_taken_whenever_a_line_stands_and_never_more(two: Kit):
    """No time passes: a place that waited for a timer would never be filled."""
    await waiting(two, *range(1, 13))
    await two.engine.start(two.steps)
    made = two.generator.submits.calls
    for ended in range(10):
        await eventually(lambda: len(made) == 2 + ended)  # noqa: B023
        async with two.real_store.database.reading() as connection:
            ids = (await connection.execute(select(jobs_table.c.id).where(jobs_table.c.state.in_(HOLDING)))).scalars()
            holding = list(ids)
        assert len(holding) == 2
        await reached(two, [await two.job(job_id) for job_id in holding], JobState.GENERATING)
        await two.service.cancel(holding[0], Actor(member_id=(await two.job(holding[0])).member_id))
    await eventually(lambda: len(made) == 12)


async def test_a_song_that_joins_a_full_line_asks_nothing_of_the_store(two: Kit):
    jobs = await waiting(two, 1, 2, 3, 4, 5)
    for job in jobs:
        assert await two.line.enter(job, two.model) == (job in jobs[:2])
    assert two.store.calls.count("head_of_line") == 1


async def test_a_place_that_comes_free_where_nobody_waits_asks_nothing_of_the_store(two: Kit):
    await waiting(two, 1)
    await two.engine.start(two.steps)
    await eventually(lambda: len(two.generator.submits.calls) == 1)
    await reached(two, [await two.job(1)], JobState.GENERATING)
    asked = two.store.calls.count("head_of_line")
    two.generator.polls.default = finished()
    two.engine.wake(1)
    await eventually(lambda: len(two.discord.tells.calls) == 1)
    await two.clock.settle()
    assert two.store.calls.count("head_of_line") == asked


async def test_who_comes_after_nobody_waited_has_the_place_that_came_free(two: Kit):
    await waiting(two, 1)
    await two.engine.start(two.steps)
    await eventually(lambda: len(two.generator.submits.calls) == 1)
    await reached(two, [await two.job(1)], JobState.GENERATING)
    two.generator.polls.default = GaveUp(reason=Reason.PROVIDER_FAILED, detail="")
    two.engine.wake(1)
    await eventually(lambda: len(two.discord.tells.calls) == 1)
    two.generator.polls.default = StillWorking(status="")
    later = await waiting(two, 2, 3, 4)
    for job in later:
        two.engine.wake(job.id)
    await eventually(lambda: len(two.generator.submits.calls) == 3)
    await reached(two, later[:2], JobState.GENERATING)
    await two.service.cancel(later[0].id, Actor(member_id=2))
    await eventually(lambda: len(two.generator.submits.calls) == 4)


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


async def test_a_song_whose_server_is_paused_gives_its_place_to_another_and_goes_when_the_pause_is_over(two: Kit):
    rule = KeptRule(guild_id=GUILD, subject_kind=SubjectKind.GUILD, subject_id=GUILD, kind=RuleKind.BLOCK)
    act = Act(by=1, guild_id=GUILD, what="pause")
    mine, mine_too, *_ = await waiting(two, 1, 2)
    first, second, _third = await waiting(two, 3, 4, 5, guild_id=GUILD + 1)
    # between the place and the POST
    two.store.before["begin_attempt"] = lambda: two.real_store.lay_down(rule, act, two.clock.now())
    await two.engine.start(two.steps)
    await reached(two, [first, second], JobState.GENERATING)
    assert [(await two.job(job.id)).state for job in (mine, mine_too)] == [JobState.QUEUED] * 2
    await two.real_store.take_back(rule, act, two.clock.now())
    await two.service.cancel(first.id, Actor(member_id=3))
    await reached(two, [mine], JobState.GENERATING)


async def test_the_end_of_a_pause_is_noticed_by_itself(two: Kit):
    until = two.clock.now() + timedelta(seconds=40)
    rule = KeptRule(guild_id=GUILD, subject_kind=SubjectKind.GUILD, subject_id=GUILD, kind=RuleKind.BLOCK, until=until)
    await two.real_store.lay_down(rule, Act(by=1, guild_id=GUILD, what="pause"), two.clock.now())
    (job,) = await waiting(two, 1)
    await two.engine.start(two.steps)
    await eventually(lambda: "head_of_line" in two.store.calls)
    assert two.called_up == []
    while not two.called_up:
        await two.clock.advance(1)
    assert two.clock.now() >= until
    await reached(two, [job], JobState.GENERATING)


async def test_the_end_of_a_pause_lets_songs_go_on_at_once(two: Kit):
    """No time passes."""
    operating = Operating(store=two.real_store, clock=two.clock, wake=two.engine.wake)
    operating.resumed = two.assembly.resumed
    for scope in (GUILD, EVERYWHERE):
        await operating.pause(scope, 1)
    here = await waiting(two, 1)
    elsewhere = await waiting(two, 2, guild_id=GUILD + 1)
    await two.engine.start(two.steps)
    await eventually(lambda: "begin_attempt" in two.store.calls)
    assert await operating.resume(EVERYWHERE, 1)
    await reached(two, elsewhere, JobState.GENERATING)
    assert await operating.resume(GUILD, 1)
    await reached(two, here, JobState.GENERATING)
    assert not await operating.resume(GUILD, 1)


async def test_a_song_without_an_answer_takes_no_place(two: Kit):
    order = an_order(next(two._interactions), member_id=1)
    unanswered = (await two.real_store.admit(order, two.clock.now(), Terms())).job
    await two.real_store.move(unanswered, JobState.QUEUED, two.clock.now())
    two.service.answering.begin(unanswered.id)
    jobs = await waiting(two, 2, 3)
    await two.engine.start(two.steps)
    await reached(two, jobs, JobState.GENERATING)
    assert two.called_up == [job.id for job in jobs]


async def test_a_song_that_is_deleted_before_its_turn_gives_its_place_back(two: Kit):
    one, other, next_one = await waiting(two, 1, 2, 3)
    assert await two.line.enter(one, two.model)
    assert not await two.line.enter(next_one, two.model)
    await two.real_store.delete(other.id)
    await two.look(other.id)
    assert await two.line.enter(next_one, two.model)


async def test_a_song_that_its_service_lost_has_a_place_again_as_soon_as_it_may_be_sent(two: Kit):
    model = two.context.models._by_name[MODEL] = replace(two.model, repeat=Repeat.FREE)
    jobs = await waiting(two, 1, 2, 3, 4)
    assert [await two.line.enter(job, model) for job in jobs] == [True, True, False, False]
    lost = await two._onward(await two._onward(jobs[0], JobState.SUBMITTING), JobState.GENERATING)
    two.generator.polls.then(RefusedError("gone", reason=Reason.GENERATION_LOST))
    await two.run_step(lost.id)
    assert (await two.job(lost.id)).state is JobState.QUEUED
    await two.run_step(lost.id)
    assert (await two.job(lost.id)).state is JobState.GENERATING, "no sweep is waited for"


async def test_songs_that_cannot_go_yet_keep_no_place_from_others_and_still_end(two: Kit):
    jobs = await waiting(two, 1, 2, 3, 4)
    over = two.clock.now() - timedelta(minutes=1)
    for job in jobs[:2]:
        await two.real_store.update(job.id, reference=replace(job.reference, url="https://a.example", expires_at=over))
    two.fetcher.checks.default = BusyError("away")
    await two.engine.start(two.steps)
    await reached(two, jobs[2:], JobState.GENERATING)  # no time passes
    await two.service.cancel(jobs[2].id, Actor(member_id=3))
    await two.service.cancel(jobs[3].id, Actor(member_id=4))
    while JobState.QUEUED in {(await two.job(job.id)).state for job in jobs[:2]}:
        await two.clock.advance(30)
    assert {(await two.job(job.id)).reason for job in jobs[:2]} == {Reason.REFERENCE_GONE}
    await eventually(lambda: not two.line._unable)


async def test_where_very_many_cannot_go_those_with_a_place_keep_it(kit: Kit):
    jobs = await waiting(kit, *range(1, 31))
    for job in jobs[:25]:
        assert await kit.line.enter(job, kit.model)
        kit.line.let_others_go_first(kit.live(job.id), job)
    assert kit.line._aside == {job.id for job in jobs[:20]}
    assert {job.id for job in jobs[20:25]} <= set(kit.line.called_ids())


async def test_an_end_asks_for_the_next_in_its_own_line_and_only_where_somebody_waits(two: Kit):
    other = replace(two.model, name="another")
    line = Line(store=two.store, models=MusicModels([two.model, other]), clock=two.clock)
    held = [await making(two, 1), await making(two, 2)]
    (last,) = await waiting(two, 3)
    two.supervisor.run_forever("line", line.run)
    await eventually(lambda: two.store.calls.count("head_of_line") == 2)
    line.wake = two.called_up.append
    for count, job in enumerate(held, start=3):
        live = two.live(job.id)
        line.saw(live, job)
        line.saw(live, await two.real_store.move(job, JobState.FAILED, two.clock.now()))
        await eventually(lambda: two.store.calls.count("head_of_line") == min(count, 4))  # noqa: B023
        await two.clock.settle()
    assert two.called_up == [last.id]
    assert two.store.calls.count("head_of_line") == 4, "the second found that nobody waits any more"
    sent = await two._onward(last, JobState.SUBMITTING)
    line.saw(two.live(last.id), await two._onward(sent, JobState.GENERATING))
    line.saw(two.live(last.id), await two.real_store.move(await two.job(last.id), JobState.FAILED, two.clock.now()))
    await two.clock.settle()
    assert two.store.calls.count("head_of_line") == 4
    (newcomer,) = await waiting(two, 4)
    assert await line.enter(newcomer, two.model)


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


async def test_a_whole_start_edits_no_card_of_those_who_wait(two: Kit):
    making_now = [await making(two, 1), await making(two, 2)]
    waits = await waiting(two, *range(3, 60))
    await two.engine.start(two.steps)
    await eventually(lambda: len(two.generator.polls.calls) >= 2 or bool(two.clock.asked))
    for _ in range(6):
        await two.clock.advance(10)
    shown = {job.id for job, _eta in two.discord.shows.calls}
    assert not shown & {job.id for job in waits}
    assert shown <= {job.id for job in making_now}, "what is in the making is drawn as time goes by"
    assert two.store.calls.count("get") <= 20 * len(making_now), "rows of those who wait are not read either"


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
    assert [await two.line.ahead_of(job) for job in (*jobs[:3], jobs[40])] == [0, 2, 3, 41]
    assert two.store.calls.count("ahead_of") == 1, "no more than for the one further back"


async def test_one_count_serves_all_who_join_within_ten_seconds(two: Kit):
    jobs = await waiting(two, *range(1, 31))
    assert [await two.line.ahead_of(job) for job in jobs] == list(range(30))
    assert two.store.calls.count("ahead_of") == 1
    await two.service.cancel(jobs[3].id, Actor(member_id=4))
    two.clock.leap(11)
    assert await two.line.ahead_of(jobs[29]) == 28
    assert await two.line.ahead_of(jobs[10]) == 9, "one before the counted is counted by itself"


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


async def test_who_joins_near_the_head_is_not_told_their_number_twice(two: Kit):
    await making(two, 1)
    await making(two, 2)
    await waiting(two, 3, 4, 5)
    await two.engine.start(two.steps)
    await eventually(lambda: len(two.line._heads.get(MODEL, ())) == 3)
    (newcomer,) = await waiting(two, 6)
    two.engine.wake(newcomer.id)
    await eventually(lambda: newcomer.id in {job.id for job, _eta in two.discord.shows.calls})
    two.line.look()
    await eventually(lambda: newcomer.id in two.line._heads[MODEL])
    for _ in range(3):
        await two.clock.advance(10)
        await two.painted()
    assert [eta.ahead for job, eta in two.discord.shows.calls if job.id == newcomer.id] == [5]


async def test_a_start_edits_no_card_in_any_of_several_lines(two: Kit):
    other = replace(two.model, name="another")
    line = Line(store=two.store, models=MusicModels([two.model, other]), clock=two.clock)
    drawn: list[int] = []
    line.draw = drawn.append
    for model in (MODEL, other.name):
        jobs = await waiting(two, *range(1, 9), model=model)
        assert len(jobs) == 8
        for job in jobs[:2]:
            sent = await two._onward(job, JobState.SUBMITTING)
            await two._onward(sent, JobState.GENERATING)
    two.supervisor.run_forever("line", line.run)
    await eventually(lambda: set(line._heads) == {MODEL, other.name})
    await two.clock.advance(60)
    assert drawn == []
