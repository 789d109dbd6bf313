"""When to look next at a generation, from the lengths of others: a distribution, and the looks that cost least.

Pure functions of lists of numbers, in plain Python. A curve takes a few milliseconds and a plan about as long: they are
made in a thread every few songs (`bot.jobs.looks`), and a look reads its pause off a table.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

#: The first edge of the grid of ages, and by how much each next one is later. Below the first nothing is told apart.
_FIRST_SECONDS = 0.2
_RATIO = 1.02
_LOG_RATIO = math.log(_RATIO)
#: Of the wide distribution that stands for whatever was never seen: its sigma, and its weight in songs.
_TAIL_SIGMA = 1.3
_TAIL_WEIGHT = 0.4
#: Silverman's rule, narrowed: generations have one or two humps, and a look is between them.
_WIDTH_FACTOR = 0.8
_MIN_WIDTH, _MAX_WIDTH = 0.05, 0.5
#: An interval whose end is no later than so many times its beginning says where within it the end was: anywhere.
_NARROW = 1.4
#: Of all that ever end; who outlives these is looked at ever more rarely.
_NEARLY_ALL = 0.98
#: So long, at least, lies between two looks.
MIN_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One generation's length, in seconds: it lies after `after`, and `until` at the latest.

    `until` is infinite for one that outlived its deadline. `weight` is at most 1: what is long past counts less.
    """

    after: float
    until: float
    weight: float = 1.0
    begun_within: float = 0.0  #: it began at some moment in the first so many of these seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed before a song was seen: a log-normal distribution with the weight of so many songs."""

    median_seconds: float
    sigma: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """P(length <= t) at the edges of a grid of ages in seconds. Its last value is below 1 where some never end."""

    edges: Sequence[float]
    cdf: Sequence[float]

    def at(self, seconds: float) -> float:
        """P(length <= seconds); beyond the grid what its last edge has."""
        if seconds <= 0:
            return 0.0
        right = bisect_right(self.edges, seconds)
        if right >= len(self.edges):
            return self.cdf[-1]
        before, after = self.edges[right - 1], self.edges[right]
        share = (seconds - before) / (after - before)
        return self.cdf[right - 1] + share * (self.cdf[right] - self.cdf[right - 1])

    def within(self, after: float, until: float) -> float:
        """P(after < length <= until)."""
        upper = 1.0 if math.isinf(until) else self.at(until)
        return max(0.0, upper - self.at(max(0.0, after)))

    def quantile(self, share: float, *, survived: float = 0.0) -> float:
        """The length that `share` of those do not exceed which are still at work after `survived` seconds; or inf."""
        known = self.at(survived)
        wanted = known + share * (1.0 - known)
        place = bisect_left(self.cdf, wanted)
        if place >= len(self.cdf):
            return math.inf
        if place == 0:
            return self.edges[0]
        low, high = self.cdf[place - 1], self.cdf[place]
        before, after = self.edges[place - 1], self.edges[place]
        return after if high <= low else before + (after - before) * (wanted - low) / (high - low)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPlan:
    """For each age of a grid the age of the next look."""

    edges: Sequence[float]
    following: Sequence[int]

    def pause_seconds(self, age_seconds: float) -> float:
        """From a look at this age that found it at work to the next one; beyond the grid a fifth of the age."""
        if age_seconds >= self.edges[-1]:
            return max(MIN_PAUSE_SECONDS, age_seconds / 5)
        right = bisect_right(self.edges, max(0.0, age_seconds))
        before, after = self.edges[right - 1], self.edges[right]
        share = (max(0.0, age_seconds) - before) / (after - before)
        early, late = self.edges[self.following[right - 1]], self.edges[self.following[right]]
        # the plan may jump between two neighbours, over a valley; then the nearer one is followed
        if abs(late - early) > 2 * (after - before) + 0.1 * early:
            next_look = early if share < 0.5 else late
        else:
            next_look = early + share * (late - early)
        return max(MIN_PAUSE_SECONDS, next_look - age_seconds)


