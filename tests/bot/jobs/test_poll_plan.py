"""From lengths to a curve, from a curve to the looks that cost least."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs.poll_plan import MIN_PAUSE_SECONDS, Curve, Interval, PollPlan, Prior, fit, grid, log_normal, plan

EDGES = grid(900)
PRIOR = Prior(median_seconds=45, sigma=0.5, weight=5)

lengths = st.floats(0.01, 2_000)
intervals = st.builds(
    lambda a, b, weight: Interval(after=min(a, b), until=max(a, b) + 0.01, weight=weight),
    st.floats(0, 2_000),
    st.floats(0, 2_000) | st.just(math.inf),
    st.floats(0.001, 1),
)


def looks_of(looks: PollPlan, length: float) -> list[float]:
    """The ages at which a generation of this length is looked at, up to the one that sees it ready."""
    ages = [looks.pause_seconds(0)]
    while ages[-1] < length:
        ages.append(ages[-1] + looks.pause_seconds(ages[-1]))
    return ages


def lag_and_looks(looks: PollPlan, seconds: list[float]) -> tuple[float, float]:
    ways = [looks_of(looks, length) for length in seconds]
    lag = sum(way[-1] - length for way, length in zip(ways, seconds, strict=True)) / len(seconds)
    return lag, sum(map(len, ways)) / len(seconds)


def near(length: float, width: float = 4) -> Interval:
    return Interval(after=length - width / 2, until=length + width / 2)


@settings(max_examples=40, deadline=None)
@given(st.lists(intervals, max_size=20))
def test_a_curve_rises_from_nothing_and_never_beyond_one(seen: list[Interval]):
    curve = fit(EDGES, seen, PRIOR)
    assert len(curve.cdf) == len(EDGES)
    assert curve.cdf[0] == 0
    assert all(before <= after for before, after in pairwise(curve.cdf))
    assert curve.cdf[-1] <= 1


@settings(max_examples=20, deadline=None)
@given(st.lists(intervals, max_size=20), st.floats(0.01, 60), st.floats(0, 5_000))
def test_every_plan_gives_every_age_a_pause_that_is_neither_nothing_nor_endless(
    seen: list[Interval], cost: float, age: float
):
    pause = plan(fit(EDGES, seen, PRIOR), cost).pause_seconds(age)
    assert MIN_PAUSE_SECONDS <= pause <= max(EDGES[-1], age / 5)


def test_what_was_seen_outweighs_the_prior_as_it_grows():
    chance = random.Random(1)
    seen = [near(120 * math.exp(0.3 * chance.gauss(0, 1))) for _ in range(100)]
    medians = [fit(EDGES, seen[:number], PRIOR).quantile(0.5) for number in (0, 5, 20, 100)]
    assert medians == sorted(medians)
    assert medians[0] == pytest.approx(45, rel=0.1)
    assert medians[-1] == pytest.approx(120, rel=0.1)


def test_a_wide_interval_takes_the_shape_that_the_others_have_there():
    seen = [near(40 + number % 5) for number in range(30)]
    apart = fit(EDGES, seen, PRIOR)
    beside = fit(EDGES, [*seen, *[Interval(after=0, until=600)] * 10], PRIOR)
    assert beside.quantile(0.5) == pytest.approx(apart.quantile(0.5), rel=0.05)
    assert beside.quantile(0.9) == pytest.approx(apart.quantile(0.9), rel=0.2)


def test_those_that_never_end_leave_the_curve_below_one():
    seen = [near(45)] * 90 + [Interval(after=900, until=math.inf)] * 10
    assert fit(EDGES, seen, PRIOR).cdf[-1] == pytest.approx(0.9, abs=0.03)
    assert math.isinf(fit(EDGES, seen, PRIOR).quantile(0.98))


def test_a_quantile_is_of_those_that_are_still_at_work():
    curve = log_normal(EDGES, 45, 0.4)
    later = [curve.quantile(0.5, survived=survived) for survived in (0, 30, 60, 120)]
    assert later == sorted(later)
    assert all(end > survived for end, survived in zip(later, (0, 30, 60, 120), strict=True))


def test_the_looks_for_a_known_distribution_are_near_the_best_that_is_possible():
    """Uniform over 20 to 40 seconds: lag times looks can be brought to about 5; a look every 5 s reaches 17."""
    curve = Curve(edges=EDGES, cdf=[min(1, max(0, (edge - 20) / 20)) for edge in EDGES])
    chance = random.Random(1)
    lag, looks = lag_and_looks(plan(curve, 0.2), [chance.uniform(20, 40) for _ in range(2_000)])
    assert 4.5 < lag * looks < 5.5


def test_a_learned_curve_leads_to_looks_that_are_nearly_as_good():
    chance = random.Random(2)
    draw = lambda: 45 * math.exp(0.35 * chance.gauss(0, 1))  # noqa: E731
    learned = fit(EDGES, [near(draw()) for _ in range(150)], PRIOR)
    days = [draw() for _ in range(2_000)]
    ours, best = (math.prod(lag_and_looks(plan(curve, 0.2), days)) for curve in (learned, log_normal(EDGES, 45, 0.35)))
    assert ours < 1.15 * best


@pytest.mark.parametrize("sigma", [0.2, 0.5, 0.9])
def test_the_dearer_a_look_the_fewer_there_are_and_the_later_they_see(sigma: float):
    curve = log_normal(EDGES, 45, sigma)
    chance = random.Random(3)
    days = [45 * math.exp(sigma * chance.gauss(0, 1)) for _ in range(500)]
    lags, looks = zip(*(lag_and_looks(plan(curve, cost), days) for cost in (0.05, 0.3, 2, 10)), strict=True)
    assert list(lags) == sorted(lags)
    assert list(looks) == sorted(looks, reverse=True)


def test_who_outlives_everything_known_is_looked_at_ever_more_rarely_until_the_deadline():
    chance = random.Random(4)
    seen = [near(45 * math.exp(0.3 * chance.gauss(0, 1))) for _ in range(200)]
    ages = looks_of(plan(fit(EDGES, seen, PRIOR), 0.2), 900)
    pauses = [after - before for before, after in pairwise(ages) if before > 150][:-1]  # the last is cut
    assert ages[-1] == pytest.approx(900)
    assert all(after > 0.95 * before for before, after in pairwise(pauses))
    assert pauses[-1] > 3 * pauses[0]
    assert len(pauses) < 60


def test_a_look_that_comes_late_goes_on_from_the_age_that_it_has():
    looks = plan(log_normal(EDGES, 45, 0.4), 0.2)
    ends = [age + looks.pause_seconds(age) for age in (0, 20, 33.3, 40, 41, 60, 100)]
    assert ends == sorted(ends)
