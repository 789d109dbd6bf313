"""The engine: every job gets its looks, one at a time, and a stop leaves nothing half done."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
from sqlalchemy import text

from bot.clock import SystemClock
from bot.engine.runner import MAX_OTHER_STEPS, JobRunner
from bot.errors import Reason, StoreBusyError
from bot.jobs.context import AT_ONCE, DONE, RunAgain, StepResult
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState
from bot.jobs.ports import GaveUp
from bot.jobs.schedule import Pace
from bot.jobs.service import Actor
from bot.metrics import Metrics
from bot.store.tables import jobs as jobs_table
from bot.supervisor import TaskSupervisor
from tests.bot.jobs.kit import OWNER, STRAIGHT, Kit, eventually, finished
from tests.bot.jobs.orders import an_order
from tests.moved_clock import MovedClock


class Rows:
    """The one thing an engine asks of a store."""

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.doubtful: list[int] = []
        self.troubles = 0

    async def needing_a_look(self, _in_line_of: object) -> list[int]:
        if self.troubles:
            self.troubles -= 1
            raise StoreBusyError("locked")
        return list(self.waiting)

    async def unknown_ids(self) -> list[int]:
        return list(self.doubtful)


class Bare:
    """An engine whose steps are written in the test."""

    def __init__(self) -> None:
        self.clock = MovedClock()
        self.supervisor = TaskSupervisor(self.clock)
        self.metrics = Metrics()
        self.rows = Rows()
        self.in_flight: set[int] = set()
        self.looks: list[tuple[int, float]] = []
        self.given_up: list[int] = []
        self.at_once = Counter[int]()
        self.max_at_once = Counter[int]()
        self.step: Callable[[int], Awaitable[StepResult]] = self.done
        self.engine = JobRunner(
            store=self.rows,  # type: ignore[arg-type]
            clock=self.clock,
            supervisor=self.supervisor,
            metrics=self.metrics,
            pace=Pace(poll_interval_seconds=10, polls_per_second=5),
        )

    async def done(self, _job_id: int) -> StepResult:
        return DONE

    async def run_step(self, live: LiveJob) -> StepResult:
        job_id = live.id
        live.in_flight = job_id in self.in_flight
        self.looks.append((job_id, self.clock.monotonic() - 1000))
        self.at_once[job_id] += 1
        self.max_at_once[job_id] = max(self.max_at_once[job_id], self.at_once[job_id])
        try:
            return await self.step(job_id)
        finally:
            self.at_once[job_id] -= 1

    async def give_up(self, live: LiveJob) -> StepResult:
        self.given_up.append(live.id)
        return DONE

    def looked_at(self) -> list[int]:
        return [job_id for job_id, _ in self.looks]

    async def pass_time(self, seconds: float) -> None:
        """Second by second: an engine sleeps until what it knew of when it went to sleep."""
        for _ in range(int(seconds)):
            await self.clock.advance(1)


def running(engine: JobRunner) -> list[int]:
    return [live.id for live in engine._jobs.values() if live.step is not None]


@pytest.fixture
async def bare() -> AsyncIterator[Bare]:
    bare = Bare()
    yield bare
    await bare.supervisor.stop()


# --- when jobs are looked at ------------------------------------------------------------------------------------------


async def test_a_start_queues_looks_and_executes_nothing(bare: Bare):
    bare.rows.waiting = [1, 2, 3]
    await bare.engine.start(bare)
    assert bare.looks == []


async def test_first_looks_are_spread_over_one_interval(bare: Bare):
    bare.rows.waiting = list(range(1, 201))
    await bare.engine.start(bare)
    await bare.pass_time(10)
    assert sorted(bare.looked_at()) == list(range(1, 201))
    by_second = Counter(int(at) for _, at in bare.looks)
    assert len(by_second) == 10
    assert max(by_second.values()) < 60


async def test_first_looks_come_in_the_order_that_the_store_gives(bare: Bare):
    """What is paid for first, whatever its number."""
    bare.rows.waiting = [900, 7, 8, 500, *range(10, 60)]
    await bare.engine.start(bare)
    await bare.pass_time(11)
    assert bare.looked_at() == bare.rows.waiting


async def test_a_job_is_looked_at_again_when_its_step_says_so_and_not_before(bare: Bare):
    steps = iter([RunAgain(after_seconds=5), RunAgain(after_seconds=60), AT_ONCE, DONE])

    async def step(_job_id: int) -> StepResult:
        return next(steps)

    bare.step = step
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.pass_time(100)
    assert bare.looks == [(1, 0), (1, 5), (1, 65), (1, 65)]


async def test_a_wake_brings_a_waiting_job_forward(bare: Bare):
    steps = iter([RunAgain(after_seconds=60), RunAgain(after_seconds=60), DONE])

    async def step(_job_id: int) -> StepResult:
        return next(steps)

    bare.step = step
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.pass_time(10)
    bare.engine.wake(1)
    await bare.pass_time(100)
    assert bare.looks == [(1, 0), (1, 10), (1, 70)]


async def test_a_wake_before_the_start_is_not_lost(bare: Bare):
    bare.engine.wake(7)
    await bare.engine.start(bare)
    await bare.pass_time(1)
    assert bare.looked_at() == [7]


async def test_a_wake_while_a_step_runs_means_once_more_afterwards_and_never_two_at_once(bare: Bare):
    gate = asyncio.Event()

    async def step(_job_id: int) -> StepResult:
        await gate.wait()
        return RunAgain(after_seconds=3600)

    bare.step = step
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.clock.settle()
    for _ in range(5):
        bare.engine.wake(1)
    await bare.pass_time(3)
    assert len(bare.looks) == 1
    gate.set()
    await bare.pass_time(3)
    assert len(bare.looks) == 2
    assert bare.max_at_once[1] == 1


async def test_what_is_remembered_of_a_job_lasts_from_step_to_step_and_goes_with_the_last(bare: Bare):
    seen: list[LiveJob] = []
    steps = iter([RunAgain(after_seconds=5), AT_ONCE, DONE, DONE])
    run_step = bare.run_step

    async def run_and_keep(live: LiveJob) -> StepResult:
        seen.append(live)
        live.failures["kept"] += 1
        return await run_step(live)

    async def step(_job_id: int) -> StepResult:
        return next(steps)

    bare.step, bare.run_step = step, run_and_keep
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.pass_time(10)
    assert [live.failures["kept"] for live in seen] == [3, 3, 3]
    seen.clear()
    gc.collect()
    assert not bare.engine._jobs
    bare.engine.wake(1)
    await bare.pass_time(1)
    assert [live.failures["kept"] for live in seen] == [1]


async def test_a_job_that_hangs_holds_up_nobody(bare: Bare):
    async def step(job_id: int) -> StepResult:
        if job_id == 1:
            await asyncio.get_running_loop().create_future()
        return DONE

    bare.step = step
    await bare.engine.start(bare)
    for job_id in range(1, 50):
        bare.engine.wake(job_id)
    await bare.clock.settle()
    assert len(bare.looks) == 49
    assert running(bare.engine) == [1]


# --- faults -----------------------------------------------------------------------------------------------------------


async def test_a_step_that_raises_unexpectedly_is_logged_counted_and_tried_again(
    bare: Bare, caplog: pytest.LogCaptureFixture
):
    async def step(_job_id: int) -> StepResult:
        if len(bare.looks) < 3:
            raise KeyError("nobody foresaw this")
        return DONE

    bare.step = step
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.pass_time(100)
    assert bare.looks == [(1, 0), (1, 30), (1, 60)]
    assert bare.metrics.registry.get_sample_value("compose_step_errors_total") == 2
    failed = [record for record in caplog.records if record.message == "a step failed"]
    assert [record.__dict__["job"] for record in failed] == [1, 1]
    assert all(record.exc_info for record in failed)
    assert all(state.running for state in bare.supervisor.states())


async def test_a_step_that_fails_for_ten_minutes_is_given_up(bare: Bare):
    async def step(_job_id: int) -> StepResult:
        raise KeyError("nobody foresaw this")

    bare.step = step
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.pass_time(590)
    assert bare.given_up == []
    await bare.pass_time(300)
    assert bare.given_up == [1]
    assert len(bare.looks) == 20


async def test_faults_count_only_in_a_row(bare: Bare):
    async def step(_job_id: int) -> StepResult:
        if len(bare.looks) % 10:
            raise KeyError("nobody foresaw this")
        return RunAgain(after_seconds=30)

    bare.step = step
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.pass_time(1500)
    assert bare.given_up == []
    assert len(bare.looks) > 40


async def test_jobs_in_doubt_are_looked_at_after_a_start_and_then_left_alone(
    bare: Bare, caplog: pytest.LogCaptureFixture
):
    bare.rows.doubtful = [3]
    await bare.engine.start(bare)
    await bare.pass_time(300)
    assert bare.looked_at() == [3]
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


async def test_a_busy_database_is_no_fault_and_is_asked_again_soon(bare: Bare, caplog: pytest.LogCaptureFixture):
    async def step(_job_id: int) -> StepResult:
        if len(bare.looks) < 3:
            raise StoreBusyError("locked")
        return DONE

    bare.step = step
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.pass_time(10)
    assert bare.looks == [(1, 0), (1, 2), (1, 4)]
    assert bare.metrics.registry.get_sample_value("compose_step_errors_total") == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_forgotten_jobs_are_found_within_a_minute(bare: Bare, caplog: pytest.LogCaptureFixture):
    await bare.engine.start(bare)
    bare.rows.waiting = [4, 5]
    await bare.pass_time(75)
    assert sorted(bare.looked_at()) == [4, 5]
    assert "took up 2 forgotten jobs" in caplog.messages


async def test_what_is_running_or_waiting_is_not_forgotten(bare: Bare, caplog: pytest.LogCaptureFixture):
    async def step(job_id: int) -> StepResult:
        if job_id == 1:
            await asyncio.get_running_loop().create_future()
        return RunAgain(after_seconds=86_400)

    bare.step = step
    bare.rows.waiting = [1, 2]
    await bare.engine.start(bare)
    await bare.pass_time(300)
    assert sorted(bare.looked_at()) == [1, 2]
    assert not caplog.records


async def test_a_busy_database_does_not_end_the_search_for_forgotten_jobs(bare: Bare):
    await bare.engine.start(bare)
    bare.rows.waiting = [4]
    bare.rows.troubles = 2
    await bare.pass_time(200)
    assert 4 in bare.looked_at()
    assert all(state.deaths == 0 for state in bare.supervisor.states())


# --- stopping ---------------------------------------------------------------------------------------------------------


async def test_nothing_begins_after_a_stop(bare: Bare):
    await bare.engine.start(bare)
    await bare.engine.stop(1)
    bare.engine.wake(1)
    bare.rows.waiting = [2]
    await bare.pass_time(120)
    assert bare.looks == []


async def test_jobs_that_fall_due_while_stopping_do_not_keep_the_loop_turning(bare: Bare):
    """The heap's head was due and never taken off: the loop turned without a pause and the process hung."""
    gate = asyncio.Event()

    async def step(job_id: int) -> StepResult:
        if job_id == 1:
            await gate.wait()
            return DONE
        return RunAgain(after_seconds=5)

    bare.step = step
    bare.in_flight = {1}
    await bare.engine.start(bare)
    bare.engine.wake(1)
    bare.engine.wake(2)
    await bare.clock.settle()
    stopping = asyncio.ensure_future(bare.engine.stop(30))
    await bare.pass_time(10)
    gate.set()
    async with asyncio.timeout(10):
        await stopping
    assert bare.looks == [(1, 0), (2, 0)]


