"""The database of a storm, read from outside: a SQLite file beside one bot, or PostgreSQL under several processes."""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.clock import SystemClock
from bot.jobs.model import RESTING, Job
from bot.store.db import open_store
from tests.bot.store.postgresql import postgresql_server

_TABLES = ("place", "charge", "job_event", "charge_held", "charge_day", "charge_minute")
_STATES = ", ".join(f"'{state}'" for state in sorted(RESTING))
_LIVE = f"SELECT count(*) FROM job WHERE state NOT IN ({_STATES})"
_UNTOLD = f"SELECT count(*) FROM job WHERE state IN ({_STATES}) AND (told IS NULL OR told <> state)"

Tables = Mapping[str, Sequence[dict[str, Any]]]


class Books(Protocol):
    """What a judge reads."""

    async def unrested(self) -> tuple[int, int]:
        """How many jobs are at work, and how many rest without their member knowing; while bots run."""
        ...

    async def rows(self) -> list[Job]:
        """Every job, oldest first, when no bot runs."""
        ...

    async def tables(self) -> Tables:
        """The ledger and the history, row by row."""
        ...


class FileBooks:
    """Of one bot that runs in this folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "data" / "compose.db"

    async def unrested(self) -> tuple[int, int]:
        return await asyncio.to_thread(self._unrested)

    def _unrested(self) -> tuple[int, int]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            ((live,), (untold,)) = (connection.execute(query).fetchone() for query in (_LIVE, _UNTOLD))
        return live, untold

    async def rows(self) -> list[Job]:
        return await _rows(f"sqlite+aiosqlite:///{self._path}")

    async def tables(self) -> Tables:
        with closing(sqlite3.connect(self._path)) as connection:
            connection.row_factory = sqlite3.Row
            return {
                name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid")]
                for name in _TABLES
            }


class ServerBooks:
    """Of any number of processes on one PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = create_async_engine(make_url(url), poolclass=NullPool)

    async def unrested(self) -> tuple[int, int]:
        async with self._engine.connect() as connection:
            live, untold = [(await connection.execute(text(query))).scalar_one() for query in (_LIVE, _UNTOLD)]
        return live, untold

    async def rows(self) -> list[Job]:
        return await _rows(self.url)

    async def tables(self) -> Tables:
        async with self._engine.connect() as connection:
            return {
                name: [
                    dict(row)
                    for row in (
                        await connection.execute(
                            text(f"SELECT * FROM {name}" + ("" if name.startswith("charge_") else " ORDER BY id"))
                        )
                    ).mappings()
                ]
                for name in _TABLES
            }


@asynccontextmanager
async def server_books() -> AsyncIterator[ServerBooks]:
    """A PostgreSQL of its own, with the tables."""
    with tempfile.TemporaryDirectory(prefix="compose-postgresql-") as folder, postgresql_server(Path(folder)) as server:
        yield ServerBooks(await server.migrated_database())


async def _rows(url: str) -> list[Job]:
    async with open_store(url, clock=SystemClock()) as store:
        found: list[Job] = []
        job_id = 1
        highest = sum((await store.tally()).by_state.values())
        while len(found) < highest:
            if (job := await store.get(job_id)) is not None:
                found.append(job)
            job_id += 1
        return found
