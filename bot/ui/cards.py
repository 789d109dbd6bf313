"""What a job looks like: a card for every state. Pure, in the member's language.

A card says what matters in its first line, which is content: it is read even where embeds are hidden.
"""

from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import Reason
from bot.jobs.model import RESTING, Job, JobState, Origin
from bot.jobs.ports import Eta
from bot.jobs.service import CANCELLABLE_FREE, CANCELLABLE_PAID
from bot.texts import text
from bot.texts.remarks import spelled
from bot.ui.buttons import JobAction, JobButton, LinkButton, job_button
from bot.ui.formatting import ago, at_time, clip, foreign, length, mention, message_link, plain, titled, why
from bot.ui.requirements import OrderRequirements

_BAR_CELLS = 12
_PREVIEW_LINES = 8
_PREVIEW_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A name and what belongs to it."""

    name: str
    value: str
    inline: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A message, without any discord.py in it. `description`, `lines` and `footer` make its embed; all empty: none."""

    job_id: int
    content: str
    description: str = ""
    lines: tuple[Line, ...] = ()
    footer: str = ""
    colour: int = 0
    buttons: tuple[JobButton | LinkButton, ...] = field(default=())


_WORKING, _GOOD, _BAD, _ASKING, _OVER = 0x5865F2, 0x3BA55D, 0xED4245, 0xFAA61A, 0x747F8D
_COLOURS = {
    JobState.DELIVERED: _GOOD,
    JobState.REFUSED: _BAD,
    JobState.FAILED: _BAD,
    JobState.EXPIRED: _BAD,
    JobState.UNKNOWN: _ASKING,
    JobState.UNDELIVERABLE: _ASKING,
    JobState.CANCELLED: _OVER,
}

# Where the bar stands when nothing better is known; `generating` fills what lies between its own mark and `ready`.
_MARKS = {
    JobState.CHECKING: 0.05,
    JobState.QUEUED: 0.1,
    JobState.SUBMITTING: 0.15,
    JobState.GENERATING: 0.2,
    JobState.READY: 0.95,
    JobState.DELIVERING: 0.95,
}

#: Why the account's brake holds a song.
_HELD = {
    Reason.NO_CREDITS: "card.held.no_credits",
    Reason.KEY_REFUSED: "card.held.key_refused",
    Reason.ADDRESS_WRONG: "card.held.address_wrong",
}
#: Reasons that other lyrics can mend; then the form is offered first.
_LYRICS_MEND = frozenset({Reason.CONTENT_REFUSED, Reason.REQUEST_REFUSED, Reason.LYRICS_TOO_LONG})
#: Reasons that are nobody's business but the member's; the card only says that they were told.
TOLD_PRIVATELY = frozenset({Reason.CONTENT_REFUSED})
#: Reasons that the same song can only run into again.
_SONG_IS_TO_BLAME = frozenset({Reason.REFERENCE_UNREADABLE, Reason.REFERENCE_GONE})
#: Reasons that another song cannot mend: a converted one could not be attached here.
_PLACE_IS_TO_BLAME = frozenset({Reason.NO_PERMISSION, Reason.CHANNEL_GONE})


def job_card(job: Job, eta: Eta, *, now: datetime, requirements: OrderRequirements, locale: str) -> Card:
    """The card of a job as it is now."""
    return Card(
        job_id=job.id,
        content=clip(text(f"card.headline.{_headline(job, eta)}", locale, title=titled(job, locale)), 2000),
        description=_description(job, eta, now, requirements, locale),
        lines=(*_lines(job, requirements, locale), *_notices(job, now, requirements, locale)),
        footer=text("card.footer", locale, id=job.id),
        colour=_COLOURS.get(job.state, _WORKING),
        buttons=card_buttons(job, locale),
    )


def _headline(job: Job, eta: Eta) -> str:
    """Nobody reads that their song is being heard while others are, or while nothing goes on."""
    if job.is_live and eta.is_held_up:
        return "held_up"
    return "checking_ahead" if job.state is JobState.CHECKING and eta.ahead else job.state


def card_buttons(job: Job, locale: str) -> tuple[JobButton | LinkButton, ...]:
    """What can be done with a job from its card."""
    if job.state is JobState.DELIVERED:
        link = track_link(job)
        return (LinkButton(label=text("control.card", locale), url=link),) if link else ()
    return tuple(job_button(action, locale, label) for action, label in _offers(job))


