"""One step of one job: look at the row, do the one thing its state asks for, say when to look again.

Whoever calls this may call it twice or too often; every move is a compare-and-set, so a job cannot be moved twice.
The steps around the POST are in bot.jobs.submitting, those around the track in bot.jobs.finishing.
"""

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from bot import crash
from bot.errors import (
    AccountError,
    BusyError,
    DeliveryLaterError,
    DiskError,
    HearingFaultError,
    Reason,
    ReferenceRefusedError,
    RefusedError,
)
from bot.jobs.context import AT_ONCE, DONE, WITHOUT_A_MODEL, RunAgain, StepContext, StepResult
from bot.jobs.files import JobFiles
from bot.jobs.finishing import FinishSteps
from bot.jobs.model import Job, JobState, Reference, Track
from bot.jobs.music_models import MusicModel
from bot.jobs.ports import (
    CheckedReference,
    Finished,
    GaveUp,
    Progress,
    Publisher,
    ReferenceForm,
    References,
    StillWorking,
)
from bot.jobs.schedule import is_over, poll_pause_seconds
from bot.jobs.submitting import SubmitSteps

log = logging.getLogger(__name__)

#: A 404 right after the POST may only mean that the provider is not consistent yet.
_MAX_LOST_LOOKS = 3

#: Our own code fails the same way each time; a few seconds are left for what is not quite that.
_MAX_HEARING_FAULTS = 3

#: Where a job comes to rest whose steps cannot be done. What may have been paid for stays within reach.
_GIVEN_UP = {
    JobState.CHECKING: JobState.FAILED,
    JobState.QUEUED: JobState.FAILED,
    JobState.SUBMITTING: JobState.UNKNOWN,
    JobState.GENERATING: JobState.EXPIRED,
    JobState.READY: JobState.FAILED,
    JobState.DELIVERING: JobState.UNDELIVERABLE,
}


