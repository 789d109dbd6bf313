"""Unicode normalisation of any text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.letters import MAX_MARKS, normalised

FORMS = ("NFC", "NFD", "NFKC", "NFKD")


@given(st.sampled_from(FORMS), st.text(max_size=MAX_MARKS))
def test_text_without_long_runs_of_marks_is_normalised_as_ever(form: str, text: str) -> None:
    assert normalised(form, text) == unicodedata.normalize(form, text)  # type: ignore[arg-type]


@pytest.mark.parametrize("mark", ["\u0301", "\u0f73", "\uff9e"])
def test_a_letter_keeps_thirty_marks_and_the_next_letter_all_of_its_own(mark: str) -> None:
    text = normalised("NFKC", "q" + mark * 500 + "q" + mark)
    assert text == unicodedata.normalize("NFKC", "q" + mark * MAX_MARKS + "q" + mark)


@given(st.sampled_from(FORMS), st.text(alphabet="q\u0315\u0300\u0f73\uff9e\u0344", max_size=200))
def test_what_comes_out_is_normal(form: str, text: str) -> None:
    assert unicodedata.is_normalized(form, normalised(form, text))  # type: ignore[arg-type]
