"""The operator's word list."""

import pytest

from bot.jobs.blocklist import Blocklist

LIST = Blocklist.parsed("# not these\n\nNaughty\nvery bad\nschimpf*\n悪い\nété\n")


@pytest.mark.parametrize(
    "text", ["NAUGHTY!", "a naughty song", "very  bad", "very\nbad", "Schimpfwort", "とても悪いね", "ete"]
)
def test_a_listed_word_is_found_whatever_its_case_accents_and_spacing(text: str) -> None:
    assert LIST.find("fine", text) is not None


@pytest.mark.parametrize("text", ["naughtyness", "very nice and bad", "Beschimpf", "", "good"])
def test_a_word_inside_another_is_left_alone(text: str) -> None:
    assert LIST.find(text) is None


def test_an_empty_list_refuses_nothing() -> None:
    assert Blocklist().find("naughty") is None
    assert Blocklist.parsed("# only a comment\n*\n").find("naughty *") is None


def test_invisible_characters_do_not_hide_a_word() -> None:
    assert LIST.find("naugh\u200bty") == "naughty"


def test_every_word_of_a_long_list_is_found_and_no_other() -> None:
    letters = "abcd"
    words = [f"{one}{two}{three}" for one in letters for two in letters for three in letters if one != three]
    found = Blocklist([*words, "abcabc*", "d d"])
    assert all(found.find(f"x {word}!") == word for word in words)
    assert found.find("abcabcd") == "abcabc"
    assert found.find("D\n\n D") == "d d"
    assert not any(found.find(word) for word in ("aba", "abcd", "xabc", "dd", "abcab"))


@pytest.mark.parametrize("comment", ["# not these", "#not these", "   # not these", "\t#not these"])
def test_a_comment_line_is_no_word_however_it_is_written(comment: str) -> None:
    listed = Blocklist.parsed(f"{comment}\nnaughty\n")
    assert listed.find(comment) is None
    assert listed.find("not these, # not these, #not these") is None
    assert listed.find("naughty") == "naughty"


def test_a_word_with_a_mark_inside_it_is_no_comment() -> None:
    assert Blocklist.parsed("c#\n").find("in c# they sing") == "c#"
