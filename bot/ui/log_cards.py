"""What a log channel reads: lines, reports, and the buttons under them. Pure but for the buttons."""

from collections.abc import Mapping
from enum import StrEnum

import discord
from discord import ui

from bot.jobs.acts import What
from bot.jobs.admission import RuleKind
from bot.jobs.model import Job
from bot.jobs.record import Act, KeptAct, RefusedOrder, Rest
from bot.metrics import RULES
from bot.texts import CATALOGS, FALLBACK, text
from bot.ui.custom_ids import log_id
from bot.ui.formatting import clip, foreign, length, mention
from bot.ui.render import finished

#: What an act is called that reports a song.
REPORT = "report"
#: Of a report's reason, in characters: what its form takes.
MAX_REASON = 500


class LogAction(StrEnum):
    """Stands in a button's custom_id for years."""

    SHOW = "show"
    REMOVE = "remove"
    BLOCK = "block"
    DISMISS = "dismiss"


_LIMITS: Mapping[str, str] = {
    RuleKind.LIMIT_DAY: "operators.limit.per_day",
    RuleKind.LIMIT_AT_ONCE: "operators.limit.at_once",
}

_STYLES = {
    LogAction.SHOW: discord.ButtonStyle.secondary,
    LogAction.REMOVE: discord.ButtonStyle.danger,
    LogAction.BLOCK: discord.ButtonStyle.danger,
    LogAction.DISMISS: discord.ButtonStyle.secondary,
}


def line_of(entry: Rest | KeptAct | RefusedOrder, locale: str) -> str:
    """One line; it holds no lyrics, no title and no name of a file."""
    match entry:
        case Rest():
            return _song_line(entry, locale)
        case KeptAct(act=act):
            return _act_line(act, locale)
        case RefusedOrder():
            rule = text(f"log.rule_{RULES[entry.reason]}", locale)
            return text(
                "log.refused", locale, who=mention(entry.member_id), where=_channel(entry.channel_id), rule=rule
            )


def _song_line(rest: Rest, locale: str) -> str:
    job = rest.job
    parts = [_song_words(job, locale), mention(job.member_id), _channel(job.place.channel_id)]
    parts.append(text(f"state.{rest.state}", locale))
    if rest.state == job.state and job.reason is not None:
        parts.append(f"`{job.reason}`")
    elif job.track is not None and job.track.seconds is not None:
        parts.append(length(job.track.seconds))
    return " · ".join(parts)


def _act_line(act: Act, locale: str) -> str:
    key = f"log.act_{act.what}"
    what = text(key, locale) if key in CATALOGS[FALLBACK] else act.what
    about = _about(act.about, locale)
    told = _limit_words(act.note, locale) if act.what == What.LIMIT else foreign(act.note)
    note = f" · {clip(told, 1200)}" if told else ""
    parts = [mention(act.by) if act.by else "—", what, about]
    return " · ".join(part for part in parts if part) + note


def _limit_words(note: str, locale: str) -> str:
    """The audit table has the rule's kind and its number, `-` where it was taken back."""
    kind, _, value = note.partition(" ")
    key = _LIMITS.get(kind)
    if key is None:
        return foreign(note)
    return text(key, locale, value=value) if value.isdecimal() else text(f"{key}_none", locale)


def _about(about: str, locale: str) -> str:
    kind, _, number = about.partition(" ")
    if kind == "word" and number:
        return f"||{foreign(number)}||"
    if not number.isdecimal():
        return foreign(about)
    match kind:
        case "member":
            return mention(int(number))
        case "channel":
            return _channel(int(number))
        case "role":
            return f"<@&{number}>"
        case "song":
            return text("log.song", locale, song=number)
        case "guild":
            return text("operators.limit.this_server", locale)
        case _:
            return foreign(about)


def reported_song(entry: Rest | KeptAct | RefusedOrder) -> int | None:
    """The song that an act reports; None for everything else."""
    if not isinstance(entry, KeptAct) or entry.act.what != REPORT:
        return None
    number = entry.act.about.removeprefix("song ")
    return int(number) if number.isdecimal() else None


def song_buttons(job_id: int, locale: str) -> ui.View:
    """Under a song's line."""
    return finished(_button(LogAction.SHOW, job_id, locale))


def report_buttons(job_id: int, locale: str) -> ui.View:
    """Under a report."""
    return finished(*(_button(action, job_id, locale) for action in LogAction))


def report_form(custom_id: str, locale: str) -> ui.Modal:
    """Why a song is reported. Needs a running loop; discord.py does not keep it."""
    form = ui.Modal(title=text("log.form", locale), custom_id=custom_id)
    field: ui.TextInput[ui.View] = ui.TextInput(
        custom_id="reason", style=discord.TextStyle.paragraph, min_length=1, max_length=MAX_REASON
    )
    form.add_item(
        ui.Label(
            text=text("log.form_reason", locale), description=text("log.form_reason_about", locale), component=field
        )
    )
    form.stop()
    return form


def _button(action: LogAction, job_id: int, locale: str) -> ui.Button[ui.View]:
    return ui.Button(label=text(f"log.{action}", locale), style=_STYLES[action], custom_id=log_id(action, job_id))


def _song_words(job: Job, locale: str) -> str:
    return text("log.song", locale, song=job.id)


def _channel(channel_id: int) -> str:
    return f"<#{channel_id}>"
