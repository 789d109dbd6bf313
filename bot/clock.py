"""The only place that reads the time or sleeps, so that tests can move it and no naive datetime slips in."""

import asyncio
import time
from contextlib import suppress
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

    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        """Pause until `event` is set, or for so many seconds; None: only until it is set."""
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

    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        """Pause until `event` is set, or for so many seconds; None: only until it is set."""
        # not asyncio.wait_for: on 3.11 it swallows a cancellation that arrives in the turn in which the event was set
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
