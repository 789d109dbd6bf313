"""One step of one job: look at the row, do the one thing its state asks for, say when to look again.

Whoever calls this may call it twice or too often; every move is a compare-and-set, so a job cannot be moved twice.
The steps around the POST are in bot.jobs.submitting, those around the track in bot.jobs.finishing.
"""

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from weakref import WeakSet

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
    StoreDiskError,
)
from bot.jobs.answering import AnswerSteps
from bot.jobs.context import AT_ONCE, DONE, RunAgain, StepContext, StepResult
from bot.jobs.files import JobFiles
from bot.jobs.finishing import FinishSteps
from bot.jobs.holding import HoldSteps
from bot.jobs.live_job import Heard, LiveJob
from bot.jobs.looks import Looks
from bot.jobs.model import Job, JobState, Reference, Track
from bot.jobs.music_models import MusicModel, ReferenceForm, Repeat
from bot.jobs.ports import Cards, Finished, GaveUp, Progress, StillWorking
from bot.jobs.schedule import LookBudget, is_over, poll_pause_seconds
from bot.jobs.sound_ports import CheckedReference, References
from bot.jobs.stop_making import Stopping, wants_to_stop
from bot.jobs.submitting import SubmitSteps

log = logging.getLogger(__name__)

#: A 404 right after the POST may only mean that the provider is not consistent yet.
_MAX_LOST_LOOKS = 3

