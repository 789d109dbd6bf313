"""docs/conversation.md shows what the code shows."""

from tests.bot.ui.gallery import TARGET, conversation


def test_the_page_of_the_conversation_is_up_to_date() -> None:
    written = TARGET.read_text(encoding="utf-8")
    assert written == conversation(), "run: python -m tests.bot.ui.gallery"


def shown(name: str) -> str:
    """The block below a name on the page."""
    return conversation().split(f"**{name}**", 1)[1].split("````")[1]


def test_a_cancel_before_the_handing_over_is_shown_as_free_and_one_after_it_is_not() -> None:
    free, charged = shown("Cancelled before it cost anything"), shown("Cancelled after it was sent")
    assert "Nothing was charged." in free
    assert "may still be charged" not in free
    assert "may still be charged" in charged
