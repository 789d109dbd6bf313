"""What only PostgreSQL can do: start together, be out of reach, lose a connection."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database_address import parse
from bot.errors import StartError, StoreBusyError
from bot.jobs.model import JobState
from bot.store.db import describe, open_store, sole_runner
from bot.store.engines import Database, connect
from bot.store.jobs import SqlJobStore
from bot.store.migrate import newest
from bot.store.postgresql import IDLE_SECONDS, open_connection, postgresql_engine
from tests.bot.store.orders import NOON, SetClock, an_order, at
from tests.bot.store.postgresql import PostgresqlServer

END_THE_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


@pytest.fixture
async def empty(postgresql: PostgresqlServer) -> str:
    return await postgresql.empty_database()


@asynccontextmanager
async def _another(url: str) -> AsyncGenerator[AsyncConnection]:
    database = connect(make_url(url))
    async with database.writing() as connection:
        yield connection
    await database.close()


async def test_an_empty_database_is_described_and_left_empty(empty: str) -> None:
    for _ in range(2):
        assert (await describe(empty)).endswith(": empty; the bot will create its tables.")


async def test_processes_that_start_together_migrate_once(empty: str) -> None:
    async def one(number: int) -> int:
        async with open_store(empty, clock=SetClock()) as store:
            return (await store.add(an_order(number), NOON)).id

    ids = await asyncio.gather(*(one(number) for number in range(1, 6)))
    assert sorted(ids) == [1, 2, 3, 4, 5]
    assert (await describe(empty)).endswith(f"revision {newest()} (up to date).")


async def test_only_one_process_drives_jobs_and_the_next_one_may_when_it_is_gone(empty: str) -> None:
    async with sole_runner(empty):
        with pytest.raises(StartError, match="another running bot"):
            async with sole_runner(empty):
                pass
    async with sole_runner(empty):
        pass


async def test_several_processes_may_use_one_database(empty: str) -> None:
    async with open_store(empty, clock=SetClock()) as here, open_store(empty, clock=SetClock()) as there:
        job = await here.add(an_order(), NOON)
        assert await there.get(job.id) == job


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"database": "nowhere"}, "no such database"),
        ({"username": "nobody", "password": "s3cret"}, "user refused"),
        ({"host": "127.0.0.1", "port": 1, "query": {}}, "out of reach: ConnectionRefusedError"),
    ],
)
async def test_what_is_wrong_with_a_server_is_said_without_the_password(
    empty: str, change: dict[str, str | int], word: str
) -> None:
    url = make_url(empty).set(**change).render_as_string(hide_password=False)
    for attempt in (describe(url), open_store(url, clock=SetClock()).__aenter__()):
        with pytest.raises(StartError) as caught:
            await attempt
        assert f"cannot be used ({word})" in str(caught.value)
        assert "s3cret" not in str(caught.value)


async def test_a_row_that_another_holds_is_busy_and_free_afterwards(empty: str) -> None:
    # of all bounds only the one on locks is short: whatever else takes its time is not what is asked for here
    unhurried = make_url(empty).update_query_dict({"connect_timeout": "60", "command_timeout": "60"})
    url = unhurried.render_as_string(hide_password=False)
    async with open_store(url, clock=SetClock(), busy_seconds=0.2) as store:
        job = await store.add(an_order(), NOON)
        async with _another(empty) as other:
            await other.execute(text("SELECT * FROM job FOR UPDATE"))
            with pytest.raises(StoreBusyError, match=r"^locked$"):
                await store.move(job, JobState.QUEUED, at(1))
            assert await store.get(job.id) == job
        assert await store.move(job, JobState.QUEUED, at(1)) is not None


async def test_a_process_that_stands_still_in_a_transaction_keeps_its_rows_for_a_bounded_time(empty: str) -> None:
    async with open_store(empty, clock=SetClock()) as store:
        job = await store.add(an_order(), NOON)
        engine = postgresql_engine(parse(empty), busy_seconds=5.0, idle_seconds=0.5)
        still = Database(engine, engine)

        async def stand_still() -> None:
            async with still.writing() as connection:
                await connection.execute(text("UPDATE job SET title = 'changed'"))
                # what it wrote is another's to move although it has neither gone on nor gone
                assert await store.move(job, JobState.QUEUED, at(1)) is not None
                await connection.execute(text("UPDATE job SET title = 'changed again'"))

        with pytest.raises(StoreBusyError, match="out of reach"):
            await stand_still()
        with pytest.raises(StoreBusyError, match="out of reach"):
            await _end_late(still, store)
        row = await store.get(job.id)
        assert row is not None
        assert (row.state, row.title) == (JobState.QUEUED, job.title)
        async with still.writing() as connection:  # and goes on as before
            await connection.execute(text("UPDATE job SET title = title"))
        await still.close()


async def _end_late(still: Database, store: SqlJobStore) -> None:
    async with still.writing() as connection:
        await connection.execute(text("UPDATE job SET title = 'changed'"))
        async with store.database.writing() as other:  # not before the row is free
            await other.execute(text("UPDATE job SET title = title"))


async def test_every_connection_bounds_how_long_a_transaction_stands_still(empty: str) -> None:
    shown = text("SHOW idle_in_transaction_session_timeout")
    database = connect(make_url(empty))
    async with database.writing() as connection:
        assert (await connection.execute(shown)).scalar_one() == f"{IDLE_SECONDS:.0f}s"
    await database.close()
    alone = await open_connection(parse(empty), busy_seconds=5.0)
    assert await alone.fetchval(shown.text) == f"{IDLE_SECONDS:.0f}s"
    await alone.close()


async def test_connections_that_the_server_ended_are_replaced(empty: str) -> None:
    async with open_store(empty, clock=SetClock()) as store:
        job = await store.add(an_order(), NOON)
        async with _another(empty) as other:
            await other.execute(END_THE_OTHERS)
        assert await store.get(job.id) == job


async def test_a_connection_lost_within_a_transaction_is_busy_and_nothing_was_written(empty: str) -> None:
    async def lose() -> None:
        async with store.database.writing() as connection:
            await connection.execute(text("UPDATE job SET title = 'changed'"))
            async with _another(empty) as other:
                await other.execute(END_THE_OTHERS)
            await connection.execute(text("UPDATE job SET title = 'changed again'"))

    async with open_store(empty, clock=SetClock()) as store:
        job = await store.add(an_order(), NOON)
        with pytest.raises(StoreBusyError, match="out of reach"):
            await lose()
        assert await store.get(job.id) == job
