"""Every pause can be read off a table, and none is endless, negative or zero."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.schedule import (
    JITTER_SHARE,
    MAX_ASKED_SECONDS,
    MAX_BACKOFF_SECONDS,
    LookBudget,
    Pace,
    backoff_seconds,
    is_over,
    poll_pause_seconds,
    spread_seconds,
)

PACE = Pace(poll_interval_seconds=10, polls_per_second=5)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

chances = st.floats(0, 1)
seconds = st.floats(0, 1e7)
paces = st.builds(
    Pace,
    poll_interval_seconds=st.floats(0.05, 86_400),
    polls_per_second=st.floats(0.01, 1_000),
)


@pytest.mark.parametrize(
    ("waited_seconds", "generating", "pause"),
    [
        (0, 1, 10),
        (90, 20, 10),
        (180, 50, 10),  # the budget allows just that many at this pace
        (270, 1, 15),
        (360, 1, 20),
        (720, 1, 40),
        (86_400, 1, 40),
        (0, 100, 20),
        (0, 1_000, 200),
        (720, 1_000, 200),
    ],
)
def test_looks_grow_rarer_with_patience_and_with_the_number_of_jobs(
    waited_seconds: float, generating: int, pause: float
):
    assert poll_pause_seconds(PACE, waited_seconds=waited_seconds, generating=generating, jitter=0) == pause


@given(paces, seconds, st.integers(0, 100_000), chances)
def test_a_pause_between_looks_keeps_its_bounds(pace: Pace, waited_seconds: float, generating: int, jitter: float):
    pause = poll_pause_seconds(pace, waited_seconds=waited_seconds, generating=generating, jitter=jitter)
    assert pause >= pace.poll_interval_seconds / 2
    assert pause <= max(4 * pace.poll_interval_seconds, generating / pace.polls_per_second)


@given(paces, st.integers(1, 100_000), chances)
def test_all_looks_together_stay_near_the_budget(pace: Pace, generating: int, jitter: float):
    pause = poll_pause_seconds(pace, waited_seconds=0, generating=generating, jitter=jitter)
    assert generating / pause <= pace.polls_per_second / (1 - JITTER_SHARE) * 1.000001


@pytest.mark.parametrize(
    ("tries", "asked_seconds", "pause"),
    [
        (1, None, 2),
        (2, None, 4),
        (3, None, 8),
        (5, None, 32),
        (6, None, MAX_BACKOFF_SECONDS),
        (10_000, None, MAX_BACKOFF_SECONDS),
        (1, 0, 2),
        (1, -3, 2),
        (1, 30, 30),
        (6, 30, MAX_BACKOFF_SECONDS),
        (1, 86_400, MAX_ASKED_SECONDS),
        (1, float("inf"), MAX_ASKED_SECONDS),
    ],
)
def test_back_off_doubles_and_obeys_the_server_within_reason(tries: int, asked_seconds: float | None, pause: float):
    assert backoff_seconds(tries, jitter=0, asked_seconds=asked_seconds) == pause


@given(st.integers(1, 10**6), chances, st.none() | st.floats(allow_nan=True), st.floats(0.1, 10))
def test_back_off_is_never_endless_nor_a_busy_loop(
    tries: int, jitter: float, asked_seconds: float | None, first_seconds: float
):
    pause = backoff_seconds(tries, jitter=jitter, asked_seconds=asked_seconds, first_seconds=first_seconds)
    assert first_seconds * (1 - JITTER_SHARE) * 0.999 <= pause <= MAX_ASKED_SECONDS


@given(st.integers(1, 20), chances)
def test_one_more_failure_never_makes_the_pause_shorter_at_the_same_chance(tries: int, jitter: float):
    assert backoff_seconds(tries + 1, jitter=jitter) >= backoff_seconds(tries, jitter=jitter)


@given(paces, chances)
def test_first_looks_fall_within_one_interval(pace: Pace, jitter: float):
    assert 0 <= spread_seconds(pace, jitter) <= pace.poll_interval_seconds


@pytest.mark.parametrize(
    ("late_seconds", "answered", "over"),
    [
        (-1, True, False),
        (0, True, True),
        (1, True, True),
        (-1, False, False),
        (0, False, False),
        (899, False, False),
        (900, False, True),
        (9_000, False, True),
    ],
)
def test_a_provider_that_does_not_answer_gets_grace_on_top(late_seconds: float, answered: bool, over: bool):
    now = NOON + timedelta(seconds=late_seconds)
    assert is_over(NOON, now, answered=answered, grace=timedelta(seconds=900)) is over


@pytest.mark.parametrize("answered", [True, False])
def test_without_a_deadline_nothing_is_over(answered: bool):
    assert not is_over(None, NOON, answered=answered, grace=timedelta(0))


def test_no_pause_is_longer_than_members_have_patience_for():
    """A wrong `Retry-After` must not park a job for a day: two minutes at the server's word, one at ours."""
    assert (MAX_ASKED_SECONDS, MAX_BACKOFF_SECONDS) == (120, 60)


def test_a_budget_of_looks_saves_a_hundred_and_then_gives_so_many_a_second():
    budget = LookBudget(Pace(poll_interval_seconds=10, polls_per_second=5))
    assert [budget.reserve(1000.0) for _ in range(100)] == [0.0] * 100
    assert [round(budget.reserve(1000.0), 3) for _ in range(3)] == [0.2, 0.4, 0.6]
    assert budget.reserve(1000.0 + 60) == 0.0


def test_first_looks_at_very_many_jobs_are_spread_further():
    pace = Pace(poll_interval_seconds=10, polls_per_second=5)
    assert (spread_seconds(pace, 1.0, 200), spread_seconds(pace, 1.0, 20_000)) == (10, 200)
    assert [spread_seconds(pace, 1.0, jobs, in_the_making=True) for jobs in (50, 20_000)] == [10, 4_000]
