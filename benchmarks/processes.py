"""One, two and three processes on one PostgreSQL: songs a minute, and how soon a killed one's songs go on.

`python -m benchmarks.processes throughput [--songs 60]`, `python -m benchmarks.processes kills [--kills 10]`. All on
loopback, as everywhere here. It wants a PostgreSQL with nothing in it: `--database postgresql://…`, whose database it
fills and leaves.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from sandbox.bot_process import READY_SECONDS, BotProcess
from sandbox.generation import Settings
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage

_BOT = {
    "POLL_INTERVAL_SECONDS": "1",
    "POLLS_PER_SECOND": "100",
    "GENERATION_TIMEOUT_SECONDS": "7200",
    "GENERATION_CONCURRENCY": "200",
    "STOP_GRACE_SECONDS": "5",
}
_PATIENCE_SECONDS = 600.0
_TO_ITS_FEET_SECONDS = 4.0
#: Discord waits three seconds for an answer, which a burst on a busy machine does not get.
_BETWEEN_ORDERS_SECONDS = 0.2
_ENDED = "SELECT count(*) FROM job WHERE state IN ('delivered', 'failed', 'refused', 'unknown', 'undeliverable')"
_DELIVERED = "SELECT count(*) FROM job WHERE state = 'delivered'"
_WAITING = "SELECT count(*) FROM job WHERE state IN ('checking', 'queued', 'submitting')"
_HELD = (
    "SELECT count(*) FROM job j JOIN process p ON p.process_id = j.claimed_by "
    "WHERE p.pid = :pid AND j.state = 'generating'"
)


class Crew:
    """Processes at work, and what their database says."""

    def __init__(self, stage: Stage, engine: AsyncEngine, folder: Path, song: bytes) -> None:
        """`song` is what members attach."""
        self.stage = stage
        self._engine = engine
        self._folder = folder
        self._song = song
        self.workers: list[BotProcess] = []

    async def count(self, query: str, **values: int) -> int:
        """The one number that a query gives."""
        async with self._engine.connect() as connection:
            return (await connection.execute(text(query), values)).scalar_one()

    async def until(self, query: str, wanted: int, **values: int) -> None:
        """Wait until that is what it gives."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await self.count(query, **values) != wanted:  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.05)

    async def order(self, songs: int) -> None:
        """Order so many, one after the other."""
        for number in range(songs):
            await self.stage.discord.slash(
                "compose",
                {"lyrics": f"Song number {number}\nand one more line", "title": f"Song {number}"},
                files={"reference": ("song.mp3", self._song)},
            )
            await asyncio.sleep(_BETWEEN_ORDERS_SECONDS)

    async def worker(self) -> BotProcess:
        """One more process that works on songs alone."""
        folder = self._folder / f"worker-{len(self.workers) + 1}"
        process = BotProcess(folder, self.stage.bot.settings, arguments=["worker"])
        self.workers.append(process)
        await process.start()
        async with asyncio.timeout(READY_SECONDS):
            while "jobs are driven" not in process.log:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)
        return process

    async def stop(self) -> None:
        """End the workers."""
        await asyncio.gather(*(process.stop() for process in self.workers if process.is_running))


@asynccontextmanager
async def open_crew(server: URL, processes: int, *, generating_seconds: float) -> AsyncIterator[Crew]:
    """So many, on a database of their own."""
    name = f"bench_{os.getpid()}_{processes}_{time.monotonic_ns() % 1_000_000}"
    admin = create_async_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await admin.dispose()
    url = server.set(database=name)
    engine = create_async_engine(url, poolclass=NullPool)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="compose-processes-")))
        write_sample(folder / "song.wav")
        song = (folder / "song.wav").read_bytes()
        mine = {**_BOT, "DATABASE_URL": url.render_as_string(hide_password=False), "DATA_DIR": str(folder / "data")}
        generation = Settings(allow_loopback=True, queued_seconds=0.1, generating_seconds=generating_seconds)
        stage = await stack.enter_async_context(open_stage(folder, generation=generation, bot_settings=mine))
        crew = Crew(stage, engine, folder, song)
        stack.push_async_callback(crew.stop)
        for _ in range(processes - 1):
            await crew.worker()
        yield crew


async def throughput(server: URL, songs: int) -> None:
    """Print how long so many songs take one, two and three processes."""
    for processes in (1, 2, 3):
        async with open_crew(server, processes, generating_seconds=0.5) as crew:
            began = time.monotonic()
            await crew.order(songs)
            await crew.until(_ENDED, songs)
            seconds = time.monotonic() - began
            made = await crew.count(_DELIVERED)
            print(
                f"{processes} process(es): {made} songs in {seconds:.1f} s, {60 * made / seconds:.0f} a minute",
                flush=True,
            )


async def kills(server: URL, number: int) -> None:
    """Print how long after each kill the last of its songs was another's."""
    took: list[float] = []
    async with open_crew(server, 1, generating_seconds=3600.0) as crew:
        while len(took) < number:
            victim = await crew.worker()
            await asyncio.sleep(_TO_ITS_FEET_SECONDS)
            await crew.order(8)
            await crew.until(_WAITING, 0)
            if not (held := await crew.count(_HELD, pid=victim.pid)):
                await victim.stop()
                continue
            await victim.kill()
            began = time.monotonic()
            await crew.until(_HELD, 0, pid=victim.pid)
            took.append(time.monotonic() - began)
            print(f"{held} songs of a killed process were another's after {took[-1]:.1f} s", flush=True)
        await crew.stage.bot.kill()
    print(f"{number} kills: median {statistics.median(took):.1f} s, worst {max(took):.1f} s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes")
    parser.add_argument("what", choices=["throughput", "kills"])
    parser.add_argument("--database", required=True, help="a PostgreSQL whose user may create databases")
    parser.add_argument("--songs", type=int, default=60)
    parser.add_argument("--kills", type=int, default=10)
    given = parser.parse_args(arguments)
    server = make_url(given.database).set(drivername="postgresql+asyncpg")
    asyncio.run(throughput(server, given.songs) if given.what == "throughput" else kills(server, given.kills))
    return 0


if __name__ == "__main__":
    sys.exit(main())
