"""A row becomes a Job here, and an order or a set of changes becomes columns; nowhere else."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from bot.errors import Reason
from bot.jobs.model import Job, JobEvent, JobState, Order, Origin, Place, Reference, Track
from bot.jobs.ports import Changes


def job_of(row: RowMapping) -> Job:
    """The whole row of table `job` as a Job."""
    return Job(
        id=row["id"],
        key=row["key"],
        state=JobState(row["state"]),
        version=row["version"],
        attempt=row["attempt"],
        member_id=row["member_id"],
        member_name=row["member_name"],
        place=_place_of(row),
        title=row["title"],
        lyrics=row["lyrics"],
        prompt=row["prompt"],
        reference=_reference_of(row),
        provider=row["provider"],
        model=row["model"],
        style=row["style"],
        price_micros=row["price_micros"],
        again_of=row["again_of"],
        generation_id=row["generation_id"],
        track=_track_of(row),
        card_message_id=row["card_message_id"],
        track_channel_id=row["track_channel_id"],
        track_message_id=row["track_message_id"],
        notified_state=None if row["notified_state"] is None else JobState(row["notified_state"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
        detail=row["detail"],
        created_at=row["created_at"],
        moved_at=row["moved_at"],
        submit_started_at=row["submit_started_at"],
        accepted_at=row["accepted_at"],
        deliver_started_at=row["deliver_started_at"],
        deadline_at=row["deadline_at"],
        answered_at=row["answered_at"],
        claimed_by=row["claimed_by"],
        service_address=row["service_address"],
    )


def event_of(row: RowMapping) -> JobEvent:
    """A row of table `job_event`."""
    before: str | None = row["before"]
    return JobEvent(
        at=row["at"],
        before=None if before is None else JobState(before),
        after=JobState(row["after"]),
        detail=row["detail"],
    )


def columns_of_order(order: Order, *, key: str, now: datetime) -> dict[str, Any]:
    """The columns of a new job in state `checking`."""
    place = order.place
    return {
        "key": key,
        "state": JobState.CHECKING,
        "version": 0,
        "attempt": 0,
        "member_id": order.member_id,
        "member_name": order.member_name,
        "origin": place.origin,
        "channel_id": place.channel_id,
        "guild_id": place.guild_id,
        "interaction_id": place.interaction_id,
        "interaction_token": place.interaction_token,
        "upload_limit_bytes": place.upload_limit_bytes,
        "locale": place.locale,
        "bot_is_member": place.bot_is_member,
        "title": order.title,
        "lyrics": order.lyrics,
        "prompt": order.prompt,
        **_columns_of_reference(order.reference),
        "provider": order.provider,
        "model": order.model,
        "style": order.style,
        "price_micros": order.price_micros,
        "reference_copy_bytes": order.reference.size_bytes,  # until the copy is there
        "again_of": order.again_of,
        **({} if order.answered_at is None else {"answered_at": order.answered_at}),
        "detail": "",
        "created_at": now,
        "moved_at": now,
    }


def columns_of_changes(changes: Changes) -> dict[str, Any]:
    """The columns that these changes set."""
    columns: dict[str, Any] = {name: value for name, value in changes.items() if name not in {"reference", "track"}}
    if "reference" in changes:
        columns |= _columns_of_reference(changes["reference"])
        columns["reference_copy_bytes"] = changes["reference"].copy_bytes
    if "track" in changes:
        columns |= _columns_of_track(changes["track"])
    return columns


def _place_of(row: RowMapping) -> Place:
    return Place(
        origin=Origin(row["origin"]),
        channel_id=row["channel_id"],
        guild_id=row["guild_id"],
        interaction_id=row["interaction_id"],
        interaction_token=row["interaction_token"],
        upload_limit_bytes=row["upload_limit_bytes"],
        locale=row["locale"],
        bot_is_member=row["bot_is_member"],
    )


def _reference_of(row: RowMapping) -> Reference:
    return Reference(
        url=row["reference_url"],
        name=row["reference_name"],
        size_bytes=row["reference_size_bytes"],
        expires_at=row["reference_expires_at"],
        seconds=row["reference_seconds"],
        format=row["reference_format"],
        copy_name=row["reference_copy_name"],
        copy_bytes=row["reference_copy_bytes"] if row["reference_copy_name"] else None,
    )


def _track_of(row: RowMapping) -> Track | None:
    if row["track_url"] is None:
        return None
    return Track(
        url=row["track_url"],
        copy_name=row["track_copy_name"],
        size_bytes=row["track_size_bytes"],
        seconds=row["track_seconds"],
    )


def _columns_of_reference(reference: Reference) -> dict[str, Any]:
    return {
        "reference_url": reference.url,
        "reference_name": reference.name,
        "reference_size_bytes": reference.size_bytes,
        "reference_expires_at": reference.expires_at,
        "reference_seconds": reference.seconds,
        "reference_format": reference.format,
        "reference_copy_name": reference.copy_name,
    }


def _columns_of_track(track: Track | None) -> dict[str, Any]:
    return {
        "track_url": track.url if track else None,
        "track_copy_name": track.copy_name if track else None,
        "track_size_bytes": track.size_bytes if track else None,
        "track_seconds": track.seconds if track else None,
    }
