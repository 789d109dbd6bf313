"""What is in the making, whose turn it is, and when to look."""

import math
from dataclasses import replace

import pytest

from bot.jobs.lengths import Belief, Expectation, Memory, Observed, believed
from bot.jobs.making import MIN_LENGTHS, ModelLengths
from bot.jobs.observed import told

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


def behind(others: int, variation: float) -> Observed:
    """One that waited for so many others, 12 seconds each, and then took 20; looked at every five seconds."""
    left, ready = 12.0 * others + 6 + variation, 12.0 * others + 26 + 2 * variation
    one, age = None, 4.0
    while age < ready:
        one = told(one, age, None if age >= left else int((left - age) / 12))
        age += 5
    return Observed(after=max(0.0, age - 5), until=age, characters=9, told=one)


#: Others come before ours at the service.
BEHIND = [behind(others, variation) for variation in (-3, -2, -1, 0, 1, 2, 3) for others in range(7)]


def test_who_waits_at_the_service_is_looked_at_by_the_place_that_a_look_told():
    lengths = knowing(BEHIND)
    assert lengths.belief.queue is not None
    for number, place in ((1, 5), (2, 1), (3, None)):
        lengths.begun(number, 0, 0, 9)
        lengths.seen_working(number, 4, place)
    far, near, begun = (lengths.pause_seconds(number, 4) for number in (1, 2, 3))
    assert begun < near < far
    assert 50 < far < 90


def test_who_waits_at_the_service_is_told_a_span_that_includes_the_wait():
    lengths = knowing(BEHIND)
    lengths.begun(1, 0, 0, 9)
    lengths.seen_working(1, 4, 5)
    span = lengths.span_seconds(1, 4, low=0.1, high=0.9)
    assert span is not None
    assert 70 < span[0] < 4 + 5.5 * 12 + 20 < span[1] < 120
    lengths.seen_working(1, 60, None)
    later = lengths.span_seconds(1, 60, low=0.1, high=0.9)
    assert later is not None
    assert 60 < later[0] < later[1] < 100


def test_no_span_is_told_of_who_waits_in_a_queue_of_which_nothing_is_known():
    lengths = knowing(steady(60))
    lengths.begun(1, 0, 0, 9)
    lengths.seen_working(1, 4, 5)
    assert lengths.span_seconds(1, 4, low=0.1, high=0.9) is None
    lengths.seen_working(1, 8, None)
    assert lengths.span_seconds(1, 8, low=0.1, high=0.9) is not None


def test_whose_place_goes_backwards_is_looked_at_by_its_age():
    lengths, deaf = knowing(BEHIND), knowing(BEHIND)
    for each, places in ((lengths, (1, 9)), (deaf, (None, None))):
        each.belief = replace(each.belief, queue=lengths.belief.queue if each is lengths else None)
        each.begun(1, 0, 0, 9)
        for age, place in zip((4, 10), places, strict=True):
            each.seen_working(1, age, place)
    assert lengths.pause_seconds(1, 10) == deaf.pause_seconds(1, 10)


def test_until_ten_lengths_were_seen_no_place_makes_a_pause_longer_than_the_interval():
    lengths = knowing(BEHIND[: MIN_LENGTHS - 1])
    lengths.begun(1, 0, 0, 9)
    lengths.seen_working(1, 4, 8)
    assert lengths.pause_seconds(1, 4) <= 10


def test_what_was_told_of_places_is_remembered_with_the_length():
    lengths = knowing([])
    lengths.begun(1, 100, 100, 9)
    lengths.seen_working(1, 105, 2)
    lengths.seen_working(1, 120, None)
    lengths.seen_ready(1, 130)
    (one,) = lengths.memory.seen
    assert one.told is not None
    assert (one.told.first_place, one.told.waited_until, one.told.left_by) == (2, 5, 20)


def test_a_restart_while_it_waited_leaves_open_when_its_work_began():
    """Who looks again an hour later knows no more than that it had begun by then."""
    lengths = knowing([])
    lengths.begun(1, 0, 3_600, 9)
    lengths.seen_working(1, 3_600, None)
    lengths.seen_ready(1, 3_605)
    (one,) = lengths.memory.seen
    interval = one.since_it_left()
    assert (interval.until, interval.begun_within) == (3_605, 3_600)


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


@pytest.mark.parametrize("number", [MIN_LENGTHS - 1, 60])
def test_a_clock_that_is_set_back_an_hour_puts_no_look_off_and_teaches_nothing(number: int):
    lengths = knowing(steady(number))
    usual = lengths.belief.pause_seconds(0, 200)
    for key, is_looked_at in ((1, False), (2, True)):
        lengths.begun(key, 3_600, 3_600, 200)
        if is_looked_at:
            lengths.seen_working(key, 3_605)
        assert 0 < lengths.pause_seconds(key, 10) <= usual
        lengths.seen_ready(key, 20)
    assert lengths.memory.count == number


def test_a_clock_that_went_ahead_for_a_while_teaches_nothing_and_spoils_nothing_that_is_kept():
    lengths = knowing(steady(20))
    lengths.begun(1, 1_000, 1_000, 200)
    lengths.seen_working(1, 4_600)
    lengths.seen_ready(1, 1_060)
    lengths.begun(2, 1_000, 1_000, 200)
    lengths.outlived(2, 900)
    assert len(Memory.read(lengths.memory.written()).seen) == lengths.memory.count == 20


def test_the_first_look_falls_before_the_deadline_however_much_a_look_costs_and_however_many_the_words_are():
    memory = Memory()
    ends = ((characters, min(890.0, 150 + characters / 3)) for characters in range(0, 3_000, 75))
    memory.seen = [Observed(after=0.9 * end, until=end, characters=characters) for characters, end in ends]
    memory.count = len(memory.seen)
    lengths = ModelLengths(
        replace(EXPECTATION, median_seconds=500, seconds_per_poll=60.0), max_interval_seconds=10, memory=memory
    )
    assert lengths.belief.words.of(3_000) > 1
    lengths.begun(1, 1_000, 1_000, 3_000)
    assert 600 < lengths.pause_seconds(1, 1_000) <= EXPECTATION.horizon_seconds