class JobSteps:
    """Knows which step each state asks for."""

    def __init__(
        self,
        *,
        context: StepContext,
        references: References,
        publisher: Publisher,
        files: JobFiles,
        submitting: SubmitSteps,
        finishing: FinishSteps,
    ) -> None:
        """`submitting` has the steps around the POST, `finishing` those around the track."""
        self._context = context
        self._references = references
        self._publisher = publisher
        self._files = files
        self._submitting = submitting
        self._watched: set[int] = set()
        self._steps: dict[JobState, Callable[[Job], Awaitable[StepResult]]] = {
            JobState.CHECKING: self._check,
            JobState.QUEUED: submitting.submit,
            JobState.SUBMITTING: submitting.settle,
            JobState.GENERATING: self._poll,
            JobState.READY: finishing.finish,
            JobState.DELIVERING: finishing.send,
        }

    async def run_step(self, job_id: int) -> StepResult:
        """Do one step. Raises StoreBusyError when the row could not be read or written: look again later."""
        job = await self._context.store.get(job_id)
        self._forget_what_is_over(job_id, job)
        if job is None:
            return DONE
        if job.is_live:
            return await self._steps[job.state](job)
        if job.notified_state is not job.state:
            return await self._tell(job)
        return await self._submitting.reconsider(job) if job.state is JobState.UNKNOWN else DONE

    async def give_up(self, job_id: int) -> StepResult:
        """Bring a job to rest whose steps fail for a reason that nobody foresaw; what was paid for can be asked for.

        Raises StoreBusyError.
        """
        job = await self._context.store.get(job_id)
        self._forget_what_is_over(job_id, job)
        if job is None:
            return DONE
        log.error("a job is given up after too many failed steps", extra={"job": job.id, "state": job.state})
        if job.is_live:
            after = _GIVEN_UP[job.state]
            reason = Reason.OUTCOME_UNKNOWN if after is JobState.UNKNOWN else Reason.INTERNAL
            return await self._context.move(job, after, "too many failed steps", reason=reason, detail="")
        if job.notified_state is not job.state:
            # the telling is what fails; `/tracks` still tells
            await self._context.store.update(job.id, notified_state=job.state, interaction_token=None)
        return DONE

    def _forget_what_is_over(self, job_id: int, job: Job | None) -> None:
        """What is remembered of a job beside its row must not outlive what it is for."""
        if job is None or job.state is not JobState.GENERATING:
            self._watched.discard(job_id)
        if job is None or not job.is_live:
            self._submitting.forget(job_id)
        if job is None:
            self._context.clear_failures(job_id)
            self._context.card_updater.forget(job_id)

    async def _tell(self, job: Job) -> StepResult:
        try:
            if not await self._context.card_updater.tell(job):
                return AT_ONCE
        except DeliveryLaterError as error:
            if not self._context.given_up(job, self._context.limits.tell_timeout):
                log.info("the member waits for word: %s", error, extra={"job": job.id, "state": job.state})
                return self._context.back_off(job, asked_seconds=error.retry_after_seconds)
            log.error("the member could not be told", extra={"job": job.id, "state": job.state})
        self._context.clear_failures(job.id)
        crash.reach(crash.CrashPoint.CARD_EDITED)
        if job.state is JobState.UNKNOWN:
            await self._context.store.update(job.id, notified_state=job.state)
            return AT_ONCE
        # the last word is said: the interaction's token, a secret, is needed no more
        await self._context.store.update(job.id, notified_state=job.state, interaction_token=None)
        return DONE

    async def _check(self, job: Job) -> StepResult:
        model = self._context.models.of(job)
        if model is None:
            return WITHOUT_A_MODEL
        try:
            checked = await self._references.check(job)
            by_url = model.reference_form is ReferenceForm.URL
            must_publish = by_url and checked.must_be_published
            reference = await self._published(job, checked) if must_publish else checked.reference
        except ReferenceRefusedError as error:
            return await self._context.move(job, JobState.REFUSED, reason=error.reason, detail=error.detail)
        except HearingFaultError as error:
            return await self._not_heard(job, error)
        except (BusyError, DeliveryLaterError) as error:
            if self._context.given_up(job, self._context.limits.check_timeout):
                return await self._context.move(job, JobState.FAILED, str(error), reason=Reason.REFERENCE_GONE)
            return self._context.back_off(job, asked_seconds=error.retry_after_seconds)
        except DiskError as error:
            step = self._context.held_up(job, error)
            if not self._context.held_up_for(job, self._context.limits.check_timeout):
                return step
            # nothing is paid: better a plain word than a member who waits for an operator
            return await self._context.move(job, JobState.FAILED, str(error), reason=Reason.DISK)
        crash.reach(crash.CrashPoint.REFERENCE_HEARD)
        self._context.disk.worked()
        self._context.clear_failures(job.id)
        return await self._context.move(job, JobState.QUEUED, reference=reference, detail=checked.remark)

    async def _not_heard(self, job: Job, error: HearingFaultError) -> StepResult:
        """A fault of ours is tried again, then told as what it is; the song and the words stay with the job."""
        if error.is_lasting:
            is_hopeless = self._context.failures(job, "hearing") + 1 >= _MAX_HEARING_FAULTS
        else:
            is_hopeless = self._context.given_up(job, self._context.limits.check_timeout)
        if is_hopeless:
            return await self._context.move(
                job, JobState.FAILED, str(error), reason=Reason.INTERNAL, detail=error.detail
            )
        log.warning("the reference waits: %s", error, extra={"job": job.id})
        return self._context.back_off(job, kind="hearing")

    async def _published(self, job: Job, checked: CheckedReference) -> Reference:
        name = checked.reference.copy_name
        if name is None:
            raise RuntimeError(f"job {job.id} has no copy to publish")
        published = await self._publisher.publish(job, self._files.reference_path(name), checked.reference.name)
        return replace(checked.reference, url=published.url, expires_at=published.expires_at)

    async def _poll(self, job: Job) -> StepResult:
        if job.generation_id is None:
            raise RuntimeError(f"job {job.id} generates without an id")
        model = self._context.models.of(job)
        if model is None:
            return WITHOUT_A_MODEL
        self._watched.add(job.id)
        try:
            progress = await model.generator.poll(job.generation_id)
        except BusyError as error:
            self._context.metrics.polls.labels("busy").inc()
            return await self._unanswered(job, model, error.retry_after_seconds, Reason.DEADLINE)
        except AccountError as error:
            self._context.metrics.polls.labels("account").inc()
            self._context.account_refused(job, error)
            return await self._unanswered(job, model, None, error.reason)
        except RefusedError as error:
            self._context.metrics.polls.labels("refused").inc()
            if self._context.failures(job, "lost") + 1 >= _MAX_LOST_LOOKS:
                return await self._context.move(job, JobState.FAILED, str(error), reason=error.reason)
            return self._context.back_off(job, kind="lost")
        self._context.clear_failures(job.id)
        self._context.metrics.polls.labels(type(progress).__name__).inc()
        return await self._progressed(job, model, progress)

    async def _progressed(self, job: Job, model: MusicModel, progress: Progress) -> StepResult:
        match progress:
            case Finished(track_url=url):
                crash.reach(crash.CrashPoint.POLL_ANSWERED)
                if job.accepted_at is not None:
                    seconds = (self._context.clock.now() - job.accepted_at).total_seconds()
                    self._context.metrics.generation_seconds.observe(seconds)
                return await self._context.move(job, JobState.READY, track=Track(url=url))
            case GaveUp(reason=reason, detail=detail):
                return await self._context.move(job, JobState.FAILED, reason=reason, detail=detail)
            case StillWorking():
                if is_over(job.deadline_at, self._context.clock.now(), answered=True, grace=timedelta(0)):
                    return await self._context.move(job, JobState.EXPIRED, reason=Reason.DEADLINE)
                self._context.card_updater.show(job)
                return self._poll_later(job, model)

    def _poll_later(self, job: Job, model: MusicModel) -> RunAgain:
        now = self._context.clock.now()
        waited = now - (job.accepted_at or job.moved_at)
        pause = poll_pause_seconds(
            model.pace,
            waited_seconds=waited.total_seconds(),
            generating=len(self._watched),
            jitter=random.random(),
        )
        if job.deadline_at is not None:
            # the last look falls on the deadline, not an interval after it
            pause = min(pause, max(0.5, (job.deadline_at - now).total_seconds()))
        return RunAgain(after_seconds=pause)

    async def _unanswered(self, job: Job, model: MusicModel, asked_seconds: float | None, reason: Reason) -> StepResult:
        grace = model.generation_timeout
        over = is_over(job.deadline_at, self._context.clock.now(), answered=False, grace=grace)
        if over and self._context.has_tried(job):
            return await self._context.move(job, JobState.EXPIRED, "no answer", reason=reason)
        return self._context.back_off(job, asked_seconds=asked_seconds)
