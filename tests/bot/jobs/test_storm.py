"""Everything fails at random, members press at random, the process dies at random: the promises hold all the same.

Seeded; only the moments at which the database's threads answer differ from run to run.
"""

import asyncio
import gc
import logging
import random
from collections import Counter

import pytest

from bot.errors import (
    AccountError,
    BusyError,
    ControlError,
    DeliveryLaterError,
    OutcomeUnknownError,
    Reason,
    ReferenceRefusedError,
    RefusedError,
    StoreBusyError,
    TrackLostError,
    TrackNotReadyError,
    UndeliverableError,
)
from bot.jobs.model import Job, JobState
from bot.jobs.ports import DeliveredMessage, GaveUp, GenerationRequest, StillWorking
from tests.bot.jobs.kit import OWNER, Kit, finished
from tests.bot.jobs.orders import LYRICS
from tests.bot.jobs.scripted import TRACK, Trouble, checked

#: So long Discord knows a nonce in this storm; the bot trusts it for a minute.
NONCE_SECONDS = 180.0
JOBS = 40


class Outside:
    """A provider and a Discord that outlive the process, with bad manners until `calm` is set."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.calm = False
        self.posts: Counter[str] = Counter()
        self.generations: dict[str, str] = {}
        self.messages: dict[int, list[float]] = {}
        self.kit: Kit | None = None

    def happens(self, share: float) -> bool:
        return not self.calm and self.rng.random() < share

    def join(self, kit: Kit) -> None:
        self.kit = kit
        kit.generator.submits.default = self.submit
        kit.generator.polls.default = self.poll
        kit.generator.fetches.default = self.fetch
        kit.generator.look_ups.default = lambda call: self.generations.get(call[0])
        kit.generator.can_look_up = self.rng.random() < 0.5
        kit.fetcher.checks.default = self.check
        kit.discord.shows.default = lambda _call: DeliveryLaterError("500") if self.happens(0.2) else 500
        kit.discord.tells.default = lambda _job: DeliveryLaterError("500") if self.happens(0.3) else None
        kit.discord.deliveries.default = self.deliver
        kit.discord.searches.default = self.search
        kit.store.troubles.append(Trouble("move", 10**9, lambda _args, _kwargs: self.happens(0.05)))
        for method in ("get", "update", "resolve_submission", "ahead_of", "get_value", "set_value"):
            kit.store.troubles.append(Trouble(method, 10**9, lambda _args, _kwargs: self.happens(0.03)))

    def check(self, job: Job) -> object:
        if self.happens(0.05):
            return ReferenceRefusedError(Reason.SOUND, "sound.too_short")
        return BusyError("502") if self.happens(0.2) else checked(job)

    def submit(self, request: GenerationRequest) -> object:
        self.posts[request.client_request_id] += 1
        if self.happens(0.15):
            return BusyError("429")
        if self.happens(0.04):
            return RefusedError("422", reason=Reason.CONTENT_REFUSED)
        if self.happens(0.04):
            return AccountError("403", reason=Reason.NO_CREDITS)
        lost_before = self.happens(0.1)
        if not lost_before:
            self.generations[request.client_request_id] = f"gen-{len(self.generations)}"
        if lost_before or self.happens(0.1):
            return OutcomeUnknownError("reset")
        return self.generations[request.client_request_id]

    def poll(self, generation_id: str) -> object:
        assert generation_id in self.generations.values()
        if self.happens(0.2):
            return BusyError("500")
        if self.happens(0.05):
            return RefusedError("404", reason=Reason.GENERATION_LOST)
        if self.happens(0.02):
            return GaveUp(reason=Reason.PROVIDER_FAILED, detail="")
        return StillWorking(status="processing") if self.happens(0.5) else finished()

    def fetch(self, _call: object) -> object:
        if self.happens(0.2):
            return TrackNotReadyError("404")
        return TrackLostError("empty") if self.happens(0.1) else TRACK

    def deliver(self, call: tuple[Job, bytes]) -> object:
        job, content = call
        assert content == TRACK
        assert self.kit is not None
        if self.happens(0.2):
            return DeliveryLaterError("500 before the effect")
        if self.happens(0.03):
            return UndeliverableError("50001")
        now = self.kit.clock.monotonic()
        sent = self.messages.setdefault(job.id, [])
        if not sent or now - sent[-1] > NONCE_SECONDS:
            sent.append(now)
        if self.happens(0.2):
            return DeliveryLaterError("500 after the effect", retry_after_seconds=self.rng.choice([None, 30, 110]))
        return DeliveredMessage(channel_id=6, message_id=job.id)

    def search(self, call: tuple[Job, object]) -> object:
        if self.happens(0.2):
            return DeliveryLaterError("500")
        job, _ = call
        return DeliveredMessage(channel_id=6, message_id=job.id) if self.messages.get(job.id) else None

    async def press(self, kit: Kit) -> None:
        job_id = self.rng.randint(1, JOBS)
        service = kit.service
        presses = [service.cancel, service.risk_again, service.risk_again, service.dismiss, service.ask_again]
        try:
            await self.rng.choice(presses)(job_id, OWNER)
        except (ControlError, StoreBusyError):
            return


async def killed(kit: Kit, outside: Outside) -> Kit:
    """The process is gone from one moment to the next; another one finds the rows and the files."""
    await kit.supervisor.stop()
    successor = kit.restarted()
    outside.join(successor)
    await begun(successor)
    return successor


async def begun(kit: Kit) -> None:
    """As the bot begins: what was kept of the account's brake is known before any job is looked at."""
    while True:
        try:
            await kit.brake.load()
            break
        except StoreBusyError:
            continue
    kit.supervisor.run_forever("brake", kit.brake.run)
    await kit.engine.start(kit.steps)


