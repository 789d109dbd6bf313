"""PgBouncer in between: by session it works, by transaction it is refused, and nothing outlives its client."""

import asyncio
import tempfile
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.database_address import parse
from bot.errors import StartError
from bot.store.beside import open_beside
from bot.store.db import describe, open_store, sole_runner
from bot.store.pooler_words import pooler_trouble
from bot.store.seats import HeldSeat, Seat, SeatTakenError, is_taken
from tests.bot.store.orders import NOON, an_order
from tests.bot.store.own_server import OwnServer, own_server, programs
from tests.bot.store.pooler import PGBOUNCER, pooler


@pytest.fixture(scope="module")
def server() -> Generator[OwnServer]:
    where = programs()
    if where is None or PGBOUNCER is None:
        pytest.skip("no PostgreSQL and PgBouncer of Debian's here")
    with tempfile.TemporaryDirectory(prefix="compose-pg-") as folder, own_server(Path(folder), where) as running:
        running.psql("CREATE DATABASE songs")
        yield running


@pytest.fixture
def url(server: OwnServer, mode: str) -> Generator[str]:
    with pooler(server, server.folder.parent, mode) as port:
        yield f"postgresql+asyncpg://bot@127.0.0.1:{port}/songs?sslmode=disable"


@pytest.mark.heavy
@pytest.mark.parametrize("mode", ["session"])
async def test_by_session_it_works_and_a_place_ends_with_its_client(server: OwnServer, url: str) -> None:
    address, clock = parse(url), SystemClock()
    async with open_store(url, clock=clock) as store:
        job = await store.add(an_order(1), NOON)
        assert await store.get(job.id) is not None
        async with store.database.reading() as connection:
            assert (await connection.exec_driver_sql("SHOW lock_timeout")).scalar_one() == "5s"
    assert "up to date" in await describe(url)
    seat = HeldSeat(address, Seat(gateway=True), clock)
    await seat.take()
    assert await is_taken(address)
    other = HeldSeat(address, Seat(gateway=True), clock)
    with pytest.raises(SeatTakenError):
        await other.take()
    await other.leave()
    with pytest.raises(StartError, match="in use by another running bot"):
        async with sole_runner(url):
            pass
    assert seat._connection is not None
    await seat._connection.invalidate()  # as when its process is killed
    await seat.leave()
    async with asyncio.timeout(30):  # nobody waits until pooler and server have seen that it is gone
        while await is_taken(address):  # noqa: ASYNC110 - which no event tells
            await asyncio.sleep(0.02)
    async with sole_runner(url):
        assert await is_taken(address)
    assert not await is_taken(address)


@pytest.mark.heavy
@pytest.mark.parametrize("mode", ["transaction"])
async def test_by_transaction_it_is_refused_with_what_to_set(url: str) -> None:
    for _ in range(3):
        with pytest.raises(StartError) as refused:
            async with open_store(url, clock=SystemClock()):
                pass
        assert "pool_mode=session" in str(refused.value)
    with pytest.raises(StartError, match="pool_mode=session"):
        await describe(url)


