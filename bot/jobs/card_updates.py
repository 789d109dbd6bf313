"""Keeps cards up to date without ever holding a job up: the newest state wins, edits of one card never overtake."""

import asyncio
import logging
import random
from weakref import WeakValueDictionary

from bot.clock import Clock
from bot.errors import DeliveryLaterError, StoreBusyError
from bot.jobs.eta import EtaEstimator
from bot.jobs.model import Job, JobState
from bot.jobs.ports import Deliverer, JobStore
from bot.jobs.schedule import backoff_seconds
from bot.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

#: An unchanged state is not drawn again sooner: Discord's edits are limited to about 5 in 5 s per channel.
MIN_PAUSE_SECONDS = 10.0
#: A card that cannot be drawn so often is left to the next state.
_MAX_TRIES = 5


class CardUpdater:
    """One painter for each job whose card is out of date."""

    def __init__(
        self,
        *,
        store: JobStore,
        deliverer: Deliverer,
        eta_estimator: EtaEstimator,
        clock: Clock,
        supervisor: TaskSupervisor,
    ) -> None:
        """`supervisor` holds the painters."""
        self._store = store
        self._deliverer = deliverer
        self._eta_estimator = eta_estimator
        self._clock = clock
        self._supervisor = supervisor
        self._wanted: dict[int, Job] = {}
        self._painting: set[int] = set()
        #: Held by whoever edits the card, and gone with the last of them.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._shown: dict[int, tuple[JobState, float]] = {}

    def show(self, job: Job) -> None:
        """Draw this state soon; returns at once. The same state again is drawn at most every ten seconds."""
        if self._is_fresh(job):
            return
        self._wanted[job.id] = job
        if job.id not in self._painting:
            self._painting.add(job.id)
            self._supervisor.spawn(f"card of job {job.id}", self._paint(job.id))

    def forget(self, job_id: int) -> None:
        """There is no such job any more, or its last word is said."""
        self._wanted.pop(job_id, None)
        self._shown.pop(job_id, None)

    async def tell(self, job: Job) -> bool:
        """Make sure the member knows where a resting job stands. False: it stands there no more, nothing was said.

        Raises DeliveryLaterError, StoreBusyError.
        """
        async with self._lock(job.id):
            # the card's id may have been stored while this waited, or the member may have pressed a button
            fresh = await self._store.get(job.id)
            if fresh is None or fresh.state is not job.state:
                return False
            await self._deliverer.tell(fresh)
        self.forget(job.id)
        return True

    def _is_fresh(self, job: Job) -> bool:
        """Whether the card was brought to this very state a moment ago."""
        state, at = self._shown.get(job.id, (None, 0.0))
        return state is job.state and self._clock.monotonic() - at < MIN_PAUSE_SECONDS

    def _lock(self, job_id: int) -> asyncio.Lock:
        return self._locks.setdefault(job_id, asyncio.Lock())

    async def _paint(self, job_id: int) -> None:
        try:
            tries = 0
            while (job := self._wanted.pop(job_id, None)) is not None and tries < _MAX_TRIES:
                try:
                    await self._draw(job)
                except (DeliveryLaterError, StoreBusyError) as error:
                    tries += 1
                    log.info("card waits: %s", error, extra={"job": job_id})
                    asked = error.retry_after_seconds if isinstance(error, DeliveryLaterError) else None
                    await self._clock.sleep(backoff_seconds(tries, jitter=random.random(), asked_seconds=asked))
                    # a newer state that came meanwhile is drawn instead
                    self._wanted.setdefault(job_id, job)
        finally:
            self._painting.discard(job_id)

    async def _draw(self, job: Job) -> None:
        async with self._lock(job.id):
            fresh = await self._store.get(job.id)
            if fresh is None or not fresh.is_live:
                return  # the last word on a job is told, not shown
            if self._is_fresh(fresh):
                return  # it went on and came back before it could be drawn
            eta = await self._eta_estimator.estimate(fresh)
            message_id = await self._deliverer.show(fresh, eta)
            if message_id is not None and message_id != fresh.card_message_id:
                await self._store.update(job.id, card_message_id=message_id)
            self._shown[job.id] = (fresh.state, self._clock.monotonic())
