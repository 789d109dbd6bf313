"""The default engine: a heap of due times and one loop inside the bot's own process. A poll writes nothing."""

import asyncio
import heapq
import itertools
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable

from bot.clock import Clock
from bot.errors import StoreBusyError
from bot.jobs.context import RunAgain, StepResult
from bot.jobs.ports import JobStore
from bot.metrics import Metrics
from bot.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

#: After an exception that nobody foresaw the job rests so long; it is neither lost nor allowed to spin.
_AFTER_A_FAULT_SECONDS = 30.0
#: So many in a row, ten minutes of them, are no accident: the job is brought to rest and its member is told.
_MAX_FAULTS = 20
_AFTER_A_BUSY_STORE_SECONDS = 2.0
#: What was cut off at the end of the grace gets so long to let go; a thread or a child may hold it for ever.
_CUT_OFF_SECONDS = 1.0
#: Jobs that were forgotten by a fault of ours are found again so often.
_RECONCILE_SECONDS = 60.0


class JobRunner:
    """Runs each job's steps one after the other, different jobs side by side; one sick job holds up nobody."""

    def __init__(
        self,
        *,
        run_step: Callable[[int], Awaitable[StepResult]],
        give_up: Callable[[int], Awaitable[StepResult]],
        in_flight: Callable[[], Collection[int]],
        store: JobStore,
        clock: Clock,
        supervisor: TaskSupervisor,
        metrics: Metrics,
        spread_seconds: float,
    ) -> None:
        """`in_flight` names the jobs that are between an intent and its confirmation; a stop waits for those alone.

        `give_up` brings a job to rest whose steps cannot be done.
        """
        self._run_step = run_step
        self._give_up = give_up
        self._in_flight = in_flight
        self._store = store
        self._clock = clock
        self._supervisor = supervisor
        self._metrics = metrics
        self._spread_seconds = spread_seconds
        self._heap: list[tuple[float, int, int]] = []
        self._order = itertools.count()
        self._due: dict[int, float] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._asked_again: set[int] = set()
        self._faults: Counter[int] = Counter()
        self._woken = asyncio.Event()
        self._stopping = False

    async def start(self) -> None:
        """Queue every job that needs a look, spread over one interval, and begin to look."""
        # what a restart left open is looked up once more at the provider, although its member has been told
        found = self._spread(await self._store.unknown_ids()) + await self._find_forgotten()
        log.info("taking up %d jobs", found)
        self._supervisor.run_forever("engine", self._loop)
        self._supervisor.run_forever("reconcile", self._reconcile)

    def wake(self, job_id: int) -> None:
        """Look at this job now, or as soon as its running step has ended."""
        self._schedule(job_id, 0.0)

    async def stop(self, grace_seconds: float) -> None:
        """Begin nothing new, cancel what only waits, give what is between intent and confirmation its time."""
        self._stopping = True
        self._heap.clear()  # what is due and never begins would keep the loop turning without a pause
        self._due.clear()
        in_flight = set(self._in_flight())
        for job_id, running in self._running.items():
            if job_id not in in_flight:
                running.cancel()
        tasks = list(self._running.values())
        if not tasks:
            return
        log.info("stopping: %d jobs are between intent and confirmation", len(in_flight))
        _, late = await asyncio.wait(tasks, timeout=grace_seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("%d jobs were cut off; what became of them is found out at the next start", len(late))
            await asyncio.wait(late, timeout=_CUT_OFF_SECONDS)

    def _schedule(self, job_id: int, after_seconds: float) -> None:
        if self._stopping:
            return
        if job_id in self._running:
            if after_seconds <= 0:
                self._asked_again.add(job_id)
            return
        due = self._clock.monotonic() + after_seconds
        known = self._due.get(job_id)
        if known is not None and known <= due:
            return
        self._due[job_id] = due
        heapq.heappush(self._heap, (due, next(self._order), job_id))
        self._woken.set()

    async def _loop(self) -> None:
        while True:
            self._woken.clear()
            self._begin_due()
            pause = self._heap[0][0] - self._clock.monotonic() if self._heap else None
            if pause is None or pause > 0:
                await self._clock.wait(self._woken, pause)

    def _begin_due(self) -> None:
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now and not self._stopping:
            due, _, job_id = heapq.heappop(self._heap)
            if self._due.get(job_id) != due:
                continue  # it was asked for sooner, and has been looked at
            del self._due[job_id]
            self._running[job_id] = self._supervisor.spawn(f"job {job_id}", self._run(job_id))

    async def _run(self, job_id: int) -> None:
        again: float | None = None
        try:
            again = await self._step(job_id)
        finally:
            del self._running[job_id]
            if job_id in self._asked_again:
                self._asked_again.discard(job_id)
                again = 0.0
            if again is not None:
                self._schedule(job_id, again)

    async def _step(self, job_id: int) -> float | None:
        try:
            exhausted = self._faults[job_id] >= _MAX_FAULTS
            step = await (self._give_up if exhausted else self._run_step)(job_id)
        except StoreBusyError as error:
            log.warning("the database is busy: %s", error, extra={"job": job_id})
            return _AFTER_A_BUSY_STORE_SECONDS
        except Exception:
            # the one place where a step's unforeseen fault ends: the trace is kept, the job is looked at again
            self._metrics.step_errors.inc()
            self._faults[job_id] += 1
            log.exception("a step failed", extra={"job": job_id})
            return _AFTER_A_FAULT_SECONDS
        del self._faults[job_id]
        return step.after_seconds if isinstance(step, RunAgain) else None

    async def _reconcile(self) -> None:
        while True:
            await self._clock.sleep(_RECONCILE_SECONDS)
            try:
                found = await self._find_forgotten()
            except StoreBusyError as error:
                log.warning("the database is busy: %s", error)
                continue
            if found:
                log.warning("took up %d forgotten jobs", found)

    async def _find_forgotten(self) -> int:
        return self._spread(await self._store.unfinished_ids())

    def _spread(self, job_ids: Iterable[int]) -> int:
        forgotten = [job_id for job_id in job_ids if job_id not in self._due and job_id not in self._running]
        for job_id in forgotten:
            self._schedule(job_id, self._spread_seconds * random.random())
        return len(forgotten)