@pytest.mark.parametrize("turns", range(6))
async def test_a_stop_in_the_turn_in_which_a_job_falls_due_ends_the_loop(bare: Bare, turns: int):
    """asyncio.wait_for swallows that cancellation on 3.11: the loop went on, and the stop waited for it for good."""
    bare.engine._clock = SystemClock()

    async def step(_job_id: int) -> StepResult:
        return RunAgain(after_seconds=3600)

    bare.step = step
    bare.engine.wake(1)
    looping = asyncio.ensure_future(bare.engine._loop(bare))
    for _ in range(10):
        await asyncio.sleep(0)
    assert bare.looked_at() == [1]
    bare.engine.wake(2)
    for _ in range(turns):
        await asyncio.sleep(0)
    looping.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    assert looping.cancelled()


async def test_a_step_that_does_not_let_go_does_not_hold_a_stop_up(bare: Bare, caplog: pytest.LogCaptureFixture):
    """A thread on a dead disk, a child that the system cannot kill."""
    release = asyncio.Event()

    async def step(_job_id: int) -> StepResult:
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()
        return DONE

    bare.step = step
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.clock.settle()
    async with asyncio.timeout(30):
        await bare.engine.stop(0.02)
    assert running(bare.engine) == [1]
    assert "cut off: 1 job; what became of it is found out at the next start" in caplog.messages
    release.set()


