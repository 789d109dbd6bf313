"""The machine's clock keeps its few promises."""

import asyncio
from datetime import UTC

import pytest

from bot.clock import SystemClock


def test_the_time_of_day_knows_its_zone():
    assert SystemClock().now().tzinfo is UTC


async def test_a_pause_of_nothing_or_less_lets_others_run_and_returns():
    seen: list[str] = []
    other = asyncio.get_running_loop().call_soon(seen.append, "other")
    await SystemClock().sleep(-5)
    assert seen == ["other"]
    other.cancel()


async def test_a_wait_ends_with_the_event_or_with_the_time():
    clock = SystemClock()
    event = asyncio.Event()
    before = clock.monotonic()
    await clock.wait(event, 0.02)
    assert clock.monotonic() - before >= 0.015
    asyncio.get_running_loop().call_soon(event.set)
    await clock.wait(event, None)
    await clock.wait(event, 3600)


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_around_the_turn_in_which_the_event_is_set_is_never_swallowed(turns: int):
    event = asyncio.Event()

    async def wait_twice() -> None:
        await SystemClock().wait(event, 3600)
        await asyncio.get_running_loop().create_future()

    waiting = asyncio.ensure_future(wait_twice())
    await asyncio.sleep(0)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    waiting.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    assert waiting.cancelled()
