"""What a process holds on PostgreSQL when the server has ended the connection that held it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import make_url, text

from bot.clock import SystemClock
from bot.database_address import parse
from bot.store import seats
from bot.store.engines import connect
from bot.store.postgresql import IDLE_SECONDS
from bot.store.seats import Greetings, HeldSeat, Seat, alone_on, is_taken
from bot.supervisor import TaskSupervisor
from tests.bot.store.postgresql import PostgresqlServer

EndOthers = Callable[[], Awaitable[None]]


@pytest.fixture
async def url(postgresql: PostgresqlServer) -> str:
    return await postgresql.empty_database()


@pytest.fixture
def end_others(url: str) -> EndOthers:
    async def end() -> None:
        database = connect(make_url(url))
        async with database.writing() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            )
        await database.close()

    return end


async def test_a_seat_whose_connection_was_ended_is_left_without_an_error(url: str, end_others: EndOthers) -> None:
    seat = HeldSeat(parse(url), Seat(gateway=True), SystemClock())
    await seat.take()
    await end_others()
    await seat.leave()
    assert not await is_taken(parse(url))


async def test_being_alone_ends_without_an_error_when_its_connection_was_ended(url: str, end_others: EndOthers) -> None:
    async with alone_on(parse(url)):
        await end_others()
    assert not await is_taken(parse(url))


@pytest.mark.slow
async def test_a_seat_and_being_alone_last_longer_than_a_transaction_may_stand_still(url: str) -> None:
    seat = HeldSeat(parse(url), Seat(gateway=True), SystemClock())
    await seat.take()
    await asyncio.sleep(IDLE_SECONDS + 1)
    assert await is_taken(parse(url))
    await seat.leave()
    async with alone_on(parse(url)):
        await asyncio.sleep(IDLE_SECONDS + 1)
        assert await is_taken(parse(url))


async def test_a_turn_to_greet_ends_by_itself_when_its_process_stands_still(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(seats, "_MAX_TURN_SECONDS", 1.5)  # who waits looks every second
    caplog.set_level(logging.INFO)
    supervisor = TaskSupervisor(SystemClock())
    still, other = (Greetings(parse(url), SystemClock(), supervisor) for _ in range(2))
    async with still.turn(0), other.turn(0):
        pass
    await asyncio.sleep(0)  # a task that has not begun would let go of nothing
    await supervisor.stop()
    assert "no turn to greet" not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_turn_whose_greeting_fails_is_the_next_ones_at_once(url: str) -> None:
    supervisor = TaskSupervisor(SystemClock())
    database = connect(make_url(url))
    with pytest.raises(ConnectionResetError) as kept:  # whose trace keeps all that was not let go of
        async with Greetings(parse(url), SystemClock(), supervisor).turn(0):
            raise ConnectionResetError
    async with database.reading() as connection:
        held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert (await connection.execute(held)).scalar_one() == 0, kept
    await database.close()
    await supervisor.stop()
