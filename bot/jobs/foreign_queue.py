"""A service's own queue, in which others wait before us, as far as the places it tells explain when songs are ready.

Pure. A generation that was told its place is ready after a wait, so long for each place, and a length of its own: the
one has a mean and a spread, the other a curve, and from both come looks for each place. Whether all that is believed is
decided by how well it foresaw what was seen, beside what is believed without it: a service may tell anything.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from bot.jobs.observed import Observed, Told
from bot.jobs.poll_plan import Curve, PollPlan, Prior, fit, plan

#: Of a wait at a place: until the next one is begun, on the average, in paces; and the variance of that.
_FIRST_PACE, _FIRST_VARIANCE = 0.6, 0.15
#: By how much, as a share of the wait, the pace may be another today.
_PACE_ERROR = 0.05
#: What is believed of the variance of one pace before anything was seen, with the weight of so many songs.
_PRIOR_VARIANCE, _PRIOR_SONGS = 0.3, 3.0
_MIN_VARIANCE, _MAX_VARIANCE = 0.05, 1.5
#: The pace of this very queue: the believed one has the weight of so many places, and is never off by more than this.
_PRIOR_PLACES, _MAX_RATIO = 20.0, 2.0
#: Fewer songs that were told a place, or fewer moves of theirs, tell no pace.
_MIN_SONGS, _MIN_MOVES = 5.0, 5.0
#: With so large a share of the told places going backwards none is believed.
_MAX_ODD = 0.1
#: Places that have looks of their own: each of the first, then ever fewer.
_STEP = 1.3
#: How long ago, in usual lengths, its work may have begun: each has looks of its own.
_WINDOWS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0)
#: A wait is thought of as one of so many that are equally likely.
_ATOMS = tuple(NormalDist().inv_cdf((number + 0.5) / 13) for number in range(13))
#: No pause of one that waits is longer than this share of the deadline, whatever it is told.
_LONGEST = 1 / 6
#: See `fit`.
_ROUNDS = 6
_MIN_PROBABILITY = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePace:
    """How fast the service works through its queue."""

    seconds: float  #: for each place
    variance: float  #: of one place's time, in squares of it
    error: float  #: of the pace itself, as a share of it

    def waits(self, place: float) -> Sequence[float]:
        """Waits in seconds from so many others before it until its work begins, all equally likely."""
        mean = place + _FIRST_PACE
        variance = self.variance * place + _FIRST_VARIANCE + (self.error * mean) ** 2
        width = math.log1p(variance / mean**2)
        middle = math.log(mean * self.seconds) - width / 2
        return [math.exp(middle + math.sqrt(width) * atom) for atom in _ATOMS]

    def place_of(self, one: Told) -> float:
        """The last place told to one that waits, as far as the queue moves by this pace: more if it has been slower."""
        took = (one.since - one.first_at) / self.seconds
        moves = (one.first_place or 0) - one.place
        ratio = (_PRIOR_PLACES + took) / (_PRIOR_PLACES + moves)
        return one.place * min(_MAX_RATIO, max(1 / _MAX_RATIO, ratio))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One place, or one window in which work began: when what is there will be ready, and the looks at it."""

    at: float  #: the place; or the window's width in seconds
    curve: Curve
    plan: PollPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignQueue:
    """A queue that is believed in."""

    pace: QueuePace
    lengths: Curve  #: since it left the queue
    waiting: Sequence[Stage]  #: by place, rising; the age since that place was told first
    working: Sequence[Stage]  #: by the window's width, rising; the age since the window began
    longest_seconds: float

    @property
    def first_pause_seconds(self) -> float:
        """To the first look at one that may have begun at once."""
        return self.working[0].plan.pause_seconds(0.0)

    def pause_seconds(self, one: Told, age: float) -> float:
        """From a look at this age that found it unfinished to the next look."""
        if not one.is_waiting:
            stage, since = self._working(one, age)
            return stage.plan.pause_seconds(since)
        low, high, share = self._waiting(one)
        since = age - one.since
        pauses = [stage.plan.pause_seconds(since) for stage in (low, high)]
        return min(self.longest_seconds, pauses[0] + share * (pauses[1] - pauses[0]))

    def ready_at(self, share: float, one: Told, age: float) -> float:
        """The age that `share` of those do not exceed which stand as it did at this one; or infinite."""
        if not one.is_waiting:
            stage, since = self._working(one, age)
            return age - since + stage.curve.quantile(share, survived=since)
        low, high, part = self._waiting(one)
        ends = [stage.curve.quantile(share, survived=age - one.since) for stage in (low, high)]
        return one.since + (max(ends) if math.isinf(max(ends)) else ends[0] + part * (ends[1] - ends[0]))

    def _working(self, one: Told, age: float) -> tuple[Stage, float]:
        """The stage for one that is at work, and for how long it has been in it."""
        width = one.left_by - one.waited_until
        stage = min(self.working, key=lambda known: abs(known.at - width))
        # of a window beyond all known ones nothing is believed but its end
        begun = one.left_by - stage.at if width > stage.at else (one.left_by + one.waited_until - stage.at) / 2
        return stage, age - begun

    def _waiting(self, one: Told) -> tuple[Stage, Stage, float]:
        """The stages next to its place, and how far it is from the one to the other; never beyond what is known."""
        place = self.pace.place_of(one)
        above = min(bisect_left(self.waiting, place, key=lambda stage: stage.at), len(self.waiting) - 1)
        low, high = self.waiting[max(0, above - 1)], self.waiting[above]
        share = 0.0 if high.at <= low.at else min(1.0, (place - low.at) / (high.at - low.at))
        return low, high, share


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """What is believed without the places."""

    weights: Sequence[float]  #: of what was seen
    margin: float
    #: How probable the end of a generation is, as a logarithm, given that it was unfinished at this age.
    log_probability: Callable[[Observed, float], float]

    def is_outdone(self, seen: Sequence[Observed], foreseen: Sequence[tuple[float, float] | None]) -> bool:
        """Whether the ends were foreseen better than by this; see `_foreseen`."""
        return self.margin < sum(
            weight * (one[1] - self.log_probability(each, one[0]))
            for each, one, weight in zip(seen, foreseen, self.weights, strict=True)
            if one is not None
        )


