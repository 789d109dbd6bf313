"""From queued to a stored generation id: the one place where money is spent, and what is done when nobody can tell."""

import asyncio
import logging
import random
from datetime import timedelta
from typing import Unpack

from bot import crash
from bot.crash import CrashPoint
from bot.errors import AccountError, BusyError, OutcomeUnknownError, Reason, RefusedError
from bot.jobs.context import DONE, RunAgain, StepContext, StepResult
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState
from bot.jobs.ports import Changes, GenerationRequest, Generator
from bot.jobs.schedule import line_pause_seconds

log = logging.getLogger(__name__)

#: A provider's log may show a request only when it has ended; while the member decides it is asked so often.
_LOOK_UP_PAUSE_SECONDS = 30.0
#: A reference whose URL ends sooner than this is not handed over: the provider fetches it in its own time.
_REFERENCE_MARGIN = timedelta(minutes=2)


class SubmitSteps:
    """Sends queued jobs, each attempt once, a bounded number at a time."""

    def __init__(self, *, context: StepContext, generator: Generator, slots: int = 4) -> None:
        """`slots`: POSTs in flight at once; the provider names no limit, four keep a burst polite."""
        self._context = context
        self._generator = generator
        self._slots = asyncio.Semaphore(slots)

    async def submit(self, live: LiveJob, job: Job) -> StepResult:
        """Wait for a slot, write the intent, POST, write the outcome."""
        places = self._context.limits.generation_concurrency
        ahead = await self._context.store.ahead_of(job)
        if ahead >= places:
            self._context.card_updater.show(live, job)
            pause = line_pause_seconds(self._context.limits.pace, ahead=ahead, places=places, jitter=random.random())
            return RunAgain(after_seconds=pause)
        if self._is_stale(job):
            return await self._context.move(live, job, JobState.FAILED, reason=Reason.REFERENCE_GONE)
        async with self._slots:
            crash.reach(CrashPoint.BEFORE_SUBMITTING)
            # from before the intent is written: a stop that cut in there would leave a doubt about nothing
            live.in_flight = True
            try:
                now = self._context.clock.now()
                sent = await self._context.store.move(
                    job, JobState.SUBMITTING, now, attempt=job.attempt + 1, submit_started_at=now
                )
                return DONE if sent is None else await self._post(live, sent, before=job)
            finally:
                live.in_flight = False

    async def settle(self, live: LiveJob, job: Job) -> StepResult:
        """A job found in `submitting` was left there by a crash or by a stop: nobody knows what became of its POST."""
        return await self._doubt(live, job, "left behind while submitting")

    async def reconsider(self, live: LiveJob, job: Job) -> StepResult:
        """While the member decides about an unknown outcome, the provider's log may still answer for them."""
        found = await self._looked_up(job)
        if found is not None:
            return await self._confirm(live, job, found)
        exhausted = self._context.waited_out(live, job, self._context.limits.generation_timeout)
        if exhausted or not self._generator.can_look_up:
            return DONE
        return RunAgain(after_seconds=_LOOK_UP_PAUSE_SECONDS)

    async def _post(self, live: LiveJob, job: Job, *, before: Job) -> StepResult:
        log.info("job moved", extra={"job": job.id, "state": job.state, "attempt": job.attempt})
        self._context.card_updater.show(live, job)
        crash.reach(CrashPoint.AFTER_SUBMITTING)
        request = GenerationRequest(
            prompt=job.prompt, reference_url=job.reference.url, client_request_id=job.client_request_id
        )
        try:
            generation_id = await self._generator.submit(request)
        except OutcomeUnknownError as error:
            self._count("unknown")
            return await self._doubt(live, job, str(error))
        except BusyError as error:
            self._count("busy")
            return await self._not_accepted(live, job, before, error)
        except AccountError as error:
            self._count("account")
            self._context.account_refused(job, error)
            return await self._answered(live, job, JobState.FAILED, reason=error.reason)
        except RefusedError as error:
            self._count("refused")
            log.warning("the music API refuses: %s", error, extra={"job": job.id, "status": error.status})
            return await self._answered(live, job, JobState.FAILED, reason=error.reason, detail=str(error))
        self._count("accepted")
        # should everything else fail, the operator finds here what was paid for
        log.info("the music API accepts", extra={"job": job.id, "generation": generation_id})
        crash.reach(CrashPoint.POST_ANSWERED)
        return await self._confirm(live, job, generation_id)

    async def _confirm(self, live: LiveJob, job: Job, generation_id: str) -> StepResult:
        now = self._context.clock.now()
        deadline = now + self._context.limits.generation_timeout
        settled = await self._context.until_written(
            lambda: self._context.store.resolve_submission(job.id, job.attempt, generation_id, now, deadline)
        )
        if settled is None:
            self._context.metrics.late_answers.inc()
            log.warning("a late answer of an overtaken attempt", extra={"job": job.id, "attempt": job.attempt})
            return DONE
        crash.reach(CrashPoint.ID_STORED)
        self._context.accepted(live, settled)
        return RunAgain(after_seconds=self._context.limits.pace.poll_interval_seconds)

    async def _answered(
        self, live: LiveJob, job: Job, after: JobState, why: str = "", **changes: Unpack[Changes]
    ) -> StepResult:
        # left in `submitting`, a clear answer would turn into a doubt
        return await self._context.until_written(lambda: self._context.move(live, job, after, why, **changes))

    async def _not_accepted(self, live: LiveJob, job: Job, before: Job, error: BusyError) -> StepResult:
        # no POST has begun that may be charged, but for one that the member took the risk of before
        started = before.submit_started_at
        live.busy_since = live.busy_since or self._context.clock.now()
        if self._context.clock.now() - live.busy_since > self._context.limits.queue_timeout:
            return await self._answered(
                live, job, JobState.FAILED, str(error), reason=Reason.BUSY_TOO_LONG, submit_started_at=started
            )
        step = await self._answered(live, job, JobState.QUEUED, str(error), submit_started_at=started)
        return step if step is DONE else self._context.back_off(live, asked_seconds=error.retry_after_seconds)

    async def _doubt(self, live: LiveJob, job: Job, why: str) -> StepResult:
        found = await self._looked_up(job)
        if found is not None:
            return await self._confirm(live, job, found)
        return await self._context.move(live, job, JobState.UNKNOWN, why, reason=Reason.OUTCOME_UNKNOWN)

    async def _looked_up(self, job: Job) -> str | None:
        if not self._generator.can_look_up:
            return None
        try:
            found = await self._generator.look_up(job.client_request_id, job.submit_started_at or job.moved_at)
        except BusyError as error:
            log.info("the provider's log is out of reach: %s", error, extra={"job": job.id})
            return None
        if found is not None:
            log.info("found the generation in the provider's log", extra={"job": job.id})
        return found

    def _is_stale(self, job: Job) -> bool:
        expires_at = job.reference.expires_at
        return expires_at is not None and expires_at - self._context.clock.now() < _REFERENCE_MARGIN

    def _count(self, outcome: str) -> None:
        self._context.metrics.submissions.labels(outcome).inc()
