"""Writers that come at once share a transaction, and each is durable or taken back by itself."""

import asyncio
import gc
import itertools
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import DuplicateOrderError, StoreBusyError, StoreDiskError, StoreError
from bot.store.db import open_store
from bot.store.engines import Database
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


async def test_one_connection_serves_all_writers_until_something_fails_on_it(sqlite_store: SqlJobStore) -> None:
    taken: Counter[str] = Counter()
    engine = sqlite_store.database._writer.sync_engine
    event.listen(engine, "checkout", lambda *_: taken.update(["taken"]))
    event.listen(engine, "checkin", lambda *_: taken.update(["given back"]))

    async def nothing(_connection: AsyncConnection) -> None:
        raise ValueError

    await sqlite_store.set_value("first", "1")
    before = taken["taken"]
    await sqlite_store.set_value("second", "1")
    assert taken["taken"] == before <= 1
    with pytest.raises(ValueError):
        await sqlite_store.database.write(nothing)
    await sqlite_store.set_value("third", "1")
    assert taken["taken"] == before + 1
    await sqlite_store.database.close()
    assert taken["given back"] >= taken["taken"]
    with pytest.raises(StoreBusyError):
        await sqlite_store.set_value("fourth", "1")


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
    errands = await _watched(sqlite_store)
    await sqlite_store.add(an_order(1), NOON)
    assert errands.count == 2


class _Errands:
    """What a connection's thread is handed; one of them can be held there."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self.count = 0
        self._held_number: int | None = None
        self._is_done_first = False
        self.is_held = asyncio.Event()
        self.release = threading.Event()

    def hold(self, number: int, *, done_first: bool) -> None:
        """The errand with this number, counted from now on, before it is done or after that."""
        self.count, self._held_number, self._is_done_first = 0, number, done_first
        self.is_held.clear()
        self.release.clear()

    def put_nowait(self, item: tuple[Any, Callable[[], object]]) -> None:
        self.count += 1
        future, function = item
        self._queue.put_nowait((future, self._held(function) if self.count == self._held_number else function))

    def _held(self, function: Callable[[], object]) -> Callable[[], object]:
        loop, done_first = asyncio.get_running_loop(), self._is_done_first

        def errand() -> object:
            if done_first:
                try:
                    return function()
                finally:
                    self._wait(loop)
            self._wait(loop)
            return function()

        return errand

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon_threadsafe(self.is_held.set)
        self.release.wait(30)


async def _watched(store: SqlJobStore) -> _Errands:
    """The errands of the one connection that writes."""
    assert store.database._shared is not None
    await store.database._shared.give_back()
    async with store.database._writer.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
    driver._tx = errands = _Errands(driver._tx)
    return errands


#: The leader's block and commit are one errand each, and so are a joiner's block and each statement of another.
_WRITERS = ("leader", "block", "statements")


@pytest.mark.parametrize("whom", [("leader",), ("block",), ("statements",), _WRITERS])
@pytest.mark.parametrize("leads_by", ["block", "statements"])
async def test_a_loop_that_is_torn_down_leaves_no_transaction_and_tells_nothing_untrue(
    sqlite_store: SqlJobStore, whom: tuple[str, ...], leads_by: str
) -> None:
    """Whoever writes is cancelled, once or twice, while each of the errands is in the thread: before and after it."""
    store, cases = sqlite_store, 0
    for number, done_first, cuts in itertools.product(range(1, 8), (False, True), (1, 2)):
        errands = await _watched(store)
        errands.hold(number, done_first=done_first)
        works = {name: _named(store, name, leads_by if name == "leader" else name) for name in _WRITERS}
        tasks = {name: asyncio.create_task(work, name=name) for name, work in works.items()}
        everybody = asyncio.gather(*tasks.values(), return_exceptions=True)
        held = asyncio.create_task(errands.is_held.wait())
        await asyncio.wait({everybody, held}, return_when=asyncio.FIRST_COMPLETED)
        if held.done():
            cases += 1
            for _ in range(cuts):
                for name in whom:
                    tasks[name].cancel()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        errands.release.set()
        results = dict(zip(tasks, await everybody, strict=True))
        held.cancel()
        there = await _names(store)
        for name, result in results.items():
            assert isinstance(result, asyncio.CancelledError | StoreBusyError | None), (number, name, result)
            if not isinstance(result, asyncio.CancelledError):
                assert (name in there) == (result is None), (number, done_first, name, result)
        await store.set_value("after", "1")
        assert "after" in await _names(store)
        for name in await _names(store):
            await store.drop_value(name)
    assert cases >= 16


async def test_who_writes_on_while_the_database_is_closed_keeps_no_file_open(sqlite_url: str) -> None:
    is_inside, may_end = asyncio.Event(), asyncio.Event()

    async def write(database: Database) -> None:
        async with database.writing() as connection:
            await _keep(connection, "late")
            is_inside.set()
            await may_end.wait()

    async with open_store(sqlite_url, clock=SetClock()) as store:
        task = asyncio.create_task(write(store.database))
        await is_inside.wait()
        await store.database.close()
        may_end.set()
        await task
        assert store.database._shared is not None
        assert store.database._shared._kept is None
    async with open_store(sqlite_url, clock=SetClock()) as again:
        assert await _names(again) == ["late"]


async def test_what_fails_after_its_caller_was_cancelled_is_one_line_in_the_log(
    sqlite_store: SqlJobStore, caplog: pytest.LogCaptureFixture
) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    errands = await _watched(sqlite_store)
    errands.hold(1, done_first=False)

    async def fail(_connection: AsyncConnection) -> None:
        raise StoreBusyError("locked")

    task = asyncio.create_task(sqlite_store.database.write(fail))
    await errands.is_held.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    errands.release.set()
    await sqlite_store.set_value("after", "1")
    gc.collect()
    assert [line.getMessage() for line in caplog.records] == [
        "a transaction failed whose caller was cancelled: StoreBusyError"
    ]
    assert complaints == []


async def _named(store: SqlJobStore, name: str, how: str) -> None:
    """Without `finish`, so that it is cut off as a loop's last act does it."""

    async def block(connection: AsyncConnection) -> None:
        await _keep(connection, name)

    if how == "statements":
        async with store.database.writing() as connection:
            await block(connection)
    else:
        await store.database._write(block, hurries=False)


