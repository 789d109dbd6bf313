"""So many at a time, the others in a line in which a finished track stands before what members have just attached."""

import asyncio
import heapq
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import IntEnum
from itertools import count


class Urgency(IntEnum):
    """Who goes first; equals go in the order in which they came."""

    TRACK = 0  #: paid for and awaited
    REFERENCE = 1  #: not begun yet


class Turns:
    """A semaphore whose line is sorted by urgency. For one event loop."""

    def __init__(self, at_once: int) -> None:
        """`at_once`: how many may have a turn at the same time."""
        self._free = at_once
        self._arrivals = count()
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, urgency: Urgency) -> AsyncGenerator[None]:
        """Waits for a turn and holds it for the length of the block."""
        await self._take(urgency)
        try:
            yield
        finally:
            self._hand_on()

    async def _take(self, urgency: Urgency) -> None:
        if self._free:
            self._free -= 1
            return
        called = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._arrivals), called))
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():  # called and cancelled in the same moment: the turn is the next one's
                self._hand_on()
            raise

    def _hand_on(self) -> None:
        while self._waiting:
            *_, called = heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._free += 1
