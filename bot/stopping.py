"""One deadline for a whole stop: whoever is late is cancelled, then named and left behind; nothing can draw it out."""

import asyncio
import faulthandler
import logging
import os
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

from bot.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

#: What a stop may take beyond STOP_GRACE_SECONDS. A supervisor that kills must wait longer than both together.
CLOSING_SECONDS = 5.0
#: Kept back of that for the way out of the interpreter, which takes its time on a busy machine.
_WAY_OUT_SECONDS = 1.0
#: A cancellation that was caught on its way is repeated so often.
_INSIST_SECONDS = 0.5


class Stop:
    """Whether to stop, and how long that may take.

    Two deadlines, for two kinds of trouble. What waits for the loop (a connection that does not close, a task that
    ignores its cancellation, a thread on a dead disk) is given up in time, and the exit code stays what it was. A loop
    that itself stands still cannot give up anything: then the interpreter's own watchdog writes where each thread
    stands and ends the process with 1.
    """

    def __init__(self, *, grace_seconds: float, clock: Clock) -> None:
        """`grace_seconds`: STOP_GRACE_SECONDS."""
        self._max_seconds = grace_seconds + CLOSING_SECONDS
        self._clock = clock
        self._asked = asyncio.Event()
        self._deadline: float | None = None

    @property
    def is_asked(self) -> bool:
        """Whether the stop has begun."""
        return self._asked.is_set()

    def listen(self) -> None:
        """Begin on SIGTERM, Ctrl-C, or SIGHUP (a closed terminal) unless ignored; more of them change nothing."""
        loop = asyncio.get_running_loop()

        def asked(_number: int, _frame: FrameType | None) -> None:
            self._run_down()  # not by way of the loop: one that stands still would never hear of it
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.begin)

        for number in _stop_signals():
            signal.signal(number, asked)

    def begin(self) -> None:
        """The deadline runs from now on; again changes nothing."""
        self._run_down()
        self._asked.set()

    async def unless_asked(self, what: str, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of `work`; None when the stop came first, which ends the work."""
        task = asyncio.create_task(work, name=what)
        await self.asked_or_done(task)
        if task.done():
            return task.result()
        await self.end(what, task)
        return None

    async def asked_or_done(self, task: asyncio.Task[Any]) -> None:
        """Wait for the stop or for the end of `task`, whichever comes first."""
        asked = asyncio.create_task(self._asked.wait(), name="signal")
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()

    def grace_is_over(self) -> None:
        """What is left to do only closes: it gets CLOSING_SECONDS from now, however much of the grace is left."""
        self._deadline = min(self._end_of_time(), self._clock.monotonic() + CLOSING_SECONDS)

    async def within(self, what: str, work: Coroutine[Any, Any, object]) -> None:
        """Await `work`, but no longer than half of the time that is left: the next one needs its share, too."""
        await self._ended(what, asyncio.create_task(work, name=what), patiently=True)

    async def end(self, what: str, task: asyncio.Task[Any]) -> None:
        """Cancel `task` and wait until it is gone, for no longer than half of the time that is left."""
        await self._ended(what, task, patiently=False)

    async def leave(self, code: int) -> None:
        """Return when nothing keeps the process from ending; else end it here, with `code`.

        The interpreter waits for every task and every thread, without a limit.
        """
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        loop = asyncio.get_running_loop()
        threads = asyncio.create_task(loop.shutdown_default_executor(), name="threads")
        # never cancelled: on 3.11 it then blocks the loop until the last thread has ended
        others = asyncio.all_tasks() - {asyncio.current_task()}
        _, late = await asyncio.wait(others, timeout=self._left_seconds())
        if not late:
            return
        log.warning("stopped, and left behind: %s", ", ".join(sorted(task.get_name() for task in late)))
        del threads
        logging.shutdown()
        os._exit(code)

    def _run_down(self) -> None:
        if self._deadline is None:
            self._deadline = self._clock.monotonic() + self._max_seconds
            faulthandler.dump_traceback_later(self._max_seconds, exit=True)

    def _end_of_time(self) -> float:
        if self._deadline is None:
            raise RuntimeError("the stop has not begun")
        return self._deadline

    def _left_seconds(self) -> float:
        return max(0.0, self._end_of_time() - _WAY_OUT_SECONDS - self._clock.monotonic())

    async def _ended(self, what: str, task: asyncio.Task[Any], *, patiently: bool) -> None:
        share = self._left_seconds() / 2
        until = self._clock.monotonic() + share
        if patiently:
            await asyncio.wait({task}, timeout=share / 2)
        while not task.done() and (left := until - self._clock.monotonic()) > 0:
            # again and again: asyncio.wait_for, which libraries still use, swallows some cancellations on 3.11
            task.cancel()
            await asyncio.wait({task}, timeout=min(_INSIST_SECONDS, left))
        if not task.done():
            log.warning("stopping: %s does not end, and is left behind", what)
        elif not task.cancelled() and (error := task.exception()) is not None:
            log.info("stopping: %s ended with %s", what, type(error).__name__)


def _stop_signals() -> tuple[signal.Signals, ...]:
    """Whoever started this process with `nohup` ignores SIGHUP on purpose; Windows has none."""
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is None or signal.getsignal(hang_up) is signal.SIG_IGN:
        return (signal.SIGTERM, signal.SIGINT)
    return (signal.SIGTERM, signal.SIGINT, hang_up)
