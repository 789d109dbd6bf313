"""PgBouncer in between: by session it works, by transaction it is refused, and nothing outlives its client."""

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.database_address import parse
from bot.errors import StartError
from bot.store.db import describe, open_store, sole_runner
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
    async with sole_runner(url):
        assert await is_taken(address)
    assert not await is_taken(address)


@pytest.mark.parametrize("mode", ["transaction"])
async def test_by_transaction_it_is_refused_with_what_to_set(url: str) -> None:
    for _ in range(3):
        with pytest.raises(StartError) as refused:
            async with open_store(url, clock=SystemClock()):
                pass
        assert "pool_mode=session" in str(refused.value)
    with pytest.raises(StartError, match="pool_mode=session"):
        await describe(url)


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
