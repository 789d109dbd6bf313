"""The default engine: a heap of due times and one loop inside the bot's own process. A poll writes nothing."""

import asyncio
import heapq
import itertools
import logging
import random
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Protocol
from weakref import WeakValueDictionary

from bot.clock import Clock
from bot.errors import StoreBusyError, StoreDiskError, TakenOverError
from bot.jobs.context import RunAgain, StepResult
from bot.jobs.line import Line
from bot.jobs.live_job import LiveJob
from bot.jobs.ports import EngineStore
from bot.jobs.schedule import Pace, spread_seconds
from bot.logs import counted
from bot.metrics import Metrics
from bot.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

#: After an exception that nobody foresaw the job rests so long; it is neither lost nor allowed to spin.
_AFTER_A_FAULT_SECONDS = 30.0
#: So many in a row, ten minutes of them, are no accident: the job is brought to rest and its member is told.
_MAX_FAULTS = 20
_AFTER_A_BUSY_STORE_SECONDS = 2.0
#: What a full disk holds up waits for people.
_AFTER_A_FULL_STORE_SECONDS = 15.0
#: What was cut off at the end of the grace gets so long to let go; a thread or a child may hold it for ever.
_CUT_OFF_SECONDS = 1.0
#: Jobs that were forgotten by a fault of ours are found again so often.
_RECONCILE_SECONDS = 60.0
#: So many steps run at once of what is paid for or has a place, and so many of the rest; what is due beyond waits.
MAX_FIRST_STEPS = 256
MAX_OTHER_STEPS = 64


class Steps(Protocol):
    """What an engine runs; `bot.jobs.steps.JobSteps` has them."""

    async def run_step(self, live: LiveJob) -> StepResult:
        """Do the one thing that the job's state asks for. Raises StoreBusyError."""
        ...

    async def give_up(self, live: LiveJob) -> StepResult:
        """Bring a job to rest whose steps cannot be done. Raises StoreBusyError."""
        ...


