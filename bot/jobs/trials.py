"""Whose turn it is to try a refused account: one of several processes makes the free call and risks one song."""

import json
from datetime import UTC, datetime, timedelta

from bot.clock import Clock
from bot.jobs.ports import ValueStore

#: Under this name, followed by the provider's, the store keeps when the last turn was, and whether it still lasts.
_KEPT = "brake_turn."
#: A turn lasts no longer: longer than any POST.
TURN_SECONDS = 240.0


class TrialTurns:
    """For the brakes of all providers. A process that is alone always has the turn."""

    def __init__(self, store: ValueStore, clock: Clock, *, is_shared: bool) -> None:
        """`is_shared`: whether other processes send songs to the same account."""
        self._store = store
        self._clock = clock
        self.is_shared = is_shared
        self.lasts_seconds = TURN_SECONDS if is_shared else float("inf")
        self._mine: dict[str, str] = {}

    async def take(self, provider: str, *, every_seconds: float) -> bool:
        """Take the turn, if nobody has it, or had it within so many seconds. Raises StoreBusyError."""
        if not self.is_shared:
            return True
        name = _KEPT + provider
        before = await self._store.get_value(name)
        now = self._clock.now()
        at, lasts = _read(before)
        min_seconds = max(every_seconds, TURN_SECONDS) if lasts else every_seconds
        if at is not None and now - at < timedelta(seconds=min_seconds):
            return False
        mine = _written(now, lasts=True)
        if not await self._store.replace_value(name, before, mine):
            return False
        self._mine[provider] = mine
        return True

    async def end(self, provider: str) -> None:
        """Somebody else may have the turn, after a while. Raises StoreBusyError."""
        mine = self._mine.get(provider)
        if mine is None:
            return
        at = datetime.fromisoformat(json.loads(mine)["at"])
        await self._store.replace_value(_KEPT + provider, mine, _written(at, lasts=False))
        self._mine.pop(provider, None)


def _read(kept: str | None) -> tuple[datetime | None, bool]:
    """When the last turn was, and whether it still lasts; None where there was none, or nobody can say."""
    try:
        last = json.loads(kept or "null")
        return (
            (None, False) if last is None else (datetime.fromisoformat(last["at"]).astimezone(UTC), bool(last["lasts"]))
        )
    except (ValueError, TypeError, KeyError):
        return None, False


def _written(at: datetime, *, lasts: bool) -> str:
    return json.dumps({"at": at.astimezone(UTC).isoformat(), "lasts": lasts})
