"""The head of the line as one statement sees it, and who of it goes next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.jobs.model import Job

#: Of songs.
Ids = Collection[int]

#: Who has waited so many times as long as the middle one goes next, whatever else their member has in hand.
_MAX_MEDIAN_WAITS = 3
#: Who came a moment before all others has not waited for long.
_MIN_WAIT = timedelta(seconds=1)


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
        median_wait = max(timedelta(0), now - self.median_since)  # the clock may have been set back
        is_overdue = now - self.longest_since >= max(_MAX_MEDIAN_WAITS * median_wait, _MIN_WAIT)
        if is_overdue and self.longest_since < self.median_since:
            return (self.longest,)
        return self.ids[:free]


class LineStore(Protocol):
    """Who stands in line for a place at the provider."""

    async def ahead_of(self, job: Job, now: datetime | None = None) -> int:
        """How many jobs of its model hold a place at the provider, or are queued with a lower number.

        Those whose server is paused do not count: they keep their place, and others go on. `now` tells which pauses
        are over; without it only those without an end are seen.
        """
        ...


class HeadStore(LineStore, Protocol):
    """What the line asks."""

    async def waiting_between(self, from_id: int, job: Job, now: datetime) -> int:
        """How many jobs of its model are queued with a lower number, `from_id` and above; quick for a few."""
        ...

    async def head_of_line(self, model: str, called: Ids, limit: int, now: datetime, *, aside: Ids = ()) -> Head | None:
        """The head of the line without those in `called`, who count as taken places; None when nobody waits.

        Nor are those in `aside` in it, who take none.
        Songs of servers that are paused do not stand in it: `now` tells which pauses are over.
        In the order in which they would go if no song came to an end meanwhile: fewest of their member's songs, of any
        model, from POST to ready in hand, then oldest.
        """
        ...
