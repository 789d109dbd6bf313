"""Which processes may run on one database, and what several share: who looks at a song, and who has what part."""

import asyncio
import logging
import os
import platform
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from bot.agreement import differences
from bot.clock import Clock
from bot.database_address import PostgresqlAddress
from bot.engine.pgqueuer import QueueAccess, SharedRunner
from bot.engine.runner import JobRunner
from bot.errors import StartError, StoreBusyError, StoreError
from bot.jobs.sharing import RENEWED_EVERY_SECONDS, Process, ProcessKind, SharingStore
from bot.shares import Shares
from bot.store import queue_tables
from bot.store.db import address_of
from bot.store.postgresql import name_of, start_errors_named
from bot.store.seats import RETURN_SECONDS, Greetings, HeldSeat, Seat, SeatTakenError
from bot.store.steady import SteadyConnection
from bot.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

#: Whoever stands by looks so often whether the place is free, and says so once a minute.
_STANDBY_SECONDS = 1.0
#: Whoever has less than a fair part asks again so often.
_UNFAIR_SECONDS = 1.0
_SHARING = "compose_shares"
#: By how much a process lets others be quicker.
_FOR_MEMBERS_SECONDS, _EACH_SECONDS, _MAX_SECONDS = 0.05, 0.2, 0.4

