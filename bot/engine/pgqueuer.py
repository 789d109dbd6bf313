"""The engine of several processes: PgQueuer says which of them looks at a job, the job table what is to be done.

The queue has one entry for each job that needs a look. Whoever takes an entry holds it open, claims the job's row, and
runs its steps by the loop of `bot.engine.runner`, until nothing is left to do, or another has taken the job over. The
whole queue may be lost at any time: `reconcile` makes it anew from the rows.
"""

import asyncio
import importlib
import logging
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from bot.engine.runner import JobRunner, Steps
from bot.errors import StoreBusyError
from bot.jobs.live_job import LiveJob
from bot.jobs.sharing import SharingStore
from bot.logs import counted

log = logging.getLogger(__name__)

#: An entry whose process has not said for so long that it works on it goes to another. It says so every half of it.
#: Together with the next and a look that is a song's delay when its process is killed.
HEARTBEAT = timedelta(seconds=12)
#: What is told by a notification, and is looked for so often besides.
_LOOKED_FOR_EVERY = timedelta(seconds=2)
#: After the database was away nobody takes an entry for so long: others must have had time to say that they live.
_SETTLING_SECONDS = 3.0
#: The first looks at what was taken over are spread over so long.
_SPREAD_SECONDS = 2.0
_RECONCILE_SECONDS = 10.0
#: An entry that was there when it was asked for may have been on its way out.
_ASKED_AGAIN_SECONDS = 1.0
_AFTER_A_BUSY_STORE = timedelta(seconds=2)
_HANDED_BACK_SECONDS = 3.0
_PRUNED_EVERY_SECONDS = 3600.0
_AT_A_TIME = 500
_NAME = "song"
_WAKING = "compose_wake"


class Connection(Protocol):
    """A connection that comes back, `bot.store.steady`."""

    on_return: Callable[[Any], Awaitable[None]] | None

    async def fetch(self, query: str, *values: object) -> list[dict[str, object]]:
        """The rows."""
        ...

    async def execute(self, query: str, *values: object) -> str:
        """The same, for what gives no rows."""
        ...

    async def notify(self, channel: str, payload: str) -> None:
        """Tell all who listen there."""
        ...

    async def listen(self, channel: str, heard: Callable[[str], None]) -> None:
        """Hear what is told there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAccess:
    """The queue's tables, as the store opens them."""

    connection: Connection
    queries_on: Callable[[Any], Any]  #: PgQueuer's statements over a driver
    queued_ids: Callable[[], Awaitable[Collection[int]]]  #: jobs that have an entry
    beat_all: Callable[[Any, UUID], Awaitable[None]]  #: all entries of a process are being worked on
    make: Callable[[], Awaitable[None]]  #: creates the tables, where they are not there; raises StoreBusyError


class _End(Enum):
    """Why an entry is not held any more."""

    DONE = "done"  #: nothing is left to do
    BACK = "back"  #: this process stops: another takes it at once
    LOST = "lost"  #: another has it


class _Held:
    """A job whose entry this process holds open."""

    def __init__(self, live: LiveJob) -> None:
        self.live = live
        self.end: asyncio.Future[_End] = asyncio.get_running_loop().create_future()


