"""Connections: how SQLite and PostgreSQL are spoken to so that one transaction means the same on both."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial, wraps
from pathlib import Path
from types import CoroutineType
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.database_address import PostgresqlAddress, parse
from bot.disk import Disk, DiskPlace
from bot.errors import DiskError, StoreBusyError, StoreDiskError
from bot.store.driver_errors import driver_errors_mapped
from bot.store.postgresql import TURNS, postgresql_engine
from bot.store.sqlite_driver import Block, driver, in_its_thread, lent
from bot.store.together import SharedWrites
from bot.store.turns import WriteTurns

log = logging.getLogger(__name__)

#: How long a statement waits for somebody else's lock before StoreBusyError. A member's interaction has 3 s until it
#: must be acknowledged and 15 minutes after that; waits of this length come after the acknowledgement.
BUSY_SECONDS = 5.0

#: SQLite reads beside the one writer in WAL mode; each such connection is a thread.
_SQLITE_READERS = 2


Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Database:
    """Read and write transactions on one database. Errors of the driver leave as StoreError or StoreBusyError."""

    def __init__(
        self, reader: AsyncEngine, writer: AsyncEngine, disk: Disk | None = None, *, turns: WriteTurns | None = None
    ) -> None:
        """`reader` and `writer` may be the same engine; `disk` hears of what the disk under them does not take.

        `turns`: where one writes at a time.
        """
        self._disk = disk
        self._shared = None if turns is None else SharedWrites(writer, turns)
        self._reader = reader
        self._writer = writer
        self._open = True
        self._unfinished: set[asyncio.Task[Any]] = set()
        self._beside: list[tuple[asyncio.Task[None], Callable[[], None]]] = []

    @property
    def dialect(self) -> str:
        """Its name: `sqlite` or `postgresql`."""
        return self._writer.dialect.name

    @property
    def file(self) -> Path | None:
        """Where SQLite keeps it; None on a server."""
        name = self._writer.url.database if self.dialect == "sqlite" else None
        return Path(name) if name else None

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that sees one moment and writes nothing."""
        async with self._told(), self._reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, *, hurries: bool = False) -> AsyncGenerator[AsyncConnection]:
        """A transaction that is durable when the block has ended, and did not happen if it raised.

        Where one writes at a time, those that come meanwhile share the transaction: a block sees what those before it
        wrote, is taken back alone when it raises, and all are durable together. `hurries`: somebody waits for an
        answer; it goes before others.

        One doubt is left: a connection to PostgreSQL that is lost during the commit itself. Whoever gets StoreBusyError
        reads the row again before going on.
        """
        async with self._told():
            shared = self._writer.begin() if self._shared is None else self._shared.writing(hurries=hurries)
            async with shared as connection:
                yield connection

    async def read(self, block: Block[Result]) -> Result:
        """The block in a transaction as of `reading`, to its end even if the caller is cancelled.

        It awaits its connection and nothing else: on SQLite all of it runs in the connection's thread.
        """
        return await self.finish(self._read(block))

    async def write(self, block: Block[Result], *, hurries: bool = False) -> Result:
        """The same as of `writing`. Nobody else writes until the block has ended, however busy the event loop is."""
        return await self.finish(self._write(block, hurries=hurries))

    async def _read(self, block: Block[Result]) -> Result:
        if self._shared is None:
            async with self.reading() as connection:
                return await block(connection)
        async with self._told(), lent(self._reader) as connection:
            return await in_its_thread(connection, partial(_whole, connection, block))

    async def _write(self, block: Block[Result], *, hurries: bool) -> Result:
        if self._shared is None:
            async with self.writing() as connection:
                return await block(connection)
        async with self._told():
            return await self._shared.written(block, hurries=hurries)

    async def finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await `work` to its end, even if the caller is cancelled meanwhile.

        A statement that is abandoned halfway keeps its SQLite connection, and with it the file's lock, for as long as
        anything refers to its cursor, be it the traceback of the cancelled task (sqlite3_close_v2 waits for it).
        """
        task = asyncio.create_task(work, name="store")
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_told)
            raise

    def run_beside(self, work: Coroutine[Any, Any, None], stop: Callable[[], None]) -> None:
        """Let `work` run until it ends or this is closed, which calls `stop` and waits for it."""
        self._beside.append((asyncio.create_task(work, name="beside the store"), stop))

    async def close(self) -> None:
        """Let what was begun end, then close every connection; whoever calls later gets StoreBusyError."""
        self._open = False
        for task, stop in self._beside:
            stop()
            await task
        if self._unfinished:
            await asyncio.wait(self._unfinished)
        if self._shared is not None:
            await self._shared.close()
        await self._reader.dispose()
        await self._writer.dispose()

    @asynccontextmanager
    async def _told(self) -> AsyncGenerator[None]:
        if not self._open:
            raise StoreBusyError("closed")
        try:
            with driver_errors_mapped():
                yield
        except StoreDiskError as error:
            if self._disk is not None:
                self._disk.failed(DiskError(f"the database takes nothing: {error}"), place=DiskPlace.DATABASE)
            raise


def _told(task: asyncio.Task[Any]) -> None:
    """What failed after its caller was gone is a line for the log; asyncio would make a trace of it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("a transaction failed whose caller was cancelled: %s", type(error).__name__)


