"""What very many songs cost the whole bot: memory, processor, the loop's stalls, `/healthz`, cards edited, `/compose`.

`python -m benchmarks.pending` prints the table of docs/pending.md in under three minutes, `python -m benchmarks.pending
N [--state line|generating] [--seconds 20] [--orders 50]` one column of it. All on loopback: the bot as its own process
on a database with N songs of N / 5 members, Discord and a music API at which nothing comes to an end as stand-ins in
this one. In line: all wait, and the first GENERATION_CONCURRENCY get a place. Generating: all are at the service and
are looked at in turn. `--orders`: so many `/compose` a second follow for ten seconds, and `/queue` among them.
"""

import argparse
import asyncio
import gc
import math
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from sqlalchemy import insert

from benchmarks.burst import MEBI, children_of, resident_bytes
from bot.clock import SystemClock
from bot.jobs.model import JobState, Order, Origin, Place, Reference
from bot.store.db import open_store
from bot.store.rows import columns_of_order
from bot.store.tables import charges, jobs
from sandbox.bot_process import BotProcess
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration, Settings
from sandbox.generation.config import Script
from sandbox.generation.ledger import Generation
from sandbox.sample import write_sample
from sandbox.stage import NO_LIMITS, OPEN_DOORS, Stage, settings_for, wait_until_ready

