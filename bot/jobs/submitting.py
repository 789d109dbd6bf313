"""From queued to a stored generation id: the one place where money is spent, and what is done when nobody can tell."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Unpack

from bot import crash
from bot.crash import CrashPoint
from bot.errors import AccountError, BusyError, DiskError, OutcomeUnknownError, Reason, RefusedError
from bot.jobs.admission import Refused
from bot.jobs.admitting import Full
from bot.jobs.context import AT_ONCE, DONE, RunAgain, StepContext, StepResult
from bot.jobs.files import JobFiles
from bot.jobs.line import Line
from bot.jobs.live_job import LiveJob
from bot.jobs.looks import Looks
from bot.jobs.model import RESTING, Job, JobState
from bot.jobs.music_models import MusicModel, ReferenceForm, Repeat
from bot.jobs.ports import Changes, GenerationRequest

log = logging.getLogger(__name__)

#: A provider's log may show a request only when it has ended; while the member decides it is asked so often.
_LOOK_UP_PAUSE_SECONDS = 30.0
#: Where that costs nothing, a POST with a lost answer, or a song that the service lost, goes out so often again.
_MAX_REPEATS = 2
#: While the bot is paused a song that has a place looks so often whether it still is.
_PAUSED_SECONDS = 15.0
#: How a line of history begins that tells of it.
_SENT_AGAIN = "sent again: "
#: How such answers are counted: apart from all other failures.
_DOUBT = "doubt"
#: A reference whose URL ends sooner than this is not handed over: the provider fetches it in its own time.
REFERENCE_MARGIN = timedelta(minutes=2)


class SubmitSteps:
    """Sends queued jobs, each attempt once, a bounded number at a time."""

    def __init__(
        self, *, context: StepContext, files: JobFiles, line: Line, looks: Looks | None = None, slots: int = 4
    ) -> None:
        """`files` has the copies of references, `line` the places.

        `looks`: see `bot.jobs.steps.JobSteps`.
        `slots`: POSTs in flight at once; the provider names no limit, four keep a burst polite.
        """
        self._context = context
        self._files = files
        self.line = line
        self._looks = looks
        self._slots = asyncio.Semaphore(slots)

    async def submit(self, live: LiveJob, job: Job) -> StepResult:
        """Wait for a slot, write the intent, POST, write the outcome. The song has a place."""
        model = self._context.models.of(job)
        if model is None:
            return self._context.without_a_model(live, job)
        try:
            reference_file = self._reference_file(job, model)
        except DiskError as error:
            return self._context.held_up(live, job, error)
        if self._is_gone(job, model, reference_file):
            return await self.without_a_reference(live, job)
        return await self._send(live, job, model, reference_file)

    def _reference_file(self, job: Job, model: MusicModel) -> Path | None:
        """Our copy, where that is what is sent. Raises DiskError."""
        return self._files.reference(job) if model.reference_form is ReferenceForm.BYTES else None

    async def _send(self, live: LiveJob, job: Job, model: MusicModel, reference_file: Path | None) -> StepResult:
        async with self._slots:
            if not self._context.brake.take_turn(job):
                return AT_ONCE  # it came on while this one waited for its slot
            crash.reach(CrashPoint.BEFORE_SUBMITTING)
            # from before the intent is written: a stop that cut in there would leave a doubt about nothing
            live.in_flight = True
            sent: Job | Refused | Full | None = None
            try:
                now = self._context.clock.now()
                sent = await self._context.store.begin_attempt(
                    job, now, address=model.address or None, places=self._places_of(model)
                )
                if isinstance(sent, Full):
                    return self._waits_on(live, job)  # another process was quicker
                if isinstance(sent, Refused):
                    return await self._stopped(live, job, sent)
                if sent is None:
                    return DONE
                if not self._context.brake.may_go(sent):
                    return await self._back_in_line(live, sent, job, model, "the account's brake came on")
                return await self._post(live, sent, model, reference_file, before=job)
            finally:
                live.in_flight = False
                self._context.brake.end_turn(job, was_sent=isinstance(sent, Job))

    async def _stopped(self, live: LiveJob, job: Job, refused: Refused) -> StepResult:
        """What was let in must not go out now: it waits for the end of a pause, and else ends unpaid."""
        if refused.reason is Reason.PAUSED:
            self._context.card_updater.show(live, job)
            if not refused.is_for_server:
                return RunAgain(after_seconds=_PAUSED_SECONDS)
            self.line.step_back(job)
            return DONE  # the line wakes it when the pause is over
        log.info("a waiting song ends: %s", refused.reason, extra={"job": job.id})
        return await self._context.move(live, job, JobState.FAILED, reason=refused.reason)

    def _places_of(self, model: MusicModel) -> int:
        """Over all processes; songs that were begun at another address hold none at this one."""
        return model.concurrency + self._context.models.elsewhere_of(model.name)

    def _waits_on(self, live: LiveJob, job: Job) -> StepResult:
        self.line.step_back(job)
        self._context.card_updater.show(live, job)
        return DONE

    async def without_a_reference(self, live: LiveJob, job: Job, why: str = "") -> StepResult:
        """Nothing can be handed over: it ends unpaid, but in a pause, in which it keeps its place, only after that."""
        paused = await self._context.store.pause_of(job, self._context.clock.now())
        if paused is not None:
            return await self._stopped(live, job, paused)
        return await self._context.move(live, job, JobState.FAILED, why, reason=Reason.REFERENCE_GONE)

    async def settle(self, live: LiveJob, job: Job) -> StepResult:
        """A job found in `submitting` was left there by a crash or by a stop: nobody knows what became of its POST."""
        model = self._context.models.of(job)
        if model is None:
            return self._context.without_a_model(live, job)
        return await self._doubt(live, job, model, "left behind while submitting")

    async def reconsider(self, live: LiveJob, job: Job) -> StepResult:
        """While the member decides about an unknown outcome, the provider's log may still answer for them."""
        model = self._context.models.of(job)
        if model is None:
            return DONE  # nobody can be asked; the member may still decide
        found = await self._looked_up(job, model)
        if found is not None:
            return await self._confirm(live, job, model, found)
        exhausted = self._context.waited_out(live, job, model.generation_timeout)
        if exhausted or model.look_up is None or not model.look_up.can_look_up:
            return DONE
        return RunAgain(after_seconds=_LOOK_UP_PAUSE_SECONDS)

    async def _post(
        self, live: LiveJob, job: Job, model: MusicModel, reference_file: Path | None, *, before: Job
    ) -> StepResult:
        log.info("job moved", extra={"job": job.id, "state": job.state, "attempt": job.attempt})
        live.moved()
        self._context.card_updater.show(live, job)
        crash.reach(CrashPoint.AFTER_SUBMITTING)
        await self._context.check_ours(live, job)
        try:
            generation_id = await model.generator.submit(_request_of(job, reference_file))
        except OutcomeUnknownError as error:
            self._count("unknown")
            return await self._doubt(live, job, model, str(error))
        except BusyError as error:
            self._count("busy")
            return await self._not_accepted(live, job, before, model, error)
        except AccountError as error:
            self._count("account")
            return await self._account_refused(live, job, before, model, error)
        except RefusedError as error:
            self._count("refused")
            log.warning("the music API refuses: %s", error, extra={"job": job.id, "status": error.status})
            return await self._answered(live, job, JobState.FAILED, reason=error.reason, detail=str(error))
        self._count("accepted")
        self._context.brake.accepted(job)
        # should everything else fail, the operator finds here what was paid for
        log.info("the music API accepts", extra={"job": job.id, "generation": generation_id})
        crash.reach(CrashPoint.POST_ANSWERED)
        step = await self._confirm(live, job, model, generation_id)
        await self._context.until_written(self._context.brake.keep)
        return step

    async def _confirm(self, live: LiveJob, job: Job, model: MusicModel, generation_id: str) -> StepResult:
        now = self._context.clock.now()
        deadline = now + model.generation_timeout
        settled = await self._context.until_written(
            lambda: self._context.store.resolve_submission(job.id, job.attempt, generation_id, now, deadline)
        )
        if settled is None:
            self._context.metrics.late_answers.inc()
            log.warning("a late answer of an overtaken attempt", extra={"job": job.id, "attempt": job.attempt})
            return DONE
        crash.reach(CrashPoint.ID_STORED)
        self._context.accepted(live, settled)
        looks = self._looks
        pause = None if looks is None else await looks.first_pause_seconds(settled, model)
        return RunAgain(after_seconds=model.pace.poll_interval_seconds if pause is None else pause)

    async def _answered(
        self, live: LiveJob, job: Job, after: JobState, why: str = "", **changes: Unpack[Changes]
    ) -> StepResult:
        # left in `submitting`, a clear answer would turn into a doubt
        return await self._context.until_written(lambda: self._context.move(live, job, after, why, **changes))

    async def _back_in_line(self, live: LiveJob, job: Job, before: Job, model: MusicModel, why: str) -> StepResult:
        """This POST was certainly not accepted; one before it may have been, by the member's risk or its ticket's."""
        started = before.submit_started_at
        if started is not None and model.repeat is Repeat.SAME_TICKET:
            return await self._answered(
                live, job, JobState.QUEUED, why, attempt=before.attempt, submit_started_at=started
            )
        return await self._answered(live, job, JobState.QUEUED, why, submit_started_at=started)

    async def _account_refused(
        self, live: LiveJob, job: Job, before: Job, model: MusicModel, error: AccountError
    ) -> StepResult:
        """Only the operator can mend this: the song waits unpaid, and with it the whole line."""
        self._context.metrics.account_errors.labels(error.reason).inc()
        log.info("a song goes back in line: %s", error, extra={"job": job.id, "reason": error.reason})
        self._context.brake.refused(job.provider, error)
        step = await self._back_in_line(live, job, before, model, f"the account was refused: {error.reason}")
        await self._context.until_written(self._context.brake.keep)
        return step

    async def _not_accepted(
        self, live: LiveJob, job: Job, before: Job, model: MusicModel, error: BusyError
    ) -> StepResult:
        started = before.submit_started_at
        live.busy_since = live.busy_since or self._context.clock.now()
        if self._context.clock.now() - live.busy_since > self._context.limits.queue_timeout:
            reason = Reason.PROXY if error.by_proxy else Reason.BUSY_TOO_LONG
            return await self._answered(
                live, job, JobState.FAILED, str(error), reason=reason, submit_started_at=started
            )
        step = await self._back_in_line(live, job, before, model, str(error))
        return step if step is DONE else self._context.back_off(live, asked_seconds=error.retry_after_seconds)

    async def _doubt(self, live: LiveJob, job: Job, model: MusicModel, why: str) -> StepResult:
        found = await self._looked_up(job, model)
        if found is not None:
            return await self._confirm(live, job, model, found)
        if await self._may_repeat(live, job, model):
            return await self._repeat(live, job, model, why)
        if model.repeat is Repeat.FREE:
            return await self._context.move(
                live, job, JobState.FAILED, why, reason=Reason.PROVIDER_FAILED, submit_started_at=None
            )
        return await self._context.move(live, job, JobState.UNKNOWN, why, reason=Reason.OUTCOME_UNKNOWN)

    async def send_lost_again(self, live: LiveJob, job: Job, model: MusicModel, why: str) -> StepResult | None:
        """A song that was taken, and that its service no longer knows; None where it is not sent again by itself.

        That is where it may be charged once more, or has been lost too often: the song itself may be what ends the
        service.
        """
        if model.repeat is not Repeat.FREE or not await self._may_repeat(live, job, model):
            return None
        log.info("a song that the service lost is sent again: %s", why, extra={"job": job.id})
        step = await self._answered(
            live, job, JobState.QUEUED, f"{_SENT_AGAIN}{why}", generation_id=None, submit_started_at=None, reason=None
        )
        return step if step is DONE else self._context.back_off(live, kind=_DOUBT)

    async def _may_repeat(self, live: LiveJob, job: Job, model: MusicModel) -> bool:
        """Whether it was not sent again too often since it last came to rest.

        Over restarts too where each time is a new attempt, for each is a line of its history.
        """
        if model.repeat is not Repeat.FREE:
            return model.repeat is Repeat.SAME_TICKET and live.failures[_DOUBT] < _MAX_REPEATS
        again = 0
        for event in await self._context.store.history(job.id):
            again = 0 if event.after in RESTING else again + event.detail.startswith(_SENT_AGAIN)
        return again < _MAX_REPEATS

    async def _repeat(self, live: LiveJob, job: Job, model: MusicModel, why: str) -> StepResult:
        """Send it once more, where the service promises that this costs nothing."""
        if model.repeat is Repeat.SAME_TICKET:
            # the next POST begins the same attempt again, and so carries the same client request id
            step = await self._answered(live, job, JobState.QUEUED, why, attempt=job.attempt - 1)
        else:
            step = await self._answered(live, job, JobState.QUEUED, f"{_SENT_AGAIN}{why}", submit_started_at=None)
        return step if step is DONE else self._context.back_off(live, kind=_DOUBT)

    async def _looked_up(self, job: Job, model: MusicModel) -> str | None:
        log_of_service = model.look_up
        if log_of_service is None or not log_of_service.can_look_up:
            return None
        try:
            found = await log_of_service.look_up(_request_of(job), job.submit_started_at or job.moved_at)
        except BusyError as error:
            log.info("the provider's log is out of reach: %s", error, extra={"job": job.id})
            return None
        for generation_id in found:
            # a service that knows requests by what they ask for cannot tell a song from the same one ordered again
            if not await self._context.store.is_generation_known(generation_id):
                log.info("found the generation in the provider's log", extra={"job": job.id})
                return generation_id
        return None

    def _is_gone(self, job: Job, model: MusicModel, reference_file: Path | None) -> bool:
        """Whether there is nothing left to hand over: our copy, or an address that lasts long enough."""
        if model.reference_form is ReferenceForm.BYTES:
            return reference_file is None
        expires_at = job.reference.expires_at
        return expires_at is not None and expires_at - self._context.clock.now() < REFERENCE_MARGIN

    def _count(self, outcome: str) -> None:
        self._context.metrics.submissions.labels(outcome).inc()


def _request_of(job: Job, reference_file: Path | None = None) -> GenerationRequest:
    return GenerationRequest(
        prompt=job.prompt,
        style=job.style,
        reference_url=job.reference.url,
        reference_file=reference_file,
        client_request_id=job.client_request_id,
    )
