"""Every row from one database into another, and a database as one SQLite file: for backups and for moving house."""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Table, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.database_address import PostgresqlAddress
from bot.errors import StartError
from bot.store.db import address_of, file_of, prepare_server
from bot.store.driver_errors import driver_errors_mapped
from bot.store.engines import BUSY_SECONDS, sqlite_engine
from bot.store.migrate import migrate
from bot.store.postgresql import postgresql_engine, start_errors_named
from bot.store.sqlite_file import connected, told
from bot.store.tables import metadata, processes

#: Who runs on a database stays with it.
KEPT = tuple(table for table in metadata.sorted_tables if table is not processes)
#: Rows of one statement.
_AT_A_TIME = 500
_PRAGMAS = {"synchronous": "FULL", "foreign_keys": "ON", "secure_delete": "ON"}

#: Rows by table.
Counts = Mapping[str, int]


async def snapshot(url: str, into: Path) -> None:
    """Write the database, as it is at one moment, into a new SQLite file; whoever works on it goes on.

    Raises StartError, StoreError.
    """
    address = address_of(url)
    if not isinstance(address, PostgresqlAddress):
        await asyncio.to_thread(_back_up, file_of(address), into)
        return
    source = postgresql_engine(address, busy_seconds=BUSY_SECONDS, idle_seconds=0)
    try:
        with start_errors_named(address):
            async with source.connect() as reading:
                await reading.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                await into_new_file(reading, into)
    finally:
        await source.dispose()


async def into_new_file(source: AsyncConnection, into: Path) -> Counts:
    """Copy all rows into a SQLite file that is created for it, in the form that a backup has."""
    await asyncio.to_thread(into.touch, mode=0o600)
    target = file_engine(into)
    try:
        await migrate(target)
        async with target.begin() as writing:
            counts = await copy_rows(source, writing)
    finally:
        await target.dispose()
    return counts


async def into_server(source: Path, url: str, *, replace: bool) -> Counts:
    """Copy all rows of a SQLite file into a PostgreSQL database, in one transaction. Raises StartError, StoreError.

    `replace`: what is there goes; else the database must be empty.
    """
    address = address_of(url)
    assert isinstance(address, PostgresqlAddress)
    await prepare_server(address, BUSY_SECONDS)
    target = postgresql_engine(address, busy_seconds=BUSY_SECONDS, idle_seconds=0)
    reader = file_engine(source)
    try:
        with start_errors_named(address):
            async with target.begin() as writing, reader.connect() as reading:
                if replace:
                    for table in reversed(KEPT):
                        await writing.execute(delete(table))
                return await copy_rows(reading, writing)
    finally:
        await target.dispose()
        await reader.dispose()


async def copy_rows(source: AsyncConnection, target: AsyncConnection) -> Counts:
    """Copy every row of every table, and from which numbers on new rows are counted; the target's tables are empty.

    Raises StartError when they are not.
    """
    counts: dict[str, int] = {}
    with driver_errors_mapped():
        for table in KEPT:
            if await _count(target, table):
                raise StartError("The database to be filled has songs or rules in it already. Name an empty one.")
            counts[table.name] = await _copy_table(source, target, table)
            if await _count(target, table) != counts[table.name]:
                raise StartError(f"Not every row of {table.name} arrived; nothing was changed.")
            if "id" in table.columns:
                await _set_last_number(target, table, await _last_number(source, table))
    return counts


async def migrate_file(path: Path) -> None:
    """Bring a SQLite file that nobody has open to this version's revision."""
    engine = file_engine(path)
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


def file_engine(path: Path) -> AsyncEngine:
    """One connection to a SQLite file that nobody else has open."""
    url = URL.create("sqlite+aiosqlite", database=str(path))
    return sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1, pragmas=_PRAGMAS, busy_seconds=BUSY_SECONDS)


def _back_up(path: Path, into: Path) -> None:
    with told(into):
        into.touch(mode=0o600)
        with closing(connected(path, "mode=ro")) as source, closing(sqlite3.connect(into)) as target:
            source.backup(target)  # all pages in one step: a moment at which nobody writes
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it


async def _copy_table(source: AsyncConnection, target: AsyncConnection, table: Table) -> int:
    count = 0
    async with source.stream(select(table).order_by(*table.primary_key)) as rows:
        async for helping in rows.mappings().partitions(_AT_A_TIME):
            await target.execute(insert(table), [dict(row) for row in helping])
            count += len(helping)
    return count


async def _count(connection: AsyncConnection, table: Table) -> int:
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def _last_number(connection: AsyncConnection, table: Table) -> int:
    """The highest number that was ever given, so that no song gets the number of one that was deleted."""
    if connection.dialect.name == "postgresql":
        asked = text("SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(:name, 'id') AS regclass))")
    elif table.dialect_options["sqlite"]["autoincrement"]:
        asked = text("SELECT max(seq) FROM sqlite_sequence WHERE name = :name")
    else:
        return (await connection.execute(select(func.max(table.c.id)))).scalar_one() or 0
    return (await connection.execute(asked, {"name": table.name})).scalar_one_or_none() or 0


async def _set_last_number(connection: AsyncConnection, table: Table, number: int) -> None:
    if connection.dialect.name == "postgresql":
        if number:
            statement = text("SELECT setval(CAST(pg_get_serial_sequence(:name, 'id') AS regclass), :number)")
            await connection.execute(statement, {"name": table.name, "number": number})
    elif table.dialect_options["sqlite"]["autoincrement"]:
        values = {"name": table.name, "number": number}
        await connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        await connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)
