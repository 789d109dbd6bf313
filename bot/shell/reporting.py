"""`song` and `spent`: what happened to a song, and what was spent, as text and as JSON."""

from datetime import datetime
from typing import Any

from bot.clock import Clock
from bot.errors import NoSuchJobError
from bot.jobs.acts import ChargeLine, Spending
from bot.jobs.admission import EVERYWHERE
from bot.jobs.model import Job, JobEvent
from bot.settings import Settings
from bot.shell.answer import CommandOutput
from bot.shell.operating import operating_on
from bot.store.beside import open_beside

_MICROS = 1_000_000
#: So many members are named.
_TOP = 10


async def song(settings: Settings, clock: Clock, job_id: int) -> CommandOutput:
    """What is known of a song; no words of it, no secret. Raises StartError, StoreError."""
    async with open_beside(settings.database_url) as store:
        try:
            report = await operating_on(store, clock).song(EVERYWHERE, job_id)
        except NoSuchJobError:
            report, lines = None, tuple(await store.charges_of(job_id))  # those outlive it
        else:
            lines = report.lines
    if report is None and not lines:
        return CommandOutput(text=f"There is no song {job_id}.", values={"song": job_id, "state": None}, code=1)
    values: dict[str, Any] = {"song": job_id, "state": "deleted"} if report is None else _values(report.job)
    values["history"] = [_event(event) for event in report.events] if report else []
    values["money"] = [_line(line, settings.currency) for line in lines]
    return CommandOutput(text=_text(values), values=values)


async def spent(settings: Settings, clock: Clock, days: int) -> CommandOutput:
    """Songs and money of the last days, UTC. Raises StartError, StoreError."""
    async with open_beside(settings.database_url) as store:
        report = await operating_on(store, clock).spent(EVERYWHERE, days)
    values: dict[str, Any] = {
        "days": days,
        "currency": settings.currency,
        **_money(report.total),
        "by_day": [{"day": day, **_money(spending)} for day, spending in report.by_day.items()],
        "members": [
            {"member_id": str(member_id), **_money(spending)} for member_id, spending in report.top_members(_TOP)
        ],
    }
    return CommandOutput(text=_spent_text(values), values=values)


def _money(spending: Spending) -> dict[str, Any]:
    return {
        "songs": spending.songs,
        "money": spending.micros / _MICROS,
        "unknown_songs": spending.unknown,
        "unknown_money": spending.unknown_micros / _MICROS,
    }


def _values(job: Job) -> dict[str, Any]:
    return {
        "song": job.id,
        "state": job.state.value,
        "reason": None if job.reason is None else job.reason.value,
        "detail": job.detail,
        "member_id": str(job.member_id),
        "server_id": None if job.place.guild_id is None else str(job.place.guild_id),
        "channel_id": str(job.place.channel_id),
        "ordered_at": _at(job.created_at),
        "in_this_state_since": _at(job.moved_at),
        "attempts": job.attempt,
        "music_service": job.provider,
        "model": job.model,
        "generation_id": job.generation_id,
        "reference_seconds": job.reference.seconds,
        "track_seconds": job.track.seconds if job.track else None,
        "track_kept": job.track is not None and job.track.copy_name is not None,
    }


def _event(event: JobEvent) -> dict[str, Any]:
    return {"at": _at(event.at), "state": event.after.value, "why": event.detail}


def _line(line: ChargeLine, currency: str) -> dict[str, Any]:
    return {
        "at": _at(line.at),
        "attempt": line.attempt,
        "kind": line.kind,
        "price": line.price_micros / _MICROS,
        "currency": currency,
        "note": line.note,
    }


def _text(values: dict[str, Any]) -> str:
    head = [
        f"{name}: {value}" for name, value in values.items() if name not in {"history", "money"} and value is not None
    ]
    history = [f"  {each['at']}  {each['state']}{_after(each['why'])}" for each in values["history"]]
    money = [
        f"  {each['at']}  attempt {each['attempt']}: {each['kind']}, {each['price']:g} {each['currency']}"
        + _after(each["note"])
        for each in values["money"]
    ]
    return "\n".join([*head, "history:", *history, "money:", *money])


def _after(note: str) -> str:
    return f"  ({note})" if note else ""


def _spent_text(values: dict[str, Any]) -> str:
    currency = values["currency"]
    lines = [
        f"{each['day']}  {each['songs']:4} songs  {each['money']:10.3f} {currency}"
        + (
            f"  ({each['unknown_songs']} of unknown outcome, {each['unknown_money']:.3f})"
            if each["unknown_songs"]
            else ""
        )
        for each in values["by_day"]
        if each["songs"] or each["unknown_songs"]
    ]
    total = f"In {values['days']} days: {values['songs']} songs, {values['money']:.3f} {currency}"
    if values["unknown_songs"]:
        total += f"; {values['unknown_songs']} of unknown outcome, {values['unknown_money']:.3f} {currency}"
    members = [
        f"  {each['member_id']}  {each['songs']} songs  {each['money']:.3f} {currency}" for each in values["members"]
    ]
    return "\n".join([*lines, f"{total}.", *(["Most songs:", *members] if members else [])])


def _at(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
