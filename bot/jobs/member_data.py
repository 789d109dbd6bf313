"""Everything that is kept of one member, as they get it: one value, written for machines and for people. Pure.

Left out: what would open something (tokens, keys, signed addresses, ids at the music service), and whatever somebody
else wrote or is: who made a rule, and why.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.jobs.keeping import LedgerLine, RuleLine
from bot.jobs.model import Job, JobEvent

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberData:
    """As it stands in the database at one moment."""

    member_id: int
    made_at: datetime
    songs: Sequence[tuple[Job, Sequence[JobEvent]]] = field(repr=False)  #: newest first
    rules: Sequence[RuleLine]
    ledger: Sequence[LedgerLine]
    currency: str | None = None  #: None: prices are not shown to members

    def as_json(self) -> str:
        """For machines."""
        return json.dumps(self._values(), ensure_ascii=False, indent=2)

    def as_text(self) -> str:
        """For people."""
        return "\n".join(self._lines()) + "\n"

    def _values(self) -> dict[str, Any]:
        return {
            "member_id": str(self.member_id),
            "made_at": _told(self.made_at),
            "songs": [_song(job, events) for job, events in self.songs],
            "rules": [_rule(rule) for rule in self.rules],
            "ledger": [self._line(line) for line in self.ledger],
        }

    def _line(self, line: LedgerLine) -> dict[str, Any]:
        told = {
            "at": _told(line.at),
            "song": line.job_id,
            "kind": line.kind.value,
            "songs": line.songs,
            "server_id": _id(line.guild_id),
            "channel_id": _id(line.channel_id),
            "music_service": line.provider,
            "model": line.model,
        }
        if self.currency is not None:
            told |= {"price": line.price_micros / _MICROS, "currency": self.currency}
        return told

    def _lines(self) -> Iterator[str]:
        values = self._values()
        yield f"Kept of member {self.member_id}, as of {_told(self.made_at)}"
        for song in values["songs"]:
            yield from ("", "=" * 72, f"Song {song['song']}: {song['title'] or '(no title)'}", "")
            yield from (f"{name}: {value}" for name, value in song.items() if _is_short(name, value))
            yield from ("history:", *(f"  {event['at']} {event['state']}" for event in song["history"]))
            yield from ("lyrics, as typed:", "", song["lyrics"], "", "lyrics, as sung:", "", song["sung"])
        for name, heading in (("rules", "Rules about you"), ("ledger", "Songs as they were counted")):
            yield from ("", "=" * 72, f"{heading}: {len(values[name])}", "")
            yield from (", ".join(f"{key}: {value}" for key, value in line.items()) for line in values[name])


def _is_short(name: str, value: object) -> bool:
    return name not in {"song", "title", "history", "lyrics", "sung"} and value is not None


def _song(job: Job, events: Sequence[JobEvent]) -> dict[str, Any]:
    track = job.track
    return {
        "song": job.id,
        "title": job.title,
        "state": job.state.value,
        "reason": None if job.reason is None else job.reason.value,
        "ordered_at": _told(job.created_at),
        "your_name": job.member_name,
        "your_language": job.place.locale,
        "ordered_in": job.place.origin.value,
        "server_id": _id(job.place.guild_id),
        "channel_id": _id(job.place.channel_id),
        "card_message_id": _id(job.card_message_id),
        "track_channel_id": _id(job.track_channel_id),
        "track_message_id": _id(job.track_message_id),
        "reference_name": job.reference.name,
        "reference_bytes": job.reference.size_bytes,
        "reference_seconds": job.reference.seconds,
        "reference_kept": job.reference.copy_name is not None,
        "track_bytes": None if track is None else track.size_bytes,
        "track_seconds": None if track is None else track.seconds,
        "track_kept": track is not None and track.copy_name is not None,
        "music_service": job.provider,
        "model": job.model,
        "style": job.style,
        "again_of": job.again_of,
        "lyrics": job.lyrics,
        "sung": job.prompt,
        "history": [{"at": _told(event.at), "state": event.after.value} for event in events],
    }


def _rule(rule: RuleLine) -> dict[str, Any]:
    return {
        "since": _told(rule.at),
        "server_id": _id(rule.guild_id) if rule.guild_id else "everywhere",
        "kind": rule.kind.value,
        "value": rule.value,
        "until": None if rule.until is None else _told(rule.until),
    }


def _id(number: int | None) -> str | None:
    """As Discord writes them: in a number of JSON the last digits would be lost to many readers."""
    return None if number is None else str(number)


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
