"""One installation: its settings, its database of each kind, its files; and a bot that runs on it, or none."""

import shutil
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.disk import Disk
from bot.jobs.files import JobFiles
from bot.jobs.model import Job, JobState, Track
from bot.jobs.people import People
from bot.metrics import Metrics
from bot.settings import Settings
from bot.shell.answer import CommandOutput
from bot.shell.arguments import parsed
from bot.shell.commands import run_command
from bot.store.db import open_store, sole_runner
from bot.store.jobs import SqlJobStore
from bot.supervisor import TaskSupervisor
from tests.bot.store.conftest import postgresql
from tests.bot.store.orders import SetClock, an_order, moved
from tests.bot.store.postgresql import MISSING, PostgresqlServer
from tests.client_kit import migrated

__all__ = ["postgresql"]

MEMBER = 700_000_000_000_000_077
#: When all of it was ordered.
WHEN = (datetime.now(UTC) - timedelta(days=40)).replace(hour=12, minute=0, second=0, microsecond=0)
WORDS = "quince marmalade under the harbour lamp"
Run = Callable[..., Coroutine[Any, Any, CommandOutput]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An installation."""

    settings: Settings
    folder: Path

    @property
    def files(self) -> JobFiles:
        return JobFiles(self.settings.data_dir)

    async def run(self, *arguments: str) -> CommandOutput:
        """What a shell would be told."""
        return await run_command(self.settings, parsed([*arguments], version="0"))

    @property
    def database_file(self) -> Path | None:
        """None on a server."""
        _, _, path = self.settings.database_url.partition("sqlite+aiosqlite:///")
        return Path(path) if path else None

    @asynccontextmanager
    async def bot(self) -> AsyncGenerator[SqlJobStore]:
        """As far as a shell can tell, a bot runs: it owns the database and carries wishes out."""
        clock = SystemClock()
        url = self.settings.database_url
        async with open_store(url, clock=SetClock()) as store, sole_runner(url):
            supervisor = TaskSupervisor(clock)
            disk = Disk(self.files.folders, clock)
            people = People(store=store, files=self.files, clock=clock, disk=disk, metrics=Metrics())
            supervisor.run_forever("people", people.run)
            try:
                yield store
            finally:
                await supervisor.stop()

    async def filled(self) -> list[Job]:
        """A song that was delivered, with its files, one that waits, and one that is being made."""
        self.files.prepare()
        if (file := self.database_file) is not None and not file.exists():
            shutil.copy(await migrated(SystemClock()), file)
        async with open_store(self.settings.database_url, clock=SetClock()) as store:
            done = await store.add(an_order(1, member_id=MEMBER, lyrics=WORDS), WHEN)
            done = await self._with_files(store, done)
            straight = (JobState.QUEUED, JobState.SUBMITTING, JobState.GENERATING, JobState.READY)
            done = await moved(store, done, *straight, JobState.DELIVERING, JobState.DELIVERED)
            waits = await moved(store, await store.add(an_order(2, member_id=MEMBER), WHEN), JobState.QUEUED)
            made = await moved(store, await store.add(an_order(3, member_id=MEMBER + 1), WHEN), *straight[:3])
            await store.delete((await store.add(an_order(4), WHEN)).id)  # its number is never given again
            found = [await store.get(job.id) for job in (done, waits, made)]
        return [job for job in found if job is not None]

    async def _with_files(self, store: SqlJobStore, job: Job) -> Job:
        name = f"{job.id}-{job.key}.mp3"
        self.files.reference_path(name).write_bytes(b"reference " + name.encode())
        self.files.track_path(name).write_bytes(b"track " + name.encode())
        reference = job.reference.__class__(
            **{field: getattr(job.reference, field) for field in job.reference.__slots__} | {"copy_name": name}
        )
        track = Track(url="https://files.example/t.mp3", copy_name=name, size_bytes=10, seconds=9.0)
        kept = await store.update(job.id, reference=reference, track=track)
        assert kept is not None
        return kept


OpenPlace = Callable[[str], AbstractAsyncContextManager[Place]]


def place_at(folder: Path, database_url: str) -> Place:
    values: dict[str, Any] = {
        "discord_token": "token",
        "generation_api_key": "key",
        "database_url": database_url,
        "data_dir": folder / "data",
        "_env_file": None,
    }
    return Place(settings=Settings(**values), folder=folder)


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    return place_at(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'data' / 'compose.db'}")


@pytest.fixture(params=["sqlite"] if MISSING else ["sqlite", "postgresql"])
async def place(request: pytest.FixtureRequest, tmp_path: Path, sqlite_place: Place) -> Place:
    """On a database of each kind."""
    if request.param == "sqlite":
        return sqlite_place
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return place_at(tmp_path, await server.migrated_database())
