"""Learned looks in a job's steps: when they come, what is kept, and what is told on the card."""

import asyncio
import logging
import math
import random
import time
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.generation.fal.client import FalClient
from bot.generation.fal.profiles import PROFILES
from bot.generation.transport import HttpLimits
from bot.jobs.context import RunAgain
from bot.jobs.lengths import Memory
from bot.jobs.making import MIN_LENGTHS
from bot.jobs.model import JobState
from bot.jobs.outlook import Eta
from bot.jobs.ports import Progress, StillWorking
from sandbox.generation import FakeGeneration, Settings
from sandbox.generation.config import Script
from sandbox.generation.ledger import Generation
from tests.bot.generation.stand_ins import FAST, open_sessions
from tests.bot.jobs.kit import Kit, eventually, finished, opened_store

WORKING = StillWorking(status="generating")
NAME = "lengths.aiml.minimax-music"


class LearningKit(Kit):
    """The same bot with LEARN_POLLS=yes."""

    poll_cost_seconds = 0.2

    def restarted(self) -> "LearningKit":
        again = LearningKit(self.real_store, self.folder, clock=self.clock, places=self.places)
        again._interactions = self._interactions
        return again

    async def made_in(self, seconds: float) -> int:
        """How many looks a song takes that is made all alone in so many seconds."""
        job = await self.at(JobState.GENERATING)
        ready_at = self.clock.now() + timedelta(seconds=seconds)
        self.generator.polls.default = lambda _id: (
            finished(f"https://x.example/{job.id}") if self.clock.now() >= ready_at else WORKING
        )
        before = len(self.generator.polls.calls)
        while (await self.job(job.id)).state is JobState.GENERATING:
            step = await self.look(job.id)
            assert isinstance(step, RunAgain)
            self.clock.leap(step.after_seconds)
        await self.thought_over()
        return len(self.generator.polls.calls) - before

    async def thought_over(self) -> None:
        assert self.looks is not None
        thinking = self.looks._thinking
        await eventually(lambda: not thinking)

    async def kept(self) -> Memory:
        text = await self.real_store.get_value(NAME)
        return Memory() if text is None else Memory.read(text)


@pytest.fixture
async def learning(tmp_path: Path, template: Path) -> AsyncGenerator[LearningKit]:
    async with opened_store(tmp_path, template) as store:
        kit = LearningKit(store, tmp_path / "data")
        yield kit
        await kit.supervisor.stop()


@pytest.mark.heavy
async def test_a_bot_that_has_learned_looks_less_often_and_sees_sooner_also_after_a_restart(learning: LearningKit):
    chance = random.Random(1)
    first = await learning.made_in(45)
    for _ in range(MIN_LENGTHS + 10):
        await learning.made_in(chance.uniform(40, 50))
    assert (await learning.kept()).count == MIN_LENGTHS + 11
    again = learning.restarted()
    job = await again.at(JobState.GENERATING)
    step = await again.look(job.id)
    assert isinstance(step, RunAgain)
    assert learning.model.pace.poll_interval_seconds < 15 < step.after_seconds < 45
    assert not again.generator.polls.calls
    assert await again.made_in(45) < max(first, 6)


async def test_until_ten_lengths_are_known_a_new_song_is_looked_at_within_the_interval(learning: LearningKit):
    await learning.at(JobState.GENERATING)
    step = await learning.look()
    assert isinstance(step, RunAgain)
    assert 5 < step.after_seconds <= learning.model.pace.poll_interval_seconds


async def test_who_asks_for_a_look_gets_one_at_once(learning: LearningKit):
    await learning.at(JobState.GENERATING)
    await learning.look()
    assert not learning.generator.polls.calls
    await learning.look()
    assert len(learning.generator.polls.calls) == 1


async def test_a_song_that_outlives_its_deadline_is_learned_as_one_that_never_ends(learning: LearningKit):
    await learning.made_in(5_000)
    (one,) = (await learning.kept()).seen
    assert one.until == math.inf
    assert one.after >= 900


