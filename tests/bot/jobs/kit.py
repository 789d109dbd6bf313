"""Everything a job needs, put together as the bot does it, on a real SQLite file, with time and the outside in hand."""

import asyncio
import itertools
import shutil
import weakref
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.assembly import Ground, Outside, assemble
from bot.disk import Disk
from bot.engine.runner import JobRunner
from bot.jobs.context import RunAgain, StepResult
from bot.jobs.files import JobFiles
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState, Order, Track
from bot.jobs.music_models import MusicModel, MusicModels
from bot.jobs.ports import Finished
from bot.jobs.schedule import Pace
from bot.jobs.service import Actor
from bot.metrics import Metrics
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from bot.supervisor import TaskSupervisor
from tests.bot.jobs.orders import MEMBER, MODEL, an_order
from tests.bot.jobs.scripted import ScriptedDiscord, ScriptedFetcher, ScriptedGenerator, TroubledStore
from tests.moved_clock import MovedClock

TRACK_URL = "https://cdn.example/track.mp3?sig=1"
OWNER = Actor(member_id=MEMBER)
#: The order of the states on the straight way.
STRAIGHT = (
    JobState.QUEUED,
    JobState.SUBMITTING,
    JobState.GENERATING,
    JobState.READY,
    JobState.DELIVERING,
    JobState.DELIVERED,
)


