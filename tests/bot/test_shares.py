"""A process's part of what all may ask: it follows what was agreed on, and ends when that is old."""

import asyncio

from bot.clock import SystemClock
from bot.jobs.sharing import Share
from bot.shares import SharedLimiter, Shares
from tests.moved_clock import MovedClock


async def test_alone_a_process_has_all_of_it_and_a_part_that_is_not_renewed_is_not_used() -> None:
    clock = MovedClock()
    shares = Shares(clock)
    assert (shares.is_shared, shares.polls(), shares.discord()) == (False, 1.0, 1.0)
    shares.renewed(Share(polls=0.25, discord=0.5))
    assert (shares.is_shared, shares.polls(), shares.discord()) == (True, 0.25, 0.5)
    clock.leap(21)
    assert (shares.polls(), shares.discord()) == (0.0, 0.0)
    shares.renewed(Share(polls=0.5, discord=0.5))
    assert shares.polls() == 0.5


async def test_while_a_process_has_no_part_nothing_is_let_through() -> None:
    parts = [0.0]
    limiter = SharedLimiter(100, lambda: parts[0], SystemClock())
    waiting = asyncio.create_task(limiter.acquire())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    parts[0] = 1.0
    await waiting


async def test_the_rate_is_the_part_of_the_whole() -> None:
    part = [1.0]
    limiter = SharedLimiter(200, lambda: part[0], SystemClock())
    await limiter.acquire()
    assert limiter.max_rate == 200
    part[0] = 0.25
    await limiter.acquire()
    assert limiter.max_rate == 50
