"""Poolers such as PgBouncer between the bot and its server: who gives a client a session of its own is welcome."""

import importlib
import secrets
from typing import Any

from bot.database_address import PostgresqlAddress
from bot.store.engines import BUSY_SECONDS
from bot.store.postgresql import HANDED_ON, SESSIONS, UnusableServerError, open_connection

#: What a session is told, to be asked of another.
_MARK = "compose.session"
#: Two clients may meet different sessions of the server by chance; hardly so often in a row.
_TRIES = 5


async def refuse_shared_sessions(address: PostgresqlAddress) -> None:
    """Raise UnusableServerError where a pooler hands a session on between transactions, and the driver's errors.

    There a NOTIFY is not heard, a prepared statement not found again, and what is set for a session is set for others.
    """
    asyncpg: Any = importlib.import_module("asyncpg")
    first = await open_connection(address, busy_seconds=BUSY_SECONDS)
    try:
        if not await _is_pooled(first):
            return
        other = await open_connection(address, busy_seconds=BUSY_SECONDS)
        try:
            for _ in range(_TRIES):
                if await _share(first, other):
                    raise UnusableServerError(HANDED_ON, SESSIONS)
        finally:
            await other.close(timeout=1)
    except (
        asyncpg.InvalidSQLStatementNameError,
        asyncpg.DuplicatePreparedStatementError,
        asyncpg.ProtocolViolationError,
    ):
        raise UnusableServerError(HANDED_ON, SESSIONS) from None
    finally:
        await first.close(timeout=1)


async def _is_pooled(connection: Any) -> bool:
    """A pooler tells its clients a number of its own where the server tells its process's."""
    async with connection.transaction():
        return await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid()


async def _share(first: Any, other: Any) -> bool:
    mark = secrets.token_hex(8)
    await _told(first, mark)
    if await _read(other) == mark:
        await _told(other, "")
        return True
    return await _read(first) != mark


async def _told(connection: Any, mark: str) -> None:
    async with connection.transaction():
        await connection.fetchval("SELECT set_config($1, $2, false)", _MARK, mark)


async def _read(connection: Any) -> str | None:
    async with connection.transaction():
        return await connection.fetchval("SELECT current_setting($1, true)", _MARK)
