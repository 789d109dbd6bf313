"""What looks tell of a place in a queue, and what that says of a length."""

import math

import pytest

from bot.jobs.observed import Observed, Told, read_row, told


def after_looks(*looks: tuple[float, int | None]) -> Told:
    """After looks at these ages that told these places."""
    one = None
    for age, place in looks:
        one = told(one, age, place)
    assert one is not None
    return one


def test_work_begins_between_the_last_look_that_found_it_waiting_and_the_first_that_did_not():
    one = after_looks((5, 4), (9, 4), (20, 1), (31, 1), (44, None), (50, None))
    assert (one.first_at, one.first_place, one.since, one.place) == (5, 4, 20, 1)
    assert (one.waited_until, one.left_by, one.is_waiting, one.can_be_believed) == (31, 44, False, True)
    interval = Observed(after=50, until=53, characters=9, told=one).since_it_left()
    assert (interval.after, interval.until, interval.begun_within) == (19, 22, 13)


def test_what_was_never_told_a_place_began_before_the_first_look():
    one = after_looks((8, None), (12, None))
    assert (one.first_place, one.left_by, one.can_be_believed) == (None, 8, False)
    interval = Observed(after=12, until=15, characters=9, told=one).since_it_left()
    assert (interval.after, interval.until, interval.begun_within) == (12, 15, 8)


def test_what_went_from_the_queue_to_ready_between_two_looks_has_any_length_up_to_that():
    one = after_looks((5, 2), (30, 0))
    interval = Observed(after=30, until=52, characters=9, told=one).since_it_left()
    assert (interval.after, interval.until, interval.begun_within) == (0, 22, 22)


@pytest.mark.parametrize("looks", [[(5, 1), (9, 2)], [(5, 1), (9, None), (12, 0)], [(5, None), (9, 3)]])
def test_a_place_that_goes_backwards_proves_nothing(looks: list[tuple[float, int | None]]):
    assert after_looks(*looks).is_odd
    assert not after_looks(*looks).can_be_believed
    assert after_looks(*looks, (90, None)).is_odd


@pytest.mark.parametrize(
    "looks", [[], [(5, None)], [(5, 3)], [(5, 3), (9, 1), (12, None)], [(5, 1), (9, 2)], [(5, 2), (9, 0)]]
)
@pytest.mark.parametrize("until", [40.0, math.inf])
def test_what_was_seen_is_kept_as_it_was(looks: list[tuple[float, int | None]], until: float):
    seen = after_looks(*looks) if looks else None
    one = Observed(after=30, until=until, characters=9, turns=(math.inf, 2, 0), is_turn_unknown=True, told=seen)
    assert read_row(one.written(), one.written_told()) == one


@pytest.mark.parametrize("row", [[], [None, 1], ["x"], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, None, 5, 6, 0], "x", 7])
def test_what_cannot_have_been_kept_is_refused(row: object):
    with pytest.raises((ValueError, TypeError, IndexError)):
        read_row(Observed(after=1, until=2, characters=3).written(), row)
