"""Writers that come at once share a transaction, and each is durable or taken back by itself."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import DuplicateOrderError, StoreBusyError, StoreDiskError, StoreError
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from bot.store.tables import kept_values
from tests.bot.store.orders import NOON, SetClock, an_order

Block = Callable[[AsyncConnection], Awaitable[None]]


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[SqlJobStore]:
    """PostgreSQL has many writers."""
    async with open_store(sqlite_url, clock=SetClock()) as store:
        yield store


async def _names(store: SqlJobStore) -> list[str]:
    async with store.database.reading() as connection:
        return list((await connection.execute(select(kept_values.c.name).order_by(kept_values.c.name))).scalars())


async def _keep(connection: AsyncConnection, name: str) -> None:
    await connection.execute(insert(kept_values).values(name=name, value="1"))


def _transactions(store: SqlJobStore) -> Counter[str]:
    counted: Counter[str] = Counter()
    for kind in ("begin", "commit", "rollback"):
        event.listen(store.database._writer.sync_engine, kind, lambda *_, kind=kind: counted.update([kind]))
    return counted


async def test_orders_at_once_are_each_whole_and_share_transactions(sqlite_store: SqlJobStore) -> None:
    counted = _transactions(sqlite_store)
    orders = [sqlite_store.add(an_order(number), NOON) for number in [*range(1, 41), 7, 8]]
    results = await asyncio.gather(*orders, return_exceptions=True)
    assert [type(result) for result in results[40:]] == [DuplicateOrderError, DuplicateOrderError]
    ids = [result.id for result in results[:40] if not isinstance(result, BaseException)]
    assert len(set(ids)) == 40
    for job_id in ids:
        assert len(await sqlite_store.history(job_id)) == 1
    assert counted["begin"] == counted["commit"] <= 42 // 8


@pytest.mark.parametrize("how", ["block", "errands"])
async def test_whoever_fails_is_taken_back_alone(sqlite_store: SqlJobStore, how: str) -> None:
    database = sqlite_store.database

    async def write(name: str) -> None:
        async def block(connection: AsyncConnection) -> None:
            await _keep(connection, name)
            if name.startswith("bad"):
                raise ValueError(name)

        if how == "block":
            await database.write(block)
            return
        async with database.writing() as connection:
            await block(connection)

    for first in ("bad 0", "good 0"):
        names = [first, "good 1", "bad 2", "good 3", "bad 4", "bad 5", "good 6"]
        results = await asyncio.gather(*(write(name) for name in names), return_exceptions=True)
        assert [type(result) for result in results] == [ValueError if "bad" in name else type(None) for name in names]
        assert await _names(sqlite_store) == sorted(name for name in names if "good" in name)
        for name in await _names(sqlite_store):
            await sqlite_store.drop_value(name)


async def test_nobody_is_told_that_it_is_durable_before_it_is(sqlite_store: SqlJobStore) -> None:
    """The first one's transaction is still open while the second one's block has ended."""
    database = sqlite_store.database
    gate, told = asyncio.Event(), list[str]()

    async def first() -> None:
        async with database.writing() as connection:
            await _keep(connection, "first")
            await gate.wait()
        told.append("first")

    async def other(name: str) -> None:
        await sqlite_store.set_value(name, "1")
        told.append(name)
        assert name in await _names(sqlite_store)

    tasks = [asyncio.create_task(first()), *(asyncio.create_task(other(name)) for name in ("second", "third"))]
    await asyncio.sleep(0.05)
    assert told == []
    assert await _names(sqlite_store) == []
    gate.set()
    await asyncio.gather(*tasks)
    assert sorted(told) == ["first", "second", "third"]


async def test_nobody_is_told_of_a_twin_before_it_is_durable(sqlite_store: SqlJobStore) -> None:
    """Whoever is told its number looks it up, and would find nothing."""
    gate, told, found = asyncio.Event(), list[int](), list[bool]()

    async def again() -> None:
        try:
            await sqlite_store.add(an_order(1), NOON)
        except DuplicateOrderError as error:
            told.append(error.job_id)
            found.append(await sqlite_store.get(error.job_id) is not None)

    async def last() -> None:
        async with sqlite_store.database.writing():
            await gate.wait()

    works = (sqlite_store.add(an_order(1), NOON), again(), sqlite_store.database.finish(last()))
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.sleep(0.05)
    told_early = list(told)
    gate.set()
    await asyncio.gather(*tasks)
    assert told_early == []
    assert found == [True]


async def test_nobody_is_told_of_a_twin_that_was_taken_back(sqlite_store: SqlJobStore) -> None:
    def fail(_connection: object) -> None:
        raise OperationalError("", {}, _full())

    event.listen(sqlite_store.database._writer.sync_engine, "commit", fail)
    tasks = [sqlite_store.add(an_order(1), NOON) for _ in range(3)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [StoreDiskError] * 3


async def test_what_the_disk_takes_back_as_a_whole_is_told_to_all(sqlite_store: SqlJobStore) -> None:
    """SQLite itself ends a transaction when the disk fails: nothing in it happened, and nobody hears that it did."""
    database = sqlite_store.database

    async def lose(connection: AsyncConnection) -> None:
        await _keep(connection, "lost")
        await connection.exec_driver_sql("ROLLBACK")
        raise OperationalError("", {}, _full())

    tasks = [sqlite_store.set_value("one", "1"), database.write(lose), sqlite_store.set_value("three", "3")]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(result) for result in results} == {StoreDiskError}
    assert await _names(sqlite_store) == []
    await sqlite_store.set_value("after", "1")
    assert await _names(sqlite_store) == ["after"]


def _full() -> Exception:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


async def test_whoever_is_cancelled_within_takes_nobody_along_unnoticed(sqlite_store: SqlJobStore) -> None:
    """Statement by statement a transaction can be cut off; whoever shared it hears that nothing was written."""
    database = sqlite_store.database
    inside = asyncio.Event()

    async def cut_off() -> None:
        async with database.writing() as connection:
            await _keep(connection, "cut off")
            inside.set()
            await asyncio.Event().wait()

    for is_first in (True, False):
        inside.clear()
        before = [] if is_first else [asyncio.create_task(sqlite_store.set_value("before", "1"))]
        cut = asyncio.create_task(cut_off())
        after = asyncio.create_task(sqlite_store.set_value("after", "1"))
        await inside.wait()
        cut.cancel()
        with suppress(asyncio.CancelledError):
            await cut
        results = await asyncio.gather(*before, after, return_exceptions=True)
        there = await _names(sqlite_store)
        assert "cut off" not in there
        for name, result in zip(["before", "after"][is_first:], results, strict=True):
            assert (name in there) == (result is None), (name, result)
            assert result is None or isinstance(result, StoreBusyError)
        for name in there:
            await sqlite_store.drop_value(name)


async def test_a_block_that_waits_for_something_else_is_a_fault_of_ours_and_leaves_nothing(
    sqlite_store: SqlJobStore,
) -> None:
    async def waits(connection: AsyncConnection) -> None:
        await _keep(connection, "never")
        await asyncio.sleep(0.1)

    async def fails(_connection: AsyncConnection) -> None:
        raise StoreError("as it was raised")

    with pytest.raises(RuntimeError, match=r"no running event loop|something else than its connection"):
        await sqlite_store.database.write(waits)
    with pytest.raises(StoreError, match="as it was raised"):
        await sqlite_store.database.read(fails)
    assert await _names(sqlite_store) == []
    await sqlite_store.set_value("after", "1")


async def test_a_move_waits_for_the_loop_twice_however_many_statements_it_has(sqlite_store: SqlJobStore) -> None:
    """Once for the transaction, once for its commit: while it waits nobody else may write."""
    errands = 0
    writer = sqlite_store.database._writer

    async with writer.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    usual = driver._execute

    async def counted(*arguments: object) -> object:
        nonlocal errands
        errands += 1
        return await usual(*arguments)

    driver._execute = counted
    await sqlite_store.add(an_order(1), NOON)
    assert errands == 2
