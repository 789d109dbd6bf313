"""A service's queue in which others wait as well: what is learned of it, when it is believed, and who lies."""

import itertools
import math
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.jobs.foreign_queue import ForeignQueue
from bot.jobs.lengths import Belief, Expectation, Memory, Observed, believed
from bot.jobs.making import ModelLengths
from bot.jobs.observed import Told, told
from bot.jobs.poll_plan import MIN_PAUSE_SECONDS

EXPECTATION = Expectation(median_seconds=45, sigma=0.5, horizon_seconds=900, seconds_per_poll=0.2)
LONGEST_SECONDS = 900 / 6
PACE_SECONDS = 12.0

#: What a service tells at this age of a song whose turns before it end at these, and which is ready at that.
Tells = Callable[[random.Random, float, list[float], float], int | None]


def honest(_chance: random.Random, age: float, turns: list[float], _ready: float) -> int | None:
    """How many turns go before it."""
    return None if age >= turns[-1] else len(turns) - 1 - bisect_right(turns, age)


LIARS: dict[str, Tells] = {
    "the same place for ever": lambda _chance, _age, _turns, _ready: 4,
    "0 for ever": lambda _chance, _age, _turns, _ready: 0,
    "any place": lambda chance, _age, _turns, _ready: chance.randint(0, 20),
    "a place that grows": lambda _chance, age, _turns, _ready: int(age / 7),
    "numbers beyond all reason": lambda chance, _age, _turns, _ready: chance.choice([10**6, 10**6 - 1]),
    "a place that falls by the clock": lambda _chance, age, _turns, _ready: max(0, 15 - int(age / 4)),
    "nothing any more": lambda _chance, _age, _turns, _ready: None,
    "now and then one": lambda chance, _age, _turns, _ready: chance.choice([None, 3]),
}