async def test_a_stop_cancels_what_waits_and_lets_what_is_in_flight_end(bare: Bare, caplog: pytest.LogCaptureFixture):
    ends: list[str] = []
    gate = asyncio.Event()

    async def step(job_id: int) -> StepResult:
        try:
            await gate.wait()
        except asyncio.CancelledError:
            ends.append(f"{job_id} cancelled")
            raise
        ends.append(f"{job_id} finished")
        return AT_ONCE

    bare.step = step
    await bare.engine.start(bare)
    for job_id in (1, 2, 3):
        bare.engine.wake(job_id)
    await bare.clock.settle()
    bare.engine.live(2).in_flight = True
    stopping = asyncio.ensure_future(bare.engine.stop(30))
    await bare.clock.settle()
    assert sorted(ends) == ["1 cancelled", "3 cancelled"]
    gate.set()
    await stopping
    assert sorted(ends) == ["1 cancelled", "2 finished", "3 cancelled"]
    assert not running(bare.engine)
    await bare.pass_time(5)
    assert len(bare.looks) == 3
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


async def test_what_takes_longer_than_the_grace_is_cut_off(bare: Bare, caplog: pytest.LogCaptureFixture):
    async def step(_job_id: int) -> StepResult:
        await asyncio.get_running_loop().create_future()
        return DONE

    bare.step = step
    bare.in_flight = {1}
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await bare.clock.settle()
    await bare.engine.stop(0.02)
    assert not running(bare.engine)
    assert "cut off: 1 job; what became of it is found out at the next start" in caplog.messages