async def test_a_track_that_is_asked_for_again_teaches_nothing(learning: LearningKit):
    job = await learning.at(JobState.READY)
    learning.clock.leap(50)
    assert await learning.real_store.move(job, JobState.GENERATING, learning.clock.now())
    learning.generator.polls.then(finished())
    await learning.look()
    await learning.thought_over()
    assert (await learning.job()).state is JobState.READY
    assert (await learning.kept()).count == 0


async def test_a_song_that_was_found_at_the_service_long_after_its_post_is_looked_at_at_once(learning: LearningKit):
    """It may have been in the making ever since the POST began, and its length lies somewhere in that."""
    job = await learning.at(JobState.SUBMITTING)
    learning.clock.leap(100)
    now = learning.clock.now()
    deadline = now + learning.model.generation_timeout
    assert await learning.real_store.resolve_submission(job.id, job.attempt, "found", now, deadline)
    learning.generator.polls.then(finished())
    await learning.look()
    await learning.thought_over()
    assert len(learning.generator.polls.calls) == 1
    (one,) = (await learning.kept()).seen
    assert (one.after, one.until) == (0, 100)


async def test_what_was_let_go_is_forgotten(learning: LearningKit):
    job = await learning.at(JobState.GENERATING)
    await learning.look()
    assert await learning.real_store.move(job, JobState.CANCELLED, learning.clock.now())
    await learning.look()
    assert learning.looks is not None
    assert all(lengths.is_idle for lengths in learning.looks._models.values())
    assert (await learning.kept()).count == 0


async def test_what_was_kept_and_cannot_be_read_is_told_and_learned_anew(
    learning: LearningKit, caplog: pytest.LogCaptureFixture
):
    await learning.real_store.set_value(NAME, "nonsense")
    with caplog.at_level(logging.WARNING):
        await learning.made_in(30)
    assert "learned anew" in caplog.text
    assert (await learning.kept()).count == 1


async def test_the_card_tells_a_span_and_nothing_once_no_span_can_be_told(learning: LearningKit):
    for _ in range(MIN_LENGTHS):
        await learning.made_in(45)
    job = await learning.at(JobState.GENERATING)
    await learning.look(job.id)
    eta = await learning.eta_estimator.estimate(job)
    assert job.accepted_at is not None
    assert eta.earliest_at is not None
    assert eta.expected_at is not None
    assert 25 < (eta.earliest_at - job.accepted_at).total_seconds() < 45
    assert 45 < (eta.expected_at - job.accepted_at).total_seconds() < 90
    stranger = await learning.at(JobState.GENERATING)
    assert await learning.eta_estimator.estimate(stranger) == Eta()


@pytest.mark.heavy
async def test_one_after_the_other_is_learned_and_the_next_is_looked_at_when_its_turn_has_come(learning: LearningKit):
    """Three at a time at a service that makes one at a time, 20 seconds each, until the bot believes that."""
    looks = learning.looks
    assert looks is not None
    for _ in range(8):
        jobs = [await learning.at(JobState.GENERATING) for _ in range(3)]
        due = dict.fromkeys([job.id for job in jobs], learning.clock.now())
        began = learning.clock.now()
        ready = {job.id: began + timedelta(seconds=20 * (place + 1)) for place, job in enumerate(jobs)}
        while due:
            job_id = min(due, key=lambda known: due[known])
            learning.clock.leap(max(0.0, (due.pop(job_id) - learning.clock.now()).total_seconds()))
            is_ready = learning.clock.now() >= ready[job_id]
            learning.generator.polls.default = finished(f"https://x.example/{job_id}") if is_ready else WORKING
            step = await learning.look(job_id)
            if (await learning.job(job_id)).state is JobState.GENERATING and isinstance(step, RunAgain):
                due[job_id] = learning.clock.now() + timedelta(seconds=step.after_seconds)
            for other, live in learning.engine._jobs.items():
                if other in due and live.due is not None:
                    pause = max(0.0, live.due - learning.clock.monotonic())
                    due[other] = min(due[other], learning.clock.now() + timedelta(seconds=pause))
                live.due = None
        await learning.thought_over()
    assert looks._models[NAME].belief.servers == 1


