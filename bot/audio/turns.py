"""So many at a time, the others in a fair line: tracks, then whoever has the fewest in hand, then the oldest."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import TypeAlias

#: Hears how many go first, each time that changes; None: the turn has come.
Placed: TypeAlias = Callable[[int | None], None]

#: Further back a place changes with every turn; nobody is told of it more than once.
_TOLD = 20


class Urgency(IntEnum):
    """Who goes first."""

    TRACK = 0  #: paid for and awaited
    REFERENCE = 1  #: not begun yet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Waiting:
    urgency: Urgency
    member_id: int
    arrival: int
    called: asyncio.Future[None]
    placed: Placed | None


class Turns:
    """A semaphore whose line is sorted by urgency, then fairly between members. For one event loop."""

    def __init__(self, at_once: int, *, max_each: int | None = None) -> None:
        """`at_once`: how many may have a turn at the same time; `max_each`: of one member, at least one."""
        self._free = at_once
        self._max_each = at_once if max_each is None else max(1, max_each)
        self._arrivals = count()
        self._in_hand: Counter[int] = Counter()
        self._waiting: list[_Waiting] = []

    @property
    def in_hand(self) -> int:
        """How many have a turn."""
        return self._in_hand.total()

    @asynccontextmanager
    async def turn(
        self, urgency: Urgency = Urgency.REFERENCE, *, member_id: int = 0, placed: Placed | None = None
    ) -> AsyncGenerator[None]:
        """Waits for a turn and holds it for the length of the block. `placed` is told of nothing unless it waits."""
        await self._take(urgency, member_id, placed)
        try:
            yield
        finally:
            self._hand_on(member_id)

    async def _take(self, urgency: Urgency, member_id: int, placed: Placed | None) -> None:
        called = asyncio.get_running_loop().create_future()
        mine = _Waiting(
            urgency=urgency, member_id=member_id, arrival=next(self._arrivals), called=called, placed=placed
        )
        self._waiting.append(mine)
        self._call_next()
        if called.done():
            return
        self._tell(mine)
        try:
            await called
        except asyncio.CancelledError:
            if called.cancelled():
                self._waiting.remove(mine)
                self._tell()
            else:  # called and cancelled in the same moment: the turn is the next one's
                self._hand_on(member_id)
            raise
        if placed is not None:
            placed(None)

    def _hand_on(self, member_id: int) -> None:
        self._free += 1
        self._call_next()  # whoever leaves still counts: their next file does not go before another member's
        self._in_hand[member_id] -= 1
        self._call_next()  # now that it does not, they may have less than their most
        self._tell()

    def _call_next(self) -> None:
        while self._free and (allowed := [one for one in self._in_order() if self._may(one)]):
            chosen = allowed[0]
            self._waiting.remove(chosen)
            self._free -= 1
            self._in_hand[chosen.member_id] += 1
            chosen.called.set_result(None)

    def _may(self, one: _Waiting) -> bool:
        return not one.called.done() and self._in_hand[one.member_id] < self._max_each

    def _in_order(self) -> list[_Waiting]:
        """As they would be called if nobody came or left: each call makes a member's next one wait for the others."""
        before = Counter(self._in_hand)
        keys: dict[int, tuple[Urgency, int, int]] = {}
        for one in sorted(self._waiting, key=lambda one: (one.urgency, one.arrival)):
            keys[one.arrival] = (one.urgency, before[one.member_id], one.arrival)
            before[one.member_id] += 1
        return sorted(self._waiting, key=lambda one: keys[one.arrival])

    def _tell(self, newcomer: _Waiting | None = None) -> None:
        for place, one in enumerate(self._in_order()):
            if one.placed is not None and (place < _TOLD or one is newcomer):
                one.placed(self.in_hand + place)