async def test_whoever_shares_a_transaction_that_does_not_end_is_told_that_it_did_not_happen(
    sqlite_store: SqlJobStore,
) -> None:
    database = sqlite_store.database
    assert database._shared is not None
    errands = await _watched(sqlite_store)
    errands.hold(1, done_first=True)
    gate = asyncio.Event()

    async def endless() -> None:
        async with database.writing() as connection:
            await _keep(connection, "endless")
            await gate.wait()

    works = (sqlite_store.set_value("leader", "1"), sqlite_store.set_value("joiner", "1"), database.finish(endless()))
    leader, joiner, last = [asyncio.create_task(work) for work in works]
    await errands.is_held.wait()  # the others wait for their turn by now
    database._shared._turns.patience_seconds = 0.0
    errands.release.set()
    with pytest.raises(StoreBusyError):
        await joiner
    assert not leader.done()
    gate.set()
    for told in (leader, last):
        with pytest.raises(StoreBusyError):
            await told
    assert await _names(sqlite_store) == []


async def test_whoever_shares_a_commit_that_takes_too_long_hears_that_it_may_happen_yet(
    sqlite_store: SqlJobStore,
) -> None:
    shared = sqlite_store.database._shared
    assert shared is not None
    errands = await _watched(sqlite_store)
    errands.hold(2, done_first=False)
    leader = asyncio.create_task(sqlite_store.set_value("leader", "1"))
    await errands.is_held.wait()
    shared._turns.patience_seconds = 0.0
    with pytest.raises(StoreBusyError, match="may happen yet"):
        await shared._end_of(shared._shared)
    errands.release.set()
    await leader
    assert await _names(sqlite_store) == ["leader"]