_BATCH = 500
_READY_SECONDS = 120.0
_SETTLE_SECONDS = 8.0
_PROBE_SECONDS = 1.0
_SCRAPE_SECONDS = 1.0
_TICK_SECONDS = 0.01
_ORDER_SECONDS = 10.0
_LYRICS = "\n".join(["Four lines of a song that nobody knows"] * 12)
#: No message has it: an edit is counted, and changes nothing.
_FIRST_CARD = 10**17


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was asked for."""

    songs: int
    state: JobState
    seconds: float
    orders: float  #: a second


#: The columns of docs/pending.md.
_ALL = (
    Given(songs=20_000, state=JobState.QUEUED, seconds=20, orders=50),
    Given(songs=20_000, state=JobState.GENERATING, seconds=20, orders=0),
    Given(songs=100_000, state=JobState.QUEUED, seconds=20, orders=0),
)


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pending")
    parser.add_argument("songs", type=int, nargs="?")
    parser.add_argument("--state", choices=["line", "generating"], default="line")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--orders", type=float, default=0)
    asked = parser.parse_args(arguments)
    state = JobState.QUEUED if asked.state == "line" else JobState.GENERATING
    one = Given(songs=asked.songs or 0, state=state, seconds=asked.seconds, orders=asked.orders)
    _print_machine()
    columns: list[tuple[str, dict[str, str]]] = []
    for given in _ALL if asked.songs is None else (one,):
        with tempfile.TemporaryDirectory(prefix="compose-pending-") as name:
            rows = dict(asyncio.run(_measure(Path(name), given)))
        columns.append((f"{given.songs:,} {'in line' if given.state is JobState.QUEUED else 'generating'}", rows))
    print(f"{'':42}" + "".join(f"{title:>20}" for title, _ in columns))
    for label in dict.fromkeys(label for _, rows in columns for label in rows):
        print(f"{label:42}" + "".join(f"{rows.get(label, ''):>20}" for _, rows in columns))
    return 0


def _print_machine() -> None:
    """What the figures hang on beside the bot."""
    with tempfile.NamedTemporaryFile(prefix="compose-pending-") as file:
        syncs: list[float] = []
        for _ in range(100):
            os.pwrite(file.fileno(), b"." * 8192, 0)
            began = time.monotonic()
            os.fsync(file.fileno())
            syncs.append(time.monotonic() - began)
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    (_, synced), *_ = _told("", syncs)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, load before {load}; an fsync: {synced} ms")
    print("Three figures are the middle, 99 of 100, and the worst.")


async def _measure(folder: Path, given: Given) -> list[tuple[str, str]]:
    began = time.monotonic()
    async with _open(folder, given) as (stage, filled_at):
        await stage.discord.until(lambda: "ready: " in stage.bot.log, _READY_SECONDS)
        ready_seconds = time.monotonic() - filled_at
        await asyncio.sleep(_SETTLE_SECONDS)
        rows = [
            ("filled in, s", f"{filled_at - began:.0f}"),
            ("start to ready, s", f"{ready_seconds:.1f}"),
            ("CPU until settled, s", f"{_cpu_seconds(stage.bot.pid):.1f}"),
            ("cards edited until settled", f"{_edits(stage)}"),
        ]
        edits, used, started = _edits(stage), _cpu_seconds(stage.bot.pid), time.monotonic()
        lags, answers = await _probed(stage, given.seconds)
        share = (_cpu_seconds(stage.bot.pid) - used) / (time.monotonic() - started)
        rows += [
            ("memory, MB", f"{resident_bytes(stage.bot.pid) / 1e6:.0f}"),
            ("of a core, %", f"{100 * share:.1f}"),
            *_told("loop stall, worst of each second, ms", lags),
            *_told("/healthz, ms", answers),
            ("cards edited afterwards", f"{_edits(stage) - edits}"),
            ("POSTs accepted", f"{stage.bot.log.count('the music API accepts')}"),
            ("looks", f"{sum(number for call, number in stage.generation.ledger.calls.items() if 'poll' in call)}"),
        ]
        if given.orders:
            rows += await _ordered(stage, given)
        return [
            *rows,
            ("the database was busy", f"{stage.bot.log.count('the database is busy')}"),
            ("load afterwards", f"{os.getloadavg()[0]:.1f}"),
        ]


async def _ordered(stage: Stage, given: Given) -> list[tuple[str, str]]:
    """So many orders a second, each by whoever is next of the members, and now and then somebody asks for the line."""
    song = (stage.bot.folder.parent / "songs" / "song.mp3").read_bytes()
    people = stage.discord.members
    gc.collect()
    gc.freeze()  # looking through thousands of songs for rubbish stops the stand-ins for as long as an order may take
    used, own, started = _cpu_seconds(stage.bot.pid), time.process_time(), time.monotonic()
    took: dict[str, list[float]] = {"compose": [], "queue": []}
    unanswered = 0

    async def one(number: int, command: str) -> None:
        nonlocal unanswered
        words = {"lyrics": f"la la {number}", "title": f"Song {number}"} if command == "compose" else {}
        files = {"reference": ("song.mp3", song)} if command == "compose" else {}
        asked = await stage.discord.slash(command, words, member=people[number % len(people)], files=files)
        await stage.discord.until(lambda: asked.answer_type is not None or asked.failed, 30)
        took[command].append((asked.answered_at or math.inf) - asked.created_at)
        unanswered += asked.answered_at is None

    async with asyncio.TaskGroup() as group:
        probing = group.create_task(_probed(stage, _ORDER_SECONDS))
        ticking = group.create_task(_own_stalls(_ORDER_SECONDS))
        for number in range(int(given.orders * _ORDER_SECONDS)):
            group.create_task(one(number, "compose"))
            if number % 10 == 0:
                group.create_task(one(number, "queue"))
            await asyncio.sleep(max(0.0, started + (number + 1) / given.orders - time.monotonic()))
    lags, answers = probing.result()
    passed = time.monotonic() - started
    share, own_share = (_cpu_seconds(stage.bot.pid) - used) / passed, (time.process_time() - own) / passed
    return [
        ("orders", f"{len(took['compose'])}"),
        ("orders without an answer", f"{unanswered}"),
        *_told("/compose, ms", took["compose"]),
        *_told("/queue, ms", took["queue"]),
        *_told("loop stall then, worst of each second, ms", lags),
        *_told("/healthz then, ms", answers),
        ("of a core then, %", f"{100 * share:.0f}"),
        ("CPU of the bot for an order, ms", f"{1000 * share * passed / len(took['compose']):.1f}"),
        ("the stand-ins, of a core then, %", f"{100 * own_share:.0f}"),
        *_told("the stand-ins' own loop then, ms", ticking.result()),
        ("children then", f"{len(children_of(stage.bot.pid))}"),
    ]


def _told(label: str, seconds: Sequence[float]) -> list[tuple[str, str]]:
    """Median, 99th of a hundred, worst."""
    found = sorted(seconds)
    middle, nearly_all = found[len(found) // 2], found[math.ceil(0.99 * (len(found) - 1))]
    return [(label, " / ".join(f"{1000 * value:.0f}" for value in (middle, nearly_all, found[-1])))]


def _edits(stage: Stage) -> int:
    return sum(call.method == "PATCH" and "/messages/" in call.path for call in stage.discord.calls)


@asynccontextmanager
async def _open(folder: Path, given: Given) -> AsyncGenerator[tuple[Stage, float]]:
    """Everything under way, and when the bot was started."""
    url = f"sqlite+aiosqlite:///{folder / 'compose.db'}"
    runner = await _serve(folder)
    host, port = runner.addresses[0][:2]
    never = Settings(allow_loopback=True, generating_seconds=36_000)
    async with FakeDiscord() as discord, FakeGeneration(never) as generation:
        place = discord.place()
        await _fill(url, given, f"http://{host}:{port}/song.mp3", (place.guild_id or 0, place.id))
        if given.state is JobState.GENERATING:
            for number in range(1, given.songs + 1):
                generation.ledger.generations[f"g-{number}"] = _generation(number)
        settings = {**settings_for(discord, generation), **NO_LIMITS, **OPEN_DOORS}
        settings |= {"HEALTH_PORT": "0", "DATABASE_URL": url, "GENERATION_TIMEOUT_SECONDS": "3600"}
        bot, began = BotProcess(folder / "bot", settings), time.monotonic()
        async with bot:
            await wait_until_ready(discord, bot)
            yield Stage(discord=discord, generation=generation, bot=bot), began


async def _fill(url: str, given: Given, reference_url: str, where: tuple[int, int]) -> None:
    now = datetime.now(UTC)
    more: dict[str, Any] = {"state": given.state, "version": 1, "answered_at": now}
    if given.state is JobState.GENERATING:
        more |= {"attempt": 1, "accepted_at": now, "submit_started_at": now, "deadline_at": now + timedelta(hours=1)}
    async with open_store(url, clock=SystemClock(), synchronous="OFF") as store:
        for first in range(0, given.songs, _BATCH):
            rows: list[dict[str, Any]] = []
            numbers = range(first + 1, min(given.songs, first + _BATCH) + 1)
            for number in numbers:
                own = {"card_message_id": _FIRST_CARD + number}
                if given.state is JobState.GENERATING:
                    own["generation_id"] = f"g-{number}"
                order = _order(number, reference_url, where)
                rows.append(columns_of_order(order, key=f"{number:016x}", now=now) | more | own)
            async with store.database.writing() as connection:
                await connection.execute(insert(jobs), rows)
                await connection.execute(insert(charges), [_hold(number, now, where) for number in numbers])


def _generation(number: int) -> Generation:
    none = Path("none.mp3")
    return Generation(
        id=f"g-{number}",
        client_request_id=None,
        prompt="",
        reference=none,
        track=none,
        script=Script(generating_seconds=36_000),
        accepted_at=0.0,
    )


async def _serve(folder: Path) -> web.AppRunner:
    """The reference that every song names."""
    folder = folder / "songs"
    folder.mkdir()
    write_sample(folder / "song.mp3")
    app = web.Application()
    app.router.add_static("/", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


async def _probed(stage: Stage, seconds: float) -> tuple[list[float], list[float]]:
    (address,) = re.findall(r"health at (http://[0-9.:]+)/healthz", stage.bot.log)[-1:]
    lags: list[float] = []
    answers: list[float] = []
    began = time.monotonic()
    scrape_at = began + _SCRAPE_SECONDS
    async with aiohttp.ClientSession() as session:
        await _lag(session, address)  # what was worst until now is not ours
        while (now := time.monotonic()) < began + seconds:
            async with session.get(f"{address}/healthz") as answer:
                await answer.read()
            answers.append(time.monotonic() - now)
            if now >= scrape_at:
                lags.append(await _lag(session, address))
                scrape_at += _SCRAPE_SECONDS
            await asyncio.sleep(_PROBE_SECONDS)
        lags.append(await _lag(session, address))
    return lags, answers


async def _own_stalls(seconds: float) -> list[float]:
    """By how much each look at the clock came too late: what the stand-ins add to every answer."""
    late: list[float] = []
    ends_at = time.monotonic() + seconds
    while (now := time.monotonic()) < ends_at:
        await asyncio.sleep(_TICK_SECONDS)
        late.append(time.monotonic() - now - _TICK_SECONDS)
    return late


async def _lag(session: aiohttp.ClientSession, address: str) -> float:
    async with session.get(f"{address}/metrics") as answer:
        found = re.search(r"^compose_loop_lag_seconds (\S+)$", await answer.text(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _hold(number: int, now: datetime, where: tuple[int, int]) -> dict[str, object]:
    owner = {"member_id": number // 5 + 1, "guild_id": where[0], "channel_id": where[1], "job_id": number}
    money = {"provider": "aiml", "model": "minimax-music", "songs": 1, "price_micros": 37_000}
    return owner | money | {"at": now, "attempt": 1, "kind": "held", "note": ""}


def _order(number: int, reference_url: str, where: tuple[int, int]) -> Order:
    place = Place(
        origin=Origin.GUILD,
        channel_id=where[1],
        guild_id=where[0],
        interaction_id=number,
        interaction_token=None,
        upload_limit_bytes=10 * MEBI,
        locale="en-GB",
    )
    reference = Reference(url=reference_url, name="song.mp3", size_bytes=4_000_000)
    return Order(
        member_id=number // 5 + 1,
        member_name="Ada",
        place=place,
        title=f"Song {number}",
        lyrics=_LYRICS,
        prompt=_LYRICS,
        reference=reference,
        provider="aiml",
        model="minimax-music",
        price_micros=37_000,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
