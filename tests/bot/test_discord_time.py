"""The offset to Discord's clock, learned from `Date` alone."""

import logging
from datetime import timedelta
from email.utils import format_datetime

import pytest

from bot.discord_time import DiscordTime, seconds_ahead, skew_sentence
from tests.moved_clock import MovedClock


def date(clock: MovedClock, *, ahead_seconds: float) -> str:
    """What Discord writes while this machine is so far ahead of it."""
    return format_datetime(clock.now() - timedelta(seconds=ahead_seconds), usegmt=True)


@pytest.mark.parametrize("ahead_seconds", [-900, -61, 0, 61, 900])
def test_the_time_at_discord_is_ours_less_the_offset(ahead_seconds: int) -> None:
    clock = MovedClock()
    time = DiscordTime(clock)
    assert time.now() is None
    time.heard(date(clock, ahead_seconds=ahead_seconds))
    assert time.now() == clock.now() - timedelta(seconds=ahead_seconds)


def test_the_median_of_the_last_ten_answers_is_believed() -> None:
    clock = MovedClock()
    time = DiscordTime(clock)
    for ahead_seconds in [0, 0, 0, 0, 0, 0, 500, 500, 500]:  # answers that were under way for long
        time.heard(date(clock, ahead_seconds=ahead_seconds))
    assert time.ahead_seconds == 0
    for _ in range(10):  # somebody has set the clock
        time.heard(date(clock, ahead_seconds=120))
    assert time.ahead_seconds == 120


#: What the library that reads it cannot count.
ZONE_TOO_FAR = "Sat, 31 Jan 2026 00:00:00 +" + "9" * 18


@pytest.mark.parametrize("header", [None, "", "yesterday", "Sat, 99 Foo 2026 00:00:00 GMT", ZONE_TOO_FAR])
def test_an_answer_without_a_usable_date_says_nothing(header: str | None) -> None:
    time = DiscordTime(MovedClock())
    time.heard(header)
    assert time.now() is None
    assert seconds_ahead(header, MovedClock().now()) is None


def test_a_wrong_clock_is_said_once_until_it_was_right(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    clock = MovedClock()
    time = DiscordTime(clock)
    for ahead_seconds in [29] * 10 + [90] * 20 + [0] * 10 + [-90] * 20:
        time.heard(date(clock, ahead_seconds=ahead_seconds))
    ahead, behind = [record.getMessage() for record in caplog.records]
    assert "s ahead of Discord's" in ahead
    assert "s behind Discord's" in behind
    assert "90 s behind" in time.trouble
    assert skew_sentence(None) == skew_sentence(30.0) == ""