def queue_behind(
    edges: Sequence[float],
    seen: Sequence[Observed],
    weights: Sequence[float],
    *,
    prior: Prior,
    seconds_per_poll: float,
    rivals: Sequence[Rival],
) -> ForeignQueue | None:
    """The queue behind what was told, if it explains what was seen better than each of its rivals."""
    pace = _pace(seen, weights)
    if pace is None:
        return None
    lengths = _lengths(edges, seen, weights, prior)
    foreseen = [_foreseen(pace, lengths, one) for one in seen]
    if not all(rival.is_outdone(seen, foreseen) for rival in rivals):
        return None
    highest = max(one.told.first_place or 0 for one in seen if one.told is not None and one.told.can_be_believed)
    usual = lengths.quantile(0.5)
    usual = usual if math.isfinite(usual) else edges[-1] / 2
    coarse = (*edges[:-1:2], edges[-1])
    places = _places(min(highest, edges[-1] / pace.seconds))
    waiting = [_stage(coarse, lengths, place, pace.waits(place), seconds_per_poll) for place in places]
    working = [_stage(coarse, lengths, usual * part, _even(usual * part), seconds_per_poll) for part in _WINDOWS]
    return ForeignQueue(
        pace=pace, lengths=lengths, waiting=waiting, working=working, longest_seconds=edges[-1] * _LONGEST
    )


