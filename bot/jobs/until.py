"""Until when, as operators type it: `2h`, `3d`, `1d12h`, or a date. Pure."""

import re
from datetime import UTC, datetime, timedelta

from bot.jobs.acts import ActRefusedError

#: Longer than that nobody means; it is a slip of the finger.
MAX_AHEAD = timedelta(days=3660)

_PART = re.compile(r"(\d{1,6}) ?(min|m|std|h|tage|tag|t|days|day|d|w)", re.IGNORECASE)
_SECONDS = {"m": 60, "min": 60, "h": 3600, "std": 3600, "w": 7 * 86_400}
_DAY_SECONDS = 86_400


def parse_until(typed: str | None, now: datetime) -> datetime | None:
    """The moment; None for nothing typed: no end. Dates without a zone are UTC. Raises ActRefusedError."""
    text = " ".join((typed or "").split())
    if not text:
        return None
    moment = _after(text, now) or _at(text)
    if moment is None:
        raise ActRefusedError("operators.until.unknown", typed=text[:40])
    if moment <= now:
        raise ActRefusedError("operators.until.past", typed=text[:40])
    if moment - now > MAX_AHEAD:
        raise ActRefusedError("operators.until.far", typed=text[:40])
    return moment


def _after(text: str, now: datetime) -> datetime | None:
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        return None
    seconds = sum(int(number) * _SECONDS.get(unit.lower(), _DAY_SECONDS) for number, unit in parts)
    return now + timedelta(seconds=min(seconds, 2 * MAX_AHEAD.total_seconds()))


def _at(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None