class JobRunner:
    """Runs each job's steps one after the other, different jobs side by side; one sick job holds up nobody."""

    def __init__(
        self,
        *,
        store: EngineStore,
        clock: Clock,
        supervisor: TaskSupervisor,
        metrics: Metrics,
        pace: Pace,
        line: Line | None = None,
    ) -> None:
        """Looks at nothing before `start`; what is woken until then is queued. `line`: runs while this does."""
        self._store = store
        self._clock = clock
        self._supervisor = supervisor
        self._metrics = metrics
        self._pace = pace
        #: Each holds its job, and so does whoever runs its step or draws its card; nobody else keeps one alive.
        self._heap: list[tuple[float, int, LiveJob]] = []
        self._jobs: WeakValueDictionary[int, LiveJob] = WeakValueDictionary()
        self._order = itertools.count()
        self._line = line
        #: What is due and waits for its turn: first what is paid for or has a place, then the rest.
        self._due: tuple[deque[LiveJob], deque[LiveJob]] = (deque(), deque())
        self._running = [0, 0]
        self._woken = asyncio.Event()
        self._stopping = False

    async def start(self, steps: Steps) -> None:
        """Queue every job that needs a look, spread over one interval, and begin to look."""
        # what a restart left open is looked up once more at the provider, although its member has been told
        found = self._spread(await self._store.unknown_ids()) + await self._find_forgotten()
        if self._line is not None:
            self._supervisor.run_forever("line", self._line.run)
        log.info("taking up %s", counted(found, "job"))
        self._supervisor.run_forever("engine", partial(self._loop, steps))
        self._supervisor.run_forever("reconcile", self._reconcile)

    def wake(self, job_id: int) -> None:
        """Look at this job now, or as soon as its running step has ended. At once, from the event loop only."""
        live = self.live(job_id)
        live.is_woken = True
        self._schedule(live, 0.0)

    def call_up(self, job_id: int) -> None:
        """The same for a song that was given a place: before those that wait for their check."""
        live = self.live(job_id)
        is_due = live.due is not None and live.due <= self._clock.monotonic()
        if is_due and not live.comes_first and live.step is None and not self._stopping:
            self._due[0].append(live)  # where it waited it is passed over
            self._woken.set()
        live.comes_first = True
        self._schedule(live, 0.0)

    def wake_in(self, job_id: int, after_seconds: float) -> None:
        """Look at this job after so many seconds, unless it is looked at sooner anyhow. From the event loop only."""
        self._schedule(self.live(job_id), after_seconds)

    async def stop(self, grace_seconds: float) -> None:
        """Begin nothing new, cancel what only waits, give what is between intent and confirmation its time."""
        self._stopping = True
        for due in self._due:
            due.clear()
        self._heap.clear()  # what is due and never begins would keep the loop turning without a pause
        running = [(live, live.step) for live in self._jobs.values() if live.step is not None]
        for live, step in running:
            if not live.in_flight:
                step.cancel()
        if not running:
            return
        between = sum(live.in_flight for live, _ in running)
        log.info("stopping: between intent and confirmation: %s", counted(between, "job"))
        _, late = await asyncio.wait([step for _, step in running], timeout=grace_seconds)
        for step in late:
            step.cancel()
        if late:
            log.warning("cut off: %s; what became of it is found out at the next start", counted(len(late), "job"))
            await asyncio.wait(late, timeout=_CUT_OFF_SECONDS)

    def live(self, job_id: int) -> LiveJob:
        """The record of a job that somebody works on; a new one when nobody does."""
        return self._jobs.setdefault(job_id, LiveJob(id=job_id))

    def _schedule(self, live: LiveJob, after_seconds: float) -> None:
        if self._stopping:
            return
        if live.step is not None:
            live.asked_again = live.asked_again or after_seconds <= 0
            return
        due = self._clock.monotonic() + after_seconds
        if live.due is not None and live.due <= due:
            return
        live.due = due
        heapq.heappush(self._heap, (due, next(self._order), live))
        self._woken.set()

    async def _loop(self, steps: Steps) -> None:
        while True:
            self._woken.clear()
            self._begin_due(steps)
            pause = self._heap[0][0] - self._clock.monotonic() if self._heap else None
            if pause is None or pause > 0:
                await self._clock.wait(self._woken, pause)

    def _begin_due(self, steps: Steps) -> None:
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now and not self._stopping:
            due, _, live = heapq.heappop(self._heap)
            if live.due != due:
                continue  # it was asked for sooner, and has been looked at
            self._due[0 if live.comes_first else 1].append(live)
        for kind, max_running in enumerate((MAX_FIRST_STEPS, MAX_OTHER_STEPS)):
            while self._due[kind] and self._running[kind] < max_running:
                self._begin(steps, self._due[kind].popleft(), kind)

    def _begin(self, steps: Steps, live: LiveJob, kind: int) -> None:
        if live.step is not None or live.due is None:
            return  # it was moved to the front meanwhile
        live.due, live.goes_on, live.runs_first = None, False, kind == 0
        self._running[kind] += 1
        live.step = self._supervisor.spawn(f"job {live.id}", self._run(steps, live, kind))

    async def _run(self, steps: Steps, live: LiveJob, kind: int) -> None:
        again: float | None = None
        try:
            again = await self._step(steps, live)
            # what has a place goes on at once in the same task, with the row that it has just written
            while again == 0 and kind == 0 and not (live.asked_again or self._stopping):
                live.goes_on = True
                again = await self._step(steps, live)
        finally:
            live.step = None
            self._running[kind] -= 1
            if self._due[kind]:
                self._woken.set()
            if live.asked_again:
                live.asked_again = False
                again = 0.0
            if again is not None and not self._stopping:
                self._schedule(live, again)
            else:
                self._let_go(live, is_done=again is None)

    def _let_go(self, live: LiveJob, *, is_done: bool) -> None:
        """Nothing more is planned for this job here; for engines that share it with others."""

    async def _step(self, steps: Steps, live: LiveJob) -> float | None:
        try:
            result = await (steps.give_up(live) if live.faults >= _MAX_FAULTS else steps.run_step(live))
        except TakenOverError:
            log.info("another process works on this job", extra={"job": live.id})
            live.is_taken_over, live.asked_again = True, False
            return None
        except StoreDiskError:
            return _AFTER_A_FULL_STORE_SECONDS  # whoever met it has told the operator, once
        except StoreBusyError as error:
            log.warning("the database is busy: %s", error, extra={"job": live.id})
            return _AFTER_A_BUSY_STORE_SECONDS
        except Exception:
            # the one place where a step's unforeseen fault ends: the trace is kept, the job is looked at again
            self._metrics.step_errors.inc()
            live.faults += 1
            log.exception("a step failed", extra={"job": live.id})
            return _AFTER_A_FAULT_SECONDS
        live.faults = 0
        return result.after_seconds if isinstance(result, RunAgain) else None

    async def _reconcile(self) -> None:
        while True:
            await self._clock.sleep(_RECONCILE_SECONDS)
            try:
                found = await self._find_forgotten()
            except StoreBusyError as error:
                log.warning("the database is busy: %s", error)
                continue
            if found:
                log.warning("took up %s", counted(found, "forgotten job"))

    async def _find_forgotten(self) -> int:
        if self._line is None:
            return self._spread(await self._store.needing_a_look(()))
        waiting = await self._store.needing_a_look(self._line.models)
        forgotten = [job_id for job_id in (*self._line.called_ids(), *waiting) if not self.live(job_id).is_taken_up]
        if not forgotten:
            return 0
        making = set(await self._store.making_ids())
        looks = self._spread([job_id for job_id in forgotten if job_id in making], in_the_making=True)
        return looks + self._spread([job_id for job_id in forgotten if job_id not in making])

    def _spread(self, job_ids: Sequence[int], *, in_the_making: bool = False) -> int:
        """In their order: behind thousands that are to be heard, what is paid for would wait for an hour."""
        jobs = [self.live(job_id) for job_id in job_ids]
        forgotten = [live for live in jobs if not live.is_taken_up]
        number = len(forgotten)
        pauses = [spread_seconds(self._pace, random.random(), number, in_the_making=in_the_making) for _ in forgotten]
        for live, pause in zip(forgotten, sorted(pauses), strict=True):
            live.owes_look = in_the_making
            live.comes_first = live.comes_first or in_the_making
            self._schedule(live, pause)
        return number
