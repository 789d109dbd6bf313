"""What the lengths of a model's generations have taught: one belief, made anew every few songs. Pure.

A belief has a curve, and what helps it: whether the service works on our generations one after the other, on so many at
a time (then a length counts from its turn), and whether more words take longer. Whatever explains what was seen better
by a clear margin is believed.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bot.jobs.foreign_queue import ForeignQueue, Rival, queue_behind
from bot.jobs.observed import MAX_KEPT_NUMBER, MAX_SERVERS, Observed, read_row
from bot.jobs.poll_plan import Curve, Interval, PollPlan, Prior, fit, grid, plan

#: More songs than this are not remembered, and none older than the last so many.
MAX_REMEMBERED = 200
#: With so many lengths something can be told of queues and words.
_MIN_TO_COMPARE = 12
#: By so much, in logarithms of probability, an explanation has to be better than the simpler one.
_MARGIN = 4.0
#: By how much a song's weight shrinks with each later one: on quiet days, and after the service has changed.
_SLOW, _FAST = 0.99, 0.93
#: The same for the score that decides between the two, and the margin by which the fast one must be ahead.
_SCORE_KEEPS, _FAST_MARGIN = 0.93, 1.5
#: When more than this share ended before its turn, there is no such queue.
_MAX_OUT_OF_TURN = 0.1
_MIN_PROBABILITY = 1e-4
_BUCKET = math.log(1.25)
_PRIOR_SONGS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WordScale:
    """How much longer than the mean a generation takes by the number of its lyrics' characters."""

    at_none: float = 1.0
    per_character: float = 0.0

    def of(self, characters: int) -> float:
        """The factor, within bounds: words beyond all experience prove nothing."""
        return min(4.0, max(0.25, self.at_none + self.per_character * characters))


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is believed of a model's lengths; the curve and the plans are in units of the words' scale."""

    curve: Curve
    servers: int = 0  #: 0: no queue of ours is told
    words: WordScale = WordScale()
    plans: dict[int, PollPlan] = field(default_factory=dict[int, PollPlan])
    slow: Curve
    fast: Curve
    queue: ForeignQueue | None = None  #: of whoever is told a place in it

    def pause_seconds(self, age_seconds: float, characters: int) -> float:
        """From a look at this age, since its turn, that found it at work, to the next look."""
        scale = self.words.of(characters)
        wanted = round(math.log(scale) / _BUCKET)
        bucket = min(self.plans, key=lambda known: abs(known - wanted))
        return scale * self.plans[bucket].pause_seconds(age_seconds / scale)

    def quantile(self, share: float, characters: int, *, survived: float = 0.0) -> float:
        """Seconds since its turn; infinite where the share of those that never end is larger than the rest."""
        scale = self.words.of(characters)
        return scale * self.curve.quantile(share, survived=survived / scale)

    def likely(self, after: float, until: float, characters: int) -> float:
        """The length within these bounds that is as likely exceeded as not, since its turn."""
        scale = self.words.of(characters)
        known, all_of_it = self.curve.at(after / scale), self.curve.at(until / scale)
        if all_of_it - known < _MIN_PROBABILITY:
            return (after + until) / 2
        share = (all_of_it - known) / 2 / max(_MIN_PROBABILITY, 1.0 - known)
        return min(until, max(after, self.quantile(share, characters, survived=after)))

    def log_probability(self, curve: Curve, one: Observed, age: float) -> float:
        """Of when it ended, told without its place, given that it was unfinished at this age."""
        interval = one.interval(self.servers)
        if interval is None:
            return math.log(_MIN_PROBABILITY)
        is_at_once = not self.servers or one.is_turn_unknown
        survived = age if is_at_once else max(0.0, age - one.turns[self.servers - 1])
        scale = self.words.of(one.characters)
        within = curve.within(max(interval.after, survived) / scale, interval.until / scale)
        left = max(_MIN_PROBABILITY, 1.0 - curve.at(survived / scale))
        return math.log(max(_MIN_PROBABILITY, within / left))

    def log_odds_of_fast(self, one: Observed) -> float:
        """By how much the fast curve expected this length more than the slow one did."""
        interval = one.interval(self.servers)
        if interval is None:
            return 0.0
        scaled = _scaled(interval, self.words.of(one.characters))
        return _log_probability(self.fast, scaled) - _log_probability(self.slow, scaled)


class Memory:
    """The last lengths of one model, how many there were in all, and which pace of forgetting does better."""

    def __init__(self) -> None:
        """Empty."""
        self.seen: list[Observed] = []
        self.count = 0
        self.fast_score = 0.0

    def add(self, one: Observed, belief: Belief) -> None:
        """Remember one more; `belief` is what was thought before."""
        self.fast_score = _SCORE_KEEPS * self.fast_score + belief.log_odds_of_fast(one)
        self.seen = [*self.seen[-MAX_REMEMBERED + 1 :], one]
        self.count += 1

    def last(self, number: int) -> Sequence[Observed]:
        """The last so many, oldest first; fewer where fewer are remembered."""
        return self.seen[-number:] if number > 0 else ()

    def written(self) -> str:
        """As JSON of at most some 10 kB, twice that where places are told."""
        rows = [one.written() for one in self.seen]
        found: dict[str, Any] = {"count": self.count, "fast": round(self.fast_score, 3), "seen": rows}
        # beside the rows and not in them, where an earlier version would find more than it reads
        if any(one.told is not None and one.told.first_place is not None for one in self.seen):
            found["told"] = [one.written_told() for one in self.seen]
        return json.dumps(found, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Memory":
        """What `written` gave. Raises ValueError for anything else."""
        memory = cls()
        try:
            found = json.loads(text)
            memory.count, memory.fast_score = int(found["count"]), float(found["fast"])
            told = found.get("told", [None] * len(found["seen"]))
            memory.seen = [read_row(*rows) for rows in zip(found["seen"], told, strict=True)][-MAX_REMEMBERED:]
        except (KeyError, TypeError, IndexError, OverflowError, RecursionError) as error:
            raise ValueError(f"not what was written here: {type(error).__name__}") from None
        if not 0 <= memory.count <= MAX_KEPT_NUMBER or not math.isfinite(memory.fast_score):
            raise ValueError("no count, or no score")
        return memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a belief is made on besides what was seen."""

    median_seconds: float
    sigma: float
    horizon_seconds: float  #: a model's deadline: the last look
    seconds_per_poll: float


