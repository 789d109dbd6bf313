"""When to look at generations, as learned from those before: what was learned is kept, and thought over in a thread.

What is not kept yet when the process dies are a few lengths, which are learned again.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import StoreBusyError
from bot.jobs.lengths import Expectation, Memory
from bot.jobs.making import ModelLengths
from bot.jobs.model import Job
from bot.jobs.music_models import MusicModel
from bot.jobs.ports import ValueStore
from bot.supervisor import TaskSupervisor

log = logging.getLogger(__name__)

#: A POST that was answered later than this leaves open when the generation was begun.
_PROMPT = timedelta(seconds=20)
#: A span is told between these shares of all cases, and only when its end is not that many times its beginning.
_LOW, _HIGH = 0.1, 0.9
_MAX_WIDTH = 4.0


class Looks:
    """One for all models of a process."""

    def __init__(
        self,
        *,
        store: ValueStore,
        clock: Clock,
        supervisor: TaskSupervisor,
        seconds_per_poll: float,
        wake_in: Callable[[int, float], None],
    ) -> None:
        """`seconds_per_poll`: how much lag one look is worth. `wake_in`: looks at a job after so many seconds."""
        self._store = store
        self._clock = clock
        self._supervisor = supervisor
        self._seconds_per_poll = seconds_per_poll
        self._wake_in = wake_in
        self._models: dict[str, ModelLengths] = {}
        self._kept: dict[str, int] = {}  #: how many lengths had been seen when they were last kept
        self._text: dict[str, str | None] = {}  #: as it was last read or written here
        self._thinking: set[str] = set()
        self._opening = asyncio.Lock()

    async def first_pause_seconds(self, job: Job, model: MusicModel) -> float | None:
        """How long the first look at a job that is new here may wait; None: it is not new, or was begun otherwise.

        Raises StoreBusyError.
        """
        if self._lengths_of(job.id) is not None or not _is_first_watch(job):
            return None
        lengths = await self._opened(job, model)
        now = self._now()
        lengths.begun(job.id, _began(job).timestamp(), now, len(job.prompt))
        return lengths.pause_seconds(job.id, now)

    def pause_after_work(self, job: Job, place: int | None = None) -> float | None:
        """A look found it at work: how long until the next; None: nothing is known of it.

        `place`: how many go first in the service's own queue, where the look told that.
        """
        lengths = self._lengths_of(job.id)
        if lengths is None or not _is_first_watch(job):
            return None
        now = self._now()
        lengths.seen_working(job.id, now, place)
        return lengths.pause_seconds(job.id, now)

    def seen_ready(self, job: Job) -> None:
        """A look found it ready."""
        lengths = self._lengths_of(job.id)
        if lengths is None or not _is_first_watch(job):
            self.gone(job.id)
            return
        uncertain = ((job.accepted_at or job.moved_at) - _began(job)).total_seconds()
        self._turn_came(lengths, lengths.seen_ready(job.id, self._now(), uncertain_seconds=uncertain))
        self._learned(_name(job), lengths)

    def outlived(self, job: Job) -> None:
        """It was at work when its deadline passed."""
        lengths = self._lengths_of(job.id)
        if lengths is None or not _is_first_watch(job):
            self.gone(job.id)
            return
        self._turn_came(lengths, lengths.outlived(job.id, self._now()))
        self._learned(_name(job), lengths)

    def gone(self, job_id: int) -> None:
        """It is in the making no more, whatever became of it. May be said of any job."""
        lengths = self._lengths_of(job_id)
        if lengths is not None:
            self._turn_came(lengths, lengths.gone(job_id, self._now()))

    def span(self, job: Job) -> tuple[datetime, datetime] | None:
        """Between when and when it will be ready in eight of ten cases; None where that cannot be said in honesty."""
        lengths = self._lengths_of(job.id)
        if lengths is None or not _is_first_watch(job):
            return None
        ages = lengths.span_seconds(job.id, self._now(), low=_LOW, high=_HIGH)
        if ages is None or ages[1] > _MAX_WIDTH * ages[0]:
            return None
        return _began(job) + timedelta(seconds=ages[0]), _began(job) + timedelta(seconds=ages[1])

    async def _opened(self, job: Job, model: MusicModel) -> ModelLengths:
        name = _name(job)
        async with self._opening:
            if name not in self._models:
                text = await self._store.get_value(name)
                memory = _read(name, text)
                expectation = Expectation(
                    median_seconds=model.usual_seconds or model.pace.poll_interval_seconds * 4,
                    sigma=model.usual_sigma,
                    horizon_seconds=model.generation_timeout.total_seconds(),
                    seconds_per_poll=self._seconds_per_poll,
                )
                self._models[name] = await asyncio.to_thread(
                    ModelLengths, expectation, max_interval_seconds=model.pace.poll_interval_seconds, memory=memory
                )
                self._kept[name], self._text[name] = memory.count, text
            return self._models[name]

    def _turn_came(self, lengths: ModelLengths, job_ids: list[int]) -> None:
        for job_id in job_ids:
            self._wake_in(job_id, lengths.pause_seconds(job_id, self._now()))

    def _learned(self, name: str, lengths: ModelLengths) -> None:
        is_idle = lengths.is_idle and lengths.memory.count > self._kept[name]
        if (lengths.is_due or is_idle) and name not in self._thinking:
            self._thinking.add(name)
            self._supervisor.spawn(name, self._think(name, lengths))

    async def _think(self, name: str, lengths: ModelLengths) -> None:
        try:
            while lengths.is_due:
                count = lengths.memory.count
                lengths.believe(await asyncio.to_thread(lengths.thought), count)
            while not await self._add_to_kept(name, lengths):
                log.info("%s: another process has learned at the same time", name)
        except StoreBusyError as error:
            log.warning("the database is busy, what was learned of lengths is kept later: %s", error)
        finally:
            self._thinking.discard(name)

    async def _add_to_kept(self, name: str, lengths: ModelLengths) -> bool:
        """Keep what was seen here beside what others have seen; False: one was quicker. Raises StoreBusyError."""
        count = lengths.memory.count
        kept = await self._store.get_value(name)
        memory = lengths.memory
        if kept != self._text[name]:
            memory = _read(name, kept)
            for one in lengths.memory.last(count - self._kept[name]):
                memory.add(one, lengths.belief)
        text, written = memory.written(), memory.count
        if not await self._store.replace_value(name, kept, text):
            return False
        if memory is not lengths.memory:
            for one in lengths.memory.last(lengths.memory.count - count):
                memory.add(one, lengths.belief)
            lengths.adopt(memory)
        self._text[name], self._kept[name] = text, written
        return True

    def _lengths_of(self, job_id: int) -> ModelLengths | None:
        return next((lengths for lengths in self._models.values() if lengths.is_known(job_id)), None)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _name(job: Job) -> str:
    return f"lengths.{job.provider}.{job.model}"[:64]


def _is_first_watch(job: Job) -> bool:
    """Whether it has been in the making ever since it was accepted: a track that was asked for again says nothing."""
    return job.accepted_at is not None and job.accepted_at == job.moved_at


def _began(job: Job) -> datetime:
    """When it was accepted; where the POST was answered late, or the song found at the service, when the POST began."""
    accepted_at = job.accepted_at or job.moved_at
    if job.submit_started_at is not None and accepted_at - job.submit_started_at > _PROMPT:
        return job.submit_started_at
    return accepted_at


def _read(name: str, text: str | None) -> Memory:
    if text is None:
        return Memory()
    try:
        return Memory.read(text)
    except ValueError as error:
        log.warning("%s: what was learned cannot be read and is learned anew: %s", name, error)
        return Memory()