@lru_cache(maxsize=8)
def grid(horizon_seconds: float) -> tuple[float, ...]:
    """Ages from 0 to the horizon, each a little later than the one before by the same share."""
    steps = max(2, math.ceil(math.log(max(1.1, horizon_seconds / _FIRST_SECONDS)) / _LOG_RATIO))
    return (0.0, *(_FIRST_SECONDS * _RATIO**step for step in range(steps)), horizon_seconds)


def log_normal(edges: Sequence[float], median_seconds: float, sigma: float) -> Curve:
    """The distribution with this median."""
    width = sigma * math.sqrt(2)
    middle = math.log(median_seconds)
    values = [0.5 * (1 + math.erf((math.log(edge) - middle) / width)) if edge > 0 else 0.0 for edge in edges]
    return Curve(edges=edges, cdf=values)


def fit(edges: Sequence[float], seen: Sequence[Interval], prior: Prior, *, rounds: int = 1) -> Curve:
    """The distribution of lengths behind what was seen: kernels in log time, the prior, and room for the unheard of.

    `edges` are those of a `grid`.

    Where in its interval a length lies is told by all the others: a narrow interval says it alone, a wide one (a first
    look that came late, a restart in between) takes the shape that the rest has there. Where nearly all are wide that
    takes some `rounds`.
    """
    first = _masses(log_normal(edges, prior.median_seconds, prior.sigma))
    spread = [_spread(edges[-1], one.after, one.until, one.begun_within) for one in seen]
    weights = [one.weight for one in seen]
    songs = sum(weights) ** 2 / sum(weight**2 for weight in weights) if weights else 0.0
    clear = [one.weight if one.until <= _NARROW * (one.after - one.begun_within) else 0.0 for one in seen]
    rough = _smoothed(_filled(spread, clear, [1.0] * len(first)), songs)
    masses = rough
    for _ in range(rounds):
        belief = [a + prior.weight * b for a, b in zip(masses, first, strict=True)]
        masses = _smoothed(_filled(spread, weights, belief), songs)
    middle = _median(edges, masses) if sum(masses) > 0 else prior.median_seconds
    tail = _masses(log_normal(edges, middle * 1.5, _TAIL_SIGMA))
    mixed = [a + prior.weight * b + _TAIL_WEIGHT * c for a, b, c in zip(masses, first, tail, strict=True)]
    total = sum(weights) + prior.weight + _TAIL_WEIGHT
    return Curve(edges=edges, cdf=[min(1.0, value / total) for value in accumulate(mixed, initial=0.0)])


def plan(curve: Curve, seconds_per_poll: float) -> PollPlan:
    """The looks with the least expected lag plus `seconds_per_poll` for each of them; the last is at the grid's end.

    Lag: from ready to the look that sees it.
    """
    edges, cdf = curve.edges, curve.cdf
    last = len(edges) - 1
    area = [0.0, *accumulate((cdf[i] + cdf[i + 1]) / 2 * (edges[i + 1] - edges[i]) for i in range(last))]
    cost = [0.0] * (last + 1)
    following = [last] * (last + 1)
    for here in range(last - 1, -1, -1):
        known, then, below = cdf[here], edges[here], area[here]
        best, place = math.inf, last
        start = min(last, bisect_left(edges, then + MIN_PAUSE_SECONDS, here + 1))
        for there in range(start, last + 1):
            lag = area[there] - below - known * (edges[there] - then)
            if lag >= best:
                break  # it only grows from here
            total = lag + cost[there]
            if total < best:
                best, place = total, there
        cost[here], following[here] = best + seconds_per_poll * (1.0 - known), place
    return PollPlan(edges=edges, following=_ever_rarer(curve, following))