def believed(expectation: Expectation, seen: Sequence[Observed], *, count: int = 0, fast_score: float = 0.0) -> Belief:
    """The belief after these lengths, oldest first; some tens of milliseconds of work, for a thread.

    Where places are told it is two or three times that.
    """
    edges = grid(expectation.horizon_seconds)

    def curve_of(servers: int, words: WordScale, keeps: float) -> Curve:
        intervals = _weighted(seen, servers, words, keeps)
        prior = _prior(expectation, seen, servers, words, keeps ** max(count, len(seen)))
        return fit(edges, intervals, prior)

    servers, slow = _best_servers(seen, lambda servers: curve_of(servers, WordScale(), _SLOW))
    words = _word_scale(seen, servers)
    if words != WordScale():
        by_words = curve_of(servers, words, _SLOW)
        if _score(by_words, seen, servers, words) > _score(slow, seen, servers, WordScale()) + _MARGIN:
            slow = by_words
        else:
            words = WordScale()
    fast = curve_of(servers, words, _FAST) if seen else slow
    curve = fast if fast_score > _FAST_MARGIN else slow
    scales = {round(math.log(words.of(one.characters)) / _BUCKET) for one in seen} or {0}
    plans = {bucket: plan(curve, expectation.seconds_per_poll / math.exp(bucket * _BUCKET)) for bucket in scales}
    belief = Belief(curve=curve, servers=servers, words=words, plans=plans, slow=slow, fast=fast)
    return replace(belief, queue=_queue(expectation, belief, seen, count))


def _queue(expectation: Expectation, belief: Belief, seen: Sequence[Observed], count: int) -> ForeignQueue | None:
    """The service's own queue, where the places that were told explain more than the belief without them."""
    if len(seen) < _MIN_TO_COMPARE:
        return None
    keeps = _FAST if belief.curve is belief.fast and belief.fast is not belief.slow else _SLOW
    return queue_behind(
        grid(expectation.horizon_seconds),
        seen,
        _weights(len(seen), keeps),
        prior=_prior(expectation, seen, 0, WordScale(), keeps ** max(count, len(seen))),
        seconds_per_poll=expectation.seconds_per_poll,
        rivals=[
            Rival(
                weights=_weights(len(seen), keeps), margin=margin, log_probability=partial(belief.log_probability, of)
            )
            for keeps, margin, of in ((_SLOW, _MARGIN, belief.curve), (_FAST, 0.0, belief.fast))
        ],
    )


