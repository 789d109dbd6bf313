"""`song` and `spent`: what happened to a song, and what was spent, as text and as JSON."""

from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.jobs.model import Job, JobEvent
from bot.settings import Settings
from bot.shell.answer import Answer
from bot.store.beside import open_beside
from bot.store.reports import MoneyLine, money_of_song, spent_by_day, top_members

_MICROS = 1_000_000


async def song(settings: Settings, job_id: int) -> Answer:
    """What is known of a song; no words of it, no secret. Raises StartError, StoreError."""
    async with open_beside(settings.database_url) as store:
        job = await store.get(job_id)
        events = await store.history(job_id)
        money = await money_of_song(store, job_id)
    if job is None and not money:
        return Answer(text=f"There is no song {job_id}.", values={"song": job_id, "state": None}, code=1)
    values: dict[str, Any] = {"song": job_id, "state": "deleted"} if job is None else _values(job)
    values["history"] = [_event(event) for event in events]
    values["money"] = [_line(line, settings.currency) for line in money]
    return Answer(text=_text(values), values=values)


async def spent(settings: Settings, clock: Clock, days: int) -> Answer:
    """Songs and money of the last days, UTC. Raises StartError, StoreError."""
    now = clock.now()
    first = (now - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    async with open_beside(settings.database_url) as store:
        found = await spent_by_day(store, first)
        members = await top_members(store, first)
    lines = [
        {
            "day": each.day,
            "model": each.model,
            "songs": each.songs,
            "money": each.micros / _MICROS,
            "unknown_songs": each.unknown_songs,
            "unknown_money": each.unknown_micros / _MICROS,
        }
        for each in found
    ]
    values = {
        "days": days,
        "currency": settings.currency,
        "songs": sum(each.songs for each in found),
        "money": sum(each.micros for each in found) / _MICROS,
        "unknown_songs": sum(each.unknown_songs for each in found),
        "unknown_money": sum(each.unknown_micros for each in found) / _MICROS,
        "by_day": lines,
        "members": [
            {"member_id": str(each.member_id), "songs": each.songs, "money": each.micros / _MICROS} for each in members
        ],
    }
    return Answer(text=_spent_text(values), values=values)


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


def _line(line: MoneyLine, currency: str) -> dict[str, Any]:
    return {
        "at": _at(line.at),
        "attempt": line.attempt,
        "kind": line.kind.value,
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
        f"{each['day']}  {each['songs']:4} songs  {each['money']:10.3f} {currency}  {each['model']}"
        + (
            f"  ({each['unknown_songs']} of unknown outcome, {each['unknown_money']:.3f})"
            if each["unknown_songs"]
            else ""
        )
        for each in values["by_day"]
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