def _offers(job: Job) -> list[tuple[JobAction, str]]:
    """Actions, each with the text key of its label; empty for the usual one."""
    if job.state in CANCELLABLE_FREE:
        return [(JobAction.CANCEL, "")]
    if job.state in CANCELLABLE_PAID:
        return [(JobAction.CANCEL, "control.cancel_paid")]
    if needs_another_song(job):
        return [(JobAction.EDIT, "control.other_song")]
    if job.reason is Reason.UNANSWERED:
        return [(JobAction.AGAIN, "control.after_all"), (JobAction.EDIT, "")]
    match job.state:
        case JobState.UNKNOWN:
            return [(JobAction.RISK, ""), (JobAction.DISMISS, "")]
        case JobState.FAILED | JobState.EXPIRED | JobState.REFUSED:
            look = [(JobAction.LOOK, "")] if may_still_come(job) else []
            again = [] if job.reason in _LYRICS_MEND else [(JobAction.AGAIN, "control.retry")]
            return [*look, *again, (JobAction.EDIT, "")]
        case JobState.UNDELIVERABLE:
            return [(JobAction.LOOK, "control.fetch"), (JobAction.LYRICS, "")]
        case JobState.CANCELLED:
            return [(JobAction.AGAIN, ""), (JobAction.EDIT, "")]
        case _:
            return []


def may_still_come(job: Job) -> bool:
    """Whether looking once more for the track makes sense; it costs nothing."""
    return job.generation_id is not None and job.reason in _MAY_STILL_COME


_MAY_STILL_COME = frozenset(
    {
        Reason.DEADLINE,
        Reason.TRACK_LOST,
        Reason.KEY_REFUSED,
        Reason.ADDRESS_WRONG,
        Reason.NO_CREDITS,
        Reason.INTERNAL,
    }
)


def needs_another_song(job: Job) -> bool:
    """Whether the same song can only end the same way."""
    if job.state is JobState.REFUSED:
        return job.reason not in _PLACE_IS_TO_BLAME
    return job.state is JobState.FAILED and job.reason in _SONG_IS_TO_BLAME


def track_link(job: Job) -> str | None:
    """Where the track's message is; None when it is not a message of its own in the job's channel."""
    if job.track_message_id is None or job.track_channel_id != job.place.channel_id:
        return None
    if job.track_message_id == job.card_message_id:
        return None
    return message_link(job.place.guild_id, job.place.channel_id, job.track_message_id)


def card_link(job: Job) -> str | None:
    """Where the job's card is."""
    if job.card_message_id is None:
        return None
    return message_link(job.place.guild_id, job.place.channel_id, job.card_message_id)


def progress_bar(share: float) -> str:
    """A bar of fixed width; `share` from 0 to 1."""
    full = min(_BAR_CELLS, max(0, int(share * _BAR_CELLS)))
    return "▰" * full + "▱" * (_BAR_CELLS - full)


def progress(job: Job, eta: Eta, now: datetime) -> float | None:
    """How far a live job is, 0 to 1, never full before the track is here; None for a job that rests."""
    mark = _MARKS.get(job.state)
    if job.state is not JobState.GENERATING or job.accepted_at is None or eta.expected_at is None:
        return mark
    expected_seconds = max(1.0, (eta.expected_at - job.accepted_at).total_seconds())
    share = min(1.0, max(0.0, (now - job.accepted_at).total_seconds() / expected_seconds))
    return 0.2 + share * 0.7


def preview(prompt: str) -> str:
    """The first lines of what will be sung, as a quotation."""
    lyrics = prompt.strip("#")
    lines = lyrics.split("\n")
    shown = lines[:_PREVIEW_LINES]
    quoted = "\n".join(f"> {plain(line)}" for line in shown)
    if len(quoted) > _PREVIEW_CHARACTERS or len(lines) > len(shown):
        return clip(quoted, _PREVIEW_CHARACTERS).rstrip("…") + "\n> …"
    return quoted


def _description(job: Job, eta: Eta, now: datetime, requirements: OrderRequirements, locale: str) -> str:
    share = progress(job, eta, now)
    parts = [] if share is None else [progress_bar(share)]
    parts.append(_status(job, eta, now, requirements, locale))
    if job.is_live:
        heading = text("card.lyrics", locale)
        parts.append(f"**{heading}**\n{preview(job.prompt)}")
    return clip("\n\n".join(part for part in parts if part), 4096)


