"""Asks a job's music service to stop making it, where that can be asked for.

The wish is in the row before anybody is asked (`wants_to_stop`), so that a death in between, or behind an answer that
nobody wrote down, ends as what the member wanted, and never as a song that failed.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from bot.errors import AccountError, BusyError, Reason
from bot.jobs.context import AT_ONCE, RunAgain, StepContext, StepResult
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModels
from bot.jobs.ports import Cancellation, Canceller, Changes

log = logging.getLogger(__name__)

#: A member waits for the answer to a press.
_PATIENCE_SECONDS = 10.0
#: Of several processes another may be answering a press; it is believed to for so long.
_ANOTHERS_SECONDS = _PATIENCE_SECONDS + 5.0
#: While a press is being answered its song's step looks so often whether it has been.
_LOOK_SECONDS = 1.0


def wants_to_stop(job: Job) -> bool:
    """Whether somebody wished its making to be stopped, and what became of that is not written yet."""
    return job.state is JobState.GENERATING and job.reason is Reason.MEMBER_CANCELLED


def end_of(said: Cancellation | None) -> tuple[str, Changes]:
    """Why it is cancelled and with which columns, by what its service said: free where it had not begun."""
    changes: Changes = {"reason": Reason.MEMBER_CANCELLED}
    if said is Cancellation.STOPPED:
        changes["submit_started_at"] = None
    return (Reason.MEMBER_CANCELLED if said is None else f"{Reason.MEMBER_CANCELLED}: {said}"), changes


class Stopping:
    """Who can stop what, by the models in use."""

    def __init__(self, models: MusicModels) -> None:
        """`models`: of the process."""
        self._models = models

    def is_possible(self, job: Job) -> bool:
        """Whether there is something to be stopped, and a service that can."""
        return self._canceller_of(job) is not None

    @contextmanager
    def at_work(self, job_id: int) -> Generator[None]:
        """A press is being answered meanwhile, in this process: the song's steps keep their hands off it."""
        self._models.being_stopped[job_id] += 1
        try:
            yield
        finally:
            self._models.being_stopped[job_id] -= 1
            self._models.being_stopped += Counter()  # keeps what is above 0

    async def go_on(self, context: StepContext, live: LiveJob, job: Job) -> StepResult:
        """A song whose wish to be stopped is written, and no more: whoever asked has died, perhaps behind the answer.

        Asked once more. What the first one stopped may be unknown there by now: then it may be charged, and says so. Of
        several processes each therefore leaves a press in another its time.
        """
        if self._models.being_stopped[job.id] or self._is_others_to_stop(context, live):
            return RunAgain(after_seconds=_LOOK_SECONDS)
        said = await self.ask(job)
        if said is Cancellation.TOO_LATE:
            await context.store.wish_to_stop(job, wished=False)
            return AT_ONCE
        why, changes = end_of(said)
        return await context.move(live, job, JobState.CANCELLED, why, **changes)

    def _is_others_to_stop(self, context: StepContext, live: LiveJob) -> bool:
        now = context.clock.monotonic()
        if live.wish_seen_at is None:
            live.wish_seen_at = now
        return live.claim is not None and now - live.wish_seen_at < _ANOTHERS_SECONDS

    async def ask(self, job: Job) -> Cancellation | None:
        """What the service says; None: it cannot stop, is not configured, or did not answer. May be asked twice.

        What it has stopped stays stopped: nobody asks again before that is written, and hears of no such song.
        """
        canceller = self._canceller_of(job)
        if canceller is None or job.generation_id is None:
            return None
        async with self._models.stop_locks.setdefault(job.generation_id, asyncio.Lock()):
            if job.generation_id in self._models.stopped:
                return Cancellation.STOPPED
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    said = await canceller.cancel(job.generation_id)
            except (BusyError, AccountError, TimeoutError) as error:
                log.warning("the music service could not be asked to stop: %s", error, extra={"job": job.id})
                return None
            log.info("the music service was asked to stop: %s", said, extra={"job": job.id})
            if said is Cancellation.STOPPED:
                self._models.stopped.append(job.generation_id)
            return said

    def _canceller_of(self, job: Job) -> Canceller | None:
        model = self._models.of(job) if job.generation_id is not None else None
        return None if model is None else model.canceller
