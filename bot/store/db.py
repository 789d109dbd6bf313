"""Opens the store: owns the file, checks it, backs it up, migrates it; or says what keeps it from that."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.clock import Clock
from bot.database_address import PostgresqlAddress, is_postgresql, parse, refusals
from bot.disk import Disk
from bot.env_file import ENDLESS, is_endless
from bot.errors import SettingsError, StartError
from bot.jobs.figures import Migration
from bot.jobs.rule_remarks import RuleRow
from bot.store import sqlite_copies, sqlite_file
from bot.store.engines import BUSY_SECONDS, connect, sqlite_engine
from bot.store.jobs import SqlJobStore
from bot.store.migrate import migrate, newest, refuse_newer, revisions
from bot.store.poolers import refuse_shared_sessions
from bot.store.postgresql import looked_into, name_of, postgresql_engine, start_errors_named
from bot.store.seats import alone_on, is_taken
from bot.store.space_used import takes_bytes

log = logging.getLogger(__name__)

_RULES = "SELECT id, guild_id, subject_kind, subject_id, kind, value FROM rule ORDER BY id"
_SONGS_UNDER_WAY = (
    "SELECT provider, model, CASE WHEN state = 'generating' THEN service_address END AS address, count(*) AS songs "
    "FROM job WHERE state IN ('checking', 'queued', 'submitting', 'generating', 'ready', 'delivering') "
    "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_KEPT = "SELECT name, value FROM kept_value"


def refuse_unusable(url: str) -> None:
    """Raise SettingsError, with a sentence for each, where a word of a PostgreSQL address cannot be honoured."""
    problems = refusals(url) if is_postgresql(url) else []
    if problems:
        raise SettingsError(problems)


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
    parsed = address_of(url)
    async with AsyncExitStack() as stack:
        if isinstance(parsed, PostgresqlAddress):
            await refuse_old_company(parsed)
            migration = await prepare_server(parsed, busy_seconds)
        else:
            migration = await _prepare_file(parsed, clock, stack)
        database = connect(parsed, busy_seconds=busy_seconds, synchronous=synchronous, disk=disk)
        stack.push_async_callback(database.close)
        if database.file is not None and sqlite_file.is_large(database.file):
            check = sqlite_file.WholeCheck(database.file)
            database.run_beside(_check_meanwhile(check, disk), check.stop)
        if disk is not None:
            disk.watch_database(partial(takes_bytes, database))
        store = SqlJobStore(database)
        store.migration = migration
        yield store


@asynccontextmanager
async def sole_runner(url: str) -> AsyncGenerator[None]:
    """Be the only process that works on this database, for as long as the block lasts or the process lives.

    SQLite's file is owned by `open_store` already. Raises StartError when another process has it.
    """
    parsed = address_of(url)
    if not isinstance(parsed, PostgresqlAddress):
        yield
        return
    async with alone_on(parsed):
        yield


async def describe(url: str) -> str:
    """One sentence about the database as it stands; creates, locks and migrates nothing.

    Raises StartError, with what to do, where `open_store` would refuse for good.
    """
    parsed = address_of(url)
    if not isinstance(parsed, PostgresqlAddress):
        await _try_parameters(parsed)
        return await asyncio.to_thread(_describe_file, file_of(parsed))
    async with looked_into(parsed, busy_seconds=BUSY_SECONDS) as (_, revision, server):
        await refuse_shared_sessions(parsed)
    refuse_newer(name_of(parsed), revision)
    return f"{name_of(parsed)}, {server}: {_state(revision)}."


async def kept_rules(url: str) -> list[RuleRow]:
    """The rules as they stand, beside a running bot or without one; writes nothing. None where there are no tables yet.

    Raises StartError.
    """
    names = ("id", "guild_id", "subject_kind", "subject_id", "kind", "value")
    return [RuleRow(**dict(zip(names, row, strict=True))) for row in await _read(url, "rule", _RULES)]


async def kept_value_in(url: str, name: str) -> str | None:
    """One kept value, read in the same way; None also where there are no tables yet. Raises StartError."""
    return dict(await _read(url, "kept_value", _KEPT)).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """Songs that are worked on, as far as they have this in common."""

    provider: str
    model: str
    address: str | None  #: at which address of the service they are being made; None: they are not, or it was not kept
    songs: int


async def songs_under_way(url: str) -> list[UnderWay]:
    """What is worked on, read in the same way. Raises StartError, also for tables of an earlier version."""
    return [
        UnderWay(provider=provider, model=model, address=address, songs=songs)
        for provider, model, address, songs in await _read(url, "job", _SONGS_UNDER_WAY)
    ]


async def _read(url: str, table: str, statement: str) -> Sequence[Any]:
    parsed = address_of(url)
    if not isinstance(parsed, PostgresqlAddress):
        return await asyncio.to_thread(sqlite_file.read, file_of(parsed), table, statement)
    engine = postgresql_engine(parsed, busy_seconds=BUSY_SECONDS)
    try:
        with start_errors_named(parsed):
            async with engine.connect() as connection:
                exists = await connection.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": table})
                return [tuple(row) for row in await connection.execute(text(statement))] if exists else []
    finally:
        await engine.dispose()


async def _prepare_file(url: URL, clock: Clock, stack: AsyncExitStack) -> Migration | None:
    path = file_of(url)
    await _try_parameters(url)
    await asyncio.to_thread(sqlite_file.make_folder, path)
    lock = await asyncio.to_thread(sqlite_file.own, path)
    stack.push_async_callback(asyncio.to_thread, lock.close)
    is_late = await asyncio.to_thread(sqlite_file.is_large, path)
    revision = await _look_into(path, whole=not is_late) if path.exists() else None
    refuse_newer(str(path), revision)
    if is_late and revision != newest():
        await _look_into(path, whole=True)  # before anything is written to it
    await asyncio.to_thread(sqlite_file.enter_wal, path)
    await asyncio.to_thread(_overwrite_once, path, revision)
    return None if revision == newest() else await _migrate_file(path, url, revision, clock)


async def _look_into(path: Path, *, whole: bool) -> str | None:
    return await asyncio.to_thread(sqlite_file.look_into, path, whole=whole)


async def _check_meanwhile(check: sqlite_file.WholeCheck, disk: Disk | None) -> None:
    """Read the whole file in a thread; what is damaged is the operator's to hear of."""
    try:
        await asyncio.to_thread(check.run)
    except StartError as error:
        if disk is None:
            log.error("%s", error)
        else:
            disk.damaged(str(error))


