"""What is in the making, whose turn it is, and when to look."""

import math

import pytest

from bot.jobs.lengths import Belief, Expectation, Memory, Observed, believed
from bot.jobs.making import MIN_LENGTHS, ModelLengths

EXPECTATION = Expectation(median_seconds=45, sigma=0.5, horizon_seconds=900, seconds_per_poll=0.2)
#: One after the other, about 20 s each.
QUEUE = [
    Observed(after=20 * place + 18 + wide, until=20 * place + 22 + wide, characters=9, turns=(20.0 * place, 0, 0))
    for wide in (-2, -1, 0, 1, 2)
    for place in range(5)
]


def knowing(seen: list[Observed]) -> ModelLengths:
    memory = Memory()
    memory.seen, memory.count = seen, len(seen)
    return ModelLengths(EXPECTATION, max_interval_seconds=10, memory=memory)


def pauses(lengths: ModelLengths, until: float) -> list[float]:
    """From acceptance of song 1 at 0 on, while it is at work."""
    lengths.begun(1, 0, 0, 200)
    now, found = 0.0, [lengths.pause_seconds(1, 0)]
    while (now := now + found[-1]) < until:
        lengths.seen_working(1, now)
        found.append(lengths.pause_seconds(1, now))
    return found


def steady(number: int) -> list[Observed]:
    return [Observed(after=40 + place % 9, until=43 + place % 9, characters=200) for place in range(number)]


def test_until_ten_lengths_were_seen_no_pause_is_longer_than_the_interval():
    assert max(pauses(knowing(steady(MIN_LENGTHS - 1)), 300)) < 10.001


def test_afterwards_the_interval_bounds_nothing():
    assert pauses(knowing(steady(MIN_LENGTHS)), 300)[0] > 10


def test_few_looks_fall_where_nothing_ends_and_many_where_most_do():
    found = pauses(knowing(steady(60)), 45)
    assert found[0] > 25
    assert min(found) < 4


def test_a_song_whose_turn_has_not_come_is_left_alone_until_it_has():
    lengths = knowing(QUEUE)
    assert lengths.belief.servers == 1
    for number in (1, 2, 3):
        lengths.begun(number, number / 10, number / 10, 9)
    first, second, third = (lengths.pause_seconds(number, 0.3) for number in (1, 2, 3))
    assert first < 25 < second < third
    assert lengths.seen_ready(1, 20) == [2]
    assert lengths.pause_seconds(2, 20) < 25
    assert lengths.pause_seconds(3, 20) > 25


@pytest.mark.parametrize("end", ["gone", "outlived"])
def test_whoever_goes_before_makes_room_whatever_became_of_it(end: str):
    lengths = knowing(QUEUE)
    lengths.begun(1, 0, 0, 9)
    lengths.begun(2, 0.5, 0.5, 9)
    assert getattr(lengths, end)(1, 7) == [2]
    assert lengths.gone(1, 8) == []


def test_what_takes_for_ever_is_learned_as_that_and_what_was_let_go_is_not():
    lengths = knowing([])
    for number in (1, 2):
        lengths.begun(number, 0, 0, 9)
    lengths.outlived(1, 900)
    lengths.gone(2, 900)
    assert [(one.after, one.until) for one in lengths.memory.seen] == [(900, math.inf)]


def test_a_length_lies_between_the_last_look_that_said_no_and_the_one_that_said_yes():
    lengths = knowing([])
    lengths.begun(1, 100, 100, 9)
    lengths.seen_working(1, 110)
    lengths.seen_working(1, 130)
    lengths.seen_ready(1, 135, uncertain_seconds=20)
    (one,) = lengths.memory.seen
    assert (one.after, one.until, one.is_turn_unknown) == (10, 35, False)


def test_the_hours_of_a_restart_are_no_length():
    """Nobody looked meanwhile: it ended some time or other, which says next to nothing."""
    before = knowing(steady(40))
    after = knowing(steady(40))
    after.begun(1, 0, 7_200, 200)
    after.seen_ready(1, 7_200)
    assert after.memory.seen[-1].after == 0
    belief: Belief = believed(EXPECTATION, after.memory.seen, count=41)
    assert belief.quantile(0.5, 200) == pytest.approx(before.belief.quantile(0.5, 200), rel=0.05)
    assert belief.quantile(0.95, 200) < 120


def test_a_new_song_waits_for_its_first_look_as_long_as_the_plan_says_and_an_old_one_not_at_all():
    lengths = knowing(steady(60))
    lengths.begun(1, 0, 5, 200)
    first = lengths.pause_seconds(1, 5)
    lengths.begun(2, 5, 5, 200)
    assert lengths.pause_seconds(2, 5) == pytest.approx(first + 5)
    lengths.begun(3, 5, 500, 200)
    assert lengths.pause_seconds(3, 500) == 0


def test_a_span_is_told_of_what_can_be_known():
    lengths = knowing(steady(60))
    lengths.begun(1, 0, 0, 200)
    span = lengths.span_seconds(1, 0, low=0.1, high=0.9)
    assert span is not None
    assert 38 < span[0] < 45 < span[1] < 55
    lengths.seen_working(1, 60)
    later = lengths.span_seconds(1, 60, low=0.1, high=0.9)
    assert later is not None
    assert later[0] > 60


def test_no_span_is_told_of_strangers_of_who_waits_and_where_too_many_never_end():
    lengths = knowing(QUEUE)
    for number in (1, 2):
        lengths.begun(number, number, number, 9)
    assert lengths.span_seconds(2, 2, low=0.1, high=0.9) is None
    assert lengths.span_seconds(7, 2, low=0.1, high=0.9) is None
    endless = knowing([Observed(after=900, until=math.inf, characters=9)] * 20)
    endless.begun(1, 0, 0, 9)
    assert endless.span_seconds(1, 0, low=0.1, high=0.9) is None
