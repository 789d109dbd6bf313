"""A service in whose queue others wait before us: its days, and what who knows its law would believe of it.

Others come in bursts, ours one by one; whoever came first goes first, so many at a time. A look tells how many that
wait go first, as fal does: 0 is next, and nothing is told of one whose work has begun.
"""

import heapq
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.jobs.foreign_queue import ForeignQueue, QueuePace, Stage
from bot.jobs.observed import Told
from bot.jobs.poll_plan import Curve, plan

#: How busy the service is, and how much of that is ours.
LOAD, OUR_LOAD = 0.7, 0.15
_MAX_BURST = 8
_HIGHEST_PLACE = 40
_SAMPLES = 2000
_ATOMS = 60
_WINDOW_STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One of our songs at the service: when it came, was begun and was ready, in seconds, and those before it begun."""

    came_at: float
    begun_at: float
    ready_at: float
    before: Sequence[float]  #: rising

    def place_at(self, now: float) -> int | None:
        """How many that wait go first; None once its work has begun."""
        return None if now >= self.begun_at else len(self.before) - bisect_right(self.before, now)


def turns(chance: random.Random, number: int, servers: int, seconds: Callable[[random.Random], float]) -> list[Turn]:
    """So many of our songs among those of others; `seconds` makes one song's length."""
    usual = sum(seconds(random.Random(seed)) for seed in range(1000)) / 1000 / servers
    others = _bursts(chance, (LOAD - OUR_LOAD) / usual)
    ours = ((at, True) for at in _alone(chance, OUR_LOAD / usual))
    free, begun = [0.0] * servers, list[float]()
    made: list[Turn] = []
    for at, is_ours in heapq.merge(others, ours):
        begins = max(heapq.heappop(free), at)
        ready = begins + seconds(chance)
        heapq.heappush(free, ready)
        if is_ours:
            before = begun[bisect_right(begun, at) :]
            made.append(Turn(came_at=at, begun_at=begins, ready_at=ready, before=tuple(before)))
        begun.append(begins)
        if len(made) == number:
            break
    return made


class KnownPace(QueuePace):
    """Of who knows the law: a place is worth what it is."""

    def place_of(self, one: Told) -> float:
        """The place."""
        return one.place


@lru_cache(maxsize=32)
def known_queue(
    lengths: Curve, servers: int, seconds: Callable[[random.Random], float], seconds_per_poll: float
) -> ForeignQueue:
    """What follows from the law of lengths and the number of servers for each place and each gap.

    The optimum goes by it: it knows the law and is told the place at each look, as ours is, but not what nobody is told
    (when work begins, how long it will take). At each look it takes the looks with the least expected cost by what that
    look told; of the looks before it keeps since when the place stands. A look only to learn the place never paid in
    trials: bounds on its pauses made it worse.
    """
    edges = lengths.edges
    coarse = (*edges[:-1:2], edges[-1])
    usual = lengths.quantile(0.5)

    def stage(at: float, waits: Sequence[float]) -> Stage:
        cdf = [sum(lengths.at(edge - wait) for wait in waits) / len(waits) for edge in coarse]
        curve = Curve(edges=coarse, cdf=cdf)
        return Stage(at=at, curve=curve, plan=plan(curve, seconds_per_poll))

    gaps = [3 * usual * step / _WINDOW_STEPS for step in range(_WINDOW_STEPS + 1)]
    return ForeignQueue(
        pace=KnownPace(seconds=usual / servers, variance=0.0, error=0.0),
        lengths=lengths,
        waiting=[stage(place, waits) for place, waits in enumerate(_waits(servers, seconds))],
        working=[stage(gap, [gap * (part + 0.5) / 20 for part in range(20)] if gap else [0.0]) for gap in gaps],
        longest_seconds=math.inf,
    )


@lru_cache(maxsize=4)
def _waits(servers: int, seconds: Callable[[random.Random], float]) -> Sequence[Sequence[float]]:
    """For each place so many equally likely waits from a moment at which all servers are at work."""
    chance = random.Random(0)
    columns: list[list[float]] = [[] for _ in range(_HIGHEST_PLACE + 1)]
    for _ in range(_SAMPLES):
        busy = [_rest(chance, seconds) for _ in range(servers)]
        heapq.heapify(busy)
        for column in columns:
            column.append(busy[0])
            heapq.heapreplace(busy, busy[0] + seconds(chance))
    step = _SAMPLES / _ATOMS
    return [[sorted(column)[int(step * (number + 0.5))] for number in range(_ATOMS)] for column in columns]


def _rest(chance: random.Random, seconds: Callable[[random.Random], float]) -> float:
    """What is left of a song at work at some moment: longer ones are met more often."""
    while True:
        length = seconds(chance)
        if chance.uniform(0, 300) < length:
            return chance.uniform(0, length)


def _bursts(chance: random.Random, per_second: float) -> Iterator[tuple[float, bool]]:
    for at in _alone(chance, per_second * 2 / (_MAX_BURST + 1)):
        for number in range(chance.randint(1, _MAX_BURST)):
            yield at + 0.01 * number, False


def _alone(chance: random.Random, per_second: float) -> Iterator[float]:
    at = 0.0
    while True:
        at += chance.expovariate(per_second)
        yield at
