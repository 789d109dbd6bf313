"""What every step of a job has at hand: store, clock, cards, limits, and how failures in a row are judged."""

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, Unpack

from bot.clock import Clock
from bot.disk import Disk
from bot.errors import AccountError, DiskError, StoreBusyError, TakenOverError
from bot.jobs.brake import Brake
from bot.jobs.card_updates import CardUpdater
from bot.jobs.live_job import DISK, MIN_TRIES, LiveJob
from bot.jobs.model import RESTING, Job, JobState
from bot.jobs.music_models import MusicModel, MusicModels
from bot.jobs.ports import Changes, StepStore
from bot.jobs.schedule import Pace, backoff_seconds
from bot.metrics import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing more to do for this job by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAgain:
    """Come back after so many seconds; zero means at once."""

    after_seconds: float = 0.0


StepResult = Done | RunAgain
DONE = Done()
AT_ONCE = RunAgain()
#: A job whose model is not configured waits for the operator, who changes that by a restart.
WITHOUT_A_MODEL = RunAgain(after_seconds=600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLimits:
    """How long things may take, whatever the model; what depends on it is in MusicModel."""

    check_timeout: timedelta = timedelta(minutes=10)  #: fetching and hearing a reference, outages included
    queue_timeout: timedelta = timedelta(hours=1)  #: waiting for a busy or absent provider, nothing paid
    fetch_timeout: timedelta = timedelta(minutes=15)  #: a finished track's file
    delivery_timeout: timedelta = timedelta(hours=24)  #: an outage of Discord
    tell_timeout: timedelta = timedelta(hours=24)  #: the same, for a card's last word


class StepContext:
    """One for all jobs of a process; what is remembered of a single job comes with each call."""

    def __init__(
        self,
        *,
        store: StepStore,
        card_updater: CardUpdater,
        clock: Clock,
        metrics: Metrics,
        models: MusicModels,
        disk: Disk,
        brake: Brake,
        limits: StepLimits | None = None,
    ) -> None:
        """What it holds is read by the steps."""
        #: This process's part of the looks of all processes, 0 to 1.
        self.polls_share: Callable[[], float] = lambda: 1.0
        self.store = store
        self.card_updater = card_updater
        self.clock = clock
        self.metrics = metrics
        self.models = models
        self.limits = limits or StepLimits()
        self.disk = disk
        self.brake = brake

    async def move(
        self, live: LiveJob, job: Job, after: JobState, why: str = "", **changes: Unpack[Changes]
    ) -> StepResult:
        """Move the job and its card. At once, unless somebody else was faster: then their step goes on.

        Raises TakenOverError where that is another process.
        """
        if after in RESTING:
            # a job may come to rest in the same state twice; the member is told each time
            changes["notified_state"] = None
        moved = await self.store.move(job, after, self.clock.now(), why=why, **changes)
        if moved is None:
            await self._check_claim(live)
            log.info("job moved by somebody else", extra={"job": job.id, "state": job.state})
            return DONE
        if after is not JobState.QUEUED:
            # a job that goes back in line keeps its count: the provider has not said yes yet
            live.succeeded()
        self._report(live, moved, why)
        return AT_ONCE

    async def update_ours(self, live: LiveJob, job: Job, **changes: Unpack[Changes]) -> Job | None:
        """`CardStore.update`, unless another process works on the job by now. Raises TakenOverError."""
        updated = await self.store.update(job.id, claim=live.claim, **changes)
        if updated is None:
            await self._check_claim(live)
        return updated

    async def _check_claim(self, live: LiveJob) -> None:
        if live.claim is not None:
            live.check_claim(await self.store.get(live.id))

    def accepted(self, live: LiveJob, job: Job) -> None:
        """Report a move that the store made in its own way."""
        live.succeeded()
        self._report(live, job, "accepted")

    def back_off(self, live: LiveJob, *, kind: str = "", asked_seconds: float | None = None) -> RunAgain:
        """The back-off after one more failure in a row; `kind` counts some failures apart from the others."""
        live.failures[kind] += 1
        pause = backoff_seconds(live.failures.total(), jitter=random.random(), asked_seconds=asked_seconds)
        return RunAgain(after_seconds=pause)

    def held_up(self, live: LiveJob, job: Job, error: DiskError) -> RunAgain:
        """Our own disk is in the way: the operator is told, the job waits, and nothing counts against anybody else."""
        self.disk.failed(error, live.id)
        self.show_held_up(live, job)
        return self.back_off(live, kind=DISK)

    def without_a_model(self, live: LiveJob, job: Job) -> RunAgain:
        """Nothing that is configured can go on with it: it waits for the operator, and a card that is there says so."""
        if not live.is_stranded:
            log.warning("a job waits for a model that is not configured: %s", job.model, extra=_about(job))
        return self._stranded(live, job)

    def not_known_here(self, live: LiveJob, job: Job, model: MusicModel) -> RunAgain:
        """The present address does not know a song that was begun at another: the same, and it holds no place here."""
        if live.elsewhere is None:
            why = "a job waits: it was begun at %s, and %s does not know it"
            log.warning(why, job.service_address, model.address, extra=_about(job))
        self.models.not_known_here(live, model)
        return self._stranded(live, job)

    def _stranded(self, live: LiveJob, job: Job) -> RunAgain:
        live.is_stranded = True
        if job.card_message_id is not None:
            self.card_updater.show(live, job)
        return WITHOUT_A_MODEL

    def show_held_up(self, live: LiveJob, job: Job) -> None:
        """The card says so, and no clock of the job runs meanwhile."""
        live.held_up_at, live.is_held_up = self.clock.now(), True
        if job.is_live:
            self.card_updater.show(live, job)

    async def poll_refused(self, live: LiveJob, job: Job, error: AccountError) -> bool:
        """The account was refused to a paid song: whether the line is held for it, and the song waits with all others.

        Only the operator can mend this: they are told by log and by metric.
        """
        self.metrics.account_errors.labels(error.reason).inc()
        log.info("a paid song waits: %s", error, extra={"job": job.id, "reason": error.reason})
        live.refused_since = live.refused_since or self.clock.now()
        is_held = self.brake.refused_poll(job, error, since=live.refused_since)
        await self.until_written(self.brake.keep)
        return is_held

    def looks_per_second(self, pace: Pace) -> float:
        """How many looks this process may make; never nothing, for a pause is reckoned by it."""
        return pace.polls_per_second * max(0.01, self.polls_share())

    async def check_ours(self, live: LiveJob, job: Job) -> None:
        """Before an effect that must not come twice: raise TakenOverError if the job has gone on elsewhere meanwhile.

        Of several processes one may have been stopped for so long that another took its jobs over.
        """
        if live.claim is None:
            return
        fresh = await self.until_written(lambda: self.store.get(job.id))
        live.check_claim(fresh)
        if fresh is None or fresh.version != job.version:
            raise TakenOverError(f"job {job.id}")

    async def until_written(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write what must not be forgotten: a busy database is asked until it takes it, or until a stop."""
        tries = 0
        while True:
            try:
                return await write()
            except StoreBusyError as error:
                tries += 1
                if tries == 1:
                    log.warning("the database is busy, a paid generation waits for it: %s", error)
                await self.clock.sleep(backoff_seconds(tries, jitter=random.random(), first_seconds=0.2))

    def waited_out(self, live: LiveJob, job: Job, limit: timedelta) -> bool:
        """Whether the job has been in its state for longer than `limit`; our own disk's faults stop that clock."""
        since = max(job.moved_at, live.held_up_at or job.moved_at)
        return self.clock.now() - since > limit

    def held_up_for(self, live: LiveJob, job: Job, limit: timedelta) -> bool:
        """Whether our own disk has failed it a few times, and it has been in its state for longer than `limit`."""
        return live.failures[DISK] >= MIN_TRIES and self.clock.now() - job.moved_at > limit

    def given_up(self, live: LiveJob, job: Job, limit: timedelta) -> bool:
        """The same, but not before a few tries: the hours in which this process was down are nobody's refusal."""
        return live.has_tried and self.waited_out(live, job, limit)

    def deadline_of(self, job: Job, generation_timeout: timedelta) -> datetime | None:
        """Until when it is looked for; what the account's brake took of that time is given back.

        So far as this process has seen it.
        """
        refused_at = self.brake.polls_refused_at(job.provider)
        if job.deadline_at is None or refused_at is None or refused_at < (job.accepted_at or job.moved_at):
            return job.deadline_at
        return max(job.deadline_at, refused_at + generation_timeout)

    def _report(self, live: LiveJob, job: Job, why: str) -> None:
        live.moved()
        live.left_row = job
        log.info("job moved", extra={"job": job.id, "state": job.state, "why": why})
        if job.is_live:
            self.card_updater.show(live, job)
        else:
            self.metrics.jobs_ended.labels(job.state, job.reason or "").inc()


def _about(job: Job) -> dict[str, object]:
    return {"job": job.id, "state": job.state, "provider": job.provider}