@pytest.mark.heavy
@pytest.mark.parametrize("mode", ["statement"])
async def test_by_statement_it_is_refused_with_what_to_set_by_whoever_opens_it(url: str) -> None:
    async def opened_beside() -> None:
        async with open_beside(url):
            pass

    async def owned_alone() -> None:
        async with sole_runner(url):
            pass

    for use in (
        partial(_opened, url),
        opened_beside,
        owned_alone,
        partial(describe, url),
        partial(is_taken, parse(url)),
    ):
        with pytest.raises(StartError, match=r"\(a pooler hands sessions on\)\. .*pool_mode=session"):
            await use()


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("more", "database", "sentence"),
    [
        ("max_client_conn = 0", "songs", r"\(too many connections\)\. .*raise its max_client_conn"),
        pytest.param(
            "default_pool_size = 1\nquery_wait_timeout = 1",
            "songs",
            r"\(no session is free\)\. .*default_pool_size to 20",
            marks=pytest.mark.waits,
        ),
        pytest.param(
            "query_wait_timeout = 1",
            "away",
            r"\(no session is free\)\. .*look whether its server is there",
            marks=pytest.mark.waits,
        ),
        ("", "unheard_of", r"\(no such database\)\. .*\[databases\]"),
        ("auth_type = md5\nauth_file = /dev/null", "songs", r"\(password refused\)\. .*auth_file"),
        ("auth_type = hba\nauth_hba_file = /dev/null\nauth_file = /dev/null", "songs", "refused"),
    ],
)
async def test_what_a_pooler_says_is_told_with_what_to_do(
    server: OwnServer, more: str, database: str, sentence: str
) -> None:
    with pooler(server, server.folder.parent, "session", more) as port:
        url = f"postgresql+asyncpg://bot:hunter2@127.0.0.1:{port}/{database}?sslmode=disable"
        for use in (describe, _opened):
            with pytest.raises(StartError, match=sentence) as refused:
                await use(url)
            assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("server login failed: FATAL no such role", "its pooler cannot reach it"),
        ("server login has been failing, try again later (server_login_retry)", "its pooler cannot reach it"),
        ("pgbouncer cannot connect to server", "its pooler cannot reach it"),
        ('no pg_hba.conf entry for host "10.0.0.1", user "bot"', "its pooler is not let in"),
        ('database "songs" does not exist', "no such database"),
        ("no more connections allowed, max_db_client_connections (10) reached", "too many connections"),
        ("prepared statement did not exist", "a pooler hands sessions on"),
        ("unsupported startup parameter in options: search_path", "settings refused"),
        ("login rejected", "user refused"),
        ("the pooler is shut down", "not ready yet"),
    ],
)
def test_what_cannot_be_played_here_is_known_by_its_words(said: str, word: str) -> None:
    found = pooler_trouble(said)
    assert found is not None
    assert found[0] == word
    assert "pooler such as PgBouncer" in found[1] or "pool_mode=session" in found[1]


def test_what_a_server_says_is_not_taken_for_a_poolers_word() -> None:
    assert pooler_trouble("connection was closed in the middle of operation") is None


async def _opened(url: str) -> None:
    async with open_store(url, clock=SystemClock()):
        pass


@pytest.mark.heavy
async def test_places_exclude_each_other_as_they_should(server: OwnServer) -> None:
    address = parse(f"postgresql+asyncpg://postgres@/songs?host={server.folder}&port={server.port}")
    clock = SystemClock()

    async def taken(*seats: Seat) -> list[bool]:
        held: list[HeldSeat] = []
        found: list[bool] = []
        for wanted in seats:
            one = HeldSeat(address, wanted, clock)
            try:
                await one.take()
            except SeatTakenError:
                found.append(False)
            else:
                found.append(True)
            held.append(one)
        for one in held:
            await one.leave()
        return found

    run, worker, single = Seat(gateway=True), Seat(gateway=False), Seat(gateway=True, alone=True)
    low, high, both = (Seat(gateway=True, shards=shards) for shards in ((0,), (1,), (0, 1)))
    assert await taken(run, worker, worker, run) == [True, True, True, False]
    assert await taken(worker, single) == [True, False]
    assert await taken(single, worker, run) == [True, False, False]
    assert await taken(low, high, worker, both, run) == [True, True, True, False, False]
    assert await taken(run, low) == [True, False]
    eight = Seat(gateway=True, shards=(1,), shard_count=8)
    of_four, others_of_four = (Seat(gateway=True, shards=shards, shard_count=4) for shards in ((0, 1), (2, 3)))
    assert await taken(of_four, others_of_four) == [True, True]
    assert await taken(others_of_four, eight, of_four) == [True, False, True], "with another number they mean others"
    assert await taken(eight, others_of_four) == [True, False]
