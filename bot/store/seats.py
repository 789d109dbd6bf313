"""Who may run on a PostgreSQL database: locks that a connection holds for as long as its process lives.

They are held by an open transaction, not by a session: a pooler gives such a connection to nobody else, and lets go of
it with its client. The transaction has written nothing and reads nothing: it keeps nothing from being cleared up.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.clock import Clock
from bot.crowds import GREETING_SECONDS
from bot.database_address import PostgresqlAddress
from bot.errors import StartError, StoreBusyError, StoreError
from bot.store.driver_errors import driver_errors_mapped
from bot.store.engines import BUSY_SECONDS
from bot.store.postgresql import name_of, postgresql_engine, start_errors_named
from bot.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

#: Keys of advisory locks; any numbers, so long as they never change. Who is on Discord's gateway; versions before this
#: one hold it as the one process that there is.
RUNNER_KEY = 0x436F6D706F7366
#: Everybody who works on jobs; alone, whoever must be alone.
PRESENT_KEY = 0x436F6D706F7370
#: With a shard's id as the second number, with the number of a group of shards, and with how many shards there are.
_SHARD_KEY, _GREETING_KEY, _COUNT_KEY = 0x436F6D70, 0x436F6D71, 0x436F6D72
#: The connection is looked at so often, and after a loss tried again.
_LOOK_SECONDS = 2.0
_AGAIN_SECONDS = 1.0
#: A process that stands still with its turn to greet keeps it for no longer.
_MAX_TURN_SECONDS = 60.0
#: A connection whose server has vanished says nothing for as long as one waits.
_ANSWER_SECONDS = 4.0
#: So often it is tried again to have it back: whoever stands by looks for a moment whether it is free.
_TRIES = 4
#: For so long after an outage its former holder may take it again before anybody who stands by does.
RETURN_SECONDS = 9.0

#: Into how many shards others divide the servers at this moment.
_OTHER_COUNTS = """
SELECT objid FROM pg_locks
WHERE locktype = 'advisory' AND classid = :key AND objsubid = 2 AND objid <> :count AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

