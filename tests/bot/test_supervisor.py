"""Background work has a name, a supervisor and a second chance, and its failures are seen."""

import asyncio
import logging

import pytest

from bot.supervisor import LoopState, TaskSupervisor
from tests.moved_clock import MovedClock


class Loop:
    """A loop that runs until it is told how to end."""

    def __init__(self) -> None:
        self.starts = 0
        self.cancelled = 0
        self._ending: asyncio.Future[None] | None = None

    async def run(self) -> None:
        self.starts += 1
        self._ending = asyncio.get_running_loop().create_future()
        try:
            await self._ending
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def end(self, how: BaseException | None = None) -> None:
        assert self._ending is not None
        if how is None:
            self._ending.set_result(None)
        else:
            self._ending.set_exception(how)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def supervisor(clock: MovedClock):
    supervisor = TaskSupervisor(clock)
    yield supervisor
    await supervisor.stop()


async def test_a_loop_that_dies_is_seen_and_starts_again_after_longer_and_longer_pauses(
    supervisor: TaskSupervisor, clock: MovedClock, caplog: pytest.LogCaptureFixture
):
    loop = Loop()
    supervisor.run_forever("engine", loop.run)
    await clock.settle()
    assert supervisor.states() == [LoopState(name="engine", running=True, deaths=0, last_error="")]
    for death, pause in enumerate([1, 5, 15, 60, 60], start=1):
        loop.end(KeyError("oh"))
        await clock.settle()
        assert supervisor.states() == [LoopState(name="engine", running=False, deaths=death, last_error="KeyError")]
        await clock.advance(pause - 0.01)
        assert loop.starts == death
        await clock.advance(0.02)
        assert loop.starts == death + 1
        assert supervisor.states() == [LoopState(name="engine", running=True, deaths=death, last_error="KeyError")]
    assert caplog.messages[0] == "loop engine ended (KeyError), again in 1 s"
    assert caplog.records[0].exc_info is not None
    assert len(caplog.records) == 5


async def test_a_loop_that_just_returns_has_died_too(supervisor: TaskSupervisor, clock: MovedClock):
    loop = Loop()
    supervisor.run_forever("engine", loop.run)
    await clock.settle()
    loop.end()
    await clock.settle()
    assert supervisor.states() == [LoopState(name="engine", running=False, deaths=1, last_error="it returned")]
    await clock.advance(2)
    assert loop.starts == 2


async def test_a_loop_that_is_cancelled_from_within_has_died_too(supervisor: TaskSupervisor, clock: MovedClock):
    loop = Loop()
    supervisor.run_forever("engine", loop.run)
    await clock.settle()
    loop.end(asyncio.CancelledError())
    await clock.settle()
    assert supervisor.states() == [LoopState(name="engine", running=False, deaths=1, last_error="CancelledError")]
    await clock.advance(2)
    assert loop.starts == 2


async def test_a_loop_that_worked_for_long_gets_the_short_pause_again(supervisor: TaskSupervisor, clock: MovedClock):
    loop = Loop()
    supervisor.run_forever("engine", loop.run)
    for pause in (1, 5, 15):
        await clock.settle()
        loop.end(KeyError())
        await clock.advance(pause + 1)
    await clock.advance(3600)
    loop.end(KeyError())
    await clock.advance(1.5)
    assert loop.starts == 5
    assert supervisor.states()[0].deaths == 4


async def test_one_dead_loop_does_not_touch_the_others(supervisor: TaskSupervisor, clock: MovedClock):
    dying, living = Loop(), Loop()
    supervisor.run_forever("dying", dying.run)
    supervisor.run_forever("living", living.run)
    await clock.settle()
    dying.end(KeyError())
    await clock.advance(100)
    assert living.starts == 1
    assert [state.name for state in supervisor.states()] == ["dying", "living"]
    assert [state.deaths for state in supervisor.states()] == [1, 0]


async def test_a_failing_task_is_logged_with_its_name_and_trace(
    supervisor: TaskSupervisor, clock: MovedClock, caplog: pytest.LogCaptureFixture
):
    async def fail() -> None:
        raise KeyError("oh")

    supervisor.spawn("card of job 17", fail())
    await clock.settle()
    (record,) = caplog.records
    assert record.getMessage() == "card of job 17 failed"
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


async def test_a_spawned_task_gives_its_result_and_is_let_go(
    supervisor: TaskSupervisor, caplog: pytest.LogCaptureFixture
):
    async def work() -> int:
        return 17

    spawned = supervisor.spawn("count", work())
    assert await spawned == 17
    assert spawned.get_name() == "count"
    await asyncio.sleep(0)
    assert not supervisor._spawned
    assert not caplog.records


async def test_a_cancelled_task_is_no_failure(
    supervisor: TaskSupervisor, clock: MovedClock, caplog: pytest.LogCaptureFixture
):
    supervisor.spawn("wait", clock.sleep(10)).cancel()
    await clock.settle()
    assert not caplog.records
    assert not supervisor._spawned


async def test_stop_ends_loops_tasks_and_pauses_and_waits_for_them(clock: MovedClock):
    supervisor = TaskSupervisor(clock)
    running, pausing, tidied = Loop(), Loop(), []

    async def spawned() -> None:
        try:
            await clock.sleep(1000)
        finally:
            await asyncio.sleep(0)
            tidied.append("spawned")

    supervisor.run_forever("running", running.run)
    supervisor.run_forever("pausing", pausing.run)
    supervisor.spawn("spawned", spawned())
    await clock.settle()
    pausing.end(KeyError())
    await clock.settle()
    await supervisor.stop()
    assert tidied == ["spawned"]
    assert running.cancelled == 1
    await clock.advance(1000)
    assert running.starts == pausing.starts == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stop_also_ends_what_begins_while_it_stops(clock: MovedClock):
    supervisor = TaskSupervisor(clock)

    async def spawned() -> None:
        try:
            await clock.sleep(1000)
        finally:
            supervisor.spawn("late", clock.sleep(1000))

    supervisor.spawn("spawned", spawned())
    await clock.settle()
    await supervisor.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stop_of_a_supervisor_without_work_returns(clock: MovedClock):
    await TaskSupervisor(clock).stop()


async def test_a_loop_that_catches_its_cancellation_is_cancelled_again(clock: MovedClock):
    """A library may catch it on its way: the owner then waited for good."""
    caught: list[int] = []

    async def run() -> None:
        for _ in range(2):
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                caught.append(len(caught))
        await asyncio.get_running_loop().create_future()

    supervisor = TaskSupervisor(clock)
    supervisor.run_forever("engine", run)
    await clock.settle()
    async with asyncio.timeout(30):
        await supervisor.stop()
    assert caught == [0, 1]


async def test_an_errand_that_ended_a_moment_ago_does_not_keep_a_stop_busy(clock: MovedClock):
    supervisor = TaskSupervisor(clock)
    ending = supervisor.spawn("spawned", asyncio.sleep(0))
    for _ in range(5):
        if not ending.done():
            await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await supervisor.stop()
    assert ending.done()
