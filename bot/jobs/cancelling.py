"""A generation that its member lets go, stopped at its service where that can be asked: and what is true of it then.

The intent is a reason on the row, so that what was asked is asked again after a crash, and the answer is kept with the
move. A service may be asked more than once.
"""

import asyncio
import logging

from bot.clock import Clock
from bot.errors import AccountError, BusyError, Reason
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModels
from bot.jobs.ports import Cancellation, Changes, MovingStore

log = logging.getLogger(__name__)

#: Whoever presses waits for the answer; a service that takes longer is asked again when the job has come to rest.
_ANSWER_SECONDS = 10.0
#: The job's detail when its service has answered, followed by the answer.
ASKED = "cancel."


class Cancelling:
    """One for members' presses and for steps."""

    def __init__(self, *, store: MovingStore, models: MusicModels, clock: Clock) -> None:
        """`models`: whose services are asked."""
        self._store = store
        self._models = models
        self._clock = clock
        self._under_way: set[int] = set()

    def is_under_way(self, job_id: int) -> bool:
        """Whether somebody in this process is asking just now."""
        return job_id in self._under_way

    def can_be_asked(self, job: Job) -> bool:
        """Whether its service can stop it."""
        model = self._models.of(job)
        return model is not None and model.canceller is not None and job.generation_id is not None

    async def stop(self, job: Job) -> Job | None:
        """Let it go: `cancelled`, or as it is (`generating`) when it is finished already and on its way here.

        Stopped before it cost anything, it has no POST any more that may be charged. None: it moved meanwhile.
        Raises StoreBusyError.
        """
        if not self.can_be_asked(job):
            return await self._let_go(job, None)
        self._under_way.add(job.id)
        try:
            await self._store.update(job.id, reason=Reason.MEMBER_CANCELLED)
            said = await self._asked(job)
            if said is Cancellation.TOO_LATE:
                return await self._store.update(job.id, reason=None)
            return await self._let_go(job, said)
        finally:
            self._under_way.discard(job.id)

    async def _let_go(self, job: Job, said: Cancellation | None) -> Job | None:
        changes: Changes = {"reason": Reason.MEMBER_CANCELLED}
        if said is not None:
            changes["detail"] = f"{ASKED}{said}"
        if said is Cancellation.STOPPED:
            changes["submit_started_at"] = None
        why = Reason.MEMBER_CANCELLED if said is None else f"{Reason.MEMBER_CANCELLED}: {said}"
        return await self._store.move(job, JobState.CANCELLED, self._clock.now(), why=why, **changes)

    async def _asked(self, job: Job) -> Cancellation | None:
        """The service's answer; None when there is none."""
        model = self._models.of(job)
        if model is None or model.canceller is None or job.generation_id is None:
            return None
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                said = await model.canceller.cancel(job.generation_id)
        except (BusyError, AccountError, TimeoutError) as error:
            log.warning("the music service could not be asked to stop: %s", error, extra={"job": job.id})
            return None
        log.info("the music service was asked to stop: %s", said, extra={"job": job.id})
        return said
