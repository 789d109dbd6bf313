"""The bot's Discord side against the sandbox's Discord: the real client and delivery, a real database file, no engine.

Tests play the engine: they move jobs and call the deliverer. `restart` ends the client and starts another on the same
database, as a new process would.
"""

import asyncio
import atexit
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Unpack

import discord
import pytest
import yarl

from bot.assembly import Assembly, Ground, assemble
from bot.audio import FILE_TYPES, AudioPool
from bot.client import ComposeClient, run_client
from bot.clock import SystemClock
from bot.disk import Disk
from bot.errors import Reason
from bot.jobs.blocklist import Blocklist
from bot.jobs.brake import Brake
from bot.jobs.doors import Doors
from bot.jobs.eta import EtaEstimator
from bot.jobs.files import JobFiles
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState, Track
from bot.jobs.music_models import MusicModels
from bot.jobs.ports import Cards, Changes, Delivery, Eta, JobStore
from bot.jobs.schedule import Pace
from bot.jobs.service import JobService
from bot.jobs.space import SpaceLimits
from bot.metrics import Metrics
from bot.packaged_tracks import PackagedTracks
from bot.store.db import open_store
from bot.supervisor import TaskSupervisor
from bot.ui.requirements import DISCORD_HOSTS, OrderedModel, OrderRequirements
from sandbox.discord import FakeDiscord, Interaction, Message, Rules
from tests.bot.jobs.kit import HeardRunner

SONG = ("song.mp3", b"ID3" + bytes(4997))
#: The engine is never started here.
PACE = Pace(poll_interval_seconds=10, polls_per_second=5)
#: For what comes by itself; only a defect takes as long.
LOAD_SECONDS = 20
LYRICS = "Side by side, through thick and thin\nWith a laugh and a grin"


def unsigned(url: str) -> str:
    """A CDN URL without its signature, which is another one every second; it has to have one."""
    place, _, signature = url.partition("?")
    assert re.fullmatch(r"ex=[0-9a-f]+&is=[0-9a-f]+&hm=[0-9a-f]{64}&", signature)
    return place