def _pace(seen: Sequence[Observed], weights: Sequence[float]) -> QueuePace | None:
    """Seconds for each place from all that were told one; None where that cannot be told."""
    believed: list[tuple[Observed, Told, float]] = []
    odd = 0.0
    for one, weight in zip(seen, weights, strict=True):
        if one.told is None or one.told.first_place is None:
            continue
        if one.told.is_odd:
            odd += weight
        else:
            believed.append((one, one.told, weight))
    songs = sum(weight for _, _, weight in believed)
    steps = [(_moves(one, told), weight) for one, told, weight in believed]
    moves = sum(weight * moved for (_, moved, _), weight in steps)
    took = sum(weight * seconds for (seconds, _, _), weight in steps)
    if songs < _MIN_SONGS or moves < _MIN_MOVES or took <= 0 or odd > _MAX_ODD * (odd + songs):
        return None
    pace = took / moves
    known = [(seconds / pace, moved, gap / pace, weight) for (seconds, moved, gap), weight in steps]
    spread = sum(weight * ((took - moved) ** 2 - _FIRST_VARIANCE - gap**2 / 12) for took, moved, gap, weight in known)
    places = moves / songs
    variance = (spread + _PRIOR_SONGS * places * _PRIOR_VARIANCE) / (moves + _PRIOR_SONGS * places)
    variance = min(_MAX_VARIANCE, max(_MIN_VARIANCE, variance))
    return QueuePace(seconds=pace, variance=variance, error=math.sqrt(_PACE_ERROR**2 + variance / moves))


def _moves(one: Observed, told: Told) -> tuple[float, float, float]:
    """In how many seconds it moved by how many places, and how wide the gap is in which its work began."""
    if told.left_by < one.until:
        left_at = (told.waited_until + told.left_by) / 2
        return left_at - told.first_at, (told.first_place or 0) + _FIRST_PACE, told.left_by - told.waited_until
    return told.waited_until - told.first_at, (told.first_place or 0) - told.place, 0.0


def _lengths(edges: Sequence[float], seen: Sequence[Observed], weights: Sequence[float], prior: Prior) -> Curve:
    """Of the lengths since they left the queue; whoever was never seen to leave it by its deadline has told none."""
    intervals = [
        replace(interval, weight=weight)
        for one, weight in zip(seen, weights, strict=True)
        if weight > 0.01 and not (one.told is not None and (one.told.is_odd or _was_never_begun(one, one.told)))
        for interval in (one.since_it_left(),)
    ]
    ends = sorted(interval.until for interval in intervals)
    median = min(edges[-1], ends[len(ends) // 2]) if ends else prior.median_seconds
    return fit(edges, intervals, Prior(median_seconds=median, sigma=prior.sigma, weight=prior.weight), rounds=_ROUNDS)


def _was_never_begun(one: Observed, told: Told) -> bool:
    return told.is_waiting and math.isinf(one.until)


def _foreseen(pace: QueuePace, lengths: Curve, one: Observed) -> tuple[float, float] | None:
    """The last look that told a place, and how probable its end was by that, as a logarithm.

    Or the first look that found it at work; None where neither was seen, or the place proves nothing.
    """
    told = one.told
    if told is None or told.is_odd:
        return None
    if told.first_place is not None:
        waits, begun, known = pace.waits(pace.place_of(told)), told.since, told.waited_until
    elif told.left_by < one.until:
        waits, begun, known = _even(told.left_by), 0.0, told.left_by
    else:
        return None
    before = _at(lengths, waits, known - begun)
    reached = 1.0 if math.isinf(one.until) else _at(lengths, waits, one.until - begun)
    probability = reached - _at(lengths, waits, max(one.after, known) - begun)
    left = max(_MIN_PROBABILITY, 1.0 - before)
    return known, math.log(max(_MIN_PROBABILITY, probability / left))


def _at(lengths: Curve, waits: Sequence[float], age: float) -> float:
    """P(wait + length <= age)."""
    return sum(lengths.at(age - wait) for wait in waits) / len(waits)


def _even(width: float) -> Sequence[float]:
    return [width * (number + 0.5) / 9 for number in range(9)] if width > 0 else (0.0,)


def _stage(edges: Sequence[float], lengths: Curve, at: float, waits: Sequence[float], seconds_per_poll: float) -> Stage:
    curve = Curve(edges=edges, cdf=[_at(lengths, waits, edge) for edge in edges])
    return Stage(at=at, curve=curve, plan=plan(curve, seconds_per_poll))


def _places(highest: float) -> Sequence[int]:
    """From 0 to one that is not below the highest."""
    found = [0]
    while found[-1] < highest:
        found.append(max(found[-1] + 1, round(found[-1] * _STEP)))
    return found
