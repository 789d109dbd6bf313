"""What strangers type, within our sentences: seen or none, and never the one who decides where our words stand."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.foreign_text import cleaned, is_seen, isolated

CONTROLS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206f"
UNSEEN = [
    "\u3164",
    "\u2800\u2800",
    "\u200b",
    "\u200d\u200c",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u115f\u1160",
    "\uffa0",
    "\u180e",
    "\u034f",
    "\u17b4",
    "\u0301\u0302",
    "\ufe0f",
    "\U000e0100",
    "\U000e0041\U000e007f",
    "\u3000\u00a0",
    "\u2028\u0085\x00\x07",
    CONTROLS,
]
KEPT = [
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: I want
    "\u0915\u094d\u200d\u0937",  # Hindi: an unjoined ksha
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\u2764\ufe0f\u200d\U0001f525",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
    "Zu\u0308rich \u591c\u306e\u6b4c \U0001f3b5",
    "\u2801",  # braille
]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_what_cannot_be_seen_is_none(text: str) -> None:
    assert cleaned(text) == cleaned(f" {text} {text}") == ""
    assert not is_seen(text)


@pytest.mark.parametrize("text", KEPT, ids=ascii)
def test_what_belongs_to_a_script_or_a_picture_stays(text: str) -> None:
    assert cleaned(text) == text


@given(st.text(max_size=60))
def test_nothing_that_steers_is_left_and_nothing_is_cleaned_twice(text: str) -> None:
    once = cleaned(text)
    assert not set(once) & set(CONTROLS)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", once)
    assert cleaned(once) == once
    assert once == "" or is_seen(once)


def test_joiners_that_join_nothing_go() -> None:
    assert cleaned("\u200dabc\u200c d\u200de") == "abc de"


@pytest.mark.parametrize("text", ["Side by side", "", "Zürich 5", "\u591c"])
def test_what_is_written_from_the_left_stays_as_it_is(text: str) -> None:
    assert isolated(text) == text


@pytest.mark.parametrize("text", ["\u05e9\u05d9\u05e8 5", "\u0623\u063a\u0646\u064a\u0629!", "a \u05d1", "\u0663"])
def test_what_is_written_from_the_right_is_isolated(text: str) -> None:
    assert isolated(text) == f"\u2068{text}\u2069"
    assert any(unicodedata.bidirectional(one) in {"R", "AL", "AN"} for one in text)