def _overwrite_once(path: Path, revision: str | None) -> None:
    """Before the copy is made: what was deleted long ago would else stand in that as well."""
    try:
        if sqlite_copies.overwrite_once(path) and revision is not None:
            log.info("database written anew, so that nothing that was deleted is left in its free pages")
    except StartError as error:
        log.warning("words that were deleted long ago may still stand in free pages of the database: %s", error)


async def _migrate_file(path: Path, url: URL, revision: str | None, clock: Clock) -> Migration | None:
    backup = None
    if revision is not None:
        backup = await asyncio.to_thread(sqlite_file.back_up, path, revision, clock.now())
        log.info("database backed up before its migration: %s", backup)
    engine = sqlite_engine(
        url,
        begin="BEGIN IMMEDIATE",
        connections=1,
        pragmas={"synchronous": "FULL", "secure_delete": "ON"},
        busy_seconds=BUSY_SECONDS,
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
    return _migration(revision, "" if backup is None else backup.name)


def _migration(revision: str | None, backup: str) -> Migration | None:
    """What an operator should hear of; None where the tables were new or as they should be."""
    if revision is None or revision == newest():
        return None
    return Migration(before=revision, after=newest(), backup=backup)


async def _try_parameters(url: URL) -> None:
    """What stands behind the ? of an SQLite address is the driver's to judge, and a trace if it is nonsense."""
    if not url.query:
        return
    try:
        engine = create_async_engine(url.set(database=":memory:"), hide_parameters=True)
        try:
            async with engine.connect():
                pass
        finally:
            await engine.dispose()
    except (TypeError, ValueError, DBAPIError):
        raise StartError("DATABASE_URL: what stands behind the ? cannot be used. Leave it out.") from None


async def prepare_server(address: PostgresqlAddress, busy_seconds: float) -> Migration | None:
    """Look into the server's database and bring its tables to this version. Raises StartError."""
    async with looked_into(address, busy_seconds=busy_seconds) as (engine, revision, _):
        await refuse_shared_sessions(address)
        await migrate(engine)
    return _migration(revision, "")


async def refuse_old_company(address: PostgresqlAddress) -> None:
    """Raise StartError where the tables would change under processes of an earlier version that are at work."""
    async with looked_into(address, busy_seconds=BUSY_SECONDS) as (_, revision, _):
        is_earlier = revision in revisions() and revision != newest()
    if is_earlier and await is_taken(address):
        raise StartError(
            f"{name_of(address)} is in use by another running bot of an earlier version (revision {revision}, this "
            f"one's is {newest()}). Stop all processes of that version, then start this one."
        )


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


def address_of(url: str) -> URL | PostgresqlAddress:
    """Refuse what cannot be opened, without repeating the URL: it may hold a password."""
    if is_postgresql(url):
        return _postgresql_address(url)
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StartError("DATABASE_URL is not a database URL, such as sqlite+aiosqlite:///data/compose.db.") from None
    if parsed.drivername != "sqlite+aiosqlite":
        raise StartError(
            f"DATABASE_URL begins with {parsed.drivername}://, but must begin with sqlite+aiosqlite:/// or "
            "postgresql+asyncpg://."
        )
    return parsed.set(database=str(file_of(parsed)))


def _postgresql_address(url: str) -> PostgresqlAddress:
    try:
        problems = refusals(url)
    except ValueError as error:
        problems = [f"DATABASE_URL {error}."]
    if problems:
        raise StartError(" ".join(problems))
    return parse(url)


def file_of(url: URL) -> Path:
    """One path for one file, whatever link leads to it."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StartError("DATABASE_URL must name a file: jobs in memory would be lost with the process.")
    try:
        path = Path(url.database).resolve()
        is_folder, is_no_file = path.is_dir(), is_endless(path)
    except OSError as error:
        raise StartError(f"DATABASE_URL: the file cannot be looked at ({error.strerror}). Name another.") from None
    if is_folder:
        raise StartError(f"DATABASE_URL names the folder {path}: name a file in it, such as compose.db.")
    if is_no_file:
        raise StartError(f"DATABASE_URL: {path} {ENDLESS}.")
    return path