class ShiftedClock(SystemClock):
    """The machine's clock, moved by the same seconds as the sandbox's."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self._stopped: datetime | None = None

    def now(self) -> datetime:
        return self._stopped or super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()

    def stop(self) -> None:
        """Let the bot see this moment for good, however long what comes takes."""
        self._stopped = self.now()


async def migrated(clock: SystemClock) -> Path:
    """An empty database at this version, made once by each process, to be copied."""
    path = _templates() / "compose.db"
    if not path.exists():
        new = path.with_name("new.db")
        async with open_store(f"sqlite+aiosqlite:///{new}", clock=clock, synchronous="OFF"):
            pass
        new.rename(path)
    return path


@cache
def _templates() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="compose-template-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@dataclass(kw_only=True)
class ClientKit:
    fake: FakeDiscord
    folder: Path
    clock: ShiftedClock = field(default_factory=ShiftedClock)
    woken: list[int] = field(default_factory=list)
    #: Kinds of the sandbox's violations that a test provokes; all others are faults of ours.
    excused: set[str] = field(default_factory=set)
    #: See OrderRequirements; counts from the next start on.
    opens_loopback: bool = False
    #: Where orders are taken; counts from the next start on.
    doors: Doors = field(default_factory=Doors)
    #: Servers with the commands for the whole bot; counts from the next start on.
    operator_guild_ids: frozenset[int] = frozenset()
    #: Models beside the usual one; counts from the next start on.
    others: tuple[OrderedModel, ...] = ()
    shown_currency: str | None = None
    #: Where the music API has the tracks.
    track_url: str = "https://files.example/track.mp3?sig=1"
    client: ComposeClient = field(init=False)
    assembly: Assembly = field(init=False)
    store: JobStore = field(init=False)
    files: JobFiles = field(init=False)
    disk: Disk = field(init=False)
    jobs: JobService = field(init=False)
    brake: Brake = field(init=False)
    eta_estimator: EtaEstimator = field(init=False)
    tracks: PackagedTracks = field(init=False)
    space: SpaceLimits = field(default_factory=SpaceLimits)
    cards: Cards = field(init=False)
    delivery: Delivery = field(init=False)
    #: What a process remembers of its jobs; a restart forgets it.
    _live: dict[int, LiveJob] = field(init=False)
    _stack: AsyncExitStack = field(init=False)

    async def start(self) -> None:
        self._stack = AsyncExitStack()
        self._live = {}
        database = self.folder / "compose.db"
        if not database.exists():
            shutil.copy(await migrated(self.clock), database)
        url = f"sqlite+aiosqlite:///{database}"
        self.store = await self._stack.enter_async_context(open_store(url, clock=self.clock, synchronous="OFF"))
        self.files = JobFiles(self.folder)
        self.files.prepare()
        self.disk = Disk([*self.files.folders, self.files.work], self.clock)
        requirements = OrderRequirements(
            file_types=tuple(FILE_TYPES),
            attachment_hosts=DISCORD_HOSTS | {"127.0.0.1"},
            blocklist=Blocklist(["naughty"]),
            doors=self.doors,
            opens_loopback=self.opens_loopback,
            others=self.others,
            shown_currency=self.shown_currency,
        )
        ground = Ground(
            store=self.store,
            figures=self.store,
            record=self.store,
            files=self.files,
            disk=self.disk,
            clock=self.clock,
            metrics=Metrics(),
            supervisor=TaskSupervisor(self.clock),
            space=self.space,
        )
        assembly = assemble(ground, models=MusicModels([]), pace=PACE, engine=HeardRunner)
        assembly.engine.woken = self.woken
        self.assembly = assembly
        pool = await self._stack.enter_async_context(AudioPool(processes=1, work_dir=self.files.work))
        self.tracks = PackagedTracks(pool=pool, files=self.files, disk=self.disk)
        discord_side = assembly.discord_side(
            requirements=requirements, tracks=self.tracks, operator_guild_ids=self.operator_guild_ids
        )
        self.jobs, self.eta_estimator, self.brake = assembly.jobs, assembly.eta_estimator, assembly.brake
        self.client, self.cards, self.delivery = discord_side.client, discord_side.cards, discord_side.delivery
        ready = asyncio.Event()

        async def on_ready() -> None:
            ready.set()

        running = asyncio.create_task(run_client(self.client, self.fake.token, on_ready))
        self._stack.push_async_callback(self._end, running)
        await asyncio.wait({running, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()

    async def _end(self, running: "asyncio.Task[None]") -> None:
        await self.client.close()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.sleep(0.01)

    async def stop(self) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def advance(self, seconds: float) -> None:
        """Let time pass, in the sandbox and here."""
        self.fake.advance(seconds)
        self.clock.ahead += timedelta(seconds=seconds)

    # -- what an engine would do -------------------------------------------------------------------------------------

    def live(self, job: Job) -> LiveJob:
        return self._live.setdefault(job.id, LiveJob(id=job.id))

    async def show(self, job: Job, eta: Eta) -> int | None:
        return await self.cards.show(self.live(job), job, eta)

    async def tell(self, job: Job) -> None:
        await self.cards.tell(self.live(job), job)

    async def move(self, job: Job, after: JobState, **changes: Unpack[Changes]) -> Job:
        moved = await self.store.move(job, after, self.clock.now(), **changes)
        assert moved is not None
        return moved

    async def fresh(self, job: Job) -> Job:
        found = await self.store.get(job.id)
        assert found is not None
        return found

    async def generating(self, job: Job) -> Job:
        return await self.generating_from(await self.move(await self.fresh(job), JobState.QUEUED))

    async def generating_from(self, job: Job) -> Job:
        job = await self.move(job, JobState.SUBMITTING, attempt=1, submit_started_at=self.clock.now())
        now = self.clock.now()
        settled = await self.store.resolve_submission(job.id, 1, f"gen-{job.id}", now, now + timedelta(seconds=900))
        assert settled is not None
        return settled

    async def failed(self, job: Job, reason: Reason) -> Job:
        job = await self.move(await self.generating(job), JobState.FAILED, reason=reason)
        await self.tell(job)
        return await self.fresh(job)

    async def delivering(self, job: Job, content: bytes) -> tuple[Job, Path]:
        name = f"{job.id}.mp3"
        track = self.files.track_path(name)
        track.write_bytes(content)
        kept = Track(url=self.track_url, copy_name=name, size_bytes=len(content), seconds=20.0)
        job = await self.move(await self.generating(job), JobState.READY, track=kept)
        return await self.move(job, JobState.DELIVERING, deliver_started_at=self.clock.now()), track

    async def delivered(self, job: Job, content: bytes = SONG[1]) -> Job:
        job, track = await self.delivering(job, content)
        message = await self.delivery.deliver(job, track)
        job = await self.move(
            job, JobState.DELIVERED, track_channel_id=message.channel_id, track_message_id=message.message_id
        )
        await self.tell(job)
        return await self.fresh(job)

    # -- what a member does ------------------------------------------------------------------------------------------

    async def order(self, lyrics: str = LYRICS, **more: Any) -> Job:
        """A job that a member ordered with /compose, its card in the channel."""
        options = {"lyrics": lyrics, **more.pop("options", {})}
        done = await self.fake.slash("compose", options, files={"reference": SONG}, **more)
        await self.shown(done)
        return await self.card_known(self.woken[-1])

    async def shown(self, done: Interaction) -> Message:
        """What answers it, once it says something: where the database takes its time, a member first sees it think."""
        return await self.fake.until(lambda: next((one for one in done.messages if not one.loading), None))

    async def card_known(self, job_id: int) -> Job:
        """The job once its row knows the card: the member sees the card a moment before that."""
        async with asyncio.timeout(LOAD_SECONDS):
            while (job := await self.jobs.get(job_id)).card_message_id is None:  # noqa: ASYNC110 - a row
                await asyncio.sleep(0.01)
        return job

    async def until_state(self, job: Job, state: JobState) -> Job:
        """The job once its row says so: a press may be answered a moment before that."""
        async with asyncio.timeout(LOAD_SECONDS):
            while (found := await self.fresh(job)).state is not state:  # noqa: ASYNC110 - a row
                await asyncio.sleep(0.01)
        return found

    def card(self, job: Job) -> Message:
        assert job.card_message_id is not None
        return self.fake.message(job.card_message_id)

    def track_message(self, job: Job) -> Message:
        assert job.track_message_id is not None
        return self.fake.message(job.track_message_id)


def is_answered(done: Interaction) -> bool:
    """Whether there is more than a sign that it takes longer, which a slow machine shows first."""
    return done.original is not None and not done.original.loading


def text_of(message: Message) -> str:
    """Everything a member reads of a message."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.get("title") or "", embed.get("description") or ""]
        parts += [f"{field['name']}: {field['value']}" for field in embed.get("fields") or ()]
    return "\n".join(part for part in parts if part)


def labels_of(message: Message) -> list[str]:
    """The buttons of a message."""
    return [button["label"] for row in message.components for button in row["components"] if button["type"] == 2]


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    """Discord's three seconds are eight here: that a busy machine stands still for three is not what is asked."""
    async with FakeDiscord(rules=Rules(ack_deadline_seconds=8.0)) as running:
        yield running


@asynccontextmanager
async def open_client_kit(fake: FakeDiscord, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClientKit]:
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
    client_kit = ClientKit(fake=fake, folder=folder)
    await client_kit.start()
    try:
        yield client_kit
    finally:
        await client_kit.stop()


@pytest.fixture
async def client_kit(fake: FakeDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClientKit]:
    async with open_client_kit(fake, tmp_path, monkeypatch) as running:
        yield running
        faults = [violation for violation in fake.violations if violation.kind not in running.excused]
        assert not faults, faults
