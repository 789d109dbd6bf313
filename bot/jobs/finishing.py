"""From a finished generation to a message in the channel: fetch the file, keep it, send it once."""

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath

from yarl import URL

from bot import crash
from bot.crash import CrashPoint
from bot.errors import (
    AccountError,
    BusyError,
    DeliveryLaterError,
    DiskError,
    Reason,
    RefusedError,
    TrackLostError,
    TrackNotReadyError,
    UndeliverableError,
)
from bot.jobs.context import AT_ONCE, StepContext, StepResult
from bot.jobs.files import JobFiles, own_stem
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState, Track
from bot.jobs.music_models import Repeat
from bot.jobs.ports import Changes, DeliveredMessage, Delivery, Finished, Generator
from bot.jobs.sound_ports import TrackPreparer

log = logging.getLogger(__name__)

#: Discord remembers a nonce for "the past few minutes" (undocumented length); from this age on we look for our own
#: message before sending again.
_NONCE_TRUSTED = timedelta(seconds=60)
#: Clocks differ: the search begins a little before the first try.
_CLOCK_MARGIN = timedelta(seconds=30)
_KNOWN_SUFFIXES = frozenset({".mp3", ".wav", ".m4a", ".ogg", ".opus", ".flac"})
#: After so many lost files in a row the provider is believed.
_MAX_LOST_TRACKS = 4