def _best_servers(seen: Sequence[Observed], curve_of: Callable[[int], Curve]) -> tuple[int, Curve]:
    best, curve = 0, curve_of(0)
    if len(seen) < _MIN_TO_COMPARE:
        return best, curve
    score = _score(curve, seen, 0, WordScale()) + _MARGIN
    for servers in range(1, MAX_SERVERS + 1):
        if not any(one.turns[servers - 1] > 1 for one in seen):
            break
        if _share_out_of_turn(seen, servers) > _MAX_OUT_OF_TURN:
            continue
        other = curve_of(servers)
        reached = _score(other, seen, servers, WordScale())
        if reached > score:
            best, curve, score = servers, other, reached
    return best, curve


def _share_out_of_turn(seen: Sequence[Observed], servers: int) -> float:
    weights = _weights(len(seen), _SLOW)
    out = sum(weight for one, weight in zip(seen, weights, strict=True) if one.interval(servers) is None)
    return out / sum(weights)


def _word_scale(seen: Sequence[Observed], servers: int) -> WordScale:
    """A straight line through the middles of the intervals, weighted; none while there is nothing to tell."""
    points: list[tuple[float, float, float]] = []
    for one, weight in zip(seen, _weights(len(seen), _SLOW), strict=True):
        interval = one.interval(servers)
        if interval is not None and not math.isinf(interval.until) and not one.is_turn_unknown:
            middle = (max(interval.after, interval.until / 2) + interval.until) / 2
            points.append((one.characters, middle, weight))
    if len(points) < _MIN_TO_COMPARE:
        return WordScale()
    usual = sorted(length for _, length, _ in points)[len(points) // 2]
    whole = sum(weight for _, _, weight in points)
    mean_x = sum(x * weight for x, _, weight in points) / whole
    mean_y = sum(min(y, 3 * usual) * weight for _, y, weight in points) / whole
    square = sum((x - mean_x) ** 2 * weight for x, _, weight in points)
    if square <= 0 or mean_y <= 0:
        return WordScale()
    slope = sum((x - mean_x) * (min(y, 3 * usual) - mean_y) * weight for x, y, weight in points) / square / mean_y
    return WordScale(at_none=1.0 - slope * mean_x, per_character=slope) if slope > 0 else WordScale()


def _prior(expectation: Expectation, seen: Sequence[Observed], servers: int, words: WordScale, left: float) -> Prior:
    """The model's prior with what weight is left to it; with a queue a length is a turn's, of which it says nothing."""
    median = expectation.median_seconds
    if servers:
        lengths = sorted(one.until for one in _weighted(seen, servers, words, 1.0))
        median = min(expectation.horizon_seconds, lengths[len(lengths) // 2]) if lengths else median
    return Prior(median_seconds=median, sigma=expectation.sigma, weight=_PRIOR_SONGS * left)


def _weights(number: int, keeps: float) -> list[float]:
    return [keeps ** (number - 1 - place) for place in range(number)]


def _weighted(seen: Sequence[Observed], servers: int, words: WordScale, keeps: float) -> list[Interval]:
    found: list[Interval] = []
    for one, weight in zip(seen, _weights(len(seen), keeps), strict=True):
        interval = one.interval(servers)
        if interval is not None and weight > 0.01:
            found.append(_scaled(interval, words.of(one.characters), weight))
    return found


def _scaled(interval: Interval, scale: float, weight: float = 1.0) -> Interval:
    return Interval(after=interval.after / scale, until=interval.until / scale, weight=weight)


def _score(curve: Curve, seen: Sequence[Observed], servers: int, words: WordScale) -> float:
    total = 0.0
    for one, weight in zip(seen, _weights(len(seen), _SLOW), strict=True):
        interval = one.interval(servers)
        scaled = None if interval is None else _scaled(interval, words.of(one.characters))
        total += weight * (math.log(_MIN_PROBABILITY) if scaled is None else _log_probability(curve, scaled))
    return total


def _log_probability(curve: Curve, interval: Interval) -> float:
    return math.log(max(_MIN_PROBABILITY, curve.within(interval.after, interval.until)))
