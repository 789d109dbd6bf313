"""What was seen of one generation from here: how long it took, and what the service told of its place meanwhile. Pure.

Ages are in seconds since it was accepted.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from bot.jobs.poll_plan import Interval

#: Servers that may work through a queue of ours; with more of them a place in it tells little.
MAX_SERVERS = 3
#: No age, place or count that was kept is larger, whatever a clock did meanwhile: beyond it there is no reckoning.
MAX_KEPT_NUMBER = 1e11


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the looks at one generation were told of its place in the service's own queue: how many go first.

    Its work began between the last look that found it waiting and the first one that did not.
    """

    first_place: int | None  #: the first place told; None: it was never told one
    place: int = 0  #: the last one
    first_at: float = 0.0  #: when the first place was told
    since: float = 0.0  #: when the last place was told first
    waited_until: float = 0.0  #: when it was last seen waiting; 0: it may have begun at once
    left_by: float = math.inf  #: when it was first seen waiting no more; infinite: that was never seen
    is_odd: bool = False  #: its place grew, or it waited again after its work had begun: it proves nothing

    @property
    def is_waiting(self) -> bool:
        """Whether the last look found it in the queue."""
        return math.isinf(self.left_by)

    @property
    def can_be_believed(self) -> bool:
        """Whether it was told a place, and none that goes backwards."""
        return self.first_place is not None and not self.is_odd


def told(before: Told | None, age: float, place: int | None) -> Told:
    """After one more look that found it unfinished at this age; `place`: None where none was told."""
    if before is None:
        if place is None:
            return Told(first_place=None, left_by=age)
        return Told(first_place=place, place=place, first_at=age, since=age, waited_until=age)
    age = max(age, before.waited_until)  # the clock may have been set back
    if place is None:
        return replace(before, left_by=min(before.left_by, age))
    if not before.is_waiting or place > before.place:
        first_place = before.first_place if before.first_place is not None else place
        return replace(before, first_place=first_place, is_odd=True)
    since = before.since if place == before.place else age
    return replace(before, place=place, since=since, waited_until=age)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One generation: in seconds since it was accepted, when it was last seen at work and when it was seen ready.

    `turns`: since when fewer than 1, 2, 3 earlier ones of ours were unfinished; infinite where that never came about.
    """

    after: float
    until: float  #: infinite: it outlived its deadline
    characters: int
    turns: tuple[float, ...] = (0.0,) * MAX_SERVERS
    is_turn_unknown: bool = False  #: there was a restart in between: its turn came some time or other
    told: Told | None = None  #: None: the first look found it ready, or nothing was noted then

    def interval(self, servers: int) -> Interval | None:
        """Its length as it counts with so many servers, 0 for no queue; None: it cannot have been so."""
        if not servers:
            return Interval(after=self.after, until=self.until)
        turn = 0.0 if self.is_turn_unknown else self.turns[servers - 1]
        if self.until <= turn:
            return None
        after = 0.0 if self.is_turn_unknown else max(0.0, self.after - turn)
        return Interval(after=after, until=self.until - turn)

    def since_it_left(self) -> Interval:
        """Its length from when it left the service's queue: neither end of that is known but within bounds."""
        if self.told is None:
            return Interval(after=0.0, until=self.until)
        waited_until = self.told.waited_until
        within = min(self.told.left_by, self.until) - waited_until
        after = max(0.0, self.after - waited_until)
        return Interval(after=after, until=self.until - waited_until, begun_within=within)

    def written(self) -> list[Any]:
        """As a row of JSON, without what was told."""
        return [
            round(self.after, 2),
            _number(self.until),
            self.characters,
            [_number(turn) for turn in self.turns],
            int(self.is_turn_unknown),
        ]

    def written_told(self) -> list[Any] | None:
        """What was told, as a row of JSON."""
        one = self.told
        if one is None:
            return None
        if one.first_place is None:
            return [_number(one.left_by)]
        ages = [_number(age) for age in (one.left_by, one.first_at, one.since, one.waited_until)]
        return [*ages, one.first_place, one.place, int(one.is_odd)]


def read_row(row: Any, row_told: Any) -> Observed:
    """What `written` and `written_told` gave. Raises ValueError, TypeError for anything else."""
    after, until, characters, turns, is_unknown = row
    numbers = tuple(math.inf if turn is None else float(turn) for turn in turns)
    if len(numbers) != MAX_SERVERS:
        raise ValueError("a queue of another length")
    end = math.inf if until is None else float(until)
    known = (float(after), float(characters), *(number for number in (end, *numbers) if number != math.inf))
    if not (all(0 <= number <= MAX_KEPT_NUMBER for number in known) and after <= end):
        raise ValueError("no length")  # what is no number is neither more nor less
    return Observed(
        after=float(after),
        until=end,
        characters=int(characters),
        turns=numbers,
        is_turn_unknown=bool(is_unknown),
        told=None if row_told is None else _read_told(row_told),
    )


def _read_told(row: Any) -> Told:
    left_by = math.inf if row[0] is None else float(row[0])
    if not (0 <= left_by <= MAX_KEPT_NUMBER or left_by == math.inf):
        raise ValueError("no age")
    if len(row) == 1:
        return Told(first_place=None, left_by=left_by)
    first_at, since, waited_until, first_place, place, is_odd = row[1:]
    is_age = 0 <= first_at <= since <= waited_until <= MAX_KEPT_NUMBER
    if not (is_age and all(0 <= number <= MAX_KEPT_NUMBER for number in (first_place, place))):
        raise ValueError("no place")
    return Told(
        first_place=int(first_place),
        place=int(place),
        first_at=float(first_at),
        since=float(since),
        waited_until=float(waited_until),
        left_by=left_by,
        is_odd=bool(is_odd),
    )


def _number(age: float) -> float | None:
    return None if math.isinf(age) else round(age, 2)
