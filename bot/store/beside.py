"""A database beside a running bot, or in place of one: opened as it stands, and whether somebody has it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.database_address import PostgresqlAddress
from bot.errors import StartError
from bot.store import sqlite_file
from bot.store.db import address_of, file_of, sole_runner
from bot.store.engines import BUSY_SECONDS, connect
from bot.store.jobs import SqlJobStore
from bot.store.migrate import newest, refuse_newer
from bot.store.poolers import refuse_shared_sessions
from bot.store.postgresql import looked_into, name_of, refuse_bad_files
from bot.store.seats import is_taken


@asynccontextmanager
async def open_beside(url: str) -> AsyncGenerator[SqlJobStore]:
    """The store of a database that is there, at this version's revision; owns, creates and migrates nothing.

    Raises StartError, with what to do.
    """
    address = address_of(url)
    if isinstance(address, PostgresqlAddress):
        await _check_server(address)
    else:
        await asyncio.to_thread(_check_file, file_of(address))
    database = connect(address)
    try:
        yield SqlJobStore(database)
    finally:
        await database.close()


async def is_running(url: str) -> bool:
    """Whether a bot runs on this database at the moment. Raises StartError."""
    address = address_of(url)
    if not isinstance(address, PostgresqlAddress):
        path = file_of(address)
        return path.exists() and await asyncio.to_thread(sqlite_file.is_owned, path)
    await asyncio.to_thread(refuse_bad_files, address)
    return await is_taken(address)


@asynccontextmanager
async def owned(url: str) -> AsyncGenerator[None]:
    """Keep every bot off this database for as long as the block lasts. Raises StartError while one runs."""
    address = address_of(url)
    if isinstance(address, PostgresqlAddress):
        async with sole_runner(url):
            yield
        return
    path = file_of(address)
    await asyncio.to_thread(sqlite_file.make_folder, path)
    lock = await asyncio.to_thread(sqlite_file.own, path)
    try:
        yield
    finally:
        await asyncio.to_thread(lock.close)


def refuse_other(database: str, revision: str | None) -> None:
    """Raise StartError unless the database stands at this version's revision."""
    refuse_newer(database, revision)
    if revision is None:
        raise StartError(f"{database} is empty. Start the bot once, which creates its tables.")
    if revision != newest():
        raise StartError(
            f"{database} stands at revision {revision}, this version works with {newest()}. Start the bot once, which "
            "migrates it."
        )


def _check_file(path: Path) -> None:
    if not path.exists():
        raise StartError(f"There is no database at {path}. Look at DATABASE_URL and at the folder you are in.")
    refuse_other(str(path), sqlite_file.look_into(path, only_read=True))


async def _check_server(address: PostgresqlAddress) -> None:
    async with looked_into(address, busy_seconds=BUSY_SECONDS) as (_, revision, _):
        await refuse_shared_sessions(address)
    refuse_other(name_of(address), revision)
