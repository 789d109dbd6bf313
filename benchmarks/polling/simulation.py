"""Songs and looks on a simulated clock: who looks is a policy, and all of them are counted alike."""

import heapq
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks.polling.sets import HORIZON_SECONDS, Song, SongSet
from bot.jobs.lengths import Belief, Expectation, Memory
from bot.jobs.making import ModelLengths

_PRIOR = {"median_seconds": 45.0, "sigma": 0.5}
_INTERVAL_SECONDS = 10.0


class Policy(Protocol):
    """Says when to look. Each answer is a number of songs, each with the seconds until its next look."""

    def begun(self, number: int, song: Song, now: float) -> Iterable[tuple[int, float]]:
        """It was accepted."""
        ...

    def looked(self, number: int, now: float, place: int | None, *, is_ready: bool) -> Iterable[tuple[int, float]]:
        """A look found it ready, or at work, or waiting with so many before it."""
        ...


class FixedPause:
    """Looks at every song each so many seconds."""

    def __init__(self, seconds: float) -> None:
        """The pause."""
        self._seconds = seconds

    def begun(self, number: int, song: Song, now: float) -> Iterable[tuple[int, float]]:
        """A pause."""
        del song, now
        return [(number, self._seconds)]

    def looked(self, number: int, now: float, place: int | None, *, is_ready: bool) -> Iterable[tuple[int, float]]:
        """The same pause."""
        del now, place
        return [] if is_ready else [(number, self._seconds)]


class Learned:
    """The bot's own way; the belief is made anew at once and not a moment later in a thread."""

    def __init__(self, seconds_per_poll: float, *, is_told: bool = True) -> None:
        """Begins from the prior of the model in use; `is_told`: places in the service's queue are heard."""
        self._is_told = is_told
        expectation = Expectation(**_PRIOR, horizon_seconds=HORIZON_SECONDS, seconds_per_poll=seconds_per_poll)
        self.lengths = ModelLengths(expectation, max_interval_seconds=_INTERVAL_SECONDS)

    def begun(self, number: int, song: Song, now: float) -> Iterable[tuple[int, float]]:
        """As planned."""
        self.lengths.begun(number, now, now, song.characters)
        self.before(number)
        return [(number, self.lengths.pause_seconds(number, now))]

    def looked(self, number: int, now: float, place: int | None, *, is_ready: bool) -> Iterable[tuple[int, float]]:
        """As planned, and whose turn has come by that."""
        self.before(number)
        if not is_ready and now < self._over_at(number):
            self.lengths.seen_working(number, now, place if self._is_told else None)
            self.before(number)
            return [(number, min(self.lengths.pause_seconds(number, now), self._over_at(number) - now))]
        came = self.lengths.seen_ready(number, now) if is_ready else self.lengths.outlived(number, now)
        self.learn()
        return [(other, self.lengths.pause_seconds(other, now)) for other in came if self.before(other) is None]

    def before(self, number: int) -> None:
        """Something is asked of this song next."""

    def learn(self) -> None:
        """A length was seen."""
        if self.lengths.is_due:
            self.lengths.believe(self.lengths.thought(), self.lengths.memory.count)

    def _over_at(self, number: int) -> float:
        return self.lengths.accepted_at(number) + HORIZON_SECONDS - 0.001


class Optimum(Learned):
    """The same with nothing to learn: it was told the distribution, the queue, and what words do."""

    def __init__(self, songs: SongSet, seconds_per_poll: float) -> None:
        """What it believes, for each song."""
        super().__init__(seconds_per_poll)
        self._songs, self._seconds_per_poll = songs, seconds_per_poll
        self._made: dict[tuple[int, int], Belief] = {}
        memory = Memory()
        memory.count = 1_000_000
        self.lengths.memory = memory

    def before(self, number: int) -> None:
        """Believe what is true of it."""
        self.lengths.belief = self._songs.known(number, self._seconds_per_poll, self._made)

    def learn(self) -> None:
        """There is nothing to learn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of each song, in their order."""

    lags: Sequence[float]
    polls: Sequence[int]

    def mean(self, first: int, last: int) -> tuple[float, float]:
        """Mean lag in seconds and mean polls of these songs; who never ends has no lag and all its polls."""
        count = last - first
        return sum(self.lags[first:last]) / count, sum(self.polls[first:last]) / count


def run(songs: Sequence[Song], policy: Policy) -> Outcome:
    """All songs from their acceptance to the look that saw them ready, or to their deadline."""
    lags, polls, due = [0.0] * len(songs), [0] * len(songs), [math.inf] * len(songs)
    order = itertools.count()
    heap = [(song.accepted_at, next(order), number) for number, song in enumerate(songs)]
    heapq.heapify(heap)
    over: set[int] = set()

    def schedule(now: float, wanted: Iterable[tuple[int, float]]) -> None:
        for number, pause in wanted:
            at = now + max(0.01, pause)
            if at < due[number]:
                due[number] = at
                heapq.heappush(heap, (at, next(order), number))

    while heap:
        now, _, number = heapq.heappop(heap)
        song = songs[number]
        if number in over or (due[number] != now and now != song.accepted_at):
            continue
        if now == song.accepted_at:
            schedule(now, policy.begun(number, song, now))
            continue
        due[number] = math.inf
        polls[number] += 1
        ready_at = song.accepted_at + song.seconds
        if now >= ready_at:
            lags[number] = now - ready_at
        if now >= ready_at or now >= song.accepted_at + HORIZON_SECONDS - 0.001:
            over.add(number)
        wanted = policy.looked(number, now, song.place_at(now), is_ready=now >= ready_at)
        schedule(now, [x for x in wanted if x[0] not in over])
    return Outcome(lags=lags, polls=polls)
