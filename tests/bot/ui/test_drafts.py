"""Orders that are still being typed."""

from datetime import UTC, datetime

from bot.ui.drafts import Drafts
from bot.ui.orders import OrderInput


class HandClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


ORDER_INPUT = OrderInput(lyrics="la")


def test_a_draft_is_found_by_its_member_alone() -> None:
    drafts = Drafts(HandClock())
    key = drafts.keep(1, ORDER_INPUT)
    assert drafts.find(key, 1) == ORDER_INPUT
    assert drafts.find(key, 2) is None
    assert drafts.find("", 1) is None


def test_drafts_are_forgotten_after_hours_and_the_oldest_gives_way() -> None:
    clock = HandClock()
    drafts = Drafts(clock, max_drafts=2)
    first, second, third = (drafts.keep(1, ORDER_INPUT) for _ in range(3))
    assert drafts.find(first, 1) is None
    assert drafts.find(second, 1) is not None
    clock.seconds = 7 * 3600
    assert drafts.find(third, 1) is None


def test_a_key_fits_a_custom_id() -> None:
    assert len("form:v1:draft:" + Drafts(HandClock()).keep(1, ORDER_INPUT)) <= 100