async def _whole(connection: AsyncConnection, block: Block[Result]) -> Result:
    async with connection.begin():
        return await block(connection)


class HasDatabase(Protocol):
    """Whose methods are transactions on one database."""

    database: Database


Owner = TypeVar("Owner", bound=HasDatabase)


def to_the_end(
    method: Callable[Concatenate[Owner, Arguments], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Owner, Arguments], "CoroutineType[Any, Any, Result]"]:
    """Make a method's transaction end even if its caller is cancelled; see `Database.finish`."""

    @wraps(method)
    async def whole(owner: Owner, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return await owner.database.finish(method(owner, *args, **kwargs))

    return whole


def reads(
    method: Callable[Concatenate[Owner, AsyncConnection, Arguments], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Owner, Arguments], "CoroutineType[Any, Any, Result]"]:
    """Make a method one transaction of `Database.read`; it awaits its connection and nothing else."""

    @wraps(method)
    async def whole(owner: Owner, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return await owner.database.read(lambda connection: method(owner, connection, *args, **kwargs))

    return whole


def writes(
    method: Callable[Concatenate[Owner, AsyncConnection, Arguments], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Owner, Arguments], "CoroutineType[Any, Any, Result]"]:
    """Make a method one transaction of `Database.write`; it awaits its connection and nothing else."""
    return _written(method, hurries=False)


def writes_first(
    method: Callable[Concatenate[Owner, AsyncConnection, Arguments], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Owner, Arguments], "CoroutineType[Any, Any, Result]"]:
    """The same where somebody waits for the answer."""
    return _written(method, hurries=True)


def _written(
    method: Callable[Concatenate[Owner, AsyncConnection, Arguments], Coroutine[Any, Any, Result]], *, hurries: bool
) -> Callable[Concatenate[Owner, Arguments], "CoroutineType[Any, Any, Result]"]:
    @wraps(method)
    async def whole(owner: Owner, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return await owner.database.write(
            lambda connection: method(owner, connection, *args, **kwargs), hurries=hurries
        )

    return whole


def connect(
    url: URL | PostgresqlAddress,
    *,
    busy_seconds: float = BUSY_SECONDS,
    synchronous: str = "FULL",
    disk: Disk | None = None,
) -> Database:
    """A database that is known to be in order; connects at the first statement.

    `synchronous` is SQLite's: FULL survives a power cut, NORMAL may lose the last moves in one.
    """
    if isinstance(url, URL) and url.get_backend_name() == "postgresql":
        url = parse(url.render_as_string(hide_password=False))
    if isinstance(url, PostgresqlAddress):
        engine = postgresql_engine(url, busy_seconds=busy_seconds)
        return Database(engine, engine, disk)
    # what is deleted is overwritten, so that members' words do not stay in pages that are free
    pragmas = {"synchronous": synchronous, "foreign_keys": "ON", "secure_delete": "ON"}
    writer = sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1, pragmas=pragmas, busy_seconds=busy_seconds)
    reader = sqlite_engine(
        url, begin="BEGIN", connections=_SQLITE_READERS, pragmas={"query_only": "ON"}, busy_seconds=busy_seconds
    )
    return Database(reader, writer, disk, turns=WriteTurns(TURNS * busy_seconds))


def sqlite_engine(
    url: URL, *, begin: str, connections: int, pragmas: dict[str, str], busy_seconds: float
) -> AsyncEngine:
    """An engine whose transactions start with `begin`, instead of where the sqlite3 module would guess.

    Writers start with BEGIN IMMEDIATE: a transaction that reads first and locks later can fail at once, without waiting
    (https://www.sqlite.org/lang_transaction.html). One connection writes, so that callers queue up in order instead of
    racing for the file's lock.
    """
    engine = create_async_engine(
        url,
        module=driver(),
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=TURNS * busy_seconds,
        connect_args={"timeout": busy_seconds, "isolation_level": None},
    )

    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    def start(connection: Connection) -> None:
        connection.connection.rollback()  # nothing if nothing is open: no transaction begins within another's
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", configure)
    event.listen(engine.sync_engine, "begin", start)
    return engine
