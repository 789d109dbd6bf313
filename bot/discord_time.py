"""What time it is at Discord, learned from its answers alone: this machine's clock may be minutes off."""

import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from types import SimpleNamespace

import aiohttp

from bot.clock import Clock

log = logging.getLogger(__name__)

#: A single answer may have been under way for long; the median of so many is believed.
_ANSWERS = 10
#: `Date` counts whole seconds and an answer takes its time; from here on the clock itself is wrong.
NOTABLE_SECONDS = 30.0


def seconds_ahead(date: str | None, now: datetime) -> float | None:
    """How far `now` is ahead of an answer's `Date`, negative when it is behind; None when there is no usable one."""
    try:
        moment = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):  # a zone of more hours than there are days
        return None
    return (now - moment.replace(tzinfo=moment.tzinfo or UTC)).total_seconds()


def skew_sentence(ahead_seconds: float | None) -> str:
    """For operators; empty while the clock is right, or nothing is known."""
    if ahead_seconds is None or abs(ahead_seconds) <= NOTABLE_SECONDS:
        return ""
    way = "ahead of" if ahead_seconds > 0 else "behind"
    return f"this machine's clock is {abs(ahead_seconds):.0f} s {way} Discord's; let it be set (NTP)"


class DiscordTime:
    """The offset between two clocks: the median of what the last ten answers say."""

    def __init__(self, clock: Clock) -> None:
        """`clock`: this machine's."""
        self._clock = clock
        self._ahead_seconds: deque[float] = deque(maxlen=_ANSWERS)
        self._is_said = False

    @property
    def ahead_seconds(self) -> float | None:
        """How far this machine's clock is ahead of Discord's; None before the first answer."""
        return median(self._ahead_seconds) if self._ahead_seconds else None

    @property
    def trouble(self) -> str:
        """What is wrong with this machine's clock; empty when nothing is, or is known."""
        return skew_sentence(self.ahead_seconds)

    def now(self) -> datetime | None:
        """The time at Discord; None before its first answer."""
        ahead = self.ahead_seconds
        return None if ahead is None else self._clock.now() - timedelta(seconds=ahead)

    def heard(self, date: str | None) -> None:
        """Note the `Date` of an answer that has just come; one that says nothing is passed over."""
        ahead = seconds_ahead(date, self._clock.now())
        if ahead is None:
            return
        self._ahead_seconds.append(ahead)
        trouble = self.trouble
        if trouble and not self._is_said:
            log.warning("%s", trouble)
        self._is_said = bool(trouble)

    def listening(self, api_url: Callable[[], str]) -> aiohttp.TraceConfig:
        """For a session: every answer from below `api_url` is heard, and nothing else."""

        async def hear(
            _session: aiohttp.ClientSession, _context: SimpleNamespace, answered: aiohttp.TraceRequestEndParams
        ) -> None:
            if str(answered.url).startswith(f"{api_url()}/"):
                self.heard(answered.response.headers.get("Date"))

        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(hear)
        return trace
