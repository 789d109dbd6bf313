"""Background work, supervised: every task has a name, is held, ends in the log, comes back after a pause, is seen."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from bot.clock import Clock

log = logging.getLogger(__name__)

#: Pauses before a loop that died starts again; the last one repeats, and a loop that ran for longer starts over.
_PAUSES_SECONDS = (1, 5, 15, 60)
#: Whoever caught a cancellation, or had it caught by a library, is cancelled again after so long.
_INSIST_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopState:
    """How one loop is doing."""

    name: str
    running: bool
    deaths: int
    last_error: str  #: the exception's class name; empty while it never died


class TaskSupervisor:
    """Holds loops (which must not end) and tasks (which end by themselves); stops them all."""

    def __init__(self, clock: Clock) -> None:
        """`clock` paces the restarts."""
        self._clock = clock
        self._loops: dict[str, asyncio.Task[None]] = {}
        self._states: dict[str, LoopState] = {}
        self._spawned: set[asyncio.Task[Any]] = set()

    def run_forever(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a loop for as long as this supervisor lives; if it ends or dies, it starts again after a pause."""
        self._states[name] = LoopState(name=name, running=True, deaths=0, last_error="")
        self._loops[name] = asyncio.create_task(self._supervise(name, run), name=name)

    def spawn(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start something that ends by itself; an exception in it is logged with its trace."""
        task = asyncio.create_task(work, name=name)
        self._spawned.add(task)
        task.add_done_callback(self._spawned_ended)
        return task

    def states(self) -> list[LoopState]:
        """Every loop, in the order it was begun."""
        return list(self._states.values())

    async def stop(self) -> None:
        """Cancel everything and wait until it is gone."""
        # again and again: what is cancelled may spawn a task on its way out, or have caught its cancellation
        while waiting := [task for task in (*self._loops.values(), *self._spawned) if not task.done()]:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting, timeout=_INSIST_SECONDS)
        self._loops.clear()

    async def _supervise(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        deaths = in_a_row = 0
        while True:
            began = self._clock.monotonic()
            # a cancellation of this supervisor is raised here; one that comes back as a value is the loop's own death
            (error,) = await asyncio.gather(run(), return_exceptions=True)
            in_a_row = 0 if self._clock.monotonic() - began > _PAUSES_SECONDS[-1] else in_a_row
            pause = _PAUSES_SECONDS[min(in_a_row, len(_PAUSES_SECONDS) - 1)]
            deaths, in_a_row = deaths + 1, in_a_row + 1
            kind = type(error).__name__ if error else "it returned"
            log.error("loop %s ended (%s), again in %g s", name, kind, pause, exc_info=error)
            self._states[name] = LoopState(name=name, running=False, deaths=deaths, last_error=kind)
            await self._clock.sleep(pause)
            self._states[name] = LoopState(name=name, running=True, deaths=deaths, last_error=kind)

    def _spawned_ended(self, task: asyncio.Task[Any]) -> None:
        self._spawned.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)
