"""Asks a job's music service to stop making it, where that can be asked for."""

import asyncio
import logging

from bot.errors import AccountError, BusyError
from bot.jobs.model import Job
from bot.jobs.music_models import MusicModels
from bot.jobs.ports import Cancellation, Canceller

log = logging.getLogger(__name__)

#: A member waits for the answer to a press.
_PATIENCE_SECONDS = 10.0


class Stopping:
    """Who can stop what, by the models in use."""

    def __init__(self, models: MusicModels) -> None:
        """`models`: of the process."""
        self._models = models

    def is_possible(self, job: Job) -> bool:
        """Whether there is something to be stopped, and a service that can."""
        return self._canceller_of(job) is not None

    async def ask(self, job: Job) -> Cancellation | None:
        """What the service says; None: it cannot stop, is not configured, or did not answer. May be asked twice."""
        canceller = self._canceller_of(job)
        if canceller is None or job.generation_id is None:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                said = await canceller.cancel(job.generation_id)
        except (BusyError, AccountError, TimeoutError) as error:
            log.warning("the music service could not be asked to stop: %s", error, extra={"job": job.id})
            return None
        log.info("the music service was asked to stop: %s", said, extra={"job": job.id})
        return said

    def _canceller_of(self, job: Job) -> Canceller | None:
        model = self._models.of(job) if job.generation_id is not None else None
        return None if model is None else model.canceller
