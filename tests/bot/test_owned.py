"""Background work has a name, an owner and a second chance, and its failures are seen."""

import asyncio
import logging

import pytest

from bot.owned import LoopState, Owner
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
async def owner(clock: MovedClock):
    owner = Owner(clock)
    yield owner
    await owner.stop()


async def test_a_loop_that_dies_is_seen_and_starts_again_after_longer_and_longer_pauses(
    owner: Owner, clock: MovedClock, caplog: pytest.LogCaptureFixture
):
    loop = Loop()
    owner.keep("engine", loop.run)
    await clock.settle()
    assert owner.states() == [LoopState(name="engine", running=True, deaths=0, last_error="")]
    for death, pause in enumerate([1, 5, 15, 60, 60], start=1):
        loop.end(KeyError("oh"))
        await clock.settle()
        assert owner.states() == [LoopState(name="engine", running=False, deaths=death, last_error="KeyError")]
        await clock.advance(pause - 0.01)
        assert loop.starts == death
        await clock.advance(0.02)
        assert loop.starts == death + 1
        assert owner.states() == [LoopState(name="engine", running=True, deaths=death, last_error="KeyError")]
    assert caplog.messages[0] == "loop engine ended (KeyError), again in 1 s"
    assert caplog.records[0].exc_info is not None
    assert len(caplog.records) == 5


async def test_a_loop_that_just_returns_has_died_too(owner: Owner, clock: MovedClock):
    loop = Loop()
    owner.keep("engine", loop.run)
    await clock.settle()
    loop.end()
    await clock.settle()
    assert owner.states() == [LoopState(name="engine", running=False, deaths=1, last_error="it returned")]
    await clock.advance(2)
    assert loop.starts == 2


async def test_a_loop_that_is_cancelled_from_within_has_died_too(owner: Owner, clock: MovedClock):
    loop = Loop()
    owner.keep("engine", loop.run)
    await clock.settle()
    loop.end(asyncio.CancelledError())
    await clock.settle()
    assert owner.states() == [LoopState(name="engine", running=False, deaths=1, last_error="CancelledError")]
    await clock.advance(2)
    assert loop.starts == 2


async def test_a_loop_that_worked_for_long_gets_the_short_pause_again(owner: Owner, clock: MovedClock):
    loop = Loop()
    owner.keep("engine", loop.run)
    for pause in (1, 5, 15):
        await clock.settle()
        loop.end(KeyError())
        await clock.advance(pause + 1)
    await clock.advance(3600)
    loop.end(KeyError())
    await clock.advance(1.5)
    assert loop.starts == 5
    assert owner.states()[0].deaths == 4


async def test_one_dead_loop_does_not_touch_the_others(owner: Owner, clock: MovedClock):
    dying, living = Loop(), Loop()
    owner.keep("dying", dying.run)
    owner.keep("living", living.run)
    await clock.settle()
    dying.end(KeyError())
    await clock.advance(100)
    assert living.starts == 1
    assert [state.name for state in owner.states()] == ["dying", "living"]
    assert [state.deaths for state in owner.states()] == [1, 0]


async def test_a_failing_errand_is_logged_with_its_name_and_trace(
    owner: Owner, clock: MovedClock, caplog: pytest.LogCaptureFixture
):
    async def fail() -> None:
        raise KeyError("oh")

    owner.errand("card of job 17", fail())
    await clock.settle()
    (record,) = caplog.records
    assert record.getMessage() == "card of job 17 failed"
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


async def test_an_errand_gives_its_result_and_is_let_go(owner: Owner, caplog: pytest.LogCaptureFixture):
    async def work() -> int:
        return 17

    errand = owner.errand("count", work())
    assert await errand == 17
    assert errand.get_name() == "count"
    await asyncio.sleep(0)
    assert not owner._errands
    assert not caplog.records


async def test_a_cancelled_errand_is_no_failure(owner: Owner, clock: MovedClock, caplog: pytest.LogCaptureFixture):
    owner.errand("wait", clock.sleep(10)).cancel()
    await clock.settle()
    assert not caplog.records
    assert not owner._errands


async def test_stop_ends_loops_errands_and_pauses_and_waits_for_them(clock: MovedClock):
    owner = Owner(clock)
    running, pausing, tidied = Loop(), Loop(), []

    async def errand() -> None:
        try:
            await clock.sleep(1000)
        finally:
            await asyncio.sleep(0)
            tidied.append("errand")

    owner.keep("running", running.run)
    owner.keep("pausing", pausing.run)
    owner.errand("errand", errand())
    await clock.settle()
    pausing.end(KeyError())
    await clock.settle()
    await owner.stop()
    assert tidied == ["errand"]
    assert running.cancelled == 1
    await clock.advance(1000)
    assert running.starts == pausing.starts == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stop_also_ends_what_begins_while_it_stops(clock: MovedClock):
    owner = Owner(clock)

    async def errand() -> None:
        try:
            await clock.sleep(1000)
        finally:
            owner.errand("late", clock.sleep(1000))

    owner.errand("errand", errand())
    await clock.settle()
    await owner.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stop_of_an_owner_without_work_returns(clock: MovedClock):
    await Owner(clock).stop()


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

    owner = Owner(clock)
    owner.keep("engine", run)
    await clock.settle()
    async with asyncio.timeout(30):
        await owner.stop()
    assert caught == [0, 1]


async def test_an_errand_that_ended_a_moment_ago_does_not_keep_a_stop_busy(clock: MovedClock):
    owner = Owner(clock)
    ending = owner.errand("errand", asyncio.sleep(0))
    for _ in range(5):
        if not ending.done():
            await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await owner.stop()
    assert ending.done()