class SharedRunner(JobRunner):
    """Runs the steps of the jobs whose entries it holds; what others hold is theirs, what nobody holds is queued."""

    def __init__(self, *, queue: QueueAccess, sharing: SharingStore, process_id: UUID, **parts: Any) -> None:
        """`parts`: what JobRunner takes. `process_id`: new with every start."""
        super().__init__(**parts)
        self._queue = queue
        self._sharing = sharing
        self._me = process_id
        self._held: dict[int, _Held] = {}
        #: To be queued, or told to whoever holds it; True: for the second time.
        self._wanted: dict[int, bool] = {}
        self._is_wanted = asyncio.Event()
        self._driver = _Driver(queue.connection)
        self._entries = _Entries(queue.queries_on(self._driver), self._settled)
        self._manager: Any = None
        self._hands_back = False
        self.handicap_seconds = 0.0
        """How long others may be quicker to take an entry: whoever has more in hand waits."""
        queue.connection.on_return = partial(self._came_back)

    @property
    def held_ids(self) -> Collection[int]:
        """Jobs that this process works on."""
        return self._held.keys()

    async def start(self, steps: Steps) -> None:
        """Take entries, and queue what has none."""
        await self._queue.make()
        for job_id in await self._store.unknown_ids():
            self.wake(job_id)
        await self._queue_forgotten()
        if self._line is not None:
            self._supervisor.run_forever("line", self._line.run)
        self._supervisor.run_forever("engine", partial(self._loop, steps))
        self._supervisor.run_forever("queue", self._take)
        self._supervisor.run_forever("queue's door", self._tell)
        self._supervisor.run_forever("reconcile", self._reconcile_queue)

    def wake(self, job_id: int) -> None:
        """Have this job looked at now, by whoever holds it. At once, from the event loop only."""
        if job_id in self._held:
            super().wake(job_id)
        else:
            self._want(job_id)

    def call_up(self, job_id: int) -> None:
        """The same for a song that was given a place, which has no entry while it waits in line."""
        if job_id in self._held:
            super().call_up(job_id)
        else:
            self._want(job_id)

    def wake_in(self, job_id: int, after_seconds: float) -> None:
        """The same later, of jobs that are worked on here; others know by themselves. From the event loop only."""
        if job_id in self._held:
            super().wake_in(job_id, after_seconds)

    async def stop(self, grace_seconds: float) -> None:
        """As JobRunner's; what waits is handed to other processes at once, the rest when its step has ended."""
        self._stopping = True
        if self._manager is not None:
            self._manager.shutdown.set()
        for held in list(self._held.values()):
            if held.live.step is None:
                self._end(held, _End.BACK)
        await super().stop(grace_seconds)
        for held in list(self._held.values()):
            self._end(held, _End.BACK)
        await self._clock.wait(self._driver.is_free, _HANDED_BACK_SECONDS)

    def _let_go(self, live: LiveJob, *, is_done: bool) -> None:
        held = self._held.get(live.id)
        if held is None:
            return
        if live.is_taken_over:
            self._end(held, _End.LOST)
        elif not is_done or self._stopping or self._hands_back:
            self._end(held, _End.BACK)
        elif not live.is_taken_up:
            self._end(held, _End.DONE)

    def _end(self, held: _Held, end: _End) -> None:
        self._held.pop(held.live.id, None)
        if not held.end.done():
            held.end.set_result(end)

    # what is wanted

    def _want(self, job_id: int, *, again: bool = False) -> None:
        if not self._stopping:
            self._wanted[job_id] = again
            self._is_wanted.set()

    async def _tell(self) -> None:
        await self._queue.connection.listen(_WAKING, self._heard)
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            wanted, self._wanted = self._wanted, {}
            there = await self._enqueue(list(wanted))
            for job_id in there:
                await self._queue.connection.notify(_WAKING, str(job_id))
            # an entry that is on its way out holds nothing any more
            if once := [job_id for job_id in there if not wanted[job_id]]:
                self._supervisor.spawn("queue's second look", self._want_again(once))

    async def _want_again(self, job_ids: Collection[int]) -> None:
        await self._clock.sleep(_ASKED_AGAIN_SECONDS)
        for job_id in job_ids:
            if job_id not in self._held:
                self._want(job_id, again=True)

    def _heard(self, payload: str) -> None:
        if payload.isdecimal() and int(payload) in self._held:
            super().wake(int(payload))

    async def _enqueue(self, job_ids: list[int]) -> list[int]:
        """Returns those that have an entry already."""
        there: list[int] = []
        for start in range(0, len(job_ids), _AT_A_TIME):
            some = job_ids[start : start + _AT_A_TIME]
            keys = [str(job_id) for job_id in some]
            names, payloads, priorities = [_NAME] * len(some), [key.encode() for key in keys], [0] * len(some)
            made = await self._entries.enqueue(names, payloads, priorities, dedupe_key=keys, on_conflict="skip")
            there += [job_id for job_id, entry in zip(some, made, strict=True) if entry is None]
        return there

    async def _reconcile_queue(self) -> None:
        pruned_at = self._clock.monotonic()
        while True:
            await self._clock.sleep(_RECONCILE_SECONDS)
            try:
                await self._queue_forgotten()
            except StoreBusyError as error:
                log.warning("the database is busy: %s", error)
            if self._clock.monotonic() - pruned_at > _PRUNED_EVERY_SECONDS:
                pruned_at = self._clock.monotonic()
                await self._entries.clear_queue_log(_NAME)

    async def _queue_forgotten(self) -> None:
        # who stands in line needs no entry before they are given a place
        needing = await self._store.needing_a_look(() if self._line is None else self._line.models)
        queued = await self._queue.queued_ids()
        if missing := [job_id for job_id in needing if job_id not in queued]:
            log.info("queued %s", counted(len(missing), "job"))
            await self._enqueue(missing)

    # what is taken

    async def _settled(self) -> None:
        if self.handicap_seconds > 0:
            await self._clock.sleep(self.handicap_seconds)

    async def _came_back(self, connection: Any) -> None:
        """What was asked meanwhile waits for this: entries for which nobody could speak are not taken before."""
        await self._queue.beat_all(connection, self._me)
        await self._clock.sleep(_SETTLING_SECONDS)

    async def _take(self) -> None:
        """Take entries for ever. A fault that no waiting mends hands back all that is held."""
        await self._make_queue()
        self._hands_back = False
        managers = importlib.import_module("pgqueuer.core.qm")
        logging.getLogger("pgqueuer").setLevel(logging.WARNING)
        self._manager = manager = managers.QueueManager(self._entries)
        manager.queue_manager_id = self._me
        manager.channel = self._entries.qbe.settings.channel
        manager.entrypoint(_NAME, accepts_context=False, on_failure="delete")(self._hold)
        self._entries.on_fault = self._hand_all_back
        self._driver.is_free.clear()
        try:
            await manager.run(
                dequeue_timeout=_LOOKED_FOR_EVERY,
                heartbeat_timeout=HEARTBEAT,
                log_aggregation_interval=timedelta(0),
            )
        finally:
            self._driver.is_free.set()
        while self._stopping:
            await self._clock.sleep(_RECONCILE_SECONDS)

    async def _make_queue(self) -> None:
        """Wait for as long as the database is away, as for everything else that is asked of it."""
        while True:
            try:
                return await self._queue.make()
            except StoreBusyError as error:
                log.warning("the queue waits for the database: %s", error)
            await self._clock.sleep(_AFTER_A_BUSY_STORE.total_seconds())

    def _hand_all_back(self) -> None:
        """At once, but for what is between intent and confirmation: that goes when its step has ended."""
        self._hands_back = True
        for held in list(self._held.values()):
            if held.live.in_flight:
                continue
            if held.live.step is not None:
                held.live.step.cancel()
            self._end(held, _End.BACK)

    async def _hold(self, entry: Any) -> None:
        """PgQueuer's handler: ends with what is to become of the entry."""
        retry = importlib.import_module("pgqueuer.domain.errors").RetryRequested
        job_id = int(entry.payload)
        if self._stopping:
            raise retry(timedelta(0))
        try:
            was_anothers = await self._sharing.claim(job_id, str(self._me))
        except StoreBusyError:
            raise retry(_AFTER_A_BUSY_STORE) from None
        if was_anothers is None:
            return
        if self._stopping:
            raise retry(timedelta(0))
        match await asyncio.shield(self._taken(job_id, after=_SPREAD_SECONDS if was_anothers else 0.0).end):
            case _End.BACK:
                raise retry(timedelta(0))
            case _End.LOST:
                self._entries.others.add(entry.id)
            case _End.DONE:
                pass

    def _taken(self, job_id: int, *, after: float) -> _Held:
        held = self._held.get(job_id)
        if held is None:
            live = self.live(job_id)
            live.claim, live.is_taken_over = str(self._me), False
            held = self._held[job_id] = _Held(live)
            self._schedule(live, after * random.random())
        return held


