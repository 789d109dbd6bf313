"""Writes docs/operators.md and its picture: every answer to operators. `python -m tests.bot.operators.gallery`."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import discord

from bot.errors import Reason
from bot.jobs.acts import ActRefusedError, ChargeLine, KeptRule, SongReport, Spending, SpentReport
from bot.jobs.admission import (
    WINDOW,
    Limits,
    PlaceRequest,
    Refused,
    Rule,
    RuleKind,
    Rules,
    SubjectKind,
    Terms,
    Usage,
    Window,
)
from bot.jobs.model import Job, JobEvent, JobState
from bot.operators.answers import (
    Answer,
    blocked_answer,
    channels_answer,
    channels_text,
    ended,
    limit_answer,
    offers,
    song_answer,
    spent_answer,
    words_answer,
)
from bot.operators.buttons import LABELS
from bot.operators.commands import OperatorGroup
from bot.operators.reasons import Why, why_answer
from bot.operators.rights import manager_desk
from bot.operators.spent_files import draw_spent, table_of
from bot.texts import text
from bot.ui.formatting import titled
from bot.ui.limits import admission_refusal
from tests.bot.operators.log_gallery import log_blocks, log_command, log_sentences
from tests.bot.ui.examples import MEMBER, NOW, REQUIREMENTS, example_job

TARGET = Path(__file__).parents[3] / "docs" / "operators.md"
PICTURE = TARGET.parent / "pictures" / "spent.png"
#: The picture's own bytes differ with the libraries that draw and pack it; what is drawn is held by this.
MARK = "drawn from"

MODERATOR = 222_222_222_222_222_222
GUILD, CHANNEL = 222, 333
LATER = NOW + timedelta(hours=2)


def operators_page() -> str:
    """The whole page."""
    parts = [_head(), "## The commands\n", _commands(), "## The answers\n", *_answers("en"), "## In German\n"]
    return "\n".join([*parts, *_german()]).rstrip() + "\n"


def example_spending() -> SpentReport:
    """Thirty days with a quiet weekend and a busy end."""
    days = tuple(f"{NOW - timedelta(days=back):%Y-%m-%d}" for back in reversed(range(30)))
    counts = {day: (place * 7) % 11 + place // 6 for place, day in enumerate(days)}
    found = {
        (day, MEMBER if place % 3 else MODERATOR): Spending(
            songs=counts[day],
            micros=counts[day] * 37_000,
            unknown=int(place % 9 == 4),
            unknown_micros=37_000 * int(place % 9 == 4),
            freed=place % 2,
            given=int(place % 10 == 9),
        )
        for place, day in enumerate(days)
    }
    return SpentReport(days=days, by_day_and_member=found)


def example_report(job: Job) -> SongReport:
    """A song with a history and three lines of the ledger."""
    states = [JobState.CHECKING, JobState.QUEUED, JobState.SUBMITTING, JobState.GENERATING, job.state]
    events = [
        JobEvent(at=NOW + timedelta(seconds=10 * place), before=before, after=after, detail="")
        for place, (before, after) in enumerate(zip([None, *states], states, strict=False))
    ]
    lines = [
        ChargeLine(at=NOW, attempt=1, kind="held", price_micros=37_000, note=""),
        ChargeLine(at=NOW + timedelta(seconds=30), attempt=1, kind="spent", price_micros=37_000, note=""),
    ]
    return SongReport(job=job, events=tuple(events), lines=tuple(lines))


def _head() -> str:
    return """# Operators

What operators can do from Discord, and what they read. This page is written by `python -m tests.bot.operators.gallery`
from the code that runs; a test fails when it is out of date. Every answer is private. `<t:…>` are Discord's own times.

- `/compose-admin` is for whoever may manage the server (Manage Server, asked anew with every command and every press).
  All of it sees and touches this server alone: a song from elsewhere is *no such song here*. Money is shown with
  `SHOW_PRICE=yes`.
- `/compose-owner` is in the servers of `OPERATOR_GUILDS` and nowhere else, for the application's owner, its team and
  `OPERATORS`, and holds for the whole bot. Its `limit` may also name a `server`; roles and channels are those of the
  server where it is typed. Who is in the team is asked of Discord when it is used and was not within five minutes.