class Service:
    """Works through the songs of others, one by one, and then through ours; or makes ours at once and lies."""

    def __init__(self, tells: Tells = honest, *, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        self.tells = tells

    def song(self) -> tuple[list[float], float]:
        """The ages at which those before it are done, the last of which lets it begin; and its own length in all."""
        if self.tells is not honest:
            return [0.0], self.chance.uniform(35, 55)
        waits = [self.chance.uniform(0, PACE_SECONDS)]
        waits += [self.chance.uniform(0.8, 1.2) * PACE_SECONDS for _ in range(self.chance.randint(0, 8))]
        turns = list(itertools.accumulate(waits))
        return turns, turns[-1] + self.chance.uniform(17, 23)

    def looked_at(self, every_seconds: float) -> Observed:
        """A song that was looked at so often."""
        turns, ready = self.song()
        one, age = None, every_seconds * self.chance.uniform(0.5, 1)
        while age < ready:
            one = told(one, age, self.tells(self.chance, age, turns, ready))
            age += every_seconds
        return Observed(after=max(0.0, age - every_seconds), until=age, characters=9, told=one)

    def seen(self, number: int, *, every_seconds: float = 5.0) -> list[Observed]:
        return [self.looked_at(every_seconds) for _ in range(number)]


def after(seen: list[Observed]) -> Belief:
    return believed(EXPECTATION, seen, count=len(seen))


def knowing(seen: list[Observed]) -> ModelLengths:
    memory = Memory()
    memory.seen, memory.count = seen, len(seen)
    return ModelLengths(EXPECTATION, max_interval_seconds=10, memory=memory)


def played(lengths: ModelLengths, service: Service) -> tuple[float, int]:
    """The lag and the looks of one song that is looked at as planned."""
    turns, ready = service.song()
    lengths.begun(1, 0, 0, 9)
    now, looks = lengths.pause_seconds(1, 0), 1
    while now < ready:
        lengths.seen_working(1, now, service.tells(service.chance, now, turns, ready))
        pause = lengths.pause_seconds(1, now)
        assert pause >= MIN_PAUSE_SECONDS
        now, looks = now + pause, looks + 1
    lengths.gone(1, now)
    return now - ready, looks


def product(lengths: ModelLengths, service: Service, songs: int = 40) -> float:
    """Mean lag times mean looks."""
    ways = [played(lengths, service) for _ in range(songs)]
    return sum(lag for lag, _ in ways) * sum(looks for _, looks in ways) / songs**2


def deaf(seen: list[Observed]) -> list[Observed]:
    """The same, had nobody listened."""
    return [replace(one, told=None) for one in seen]


@pytest.fixture(scope="module")
def honestly_seen() -> list[Observed]:
    return Service().seen(60)


@pytest.fixture(scope="module")
def queue(honestly_seen: list[Observed]) -> ForeignQueue:
    found = after(honestly_seen).queue
    assert found is not None
    return found


def test_the_pace_and_the_length_behind_the_queue_are_learned(queue: ForeignQueue):
    assert queue.pace.seconds == pytest.approx(PACE_SECONDS, rel=0.15)
    assert queue.lengths.quantile(0.5) == pytest.approx(20, rel=0.15)


def test_nothing_is_believed_before_a_dozen_songs(honestly_seen: list[Observed]):
    assert after(honestly_seen[:11]).queue is None


def test_who_waits_at_a_place_is_looked_at_when_the_queue_should_have_brought_it_through(queue: ForeignQueue):
    pauses = [queue.pause_seconds(Told(first_place=place, place=place), 0) for place in range(8)]
    assert all(earlier < later for earlier, later in itertools.pairwise(pauses))
    for place, pause in enumerate(pauses):
        assert 0.6 * (place * PACE_SECONDS + 20) < pause < place * PACE_SECONDS + 32


def test_a_queue_that_has_been_slower_for_this_song_lets_it_wait_longer(queue: ForeignQueue):
    usual = Told(first_place=8, place=4, first_at=0, since=48, waited_until=48)
    slower = Told(first_place=8, place=4, first_at=0, since=200, waited_until=200)
    assert queue.pause_seconds(slower, 200) > 1.1 * queue.pause_seconds(usual, 48)
    assert queue.pause_seconds(slower, 200) < 2.1 * queue.pause_seconds(usual, 48)


def test_a_place_that_does_not_move_is_looked_at_ever_more_rarely_and_never_too_rarely(queue: ForeignQueue):
    """For a quarter of an hour."""
    one, age, ages = told(None, 1, 3), 1.0, list[float]()
    while age < 900:
        pause = queue.pause_seconds(one, age)
        assert MIN_PAUSE_SECONDS <= pause <= LONGEST_SECONDS
        age += pause
        ages.append(age)
        one = told(one, age, 3)
    assert len(ages) < 90
    assert ages[-1] - ages[-2] > 3 * (ages[3] - ages[2])


@pytest.mark.parametrize("place", [30, 1_000, 1_000_000])
def test_no_place_however_far_back_puts_a_look_off_beyond_bounds(queue: ForeignQueue, place: int):
    assert queue.pause_seconds(Told(first_place=place, place=place), 0) <= LONGEST_SECONDS


def test_songs_are_seen_sooner_and_with_fewer_looks_once_places_are_heard(honestly_seen: list[Observed]):
    assert product(knowing(honestly_seen), Service(seed=7)) < 0.6 * product(
        knowing(deaf(honestly_seen)), Service(seed=7)
    )


@pytest.mark.parametrize("lie", LIARS)
def test_who_lies_is_not_believed(lie: str):
    assert after(Service(LIARS[lie]).seen(40)).queue is None


@pytest.mark.parametrize("lie", LIARS)
def test_who_begins_to_lie_makes_nobody_look_late_nor_often_and_is_soon_no_worse_than_one_who_tells_nothing(
    lie: str, honestly_seen: list[Observed]
):
    lengths, liar = knowing(honestly_seen), Service(LIARS[lie])
    played_by_lies = [played(lengths, liar) for _ in range(10)]
    assert max(lag for lag, _ in played_by_lies) <= LONGEST_SECONDS
    assert max(looks for _, looks in played_by_lies) < 40
    later = [*honestly_seen, *liar.seen(40)]
    assert product(knowing(later), Service(LIARS[lie])) < 1.3 * product(knowing(deaf(later)), Service(LIARS[lie]))


def test_a_place_that_is_told_until_the_very_end_makes_nobody_look_late():
    """The queue is a true one, but a song at work is still told that it is the next."""

    def until_the_end(chance: random.Random, age: float, turns: list[float], ready: float) -> int:
        return honest(chance, age, turns, ready) or 0

    service = Service()
    service.tells = until_the_end
    ways = [played(lengths, service) for lengths in [knowing(service.seen(60))] for _ in range(40)]
    assert sum(lag for lag, _ in ways) / 40 < 6
    assert sum(looks for _, looks in ways) / 40 < 20


def test_who_waits_beyond_its_deadline_teaches_no_length(honestly_seen: list[Observed]):
    stuck = Observed(after=900, until=math.inf, characters=9, told=told(told(None, 5, 3), 890, 1))
    before, since = after(honestly_seen).queue, after([*honestly_seen, *[stuck] * 5]).queue
    assert before is not None
    assert since is None or since.lengths.cdf[-1] > 0.95
    assert after([stuck] * 40).quantile(0.5, 9) > 900


def test_where_no_place_is_ever_told_there_is_nothing_to_believe():
    assert after([Observed(after=40, until=43, characters=9, told=told(None, 40, None))] * 40).queue is None


def test_the_hours_of_a_restart_teach_no_pace_and_no_length(honestly_seen: list[Observed]):
    """It waited before, and was first seen again at work two hours later: all of that is possible, and nothing more."""
    one = told(None, 7_200, None)
    seen = [*honestly_seen, *[Observed(after=7_200, until=7_203, characters=9, told=one, is_turn_unknown=True)] * 3]
    before, since = after(honestly_seen).queue, after(seen).queue
    assert before is not None
    assert since is not None
    assert since.pace.seconds == pytest.approx(before.pace.seconds, rel=0.05)
    assert since.lengths.quantile(0.5) == pytest.approx(before.lengths.quantile(0.5), rel=0.1)
    assert since.lengths.quantile(0.9) < 40
    assert math.isfinite(since.pause_seconds(one, 7_203))
    assert since.pause_seconds(one, 7_203) < 60
