"""Stand-ins that follow a script and write down what was asked of them: music API, Discord, fetcher; and a store that
can be troubled, around the real one."""

import asyncio
import copy
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.errors import StoreBusyError, StoreDiskError
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState
from bot.jobs.ports import (
    Cancellation,
    DeliveredMessage,
    Eta,
    GenerationRequest,
    JobStore,
    ProbeReport,
    ProbeResult,
    Progress,
    Published,
    StillWorking,
)
from bot.jobs.sound_ports import CheckedReference
from tests.bot.jobs.orders import CHANNEL, NOON

TRACK = b"ID3 a track"


class Script:
    """Gives its answers in order, then the default; an answer that is an error is raised, a function is called."""

    def __init__(self, default: object) -> None:
        self.default = default
        self.answers: deque[object] = deque()
        self.calls: list[Any] = []
        self.under_way = 0
        self.begun = asyncio.Event()
        self.held: asyncio.Event | None = None

    def then(self, *answers: object) -> None:
        self.answers.extend(answers)

    def hold(self) -> asyncio.Event:
        """Keep every caller waiting until the event is set."""
        self.held = asyncio.Event()
        return self.held

    async def play(self, call: object) -> Any:
        self.calls.append(call)
        self.begun.set()
        self.under_way += 1
        try:
            if self.held is not None:
                await self.held.wait()
        finally:
            self.under_way -= 1
        answer = self.answers.popleft() if self.answers else self.default
        if callable(answer):
            answer = answer(call)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, BaseException):
            raise answer
        return answer


class ScriptedGenerator:
    """`bot.jobs.ports.Generator`, `LookUp` and `Canceller`."""

    def __init__(self) -> None:
        self.can_look_up = False
        self._ids = itertools.count(1)
        self.submits = Script(lambda _request: f"gen-{next(self._ids)}")
        self.polls = Script(StillWorking(status="processing"))
        self.look_ups = Script(None)
        self.fetches = Script(TRACK)
        self.probes = Script(ProbeReport(result=ProbeResult.KEY_ACCEPTED, detail=""))
        self.cancels = Script(Cancellation.STOPPED)

    async def submit(self, request: GenerationRequest) -> str:
        return await self.submits.play(request)

    async def poll(self, generation_id: str) -> Progress:
        return await self.polls.play(generation_id)

    async def look_up(self, request: GenerationRequest, since: datetime) -> Sequence[str]:
        found = await self.look_ups.play((request.client_request_id, since))
        return [found] if isinstance(found, str) else found or []

    async def cancel(self, generation_id: str) -> Cancellation:
        return await self.cancels.play(generation_id)

    async def probe(self) -> ProbeReport:
        return await self.probes.play(None)

    async def fetch(self, track_url: str, into: Path) -> int:
        content: bytes = await self.fetches.play((track_url, into))
        into.write_bytes(content)
        return len(content)


class ScriptedDiscord:
    """`bot.jobs.ports.Cards` and `Delivery`."""

    def __init__(self) -> None:
        self.shows = Script(500)
        self.answers = Script(True)
        self.tells = Script(None)
        self.deliveries = Script(DeliveredMessage(channel_id=CHANNEL, message_id=900))
        self.links = Script(DeliveredMessage(channel_id=CHANNEL, message_id=900))
        self.links_can_be_offered = True
        self.searches = Script(None)
        self.publications = Script(Published(url="https://cdn.discordapp.com/ours.mp3?ex=9", expires_at=None))
        self.card: list[JobState] = []
        """Every state the card was brought to, by drawing or by telling."""

    async def show(self, live: LiveJob, job: Job, eta: Eta) -> int | None:
        answer = await self.shows.play((job, eta))
        self.card.append(job.state)
        return answer

    async def tell(self, live: LiveJob, job: Job) -> None:
        await self.tells.play(job)
        self.card.append(job.state)

    async def deliver(self, job: Job, track: Path) -> DeliveredMessage:
        return await self.deliveries.play((job, track.read_bytes()))

    def has_link(self, job: Job) -> bool:
        return self.links_can_be_offered

    async def deliver_link(self, job: Job) -> DeliveredMessage:
        return await self.links.play(job)

    async def find(self, job: Job, since: datetime) -> DeliveredMessage | None:
        return await self.searches.play((job, since))

    async def is_answered(self, job: Job) -> bool:
        return await self.answers.play(job)

    async def publish(self, job: Job, song: Path, name: str) -> Published:
        return await self.publications.play((job, song, name))

    @property
    def told_states(self) -> list[JobState]:
        return [job.state for job in self.tells.calls]


def checked(job: Job) -> CheckedReference:
    return CheckedReference(
        reference=replace(job.reference, seconds=61.5, format="mp3", copy_name=f"{job.id}-{job.key}")
    )


class ScriptedFetcher:
    """`bot.jobs.ports.References` and `Tracks`; `listens` answers `prepare`."""

    def __init__(self) -> None:
        self.checks = Script(checked)
        self.listens = Script(93.5)
        self.released: list[int] = []
        self.places: tuple[int | None, ...] = ()

    async def check(self, job: Job, placed: Callable[[int | None], None] | None = None) -> CheckedReference:
        for ahead in self.places:
            assert placed is not None
            placed(ahead)
            await asyncio.sleep(0.01)
        return await self.checks.play(job)

    async def prepare(self, job: Job, track: Path) -> float | None:
        return await self.listens.play((job, track))

    async def release(self, job: Job) -> None:
        self.released.append(job.id)


@dataclass
class Trouble:
    """The next `times` calls of a method fail before they reach the database."""

    method: str
    times: int
    when: Callable[[tuple[Any, ...], dict[str, Any]], bool] = lambda _args, _kwargs: True
    error: StoreBusyError = field(default_factory=lambda: StoreBusyError("locked"))


class TroubledStore:
    """The real store; `busy` makes calls fail, `before` lets something happen right before a call."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self.troubles: list[Trouble] = []
        self.before: dict[str, Callable[[], Awaitable[object]]] = {}
        self.calls: list[str] = []

    def busy(self, method: str, times: int = 1, *, into: JobState | None = None) -> None:
        """`into`: only moves into that state."""
        fits = (lambda args, _kwargs: args[1] is into) if into else (lambda _args, _kwargs: True)
        self.troubles.append(Trouble(method, times, fits))

    def full(self, method: str) -> None:
        """The next call meets a full disk."""
        self.troubles.append(Trouble(method, 1, error=StoreDiskError("disk full")))

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        real = getattr(self._store, method)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(method)
            if (act := self.before.pop(method, None)) is not None:
                await act()
            for trouble in self.troubles:
                if trouble.method == method and trouble.times > 0 and trouble.when(args, kwargs):
                    trouble.times -= 1
                    # a fresh one: an error that is raised again keeps every frame that it went through
                    raise copy.copy(trouble.error)
            return await real(*args, **kwargs)

        return call


def since_noon(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
