"""A database that is locked, full or broken says so in a word, keeps the members' words to itself, and recovers."""

import asyncio
import random
import resource
import sqlite3
import traceback
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import exc, make_url, text

from bot.errors import StoreBusyError, StoreError
from bot.jobs.model import Job, JobState
from bot.store.db import open_store
from bot.store.driver_errors import busy_word, driver_errors_mapped
from bot.store.engines import Database, connect
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import LYRICS, NOON, TOKEN, SetClock, an_order, at

#: Far more than a test that waits for a lock should take; only a hang gets there.
PATIENCE_SECONDS = 30


@contextmanager
def _locked(path: Path) -> Generator[None]:
    """Another program writes to the file and does not finish."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _no_growth(path: Path) -> Generator[None]:
    """The disk takes nothing that is not overwritten."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name(f"{path.name}-wal").stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _says_nothing_of_the_member(error: BaseException) -> bool:
    shown = "".join(traceback.format_exception(error))
    return not any(secret in shown for secret in (*LYRICS.split(), TOKEN, "cdn.example", "INSERT INTO", "UPDATE job"))


async def test_a_locked_database_is_busy_and_works_again_afterwards(sqlite_url: str, path: Path) -> None:
    async with open_store(sqlite_url, clock=SetClock(), busy_seconds=0.2) as store, asyncio.timeout(PATIENCE_SECONDS):
        job = await store.add(an_order(1), NOON)
        with _locked(path):
            for call in (
                store.add(an_order(2), NOON),
                store.move(job, JobState.QUEUED, at(1)),
                store.update(1, detail="x"),
            ):
                with pytest.raises(StoreBusyError, match=r"^locked$") as caught:
                    await call
                assert _says_nothing_of_the_member(caught.value)
            assert await store.get(job.id) == job, "reading goes on"
        assert await store.move(job, JobState.QUEUED, at(1)) is not None
        assert len(await store.history(job.id)) == 2
        assert (await store.add(an_order(2), NOON)).state is JobState.CHECKING


async def test_a_crowd_before_a_locked_database_is_told_in_bounded_time(sqlite_url: str, path: Path) -> None:
    async with open_store(sqlite_url, clock=SetClock(), busy_seconds=0.5) as store, asyncio.timeout(PATIENCE_SECONDS):
        with _locked(path):
            orders = [store.add(an_order(number), NOON) for number in range(1, 41)]
            results = await asyncio.gather(*orders, return_exceptions=True)
        assert {type(result) for result in results} == {StoreBusyError}
        assert {str(result).split(":")[0] for result in results} == {"locked"}
        assert store.database._shared is not None
        store.database._shared._turns.patience_seconds = PATIENCE_SECONDS  # however slow the disk is
        assert await asyncio.gather(*(store.add(an_order(number), NOON) for number in range(1, 41)))


async def test_a_full_disk_is_busy_and_leaves_nothing_half_done(sqlite_url: str) -> None:
    """SQLite's own limit on pages gives the same error as a disk without room."""
    async with open_store(sqlite_url, clock=SetClock()) as store:
        job = await store.add(an_order(1), NOON)
        async with store.database.writing() as connection:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreBusyError, match=r"^disk full$") as caught:
            await store.add(an_order(2, lyrics=LYRICS * 1000), NOON)
        assert _says_nothing_of_the_member(caught.value)
        assert (await store.tally()).by_state[JobState.CHECKING] == 1
        with pytest.raises(StoreBusyError, match=r"^disk full$"):
            await store.move(job, JobState.QUEUED, at(1), why="x" * 50_000)
        assert await store.get(job.id) == job, "a move whose line of history found no room did not happen"
        async with store.database.writing() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert await store.move(job, JobState.QUEUED, at(1), why="x" * 50_000) is not None


async def test_a_disk_that_fails_is_busy_and_leaves_nothing_half_done(sqlite_url: str, path: Path) -> None:
    async with open_store(sqlite_url, clock=SetClock()) as store:
        job = await store.add(an_order(1), NOON)
        with _no_growth(path):
            with pytest.raises(StoreBusyError, match=r"^input/output error$") as caught:
                await store.add(an_order(2, lyrics=LYRICS * 1000), NOON)
            with pytest.raises(StoreBusyError, match=r"^input/output error$"):
                await store.move(job, JobState.QUEUED, at(1))
            assert await store.get(job.id) == job
        assert _says_nothing_of_the_member(caught.value)
        assert await store.move(job, JobState.QUEUED, at(1)) is not None
        assert (await store.tally()).by_state[JobState.CHECKING] == 0


async def test_a_database_damaged_while_in_use_is_no_passing_trouble(sqlite_url: str, path: Path) -> None:
    async with open_store(sqlite_url, clock=SetClock()) as store:
        for number in range(1, 60):
            await store.add(an_order(number, lyrics="la " * 1000), NOON)
    database = connect(make_url(sqlite_url))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        await SqlJobStore(database).get(1)
    await database.close()
    assert type(caught.value) is StoreError
    assert "SQLITE_CORRUPT" in str(caught.value)


