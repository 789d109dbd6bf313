"""Tries the built-in sample after the start, after faults that may be ours, and as long as it fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.audio.model import Problem
from bot.audio.sample import SampleResult
from bot.clock import Clock
from bot.metrics import Metrics

log = logging.getLogger(__name__)

#: What a file can cause as well as we.
_DOUBTFUL = frozenset({Problem.CRASHED, Problem.INTERNAL})
#: The sample costs a second or two of a core, so that crafted files must not buy one each.
_MIN_PAUSE_SECONDS = 60.0
#: While it fails the pause doubles up to this: each try leaves its trace in the log.
_MAX_PAUSE_SECONDS = 600.0


class SelfTest:
    """Whether sound works here at all, as far as is known."""

    def __init__(self, *, clock: Clock, metrics: Metrics) -> None:
        """Nothing is tried before `begin`."""
        self._clock = clock
        self._metrics = metrics
        self._wanted = asyncio.Event()
        self._own_task: asyncio.Task[object] | None = None
        #: The latest; None before the first.
        self.result: SampleResult | None = None

    def begin(self) -> None:
        """Asks for the first try."""
        self._wanted.set()

    def fault_seen(self, problem: Problem) -> None:
        """Counts a fault of a child, and asks for a try where it may be ours. The sample's own are neither."""
        if asyncio.current_task() is self._own_task:
            return
        self._metrics.sound_faults.labels(problem).inc()
        if problem in _DOUBTFUL:
            self._wanted.set()

    async def run(self, attempt: Callable[[], Awaitable[SampleResult]]) -> None:
        """For ever: a try when one is wanted, and again while it fails. At least a minute lies between two.

        `attempt` sends the sample through.
        """
        self._own_task = asyncio.current_task()
        failures = 0
        while True:
            if not failures:
                await self._wanted.wait()
            self._wanted.clear()
            failures = 0 if (await self._try(attempt)).good else failures + 1
            await self._clock.sleep(min(_MAX_PAUSE_SECONDS, _MIN_PAUSE_SECONDS * 2.0 ** max(0, failures - 1)))

    async def _try(self, attempt: Callable[[], Awaitable[SampleResult]]) -> SampleResult:
        result = await attempt()
        if result != self.result:
            log.log(logging.INFO if result.good else logging.ERROR, "sound: %s", result.sentence)
        self.result = result
        return result
