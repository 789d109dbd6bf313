"""SQLite's connections, on which a statement is one turn of the connection's thread.

SQLAlchemy asks for a cursor, for BEGIN, for the statement, its rows and the cursor's end one by one, and aiosqlite
hands each to the connection's thread and back: nine turns for the smallest transaction, some 0.15 ms of a processor
each. Here BEGIN goes with the first statement and the rows come back with it, and what touches no file is not handed
over. So a transaction of one statement takes two turns: the statement, and the commit.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import URL

#: So many rows come back with their statement; whoever reads a long table has the rest as they ask for it.
_ROWS_AHEAD = 1000
#: Rows in one turn where a long table is read on.
_CHUNK = 64


def opened(url: URL, *, busy_seconds: float) -> "OneTurnConnection":
    """To be awaited. Transactions begin where SQLAlchemy says, not where the sqlite3 module would guess."""
    given, options = url.get_dialect()().create_connect_args(url)
    ours = {"timeout": busy_seconds, "isolation_level": None}
    return OneTurnConnection(partial(_connect, given, {**options, **ours}), _CHUNK)


def _connect(given: Sequence[Any], options: Mapping[str, Any]) -> sqlite3.Connection:
    return sqlite3.connect(*given, **options)


class OneTurnConnection(aiosqlite.Connection):
    """What SQLAlchemy needs of one; asked by one transaction at a time."""

    opening: str | None = None
    """The BEGIN that goes with the next statement."""
    is_at_rest = True
    """Whether nothing was handed over since the last transaction ended: then there is nothing to take back."""

    def __init__(self, *given: Any) -> None:
        """See aiosqlite.Connection."""
        super().__init__(*given)
        self._thread.daemon = True  # as SQLAlchemy does it: a thread on a dead disk does not keep the process

    def cursor(self) -> Any:
        """A cursor is Python's alone until it has a statement."""
        return OneTurnCursor(self, self._conn.cursor())

    async def commit(self) -> None:
        """One turn, unless nothing was done."""
        self.opening = None
        if not self.is_at_rest:
            await super().commit()
            self.is_at_rest = True

    async def rollback(self) -> None:
        """The same. Behind a statement that was abandoned it waits for that one's turn, as ever."""
        self.opening = None
        if not self.is_at_rest:
            await super().rollback()
            self.is_at_rest = True


class OneTurnCursor(aiosqlite.Cursor):
    """Has the first rows when its statement has been executed."""

    def __init__(self, connection: OneTurnConnection, cursor: sqlite3.Cursor) -> None:
        """`cursor` was just made."""
        super().__init__(connection, cursor)
        self._ours = connection
        self._ahead: deque[Any] = deque()
        self._is_read = True  # nothing is left in SQLite

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "OneTurnCursor":
        """BEGIN waits for the statement behind it."""
        if sql.startswith("BEGIN"):
            self._ours.opening = sql
            return self
        opening = self._begun()
        self._ahead = await self._in_one_turn(
            partial(self._whole, opening, sql, () if parameters is None else parameters)
        )
        self._is_read = len(self._ahead) < _ROWS_AHEAD
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> "OneTurnCursor":
        """The same; it has no rows."""
        await self._in_one_turn(partial(self._each, self._begun(), sql, parameters))
        self._is_read = True
        return self

    async def fetchone(self) -> Any:
        """The next row, or None."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """At most so many."""
        wanted = self.arraysize if size is None else size
        rows = [self._ahead.popleft() for _ in range(min(wanted, len(self._ahead)))]
        if len(rows) < wanted and not self._is_read:
            rows += await super().fetchmany(wanted - len(rows))
        return rows

    async def fetchall(self) -> list[Any]:
        """All that are left."""
        rows = list(self._ahead)
        self._ahead.clear()
        if not self._is_read:
            rows += await super().fetchall()
            self._is_read = True
        return rows

    async def close(self) -> None:
        """One turn only where SQLite still holds rows of it."""
        if self._is_read:
            self._cursor.close()
        else:
            await super().close()

    async def _in_one_turn(self, work: Callable[[], deque[Any]]) -> deque[Any]:
        return await self._execute(work)  # pyright: ignore[reportUnknownMemberType] - aiosqlite says nothing of it

    def _begun(self) -> str | None:
        opening, self._ours.opening = self._ours.opening, None
        self._ours.is_at_rest = self._is_read = False
        return opening

    def _whole(self, opening: str | None, sql: str, parameters: Any) -> deque[Any]:
        """In the connection's thread."""
        if opening is not None:
            self._cursor.execute(opening)
        self._cursor.execute(sql, parameters)
        return deque(self._cursor.fetchmany(_ROWS_AHEAD) if self._cursor.description else ())

    def _each(self, opening: str | None, sql: str, parameters: Any) -> deque[Any]:
        """In the connection's thread."""
        if opening is not None:
            self._cursor.execute(opening)
        self._cursor.executemany(sql, parameters)
        return deque()
