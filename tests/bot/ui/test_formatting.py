"""Words made safe and readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.formatting import clip, fenced, length, plain


@given(st.text(max_size=200))
def test_plain_words_are_the_words_with_nothing_but_backslashes_added(raw: str) -> None:
    shown = plain(raw)
    assert [c for c in shown if c != "\\"] == [c for c in raw if c != "\\"]


@given(st.text(alphabet="a\\*_", max_size=60), st.integers(2, 40))
def test_clipping_keeps_the_limit_and_never_ends_in_half_an_escape(raw: str, max_characters: int) -> None:
    cut = clip(plain(raw), max_characters)
    assert len(cut) <= max_characters
    body = cut.removesuffix("…")
    assert (len(body) - len(body.rstrip("\\"))) % 2 == 0


def test_a_fence_cannot_be_broken_out_of() -> None:
    assert fenced("a\n```\n@everyone").count("```") == 2


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (61.2, "1:01"), (3725, "62:05")])
def test_lengths_are_shown_as_players_show_them(seconds: float, shown: str) -> None:
    assert length(seconds) == shown
