"""The queue's connection comes back, whatever the driver calls its loss."""

import asyncio
from typing import Any

import pytest

from bot.database_address import parse
from bot.errors import StoreBusyError
from bot.store import steady
from bot.store.queue_tables import remake_queue
from bot.store.steady import SteadyConnection
from tests.moved_clock import MovedClock

asyncpg = pytest.importorskip("asyncpg")
pytest.importorskip("pgqueuer")
#: Nothing listens on the port for echoes in the first thousand.
_NOBODY = parse("postgresql://compose@127.0.0.1:7/compose")


class Torn:
    """A driver's connection of which the first breaks off in the middle of something."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def is_closed(self) -> bool:
        return False

    def terminate(self) -> None:
        self._error = None

    async def fetch(self, _query: str) -> list[dict[str, object]]:
        if self._error is not None:
            raise self._error
        return [{"answer": 42}]


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.AdminShutdownError("terminating connection"),
        ConnectionResetError(),
    ],
)
async def test_a_connection_that_broke_off_is_replaced_by_another(monkeypatch: pytest.MonkeyPatch, error: Exception):
    opened: list[Torn] = []

    async def open_connection(*_given: Any, **_more: Any) -> Torn:
        opened.append(Torn(None if opened else error))
        return opened[-1]

    monkeypatch.setattr(steady, "open_connection", open_connection)
    clock = MovedClock()
    connection = SteadyConnection(_NOBODY, clock)
    asked = asyncio.create_task(connection.fetch("SELECT 42"))
    await clock.advance(5)
    assert await asked == [{"answer": 42}]
    assert len(opened) == 2


async def test_what_no_new_connection_mends_is_told(monkeypatch: pytest.MonkeyPatch):
    async def open_connection(*_given: Any, **_more: Any) -> Torn:
        return Torn(asyncpg.UndefinedTableError("no such table"))

    monkeypatch.setattr(steady, "open_connection", open_connection)
    with pytest.raises(asyncpg.UndefinedTableError):
        await SteadyConnection(_NOBODY, MovedClock()).fetch("SELECT 42")


async def test_the_queue_is_not_made_again_while_the_database_is_away():
    with pytest.raises(StoreBusyError, match="out of reach"):
        await remake_queue(_NOBODY)
