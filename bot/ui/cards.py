"""What a job looks like: a card for every state. Pure, in the member's language.

A card says what matters in its first line, which is content: it is read even where embeds are hidden.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.errors import Reason
from bot.foreign_text import cleaned, isolated
from bot.jobs.model import RESTING, Job, JobState, Origin
from bot.jobs.ports import Eta
from bot.jobs.service import CANCELLABLE_FREE, CANCELLABLE_PAID
from bot.texts import text
from bot.texts.remarks import spelled
from bot.ui.buttons import ButtonTone, JobAction, JobButton, LinkButton, job_button, with_button
from bot.ui.formatting import ago, at_time, clip, foreign, length, mention, message_link, plain, titled, why
from bot.ui.requirements import OrderRequirements

_BAR_CELLS = 12
#: The rest is behind *Lyrics*.
_PREVIEW_LINES = 2
_PREVIEW_CHARACTERS = 240
#: So long a sentence still stands beside the bar on a phone.
_BESIDE_THE_BAR_CHARACTERS = 60


#: A section's name, which nobody sings.
_TAG = re.compile(r"\s{0,80}\[[^\[\]\n]{0,80}\]\s{0,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLine:
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
    lines: tuple[CardLine, ...] = ()
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

#: How many go first in the music service's own line, where that is a word of its own.
_PLACES = {0: "card.state.generating_next", 1: "card.state.generating_place_one"}
#: While our own disk is in the way, or nothing that is configured makes it: before it is begun, and then.
_HELD_UP = ("card.state.held_up", "card.state.held_up_begun")
_STRANDED = ("card.state.stranded", "card.state.stranded_begun")
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
        lines=(*_hints(job, requirements, locale), *_notices(job, now, requirements, locale)),
        footer="" if job.state is JobState.DELIVERED else _footer(job, locale),
        colour=_COLOURS.get(job.state, _WORKING),
        buttons=card_buttons(job, locale, requirements),
    )


def _headline(job: Job, eta: Eta) -> str:
    """Nobody reads that their song is being heard while others are, or while nothing goes on."""
    if job.is_live and (eta.is_held_up or eta.is_stranded):
        return "held_up"
    if job.state is JobState.GENERATING and eta.place is not None:
        return "generating_place"
    if job.state is JobState.DELIVERED:
        return _whither(job)
    return "checking_ahead" if job.state is JobState.CHECKING and eta.ahead else job.state


def card_buttons(
    job: Job, locale: str, requirements: OrderRequirements | None = None
) -> tuple[JobButton | LinkButton, ...]:
    """What can be done with a job from its card. `requirements`: None offers no other model, and what rests is not
    stopped.
    """
    if job.state is JobState.DELIVERED:
        link = track_link(job)
        return (LinkButton(label=text("control.card", locale), url=link),) if link else ()
    stoppable = frozenset[str]() if requirements is None else requirements.stoppable
    offers = [job_button(action, locale, label) for action, label in _offers(job, stoppable)]
    if job.is_live:
        offers.append(job_button(JobAction.LYRICS, locale))
    if requirements is not None and job.state in _MAY_BE_TRIED_OTHERWISE and not needs_another_song(job):
        others = requirements.others_than(job.model)[:_MAX_OTHERS]
        offers += [with_button(other.name, locale) for other in others]
    return tuple(_one_main(offers))


def _one_main(offers: list[JobButton]) -> list[JobButton]:
    """One button is the one to press; where looking costs nothing, that comes before trying at a price."""
    main = next((offer for offer in offers if offer.tone is ButtonTone.MAIN), None)
    return [
        replace(offer, tone=ButtonTone.QUIET) if offer.tone is ButtonTone.MAIN and offer is not main else offer
        for offer in offers
    ]


#: A person may choose another model for these; nothing ever does so by itself.
_MAY_BE_TRIED_OTHERWISE = frozenset({JobState.FAILED, JobState.EXPIRED})
_MAX_OTHERS = 5


def _offers(job: Job, stoppable: frozenset[str]) -> list[tuple[JobAction, str]]:
    """Actions, each with the text key of its label; empty for the usual one."""
    if job.state in CANCELLABLE_FREE:
        return [(JobAction.CANCEL, "")]
    if job.state in CANCELLABLE_PAID:
        return [(JobAction.CANCEL, _label_of_cancel(job, stoppable))]
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


def _label_of_cancel(job: Job, stoppable: frozenset[str]) -> str:
    """What it means for the bill to let go what the service has taken."""
    if job.price_micros == 0:
        return ""
    return "control.cancel_stops" if job.model in stoppable else "control.cancel_paid"


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
    until = eta.expected_at or eta.usually_at
    if job.state is not JobState.GENERATING or job.accepted_at is None or until is None:
        return mark
    expected_seconds = max(1.0, (until - job.accepted_at).total_seconds())
    share = min(1.0, max(0.0, (now - job.accepted_at).total_seconds() / expected_seconds))
    return 0.2 + share * 0.7


def preview(prompt: str) -> str:
    """The first lines of what will be sung, as a quotation."""
    lines = [line for line in prompt.strip("#").split("\n") if line.strip() and not _TAG.fullmatch(line)]
    quoted = "\n".join(f"> {plain(cleaned(line))}" for line in lines[:_PREVIEW_LINES])
    if len(quoted) <= _PREVIEW_CHARACTERS and len(lines) > _PREVIEW_LINES:
        quoted += " …"
    return clip(quoted, _PREVIEW_CHARACTERS)


def _description(job: Job, eta: Eta, now: datetime, requirements: OrderRequirements, locale: str) -> str:
    """Bar and time, then the words; of a song that is here nothing, its track is the answer."""
    status = _status(job, eta, now, requirements, locale)
    share = progress(job, eta, now)
    if share is not None:
        is_short = len(status) <= _BESIDE_THE_BAR_CHARACTERS and "\n" not in status
        status = f"{progress_bar(share)}{' ' if is_short else chr(10)}{status}".rstrip()
    parts = [status, preview(job.prompt) if job.is_live else ""]
    return clip("\n".join(part for part in parts if part), 4096)


def _status(job: Job, eta: Eta, now: datetime, requirements: OrderRequirements, locale: str) -> str:
    if job.is_live and (eta.is_held_up or eta.is_stranded):
        is_begun = job.state not in {JobState.CHECKING, JobState.QUEUED} or job.may_be_charged
        untouched, begun = _HELD_UP if eta.is_held_up else _STRANDED
        return text(begun if is_begun else untouched, locale)
    match job.state:
        case JobState.CHECKING | JobState.QUEUED:
            return _waiting(job, eta, locale)
        case JobState.GENERATING:
            return _making(job, eta, now, locale)
        case JobState.DELIVERED | JobState.READY | JobState.DELIVERING:
            return ""  # the first line says it
        case JobState.FAILED if job.reason in TOLD_PRIVATELY:
            return text("card.state.told_privately", locale, member=mention(job.member_id))
        case state if state in RESTING:
            return f"{why(job, requirements, locale)} {_cost(job, locale)}".strip()
        case _:
            return text(f"card.state.{job.state}", locale)


def _waiting(job: Job, eta: Eta, locale: str) -> str:
    if eta.held:
        return text(_HELD[eta.held], locale)
    if job.state is JobState.QUEUED:
        keys, number = ("card.state.queued_ahead_one", "card.state.queued_ahead"), eta.ahead
    elif eta.ahead:
        keys, number = ("card.state.checking_ahead_one", "card.state.checking_ahead"), eta.ahead
    else:
        keys, number = ("card.state.checking_in_line_one", "card.state.checking_in_line"), eta.in_line
    if not number:
        return text(f"card.state.{job.state}", locale)
    return text(keys[number > 1], locale, ahead=number)


def _making(job: Job, eta: Eta, now: datetime, locale: str) -> str:
    since = ago(job.accepted_at or job.moved_at)
    between = _between(eta, now, locale)
    if eta.place is not None:
        place = text(_PLACES.get(eta.place, "card.state.generating_place"), locale, since=since, place=eta.place)
        return f"{place} {between}" if between else place
    if eta.expected_at is None:
        return text("card.state.generating", locale, since=since)
    if eta.expected_at <= now:
        return text("card.state.generating_overdue", locale, since=since)
    return between or text("card.state.generating_until", locale, since=since, expected=ago(eta.expected_at))


def _between(eta: Eta, now: datetime, locale: str) -> str:
    """The span in which it is most likely ready; nothing where none is known that lies ahead."""
    if eta.earliest_at is None or eta.expected_at is None or eta.expected_at <= now:
        return ""
    earliest, latest = at_time(eta.earliest_at), at_time(eta.expected_at)
    return text("card.state.generating_between", locale, earliest=earliest, latest=latest)


def _whither(job: Job) -> str:
    """Which first line a song has that is done: the button leads to its track, or it went where no link leads."""
    if track_link(job):
        return "delivered"
    is_here = job.track_message_id is not None and job.track_message_id == job.card_message_id
    return "delivered_in_place" if is_here else "delivered_elsewhere"


def _cost(job: Job, locale: str) -> str:
    """Honest about money: said where a member would otherwise wonder."""
    if job.state is JobState.CANCELLED and job.may_be_charged:
        return text("card.state.cancelled_paid", locale)
    if job.state in {JobState.CANCELLED, JobState.REFUSED} or (
        job.reason is Reason.INTERNAL and not job.may_be_charged
    ):
        return text("card.state.nothing_paid", locale)
    return ""


def _notices(job: Job, now: datetime, requirements: OrderRequirements, locale: str) -> list[CardLine]:
    """What operators tell everybody, as long as the song is under way."""
    of_brake = text("operators.notice.brake", locale)
    told = requirements.notices.told_in(job.place.guild_id, now, of_brake=of_brake) if job.is_live else []
    name = text("operators.notice.name", locale)
    return [CardLine(name=name, value=clip(foreign(notice), 1024), inline=False) for notice in told]


def _footer(job: Job, locale: str) -> str:
    """What and which, once. Nothing in a footer is interpreted, so nothing in it is escaped."""
    name = clip(isolated(cleaned(job.reference.name)), 200) or "—"
    if job.reference.seconds is None:
        return text("card.footer", locale, name=name, id=job.id)
    return text("card.footer_length", locale, name=name, length=length(job.reference.seconds), id=job.id)


def _hints(job: Job, requirements: OrderRequirements, locale: str) -> tuple[CardLine, ...]:
    lines: list[CardLine] = []
    if (job.is_live or job.state is JobState.DELIVERED) and (remark := spelled(job.detail, locale)):
        lines.append(CardLine(name=text("card.hint", locale), value=clip(remark, 1024), inline=False))
    if job.is_live and job.model in requirements.cover_models:
        lines.append(CardLine(name=text("card.hint", locale), value=text("card.hint.cover", locale), inline=False))
    rules = requirements.prompt if job.model == requirements.model.name else requirements.of(job.model).prompt
    if job.is_live and rules.is_long(job.prompt):
        hint = text("card.hint.long", locale, warn=rules.warn_characters)
        lines.append(CardLine(name=text("card.hint", locale), value=hint, inline=False))
    if job.is_live and (job.place.origin is Origin.USER_INSTALL or job.place.bot_is_member is False):
        only_commands = job.place.origin is not Origin.USER_INSTALL
        hint = text("card.hint.not_member" if only_commands else "card.hint.user_install", locale)
        lines.append(CardLine(name=text("card.hint", locale), value=hint, inline=False))
    return tuple(lines)
