"""The only place that reads the time or sleeps, so that tests can move it and no naive datetime slips in."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the core asks of time."""

    def now(self) -> datetime:
        """The time of day, UTC-aware: for rows and what people read."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump: for intervals inside this process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Pause; returns at once for zero or less."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time of day, UTC-aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Pause; returns at once for zero or less."""
        await asyncio.sleep(max(0.0, seconds))