class HeardRunner(JobRunner):
    """Writes down whom it was asked to look at."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.woken: list[int] = []
        self.called_up: list[int] = []

    def wake(self, job_id: int) -> None:
        self.woken.append(job_id)
        super().wake(job_id)

    def call_up(self, job_id: int) -> None:
        self.called_up.append(job_id)
        super().call_up(job_id)


class Kit:
    """One process, as far as jobs are concerned. `restarted` gives a second one on the same rows and files."""

    poll_cost_seconds: float | None = None  #: None: looks are not learned

    def __init__(self, store: SqlJobStore, folder: Path, *, clock: MovedClock | None = None, places: int = 20) -> None:
        self.real_store = store
        self.folder = folder
        self.places = places
        self.store = TroubledStore(store)
        self.clock = clock or MovedClock()
        self.metrics = Metrics()
        self.supervisor = TaskSupervisor(self.clock)
        self.generator = ScriptedGenerator()
        self.discord = ScriptedDiscord()
        self.fetcher = ScriptedFetcher()
        self.files = JobFiles(folder)
        self.files.prepare()
        self.model = MusicModel(
            name=MODEL,
            provider="aiml",
            generator=self.generator,
            look_up=self.generator,
            pace=Pace(poll_interval_seconds=10, polls_per_second=5),
            generation_timeout=timedelta(seconds=900),
            concurrency=places,
        )
        self.disk = Disk([folder / "tracks"], self.clock)
        ground = Ground(
            store=self.store,
            figures=self.store,
            record=self.store,
            files=self.files,
            disk=self.disk,
            clock=self.clock,
            metrics=self.metrics,
            supervisor=self.supervisor,
        )
        assembly = assemble(
            ground,
            models=MusicModels([self.model]),
            pace=self.model.pace,
            engine=HeardRunner,
            poll_cost_seconds=self.poll_cost_seconds,
        )
        self.steps = assembly.steps(
            Outside(references=self.fetcher, tracks=self.fetcher, cards=self.discord, delivery=self.discord)
        )
        self.assembly = assembly
        self.context = self.steps._context
        self.card_updater = self.context.card_updater
        self.service = assembly.jobs
        self.brake = assembly.brake
        self.eta_estimator = assembly.eta_estimator
        self.engine = assembly.engine
        self.looks = assembly.looks
        self.woken = assembly.engine.woken
        self.called_up = assembly.engine.called_up
        self.line = assembly.line
        self._interactions = itertools.count(1)
        self._live: dict[int, LiveJob] = {}

    def restarted(self) -> "Kit":
        """The next process: knows nothing but the rows and the files."""
        return Kit(self.real_store, self.folder, clock=self.clock, places=self.places)

    async def order(self, order: Order | None = None) -> Job:
        return await self.real_store.add(order or an_order(next(self._interactions)), self.clock.now())

    async def taken(self, order: Order) -> Job:
        """As a member orders it, and is answered."""
        return (await self.service.take(replace(order, answered_at=order.answered_at or self.clock.now()))).job

    async def job(self, job_id: int = 1) -> Job:
        job = await self.real_store.get(job_id)
        assert job is not None
        return job

    async def run_step(self, job_id: int = 1) -> StepResult:
        """One step, and the card that it leads to."""
        step = await self.look(job_id)
        await self.painted()
        return step

    def live(self, job_id: int = 1) -> LiveJob:
        """What this process remembers of a job; tests that play the engine hold on to it to the end."""
        return self._live.setdefault(job_id, LiveJob(id=job_id))

    def let_go(self, job_id: int = 1) -> "weakref.ref[LiveJob]":
        """Forget a job, as the engine does when there is nothing more to do for it."""
        return weakref.ref(self._live.pop(job_id))

    def in_flight(self) -> set[int]:
        return {live.id for live in self._live.values() if live.in_flight}

    async def look(self, job_id: int = 1) -> StepResult:
        """One step, as the engine runs it."""
        return await self.steps.run_step(self.live(job_id))

    async def give_up(self, job_id: int = 1) -> StepResult:
        return await self.steps.give_up(self.live(job_id))

    def show(self, job: Job) -> None:
        """Have its card drawn, as steps do."""
        self.card_updater.show(self.live(job.id), job)

    async def tell(self, job: Job) -> bool:
        return await self.card_updater.tell(self.live(job.id), job)

    async def run_on(self, job_id: int = 1) -> StepResult:
        """Steps until nothing is to be done at once."""
        for _ in range(50):
            step = await self.run_step(job_id)
            if not isinstance(step, RunAgain) or step.after_seconds > 0:
                return step
        raise AssertionError("fifty steps without a pause")

    async def painted(self) -> None:
        """Until every painter has ended or sleeps."""
        await eventually(lambda: not self.supervisor._spawned or self.clock.has_sleepers())

    async def at(self, state: JobState, *, fetched: bool = False) -> Job:
        """A job that came into this state on the straight way, without the parts noticing."""
        job = await self.order()
        for after in STRAIGHT:
            if job.state is state:
                break
            job = await self._onward(job, after)
            if after is JobState.READY and (fetched or state is not JobState.READY):
                job = await self.with_file(job)
        assert job.state is state
        return job

    async def with_file(self, job: Job) -> Job:
        assert job.track is not None
        name = f"{job.id}-{job.key}.mp3"
        self.files.track_path(name).write_bytes(b"ID3 kept")
        kept = await self.real_store.update(job.id, track=replace(job.track, copy_name=name, size_bytes=8, seconds=9.0))
        assert kept is not None
        return kept

    async def unknown(self) -> Job:
        """A job whose POST was never answered, and whose member knows it."""
        job = await self.at(JobState.SUBMITTING)
        unknown = await self.real_store.move(job, JobState.UNKNOWN, self.clock.now())
        assert unknown is not None
        told = await self.real_store.update(job.id, notified_state=JobState.UNKNOWN)
        assert told is not None
        return told

    async def _onward(self, job: Job, after: JobState) -> Job:
        now = self.clock.now()
        match after:
            case JobState.SUBMITTING:
                moved = await self.real_store.move(job, after, now, attempt=job.attempt + 1, submit_started_at=now)
            case JobState.GENERATING:
                deadline = now + self.model.generation_timeout
                moved = await self.real_store.resolve_submission(job.id, job.attempt, f"g-{job.id}", now, deadline)
            case JobState.READY:
                moved = await self.real_store.move(job, after, now, track=Track(url=TRACK_URL))
            case JobState.DELIVERING:
                moved = await self.real_store.move(job, after, now, deliver_started_at=now)
            case _:
                moved = await self.real_store.move(job, after, now)
        assert moved is not None
        return moved

    async def patiently(self, step: "asyncio.Future[Any]") -> Any:
        """Let time pass, a minute at a time, until a step that pauses within itself has ended."""
        async with asyncio.timeout(30):
            while not step.done():
                if self.clock.has_sleepers():
                    await self.clock.advance(60)
                await asyncio.sleep(0.002)
        return step.result()

    async def states(self, job_id: int = 1) -> list[JobState]:
        """The job's way so far."""
        return [event.after for event in await self.real_store.history(job_id)]

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


def finished(url: str = TRACK_URL) -> Finished:
    return Finished(track_url=url)


@asynccontextmanager
async def opened_store(folder: Path, template: Path) -> AsyncGenerator[SqlJobStore]:
    """A real file; a copy of a migrated one, because a migration for each test takes too long."""
    shutil.copy(template, folder / "compose.db")
    async with open_store(
        f"sqlite+aiosqlite:///{folder / 'compose.db'}", clock=MovedClock(), synchronous="OFF"
    ) as store:
        yield store


async def eventually(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Give threads and sockets the time they need; only a defect waits as long as `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not holds():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError("it never happened")
        await asyncio.sleep(0.002)
