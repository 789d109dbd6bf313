"""Words made safe and readable."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.model import JobState
from bot.ui import formatting
from bot.ui.formatting import clip, fenced, foreign, length, plain, titled
from tests.bot.ui.examples import example_job


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


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.6, "0:59"), (61.2, "1:01"), (3725, "62:05")])
def test_lengths_are_shown_as_players_show_them(seconds: float, shown: str) -> None:
    assert length(seconds) == shown


INVITE = re.compile(r"discord(?:app)?\\.(?:gg|com/invite)/", re.IGNORECASE)


@pytest.mark.parametrize(
    "typed",
    [
        "discord.gg/abc",
        "Come to DISCORD.GG/abc now",
        "discord.com/invite/abc",
        "discordapp.com/invite/abc",
        "\uff44iscord.gg/abc",
        "discord\uff0egg\uff0fabc",
        "discord\u3002gg/abc",
        "d\u200biscord.gg\u2215abc",
        "discord.gg\u2044abc",
        "https://discord.gg/abc",
    ],
)
def test_an_invite_in_a_title_does_not_become_one(typed: str) -> None:
    shown = foreign(typed)
    assert not INVITE.search(unicodedata.normalize("NFKC", shown))
    assert "/" not in shown.replace("\\/", "")


def test_a_title_is_shown_without_what_steers_and_isolated_where_it_runs_leftwards() -> None:
    assert titled(example_job(JobState.QUEUED, title="a\u202eb"), "en") == "ab"
    assert titled(example_job(JobState.QUEUED, title="\u05e9\u05d9\u05e8"), "en") == "\u2068\u05e9\u05d9\u05e8\u2069"
    for nothing in ("", "\u3164", "\u2800", "\u200b"):
        assert titled(example_job(JobState.QUEUED, title=nothing), "en") == titled(
            example_job(JobState.QUEUED, title=""), "en"
        )


@given(st.integers(2, 30))
def test_what_is_isolated_ends_before_what_follows_when_it_is_cut(max_characters: int) -> None:
    cut = clip(foreign("\u05e9" * 20 + "*"), max_characters)
    assert len(cut) <= max_characters
    assert cut.count("\u2068") == cut.count("\u2069")


def test_what_people_typed_comes_into_sentences_as_foreign_text_alone() -> None:
    """`plain` escapes and leaves direction controls where they are: only `foreign` is made of it, and quoted lines."""
    root = Path(formatting.__file__).parents[1]
    found = {
        f"{path.relative_to(root)}: {line.strip()}"
        for path in root.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"(?<![\w.])plain\(", line) and "def plain(" not in line
    }
    assert {place.partition(":")[0] for place in found} == {"ui/formatting.py", "ui/cards.py"}, found
    assert all("plain(cleaned(" in place for place in found), found