def _ever_rarer(curve: Curve, following: list[int]) -> list[int]:
    """Behind nearly all that ever ends no pause is shorter than the one before, up to the grid's end."""
    edges = curve.edges
    rarer = list(following)
    for here in range(bisect_left(curve.cdf, _NEARLY_ALL * curve.cdf[-1]) + 1, len(edges)):
        before = edges[rarer[here - 1]] - edges[here - 1]
        rarer[here] = max(rarer[here], min(len(edges) - 1, bisect_left(edges, edges[here] + before)))
    return rarer


def _masses(curve: Curve) -> list[float]:
    return [after - before for before, after in zip(curve.cdf, curve.cdf[1:], strict=False)]


@lru_cache(maxsize=4096)
def _spread(horizon_seconds: float, after: float, until: float, within: float) -> tuple[int, Sequence[float]]:
    """The first bin that the interval touches, and what share of it and each further one lies inside; none: beyond."""
    edges = grid(horizon_seconds)
    end = min(until, horizon_seconds)
    begin = max(0.0, after - within)
    if math.isinf(until) or begin >= end:
        return 0, ()
    first = bisect_right(edges, begin) - 1
    last = min(len(edges) - 2, bisect_left(edges, end) - 1)
    shares = [1.0] * (last - first + 1)
    for place in {first, last}:
        low, high = edges[place], edges[place + 1]
        shares[place - first] = (min(high, end) - max(low, begin)) / (high - low)
    if within > 0:
        for place in range(first, last + 1):
            length = (edges[place] + edges[place + 1]) / 2
            shares[place - first] *= max(0.0, min(within, until - length) - max(0.0, after - length)) / within
    return first, shares


def _filled(
    spread: Sequence[tuple[int, Sequence[float]]], weights: Sequence[float], belief: Sequence[float]
) -> list[float]:
    """A mass for each bin: each length is laid out over its interval as `belief` has it there."""
    masses = [0.0] * len(belief)
    for (first, shares), weight in zip(spread, weights, strict=True):
        if not weight or not shares:
            continue
        wanted = [share * (belief[first + i] + 1e-9) for i, share in enumerate(shares)]
        scale = weight / sum(wanted)
        for i, value in enumerate(wanted):
            masses[first + i] += scale * value
    return masses


def _smoothed(masses: list[float], songs: float) -> list[float]:
    """The masses, each blurred in log time: the less, the more songs there are and the closer together they lie."""
    if sum(masses) <= 0:
        return masses
    bins = max(0.5, _width(masses, songs) / _LOG_RATIO)
    reach = math.ceil(2.5 * bins)
    kernel = [math.exp(-0.5 * (step / bins) ** 2) for step in range(-reach, reach + 1)]
    whole = sum(kernel)
    kernel = [value / whole for value in kernel]
    blurred = [0.0] * (len(masses) + 2 * reach)
    for place, mass in enumerate(masses):
        if mass > 1e-7:
            for step, share in enumerate(kernel, place):
                blurred[step] += mass * share
    inside = blurred[reach : reach + len(masses)]
    inside[0] += sum(blurred[:reach])
    inside[-1] += sum(blurred[reach + len(masses) :])
    return inside


def _width(masses: Sequence[float], songs: float) -> float:
    """Of a kernel, in log time. The middle half tells the spread where a few outliers would blow it up."""
    whole = sum(masses)
    mean = sum(place * mass for place, mass in enumerate(masses)) / whole
    deviation = math.sqrt(sum((place - mean) ** 2 * mass for place, mass in enumerate(masses)) / whole)
    sums = list(accumulate(masses))
    middle_half = bisect_left(sums, 0.75 * whole) - bisect_left(sums, 0.25 * whole)
    spread = min(deviation, middle_half / 1.349) * _LOG_RATIO
    return min(_MAX_WIDTH, max(_MIN_WIDTH, _WIDTH_FACTOR * spread * max(1.0, songs) ** -0.2))


def _median(edges: Sequence[float], masses: Sequence[float]) -> float:
    sums = list(accumulate(masses))
    place = bisect_left(sums, sums[-1] / 2)
    return max(_FIRST_SECONDS, edges[min(place, len(edges) - 2)])