class QueueOfOthers:
    """The real client in front of the sandbox's fal, which makes one song after the other, 20 seconds each.

    Before each of ours some of others were ordered. The time is the kit's.
    """

    def __init__(self, learning: LearningKit, api: FakeGeneration, client: FalClient) -> None:
        self.learning, self.client, self.ledger = learning, client, api.world.ledger
        self.folder, self.seconds = api.world.folder, random.Random(3)
        self.songs: dict[str, str] = {}
        self.looks = 0
        learning.generator.polls.default = self.poll

    async def poll(self, generation_id: str) -> Progress:
        self.looks += 1
        self.tell_the_time()
        return await self.client.poll(self.songs[generation_id])

    def tell_the_time(self) -> None:
        self.ledger._began = time.monotonic() - self.learning.clock.monotonic()

    async def ordered(self, name: str) -> str:
        """A song that is in its queue from now on; nothing is composed for it."""
        self.tell_the_time()
        track = self.folder / "track.mp3"
        track.touch()
        made = asyncio.create_task(asyncio.sleep(0))
        await made
        self.ledger.generations[name] = Generation(
            id=name,
            client_request_id=None,
            prompt="",
            endpoint="fal-ai/minimax-music",
            reference=track,
            track=track,
            script=Script(generating_seconds=self.seconds.uniform(17, 23)),
            accepted_at=self.ledger.now(),
            composing=made,
        )
        return f"fal-ai/minimax-music/requests/{name}"

    async def looks_behind(self, others: int) -> int:
        """How many looks a song takes that waits for so many others."""
        for number in range(others):
            await self.ordered(f"other-{len(self.ledger.generations)}-{number}")
        job = await self.learning.at(JobState.GENERATING)
        self.songs[f"g-{job.id}"] = await self.ordered(f"ours-{job.id}")
        before = self.looks
        while (await self.learning.job(job.id)).state is JobState.GENERATING:
            step = await self.learning.look(job.id)
            assert isinstance(step, RunAgain)
            self.learning.clock.leap(step.after_seconds)
        await self.learning.thought_over()
        return self.looks - before


@pytest.mark.heavy
async def test_the_place_that_fal_tells_is_learned_from_and_spares_looks(learning: LearningKit):
    settings = Settings(most_at_once=1, queued_seconds=0)
    async with open_sessions() as sessions, FakeGeneration(settings, speaks="fal") as api:
        client = FalClient(
            sessions=sessions,
            base_url=api.url,
            api_key=SecretStr(api.key),
            profile=PROFILES["fal:minimax-music"],
            clock=SystemClock(),
            budget=AsyncLimiter(1000, 1),
            limits=HttpLimits(timeouts=FAST),
        )
        queue = QueueOfOthers(learning, api, client)
        before = [await queue.looks_behind(others) for others in (3, 0, 5, 1, 6, 4, 2, 0, 3, 5, 1, 4, 2, 6)]
        assert learning.looks is not None
        belief = learning.looks._models[NAME].belief
        assert belief.queue is not None
        assert belief.queue.pace.seconds == pytest.approx(20, rel=0.2)
        since = [await queue.looks_behind(others) for others in (5, 6)]
        assert since[0] < before[2]
        assert since[1] < before[4]
    (first, *_, last) = (await learning.kept()).seen
    assert first.told is not None
    assert last.told is not None
    assert (first.told.first_place, last.told.first_place) == (2, 5)


@pytest.mark.heavy
async def test_what_two_processes_learn_at_the_same_time_is_kept_of_both(learning: LearningKit) -> None:
    other = learning.restarted()
    for seconds in (20, 21):
        await learning.made_in(seconds)
        await other.made_in(seconds + 40)
    memory = await learning.kept()
    await other.supervisor.stop()
    assert memory.count == 4
    assert sorted(round(one.until) > 50 for one in memory.seen) == [False, False, True, True]
