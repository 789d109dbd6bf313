"""Before a song is sent: the line that the account's brake holds, and references whose address ends while they wait."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.errors import BusyError, DeliveryLaterError, DiskError, HearingFaultError, ReferenceRefusedError
from bot.jobs.context import DONE, RunAgain, StepContext, StepResult
from bot.jobs.files import JobFiles
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, Reference
from bot.jobs.music_models import ReferenceForm
from bot.jobs.sound_ports import CheckedReference, References
from bot.jobs.submitting import REFERENCE_MARGIN, SubmitSteps

log = logging.getLogger(__name__)

#: A song that is held looks so often whether it still is; the one that may go is woken.
_HELD_SECONDS = 15.0
#: An address that ends sooner than this is renewed; `References.check` asks for that a little earlier still.
_RENEWED_BEFORE = timedelta(minutes=20)
#: While a song is held, a renewal that failed is tried again after so long.
_RENEWAL_PAUSE = timedelta(minutes=5)


class HoldSteps:
    """What a waiting song goes through before `SubmitSteps`. No clock of it runs while it is held."""

    def __init__(
        self,
        *,
        context: StepContext,
        references: References,
        publish: Callable[[Job, CheckedReference], Awaitable[Reference]],
        submitting: SubmitSteps,
        files: JobFiles,
    ) -> None:
        """`publish` puts our copy where the music API can fetch it, with an address that lasts."""
        self._files = files
        self._context = context
        self._references = references
        self._publish = publish
        self._submitting = submitting
        self._line = submitting.line

    async def wait_or_submit(self, live: LiveJob, job: Job) -> StepResult:
        """Hold the song while the brake is on, with a reference that lasts; else send it."""
        model = self._context.models.of(job)
        if model is None:
            return self._context.without_a_model(live, job)
        if not await self._line.enter(job, model):
            live.moved()  # in line with all others, not held up by our own disk any more
            self._context.card_updater.show(live, job)
            return DONE  # a row from here on; the line wakes it
        if model.reference_form is ReferenceForm.BYTES and self._is_missing(job):
            again = await self._fetched_again(live, job)
            if not isinstance(again, Job):
                return again
            job = again
        is_held = self._context.brake.holds(job)
        self._stop_clocks(live, is_held=is_held)
        if model.reference_form is ReferenceForm.URL and self._ends_within(job, _RENEWED_BEFORE):
            renewed = await self._renewed(live, job, is_held=is_held)
            if not isinstance(renewed, Job):
                return renewed
            job = renewed
        if is_held:
            self._context.card_updater.show(live, job)
            return RunAgain(after_seconds=_HELD_SECONDS)
        return await self._submitting.submit(live, job)

    def _stop_clocks(self, live: LiveJob, *, is_held: bool) -> None:
        now = self._context.clock.now()
        if is_held:
            live.held_since = live.held_since or now
        elif live.held_since is not None:
            if live.busy_since is not None:
                live.busy_since += now - live.held_since
            live.held_since = None

    def _ends_within(self, job: Job, margin: timedelta) -> bool:
        expires_at = job.reference.expires_at
        return expires_at is not None and expires_at - self._context.clock.now() < margin

    async def _renewed(self, live: LiveJob, job: Job, *, is_held: bool) -> Job | StepResult:
        """The job with an address made from our copy; as it is, where that cannot be had and may still do."""
        now = self._context.clock.now()
        may_wait = is_held or not self._ends_within(job, REFERENCE_MARGIN)
        if may_wait and live.renewed_at is not None and now - live.renewed_at < _RENEWAL_PAUSE:
            return job
        live.renewed_at = now
        try:
            checked = await self._references.check(job)
            reference = checked.reference
            if checked.must_be_published:
                reference = await self._publish(job, checked)
                live.shown = live.drawn = None  # that wrote on the card as well
        except ReferenceRefusedError as error:
            log.warning("a reference's address ends and cannot be renewed: %s", error, extra={"job": job.id})
            return job
        except (BusyError, DeliveryLaterError, HearingFaultError, DiskError) as error:
            log.info("a reference's address is not renewed yet: %s", error, extra={"job": job.id})
            return job if may_wait else await self._renew_later(live, job, error)
        live.unrenewed_since = None
        log.info("a reference's address was renewed from our copy", extra={"job": job.id})
        return await self._context.update_ours(live, job, reference=reference) or DONE

    def _is_missing(self, job: Job) -> bool:
        """Whether our copy is not where it should be, such as on another host."""
        try:
            return self._files.reference(job) is None
        except DiskError:
            return False  # whoever sends it says so

    async def _fetched_again(self, live: LiveJob, job: Job) -> Job | StepResult:
        """The job with a new copy from its address; as it is, where that has none any more."""
        try:
            checked = await self._references.check(job)
        except ReferenceRefusedError as error:
            log.warning("a reference's copy is gone and cannot be had again: %s", error, extra={"job": job.id})
            return job
        except (BusyError, DeliveryLaterError, HearingFaultError, DiskError) as error:
            return await self._renew_later(live, job, error)
        live.unrenewed_since = None
        log.info("a reference's copy was gone and has been fetched again", extra={"job": job.id})
        return await self._context.update_ours(live, job, reference=checked.reference) or DONE

    async def _renew_later(self, live: LiveJob, job: Job, error: Exception) -> StepResult:
        if isinstance(error, DiskError):
            return self._context.held_up(live, job, error)
        # not since the song was queued: however long it stood in line, that was nobody's refusal
        now = self._context.clock.now()
        since = live.unrenewed_since = max(live.unrenewed_since or now, live.held_up_at or job.moved_at)
        if live.has_tried and now - since > self._context.limits.check_timeout:
            return await self._submitting.without_a_reference(live, job, str(error))
        self._line.let_others_go_first(live, job)
        return self._context.back_off(live, kind="renewal")
