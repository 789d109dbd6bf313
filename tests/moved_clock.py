"""A clock that stands still until a test moves it, so that hours pass in a moment."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

#: So many turns of the event loop let everything run that waits for nothing but the loop itself.
_TURNS = 25


class MovedClock:
    """`bot.clock.Clock` with `advance`."""

    def __init__(self, begins: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)) -> None:
        self._begins = begins
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self.asked: list[float] = []
        """Every pause that was asked for, in order."""

    def now(self) -> datetime:
        return self._begins + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        if seconds is None:
            await event.wait()
            return
        pair = [asyncio.ensure_future(self.sleep(seconds)), asyncio.ensure_future(event.wait())]
        try:
            await asyncio.wait(pair, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in pair:
                one.cancel()

    def has_sleepers(self) -> bool:
        return any(not woken.done() for _, _, woken in self._sleepers)

    def leap(self, seconds: float) -> None:
        """Time passes and nobody wakes: an event loop that stood still, or a process that was not running."""
        self._elapsed += seconds

    async def advance(self, seconds: float) -> None:
        """Time passes; whoever sleeps wakes at their own moment, one after the other."""
        target = self._elapsed + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, woken = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            if not woken.done():
                woken.set_result(None)
                await self.settle()
        self._elapsed = target

    async def settle(self) -> None:
        """Let everything run that waits for nothing but the event loop."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