- A limit per member counts their songs of all servers, so *why* tells how many there are, and nothing else of them.
- Every act stands in the table `audit`, written in the same transaction: when, by whom, where (0: everywhere), what.
- `until` takes `2h`, `3d`, `1w`, `1d12h`, or a date such as `2026-12-24` or `2026-12-24 18:00` (UTC unless it names a
  zone).
- A pause refuses new orders, with the words and the song given back, and begins no POST. Songs that wait keep their
  place, and those of a paused server hold up nobody else; what is paid goes on. A pause of the whole bot shows beside
  its name.
- A block ends the member's waiting songs in its scope unpaid and gives their places back; what is paid arrives.
- A limit that is left empty is taken back. A server cannot allow itself more songs a day than the bot's operators do.
- With `channels`, orders elsewhere are sent to the named channels; threads count as the channel they hang on.
- Listed words are found whole, whatever their case and accents; `word*` also finds what begins with it. They hold
  from the next order on, besides `BLOCKED_WORDS_FILE`.
- *Deliver again* sends what reached nobody; a track that was delivered is posted once more where the button is
  pressed.

![The report of a song, private, with its buttons](pictures/operator-song.png)

![A server's log channel: acts, and a report with its buttons](pictures/log-channel.png)
"""


def _commands() -> str:
    group = OperatorGroup("admin", manager_desk)
    lines = ["| command | options | what it does |", "| --- | --- | --- |"]
    for command in sorted(group.walk_commands(), key=lambda one: one.qualified_name):
        if isinstance(command, discord.app_commands.Group):
            continue
        options = ", ".join(
            f"`{one.display_name}`" + ("" if one.required else " (may be left out)") for one in command.parameters
        )
        name = command.qualified_name.removeprefix("compose-admin ")
        lines.append(f"| `{name}` | {options or '–'} | {command.description} |")
    name, options, about = log_command()
    lines.append(f"| `{name}`, for a server alone | {options} | {about} |")
    return "\n".join([*lines[:2], *sorted(lines[2:])]) + "\n"


def _answers(locale: str) -> list[str]:
    blocks = [
        ("pause until:2h", ended("operators.pause.done", LATER, locale)),
        ("pause", ended("operators.pause.done", None, locale)),
        ("resume", _said("operators.resume.done", locale)),
        ("resume, where the whole bot is paused too", _said("operators.resume.bot", locale)),
        ("resume, where nothing was paused", _said("operators.resume.none", locale)),
        ("block until:2h", ended("operators.block.done", LATER, locale, member=f"<@{MEMBER}>", count=1)),
        ("block", ended("operators.block.done", None, locale, member=f"<@{MEMBER}>", count=0)),
        ("unblock", _said("operators.unblock.done", locale, member=f"<@{MEMBER}>")),
        ("unblock, who was not blocked", _said("operators.unblock.none", locale, member=f"<@{MEMBER}>")),
        ("blocked", blocked_answer(_blocks(), locale)),
        ("blocked, nobody", blocked_answer([], locale)),
        (
            "limit role per_day:20",
            limit_answer("<@&444>", 20, None, is_server=False, locale=locale),
        ),
        (
            "limit per_day:50",
            limit_answer(text("operators.limit.this_server", locale), 50, None, is_server=True, locale=locale),
        ),
        (
            "limit server:1094206712345678901, of /compose-owner",
            limit_answer(
                text("operators.limit.server", locale, id=1094206712345678901),
                None,
                None,
                is_server=True,
                locale=locale,
            ),
        ),
        ("give", _said("operators.give.done", locale, member=f"<@{MEMBER}>", count=3)),
        ("channels add", _said("operators.channels.added", locale, channel=f"<#{CHANNEL}>")),
        (
            "channels remove",
            _said("operators.channels.removed", locale, channel=f"<#{CHANNEL}>", where=channels_text([], locale)),
        ),
        ("channels remove, not listed", _said("operators.channels.unknown", locale, channel=f"<#{CHANNEL}>")),
        ("channels list", channels_answer([CHANNEL], locale)),
        ("channels list, none", channels_answer([], locale)),
        ("words add", _said("operators.words.added", locale, word="vile")),
        ("words remove", _said("operators.words.removed", locale, word="vile")),
        ("words remove, not listed", _said("operators.words.unknown", locale, word="vile")),
        ("words list", words_answer(["vile", "nasty*"], locale)),
        ("words list, none", words_answer([], locale)),
        ("notice", ended("operators.notice.done", None, locale, text="The music service is slow today.")),
        ("notice until:2h", ended("operators.notice.done", LATER, locale, text="The music service is slow today.")),
        ("notice without a text", _said("operators.notice.cleared", locale)),
        ("what everybody reads while the account's brake is on", _said("operators.notice.brake", locale)),
    ]
    return [
        *(_shown(name, answer) for name, answer in blocks),
        *_songs(locale),
        *_presses(locale),
        _spent(locale),
        *_whys(locale),
        *_log_channel(locale),
        _refusals(locale),
    ]


def _german() -> list[str]:
    return [
        _shown("pause until:2h", ended("operators.pause.done", LATER, "de")),
        _shown("blocked", blocked_answer(_blocks(), "de")),
        _songs("de")[0],
        _whys("de")[1],
        *_log_channel("de")[3:8],
    ]


def _songs(locale: str) -> list[str]:
    shown: list[str] = []
    for job, currency in (
        (example_job(JobState.DELIVERED), "USD"),
        (example_job(JobState.FAILED, reason=Reason.TRACK_LOST), None),
        (example_job(JobState.UNDELIVERABLE), None),
    ):
        answer = song_answer(example_report(job), requirements=REQUIREMENTS, currency=currency, locale=locale)
        labels = " ".join(f"[{text(LABELS[action], locale)}]" for action in offers(job))
        name = f"song id:17, {text(f'state.{job.state}', locale)}" + (", where money is shown" if currency else "")
        shown.append(_shown(name, answer, labels))
    return shown


def _presses(locale: str) -> list[str]:
    """What the buttons of a report answer."""
    by_label = {
        "deliver": [_said("operators.song.delivering", locale)],
        "look": [_said("operators.song.looking", locale)],
        "give_back": [
            _said("operators.song.given_back", locale, member=f"<@{MEMBER}>"),
            _said("operators.song.not_given_back", locale),
        ],
        "delete": [_said("operators.song.delete_ask", locale, title=titled(example_job(JobState.DELIVERED), locale))],
        "delete_sure": [_said("operators.song.deleted", locale), _said("operators.song.deleted_partly", locale)],
    }
    assert by_label.keys() == LABELS.keys()
    return [
        _shown(
            f"*{text(LABELS[action], locale)}*, under a song" + (", or" * bool(place)),
            answer,
            f"[{text(LABELS['delete_sure'], locale)}]" if action == "delete" else "",
        )
        for action, answers in by_label.items()
        for place, answer in enumerate(answers)
    ]


def _log_channel(locale: str) -> list[str]:
    return [_shown(name, Answer(body="\n".join(lines)), buttons) for name, lines, buttons in log_blocks(locale)]


def _spent(locale: str) -> str:
    report = example_spending()
    table = "\n".join(table_of(report, "USD").decode().splitlines()[:3])
    picture = f"![songs by day](pictures/{PICTURE.name})\n\n<!-- {MARK} {fingerprint(report)} -->\n"
    shown = _shown(
        "spent, where money is shown; with a picture and a table", spent_answer(report, currency="USD", locale=locale)
    )
    days = report.days
    none = spent_answer(SpentReport(days=days, by_day_and_member={}), currency=None, locale=locale)
    shown += "\n" + _shown("spent, where nobody ordered, without money", none)
    return f"{shown}\n{picture}\n````text\n{table}\n…\n````\n"


def fingerprint(report: SpentReport) -> str:
    """Of what the picture shows."""
    shown = {day: (one.songs, one.unknown) for day, one in report.by_day.items()}
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def _whys(locale: str) -> list[str]:
    asked = PlaceRequest(member_id=MEMBER, guild_id=GUILD, role_ids=frozenset({444}), price_micros=37_000)
    limit = Rule(guild_id=GUILD, subject_kind=SubjectKind.ROLE, subject_id=444, kind=RuleKind.LIMIT_DAY, value=20)
    block = Rule(guild_id=0, subject_kind=SubjectKind.MEMBER, subject_id=MEMBER, kind=RuleKind.BLOCK, until=LATER)
    limits = Limits(member_per_day=20, member_at_once=2, guild_per_day=50)
    usage = Usage(member=Window(count=3, oldest_at=NOW - WINDOW / 2), guild=Window(count=17), live=1)
    may = Why(asked=asked, rules=Rules(rows=[limit], gifts=2), limits=limits, usage=usage, refused=None)
    refused = Refused(reason=Reason.BLOCKED, until=LATER)
    may_not = Why(asked=asked, rules=Rules(rows=[limit, block]), limits=limits, usage=usage, refused=refused)
    sentence = admission_refusal(refused.error(), locale) or ""
    paused = Rule(guild_id=GUILD, subject_kind=SubjectKind.GUILD, subject_id=GUILD, kind=RuleKind.BLOCK)
    channel = Rule(guild_id=GUILD, subject_kind=SubjectKind.CHANNEL, subject_id=CHANNEL, kind=RuleKind.ALLOW)
    runs_it = Terms(operators=frozenset({MEMBER}))
    unlimited = Limits(member_per_day=None, member_at_once=None, guild_per_day=None)
    free = Why(asked=asked, rules=Rules(), limits=unlimited, usage=usage, refused=None)
    operator = replace(free, rules=Rules(terms=runs_it, rows=[paused, channel]), refused=Refused(reason=Reason.PAUSED))
    pause_told = admission_refusal(Refused(reason=Reason.PAUSED).error(), locale) or ""
    return [
        _shown("why, somebody who may", why_answer(may, name="Ada", sentence="", locale=locale)),
        _shown("why, somebody who may not", why_answer(may_not, name="Ada", sentence=sentence, locale=locale)),
        _shown("why, without any limit", why_answer(free, name="Ada", sentence="", locale=locale)),
        _shown(
            "why, an operator, in a pause, where channels are named",
            why_answer(operator, name="Ada", sentence=pause_told, locale=locale),
        ),
    ]


def _refusals(locale: str) -> str:
    errors = [
        ActRefusedError("operators.not_manager"),
        ActRefusedError("operators.not_operator"),
        ActRefusedError("operators.no_song"),
        ActRefusedError("operators.too_late"),
        ActRefusedError("operators.until.unknown", typed="soonish"),
        ActRefusedError("operators.until.past", typed="2020-01-01"),
        ActRefusedError("operators.until.far", typed="9999d"),
        ActRefusedError("operators.limit.two"),
        ActRefusedError("operators.limit.need"),
        ActRefusedError("operators.limit.over", limit=50),
        ActRefusedError("operators.limit.no_at_once"),
        ActRefusedError("operators.limit.bad_server", typed="here"),
        ActRefusedError("operators.give.range", limit=100),
        ActRefusedError("operators.spent.range", limit=366),
        ActRefusedError("operators.notice.long", count=1_200, limit=1_000),
        ActRefusedError("operators.words.empty"),
        ActRefusedError("operators.words.long", count=120, limit=100),
        ActRefusedError("operators.words.full", limit=500),
        ActRefusedError("operators.channels.full", limit=50),
    ]
    told = [*(text(error.key, locale, **error.values) for error in errors), *log_sentences(locale)]
    sentences = "\n".join(f"- {sentence}" for sentence in told)
    return f"**What cannot be done**\n\n{sentences}\n"


def _blocks() -> list[KeptRule]:
    def block(member_id: int, **more: object) -> KeptRule:
        values = {"guild_id": GUILD, "subject_kind": SubjectKind.MEMBER, "kind": RuleKind.BLOCK, "at": NOW}
        return KeptRule(subject_id=member_id, **values, **more)  # type: ignore[arg-type]

    return [block(MEMBER, note="spam", by=MODERATOR), block(333, until=LATER)]


def _said(key: str, locale: str, **values: object) -> Answer:
    return Answer(body=text(key, locale, **values))


def _shown(name: str, answer: Answer, buttons: str = "") -> str:
    lines = [answer.heading] if answer.heading else []
    lines += answer.body.split("\n") if answer.body else []
    lines += [f"{key}: {value}" for key, value in answer.lines]
    shown = "\n".join(f"│ {line}".rstrip() for part in lines for line in part.split("\n"))
    return f"**{name}**\n\n````text\n{shown}" + (f"\n{buttons}" if buttons else "") + "\n````\n"


if __name__ == "__main__":
    TARGET.write_text(operators_page(), encoding="utf-8")
    PICTURE.write_bytes(draw_spent(example_spending(), text("operators.spent.picture")))
