"""How many moves a second the store makes, and how long one takes: SQLite with synchronous FULL beside NORMAL.

    python -m benchmarks.store [--jobs 400] [--at-once 20] [--folder DIR]

Every job makes the seven writes of a whole life (taken, queued, submitting, generating, ready, delivering, delivered);
`--at-once` of them live at the same time. Run it on the disk that will hold the database: a sync costs what it costs
there.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.clock import SystemClock
from bot.jobs.model import Job, JobState, Order, Origin, Place, Reference
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore

Result = TypeVar("Result")

LYRICS = "\n".join(["Four lines of a song that nobody knows"] * 12)


@dataclass(slots=True)
class Figures:
    """Durations of single calls, in milliseconds."""

    writes_ms: list[float] = field(default_factory=list[float])
    reads_ms: list[float] = field(default_factory=list[float])
    wall_seconds: float = 0.0

    async def timed(self, into: list[float], call: Awaitable[Result]) -> Result:
        """Await and note how long it took."""
        start = time.perf_counter()
        result = await call
        into.append((time.perf_counter() - start) * 1000)
        return result


def _order(number: int) -> Order:
    place = Place(
        origin=Origin.GUILD,
        channel_id=number % 50,
        guild_id=number % 10,
        interaction_id=number,
        interaction_token="x" * 200,
        upload_limit_bytes=10 * 2**20,
        locale="en-GB",
    )
    reference = Reference(url="https://cdn.example/" + "x" * 250, name="song.mp3", size_bytes=4_000_000)
    return Order(
        member_id=number % 100,
        member_name="Ada",
        place=place,
        title="A song",
        lyrics=LYRICS,
        prompt=f"##{LYRICS}##",
        reference=reference,
        provider="aiml",
        model="minimax-music",
        price_micros=37_000,
    )


async def _live(store: SqlJobStore, number: int, figures: Figures) -> None:
    clock = SystemClock()
    job: Job | None = await figures.timed(figures.writes_ms, store.add(_order(number), clock.now()))
    for state in (
        JobState.QUEUED,
        JobState.SUBMITTING,
        JobState.GENERATING,
        JobState.READY,
        JobState.DELIVERING,
        JobState.DELIVERED,
    ):
        if job is None:
            raise RuntimeError("nobody else moves these jobs")
        now = clock.now()
        if state is JobState.GENERATING:
            deadline = now + timedelta(minutes=15)
            call = store.resolve_submission(job.id, job.attempt, f"gen-{job.id}", now, deadline)
        else:
            call = store.move(job, state, now)
        job = await figures.timed(figures.writes_ms, call)
    await figures.timed(figures.reads_ms, store.get(number))


async def _measure(synchronous: str, jobs: int, at_once: int, folder: Path) -> Figures:
    figures = Figures()
    places = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with places:
            await _live(store, number, figures)

    url = f"sqlite+aiosqlite:///{folder / f'{synchronous}-{at_once}.db'}"
    async with open_store(url, clock=SystemClock(), synchronous=synchronous) as store:
        start = time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(1, jobs + 1)))
        figures.wall_seconds = time.perf_counter() - start
    return figures


def _row(name: str, at_once: int, figures: Figures) -> str:
    cuts = statistics.quantiles(figures.writes_ms, n=100)
    reads = statistics.median(figures.reads_ms)
    rate = len(figures.writes_ms) / figures.wall_seconds
    return f"{name:<8} {at_once:>8} {rate:>9.0f} {cuts[49]:>9.2f} {cuts[98]:>9.2f} {reads:>12.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Moves per second and their latency.")
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where the database lies; default: the system's temporary folder")
    given = parser.parse_args()
    print("sync     at once  writes/s    p50 ms    p99 ms  read p50 ms")
    for at_once in (1, given.at_once):
        for synchronous in ("FULL", "NORMAL"):
            with tempfile.TemporaryDirectory(dir=given.folder) as folder:
                figures = asyncio.run(_measure(synchronous, given.jobs, at_once, Path(folder)))
            print(_row(synchronous, at_once, figures))


if __name__ == "__main__":
    main()
