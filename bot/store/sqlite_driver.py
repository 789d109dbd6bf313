"""SQLite beside the event loop in few errands: one for each statement, or one for a whole block of them.

SQLAlchemy's own cursor for aiosqlite goes to the connection's thread and back up to four times for a statement. While a
transaction does that nobody else can write, and each way back waits until the loop has time.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_dbapi
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import concurrency

Result = TypeVar("Result")
#: What is done in one transaction; it awaits its connection and nothing else.
Block = Callable[[AsyncConnection], Coroutine[Any, Any, Result]]

#: Let SQLAlchemy's synchronous part wait; before SQLAlchemy 2.1 it had another name.
_await: Callable[[Coroutine[Any, Any, Any]], Any] = getattr(concurrency, "await_", None) or concurrency.await_only
#: `runs_blocks`: this thread is in a block, so that nothing need be sent to it.
_here = threading.local()


async def in_its_thread(connection: AsyncConnection, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run `work`, which awaits this connection and nothing else, to its end in the connection's thread.

    Whoever is cancelled meanwhile hears of it when it has ended: until then the connection is in use.
    """
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return await _handed_over(driver, _run, work)


@asynccontextmanager
async def lent(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """A connection for the block; what is not committed when it ends is taken back.

    `async with engine.connect()` gives every connection back in a task of its own, against a cancel that comes then.
    Here there is nothing to wait for, and nothing to be cancelled in, unless a transaction is open.
    """
    connection = await engine.connect()
    try:
        yield connection
    except BaseException:
        await connection.__aexit__(None, None, None)  # in a task of its own
        raise
    await connection.close()


def is_in_transaction(connection: AsyncConnection) -> bool:
    """Whether SQLite itself has one open. Only while nothing runs in the connection's thread, or there."""
    driver: Any = connection.sync_connection and connection.sync_connection.connection.driver_connection
    return driver is not None and driver._conn.in_transaction


class _Errand(asyncio.Future[Any]):
    """What a thread is at, and nobody can call back: who awaits it and is cancelled hears of that when it has ended."""

    def cancel(self, msg: Any | None = None) -> bool:
        """Refuse, as of `Future.cancel`; the task that awaits it keeps the cancel for its next step."""
        return False


async def _handed_over(driver: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """What the connection's thread makes of it, waited for to its end.

    aiosqlite's own way lets go of what it has handed over when it is cancelled, while the thread goes on with it: a
    connection would be taken for idle, and the transaction for ended, that begins a moment later.
    """
    if not driver._running or driver._connection is None:
        raise ValueError("no active connection")
    ended = _Errand(loop=asyncio.get_running_loop())
    driver._tx.put_nowait((ended, partial(function, *arguments)))
    return await ended


def _run(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    coroutine = work()
    _here.runs_blocks = True
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    finally:
        try:
            coroutine.close()  # still as a block: what it takes back on its way out is done here
        finally:
            _here.runs_blocks = False
    raise RuntimeError("a transaction waits for something else than its connection")


async def _errand(driver: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    if getattr(_here, "runs_blocks", False):
        return function(*arguments)
    return await _handed_over(driver, function, *arguments)


class _Cursor:
    """Has all that a statement gives as soon as it was run, and holds nothing of SQLite's."""

    __slots__ = ("_adapted", "_rows", "arraysize", "description", "lastrowid", "rowcount")

    server_side = False

    def __init__(self, adapted: Any) -> None:
        self._adapted = adapted
        self._rows: deque[Any] = deque()
        self.arraysize = 1
        self.description: Any = None
        self.rowcount, self.lastrowid = -1, 0

    def execute(self, operation: str, parameters: Any = None) -> None:
        self._run(_executed, operation, parameters or ())

    def executemany(self, operation: str, seq_of_parameters: Any) -> None:
        self._run(_executed_many, operation, seq_of_parameters)

    def _run(self, function: Callable[..., Any], operation: str, parameters: Any) -> None:
        driver: Any = self._adapted._connection
        try:
            done = _await(_errand(driver, function, driver._conn, operation, parameters))
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            self._adapted._handle_exception(error)
        else:
            self.description, rows, self.rowcount, self.lastrowid = done
            self._rows = deque(rows)

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        return [self._rows.popleft() for _ in range(min(size or self.arraysize, len(self._rows)))]

    def fetchall(self) -> Sequence[Any]:
        rows, self._rows = list(self._rows), deque()
        return rows

    def setinputsizes(self, *_sizes: Any) -> None:
        """SQLite has none."""

    async def _async_soft_close(self) -> None:
        """There is nothing to close."""

    def close(self) -> None:
        self._rows.clear()


def _executed(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[Any, ...]:
    cursor = connection.cursor()
    try:
        cursor.execute(operation, parameters)
        rows: Sequence[Any] = cursor.fetchall() if cursor.description else ()
        return cursor.description, rows, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


def _executed_many(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[Any, ...]:
    cursor = connection.cursor()
    try:
        cursor.executemany(operation, parameters)
        return None, (), cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    def cursor(self, server_side: bool = False) -> Any:
        return super().cursor(server_side=True) if server_side else _Cursor(self)

    def commit(self) -> None:
        self._end("commit")

    def rollback(self) -> None:
        """The pool asks for it after every transaction, also after those that were committed."""
        self._end("rollback")

    def _end(self, how: str) -> None:
        driver: Any = self._connection
        connection: sqlite3.Connection | None = driver._connection
        if connection is None or not connection.in_transaction:
            return
        try:
            _await(_errand(driver, getattr(connection, how)))
        except (sqlite3.Error, ValueError) as error:  # the latter from a connection that is closed
            self._handle_exception(error)


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> _Connection:
        usual: Any = super().connect(*arg, **kw)
        return _Connection(self, usual._connection)


def driver() -> Any:
    """What SQLAlchemy calls a DBAPI module."""
    return _Driver(aiosqlite, sqlite3)