_NEEDS_PGQUEUER = (
    "Several processes need the package pgqueuer, which requirements/postgres.lock lists (in a container: the build "
    "argument LOCK=postgres). Install it, or run one process."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRole:
    """As what a process was started."""

    kind: ProcessKind = ProcessKind.RUN
    standby: bool = False  #: it waits while another has its place

    @property
    def hears(self) -> bool:
        """Whether it is on Discord's gateway."""
        return self.kind is ProcessKind.RUN


def refuse_lonely_database(
    url: str, role: ProcessRole, shards: Sequence[int], *, has_queue: Callable[[], bool] = queue_tables.is_there
) -> None:
    """Raise StartError where a process needs company, and the database or what is installed takes none.

    Before anything is opened. `has_queue`: whether PgQueuer is installed.
    """
    if isinstance(address_of(url), PostgresqlAddress):
        if not has_queue() and (shards or not role.hears):
            raise StartError(_NEEDS_PGQUEUER)
        return
    if not (role.standby or shards or not role.hears):
        return
    what = "a worker" if not role.hears else "SHARD_IDS" if shards else "--standby"
    raise StartError(
        f"DATABASE_URL names an SQLite file, which takes one process; {what} needs PostgreSQL. Move there with python "
        "-m bot move-database, or run one process alone."
    )


class Company:
    """The processes on one database, as one of them sees them. On SQLite it is alone."""

    def __init__(
        self,
        role: ProcessRole,
        clock: Clock,
        shards: Sequence[int] = (),
        shard_count: int | None = None,
        settings: str = "",
    ) -> None:
        """`shards`: those whose events it hears, of `shard_count`; empty: all. `settings`: see bot.agreement."""
        self.role = role
        self.engine: Callable[..., JobRunner] = JobRunner
        """Makes the engine that fits."""
        self.lost = asyncio.Event()
        """Set when another process has taken this one's place."""
        self.process = Process(
            id=str(uuid4()),
            host=platform.node() or "localhost",
            pid=os.getpid(),
            kind=role.kind,
            shards=",".join(map(str, shards)),
            since=clock.now(),
            settings=settings,
        )
        self._compared: set[str] = set()
        self.shares = Shares(clock)
        """This process's part of the limits."""
        self.greeting_turn: Callable[[int], AbstractAsyncContextManager[None]] | None = None
        """Held around a greeting of Discord, where several processes greet."""
        self.standing_by = ""
        """For what it waits, where it waits for its place; else empty."""
        self._shards = shards
        self._shard_count = shard_count or 1
        self._clock = clock
        self._runner: SharedRunner | None = None

    @property
    def is_shared(self) -> bool:
        """Whether others may be at work on the same songs."""
        return self.engine is not JobRunner

    @property
    def leads(self) -> bool:
        """Whether it does what is done once for all of them: what is kept and forgotten, what operators are told."""
        return self.role.hears and (not self._shards or 0 in self._shards)

    async def join(self, url: str, *, store: SharingStore, supervisor: TaskSupervisor, stack: AsyncExitStack) -> None:
        """Take a place among them, and leave it with `stack`. Raises StartError where there is none."""
        address = address_of(url)
        if not isinstance(address, PostgresqlAddress):
            return
        is_shared = queue_tables.is_there()
        wanted = Seat(gateway=self.role.hears, shards=self._shards, shard_count=self._shard_count, alone=not is_shared)
        seat = HeldSeat(address, wanted, self._clock)
        stack.push_async_callback(seat.leave)
        await self._take(seat, address, store)
        self.lost = seat.lost
        if self._shards:
            self.greeting_turn = Greetings(address, self._clock, supervisor).turn
        supervisor.run_forever("place on the database", seat.keep)
        if is_shared:
            await self._share(address, store, supervisor, stack)

    async def _take(self, seat: HeldSeat, address: PostgresqlAddress, store: SharingStore) -> None:
        try:
            if not self.role.standby:
                with start_errors_named(address):
                    return await seat.take()
            await self._stand_by(seat, address, store)
        except SeatTakenError as error:
            raise StartError(
                f"{name_of(address)} is in use by another running bot{await self._others_in_words(store, error)}. Stop "
                "that one first, or start this one with --standby: then it waits for that one's end."
            ) from None

    async def _stand_by(self, seat: HeldSeat, address: PostgresqlAddress, store: SharingStore) -> None:
        """Wait for a place, through outages of the database. Whoever had it before one may come back for it."""
        free_since: float | None = None
        while True:
            try:
                with start_errors_named(address):
                    is_free = await seat.is_free()
                    holder = await self._holder(store)
                    now = self._clock.monotonic()
                    free_since = None if not is_free else now if free_since is None else free_since
                    if free_since is not None and (not holder or now - free_since >= RETURN_SECONDS):
                        await seat.take()
                        self.standing_by = ""
                        return
                self._stands_by("another bot runs on this database", holder)
            except SeatTakenError:
                free_since = None
            except (StartError, StoreError) as error:
                free_since = None
                self._stands_by("the database does not answer", str(error))
            await self._clock.sleep(_STANDBY_SECONDS)

    def _stands_by(self, why: str, detail: str) -> None:
        words = f"{why} ({detail})" if detail else why
        if words != self.standing_by:
            log.info("standing by: %s", words)
        self.standing_by = words

    async def _others_in_words(self, store: SharingStore, error: SeatTakenError) -> str:
        """Who is in the way, and with what: in brackets, with a blank before; empty where nobody knows."""
        holder = ""
        with suppress(StoreError):
            holder = await self._holder(store, is_mine_taken=error.shard_count is None)
        if error.shard_count is None:
            return f" ({holder})" if holder else ""
        divided = f"its processes divide the servers into {error.shard_count} shards, this one into {self._shard_count}"
        return f" ({f'{holder}; ' if holder else ''}{divided}: SHARD_COUNT must be the same for all)"

    async def _holder(self, store: SharingStore, *, is_mine_taken: bool = True) -> str:
        """Who has the place, in words, else (not `is_mine_taken`) any other; empty: nobody. Raises StoreError."""
        found = await store.processes(self._clock.now())
        mine = set(self._shards)
        rivals = [
            one
            for one in found
            if one.kind is ProcessKind.RUN
            and (not is_mine_taken or not mine or not one.shards or mine & set(map(int, one.shards.split(","))))
        ]
        return rivals[0].in_words() if rivals else ""

    async def _share(
        self, address: PostgresqlAddress, store: SharingStore, supervisor: TaskSupervisor, stack: AsyncExitStack
    ) -> None:
        connection = SteadyConnection(address, self._clock)
        stack.push_async_callback(connection.close)
        queue = QueueAccess(
            connection=connection,
            queries_on=queue_tables.queries_on,
            queued_ids=partial(queue_tables.queued_ids, connection),
            beat_all=queue_tables.beat_all,
            make=partial(queue_tables.remake_queue, address),
        )
        with start_errors_named(address):
            await queue_tables.make_queue(address)
        me = UUID(self.process.id)

        def engine(**parts: Any) -> JobRunner:
            self._runner = SharedRunner(queue=queue, sharing=store, process_id=me, **parts)
            return self._runner

        self.engine = engine
        stack.push_async_callback(self._sign_off, store)
        self.shares.draws_line = self.leads
        self.shares.renewed(await store.renew(self.process, 0, self._clock.now()))
        supervisor.run_forever("shares", partial(self._renew, store, connection))

    async def _renew(self, store: SharingStore, connection: SteadyConnection) -> None:
        """Write that we are there, and take our part; whoever has more than theirs is told that somebody needs some."""
        asked = asyncio.Event()
        await connection.listen(_SHARING, lambda process_id: None if process_id == self.process.id else asked.set())
        while True:
            pause = RENEWED_EVERY_SECONDS
            asked.clear()
            watched = 0 if self._runner is None else len(self._runner.held_ids)
            try:
                share = await store.renew(self.process, watched, self._clock.now())
                self.shares.renewed(share)
                self._step_back(share.load)
                if not share.is_fair:
                    pause = _UNFAIR_SECONDS
                    await connection.notify(_SHARING, self.process.id)
                self._compare(await store.processes(self._clock.now()))
            except StoreBusyError as error:
                log.warning("the database is busy: %s", error)
            await self._clock.wait(asked, pause)

    def _compare(self, others: Sequence[Process]) -> None:
        """Say once of each that comes, or was there, what it goes by and this one does not."""
        for other in others:
            if other.id in self._compared or other.id == self.process.id:
                continue
            self._compared.add(other.id)
            if found := differences(self.process.settings, other.settings):
                log.warning(
                    "the %s on %s goes by other settings: %s. Each keeps to its own; give all processes the same, and "
                    "start again those that have the old ones.",
                    other.kind,
                    other.in_words(),
                    ", ".join(found),
                )

    def _step_back(self, load: float) -> None:
        """Whoever has more in hand than others, or members to answer, leaves new songs to them."""
        if self._runner is not None:
            of_members = _FOR_MEMBERS_SECONDS if load and self.role.hears else 0.0
            self._runner.handicap_seconds = of_members + min(_MAX_SECONDS, _EACH_SECONDS * max(0.0, load - 1.0))

    async def _sign_off(self, store: SharingStore) -> None:
        try:
            await store.sign_off(self.process.id)
        except StoreBusyError as error:
            log.info("not signed off, which the others find out by themselves: %s", error)
