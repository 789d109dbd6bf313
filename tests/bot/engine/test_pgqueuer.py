"""The engine of several processes, in what whole processes cannot show without a clock of their own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from bot.engine.pgqueuer import QueueAccess, SharedRunner
from bot.jobs.schedule import Pace
from bot.metrics import Metrics
from bot.supervisor import TaskSupervisor
from tests.moved_clock import MovedClock

pytest.importorskip("pgqueuer")


class Connection:
    """One that has just come back."""

    def __init__(self) -> None:
        self.on_return: Callable[[Any], Awaitable[None]] | None = None

    async def fetch(self, query: str, *values: object) -> list[dict[str, object]]:
        raise NotImplementedError

    async def execute(self, query: str, *values: object) -> str:
        raise NotImplementedError

    async def notify(self, channel: str, payload: str) -> None:
        raise NotImplementedError

    async def listen(self, channel: str, heard: Callable[[str], None]) -> None:
        raise NotImplementedError


async def test_after_an_outage_nothing_is_asked_before_others_could_say_that_they_live() -> None:
    clock, connection, said = MovedClock(), Connection(), list[float]()

    async def beat_all(_connection: Any, _process: Any) -> None:
        said.append(clock.monotonic())

    queue = QueueAccess(
        connection=connection,
        queries_on=lambda driver: driver,
        queued_ids=lambda: NotImplemented,
        beat_all=beat_all,
        make=lambda: NotImplemented,
    )
    SharedRunner(
        queue=queue,
        sharing=NotImplemented,
        process_id=uuid4(),
        store=NotImplemented,
        clock=clock,
        supervisor=TaskSupervisor(clock),
        metrics=Metrics(),
        pace=Pace(polls_per_second=1, poll_interval_seconds=1),
    )
    assert connection.on_return is not None
    began = clock.monotonic()
    back = asyncio.ensure_future(connection.on_return(object()))
    await clock.advance(2.5)
    assert said == [began], "first of all it says that its own are worked on"
    assert not back.done()
    await clock.advance(1.0)
    assert back.done()
