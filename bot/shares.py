"""A process's part of what all processes together may ask in a second: of the music API, and of Discord."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace

import aiohttp
from aiolimiter import AsyncLimiter

from bot.clock import Clock
from bot.jobs.sharing import GONE_AFTER, Share

#: Requests that one bot may send to Discord in a second (its documentation, "Global Rate Limit").
DISCORD_PER_SECOND = 50.0
#: Answers to interactions, and their webhooks, do not count (the same).
_FREE = ("/interactions/", "/webhooks/")
#: A part that was not renewed for so long is not used: others may have it. Short of GONE_AFTER by one renewal.
_LASTS_SECONDS = GONE_AFTER.total_seconds() - 10.0
_LOOK_SECONDS = 0.5
#: So long a request to Discord is held back at the most.
_LONGEST_SECONDS = 10.0
#: However small a part is, something is asked now and then.
_LEAST = 0.02


class Shares:
    """The parts of one process. Alone it has all of it, for ever."""

    def __init__(self, clock: Clock) -> None:
        """`renewed` makes it one of several."""
        self._clock = clock
        self._share = Share(polls=1.0, discord=1.0)
        self._until: float | None = None
        self.draws_line = True
        """Whether the cards of those who wait in line are drawn here."""

    def renewed(self, share: Share) -> None:
        """What was agreed on just now."""
        self._share = share
        self._until = self._clock.monotonic() + _LASTS_SECONDS

    @property
    def is_shared(self) -> bool:
        """Whether there may be others."""
        return self._until is not None

    def polls(self) -> float:
        """The part of POLLS_PER_SECOND; 0 while nothing is agreed on."""
        return self._share.polls if self._lasts() else 0.0

    def discord(self) -> float:
        """The part of Discord's limit."""
        return self._share.discord if self._lasts() else 0.0

    def _lasts(self) -> bool:
        return self._until is None or self._clock.monotonic() < self._until


class SharedLimiter(AsyncLimiter):
    """So many a second for all processes; this one's part of it may change at any time."""

    def __init__(self, per_second: float, share: Callable[[], float], clock: Clock) -> None:
        """`share`: the part, 0 to 1; while it is 0 nothing is let through."""
        super().__init__(max(1.0, per_second), max(1.0, 1 / per_second))
        self._per_second = per_second
        self._share = share
        self._clock = clock

    async def acquire(self, amount: float = 1) -> None:
        """Wait for one's turn."""
        while (share := self._share()) <= 0:
            await self._clock.sleep(_LOOK_SECONDS)
        rate = self._per_second * max(share, _LEAST)
        self.max_rate, self._rate_per_sec = max(1.0, rate), rate
        await super().acquire(amount)


def share_discord(trace: aiohttp.TraceConfig | None, shares: Shares, clock: Clock) -> None:
    """Have the requests of a session that is not open yet held back as far as they count; alone nothing is."""
    if trace is None or not shares.is_shared:
        return
    limiter = SharedLimiter(DISCORD_PER_SECOND, shares.discord, clock)

    async def wait(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, begun: aiohttp.TraceRequestStartParams
    ) -> None:
        if not any(part in begun.url.path for part in _FREE):
            # what was held back for too long is sent all the same: Discord says no in its own way
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_SECONDS):
                    await limiter.acquire()

    trace.on_request_start.append(wait)
