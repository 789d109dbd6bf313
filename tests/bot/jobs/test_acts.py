"""Reports of operators, as values."""

from bot.jobs.acts import Spending, SpentReport
from bot.jobs.ledger import NOBODY


def test_lines_that_no_longer_say_whose_they_are_count_in_all_and_for_no_member() -> None:
    found = {("2026-01-31", NOBODY): Spending(songs=5, micros=50), ("2026-01-31", 7): Spending(songs=2, micros=20)}
    report = SpentReport(days=("2026-01-31",), by_day_and_member=found)
    assert report.total.songs == report.by_day["2026-01-31"].songs == 7
    assert [member_id for member_id, _ in report.top_members()] == [7]


def test_what_nobody_ordered_costs_nothing() -> None:
    spending = Spending()
    assert (spending.songs, spending.micros, spending.unknown, spending.unknown_micros) == (0, 0, 0, 0)
    assert (spending.freed, spending.given) == (0, 0)
    assert SpentReport(days=(), by_day_and_member={}).total == spending
