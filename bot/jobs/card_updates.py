"""Keeps cards up to date without ever holding a job up: the newest state wins, edits of one card never overtake."""

import logging
import random
from dataclasses import replace

from bot.clock import Clock
from bot.errors import DeliveryLaterError, StoreBusyError
from bot.jobs.eta import EtaEstimator
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState
from bot.jobs.ports import Cards, CardStore
from bot.jobs.schedule import backoff_seconds
from bot.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

#: An unchanged state is not drawn again sooner: Discord's edits are limited to about 5 in 5 s per channel.
MIN_PAUSE_SECONDS = 10.0
#: A finished song is in the channel a moment later: its card says that it is on its way only where that takes longer.
_PASSING = frozenset({JobState.READY, JobState.DELIVERING})
_PASSING_SECONDS = 8.0
#: A card that cannot be drawn so often is left to the next state.
_MAX_TRIES = 5


class CardUpdater:
    """One painter for each job whose card is out of date."""

    def __init__(
        self,
        *,
        store: CardStore,
        cards: Cards,
        eta_estimator: EtaEstimator,
        clock: Clock,
        supervisor: TaskSupervisor,
    ) -> None:
        """`supervisor` holds the painters."""
        self._store = store
        self._cards = cards
        self._eta_estimator = eta_estimator
        self._clock = clock
        self._supervisor = supervisor

    def show(self, live: LiveJob, job: Job) -> None:
        """Draw this state soon; returns at once. The same state again is drawn at most every ten seconds."""
        if not live.is_painted and self._is_fresh(live, job):
            return  # while it is painted it may be on its way to another state: then the painter judges
        live.is_out_of_date = True
        live.as_written = job if not live.is_painted and _can_be_drawn_from(job) else None
        if not live.is_painted:
            live.is_painted = True
            is_passing = job.state in _PASSING and not (live.is_held_up or live.is_stranded)
            self._supervisor.spawn(f"card of job {job.id}", self._paint(live, _PASSING_SECONDS if is_passing else 0.0))

    def redraw(self, live: LiveJob) -> None:
        """Draw its card, for something on it has changed although its state has not; returns at once.

        No sooner than ten seconds after it was drawn, whatever for.
        """
        if not live.will_be_redrawn:
            live.will_be_redrawn = True
            self._supervisor.spawn(f"card of job {live.id}, once more", self._redraw(live))

    async def _redraw(self, live: LiveJob) -> None:
        try:
            if live.drawn is None:  # it may be under way at this very moment
                await self._clock.sleep(MIN_PAUSE_SECONDS)
            while live.drawn is not None and (pause := MIN_PAUSE_SECONDS - self._clock.monotonic() + live.drawn[1]) > 0:
                await self._clock.sleep(pause)
        finally:
            live.will_be_redrawn = False
        live.is_out_of_date, live.drawn, live.as_written = True, None, None
        if not live.is_painted:
            live.is_painted = True
            await self._paint(live)

    async def tell(self, live: LiveJob, job: Job) -> bool:
        """Make sure the member knows where a resting job stands. False: it stands there no more, nothing was said.

        Raises DeliveryLaterError, StoreBusyError.
        """
        must_wait = live.card_lock.locked()
        async with live.card_lock:
            # the card's id may be stored while this waits, or the member may press a button
            is_known = not must_wait and _has_its_card(job)
            fresh = job if is_known else await self._store.get(job.id)
            if fresh is None or fresh.state is not job.state:
                return False
            await self._cards.tell(live, fresh)
        live.is_out_of_date, live.drawn = False, None
        return True

    def _is_fresh(self, live: LiveJob, job: Job) -> bool:
        """Whether the card was brought to this very look a moment ago."""
        look, at = live.drawn or (None, 0.0)
        return look == live.look(job.state) and self._clock.monotonic() - at < MIN_PAUSE_SECONDS

    async def _paint(self, live: LiveJob, after_seconds: float = 0.0) -> None:
        try:
            if after_seconds:
                await self._clock.sleep(after_seconds)
            tries = 0
            while live.is_out_of_date and tries < _MAX_TRIES:
                live.is_out_of_date = False
                try:
                    await self._draw(live)
                except (DeliveryLaterError, StoreBusyError) as error:
                    tries += 1
                    log.info("card waits: %s", error, extra={"job": live.id})
                    asked = error.retry_after_seconds if isinstance(error, DeliveryLaterError) else None
                    await self._clock.sleep(backoff_seconds(tries, jitter=random.random(), asked_seconds=asked))
                    live.is_out_of_date = True
        finally:
            live.is_painted = False

    async def _draw(self, live: LiveJob) -> None:
        """Draw the state that the job is in by now, whichever it was drawn for."""
        as_written, live.as_written = live.as_written, None
        if live.card_lock.locked():
            as_written = None
        async with live.card_lock:
            fresh = as_written or await self._store.get(live.id)
            if fresh is None or not fresh.is_live:
                return  # the last word on a job is told, not shown
            if fresh.answered_at is None:
                return  # the answer is its card; one that is there may be another instance's
            if self._is_fresh(live, fresh):
                return  # it went on and came back before it could be drawn
            # at one moment: what changes while the estimate is looked up is drawn the next time
            look, ahead = live.look(fresh.state), live.ahead
            said = {"place": live.place, "is_held_up": live.is_held_up, "is_stranded": live.is_stranded}
            eta = await self._eta_estimator.estimate(fresh)
            eta = replace(eta, ahead=ahead if fresh.state is JobState.CHECKING else eta.ahead, **said)
            message_id = await self._cards.show(live, fresh, eta)
            if message_id is not None and message_id != fresh.card_message_id:
                await self._store.update(live.id, card_message_id=message_id)
            live.drawn = (look, self._clock.monotonic())


def _has_its_card(job: Job) -> bool:
    """Whether a row that was just read or written need not be read again: others write whose card it is, once."""
    return job.answered_at is not None and job.card_message_id is not None


def _can_be_drawn_from(job: Job) -> bool:
    """Whether a painter that begins now needs no look at the row."""
    return job.is_live and _has_its_card(job)
