"""What can be said about the time ahead: from a model's recent jobs, and before that from what is known of it."""

import statistics
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import Reason
from bot.jobs.model import Job, JobState
from bot.jobs.ports import Eta, EtaStore

#: Fewer finished jobs than this teach nothing.
MIN_SAMPLES = 3
#: What was learned is looked up again after so long; a card drawn twice a minute needs no fresher number.
_FRESH_SECONDS = 30.0


class EtaEstimator:
    """Reads the recent past, at most once in half a minute for each model."""

    def __init__(
        self,
        *,
        store: EtaStore,
        clock: Clock,
        usual_seconds: Callable[[str], float | None] | None = None,
        span: Callable[[Job], tuple[datetime, datetime] | None] | None = None,
        held: Callable[[str], Reason | None] = lambda _provider: None,
        ahead: Callable[[Job], Awaitable[int]],
        places_for: Callable[[Job], int | None] = lambda _job: None,
    ) -> None:
        """`store` has the finished jobs; `usual_seconds` gives a model's first estimate, None when nothing is known.

        `span` tells between when and when a job will be ready, from what was learned; the other two are not asked then.
        `held`: why a provider's line is held, None while it is not. `ahead`: how many go first.
        `places_for`: how many songs its model makes at once.
        """
        self._store = store
        self._clock = clock
        self._usual_seconds = usual_seconds
        self._span = span
        self._held = held
        self._ahead = ahead
        self._places_for = places_for
        self._learned: dict[str, tuple[float, float | None]] = {}

    async def estimate(self, job: Job) -> Eta:
        """Place in line while it waits, expected end while it is made, nothing otherwise. Raises StoreBusyError."""
        if job.state is JobState.QUEUED:
            return Eta(ahead=await self._ahead(job), held=self._held(job.provider))
        if job.state is JobState.CHECKING:
            return Eta(held=self._held(job.provider), in_line=await self._in_line(job))
        if self._span is not None:
            between = self._span(job) if job.state is JobState.GENERATING else None
            if between is None:
                return Eta(usually_at=self._usually_at(job))
            return Eta(earliest_at=between[0], expected_at=between[1])
        typical = await self._typical(job.model) if job.state is JobState.GENERATING else None
        if typical is None or job.accepted_at is None:
            return Eta()
        return Eta(expected_at=job.accepted_at + timedelta(seconds=typical))

    async def _in_line(self, job: Job) -> int | None:
        """How many wait for a place before it, were it heard already."""
        places = self._places_for(job)
        if places is None:
            return None
        return max(0, await self._ahead(job) - places) or None

    def _usually_at(self, job: Job) -> datetime | None:
        usual = None if self._usual_seconds is None else self._usual_seconds(job.model)
        if job.state is not JobState.GENERATING or job.accepted_at is None or usual is None:
            return None
        return job.accepted_at + timedelta(seconds=usual)

    async def _typical(self, model: str) -> float | None:
        learned_at, typical = self._learned.get(model, (float("-inf"), None))
        if self._clock.monotonic() - learned_at <= _FRESH_SECONDS:
            return typical
        recent = await self._store.recent_seconds(model)
        if len(recent) >= MIN_SAMPLES:
            typical = statistics.median(recent)
        else:
            typical = None if self._usual_seconds is None else self._usual_seconds(model)
        self._learned[model] = (self._clock.monotonic(), typical)
        return typical