#: So long what was heard is believed while the database does not take it.
_HEARD_SECONDS = 600.0

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
        cards: Cards,
        files: JobFiles,
        submitting: SubmitSteps,
        finishing: FinishSteps,
        answers: AnswerSteps,
        looks: Looks | None = None,
    ) -> None:
        """`submitting` has the steps around the POST, `finishing` those around the track, `answers` the order's.

        `looks`: when to look at a generation, as learned; None looks as the interval says.
        """
        self._context = context
        self._references = references
        self._cards = cards
        self._files = files
        self._submitting = submitting
        self._answers = answers
        self._line = submitting.line
        self._holding = HoldSteps(
            context=context,
            references=references,
            publish=self._published,
            submitting=submitting,
            files=files,
        )
        self._looks = looks
        #: Those that share the budget of looks.
        self._watched: WeakSet[LiveJob] = WeakSet()
        self._budgets: dict[float, LookBudget] = {}  #: by their rate, which all models have alike
        self._steps: dict[JobState, Callable[[LiveJob, Job], Awaitable[StepResult]]] = {
            JobState.CHECKING: self._check,
            JobState.QUEUED: self._submit,
            JobState.SUBMITTING: submitting.settle,
            JobState.GENERATING: self._poll,
            JobState.READY: finishing.finish,
            JobState.DELIVERING: finishing.send,
        }

    async def run_step(self, live: LiveJob) -> StepResult:
        """Do one step. Raises StoreBusyError when the row could not be read or written: look again later.

        Raises TakenOverError when another process works on the job by now.
        """
        if (wait_seconds := self._wait_for_look(live)) > 0:
            return RunAgain(after_seconds=wait_seconds)
        job = live.taken_row() or await self._context.store.get(live.id)
        live.check_claim(job)
        self._line.saw(live, job)
        live.comes_first = job is not None and job.state is not JobState.CHECKING
        if job is not None and job.state is JobState.GENERATING:
            self._watched.add(live)
        else:
            self._watched.discard(live)
            self._context.models.found_here(live)
            if self._looks is not None:
                self._looks.gone(live.id)
        if job is None:
            return DONE
        if job.is_live:
            live.told = None
            try:
                step = await self._steps[job.state](live, job)
            except StoreDiskError:
                self._context.show_held_up(live, job)
                raise
            live.is_woken = live.is_woken or step == AT_ONCE
            return step
        if job.notified_state is not job.state:
            return await self._tell(live, await self._given_back(job))
        return await self._submitting.reconsider(live, job) if job.state is JobState.UNKNOWN else DONE

    def _wait_for_look(self, live: LiveJob) -> float:
        """Seconds until a generation may be looked at; asked before its row is read."""
        is_free = live.is_woken or live.has_look
        live.owes_look = (live.owes_look or not live.runs_first) and not (is_free or live in self._watched)
        live.is_woken = live.has_look = False
        model = self._context.models.named(live.place_at) if live in self._watched and not is_free else None
        return 0.0 if model is None else self._reserve_look(live, model)

    def _reserve_look(self, live: LiveJob, model: MusicModel) -> float:
        budget = self._budgets.setdefault(model.pace.polls_per_second, LookBudget(model.pace))
        wait_seconds = budget.reserve(self._context.clock.monotonic(), max(0.01, self._context.polls_share()))
        live.has_look = wait_seconds > 0
        return wait_seconds

    async def give_up(self, live: LiveJob) -> StepResult:
        """Bring a job to rest whose steps fail for a reason that nobody foresaw; what was paid for can be asked for.

        Raises StoreBusyError, TakenOverError.
        """
        job = await self._context.store.get(live.id)
        live.check_claim(job)
        if job is None:
            return DONE
        log.error("a job is given up after too many failed steps", extra={"job": job.id, "state": job.state})
        if job.is_live:
            after = _GIVEN_UP[job.state]
            reason = Reason.OUTCOME_UNKNOWN if after is JobState.UNKNOWN else Reason.INTERNAL
            return await self._context.move(live, job, after, "too many failed steps", reason=reason, detail="")
        if job.notified_state is not job.state:
            # the telling is what fails; `/tracks` still tells
            await self._context.store.update(job.id, notified_state=job.state, interaction_token=None)
        return DONE

    async def _given_back(self, job: Job) -> Job:
        """The disk gets back the copy of an order that ended unpaid, before its member is told.

        Discord has the song for as long as its address lasts; after that the form asks for it, with the words in it.
        """
        if not job.ended_unpaid:
            return job
        try:
            await self._files.remove_reference(job)
        except DiskError as error:
            self._context.disk.failed(error, job.id)
            return job
        given_back = await self._context.store.update(
            job.id, reference=replace(job.reference, copy_name=None, copy_bytes=None)
        )
        return given_back or job

    async def _tell(self, live: LiveJob, job: Job) -> StepResult:
        # a database that does not take that the member knows is no reason to tell them again and again
        if live.told is not job.state:
            try:
                if not await self._context.card_updater.tell(live, job):
                    return AT_ONCE
            except DeliveryLaterError as error:
                if not self._context.given_up(live, job, self._context.limits.tell_timeout):
                    log.info("the member waits for word: %s", error, extra={"job": job.id, "state": job.state})
                    return self._context.back_off(live, asked_seconds=error.retry_after_seconds)
                log.error("the member could not be told", extra={"job": job.id, "state": job.state})
            live.told = job.state
        live.succeeded()
        crash.reach(crash.CrashPoint.CARD_EDITED)
        if job.state is JobState.CANCELLED and job.submit_started_at is not None:
            # once more: the press may have found the service out of reach
            await Stopping(self._context.models).ask(job)
        if job.state is JobState.UNKNOWN:
            await self._context.store.update(job.id, notified_state=job.state)
            return AT_ONCE
        # the last word is said: the interaction's token, a secret, is needed no more
        await self._context.store.update(job.id, notified_state=job.state, interaction_token=None)
        return DONE

    async def _submit(self, live: LiveJob, job: Job) -> StepResult:
        """To the music API, once whoever ordered has had an answer: without one they have ordered again."""
        if job.answered_at is None:
            return await self._answers.settle(live, job)
        return await self._holding.wait_or_submit(live, job)

    async def _check(self, live: LiveJob, job: Job) -> StepResult:
        model = self._context.models.of(job)
        if model is None:
            return self._context.without_a_model(live, job)
        heard = live.heard
        if heard is None or self._context.clock.monotonic() - heard.at > _HEARD_SECONDS:
            answer = await self._hear(live, job, model)
            if not isinstance(answer, Heard):
                return answer
            heard = live.heard = answer
        if heard.refusal is not None:
            if heard.refusal.is_burnt:  # whatever became of the job meanwhile
                await self._context.store.note_burnt(job.id, self._context.clock.now())
            reason, detail = heard.refusal.reason, heard.refusal.detail
            return await self._context.move(live, job, JobState.REFUSED, reason=reason, detail=detail)
        live.succeeded()
        reference = heard.reference or job.reference
        return await self._context.move(live, job, JobState.QUEUED, reference=reference, detail=heard.remark)

    async def _hear(self, live: LiveJob, job: Job, model: MusicModel) -> Heard | StepResult:
        """What the reference is, not written down yet; or when to try again, or how the job ended without an answer."""
        try:
            checked = await self._references.check(job, partial(self._placed, live, job))
            must_publish = model.reference_form is ReferenceForm.URL and checked.must_be_published
            if must_publish and not await self._is_answered(job):
                return await self._answers.settle(live, job)  # it would be published on the answer, or beside it
            reference = await self._published(job, checked) if must_publish else checked.reference
        except ReferenceRefusedError as error:
            return Heard(at=self._context.clock.monotonic(), refusal=error)
        except HearingFaultError as error:
            return await self._not_heard(live, job, error)
        except (BusyError, DeliveryLaterError) as error:
            if self._context.given_up(live, job, self._context.limits.check_timeout):
                by_proxy = isinstance(error, BusyError) and error.by_proxy
                reason = Reason.PROXY if by_proxy else Reason.REFERENCE_GONE
                return await self._context.move(live, job, JobState.FAILED, str(error), reason=reason)
            return self._context.back_off(live, asked_seconds=error.retry_after_seconds)
        except DiskError as error:
            step = self._context.held_up(live, job, error)
            if not self._context.held_up_for(live, job, self._context.limits.check_timeout):
                return step
            # nothing is paid: better a plain word than a member who waits for an operator
            return await self._context.move(live, job, JobState.FAILED, str(error), reason=Reason.DISK)
        crash.reach(crash.CrashPoint.REFERENCE_HEARD)
        self._context.disk.worked()
        return Heard(at=self._context.clock.monotonic(), reference=reference, remark=checked.remark)

    async def _is_answered(self, job: Job) -> bool:
        """By now: it may have been answered while its song was heard."""
        fresh = await self._context.store.get(job.id)
        return fresh is None or fresh.answered_at is not None

    def _placed(self, live: LiveJob, job: Job, ahead: int | None) -> None:
        live.ahead = ahead
        self._context.card_updater.show(live, job)

    async def _not_heard(self, live: LiveJob, job: Job, error: HearingFaultError) -> StepResult:
        """A fault of ours is tried again, then told as what it is; the song and the words stay with the job."""
        if error.is_lasting:
            is_hopeless = live.failures["hearing"] + 1 >= _MAX_HEARING_FAULTS
        else:
            is_hopeless = self._context.given_up(live, job, self._context.limits.check_timeout)
        if is_hopeless:
            return await self._context.move(
                live, job, JobState.FAILED, str(error), reason=Reason.INTERNAL, detail=error.detail
            )
        log.warning("the reference waits: %s", error, extra={"job": job.id})
        return self._context.back_off(live, kind="hearing")

    async def _published(self, job: Job, checked: CheckedReference) -> Reference:
        name = checked.reference.copy_name
        if name is None:
            raise RuntimeError(f"job {job.id} has no copy to publish")
        published = await self._cards.publish(job, self._files.reference_path(name), checked.reference.name)
        return replace(checked.reference, url=published.url, expires_at=published.expires_at)

    async def _poll(self, live: LiveJob, job: Job) -> StepResult:
        if job.generation_id is None:
            raise RuntimeError(f"job {job.id} generates without an id")
        model = self._context.models.of(job)
        if model is None:
            return self._context.without_a_model(live, job)
        if wants_to_stop(job):
            return await Stopping(self._context.models).go_on(self._context, live, job)
        if self._looks is not None and (pause := await self._looks.first_pause_seconds(job, model)):
            return RunAgain(after_seconds=pause)
        if live.owes_look:  # after a start there may be very many, and new orders behind them
            return RunAgain(after_seconds=self._reserve_look(live, model))
        return await self._looked_at(live, job, model, job.generation_id)

    async def _looked_at(self, live: LiveJob, job: Job, model: MusicModel, generation_id: str) -> StepResult:
        try:
            progress = await model.generator.poll(generation_id)
        except BusyError as error:
            self._context.metrics.polls.labels("busy").inc()
            return await self._unanswered(live, job, model, error.retry_after_seconds, Reason.DEADLINE)
        except AccountError as error:
            self._context.metrics.polls.labels("account").inc()
            return await self._account_refused(live, job, model, error)
        except RefusedError as error:
            self._context.metrics.polls.labels("refused").inc()
            return await self._lost(live, job, model, error)
        live.succeeded()
        self._context.metrics.polls.labels(type(progress).__name__).inc()
        if self._context.models.is_elsewhere(job, model):
            self._context.models.found_here(live)
            live.is_stranded = False
            job = await self._context.update_ours(live, job, service_address=model.address) or job
        return await self._progressed(live, job, model, progress)

    async def _account_refused(self, live: LiveJob, job: Job, model: MusicModel, error: AccountError) -> StepResult:
        if self._context.models.is_elsewhere(job, model):
            return self._context.not_known_here(live, job, model)
        if await self._context.poll_refused(live, job, error):
            return self._context.back_off(live)  # it is paid for: looked at again until the account is let in
        return await self._unanswered(live, job, model, None, error.reason)

    async def _lost(self, live: LiveJob, job: Job, model: MusicModel, error: RefusedError) -> StepResult:
        if self._context.models.is_elsewhere(job, model) and model.repeat is not Repeat.FREE:
            return self._context.not_known_here(live, job, model)
        again = await self._submitting.send_lost_again(live, job, model, str(error))
        if again is not None:
            return again
        if live.failures["lost"] + 1 >= _MAX_LOST_LOOKS:
            return await self._context.move(live, job, JobState.FAILED, str(error), reason=error.reason)
        return self._context.back_off(live, kind="lost")

    async def _progressed(self, live: LiveJob, job: Job, model: MusicModel, progress: Progress) -> StepResult:
        match progress:
            case Finished(track_url=url):
                crash.reach(crash.CrashPoint.POLL_ANSWERED)
                if job.accepted_at is not None:
                    seconds = (self._context.clock.now() - job.accepted_at).total_seconds()
                    self._context.metrics.generation_seconds.observe(seconds)
                if self._looks is not None:
                    self._looks.seen_ready(job)
                return await self._context.move(live, job, JobState.READY, track=Track(url=url))
            case GaveUp(reason=reason, detail=detail):
                return await self._context.move(live, job, JobState.FAILED, reason=reason, detail=detail)
            case StillWorking(place=place):
                live.place = place
                deadline_at = self._context.deadline_of(job, model.generation_timeout)
                if is_over(deadline_at, self._context.clock.now(), answered=True, grace=timedelta(0)):
                    if self._looks is not None:
                        self._looks.outlived(job)
                    return await self._context.move(live, job, JobState.EXPIRED, reason=Reason.DEADLINE)
                self._context.card_updater.show(live, job)
                return self._poll_later(job, model, place)

    def _poll_later(self, job: Job, model: MusicModel, place: int | None) -> RunAgain:
        now = self._context.clock.now()
        waited = now - (job.accepted_at or job.moved_at)
        learned = None if self._looks is None else self._looks.pause_after_work(job, place)
        if learned is None:
            pause = poll_pause_seconds(
                replace(model.pace, polls_per_second=self._context.looks_per_second(model.pace)),
                waited_seconds=waited.total_seconds(),
                generating=len(self._watched),
                jitter=random.random(),
            )
        else:
            pause = max(learned, len(self._watched) / self._context.looks_per_second(model.pace))
        deadline_at = self._context.deadline_of(job, model.generation_timeout)
        if deadline_at is not None:
            # the last look falls on the deadline, not an interval after it
            pause = min(pause, max(0.5, (deadline_at - now).total_seconds()))
        return RunAgain(after_seconds=pause)

    async def _unanswered(
        self, live: LiveJob, job: Job, model: MusicModel, asked_seconds: float | None, reason: Reason
    ) -> StepResult:
        grace = model.generation_timeout
        deadline_at = self._context.deadline_of(job, model.generation_timeout)
        over = is_over(deadline_at, self._context.clock.now(), answered=False, grace=grace)
        if over and live.has_tried:
            return await self._context.move(live, job, JobState.EXPIRED, "no answer", reason=reason)
        return self._context.back_off(live, asked_seconds=asked_seconds)
