"""The generations of one model in the making, as they were seen from here, and when to look at each next. Pure.

Times are seconds on whatever clock the caller keeps; only differences count.
"""

import math
from bisect import bisect_left, insort
from dataclasses import dataclass, field

from bot.jobs.foreign_queue import ForeignQueue
from bot.jobs.lengths import Belief, Expectation, Memory, believed
from bot.jobs.observed import MAX_SERVERS, Observed, Told, told

#: Until so many lengths were seen, the operator's interval is the longest pause.
MIN_LENGTHS = 10
#: Whoever is first heard of so long after it was accepted was begun before a restart.
_FRESH_SECONDS = 5.0


@dataclass(slots=True, kw_only=True, eq=False)
class Making:
    """One generation."""

    accepted_at: float
    characters: int
    last_working_at: float | None = None  #: the last look that said no
    turns: list[float] = field(default_factory=lambda: [math.inf] * MAX_SERVERS)  #: see Observed
    is_turn_unknown: bool = False
    told: Told | None = None  #: what the looks that said no told of its place at the service


class ModelLengths:
    """What is in the making of one model, what was learned of its lengths, and when to look."""

    def __init__(self, expectation: Expectation, *, max_interval_seconds: float, memory: Memory | None = None) -> None:
        """`max_interval_seconds`: the longest pause until MIN_LENGTHS lengths were seen."""
        self._expectation = expectation
        self._max_interval_seconds = max_interval_seconds
        self.memory = memory or Memory()
        self.belief = self.thought()
        self._making: dict[int, Making] = {}
        self._order: list[tuple[float, int]] = []
        self._counted = self.memory.count

    @property
    def is_due(self) -> bool:
        """Whether enough was seen since the belief was made for another one."""
        return self.memory.count - self._counted >= max(1, min(10, self._counted // 6))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in the making."""
        return not self._making

    def adopt(self, memory: Memory) -> None:
        """Go on from what others have seen as well."""
        self.memory = memory
        self._counted = min(self._counted, memory.count)

    def thought(self) -> Belief:
        """A belief after what is remembered now; for a thread."""
        memory = self.memory
        return believed(self._expectation, tuple(memory.seen), count=memory.count, fast_score=memory.fast_score)

    def believe(self, belief: Belief, count: int) -> None:
        """Go by this belief, made when `count` lengths had been seen."""
        self.belief, self._counted = belief, count

    def accepted_at(self, key: int) -> float:
        """When it was accepted."""
        return self._making[key].accepted_at

    def is_known(self, key: int) -> bool:
        """Whether `begun` was said of it, and no end."""
        return key in self._making

    def begun(self, key: int, accepted_at: float, now: float, characters: int) -> None:
        """It is in the making. Said again it changes nothing."""
        if key in self._making:
            return
        making = Making(accepted_at=accepted_at, characters=characters)
        making.is_turn_unknown = now - accepted_at > _FRESH_SECONDS
        self._making[key] = making
        place = bisect_left(self._order, (accepted_at, key))
        insort(self._order, (accepted_at, key))
        for servers in range(place + 1, MAX_SERVERS + 1):
            making.turns[servers - 1] = 0.0

    def seen_working(self, key: int, now: float, place: int | None = None) -> None:
        """A look found it at work, or waiting at the service: `place` is how many go first there."""
        making = self._making[key]
        making.last_working_at = now
        making.told = told(making.told, max(0.0, now - making.accepted_at), place)

    def seen_ready(self, key: int, now: float, *, uncertain_seconds: float = 0.0) -> list[int]:
        """A look found it ready. Returns whose turn has come by that.

        `uncertain_seconds`: by so much later than `begun` was told it may have been accepted.
        """
        making = self._making[key]
        working_at = making.accepted_at if making.last_working_at is None else making.last_working_at
        after = max(0.0, working_at - making.accepted_at - uncertain_seconds)
        self._observe(making, after, now - making.accepted_at)
        if self._queued(making) is not None:
            return self.gone(key, (working_at + now) / 2)
        start = making.accepted_at + (self._start(making) or 0.0)
        since = min(now, max(working_at, start)) - start
        return self.gone(key, start + self.belief.likely(since, now - start, making.characters))

    def outlived(self, key: int, now: float) -> list[int]:
        """Its deadline passed while it was at work. Returns as `seen_ready`."""
        making = self._making[key]
        self._observe(making, now - making.accepted_at, math.inf)
        return self.gone(key, now)

    def gone(self, key: int, now: float) -> list[int]:
        """It is in the making no more, for a reason that says nothing of its length. Returns as `seen_ready`."""
        making = self._making.pop(key, None)
        if making is None:
            return []
        place = bisect_left(self._order, (making.accepted_at, key))
        del self._order[place]
        came: list[int] = []
        for servers in range(place + 1, MAX_SERVERS + 1):
            if len(self._order) < servers:
                break
            other = self._order[servers - 1][1]
            next_one = self._making[other]
            if math.isinf(next_one.turns[servers - 1]):
                next_one.turns[servers - 1] = max(0.0, now - next_one.accepted_at)
                if servers == self.belief.servers:
                    came.append(other)
        return came

    def pause_seconds(self, key: int, now: float) -> float:
        """From now to the next look; 0 where one is due. Never longer than the interval while little was seen."""
        making = self._making[key]
        pause = self._planned_seconds(key, making, now)
        if self.memory.count < MIN_LENGTHS:
            since = now if making.last_working_at is not None else min(now, making.accepted_at)
            pause = min(pause, max(0.0, since + self._max_interval_seconds - now))
        return pause

    def span_seconds(self, key: int, now: float, *, low: float, high: float) -> tuple[float, float] | None:
        """Between which ages since it was accepted it will be ready, but for `low` and 1 - `high` of all cases.

        None where that cannot be said: before its turn in a queue of ours, in a queue of the service's whose places say
        nothing, or where too many never end.
        """
        making = self._making.get(key)
        if making is None:
            return None
        looked_at = making.accepted_at if making.last_working_at is None else making.last_working_at
        age = looked_at - making.accepted_at
        if (queued := self._queued(making)) is not None:
            queue, one = queued
            ends = [queue.ready_at(share, one, age) for share in (low, high)]
        else:
            start = self._start(making)
            if start is None or (making.told is not None and making.told.is_waiting):
                return None
            survived = max(0.0, age - start)
            ends = [start + self.belief.quantile(share, making.characters, survived=survived) for share in (low, high)]
        return None if math.isinf(ends[1]) else (ends[0], ends[1])

    def _planned_seconds(self, key: int, making: Making, now: float) -> float:
        belief = self.belief
        age = max(0.0, now - making.accepted_at)  # the clock may have been set back
        if (queued := self._queued(making)) is not None:
            queue, one = queued
            return queue.pause_seconds(one, age)
        start = self._start(making)
        if start is None:
            return self._long_before_its_turn(key, making)
        age = max(0.0, now - making.accepted_at - start)
        if making.last_working_at is not None and making.last_working_at >= making.accepted_at + start:
            return belief.pause_seconds(age, making.characters)
        first = min(belief.pause_seconds(0.0, making.characters), self._expectation.horizon_seconds - start)
        return max(0.0, first - age)

    def _queued(self, making: Making) -> tuple[ForeignQueue, Told] | None:
        """The service's queue, where it is believed in and this one was told of it what can be believed."""
        queue, one = self.belief.queue, making.told
        return None if queue is None or one is None or one.is_odd else (queue, one)

    def _start(self, making: Making) -> float | None:
        """Since when its length counts, in seconds since it was accepted; None before its turn."""
        if not self.belief.servers or making.is_turn_unknown:
            return 0.0
        turn = making.turns[self.belief.servers - 1]
        return None if math.isinf(turn) else turn

    def _long_before_its_turn(self, key: int, making: Making) -> float:
        """So long that those before it should be done: then the belief in a queue of ours is tested."""
        if self.belief.queue is not None and making.told is None:
            return self.belief.queue.first_pause_seconds  # it is told its place by a look
        servers = self.belief.servers
        before = bisect_left(self._order, (making.accepted_at, key)) - servers + 1
        usual = self.belief.quantile(0.5, making.characters)
        late = self.belief.quantile(0.9, making.characters)
        pause = usual * max(1, before) / servers + (late if math.isfinite(late) else usual)
        return min(pause, self._expectation.horizon_seconds / 4)

    def _observe(self, making: Making, after: float, until: float) -> None:
        if until <= 0 or not 0 <= after <= until:
            return  # the clock was set back, and nobody knows
        one = Observed(
            after=after,
            until=until,
            characters=making.characters,
            turns=tuple(making.turns),
            is_turn_unknown=making.is_turn_unknown,
            told=making.told,
        )
        self.memory.add(one, self.belief)