def _status(job: Job, eta: Eta, now: datetime, requirements: OrderRequirements, locale: str) -> str:
    match job.state:
        case state if job.is_live and eta.is_held_up:
            is_begun = state not in {JobState.CHECKING, JobState.QUEUED} or job.may_be_charged
            return text("card.state.held_up_begun" if is_begun else "card.state.held_up", locale)
        case JobState.CHECKING if eta.held:
            return "\n".join(text(key, locale) for key in ("card.state.checking", _HELD[eta.held]))
        case JobState.QUEUED if eta.held:
            return " ".join(text(key, locale) for key in ("card.state.queued_held", _HELD[eta.held]))
        case JobState.QUEUED if eta.ahead:
            key = "card.state.queued_ahead_one" if eta.ahead == 1 else "card.state.queued_ahead"
            return text(key, locale, ahead=eta.ahead)
        case JobState.CHECKING if eta.ahead:
            key = "card.state.checking_ahead_one" if eta.ahead == 1 else "card.state.checking_ahead"
            return text(key, locale, ahead=eta.ahead)
        case JobState.GENERATING:
            return _making(job, eta, now, locale)
        case JobState.DELIVERED:
            return _where_it_is(job, locale)
        case JobState.FAILED if job.reason in TOLD_PRIVATELY:
            return text("card.state.told_privately", locale, member=mention(job.member_id))
        case state if state in RESTING:
            return f"{why(job, requirements, locale)} {_cost(job, locale)}".strip()
        case _:
            return text(f"card.state.{job.state}", locale)


def _making(job: Job, eta: Eta, now: datetime, locale: str) -> str:
    since = ago(job.accepted_at or job.moved_at)
    if eta.expected_at is None:
        return text("card.state.generating", locale, since=since)
    if eta.expected_at <= now:
        return text("card.state.generating_overdue", locale, since=since)
    if eta.earliest_at is not None:
        earliest, latest = at_time(eta.earliest_at), at_time(eta.expected_at)
        return text("card.state.generating_between", locale, since=since, earliest=earliest, latest=latest)
    return text("card.state.generating_until", locale, since=since, expected=ago(eta.expected_at))


def _where_it_is(job: Job, locale: str) -> str:
    if link := track_link(job):
        return text("card.state.delivered", locale, link=link)
    if job.track_message_id is not None and job.track_message_id == job.card_message_id:
        return text("card.state.delivered_in_place", locale)
    return text("card.state.delivered_elsewhere", locale)


def _cost(job: Job, locale: str) -> str:
    """Honest about money: said where a member would otherwise wonder."""
    if job.state is JobState.CANCELLED and job.may_be_charged:
        return text("card.state.cancelled_paid", locale)
    if job.state in {JobState.CANCELLED, JobState.REFUSED} or (
        job.reason is Reason.INTERNAL and not job.may_be_charged
    ):
        return text("card.state.nothing_paid", locale)
    return ""


def _notices(job: Job, now: datetime, requirements: OrderRequirements, locale: str) -> list[Line]:
    """What operators tell everybody, as long as the song is under way."""
    of_brake = text("operators.notice.brake", locale)
    told = requirements.notices.told_in(job.place.guild_id, now, of_brake=of_brake) if job.is_live else []
    name = text("operators.notice.name", locale)
    return [Line(name=name, value=clip(plain(notice), 1024), inline=False) for notice in told]


def _lines(job: Job, requirements: OrderRequirements, locale: str) -> tuple[Line, ...]:
    name = clip(foreign(job.reference.name), 200)
    song = (
        text("card.song_value", locale, name=name)
        if job.reference.seconds is None
        else text("card.song_value_length", locale, name=name, length=length(job.reference.seconds))
    )
    lines = [
        Line(name=text("card.song", locale), value=song or "—"),
        Line(name=text("card.member", locale), value=mention(job.member_id)),
    ]
    if job.is_live:
        lines.append(Line(name=text("card.ordered", locale), value=ago(job.created_at)))
    if (job.is_live or job.state is JobState.DELIVERED) and (remark := spelled(job.detail, locale)):
        lines.append(Line(name=text("card.hint", locale), value=clip(remark, 1024), inline=False))
    if job.is_live and requirements.prompt.is_long(job.prompt):
        hint = text("card.hint.long", locale, warn=requirements.prompt.warn_characters)
        lines.append(Line(name=text("card.hint", locale), value=hint, inline=False))
    if job.is_live and (job.place.origin is Origin.USER_INSTALL or job.place.bot_is_member is False):
        only_commands = job.place.origin is not Origin.USER_INSTALL
        hint = text("card.hint.not_member" if only_commands else "card.hint.user_install", locale)
        lines.append(Line(name=text("card.hint", locale), value=hint, inline=False))
    return tuple(lines)