class _Driver:
    """What PgQueuer calls a driver, over a connection that comes back."""

    def __init__(self, connection: Connection) -> None:
        managers = importlib.import_module("pgqueuer.core.tm")
        self._connection = connection
        self.fetch = connection.fetch
        self.execute = connection.execute
        self.notify = connection.notify
        self.add_listener = connection.listen
        self.shutdown = asyncio.Event()
        self.tm = managers.TaskManager()
        #: Nobody takes entries over it.
        self.is_free = asyncio.Event()
        self.is_free.set()

    async def __aenter__(self) -> "_Driver":
        return self

    async def __aexit__(self, *_: object) -> None:
        """It is closed with the engine."""


class _Entries:
    """PgQueuer's statements, but for two things: how soon entries are taken, and whose entries may be ended."""

    def __init__(self, queries: Any, settled: Callable[[], Awaitable[None]]) -> None:
        self._queries = queries
        self._settled = settled
        #: Entries that another process has taken over: theirs to end.
        self.others: set[int] = set()
        self.on_fault: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queries, name)

    async def dequeue(self, **how: Any) -> Any:
        """Take entries, when those have been quicker who have less in hand."""
        try:
            await self._settled()
            return await self._queries.dequeue(**how)
        except BaseException:
            self.on_fault()  # the manager waits for all that is held, and would wait for ever
            raise

    async def log_jobs(self, job_status: list[Any]) -> None:
        """Entries that ended here leave the queue."""
        mine = [one for one in job_status if one[0].id not in self.others]
        self.others.difference_update(one[0].id for one in job_status)
        if mine:
            await self._queries.log_jobs(mine)
