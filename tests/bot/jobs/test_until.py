"""Until when: as operators type it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.jobs.acts import ActRefusedError
from bot.jobs.until import MAX_AHEAD, parse_until

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("typed", [None, "", "  "])
def test_nothing_typed_has_no_end(typed: str | None) -> None:
    assert parse_until(typed, NOW) is None


@pytest.mark.parametrize(
    ("typed", "after"),
    [
        ("90m", timedelta(minutes=90)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1w", timedelta(days=7)),
        ("1d 6h", timedelta(days=1, hours=6)),
        ("2026-02-01", timedelta(hours=12)),
        ("2026-02-01T12:00+02:00", timedelta(hours=22)),
    ],
)
def test_a_span_counts_from_now_and_a_date_is_utc_unless_it_says_otherwise(typed: str, after: timedelta) -> None:
    assert parse_until(typed, NOW) == NOW + after


def test_just_as_far_as_may_be_is_not_too_far() -> None:
    days = MAX_AHEAD.days
    assert parse_until(f"{days}d", NOW) == NOW + MAX_AHEAD
    with pytest.raises(ActRefusedError) as refused:
        parse_until(f"{days}d 1m", NOW)
    assert refused.value.key == "operators.until.far"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("soonish", "operators.until.unknown"),
        ("2h or so", "operators.until.unknown"),
        ("2026-01-31T12:00", "operators.until.past"),
        ("2020-01-01", "operators.until.past"),
        ("9999d", "operators.until.far"),
    ],
)
def test_what_says_no_moment_to_come_is_refused_and_named(typed: str, key: str) -> None:
    with pytest.raises(ActRefusedError) as refused:
        parse_until(typed, NOW)
    assert refused.value.key == key
