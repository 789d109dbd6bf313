"""One errand to the connection's thread for each statement; SQLAlchemy's own cursor for aiosqlite runs up to four."""

import sqlite3
from collections import deque
from collections.abc import Sequence
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Everything that a statement gives, fetched where it runs."""

    __slots__ = ("_description", "_last_row_id", "_row_count")

    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        # the base class would open a cursor, by an errand of its own
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._description: Any = None
        self._row_count, self._last_row_id = -1, 0

    @property
    def description(self) -> Any:
        return self._description

    @property
    def rowcount(self) -> int:
        return self._row_count

    @property
    def lastrowid(self) -> int:
        return self._last_row_id

    async def _async_soft_close(self) -> None:
        """There is nothing to close."""

    def close(self) -> None:
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        return await self._run(operation, parameters or (), many=False)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._run(operation, seq_of_parameters, many=True)

    async def _run(self, operation: str, parameters: Any, *, many: bool) -> Any:
        done = await self._connection._execute(_done, self._connection._conn, operation, parameters, many)
        self._description, rows, self._row_count, self._last_row_id = done
        self._rows = deque(rows)


def _done(connection: sqlite3.Connection, operation: str, parameters: Any, many: bool) -> tuple[Any, ...]:  # noqa: FBT001 - by position, in another thread
    cursor = connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(operation, parameters)
        rows: Sequence[Any] = cursor.fetchall() if cursor.description and not many else ()
        return cursor.description, rows, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _Cursor

    def rollback(self) -> None:
        """The pool asks for it after every transaction, also after those that were committed."""
        if self._connection._connection is not None and self._connection.in_transaction:
            super().rollback()


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> _Connection:
        return _Connection(self, super().connect(*arg, **kw)._connection)


def driver() -> Any:
    """What SQLAlchemy calls a DBAPI module."""
    return _Driver(aiosqlite, sqlite3)