#: A transaction that waits for hours, and a process whose machine was switched off.
_SETTINGS = (
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL tcp_keepalives_idle = 10",
    "SET LOCAL tcp_keepalives_interval = 5",
    "SET LOCAL tcp_keepalives_count = 3",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What a process must hold to do its work."""

    gateway: bool  #: whether it is on Discord's gateway
    shards: Sequence[int] = ()  #: for these shards alone; empty: for all of them
    shard_count: int = 1  #: of how many; the same for everybody, or numbers of shards would mean different servers
    alone: bool = False  #: nobody else may work on jobs

    def locks(self) -> list[str]:
        """Calls that take one lock each, in their order."""
        locks = [_try(PRESENT_KEY, shared=not self.alone)]
        if self.gateway:
            locks.append(_try(RUNNER_KEY, shared=bool(self.shards)))
            locks += [_try(_SHARD_KEY, shard, shared=False) for shard in sorted(self.shards)]
            if self.shards:
                locks.append(_try(_COUNT_KEY, self.shard_count, shared=True))
        return locks


class SeatTakenError(Exception):
    """Somebody else has it. `shard_count`: they divide the servers into so many shards, which is the trouble."""

    def __init__(self, shard_count: int | None = None) -> None:
        """None: they have the very place."""
        super().__init__()
        self.shard_count = shard_count


class HeldSeat:
    """A seat that is held. `lost` is set when it is not any more, and somebody else has it."""

    def __init__(self, address: PostgresqlAddress, seat: Seat, clock: Clock) -> None:
        """Holds nothing before `take`."""
        self._seat = seat
        self._clock = clock
        self._engine = postgresql_engine(address, busy_seconds=BUSY_SECONDS)
        self._connection: AsyncConnection | None = None
        self.lost = asyncio.Event()

    async def take(self) -> None:
        """Raises SeatTakenError, and the driver's errors."""
        connection = await self._engine.connect()
        try:
            for statement in _SETTINGS:
                await connection.execute(text(statement))
            await _take_all(connection, self._seat)
        except BaseException:
            await _let_go(connection)
            raise
        self._connection = connection

    async def is_free(self) -> bool:
        """Whether `take` would succeed at this moment. Raises the driver's errors."""
        try:
            async with self._engine.connect() as connection:  # what was taken ends with the transaction
                await _take_all(connection, self._seat)
        except SeatTakenError:
            return False
        return True

    async def keep(self) -> None:
        """Hold on to it until it is lost; after an outage of the database it is taken again, if nobody was quicker."""
        while not self.lost.is_set():
            await self._clock.sleep(_LOOK_SECONDS)
            if await self._is_held():
                continue
            log.warning("the place on the database is lost with its connection; taking it again")
            while not await self._taken_again():
                await self._clock.sleep(_AGAIN_SECONDS)
        await asyncio.Event().wait()

    async def leave(self) -> None:
        """Let go of it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await _let_go(connection)
        await self._engine.dispose()

    async def _is_held(self) -> bool:
        if self._connection is None:
            return False
        try:
            with driver_errors_mapped():
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._connection.execute(text("SELECT 1"))
        except StoreBusyError:
            connection, self._connection = self._connection, None
            await connection.invalidate()
            await connection.close()
            return False
        return True

    async def _taken_again(self) -> bool:
        for _ in range(_TRIES):
            try:
                with driver_errors_mapped():
                    await self.take()
            except StoreBusyError:
                return False
            except SeatTakenError:
                await self._clock.sleep(_AGAIN_SECONDS)
            else:
                log.info("the place on the database is taken again")
                return True
        self.lost.set()
        return True


async def is_taken(address: PostgresqlAddress) -> bool:
    """Whether a bot works on this database at the moment. Raises StartError."""
    engine = postgresql_engine(address, busy_seconds=BUSY_SECONDS)
    try:
        with start_errors_named(address):
            async with engine.connect() as connection:  # the locks, if they were to be had, end with the transaction
                return not all([await connection.scalar(text(f"SELECT {lock}")) for lock in _ALONE.locks()])
    finally:
        await engine.dispose()


@asynccontextmanager
async def alone_on(address: PostgresqlAddress) -> AsyncGenerator[None]:
    """Keep every bot off this database for as long as the block lasts. Raises StartError while one runs."""
    engine = postgresql_engine(address, busy_seconds=BUSY_SECONDS, idle_seconds=0)
    try:
        with start_errors_named(address):
            connection = await engine.connect()
        try:
            with start_errors_named(address):
                is_free = [await connection.scalar(text(f"SELECT {lock}")) for lock in _ALONE.locks()]
            if not all(is_free):
                raise StartError(f"{name_of(address)} is in use by another running bot. Stop that one first.")
            yield
        finally:
            await _let_go(connection)
    finally:
        await engine.dispose()


class Greetings:
    """Turns to greet Discord, one after the other over all processes."""

    def __init__(self, address: PostgresqlAddress, clock: Clock, supervisor: TaskSupervisor) -> None:
        """Connects when a turn is wanted."""
        self._address = address
        self._clock = clock
        self._supervisor = supervisor

    @asynccontextmanager
    async def turn(self, group: int) -> AsyncGenerator[None]:
        """Hold the turn of a group; the next comes GREETING_SECONDS later. Without a database it is that time's end."""
        engine = postgresql_engine(self._address, busy_seconds=BUSY_SECONDS, idle_seconds=_MAX_TURN_SECONDS)
        connection: AsyncConnection | None = None
        try:
            connection = await self._taken(engine, group)
            yield
        except BaseException:
            if connection is not None:
                await _let_go(connection)
            await engine.dispose()
            raise
        if connection is None:
            await engine.dispose()
        else:
            self._supervisor.spawn("greeting", self._hold(engine, connection))

    async def _taken(self, engine: AsyncEngine, group: int) -> AsyncConnection | None:
        try:
            with driver_errors_mapped():
                connection = await engine.connect()
                try:
                    while not await connection.scalar(text(f"SELECT {_try(_GREETING_KEY, group, shared=False)}")):
                        await self._clock.sleep(_AGAIN_SECONDS)
                except BaseException:
                    await _let_go(connection)
                    raise
        except StoreBusyError as error:
            log.info("no turn to greet Discord could be had: %s", error)
            await self._clock.sleep(GREETING_SECONDS)
            return None
        return connection

    async def _hold(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        try:
            await self._clock.sleep(GREETING_SECONDS)
        finally:
            await _let_go(connection)
            await engine.dispose()


async def _let_go(connection: AsyncConnection) -> None:
    """Of all that it holds. One that the server has ended meanwhile holds nothing any more."""
    try:
        with driver_errors_mapped():
            await connection.rollback()
    except StoreError as error:
        log.info("a connection was gone before what it held was let go of: %s", error)
        await connection.invalidate()
    finally:
        await connection.close()


async def _take_all(connection: AsyncConnection, seat: Seat) -> None:
    for lock in seat.locks():
        if not await connection.scalar(text(f"SELECT {lock}")):
            raise SeatTakenError
    if seat.shards:
        values = {"key": _COUNT_KEY, "count": seat.shard_count}
        if (other := await connection.scalar(text(_OTHER_COUNTS), values)) is not None:
            raise SeatTakenError(int(other))


def _try(*keys: int, shared: bool) -> str:
    return f"pg_try_advisory_xact_lock{'_shared' if shared else ''}({', '.join(map(str, keys))})"


_ALONE = Seat(gateway=True, alone=True)