# --- the whole, on a real database ------------------------------------------------------------------------------------


async def let_pass(
    kit: Kit, holds: Callable[[], bool], *, pace_seconds: float = 1, longest_seconds: float = 40
) -> None:
    """Time passes while real threads do real writes, until it holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + longest_seconds
    while not holds():
        assert loop.time() < deadline, "it never happened"
        await kit.clock.advance(pace_seconds)
        await asyncio.sleep(0.002)


async def test_orders_become_delivered_songs(kit: Kit):
    kit.generator.polls.default = finished()
    await kit.engine.start(kit.steps)
    for number in range(1, 11):
        await kit.taken(an_order(number))
    await let_pass(kit, lambda: len(kit.discord.tells.calls) == 10)
    await eventually(lambda: not running(kit.engine))
    for job_id in range(1, 11):
        assert await kit.states(job_id) == [JobState.CHECKING, *STRAIGHT]
    assert len(kit.generator.submits.calls) == len(kit.discord.deliveries.calls) == 10
    await kit.engine.stop(1)


async def on_its_last_way(kit: Kit) -> LiveJob:
    """A song that is being made and is looked at first, with its card; hold on to what is returned."""
    kit.generator.polls.default = finished()
    job = await kit.at(JobState.GENERATING)
    await kit.real_store.update(job.id, card_message_id=500, answered_at=kit.clock.now())
    live = kit.engine.live(job.id)
    live.comes_first = True
    await kit.engine.start(kit.steps)
    kit.store.calls.clear()
    kit.engine.wake(job.id)  # no time passes: cards that wait for some are not drawn
    return live


async def test_steps_that_follow_each_other_hand_on_the_row_and_read_it_once(kit: Kit):
    live = await on_its_last_way(kit)
    await eventually(lambda: len(kit.discord.tells.calls) == 1)
    await eventually(lambda: not live.is_taken_up)
    assert await kit.states() == [JobState.CHECKING, *STRAIGHT]
    assert kit.store.calls.count("get") == 1
    assert kit.store.calls.count("move") == 3  # ready, delivering, delivered
    assert kit.store.calls.count("update") == 1  # that its member knows
    await kit.engine.stop(1)


async def test_a_step_reads_the_row_again_when_somebody_has_asked_for_the_job_meanwhile(kit: Kit):
    release = kit.generator.fetches.hold()
    live = await on_its_last_way(kit)
    await eventually(kit.generator.fetches.begun.is_set)
    kit.engine.wake(1)
    release.set()
    await eventually(lambda: len(kit.discord.tells.calls) == 1)
    await eventually(lambda: not live.is_taken_up)
    assert kit.store.calls.count("get") == 2
    await kit.engine.stop(1)


async def test_a_step_that_follows_later_reads_the_row_again(bare: Bare):
    left: list[bool] = []

    async def step(_job_id: int) -> StepResult:
        left.append(bare.engine.live(1).goes_on)
        return [AT_ONCE, AT_ONCE, RunAgain(after_seconds=5), AT_ONCE, DONE][len(left) - 1]

    bare.step = step
    held = bare.engine.live(1)
    held.comes_first = True
    await bare.engine.start(bare)
    bare.engine.wake(1)
    await eventually(lambda: len(left) == 3)
    await bare.clock.advance(5)
    await eventually(lambda: len(left) == 5)
    assert left == [False, True, True, False, True]


async def test_a_cancel_while_a_step_runs_is_seen_right_after_it(kit: Kit):
    release = kit.generator.polls.hold()
    kit.generator.polls.default = GaveUp(reason=Reason.PROVIDER_FAILED, detail="")
    await kit.at(JobState.GENERATING)
    await kit.engine.start(kit.steps)
    await let_pass(kit, kit.generator.polls.begun.is_set)
    await kit.service.cancel(1, Actor(member_id=OWNER.member_id))
    release.set()
    await eventually(lambda: kit.discord.told_states == [JobState.CANCELLED])
    await kit.engine.stop(1)


async def test_a_stop_inside_a_post_waits_for_its_answer_and_writes_it_down(kit: Kit):
    release = kit.generator.submits.hold()
    await kit.at(JobState.QUEUED)
    waiting = await kit.at(JobState.GENERATING)
    kit.generator.polls.hold()
    await kit.engine.start(kit.steps)
    await let_pass(kit, lambda: bool(kit.generator.submits.under_way and kit.generator.polls.under_way))
    stopping = asyncio.ensure_future(kit.engine.stop(30))
    await asyncio.sleep(0.05)
    assert not stopping.done()
    release.set()
    await stopping
    job = await kit.job(1)
    assert (job.state, job.generation_id) == (JobState.GENERATING, "gen-1")
    assert (await kit.job(waiting.id)).state is JobState.GENERATING


@pytest.mark.heavy
async def test_a_stop_while_the_intent_is_written_leaves_no_doubt(kit: Kit):
    """The row said `submitting`, the step was cut off before the POST, and the member was asked about nothing."""
    await kit.at(JobState.QUEUED)
    written = asyncio.Event()

    async def slow() -> None:
        written.set()
        await asyncio.sleep(0.1)

    kit.store.before["move"] = slow
    await kit.engine.start(kit.steps)
    await let_pass(kit, written.is_set)
    await kit.engine.stop(30)
    assert (await kit.job()).state is JobState.GENERATING
    assert len(kit.generator.submits.calls) == 1


async def test_a_stop_inside_a_message_waits_for_its_confirmation(kit: Kit):
    release = kit.discord.deliveries.hold()
    await kit.at(JobState.DELIVERING)
    await kit.engine.start(kit.steps)
    await let_pass(kit, kit.discord.deliveries.begun.is_set)
    stopping = asyncio.ensure_future(kit.engine.stop(30))
    await asyncio.sleep(0.02)
    release.set()
    await stopping
    assert (await kit.job()).state is JobState.DELIVERED
    assert not kit.discord.told_states


async def test_a_post_that_was_cut_off_is_found_out_at_the_next_start(kit: Kit):
    kit.generator.submits.hold()
    await kit.at(JobState.QUEUED)
    await kit.engine.start(kit.steps)
    await let_pass(kit, kit.generator.submits.begun.is_set)
    await kit.engine.stop(0.02)
    await kit.supervisor.stop()
    assert (await kit.job()).state is JobState.SUBMITTING
    second = kit.restarted()
    await second.engine.start(second.steps)
    await let_pass(second, lambda: second.discord.told_states == [JobState.UNKNOWN])
    assert not second.generator.submits.calls
    await second.engine.stop(1)
    await second.supervisor.stop()


async def test_a_restart_goes_on_in_every_state(kit: Kit):
    for state in (JobState.CHECKING, *STRAIGHT):
        await kit.at(state)
    kit.generator.polls.default = finished()
    await kit.engine.start(kit.steps)
    await let_pass(kit, lambda: len(kit.discord.tells.calls) == 7)
    tally = (await kit.store.tally()).by_state
    assert tally[JobState.DELIVERED] == 6
    assert tally[JobState.UNKNOWN] == 1
    await kit.engine.stop(1)


@pytest.mark.heavy
async def test_two_thousand_jobs_in_the_heap_are_looked_at_in_turn(bare: Bare):
    looks = Counter[int]()

    async def step(job_id: int) -> StepResult:
        looks[job_id] += 1
        return RunAgain(after_seconds=10 + job_id % 7)

    bare.step = step
    bare.rows.waiting = list(range(2000))
    await bare.engine.start(bare)
    await bare.pass_time(60)
    assert len(looks) == 2000
    assert min(looks.values()) >= 3
    assert max(bare.max_at_once.values()) == 1
    assert len(bare.engine._heap) == len(bare.engine._jobs) == 2000


async def test_a_doubt_left_by_the_last_process_is_cleared_by_the_providers_log(kit: Kit):
    await kit.unknown()
    after = kit.restarted()
    after.generator.can_look_up = True
    after.generator.look_ups.then("gen-found")
    after.generator.polls.hold()
    await after.engine.start(after.steps)
    await let_pass(after, lambda: bool(after.generator.polls.under_way))
    job = await after.job()
    assert (job.state, job.generation_id, job.reason) == (JobState.GENERATING, "gen-found", None)
    await after.engine.stop(1)
    await after.supervisor.stop()


@pytest.mark.heavy
async def test_a_song_whose_steps_keep_failing_ends_in_words_and_its_track_stays_within_reach(kit: Kit):
    kit.generator.polls.default = KeyError("nobody foresaw this")
    await kit.at(JobState.GENERATING)
    await kit.engine.start(kit.steps)
    await let_pass(kit, lambda: kit.discord.told_states == [JobState.EXPIRED], pace_seconds=5)
    job = await kit.job()
    assert (job.reason, job.generation_id) == (Reason.INTERNAL, "g-1")
    await kit.engine.stop(1)


# --- a bounded number of steps ----------------------------------------------------------------------------------------


async def test_what_is_due_beyond_the_bound_waits_as_an_entry_and_not_as_a_task(bare: Bare):
    gate = asyncio.Event()

    async def step(_job_id: int) -> StepResult:
        await gate.wait()
        return DONE

    bare.step = step
    await bare.engine.start(bare)
    for job_id in range(1, 1001):
        bare.engine.wake(job_id)
    await bare.clock.settle()
    assert len(running(bare.engine)) == len(bare.looks) == MAX_OTHER_STEPS
    gate.set()
    await eventually(lambda: len(bare.looks) == 1000)


async def test_a_song_that_was_given_a_place_goes_before_those_that_wait_for_their_check(bare: Bare):
    gate = asyncio.Event()

    async def step(_job_id: int) -> StepResult:
        await gate.wait()
        return DONE

    bare.step = step
    await bare.engine.start(bare)
    for job_id in range(1, 201):
        bare.engine.wake(job_id)
    await bare.clock.settle()
    bare.engine.call_up(200)
    bare.engine.call_up(999)
    await bare.clock.settle()
    assert bare.looked_at()[-2:] == [200, 999]
    gate.set()
    await eventually(lambda: len(bare.looks) >= 201)
    assert bare.max_at_once[200] == 1


async def copied(kit: Kit, job: Job, number: int) -> None:
    """So many rows more like this one."""
    own = {name: f"{name} || :more" for name in ("key", "generation_id")}
    own |= {name: f"{name} + :more" for name in ("id", "interaction_id")}
    names = [column.name for column in jobs_table.c]
    columns, values = ", ".join(names), ", ".join(own.get(name, name) for name in names)
    insert = text(f"INSERT INTO job ({columns}) SELECT {values} FROM job WHERE id = :like")
    async with kit.real_store.database.writing() as connection:
        for more in range(1, number + 1):
            await connection.execute(insert, {"more": more, "like": job.id})


async def test_very_many_first_looks_after_a_start_hold_up_no_new_order(kit: Kit):
    await copied(kit, await kit.at(JobState.GENERATING), 2 * MAX_OTHER_STEPS)
    kit.generator.polls.hold()  # as the budget of looks does
    await kit.engine.start(kit.steps)
    await let_pass(kit, lambda: kit.generator.polls.under_way > MAX_OTHER_STEPS, pace_seconds=1)
    order = await kit.order(an_order(5_000))
    kit.engine.wake(order.id)
    await let_pass(kit, lambda: bool(kit.fetcher.checks.calls), pace_seconds=0.1, longest_seconds=20)
    assert [call.id for call in kit.fetcher.checks.calls] == [order.id]
    await kit.engine.stop(0)


async def test_songs_in_the_making_are_taken_up_at_the_pace_of_their_looks_and_hold_up_no_others(kit: Kit):
    ready = await kit.at(JobState.READY)
    await copied(kit, await kit.at(JobState.GENERATING), 150)
    await kit.engine.start(kit.steps)
    due = {live.id: (live.due or 0) - kit.clock.monotonic() for live in kit.engine._jobs.values()}
    assert due.pop(ready.id) <= 10
    assert 20 < max(due.values()) <= 151 / 5
    assert all(kit.engine._jobs[job_id].comes_first for job_id in due)
    await kit.engine.stop(0)
