"""The head of the line as one statement sees it, and who of it goes next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

#: Who has waited so many times as long as the middle one goes next, whatever else their member has in hand.
_MAX_MEDIAN_WAITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of one model's line, as one statement sees it."""

    ids: Sequence[int]  #: in their order, at least one
    taken: int  #: places that are taken
    longest: int  #: who waits longest
    longest_since: datetime
    median_since: datetime  #: since when the middle one waits; of two, the one that waits longer

    def next_ids(self, free: int, now: datetime) -> Sequence[int]:
        """Who goes next into so many free places; whoever waits far too long goes alone, then the order is asked for
        again."""
        if free <= 0:
            return ()
        is_overdue = now - self.longest_since >= _MAX_MEDIAN_WAITS * (now - self.median_since)
        if is_overdue and self.longest_since < self.median_since:
            return (self.longest,)
        return self.ids[:free]


class HeadStore(Protocol):
    """What the line asks."""

    async def head_of_line(self, model: str, called: Collection[int], limit: int, now: datetime) -> Head | None:
        """The head of the line without those in `called`, who count as taken places; None when nobody may go.

        Songs of servers that are paused do not stand in it, nor does any while the bot is: `now` tells which are over.
        In the order in which they would go if no song came to an end meanwhile: fewest of their member's songs from
        POST to ready in hand, then oldest.
        """
        ...
