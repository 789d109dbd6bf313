"""What very many songs in line cost the whole bot: memory, processor, the loop's stalls, `/healthz`, cards drawn.

`python -m benchmarks.pending N [--seconds 30]`. All on loopback: the bot as its own process on a database with N
songs in line of N / 5 members, Discord and a music API at which nothing comes to an end as stand-ins in this one.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import web
from sqlalchemy import insert

from benchmarks.burst import MEBI, resident_bytes
from bot.clock import SystemClock
from bot.jobs.model import JobState, Order, Origin, Place, Reference
from bot.store.db import open_store
from bot.store.rows import columns_of_order
from bot.store.tables import charges, jobs
from sandbox.generation import Settings
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage

_BATCH = 500
_READY_SECONDS = 60.0
_SETTLE_SECONDS = 5.0
_PROBE_SECONDS = 0.5
_LYRICS = "\n".join(["Four lines of a song that nobody knows"] * 12)


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pending")
    parser.add_argument("songs", type=int)
    parser.add_argument("--seconds", type=float, default=30)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="compose-pending-") as name:
        rows = asyncio.run(_measure(Path(name), given.songs, given.seconds))
    print(f"{given.songs} songs in line, {os.cpu_count()} cores, {given.seconds:g} s")
    for label, value in rows:
        print(f"{label:36}{value:>12}")
    return 0


async def _fill(url: str, songs: int, reference_url: str) -> None:
    now = datetime.now(UTC)
    async with open_store(url, clock=SystemClock(), synchronous="OFF") as store:
        for first in range(0, songs, _BATCH):
            numbers = range(first + 1, min(songs, first + _BATCH) + 1)
            queued = {"state": JobState.QUEUED, "version": 1}
            rows = [
                columns_of_order(_order(number, reference_url, now), key=f"{number:016x}", now=now) | queued
                for number in numbers
            ]
            async with store.database.writing() as connection:
                await connection.execute(insert(jobs), rows)
                await connection.execute(insert(charges), [_hold(number, now) for number in numbers])


async def _measure(folder: Path, songs: int, seconds: float) -> list[tuple[str, str]]:
    url = f"sqlite+aiosqlite:///{folder / 'compose.db'}"
    runner = await _serve(folder)
    host, port = runner.addresses[0][:2]
    await _fill(url, songs, f"http://{host}:{port}/song.mp3")
    began = time.monotonic()
    given = {"HEALTH_PORT": "0", "DATABASE_URL": url}
    settings = Settings(allow_loopback=True, generating_seconds=36_000)
    async with open_stage(folder / "bot", generation=settings, bot_settings=given) as stage:
        await stage.discord.until(lambda: "ready: " in stage.bot.log, _READY_SECONDS)
        ready_seconds = time.monotonic() - began
        await asyncio.sleep(_SETTLE_SECONDS)
        cards, used = len(stage.discord.messages), _cpu_seconds(stage.bot.pid)
        started = time.monotonic()
        lags, answers = await _probed(stage, seconds)
        share = (_cpu_seconds(stage.bot.pid) - used) / (time.monotonic() - started)
        return [
            ("start to ready, s", f"{ready_seconds:.1f}"),
            ("memory, MiB", f"{resident_bytes(stage.bot.pid) / MEBI:.0f}"),
            ("of a core, %", f"{100 * share:.1f}"),
            ("loop stall, p99 of the worst ms", f"{1000 * sorted(lags)[int(0.99 * (len(lags) - 1))]:.0f}"),
            ("loop stall, worst ms", f"{1000 * max(lags):.0f}"),
            ("/healthz, worst ms", f"{1000 * max(answers):.0f}"),
            ("cards drawn at the start", f"{cards}"),
            ("cards drawn afterwards", f"{len(stage.discord.messages) - cards}"),
            ("places filled", f"{stage.bot.log.count('the music API accepts')}"),
            ("the database was busy", f"{stage.bot.log.count('the database is busy')}"),
        ]


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
    until = time.monotonic() + seconds
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < until:
            began = time.monotonic()
            async with session.get(f"{address}/healthz") as answer:
                await answer.read()
            answers.append(time.monotonic() - began)
            async with session.get(f"{address}/metrics") as answer:
                found = re.search(r"^compose_loop_lag_seconds (\S+)$", await answer.text(), re.MULTILINE)
            lags.append(float(found[1]) if found else 0.0)
            await asyncio.sleep(_PROBE_SECONDS)
    return lags, answers


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _hold(number: int, now: datetime) -> dict[str, object]:
    owner = {"member_id": number // 5 + 1, "guild_id": number % 10 + 1, "channel_id": number % 50 + 1, "job_id": number}
    money = {"provider": "aiml", "model": "minimax-music", "songs": 1, "price_micros": 37_000}
    return owner | money | {"at": now, "attempt": 1, "kind": "held", "note": ""}


def _order(number: int, reference_url: str, now: datetime) -> Order:
    place = Place(
        origin=Origin.GUILD,
        channel_id=number % 50 + 1,
        guild_id=number % 10 + 1,
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
        answered_at=now,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
