"""Why a limit, a budget or an operator did not let an order in, and what a member may still order, in sentences."""

from collections.abc import Iterable
from datetime import datetime

from bot.amounts import money_in_words
from bot.errors import OrderError, Reason
from bot.jobs.admission import Refused
from bot.jobs.model import Job
from bot.jobs.service import Quota
from bot.texts import text
from bot.ui.cards import card_link
from bot.ui.formatting import ago, foreign, titled
from bot.ui.requirements import OrderRequirements

#: Reasons with a sentence of their own for a time that is known.
_WITH_A_TIME = frozenset({Reason.PAUSED, Reason.BLOCKED, Reason.BUDGET, Reason.HEARING_WAITS})
#: Reasons that count, with a sentence of their own for one.
_COUNTED = frozenset({Reason.LIMIT_DAY, Reason.LIMIT_AT_ONCE, Reason.LIMIT_GUILD})
_OTHERS = frozenset({Reason.NOT_ALLOWED, Reason.ALREADY_TAKEN, Reason.WRONG_CHANNEL})


def admission_refusal(error: OrderError, locale: str) -> str | None:
    """What `bot.jobs.admission` says, until when, and what is under way; None for any other error."""
    if error.reason not in _WITH_A_TIME | _COUNTED | _OTHERS:
        return None
    jobs: tuple[Job, ...] = error.values.get("under_way") or ()  # pyright: ignore[reportAssignmentType]
    if error.reason is Reason.ALREADY_TAKEN:
        return _already(error.values.get("job_id"), jobs, locale)
    if error.reason is Reason.WRONG_CHANNEL:
        ids: tuple[int, ...] = error.values.get("channel_ids") or ()  # pyright: ignore[reportAssignmentType]
        return text("reason.wrong_channel", locale, channels=", ".join(f"<#{one}>" for one in ids[:10]))
    parts = [_sentence(error, locale)]
    if note := error.values.get("note"):
        parts.append(f"> {foreign(str(note))}")
    if jobs:
        parts.append(under_way(jobs, locale))
    return "\n".join(parts)


def quota_text(quota: Quota, requirements: OrderRequirements, locale: str) -> str:
    """What is left today, when the next place comes free, what is being made, what stops a new song, and its price."""
    lines: list[str] = []
    if quota.per_day is None:
        lines.append(text("quota.no_limit", locale))
    elif quota.per_day > 0:
        lines.append(text("quota.left", locale, left=quota.left, per_day=quota.per_day))
        if quota.next_at is not None:
            lines.append(text("quota.next", locale, next=ago(quota.next_at)))
    if quota.at_once:
        lines.append(text("quota.at_once", locale, live=quota.live, at_once=quota.at_once))
    lines.append(under_way(quota.under_way, locale) if quota.under_way else text("quota.none_under_way", locale))
    if isinstance(quota.said, Refused) and quota.said.reason not in {Reason.LIMIT_DAY, Reason.LIMIT_AT_ONCE}:
        lines.append(admission_refusal(quota.said.error(), locale) or "")
    if requirements.shown_currency is not None:
        for model in requirements.models:
            shown = money_in_words(model.price_micros, requirements.shown_currency)
            key = "quota.price_with" if requirements.others else "quota.price"
            lines.append(text(key, locale, price=shown, model=model.name))
    return "\n".join(lines)


def under_way(jobs: Iterable[Job], locale: str) -> str:
    """These songs, each a link to its card where that is known."""
    return text("quota.under_way", locale, songs=", ".join(_linked(job, locale) for job in jobs))


def _sentence(error: OrderError, locale: str) -> str:
    until = error.values.get("until")
    key = f"reason.{error.reason}"
    if error.reason in _COUNTED:
        limit = error.values.get("limit")
        again = ago(until) if isinstance(until, datetime) else ""
        return text(f"{key}_one" if limit == 1 else f"{key}_many", locale, limit=limit, again=again)
    if error.reason in _WITH_A_TIME and isinstance(until, datetime):
        return text(f"{key}_until", locale, again=ago(until))
    return text(key, locale)


def _already(job_id: object, jobs: Iterable[Job], locale: str) -> str:
    twin = next((job for job in jobs if job.id == job_id), None)
    return text("control.already", locale, link=(twin and card_link(twin)) or f"#{job_id}")


def _linked(job: Job, locale: str) -> str:
    title, link = titled(job, locale), card_link(job)
    return f"[{title}]({link})" if link else f"**{title}**"