async def at_rest(kit: Kit) -> bool:
    return not await kit.real_store.unfinished_ids()


@pytest.mark.parametrize(
    "seed", [pytest.param(1, marks=pytest.mark.heavy), *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))]
)
async def test_in_any_storm_nothing_is_lost_paid_twice_or_posted_twice(
    kit: Kit, seed: int, caplog: pytest.LogCaptureFixture
):
    # a record of the log that pytest keeps holds an error, the error its frames, and those the job
    caplog.set_level(logging.CRITICAL)
    outside = Outside(seed)
    outside.join(kit)
    for _ in range(JOBS):
        await kit.order()
    await begun(kit)
    for _ in range(250):
        await kit.clock.advance(outside.rng.uniform(0.1, 15))
        await asyncio.sleep(0.003)
        if outside.happens(0.5):
            await outside.press(kit)
        if outside.happens(0.04):
            kit = await killed(kit, outside)
    outside.calm = True
    for _ in range(4000):
        if await at_rest(kit):
            break
        await kit.clock.advance(20)
        await asyncio.sleep(0.003)
    else:
        pytest.fail("some job never comes to rest")
    await kit.engine.stop(5)
    await kit.supervisor.stop()

    assert max(outside.posts.values()) == 1, "one attempt was posted twice"
    assert all(len(sent) == 1 for sent in outside.messages.values()), "a track was posted twice"
    states: Counter[JobState] = Counter()
    for job_id in range(1, JOBS + 1):
        job = await kit.job(job_id)
        states[job.state] += 1
        assert job.notified_state is job.state
        assert job.lyrics == LYRICS
        assert (job.state is JobState.DELIVERED) <= (job_id in outside.messages)
        # an attempt that was killed between its intent and its first byte was never posted
        assert sum(posted.startswith(f"compose-{job.key}-") for posted in outside.posts) <= job.attempt
        if job.generation_id is not None:
            assert job.generation_id in outside.generations.values()
        assert (job.reason is None) == (job.state is JobState.DELIVERED)
    assert states[JobState.DELIVERED] >= JOBS / 4
    gc.collect()
    assert not kit.engine._jobs
    assert not kit.steps._watched
