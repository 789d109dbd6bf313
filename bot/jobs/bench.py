"""What every step of a job has at hand: store, clock, cards, limits, and how often the job has failed in a row."""

import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, Unpack

from bot.clock import Clock
from bot.errors import AccountError, StoreBusyError
from bot.jobs.model import Job, JobState
from bot.jobs.ports import Changes, JobStore
from bot.jobs.schedule import Pace, backoff_seconds
from bot.jobs.showing import Showing
from bot.metrics import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing more to do for this job by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAgain:
    """Come back after so many seconds; zero means at once."""

    after_seconds: float = 0.0


Step = Done | LookAgain
DONE = Done()
AT_ONCE = LookAgain()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things may take, and how much at once."""

    pace: Pace
    generation_timeout: timedelta
    generation_concurrency: int
    check_timeout: timedelta = timedelta(minutes=10)  #: fetching and hearing a reference, outages included
    queue_timeout: timedelta = timedelta(hours=1)  #: waiting for a busy or absent provider, nothing paid
    fetch_timeout: timedelta = timedelta(minutes=15)  #: a finished track's file
    delivery_timeout: timedelta = timedelta(hours=24)  #: an outage of Discord
    tell_timeout: timedelta = timedelta(hours=24)  #: the same, for a card's last word


class Bench:
    """What every step needs at hand: the store, the clock, the cards, and how often a job has failed in a row."""

    def __init__(self, *, store: JobStore, showing: Showing, clock: Clock, metrics: Metrics, limits: Limits) -> None:
        """One for all jobs of a process."""
        self.store = store
        self.showing = showing
        self.clock = clock
        self.metrics = metrics
        self.limits = limits
        self._failures: Counter[int] = Counter()

    async def move(self, job: Job, after: JobState, why: str = "", **changes: Unpack[Changes]) -> Step:
        """Move the job and its card. At once, unless somebody else was faster: then his step goes on."""
        moved = await self.store.move(job, after, self.clock.now(), why=why, **changes)
        if moved is None:
            log.info("job moved by somebody else", extra={"job": job.id, "state": job.state})
            return DONE
        if after is not JobState.QUEUED:
            # a job that goes back in line keeps its count: the provider has not said yes yet
            self._failures.pop(job.id, None)
        self._report(moved, why)
        return AT_ONCE

    def accepted(self, job: Job) -> None:
        """Report a move that the store made in its own way."""
        self._failures.pop(job.id, None)
        self._report(job, "accepted")

    def later(self, job: Job, *, asked_seconds: float | None = None) -> LookAgain:
        """The back-off after one more failure in a row."""
        self._failures[job.id] += 1
        tries = self._failures[job.id]
        return LookAgain(after_seconds=backoff_seconds(tries, chance=random.random(), asked_seconds=asked_seconds))

    def failures(self, job: Job) -> int:
        """Failures in a row since the last success."""
        return self._failures[job.id]

    def succeeded(self, job: Job) -> None:
        """Forget the failures."""
        self._failures.pop(job.id, None)

    def account_refused(self, job: Job, error: AccountError) -> None:
        """Tell the operator, by log and by metric, that only he can mend this."""
        self.metrics.account_errors.labels(error.reason).inc()
        log.error("the music API refuses the operator's account: %s", error.reason, extra={"job": job.id})

    async def insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write what must not be forgotten: a busy database is asked until it takes it, or until a stop."""
        tries = 0
        while True:
            try:
                return await write()
            except StoreBusyError as error:
                tries += 1
                log.warning("the database is busy, a paid generation waits for it: %s", error)
                await self.clock.sleep(backoff_seconds(tries, chance=random.random(), first_seconds=0.2))

    def waited_out(self, job: Job, limit: timedelta) -> bool:
        """Whether the job has been in its state for longer than `limit`."""
        return self.clock.now() - job.moved_at > limit

    def _report(self, job: Job, why: str) -> None:
        log.info("job moved", extra={"job": job.id, "state": job.state, "why": why})
        if job.is_live:
            self.showing.show(job)
        else:
            self.metrics.jobs_ended.labels(job.state, job.reason or "").inc()
