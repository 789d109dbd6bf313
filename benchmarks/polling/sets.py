"""What the generations are like: each set makes songs from a seed, and says what an all-knowing bot would know."""

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from benchmarks.polling.queues import Turn, known_queue, turns
from bot.jobs.foreign_queue import ForeignQueue
from bot.jobs.lengths import Belief, WordScale
from bot.jobs.poll_plan import Curve, grid, log_normal, plan

SONGS = 600
HORIZON_SECONDS = 900.0
_EDGES = grid(HORIZON_SECONDS)
_DRIFT = (100, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """One song: when its request was accepted, how long it took from then; infinite: it never ends."""

    accepted_at: float
    seconds: float
    characters: int = 200
    turn: Turn | None = None  #: its way through a queue in which others wait as well

    def place_at(self, now: float) -> int | None:
        """How many go first there; None where none do, or it is not told."""
        return None if self.turn is None else self.turn.place_at(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class SongSet:
    """One kind of day."""

    name: str
    songs: Callable[[random.Random], list[Song]]
    curve: Callable[[int], Curve]  #: of song number n; the same object where it is the same
    servers: int = 0
    words: WordScale = field(default_factory=WordScale)
    queue: Callable[[float], ForeignQueue] | None = None  #: of who knows its law, by the cost of a look
    tells: bool = True  #: ours is told its place; the optimum always is
    goal: float | None = 1.15  #: None: there is no goal but to be ahead of both fixed pauses

    def known(self, number: int, seconds_per_poll: float, made: dict[tuple[int, int], Belief]) -> Belief:
        """What an all-knowing bot believes when that song is looked at; `made` keeps what was planned before."""
        curve = self.curve(number)
        key = (id(curve), 0)
        if key not in made:
            buckets = range(-6, 7) if self.words != WordScale() else (0,)
            plans = {bucket: plan(curve, seconds_per_poll / 1.25**bucket) for bucket in buckets}
            queue = None if self.queue is None else self.queue(seconds_per_poll)
            made[key] = Belief(
                curve=curve,
                slow=curve,
                fast=curve,
                servers=self.servers,
                words=self.words,
                plans=plans,
                queue=queue,
            )
        return made[key]


def _log_normal(median: float, sigma: float) -> Callable[[random.Random], float]:
    return lambda chance: median * math.exp(sigma * chance.gauss(0, 1))


def _alone(seconds: Callable[[random.Random], float]) -> Callable[[random.Random], list[Song]]:
    def songs(chance: random.Random) -> list[Song]:
        return [Song(accepted_at=at, seconds=seconds(chance)) for at in _arrivals(chance)]

    return songs


def _arrivals(chance: random.Random) -> Iterator[float]:
    at = 0.0
    for _ in range(SONGS):
        at += chance.expovariate(1 / 15)
        yield at


def _bursts(servers: int, seconds: Callable[[random.Random], float]) -> Callable[[random.Random], list[Song]]:
    """One to ten songs at once, worked through in order by so many servers; on the whole they are busy 70 %."""

    def songs(chance: random.Random) -> list[Song]:
        made: list[Song] = []
        free = [0.0] * servers
        at = 0.0
        while len(made) < SONGS:
            at += chance.expovariate(1 / (5.5 * 21 / servers / 0.7))
            for _ in range(chance.randint(1, 10)):
                at += chance.uniform(0.3, 1.5)
                free.sort()
                free[0] = max(free[0], at) + seconds(chance)
                made.append(Song(accepted_at=at, seconds=free[0] - at))
        return made[:SONGS]

    return songs


def _by_words(chance: random.Random) -> list[Song]:
    made: list[Song] = []
    for at in _arrivals(chance):
        characters = chance.randint(50, 600)
        seconds = (15 + 0.1 * characters) * math.exp(0.2 * chance.gauss(0, 1))
        made.append(Song(accepted_at=at, seconds=seconds, characters=characters))
    return made


def _bad_length(chance: random.Random) -> float:
    kind = chance.random()
    if kind < 0.02:
        return math.inf
    return _log_normal(180 if kind < 0.15 else 45, 0.35)(chance)


def _among_others(servers: int, seconds: Callable[[random.Random], float]) -> Callable[[random.Random], list[Song]]:
    def songs(chance: random.Random) -> list[Song]:
        made = turns(chance, SONGS, servers, seconds)
        return [Song(accepted_at=one.came_at, seconds=one.ready_at - one.came_at, turn=one) for one in made]

    return songs


def _whole(songs: Callable[[random.Random], list[Song]]) -> Curve:
    """Wait and length together, as often as they were in some thousands of songs of other days."""
    lengths = sorted(song.seconds for seed in range(1000, 1010) for song in songs(random.Random(seed)))
    return Curve(edges=_EDGES, cdf=tuple(bisect_right(lengths, edge) / len(lengths) for edge in _EDGES))


def _queued(name: str, servers: int, *, tells: bool) -> SongSet:
    lengths = _known(20, 0.35)
    songs = _among_others(servers, _TWENTY)
    return SongSet(
        name=name,
        songs=songs,
        curve=_always(_whole(songs)),
        queue=lambda cost: known_queue(lengths, servers, _TWENTY, cost),
        tells=tells,
        goal=1.15 if tells else None,
    )


def _mixed(parts: Mapping[Curve, float]) -> Curve:
    columns = zip(*([share * value for value in curve.cdf] for curve, share in parts.items()), strict=True)
    return Curve(edges=_EDGES, cdf=tuple(sum(column) for column in columns))


def _drifted(number: int) -> tuple[float, float]:
    first, last = _DRIFT
    share = min(1.0, max(0.0, (number - first) / (last - first)))
    share = round(share * 20) / 20
    return 45 * 2**share, 0.35 + 0.05 * share


def _drifting(chance: random.Random) -> list[Song]:
    return [
        Song(accepted_at=at, seconds=_log_normal(*_drifted(number))(chance))
        for number, at in enumerate(_arrivals(chance))
    ]


def _always(curve: Curve) -> Callable[[int], Curve]:
    return lambda _: curve


def _known(median: float, sigma: float) -> Curve:
    curve = log_normal(_EDGES, median, sigma)
    return Curve(edges=_EDGES, cdf=tuple(curve.cdf))


_TWENTY = _log_normal(20, 0.35)
_DRIFT_CURVES = {_drifted(number): _known(*_drifted(number)) for number in range(SONGS)}
_UNIFORM = Curve(edges=_EDGES, cdf=tuple(min(1.0, max(0.0, (edge - 20) / 20)) for edge in _EDGES))

SETS = (
    SongSet(name="log-normal 45 s, 0.35", songs=_alone(_log_normal(45, 0.35)), curve=_always(_known(45, 0.35))),
    SongSet(name="log-normal 45 s, 0.5", songs=_alone(_log_normal(45, 0.5)), curve=_always(_known(45, 0.5))),
    SongSet(name="log-normal 90 s, 0.4", songs=_alone(_log_normal(90, 0.4)), curve=_always(_known(90, 0.4))),
    SongSet(
        name="one server, bursts", songs=_bursts(1, _log_normal(20, 0.35)), curve=_always(_known(20, 0.35)), servers=1
    ),
    SongSet(
        name="two servers, bursts", songs=_bursts(2, _log_normal(20, 0.35)), curve=_always(_known(20, 0.35)), servers=2
    ),
    SongSet(
        name="by length of lyrics",
        songs=_by_words,
        curve=_always(_known(47.5, 0.2)),
        words=WordScale(at_none=15 / 47.5, per_character=0.1 / 47.5),
    ),
    SongSet(
        name="a bad day",
        songs=_alone(_bad_length),
        curve=_always(_mixed({_known(45, 0.35): 0.85, _known(180, 0.35): 0.13})),
        goal=1.25,
    ),
    SongSet(name="a drift", songs=_drifting, curve=lambda number: _DRIFT_CURVES[_drifted(number)], goal=1.25),
    SongSet(name="uniform 20 to 40 s", songs=_alone(lambda chance: chance.uniform(20, 40)), curve=_always(_UNIFORM)),
    _queued("others before us, one server, told", 1, tells=True),
    _queued("others before us, one server", 1, tells=False),
    _queued("others before us, three servers, told", 3, tells=True),
    _queued("others before us, three servers", 3, tells=False),
)
