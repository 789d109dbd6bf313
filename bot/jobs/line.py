"""The line for places at the music service: waiting songs are rows; whoever is next is found when a place comes free.

Nothing here is durable: who was given a place is in memory until their POST is begun, and after a start one statement
finds the next again.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import StoreBusyError
from bot.jobs.brake import BrakeChange
from bot.jobs.line_head import Head, HeadStore
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModel, MusicModels

log = logging.getLogger(__name__)

#: So many cards at the head are kept true; further back a card keeps the number that it was drawn with.
HEAD = 20
#: A card at the head is not drawn again sooner, unless it is its turn.
_REDRAW_SECONDS = 10.0
#: Places that came free without our notice, such as by another process or the end of a pause, are found after so long.
_SWEEP_SECONDS = 15.0
#: The same where there are other processes, and how long a song that was given a place may take to be looked at.
_SHARED_SWEEP_SECONDS = 4.0
_AFTER_A_BUSY_STORE_SECONDS = 2.0
#: So many have been given a place and have not begun; POSTs go out a few at a time, and a statement names them all.
_MAX_CALLED = 200

#: So long a count of those before a song serves those behind it.
_COUNTED_SECONDS = 10.0

#: So many that have a place and cannot go yet let others go first; where there are more, it is nobody's own trouble.
_MAX_ASIDE = 20

#: States in which a song holds a place at its service.
_HAS_PLACE = frozenset({JobState.SUBMITTING, JobState.GENERATING})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """How many went before one song, and when they were counted, on the monotonic clock."""

    job_id: int
    ahead: int
    at: float


class Line:
    """One for all models of a process; the only one that gives places."""

    def __init__(self, *, store: HeadStore, models: MusicModels, clock: Clock) -> None:
        """`wake` and `draw` are set before it is asked for anything; both return at once."""
        self._store = store
        self._models = models
        self._clock = clock
        #: Has one song looked at, before others.
        self.wake: Callable[[int], None] = lambda _job_id: None
        #: Has one waiting song's card drawn.
        self.draw: Callable[[int], None] = lambda _job_id: None
        #: Whether others give places as well: whoever looks at a song gives it one, and the store says no to too many.
        self.is_shared = False
        #: Of those that were given a place and are another's to look at, until when that is believed.
        self._expected: dict[int, float] = {}
        #: Who cannot go yet lets others go first until they enter again; their records are kept, also while they wait.
        self._aside: set[int] = set()
        self._unable: dict[int, LiveJob] = {}
        self._called: dict[str, set[int]] = {name: set() for name in models.names}
        self._is_full: set[str] = set()
        #: Where nobody waits, so that a place that comes free is no news; whoever joins asks for one.
        self._is_empty: set[str] = set()
        #: Where a place may have come free.
        self._freed: set[str] = set(models.names)
        self._heads: dict[str, dict[int, int]] = {}
        #: What cards at the head say, and since when, on the monotonic clock.
        self._drawn: dict[int, tuple[int, float]] = {}
        self._counted: dict[str, _Counted] = {}
        self._changed = asyncio.Event()
        self._filling = asyncio.Lock()
        self._must_draw = self._is_running = False

    @property
    def models(self) -> Collection[str]:
        """Whose songs stand in line here; songs of others are looked at one by one."""
        return self._called.keys()

    def called_ids(self) -> Collection[int]:
        """Who was given a place and has not begun."""
        return [job_id for called in self._called.values() for job_id in called]

    async def ahead_of(self, job: Job) -> int:
        """How many go first: true at the head; further back as counted within the last seconds. Raises StoreBusyError.

        One count serves all who join after it: each counts only who came in between.
        """
        if job.id in self._called.get(job.model, ()):
            return 0
        place = self._heads.get(job.model, {}).get(job.id)
        return await self._counted_ahead(job) if place is None else place

    async def told_ahead(self, job: Job) -> int:
        """The same for a card that is about to say so: it is not drawn again before that is another number."""
        place = await self.ahead_of(job)
        if job.state is JobState.QUEUED:
            self._drawn[job.id] = (place, self._clock.monotonic())
        return place

    async def _counted_ahead(self, job: Job) -> int:
        counted, now = self._counted.get(job.model), self._clock.monotonic()
        if counted is None or counted.job_id > job.id or now - counted.at > _COUNTED_SECONDS:
            ahead = await self._store.ahead_of(job, self._clock.now())
            self._counted[job.model] = _Counted(job_id=job.id, ahead=ahead, at=now)
            return ahead
        return counted.ahead + await self._store.waiting_between(counted.job_id, job, self._clock.now())

    async def enter(self, job: Job, model: MusicModel) -> bool:
        """Whether this waiting song has a place. If not, it is woken when it has. Raises StoreBusyError."""
        called = self._called.setdefault(model.name, set())
        self._aside.discard(job.id)
        self._forget_others()
        if self.is_shared and job.id not in called:
            self._is_full.discard(model.name)
        if job.id not in called and model.name not in self._is_full:
            await self._fill(model, asking=job.id)
        self._expected.pop(job.id, None)
        return job.id in called

    def _forget_others(self) -> None:
        """Who was given a place here may begin elsewhere, of which nothing is heard."""
        now = self._clock.monotonic()
        for job_id in [job_id for job_id, until in self._expected.items() if until <= now]:
            del self._expected[job_id]
            self._is_called_no_more(job_id)

    def saw(self, live: LiveJob, job: Job | None) -> None:
        """What an engine's step found in the row: a place may have come free."""
        if job is not None and job.state in _HAS_PLACE:
            live.place_at = job.model
        if job is not None and job.state is JobState.QUEUED:
            self.went_back(live)
        if job is not None and job.state in {JobState.QUEUED, JobState.SUBMITTING}:
            return
        self._aside.discard(live.id)
        self._unable.pop(live.id, None)
        was_in = self._is_called_no_more(live.id)
        if job is None or job.state is not JobState.GENERATING:
            self.went_back(live)
            self._look_at(name for name in was_in if name not in self._is_empty)
        elif was_in and len(self._called[job.model]) == _MAX_CALLED - 1:
            self._look_at(was_in)

    def went_back(self, live: LiveJob) -> None:
        """Where it held a place, that is free: it goes back in line, or has come to its end."""
        if live.place_at is not None and live.place_at not in self._is_empty:
            self._look_at([live.place_at])
        live.place_at = None

    def _is_called_no_more(self, job_id: int) -> list[str]:
        """In whose line it was until now."""
        was_in = [name for name, called in self._called.items() if job_id in called]
        for name in was_in:
            self._called[name].discard(job_id)
        return was_in

    def step_back(self, job: Job) -> None:
        """It must not go out while its server is paused: its place is free for another, and it keeps its turn."""
        self._called.get(job.model, set()).discard(job.id)
        self._look_at([job.model])

    def let_others_go_first(self, live: LiveJob, job: Job) -> None:
        """It has a place and cannot go yet, for a reason of its own: the place is free until it enters again."""
        if live.id in self._unable or len(self._unable) < _MAX_ASIDE:
            self._unable[live.id] = live
            self._aside.add(live.id)
            self.step_back(job)

    def look(self) -> None:
        """Places may have come free anywhere: by a raised limit, a pause that ended. Returns at once."""
        self._look_at(self._called)

    def _look_at(self, names: Iterable[str]) -> None:
        for name in names:
            self._is_full.discard(name)
            self._freed.add(name)
            self._changed.set()

    def brake_changed(self, _change: BrakeChange) -> None:
        """Cards at the head say why they wait; before `run` they say it already."""
        self._drawn.clear()
        self._must_draw = self._is_running
        self.look()

    async def run(self) -> None:
        """Fill free places, for ever."""
        self._is_running = True
        while True:
            if not self._changed.is_set():
                self.look()
            self._changed.clear()
            freed, self._freed = self._freed, set()
            self._is_full -= freed  # who was filling when a place came free may have called it full since
            self._forget_others()
            pause = _SHARED_SWEEP_SECONDS if self.is_shared else _SWEEP_SECONDS
            try:
                for model in self._models:
                    if model.name in freed:
                        await self._fill(model)
            except StoreBusyError as error:
                log.warning("the database is busy: %s", error)
                self._freed |= freed
                pause = _AFTER_A_BUSY_STORE_SECONDS
            await self._clock.wait(self._changed, min(pause, self._draw_head()))

    async def _fill(self, model: MusicModel, asking: int | None = None) -> None:
        """Give every free place away. `asking` sees for itself and is not woken."""
        called = self._called.setdefault(model.name, set())
        async with self._filling:
            self._is_empty.discard(model.name)
            while model.name not in self._is_full:
                limit = HEAD + min(model.concurrency, _MAX_CALLED)
                head = await self._store.head_of_line(
                    model.name, tuple(called), limit, self._clock.now(), aside=tuple(self._aside)
                )
                if head is None:
                    self._heads[model.name] = {}
                    self._nobody_waits(model.name)
                    return
                free = min(model.concurrency - self._taken(model.name, head), _MAX_CALLED - len(called))
                next_ids = head.next_ids(free, self._clock.now())
                called.update(next_ids)
                self._note_head(model.name, head, next_ids)
                for job_id in next_ids:
                    if job_id != asking:
                        self.wake(job_id)
                        if self.is_shared:
                            self._expected[job_id] = self._clock.monotonic() + _SHARED_SWEEP_SECONDS
                if len(next_ids) >= free:
                    self._is_full.add(model.name)
                elif len(next_ids) == len(head.ids) < limit:
                    self._nobody_waits(model.name)
                    return

    def _nobody_waits(self, name: str) -> None:
        if not self.is_shared:  # others have songs join of which nothing is heard here
            self._is_empty.add(name)

    def _taken(self, name: str, head: Head) -> int:
        """Places that are taken at the address that is asked now."""
        return max(0, head.taken - self._models.elsewhere_of(name))

    def _note_head(self, name: str, head: Head, gone: Collection[int]) -> None:
        waiting = [job_id for job_id in head.ids if job_id not in gone]
        taken = self._taken(name, head) + len(gone)
        is_new = not self._heads.get(name)
        self._heads[name] = {job_id: taken + index for index, job_id in enumerate(waiting[:HEAD])}
        if is_new and not self._must_draw:
            # as found after a start: that is what these cards say
            self._drawn |= {
                job_id: (self._taken(name, head) + index, float("-inf")) for index, job_id in enumerate(head.ids)
            }

    def _draw_head(self) -> float:
        """Draw the cards at the head whose number has changed; seconds until others may be drawn."""
        now = self._clock.monotonic()
        waits = [_SWEEP_SECONDS]
        places = {job_id: place for head in self._heads.values() for job_id, place in head.items()}
        # who was told a number a moment ago may be at the head and not be seen there yet
        drawn = {job_id: said for job_id, said in self._drawn.items() if now - said[1] < _SWEEP_SECONDS}
        drawn |= {job_id: self._drawn.get(job_id, (-1, float("-inf"))) for job_id in places}
        for job_id, place in places.items():
            said, at = drawn[job_id]
            if said == place:
                continue
            if now - at < _REDRAW_SECONDS:
                waits.append(_REDRAW_SECONDS - (now - at))
                continue
            drawn[job_id] = (place, now)
            self.draw(job_id)
        self._drawn, self._must_draw = drawn, False
        return min(waits)
