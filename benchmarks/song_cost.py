"""What a song costs the bot's own process of a processor, the sound's children apart.

`python -m benchmarks.song_cost [--songs 200]`. All on loopback: the bot as its own process, Discord and the music API
as stand-ins in this one. Songs are ordered as fast as members are answered, so that many are under way at once; what
the idle bot used in as many seconds is taken off. `--profile FILE`: the bot writes a cProfile of its main thread there,
which slows it down to about half; the figures are then for comparison among themselves alone.
"""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.burst import delivered
from sandbox.bot_process import BotProcess
from sandbox.generation import Settings
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage

_SETTLE_SECONDS, _IDLE_SECONDS = 5.0, 10.0
_PATIENCE_SECONDS = 1800.0
_ROUND = 5
#: Made in ten seconds, so that looks take what they take by default; as many at once as there are.
_SETTINGS = {"GENERATION_CONCURRENCY": "1000", "LEARN_POLLS": "yes"}
_GENERATION = Settings(allow_loopback=True, queued_seconds=0, generating_seconds=10)
_PROFILE = """
import atexit, cProfile, threading
profile = cProfile.Profile()
atexit.register(profile.dump_stats, {path!r})
import bot.app
opened = bot.app._serve
async def serve(*arguments):
    profile.enable()
    try:
        await opened(*arguments)
    finally:
        profile.disable()
bot.app._serve = serve
import bot.stopping, os
bot.stopping.os._exit = lambda code: (atexit._run_exitfuncs(), os.kill(os.getpid(), 9))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of all songs together, but for what idling takes in a second."""

    songs: int
    seconds: float
    own: float  #: processor seconds of the bot's process
    children: float  #: and of all its children
    idle: float  #: of the bot's process, in each second without songs
    threads: dict[str, float]  #: of `own`, by the threads' names
    looks: int
    calls: int  #: of Discord's REST


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.song_cost")
    parser.add_argument("--songs", type=int, default=200)
    parser.add_argument("--profile", type=Path, default=None)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="compose-cost-") as name:
        cost = asyncio.run(measure(Path(name), given.songs, given.profile))
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        f"load {os.getloadavg()[0]:.1f}; {cost.songs} songs in {cost.seconds:.0f} s; of a song, in ms of a processor:"
    )
    own = cost.own - cost.idle * cost.seconds
    print(f"{'the bot beside the sound':36}{1000 * own / cost.songs:>8.1f}")
    for thread, seconds in sorted(cost.threads.items(), key=lambda item: -item[1]):
        print(f"{'  of it: ' + thread:36}{1000 * seconds / cost.songs:>8.1f}")
    print(f"{'  idling, taken off':36}{1000 * cost.idle * cost.seconds / cost.songs:>8.1f}")
    print(f"{'the sound, in its children':36}{1000 * cost.children / cost.songs:>8.1f}")
    print(f"looks a song {cost.looks / cost.songs:.1f}, calls of Discord {cost.calls / cost.songs:.1f}")
    return 0


async def measure(folder: Path, songs: int, profile: Path | None = None) -> Cost:
    """Make so many songs and see what they cost."""
    write_sample(folder / "song.mp3")
    sound = (folder / "song.mp3").read_bytes()
    prelude = "" if profile is None else _PROFILE.format(path=str(profile.resolve()))
    make_bot = partial(BotProcess, prelude=prelude)
    async with open_stage(folder / "bot", generation=_GENERATION, bot_settings=_SETTINGS, make_bot=make_bot) as stage:
        await stage.discord.until(lambda: "sound: " in stage.bot.log, 60)
        await asyncio.sleep(_SETTLE_SECONDS)
        idle = _used(stage.bot.pid)
        await asyncio.sleep(_IDLE_SECONDS)
        before, threads, began = _used(stage.bot.pid), _threads(stage.bot.pid), time.monotonic()
        calls, taken = len(stage.discord.calls), 0
        for first in range(0, songs, _ROUND):
            numbers = range(first, min(songs, first + _ROUND))
            taken += sum(await asyncio.gather(*(_order(stage, number, sound) for number in numbers)))
        await stage.discord.until(lambda: delivered(stage) >= taken, _PATIENCE_SECONDS)
        after, seconds = _used(stage.bot.pid), time.monotonic() - began
        used = {name: value - threads.get(name, 0.0) for name, value in _threads(stage.bot.pid).items()}
        made = stage.generation.world.ledger.generations.values()
        return Cost(
            songs=taken,
            seconds=seconds,
            own=after[0] - before[0],
            children=after[1] - before[1],
            idle=(before[0] - idle[0]) / _IDLE_SECONDS,
            threads=used,
            looks=sum(len(one.polled_at) for one in made),
            calls=len(stage.discord.calls) - calls,
        )


async def _order(stage: Stage, number: int, sound: bytes) -> bool:
    """Whether it was taken in time: a machine that is busy with other things may take longer than Discord waits."""
    words = {"lyrics": f"la la {number}\n" * 12, "title": f"Song {number}"}
    asked = await stage.discord.slash("compose", words, files={"reference": ("song.mp3", sound)})
    await stage.discord.until(lambda: asked.answer_type is not None or asked.failed, _PATIENCE_SECONDS)
    return not asked.failed


def _used(pid: int) -> tuple[float, float]:
    """Processor seconds of the process so far, and of those of its children that have ended."""
    fields = _fields(Path(f"/proc/{pid}/stat"))
    ticks = os.sysconf("SC_CLK_TCK")
    return (fields[11] + fields[12]) / ticks, (fields[13] + fields[14]) / ticks


def _threads(pid: int) -> dict[str, float]:
    """Processor seconds by thread: the event loop, and all others together."""
    found = {"the event loop": 0.0, "its other threads": 0.0}
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = _fields(task / "stat")
        found["the event loop" if int(task.name) == pid else "its other threads"] += (
            fields[11] + fields[12]
        ) / os.sysconf("SC_CLK_TCK")
    return found


def _fields(stat: Path) -> list[int]:
    return [int(field) if field.lstrip("-").isdecimal() else 0 for field in stat.read_text().rpartition(")")[2].split()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
