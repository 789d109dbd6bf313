"""What the stand-in remembers: every POST, every poll, every download, every charge."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.generation.config import Script, Settings


@dataclass(slots=True, kw_only=True)
class Submission:
    """One POST, whatever came of it."""

    number: int
    at_seconds: float  #: since the stand-in began
    client_request_id: str | None
    content_type: str
    user_agent: str
    body: Any
    outcome: str = "in flight"  #: `accepted`, `HTTP 429`, or the manner of the fault
    generation_id: str | None = None


@dataclass(slots=True, kw_only=True)
class Generation:
    """One accepted POST."""

    id: str
    client_request_id: str | None
    prompt: str
    reference: Path
    track: Path
    script: Script
    accepted_at: float  #: seconds since the stand-in began
    endpoint: str = ""  #: what was asked, where one server has several
    body: dict[str, Any] = field(default_factory=dict[str, Any])  #: what it was asked with, where that is told again
    error: Any = None  #: set when it ended without a track
    finished_at: float | None = None
    is_free: bool = False  #: whoever makes it asks for no money
    is_removed: bool = False  #: it was taken out of the queue before it began
    steps: int = 0  #: entries of its script that were used up
    said: str | None = None  #: the script's last word, for the calls that follow a poll
    polled_at: list[float] = field(default_factory=list[float])  #: seconds, every poll that asked for it
    fetches: int = 0
    first_fetch_at: float | None = None
    composing: asyncio.Task[None] | None = None

    @property
    def is_scripted(self) -> bool:
        """Whether its polls follow a script instead of the clock."""
        return bool(self.script.polls)

    @property
    def is_paid(self) -> bool:
        """Whether it is charged: what failed, or never began, is not."""
        return self.error is None and not self.is_removed and not self.is_free

    def status_by_clock(self, now: float, settings: Settings) -> str:
        """queued, generating, completed or error, as time goes by."""
        age = now - self.accepted_at
        if age < settings.queued_seconds:
            return "queued"
        own_seconds = self.script.generating_seconds
        if age < settings.queued_seconds + (settings.generating_seconds if own_seconds is None else own_seconds):
            return "generating"
        if self.error is not None:
            return "error"
        return "completed" if self.composing is not None and self.composing.done() else "generating"

    def is_running(self, now: float, settings: Settings) -> bool:
        """Whether it still takes a place; one that goes by the clock ends without being asked."""
        if self.finished_at is not None:
            return False
        return self.is_scripted or self.status_by_clock(now, settings) in {"queued", "generating"}

    def finish(self, now: float) -> None:
        """It ended, one way or the other: no longer counted as running."""
        if self.finished_at is None:
            self.finished_at = now


@dataclass(slots=True)
class Ledger:
    """Everything that was asked and done."""

    submissions: list[Submission] = field(default_factory=list)
    generations: dict[str, Generation] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)  #: by call and answer, such as `poll 200`
    struck: Counter[str] = field(default_factory=Counter)  #: faults shown, by call and manner
    keys_leaked: int = 0  #: downloads that carried an Authorization header
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Seconds since the stand-in began."""
        return time.monotonic() - self._began

    @property
    def charges(self) -> int:
        """Generations that are paid for: accepted, and not ended in an error (failed ones are not charged)."""
        return sum(generation.is_paid for generation in self.generations.values())

    @property
    def repeated_posts(self) -> dict[str, int]:
        """Client request ids that were POSTed more than once, whatever came of it: must stay empty."""
        counts = Counter(posted.client_request_id for posted in self.submissions if posted.client_request_id)
        return {name: count for name, count in counts.items() if count > 1}

    @property
    def paid_twice(self) -> dict[str, int]:
        """Client request ids that were charged more than once: must stay empty."""
        counts = Counter(
            generation.client_request_id
            for generation in self.generations.values()
            if generation.client_request_id and generation.is_paid
        )
        return {name: count for name, count in counts.items() if count > 1}

    def running(self, settings: Settings) -> int:
        """Generations that have not ended."""
        now = self.now()
        return sum(generation.is_running(now, settings) for generation in self.generations.values())
