"""docs/conversation.md shows what the code shows."""

from tests.bot.ui.gallery import TARGET, conversation


def test_the_page_of_the_conversation_is_up_to_date() -> None:
    written = TARGET.read_text(encoding="utf-8")
    assert written == conversation(), "run: python -m tests.bot.ui.gallery"
