"""Times as operators type them: a span from now, or a moment in UTC. Pure."""

import re
from datetime import UTC, datetime, timedelta

_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def moment_of(typed: str, now: datetime) -> datetime:
    """`2h`, `30m`, `3d`, `2026-12-31`, `2026-12-31T18:00`, with an offset or in UTC. Raises ValueError, a sentence."""
    if span := _SPAN.fullmatch(typed):
        return now + int(span[1]) * _UNITS[span[2]]
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise ValueError(f"{typed[:40]!r} is no time: write 2h, 30m, 3d, or 2026-12-31T18:00 (UTC).") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment <= now:
        raise ValueError(f"{typed} is over: it is {now:%Y-%m-%dT%H:%M} (UTC).")
    return moment