async def test_a_broken_rule_of_the_tables_names_no_values(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    nothing: Any = None
    with pytest.raises(StoreError) as caught:
        await store.update(job.id, detail=nothing)
    assert type(caught.value) is StoreError
    assert _says_nothing_of_the_member(caught.value)
    assert await store.get(job.id) == job


async def test_a_state_that_does_not_exist_cannot_be_stored(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    with pytest.raises(StoreError):
        async with store.database.writing() as connection:
            await connection.execute(text("UPDATE job SET state = 'dreaming'"))
    assert await store.get(job.id) == job


async def test_a_closed_store_is_busy_and_does_not_open_the_file_again(url: str) -> None:
    async with open_store(url, clock=SetClock()) as store:
        job = await store.add(an_order(), NOON)
    for call in (store.get(job.id), store.move(job, JobState.QUEUED, at(1))):
        with pytest.raises(StoreBusyError, match="closed"):
            await call


@pytest.mark.parametrize("closes", [False, True])
async def test_a_cancelled_caller_leaves_whole_rows_and_a_free_database(url: str, closes: bool) -> None:
    """A shutdown cancels callers at any await; each move is then there with its history, or not at all."""
    rng = random.Random(7)
    cancelled: list[asyncio.Task[Job | None]] = []  # held: a traceback that is kept must not keep a lock
    async with open_store(url, clock=SetClock(), busy_seconds=PATIENCE_SECONDS) as store:
        jobs = [await store.add(an_order(number), NOON) for number in range(1, 31)]
        for job in jobs:
            cancelled.append(asyncio.create_task(store.move(job, JobState.QUEUED, at(1))))
            for _ in range(rng.randrange(30)):
                await asyncio.sleep(0)
            await asyncio.sleep(rng.choice([0, 0.0005, 0.001, 0.002, 0.004]))
            cancelled[-1].cancel()
            if not closes:
                await store.update(job.id, card_message_id=job.id)
        await asyncio.gather(*cancelled, return_exceptions=True)
    assert any(task.cancelled() for task in cancelled)
    async with open_store(url, clock=SetClock()) as store:
        for job in jobs:
            now = await store.get(job.id)
            assert now is not None
            assert now.version == (0 if now.state is JobState.CHECKING else 1)
            assert len(await store.history(job.id)) == now.version + 1


@pytest.mark.parametrize("gone", ["reading", "writing"])
async def test_a_transaction_that_raises_takes_its_writes_back(store: SqlJobStore, gone: str) -> None:
    job = await store.add(an_order(), NOON)
    statement = "UPDATE job SET title = 'changed'" if gone == "writing" else "SELECT 1"

    async def begin_and_stop() -> None:
        async with getattr(store.database, gone)() as connection:
            await connection.execute(text(statement))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        await begin_and_stop()
    assert await store.get(job.id) == job


class _PostgresqlError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("DETAIL: Failing row contains (sing this)")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "word"),
    [
        ("53100", "disk full"),
        ("53300", "out of resources"),
        ("25006", "read-only"),
        ("55P03", "locked"),
        ("40P01", "locked"),
        ("57P01", "out of reach"),
        ("08006", "out of reach"),
        ("58030", "input/output error"),
        ("23505", None),
        ("42P01", None),
        ("", None),
    ],
)
def test_passing_troubles_of_postgresql_are_known_by_their_code(sqlstate: str, word: str | None) -> None:
    error = _PostgresqlError(sqlstate)
    assert busy_word(error) == word
    with pytest.raises(StoreError) as caught, driver_errors_mapped():
        raise exc.DBAPIError("UPDATE job", {}, error)
    assert isinstance(caught.value, StoreBusyError) == (word is not None)
    assert "sing this" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), exc.TimeoutError()])
def test_a_database_out_of_reach_is_busy(error: Exception) -> None:
    with pytest.raises(StoreBusyError), driver_errors_mapped():
        raise error


def test_an_error_that_is_not_the_databases_passes_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), driver_errors_mapped():
        raise ZeroDivisionError


async def test_a_job_prints_neither_words_nor_secrets(store: SqlJobStore) -> None:
    order = an_order()
    job: Job = await store.add(order, NOON)
    for shown in (repr(job), repr(order), f"{job}"):
        assert not any(secret in shown for secret in (*LYRICS.split()[:2], TOKEN, "cdn.example"))


async def test_the_database_is_read_while_it_is_written(store: SqlJobStore) -> None:
    database: Database = store.database
    job = await store.add(an_order(), NOON)
    async with asyncio.timeout(PATIENCE_SECONDS), database.writing() as connection:
        await connection.execute(text("UPDATE job SET title = 'changed'"))
        assert await store.get(job.id) == job
