"""The machine's clock keeps its few promises."""

import asyncio
from datetime import UTC

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
