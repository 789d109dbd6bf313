"""The part of docs/operators.md about log channels: lines, buttons, reports, and what is read when one presses."""

from dataclasses import replace

from bot.errors import Reason
from bot.jobs.acts import What
from bot.jobs.model import JobState
from bot.jobs.record import Act, KeptAct, RefusedOrder, Rest
from bot.metrics import RULES
from bot.texts import CATALOGS, FALLBACK, text
from bot.ui.formatting import titled
from bot.ui.log_cards import LogAction, line_of
from cogs.moderation import log_channel_command
from tests.bot.ui.examples import LYRICS, MEMBER, NOW, example_job

MODERATOR, REPORTER = 222_222_222_222_222_222, 444_444_444_444_444_444
GUILD, CHANNEL = 222, 333
SONG = "song 17"
#: What each act is about, in the audit table's words, and its note.
ACTS = {
    "report": (SONG, "It mocks somebody."),
    "report_dismissed": (SONG, ""),
    "lyrics_shown": (SONG, ""),
    "remove_track": (SONG, ""),
    "block": (f"member {MEMBER}", "spam"),
    "unblock": (f"member {MEMBER}", ""),
    "log_channel": (f"channel {CHANNEL}", ""),
    "pause": ("", "a concert"),
    "resume": ("", ""),
    "limit": ("role 444", "limit_day 20"),
    "give": (f"member {MEMBER}", "3"),
    "channel_add": (f"channel {CHANNEL}", ""),
    "channel_remove": (f"channel {CHANNEL}", ""),
    "word_add": ("word vile", ""),
    "word_remove": ("word vile", ""),
    "notice": ("", "The music service is slow today."),
    "deliver_again": (SONG, ""),
    "look_again": (SONG, ""),
    "give_back": (SONG, ""),
    "delete": (SONG, ""),
}


def log_command() -> tuple[str, str, str]:
    """`/compose-admin log-channel`: its name, its options, what it does."""
    command = log_channel_command()
    options = ", ".join(f"`{one.display_name}` (may be left out)" for one in command.parameters)
    return command.name, options, str(command.description)


def log_blocks(locale: str) -> list[tuple[str, list[str], str]]:
    """Each a heading, lines, and buttons."""
    return [
        ("log-channel", _told(locale, "log.channel_chosen"), ""),
        ("log-channel without a channel", _told(locale, "log.channel_off"), ""),
        ("log-channel, where the bot may not write", _told(locale, "log.channel_closed"), ""),
        ("log channel: songs", _songs(locale), _buttons(locale, LogAction.SHOW)),
        ("log channel: orders that a rule did not let in", _refusals(locale), ""),
        ("log channel: what moderators and admins did", _acts(locale), ""),
        ("log channel: a report", [_act("report", locale)], _buttons(locale, *LogAction)),
        ("the same, once its buttons were pressed", _pressed(locale), ""),
        ("Show, to whoever pressed", _shown(locale), ""),
        ("Report this song", _told(locale, "log.form", "log.form_reason", "log.form_reason_about"), ""),
        ("its answer, with a log channel", _told(locale, "log.reported"), ""),
        ("its answer, without one", _told(locale, "log.reported_to_operator"), ""),
        ("its answer, the second time", _told(locale, "log.reported_before"), ""),
    ]


def log_sentences(locale: str) -> list[str]:
    """What cannot be done."""
    keys = ("not_allowed", "not_allowed_block", "not_allowed_channel", "no_song")
    return [text(f"log.{key}", locale) for key in keys]


def _told(locale: str, *keys: str) -> list[str]:
    return [text(key, locale, channel=f"<#{CHANNEL}>", song=17) for key in keys]


def _songs(locale: str) -> list[str]:
    done = example_job(JobState.DELIVERED)
    failed = example_job(JobState.FAILED, reason=Reason.NO_CREDITS)
    return [line_of(Rest(id=1, at=NOW, job=job, state=job.state), locale) for job in (done, failed)]


def _refusals(locale: str) -> list[str]:
    one = RefusedOrder(interaction_id=1, guild_id=GUILD, channel_id=CHANNEL, member_id=MEMBER, reason=Reason.LIMIT_DAY)
    reasons = {rule: reason for reason, rule in RULES.items()}
    return [line_of(replace(one, reason=reason), locale) for reason in reasons.values()]


def _act(what: str, locale: str) -> str:
    about, note = ACTS[what]
    by = REPORTER if what == "report" else MODERATOR
    return line_of(KeptAct(id=1, at=NOW, act=Act(by=by, guild_id=GUILD, what=what, about=about, note=note)), locale)


def _acts(locale: str) -> list[str]:
    named = {key.removeprefix("log.act_") for key in CATALOGS[FALLBACK] if key.startswith("log.act_")}
    assert named == set(ACTS) >= set(What), "an act without an example"
    return [_act(what, locale) for what in ACTS if what != "report"]


def _pressed(locale: str) -> list[str]:
    by, who = f"<@{MODERATOR}>", f"<@{MEMBER}>"
    keys = ("removed", "removed_partly", "blocked", "dismissed")
    return [text(f"log.{key}", locale, by=by, who=who) for key in keys]


def _shown(locale: str) -> list[str]:
    job = example_job(JobState.DELIVERED)
    return [text("answer.lyrics_of", locale, title=titled(job, locale)), *LYRICS.splitlines()]


def _buttons(locale: str, *actions: LogAction) -> str:
    return " ".join(f"[{text(f'log.{action}', locale)}]" for action in actions)
