"""What can be said about the time ahead, learned from this provider's recent jobs."""

import statistics
from datetime import timedelta

from bot.clock import Clock
from bot.jobs.model import Job, JobState
from bot.jobs.ports import Eta, EtaStore

#: Fewer finished jobs than this teach nothing.
MIN_SAMPLES = 3
#: What was learned is looked up again after so long; a card drawn twice a minute needs no fresher number.
_FRESH_SECONDS = 30.0


class EtaEstimator:
    """Reads the recent past, at most once in half a minute."""

    def __init__(self, *, store: EtaStore, clock: Clock) -> None:
        """`store` has the finished jobs."""
        self._store = store
        self._clock = clock
        self._learned_at = float("-inf")
        self._typical_seconds: float | None = None

    async def estimate(self, job: Job) -> Eta:
        """Place in line while it waits, expected end while it is made, nothing otherwise. Raises StoreBusyError."""
        if job.state is JobState.QUEUED:
            return Eta(ahead=await self._store.ahead_of(job))
        typical = await self._typical() if job.state is JobState.GENERATING else None
        if typical is None or job.accepted_at is None:
            return Eta()
        return Eta(expected_at=job.accepted_at + timedelta(seconds=typical))

    async def _typical(self) -> float | None:
        if self._clock.monotonic() - self._learned_at > _FRESH_SECONDS:
            recent = await self._store.recent_seconds()
            self._typical_seconds = statistics.median(recent) if len(recent) >= MIN_SAMPLES else None
            self._learned_at = self._clock.monotonic()
        return self._typical_seconds
