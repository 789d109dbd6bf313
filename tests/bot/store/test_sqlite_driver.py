"""SQLite's connections: how often a thread is asked, and that a transaction means what it meant."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreBusyError, StoreError
from bot.store.engines import Database, connect
from bot.store.sqlite_file import enter_wal
from bot.store.turns import WriteTurns


class Counted(Database):
    """A database whose connections' threads count what they are handed."""

    turns = 0

    async def count(self) -> None:
        assert self._shared is not None
        await self._shared.give_back()
        for engine in (self._reader, self._writer):
            event.listen(engine.sync_engine, "checkout", self._watched)

    def _watched(self, connection: Any, *_others: object) -> None:
        queue = connection.driver_connection._tx
        if isinstance(queue, _Queue):
            return
        counting = _Queue(queue, self)
        connection.driver_connection._tx = counting


class _Queue:
    def __init__(self, queue: Any, owner: Counted) -> None:
        self._queue = queue
        self._owner = owner

    def put_nowait(self, item: object) -> None:
        self._owner.turns += 1
        self._queue.put_nowait(item)


@pytest.fixture
async def database(path: Path) -> AsyncGenerator[Counted]:
    enter_wal(path)
    plain = connect(make_url(f"sqlite+aiosqlite:///{path}"), busy_seconds=0.2, synchronous="OFF")
    opened = Counted(plain._reader, plain._writer, turns=WriteTurns(1))
    async with opened.writing() as connection:
        await connection.execute(text("CREATE TABLE song (number INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    async with opened.reading() as connection:
        await connection.execute(text("SELECT 1"))
    await opened.count()
    yield opened
    await opened.close()


async def names(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.execute(text("SELECT name FROM song ORDER BY number"))).scalars())


async def test_a_transaction_takes_one_errand_for_each_statement_and_two_for_its_ends(database: Counted) -> None:
    async with database.writing() as connection:
        await connection.execute(text("INSERT INTO song (name) VALUES ('a')"))
    assert database.turns == 3
    async with database.writing() as connection:
        await connection.execute(text("INSERT INTO song (name) VALUES ('b') RETURNING number"))
        await connection.execute(text("INSERT INTO song (name) VALUES (:name)"), [{"name": "c"}, {"name": "d"}])
    assert database.turns == 7
    assert await names(database) == ["a", "b", "c", "d"]


async def test_a_whole_block_is_one_errand_and_its_commit_another(database: Counted) -> None:
    async def block(connection: AsyncConnection) -> list[str]:
        for name in ("a", "b", "c"):
            await connection.execute(text("INSERT INTO song (name) VALUES (:name)"), {"name": name})
        return list((await connection.execute(text("SELECT name FROM song"))).scalars())

    assert sorted(await database.write(block)) == ["a", "b", "c"]
    assert database.turns == 2
    assert await names(database) == ["a", "b", "c"]


async def test_what_was_raised_takes_everything_back_and_the_next_one_begins_anew(database: Counted) -> None:
    async def write_twice(name: str) -> None:
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO song (name) VALUES (:name)"), {"name": name})
            await connection.execute(text("INSERT INTO song (name) VALUES (:name)"), {"name": name})

    for name in ("a", "b"):
        with pytest.raises(StoreError):
            await write_twice(name)
    assert await names(database) == []
    async with database.writing() as connection:
        await connection.execute(text("INSERT INTO song (name) VALUES ('c')"))
    assert await names(database) == ["c"]


async def test_a_writer_locks_before_its_first_statement_reads(database: Counted, path: Path) -> None:
    async def look_as_writer() -> None:
        async with database.writing() as connection:
            await connection.execute(text("SELECT 1 FROM song"))

    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            await look_as_writer()
        other.execute("ROLLBACK")
    other.close()
    async with database.writing() as connection:
        await connection.execute(text("INSERT INTO song (name) VALUES ('a')"))
    assert await names(database) == ["a"]


async def test_a_reader_sees_one_moment(database: Counted) -> None:
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM song"))).scalar_one() == 0
        async with database.writing() as writer:
            await writer.execute(text("INSERT INTO song (name) VALUES ('a')"))
        assert (await connection.execute(text("SELECT count(*) FROM song"))).scalar_one() == 0
    assert await names(database) == ["a"]


async def test_a_statement_that_was_abandoned_while_it_waited_leaves_no_transaction_open(
    database: Counted, path: Path
) -> None:
    async with database.writing() as connection:
        await connection.execute(text("PRAGMA busy_timeout = 60000"))  # it waits for as long as it takes to abandon it
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO song (name) VALUES ('a')"))

    before = database.turns
    task = asyncio.create_task(write())
    while database.turns == before:  # noqa: ASYNC110 - the thread was handed the statement, which no event tells
        await asyncio.sleep(0.001)
    task.cancel()
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.writing() as connection:
        await connection.execute(text("INSERT INTO song (name) VALUES ('b')"))
    assert await names(database) == ["b"]


async def test_a_long_table_is_read_whole_at_once_or_in_parts(database: Counted) -> None:
    async with database.writing() as connection:
        await connection.execute(
            text("INSERT INTO song (name) VALUES (:name)"), [{"name": str(number)} for number in range(2_500)]
        )
    everything = [str(number) for number in range(2_500)]
    assert await names(database) == everything
    async with (
        database.reading() as connection,
        connection.stream(text("SELECT name FROM song ORDER BY number")) as rows,
    ):
        parts = [list(part) async for part in rows.scalars().partitions(300)]
    assert [name for part in parts for name in part] == everything
    async with (
        database.reading() as connection,
        connection.stream(text("SELECT name FROM song ORDER BY number")) as rows,
    ):
        assert await rows.fetchone() == ("0",)
    assert len(await names(database)) == 2_500