class FinishSteps:
    """The steps of `ready` and `delivering`."""

    def __init__(self, *, context: StepContext, tracks: TrackPreparer, delivery: Delivery, files: JobFiles) -> None:
        """`files` names the copies; `tracks` makes them ready."""
        self._context = context
        self._tracks = tracks
        self._delivery = delivery
        self._files = files

    async def finish(self, live: LiveJob, job: Job) -> StepResult:
        """Make sure that our copy of the track exists, then write the intent to deliver it."""
        try:
            track = self._files.track(job)
        except DiskError as error:
            return self._context.held_up(live, job, error)
        if track is None:
            return await self._fetch_or_give_up(live, job, JobState.FAILED)
        crash.reach(CrashPoint.BEFORE_DELIVERING)
        return await self._context.move(live, job, JobState.DELIVERING, deliver_started_at=self._context.clock.now())

    async def send(self, live: LiveJob, job: Job) -> StepResult:
        """Send the track once. After the nonce's time our own message is looked for first."""
        crash.reach(CrashPoint.AFTER_DELIVERING)
        if job.reason is Reason.TRACK_LOST:
            return await self._send_link(live, job)
        try:
            track = self._files.track(job)
        except DiskError as error:
            return self._context.held_up(live, job, error)
        if track is None:
            return await self._fetch_or_give_up(live, job, JobState.UNDELIVERABLE)
        return await self._send(live, job, track)

    async def _send_link(self, live: LiveJob, job: Job) -> StepResult:
        """For a track whose file cannot be fetched, see `_lost`."""
        live.in_flight = True
        try:
            message = await self._find_earlier(job)
            if message is None:
                await self._context.check_ours(live, job)
                message = await self._delivery.deliver_link(job)
            crash.reach(CrashPoint.MESSAGE_SENT)
            return await self._confirm(live, job, message)
        except DeliveryLaterError as error:
            self._context.metrics.deliveries.labels("later").inc()
            return await self._send_later(live, job, error)
        except UndeliverableError as error:
            return await self._undeliverable(live, job, error)
        finally:
            live.in_flight = False

    async def _send(self, live: LiveJob, job: Job, track: Path) -> StepResult:
        live.in_flight = True
        try:
            message = await self._find_earlier(job)
            if message is None:
                job = await self._heard(live, job, track)
                await self._context.check_ours(live, job)
                message = await self._delivery.deliver(job, track)
            crash.reach(CrashPoint.MESSAGE_SENT)
            return await self._confirm(live, job, message)
        except TrackLostError as error:
            return await self._lost(live, job, error, JobState.UNDELIVERABLE)
        except DeliveryLaterError as error:
            self._context.metrics.deliveries.labels("later").inc()
            return await self._send_later(live, job, error)
        except DiskError as error:
            self._context.metrics.deliveries.labels("disk").inc()
            return self._context.held_up(live, job, error)
        except UndeliverableError as error:
            return await self._undeliverable(live, job, error)
        finally:
            live.in_flight = False

    async def _heard(self, live: LiveJob, job: Job, track: Path) -> Job:
        """The job with its track's length, if that can be had: what was not heard when it was fetched is heard now.

        Only what was heard is posted as a file. Once in a process, for it may take minutes; and when the member asks
        again. Raises TrackLostError, DiskError.
        """
        if job.track is None or job.track.seconds is not None or live.is_unheard:
            return job
        live.in_flight = False  # a stop need not wait for it
        seconds = await self._tracks.prepare(job, track)
        live.in_flight, live.is_unheard = True, seconds is None
        if seconds is None:
            return job
        heard = replace(job.track, seconds=seconds)
        await self._context.until_written(lambda: self._context.update_ours(live, job, track=heard))
        return replace(job, track=heard)

    async def _undeliverable(self, live: LiveJob, job: Job, error: UndeliverableError) -> StepResult:
        self._context.metrics.deliveries.labels("undeliverable").inc()
        live.is_unheard = False  # should the member ask again, it is heard again
        return await self._context.move(live, job, JobState.UNDELIVERABLE, str(error), reason=error.reason)

    async def _confirm(self, live: LiveJob, job: Job, message: DeliveredMessage) -> StepResult:
        self._context.metrics.deliveries.labels("delivered").inc()
        if job.deliver_started_at is not None:
            seconds = (self._context.clock.now() - job.deliver_started_at).total_seconds()
            self._context.metrics.delivery_seconds.observe(seconds)
        changes: Changes = {
            "reason": None,
            "track_channel_id": message.channel_id,
            "track_message_id": message.message_id,
        }
        if message.is_card:
            changes["card_message_id"] = message.message_id
        # sending again for want of a database would upload the file again, and one day find the nonce forgotten
        step = await self._context.until_written(lambda: self._context.move(live, job, JobState.DELIVERED, **changes))
        crash.reach(CrashPoint.DELIVERED_STORED)
        await self._tracks.release(job)
        return step

    async def _send_later(self, live: LiveJob, job: Job, error: DeliveryLaterError) -> StepResult:
        log.info("delivery waits: %s", error, extra={"job": job.id})
        if self._context.given_up(live, job, self._context.limits.delivery_timeout):
            return await self._context.move(live, job, JobState.UNDELIVERABLE, str(error), reason=Reason.CHANNEL_GONE)
        return self._context.back_off(live, asked_seconds=error.retry_after_seconds)

    async def _find_earlier(self, job: Job) -> DeliveredMessage | None:
        started = job.deliver_started_at or job.moved_at
        if self._context.clock.now() - started < _NONCE_TRUSTED:
            return None
        found = await self._delivery.find(job, started - _CLOCK_MARGIN)
        if found is not None:
            log.info("the track had been sent before", extra={"job": job.id})
        return found

    async def _fetch_or_give_up(self, live: LiveJob, job: Job, given_up: JobState) -> StepResult:
        if job.track is None:
            raise RuntimeError(f"job {job.id} is {job.state} without a track")
        model = self._context.models.of(job)
        if model is None:
            return self._context.without_a_model(live, job)
        crash.reach(CrashPoint.READY_STORED)
        try:
            kept = await self._fetch(live, job, job.track, model.generator)
        except TrackNotReadyError as error:
            self._context.metrics.fetches.labels("not_ready").inc()
            if self._context.given_up(live, job, self._context.limits.fetch_timeout):
                return await self._lost(live, job, error, given_up)
            return self._context.back_off(live)
        except DiskError as error:
            # not the provider's track: however long it takes, it is not given up for this
            self._context.metrics.fetches.labels("disk").inc()
            return self._context.held_up(live, job, error)
        except TrackLostError as error:
            self._context.metrics.fetches.labels("lost").inc()
            return await self._lost(live, job, error, given_up)
        self._context.metrics.fetches.labels("fetched").inc()
        live.succeeded()
        return await self._kept(live, job, kept)

    async def _kept(self, live: LiveJob, job: Job, track: Track) -> StepResult:
        """Write down what was fetched, and with it the intent to deliver it, if that is not written yet."""
        if job.state is JobState.READY:
            changes: Changes = {"track": track, "deliver_started_at": self._context.clock.now()}
            step = await self._context.until_written(
                lambda: self._context.move(live, job, JobState.DELIVERING, **changes)
            )
            if step == AT_ONCE:
                crash.reach(CrashPoint.BEFORE_DELIVERING)
                return step
        # whoever moved it meanwhile has not heard of the file
        live.left_row = await self._context.until_written(lambda: self._context.update_ours(live, job, track=track))
        return AT_ONCE

    async def _fetch(self, live: LiveJob, job: Job, track: Track, generator: Generator) -> Track:
        name = f"{own_stem(job)}{_suffix_of(track.url)}"
        path = self._files.track_path(name)
        size_bytes = await generator.fetch(track.url, path)
        self._context.disk.worked()
        crash.reach(CrashPoint.TRACK_FETCHED)
        seconds = await self._tracks.prepare(job, path)
        live.is_unheard = seconds is None
        log.info("track fetched", extra={"job": job.id, "bytes": size_bytes, "seconds": seconds})
        return replace(track, copy_name=name, size_bytes=size_bytes, seconds=seconds)

    async def _lost(
        self, live: LiveJob, job: Job, error: TrackLostError | TrackNotReadyError, given_up: JobState
    ) -> StepResult:
        """The provider may have a fresh address for the same track; ask a few times before giving up."""
        log.warning("the track's file is lost: %s", error, extra={"job": job.id})
        if live.failures["lost"] + 1 >= _MAX_LOST_TRACKS:
            return await self._give_up(live, job, error, given_up)
        try:
            fresh_url = await self._fresh_url(job)
        except AccountError as refusal:
            if await self._context.poll_refused(live, job, refusal):
                return self._context.back_off(live)  # nobody could be asked: that is no loss of the track
            fresh_url = None
        except RefusedError as gone:
            return await self._context.move(live, job, JobState.GENERATING, str(gone), track=None)
        pause = self._context.back_off(live, kind="lost")
        if fresh_url is not None and job.track is not None and fresh_url != job.track.url:
            await self._context.update_ours(live, job, track=Track(url=fresh_url))
        return pause

    async def _give_up(
        self, live: LiveJob, job: Job, error: TrackLostError | TrackNotReadyError, given_up: JobState
    ) -> StepResult:
        """What we cannot fetch, the member may: they get its link, if there is one that may lead somewhere."""
        if not (error.may_open and self._delivery.has_link(job)):
            return await self._context.move(live, job, given_up, str(error), reason=Reason.TRACK_LOST)
        log.info("its link is handed over in place of the file", extra={"job": job.id})
        if job.state is JobState.DELIVERING:
            return await self._send_link(live, job)
        return await self._context.move(
            live,
            job,
            JobState.DELIVERING,
            str(error),
            reason=Reason.TRACK_LOST,  # what `send` knows it by, after a restart too
            deliver_started_at=self._context.clock.now(),
        )

    async def _fresh_url(self, job: Job) -> str | None:
        """What the provider says now; None when it says nothing of use.

        Raises AccountError; RefusedError for a song that can be made anew, for it costs nothing and is lost.
        """
        model = self._context.models.of(job)
        if job.generation_id is None or model is None:
            return None
        try:
            progress = await model.generator.poll(job.generation_id)
        except (BusyError, RefusedError) as error:
            is_free = model.repeat is Repeat.FREE and job.state is JobState.READY
            if is_free and isinstance(error, RefusedError):
                raise
            log.info("no fresh address for the track: %s", error, extra={"job": job.id})
            return None
        return progress.track_url if isinstance(progress, Finished) else None


def _suffix_of(url: str) -> str:
    """The file's ending as the provider names it; the content decides later what is done with it."""
    suffix = PurePosixPath(URL(url, encoded=True).path).suffix.lower()
    return suffix if suffix in _KNOWN_SUFFIXES else ".mp3"
