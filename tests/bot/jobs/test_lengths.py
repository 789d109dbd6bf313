"""What lengths teach: a curve, a queue, words; and what is forgotten."""

import json
import math
import random
from dataclasses import replace

import pytest

from bot.jobs.lengths import MAX_REMEMBERED, Expectation, Memory, Observed, WordScale, believed
from bot.jobs.observed import Told, told

EXPECTATION = Expectation(median_seconds=45, sigma=0.5, horizon_seconds=900, seconds_per_poll=0.2)


def seen_at(length: float, *, characters: int = 200, turns: tuple[float, ...] = (0, 0, 0)) -> Observed:
    return Observed(after=max(0, length - 2), until=length + 2, characters=characters, turns=turns)


def remembered(lengths: list[Observed]) -> Memory:
    """As the bot learns: a new belief every few songs."""
    memory = Memory()
    belief = believed(EXPECTATION, ())
    for number, one in enumerate(lengths):
        memory.add(one, belief)
        if number % 5 == 0:
            belief = believed(EXPECTATION, memory.seen, count=memory.count, fast_score=memory.fast_score)
    return memory


def test_before_anything_was_seen_the_models_own_prior_is_believed():
    belief = believed(EXPECTATION, ())
    assert belief.quantile(0.5, 200) == pytest.approx(45, rel=0.1)
    assert (belief.servers, belief.words) == (0, WordScale())


@pytest.mark.parametrize("servers", [1, 2])
def test_a_service_that_works_on_our_songs_in_turn_is_found_out(servers: int):
    chance = random.Random(servers)
    lengths: list[Observed] = []
    for _ in range(20):
        free = [0.0] * servers
        ends: list[float] = []
        for place in range(5):
            turns = tuple(0.0 if place < k else sorted(ends)[place - k] for k in (1, 2, 3))
            free.sort()
            free[0] += chance.uniform(15, 25)
            ends.append(free[0])
            lengths.append(seen_at(free[0], turns=turns))
    belief = believed(EXPECTATION, lengths, count=len(lengths))
    assert belief.servers == servers
    assert 15 < belief.quantile(0.5, 200) < 25


def test_no_queue_is_believed_in_where_songs_are_made_side_by_side():
    chance = random.Random(3)
    lengths = [chance.uniform(30, 60) for _ in range(60)]
    seen = [seen_at(length, turns=(before, 0.0, 0.0)) for before, length in zip([0.0, *lengths], lengths, strict=False)]
    assert believed(EXPECTATION, seen, count=len(seen)).servers == 0


def test_more_words_take_longer_where_they_do():
    chance = random.Random(4)
    words = [chance.randint(50, 600) for _ in range(60)]
    seen = [seen_at((15 + 0.1 * number) * chance.uniform(0.85, 1.15), characters=number) for number in words]
    belief = believed(EXPECTATION, seen, count=60)
    assert belief.quantile(0.5, 100) == pytest.approx(25, rel=0.2)
    assert belief.quantile(0.5, 500) == pytest.approx(65, rel=0.2)
    assert belief.pause_seconds(0, 500) > 1.5 * belief.pause_seconds(0, 100)


def test_words_beyond_all_experience_prove_nothing():
    scale = WordScale(at_none=0.2, per_character=0.004)
    assert 0.25 <= scale.of(0) <= scale.of(10**9) <= 4


def test_words_that_make_no_difference_are_not_believed_in():
    chance = random.Random(5)
    seen = [seen_at(chance.uniform(30, 60), characters=chance.randint(50, 600)) for _ in range(100)]
    assert believed(EXPECTATION, seen, count=100).words == WordScale()


@pytest.mark.heavy
def test_a_service_that_has_changed_is_believed_within_a_few_dozen_songs():
    chance = random.Random(6)
    before = [seen_at(chance.uniform(35, 55)) for _ in range(200)]
    memory = remembered([*before, *[seen_at(chance.uniform(100, 140)) for _ in range(30)]])
    belief = believed(EXPECTATION, memory.seen, count=memory.count, fast_score=memory.fast_score)
    assert belief.curve is belief.fast
    assert belief.quantile(0.5, 200) > 90


def test_what_lay_before_a_restart_is_no_length_of_a_turn():
    one = Observed(after=300, until=340, characters=9, turns=(0, 0, 0), is_turn_unknown=True)
    interval = one.interval(1)
    assert interval is not None
    assert (interval.after, interval.until) == (0, 340)


def test_ready_before_its_turn_cannot_have_been_so():
    assert seen_at(30, turns=(50, 0, 0)).interval(1) is None


@pytest.mark.heavy
def test_what_is_kept_is_bounded_and_comes_back_as_it_was():
    memory = remembered([seen_at(45)] * (MAX_REMEMBERED + 30))
    memory.add(Observed(after=900, until=math.inf, characters=600, turns=(math.inf, 4, 0)), believed(EXPECTATION, ()))
    text = memory.written()
    again = Memory.read(text)
    assert len(text) < 12_000
    assert (again.count, again.seen) == (MAX_REMEMBERED + 31, memory.seen)
    assert len(again.seen) == MAX_REMEMBERED


def test_what_was_told_of_places_is_kept_beside_what_earlier_versions_kept_and_read():
    memory = Memory()
    waited = Told(first_place=3, place=1, first_at=4, since=9, waited_until=12, left_by=20)
    memory.seen = [seen_at(45), replace(seen_at(50), told=waited), replace(seen_at(60), told=told(None, 7, None))]
    found = json.loads(memory.written())
    assert [len(row) for row in found["seen"]] == [5, 5, 5]
    assert Memory.read(memory.written()).seen == memory.seen
    del found["told"]
    assert [one.until for one in Memory.read(json.dumps(found)).seen] == [47, 52, 62]
    assert "told" not in json.loads(remembered([seen_at(45)]).written())


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"count": 1}', '{"count": 1, "fast": 0, "seen": [[1]]}', '{"count":null}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [["a", 2, 3, [0,0,0], 0]]}', '{"count": 1e999, "fast": 0, "seen": []}',
             '{"count": -1, "fast": 0, "seen": []}', '{"count": 1, "fast": NaN, "seen": []}', "[" * 9_000,
             '{"count": 1, "fast": 0, "seen": [[NaN, NaN, 3, [0,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1e999, null, 3, [0,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[5, 2, 3, [0,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[-5, 2, 3, [0,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 1e300, [0,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 1e300, 3, [0,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [-Infinity,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [[1e300]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [[null, 1, 1, 1e300, 3, 2, 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [[null, 1, 1, 1, 3, 1e300, 0]]}',
             '{"count": 1' + "0" * 400 + ', "fast": 0, "seen": []}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [NaN,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [-1,0,0], 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [[NaN]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [[null, NaN, 1, 1, 3, 2, 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [[null, 2, 1, 1, 3, 2, 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [[null, 1, 1, 1, -3, 2, 0]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": []}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [null, null]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": [[1, 2]]}',
             '{"count": 1, "fast": 0, "seen": [[1, 2, 3, [0,0,0], 0]], "told": 7}']
)  # fmt: skip
def test_what_was_not_written_here_is_refused(text: str):
    with pytest.raises(ValueError):
        Memory.read(text)
