"""Opens the store: owns the file, checks it, backs it up, migrates it; or says what keeps it from that."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.clock import Clock
from bot.disk import Disk
from bot.errors import StartError, StoreError
from bot.store import sqlite_file
from bot.store.driver_errors import driver_errors_mapped
from bot.store.engines import BUSY_SECONDS, connect, postgresql_engine, sqlite_engine
from bot.store.jobs import SqlJobStore
from bot.store.migrate import migrate, newest, refuse_newer, stored_revision

log = logging.getLogger(__name__)

#: Key of the advisory lock that the one process that runs jobs holds; any number, so long as it never changes.
_RUNNER_KEY = 0x436F6D706F7366

_DRIVERS = {"sqlite+aiosqlite", "postgresql+asyncpg"}


@asynccontextmanager
async def open_store(
    url: str,
    *,
    clock: Clock,
    busy_seconds: float = BUSY_SECONDS,
    synchronous: str = "FULL",
    disk: Disk | None = None,
) -> AsyncGenerator[SqlJobStore]:
    """The store behind DATABASE_URL, whole, ours, at this version's revision, and (SQLite) owned by this process alone.

    `busy_seconds`: how long a statement waits for somebody else's lock before StoreBusyError; a call that must wait for
    its turn first gets it after at most five times as long. `disk` hears of what the disk under it does not take.
    Raises StartError, with what to do; the database is then as it was before.
    """
    parsed = _parsed(url)
    async with AsyncExitStack() as stack:
        if parsed.get_backend_name() == "sqlite":
            await _prepare_file(parsed, clock, stack)
        else:
            await _prepare_server(parsed, busy_seconds)
        database = connect(parsed, busy_seconds=busy_seconds, synchronous=synchronous, disk=disk)
        stack.push_async_callback(database.close)
        yield SqlJobStore(database)


@asynccontextmanager
async def sole_runner(url: str) -> AsyncGenerator[None]:
    """Be the only process that runs jobs on this database, for as long as the block lasts or the process lives.

    The runner takes a job found in `submitting` for one that was left behind; a second runner would doubt the
    first one's POSTs. SQLite's file is owned by `open_store` already; on PostgreSQL a session's advisory lock does it.
    Raises StartError when another process has it.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        yield
        return
    engine = postgresql_engine(parsed, busy_seconds=BUSY_SECONDS)
    try:
        with driver_errors_mapped():
            connection = await engine.connect()
            mine = await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _RUNNER_KEY})
            await connection.commit()
    except StoreError as error:
        raise _unreachable(parsed, error) from None
    try:
        if not mine:
            raise StartError(f"{_name(parsed)} is in use by another running bot. Stop that one first.")
        yield
    finally:
        await connection.close()
        await engine.dispose()


async def describe(url: str) -> str:
    """One sentence about the database as it stands; creates, locks and migrates nothing.

    Raises StartError, with what to do, where `open_store` would refuse for good.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return await asyncio.to_thread(_describe_file, _file_of(parsed))
    engine = postgresql_engine(parsed, busy_seconds=BUSY_SECONDS)
    try:
        with driver_errors_mapped():
            async with engine.connect() as connection:
                revision = await connection.run_sync(stored_revision)
    except StoreError as error:
        raise _unreachable(parsed, error) from None
    finally:
        await engine.dispose()
    refuse_newer(_name(parsed), revision)
    return f"{_name(parsed)}: {_state(revision)}."


async def _prepare_file(url: URL, clock: Clock, stack: AsyncExitStack) -> None:
    path = _file_of(url)
    await asyncio.to_thread(sqlite_file.make_folder, path)
    lock = await asyncio.to_thread(sqlite_file.own, path)
    stack.push_async_callback(asyncio.to_thread, lock.close)
    revision = await asyncio.to_thread(sqlite_file.look_into, path) if path.exists() else None
    refuse_newer(str(path), revision)
    await asyncio.to_thread(sqlite_file.enter_wal, path)
    if revision == newest():
        return
    backup = None
    if revision is not None:
        backup = await asyncio.to_thread(sqlite_file.back_up, path, revision, clock.now())
        log.info("database backed up before its migration: %s", backup)
    engine = sqlite_engine(
        url, begin="BEGIN IMMEDIATE", connections=1, pragmas={"synchronous": "FULL"}, busy_seconds=BUSY_SECONDS
    )
    try:
        await migrate(engine)
    except BaseException as error:
        # Rolled back: the copy says nothing that the file does not, and a restart would make the next one.
        if backup is not None:
            backup.unlink()
        if isinstance(error, DBAPIError):
            raise sqlite_file.start_error(path, error.orig) from None
        raise
    finally:
        await engine.dispose()
    log.info("database migrated from %s to %s", revision or "nothing", newest())


async def _prepare_server(url: URL, busy_seconds: float) -> None:
    engine = postgresql_engine(url, busy_seconds=busy_seconds)
    try:
        with driver_errors_mapped():
            await migrate(engine)
    except StoreError as error:
        raise _unreachable(url, error) from None
    finally:
        await engine.dispose()


def _describe_file(path: Path) -> str:
    if not sqlite_file.is_writable(path):
        raise StartError(f"{path} is not writable. Make the file and its folder writable for this user.")
    if not path.exists():
        return f"{path} does not exist yet; the bot will create it."
    revision = sqlite_file.look_into(path, only_read=True)
    refuse_newer(str(path), revision)
    megabytes = path.stat().st_size / 1_000_000
    use = "in use by a running bot" if sqlite_file.is_owned(path) else "not in use"
    return f"{path}: {megabytes:.1f} MB, {_state(revision)}, writable, {use}."


def _state(revision: str | None) -> str:
    if revision is None:
        return "empty; the bot will create its tables"
    if revision == newest():
        return f"revision {revision} (up to date)"
    return f"revision {revision}; the bot will migrate it to {newest()}"


def _parsed(url: str) -> URL:
    """Refuse what cannot be opened, without repeating the URL: it may hold a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StartError("DATABASE_URL is not a database URL, such as sqlite+aiosqlite:///data/compose.db.") from None
    if parsed.drivername not in _DRIVERS:
        raise StartError(
            f"DATABASE_URL begins with {parsed.drivername}://, but must begin with sqlite+aiosqlite:/// or "
            "postgresql+asyncpg://."
        )
    return parsed.set(database=str(_file_of(parsed))) if parsed.get_backend_name() == "sqlite" else parsed


def _file_of(url: URL) -> Path:
    """One path for one file, whatever link leads to it."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StartError("DATABASE_URL must name a file: jobs in memory would be lost with the process.")
    return Path(url.database).resolve()


def _name(url: URL) -> str:
    host = url.host or url.query.get("host", "localhost")
    return f"PostgreSQL database {url.database} at {host}{f':{url.port}' if url.port else ''}"


def _unreachable(url: URL, error: StoreError) -> StartError:
    return StartError(f"{_name(url)} cannot be used ({error}). Check DATABASE_URL and that the server runs.")
