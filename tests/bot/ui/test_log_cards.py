"""What a log channel reads: every rule and act in words, in every language; whatever was typed cannot do anything."""

from datetime import UTC, datetime

import pytest

from bot.jobs.acts import What
from bot.jobs.record import Act, KeptAct, RefusedOrder
from bot.metrics import RULES
from bot.texts import CATALOGS, text
from bot.ui.log_cards import line_of, reported_song

AT = datetime(2026, 1, 31, tzinfo=UTC)


def kept(what: str, about: str, note: str = "") -> KeptAct:
    return KeptAct(id=1, at=AT, act=Act(by=7, guild_id=5, what=what, about=about, note=note))


@pytest.mark.parametrize("language", sorted(CATALOGS))
@pytest.mark.parametrize("reason", RULES)
def test_every_rule_that_says_no_has_words(language: str, reason):
    order = RefusedOrder(interaction_id=1, guild_id=5, channel_id=6, member_id=77, reason=reason)
    line = line_of(order, language)
    assert line.startswith("<@77> · <#6> · ")
    assert line.endswith(text(f"log.rule_{RULES[reason]}", language))


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (kept("block", "member 42", "song 17"), "<@7> · blocked · <@42> · song 17"),
        (kept("lyrics_shown", "song 17"), "<@7> · opened the lyrics of · Song 17"),
        (kept("log_channel", "channel 9"), "<@7> · chose the log channel · <#9>"),
        (kept("pause", "", "tea"), "<@7> · paused the bot here · tea"),
        (kept("limit", "role 3", "limit_day 20"), "<@7> · set a limit for · <@&3> · 20 a day"),
        (kept("what_nobody_knows", "song x **a**"), "<@7> · what_nobody_knows · song x \\*\\*a\\*\\*"),
        (kept("report", "song 17", "@everyone **now**"), "<@7> · 🚩 reported · Song 17 · \\@everyone \\*\\*now\\*\\*"),
        (kept("report", "song 17", "a\u202eb\nc\u2066"), "<@7> · 🚩 reported · Song 17 · ab c"),
        (kept("report", "song 17", "سلام"), "<@7> · 🚩 reported · Song 17 · \u2068سلام\u2069"),
        (kept("word_add", "word vi*"), "<@7> · added to the words that are not sung: · ||vi\\*||"),
        (kept("limit", "guild 5", "limit_day -"), "<@7> · set a limit for · this server · a day: as without a rule"),
    ],
)
def test_an_act_is_a_line(act: KeptAct, line: str):
    assert line_of(act, "en") == line


@pytest.mark.parametrize("what", What)
def test_every_act_of_an_operator_has_words(what: What):
    assert f"log.act_{what}" in CATALOGS["en"]


def test_only_a_report_has_the_buttons_of_a_report():
    assert reported_song(kept("report", "song 17")) == 17
    assert reported_song(kept("report", "member 17")) is None
    assert reported_song(kept("block", "song 17")) is None


def test_the_longest_reason_fits_a_message():
    assert len(line_of(kept("report", "song 17", "*" * 500), "de")) < 2000
