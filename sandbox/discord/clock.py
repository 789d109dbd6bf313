"""The sandbox's own time and the ids minted from it, so that a test can move both without waiting."""

import time
from datetime import UTC, datetime

#: First second of 2015 in milliseconds: the epoch of Discord's snowflakes (docs, reference "Snowflakes").
DISCORD_EPOCH_MS = 1_420_070_400_000


class SandboxClock:
    """Wall-clock time plus an offset that only ever grows."""

    def __init__(self) -> None:
        self._offset_seconds = 0.0
        self._last_id = 0
        self._backdated = 0

    def time(self) -> float:
        """Unix seconds as the sandbox sees them."""
        return time.time() + self._offset_seconds

    def advance(self, seconds: float) -> None:
        """Move time forward; tokens, signed URLs and nonce windows age by as much."""
        if seconds < 0:
            raise ValueError("the sandbox's time only moves forward")
        self._offset_seconds += seconds

    def mint(self, *, age_seconds: float = 0.0) -> int:
        """A new snowflake of now, or of `age_seconds` ago; ids of now are strictly increasing."""
        moment = int((self.time() - age_seconds) * 1000) - DISCORD_EPOCH_MS
        if age_seconds:
            self._backdated += 1
            return (moment << 22) | (self._backdated & 0x3FFFFF)
        self._last_id = max(moment << 22, self._last_id + 1)
        return self._last_id


def snowflake_at(moment: datetime, increment: int) -> int:
    """The fixed snowflake of a given moment, for things that keep their id over restarts."""
    return ((int(moment.timestamp() * 1000) - DISCORD_EPOCH_MS) << 22) | increment


def snowflake_time(snowflake: int) -> float:
    """Unix seconds at which an id was minted."""
    return ((snowflake >> 22) + DISCORD_EPOCH_MS) / 1000


def iso(unix_seconds: float) -> str:
    """A timestamp as Discord writes it."""
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="microseconds")
