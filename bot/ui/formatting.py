"""Text made safe and readable: markdown escaped, mentions harmless, times and lengths as Discord shows them. Pure."""

import re
from datetime import datetime

from bot.byte_sizes import size_shown
from bot.errors import OrderError, Reason
from bot.foreign_text import FIRST_STRONG_ISOLATE, POP_ISOLATE, cleaned, isolated
from bot.jobs.model import Job, JobState
from bot.texts import text
from bot.texts.remarks import spelled
from bot.ui.requirements import OrderRequirements

# Everything that begins a markdown construct, a mention, a custom emoji, a timestamp or a link in Discord.
# The slash: an invite needs no scheme.
_SPECIAL = re.compile(r"([\\*_~`|\[\]()<>#@:/])")
#: Slashes to which an address is brought back when it is opened (IDNA's mapping).
_ODD_SLASHES = str.maketrans("\uff0f\u2044\u2215", "///")
_LEADING = re.compile(r"^([^\S\n]*)([-+]|\d+\.)(?=\s)", re.MULTILINE)

#: Reasons whose detail is the sentence, where there is one.
_TOLD_BY_REMARK = frozenset({Reason.SOUND, Reason.INTERNAL})

#: Shown with each state, on lists.
ICONS: dict[JobState, str] = {
    JobState.CHECKING: "🎧",
    JobState.QUEUED: "⏳",
    JobState.SUBMITTING: "📤",
    JobState.UNKNOWN: "❓",
    JobState.GENERATING: "🎶",
    JobState.READY: "📦",
    JobState.DELIVERING: "📦",
    JobState.DELIVERED: "✅",
    JobState.REFUSED: "🚫",
    JobState.FAILED: "❌",
    JobState.EXPIRED: "⌛",
    JobState.CANCELLED: "✖️",
    JobState.UNDELIVERABLE: "📪",
}


def plain(raw: str) -> str:
    """`raw` so that Discord shows them as they are: no markdown, no mention, no link, no emoji code."""
    return _LEADING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", raw))


def clip(raw: str, max_characters: int) -> str:
    """Cut hard, with an ellipsis when cut; never inside an escape, and what is isolated ends before what follows."""
    if len(raw) <= max_characters:
        return raw
    cut = raw[: max_characters - 1]
    if is_open := _leaves_open(cut):
        cut = cut[:-1]  # a place for its end
        is_open = _leaves_open(cut)
    trailing = len(cut) - len(cut.rstrip("\\"))
    return (cut[:-1] if trailing % 2 else cut) + "…" + (POP_ISOLATE if is_open else "")


def _leaves_open(cut: str) -> bool:
    return cut.count(FIRST_STRONG_ISOLATE) > cut.count(POP_ISOLATE)


def fenced(raw: str) -> str:
    """A code block: easy to copy, nothing in it is interpreted."""
    return "```\n" + raw.replace("```", "'''") + "\n```"


def unfenced(shown: str) -> str:
    """What `fenced` was given."""
    return shown.removeprefix("```\n").removesuffix("\n```")


def foreign(raw: str) -> str:
    """`raw`, typed by somebody, for a sentence of ours: empty if unseen, escaped, isolated where it runs leftwards."""
    return isolated(plain(cleaned(raw).translate(_ODD_SLASHES)))


def titled(job: Job, locale: str) -> str:
    """The job's title, escaped; a word for it when nothing in it can be seen."""
    return foreign(job.title) or text("card.unnamed", locale)


def mention(member_id: int) -> str:
    """Shows as the member's name; it pings only where the message allows it."""
    return f"<@{member_id}>"


def date_of(moment: datetime) -> str:
    """A moment, as date and time where the reader is."""
    return f"<t:{int(moment.timestamp())}:f>"


def ago(moment: datetime) -> str:
    """A time that Discord counts by itself, in the reader's language: "2 minutes ago", "in 40 seconds"."""
    return f"<t:{int(moment.timestamp())}:R>"


def at_time(moment: datetime) -> str:
    """A time of day to the second, as the reader's clock shows it: "12:03:20"."""
    return f"<t:{int(moment.timestamp())}:T>"


def length(seconds: float) -> str:
    """Minutes and seconds, rounded down as players do."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def message_link(guild_id: int | None, channel_id: int, message_id: int) -> str:
    """Where a message is found; `@me` stands for direct messages."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{message_id}"


def why(job: Job, requirements: OrderRequirements, locale: str) -> str:
    """Why a job rests without a track, in a sentence; empty when there is no reason."""
    if job.reason is None:
        return ""
    if job.reason in _TOLD_BY_REMARK and (heard := spelled(job.detail, locale)):
        return heard
    if job.reason is Reason.LYRICS_TOO_LONG:
        # by our own count they fit: only the music service knows by how much they do not
        return text("reason.lyrics_too_long_there", locale)
    if job.reason is Reason.BUSY_TOO_LONG and job.may_be_charged:
        return text("reason.busy_too_long_again", locale)
    if job.reason is Reason.NO_PERMISSION:
        permission = text(f"permission.{job.detail or 'attach_files'}", locale)
        return _filled("reason.no_permission", requirements, locale, permission=permission)
    told = _filled(f"reason.{job.reason}", requirements, locale, **_permission(job.reason, job.detail, locale))
    return told or text("reason.request_refused", locale)  # of an order; its numbers are in no row


def refusal(error: OrderError, requirements: OrderRequirements, locale: str) -> str:
    """Why an order was not taken, in a sentence."""
    values = dict(error.values)
    if isinstance(count := values.get("count"), int) and isinstance(limit := values.get("limit"), int):
        values["over"] = abs(count - limit)
    values |= _permission(error.reason, error.detail, locale)
    for name, shown in {"used_bytes": "used", "limit_bytes": "limit_size", "size_bytes": "size"}.items():
        if isinstance(size_bytes := values.get(name), int):
            values[shown] = size_shown(size_bytes)
    return _filled(f"reason.{error.reason}", requirements, locale, **values)


def _permission(reason: Reason, detail: str, locale: str) -> dict[str, object]:
    """The missing permission as Discord calls it in that language."""
    return {"permission": text(f"permission.{detail}", locale)} if reason is Reason.NO_PERMISSION else {}


def _filled(key: str, requirements: OrderRequirements, locale: str, **values: object) -> str:
    known: dict[str, object] = {
        "limit": requirements.prompt.max_characters,
        "limit_mb": requirements.reference_max_bytes // (1024 * 1024),
        "min_seconds": f"{requirements.reference_min_seconds:g}",
    }
    try:
        return text(key, locale, **{**known, **values})
    except KeyError:
        return ""  # a sentence that wants a value which the row does not hold
