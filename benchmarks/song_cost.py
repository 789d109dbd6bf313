"""What a song costs the bot's own process of a processor, the sound's children apart, on each part of its way.

`python -m benchmarks.song_cost [--songs 60]`. All on loopback: the bot as its own process, Discord and the music API
as stand-ins in this one. Songs are ordered as fast as members are answered, all of them before the first is ready, so
that three parts can be told apart: from the order to the accepted POST, the looks while the service works, and from
the first that is ready to the last that is in its channel. What the idle bot used in as many seconds is taken off.
`--profile FILE`: the bot writes a cProfile of its main thread there, which slows it down to about half; the figures are
then for comparison among themselves alone.
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
from itertools import pairwise
from pathlib import Path

from benchmarks.burst import delivered
from sandbox.bot_process import BotProcess
from sandbox.generation import Settings
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage

_SETTLE_SECONDS, _IDLE_SECONDS = 5.0, 10.0
_PATIENCE_SECONDS = 1800.0
#: After the last track its card is brought up to date.
_LAST_WORD_SECONDS = 1.0
_ROUND = 5
#: As many at once as there are.
_SETTINGS = {"GENERATION_CONCURRENCY": "1000", "POLL_INTERVAL_SECONDS": "10"}
#: Long enough for all orders of a slow machine, with so much more for each song.
_MAKING_SECONDS, _MAKING_SECONDS_A_SONG = 25.0, 0.35
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
class Used:
    """Processor seconds of the bot so far."""

    at: float  #: on the monotonic clock
    own: float  #: of the bot's process
    loop: float  #: of it the event loop's thread
    children: float  #: of all children that have ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one part of the way took, of all songs together, but for what idling takes in as many seconds."""

    name: str
    seconds: float
    own: float
    loop: float
    children: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of all songs together."""

    songs: int
    parts: Sequence[Part]
    looks: int
    calls: int  #: of Discord's REST


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.song_cost")
    parser.add_argument("--songs", type=int, default=60)
    parser.add_argument("--profile", type=Path, default=None)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="compose-cost-") as name:
        cost = asyncio.run(measure(Path(name), given.songs, given.profile))
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"load {os.getloadavg()[0]:.1f}; {cost.songs} songs; of a song, in ms of a processor:")
    print(f"{'':36}{'the bot':>10}{'its loop':>10}{'threads':>10}{'children':>10}{'seconds':>10}")
    for part in cost.parts:
        figures = (part.own, part.loop, part.own - part.loop, part.children)
        print(
            f"{part.name:36}"
            + "".join(f"{1000 * one / cost.songs:>10.1f}" for one in figures)
            + f"{part.seconds:>10.0f}"
        )
    print(f"looks a song {cost.looks / cost.songs:.1f}, calls of Discord {cost.calls / cost.songs:.1f}")
    return 0


async def measure(folder: Path, songs: int, profile: Path | None = None) -> Cost:
    """Make so many songs and see what they cost. Raises RuntimeError on a machine too slow to tell the parts apart."""
    write_sample(folder / "song.mp3")
    sound = (folder / "song.mp3").read_bytes()
    prelude = "" if profile is None else _PROFILE.format(path=str(profile.resolve()))
    making = Settings(
        allow_loopback=True, queued_seconds=0, generating_seconds=_MAKING_SECONDS + _MAKING_SECONDS_A_SONG * songs
    )
    make_bot = partial(BotProcess, prelude=prelude)
    async with open_stage(folder / "bot", generation=making, bot_settings=_SETTINGS, make_bot=make_bot) as stage:
        await stage.discord.until(lambda: "sound: " in stage.bot.log, 60)
        await asyncio.sleep(_SETTLE_SECONDS)
        idle = [_used(stage.bot.pid)]
        await asyncio.sleep(_IDLE_SECONDS)
        idle.append(_used(stage.bot.pid))
        calls, made = len(stage.discord.calls), stage.generation.world.ledger.generations
        taken = await _ordered(stage, songs, sound)
        await stage.discord.until(lambda: len(made) >= taken, _PATIENCE_SECONDS)
        reached = [idle[1], _used(stage.bot.pid)]
        if delivered(stage):
            raise RuntimeError("the first song was ready before the last was accepted: the machine is too slow")
        for number in (1, taken):
            await stage.discord.until(partial(_has_delivered, stage, number), _PATIENCE_SECONDS)
            await asyncio.sleep(_LAST_WORD_SECONDS if number == taken else 0)
            reached.append(_used(stage.bot.pid))
        names = ("from the order to the accepted POST", "looks while it is made", "from ready to the channel")
        parts = [_part(name, *pair, idle) for name, pair in zip(names, pairwise(reached), strict=True)]
        parts.append(_part("all of it", reached[0], reached[-1], idle))
        looks = sum(len(one.polled_at) for one in made.values())
        return Cost(songs=taken, parts=parts, looks=looks, calls=len(stage.discord.calls) - calls)


async def _ordered(stage: Stage, songs: int, sound: bytes) -> int:
    """How many were taken."""
    taken = 0
    for first in range(0, songs, _ROUND):
        numbers = range(first, min(songs, first + _ROUND))
        taken += sum(await asyncio.gather(*(_order(stage, number, sound) for number in numbers)))
    return taken


def _has_delivered(stage: Stage, number: int) -> bool:
    return delivered(stage) >= number


def _part(name: str, before: Used, after: Used, idle: Sequence[Used]) -> Part:
    seconds = after.at - before.at
    share = seconds / (idle[1].at - idle[0].at)
    return Part(
        name=name,
        seconds=seconds,
        own=after.own - before.own - share * (idle[1].own - idle[0].own),
        loop=after.loop - before.loop - share * (idle[1].loop - idle[0].loop),
        children=after.children - before.children,
    )


async def _order(stage: Stage, number: int, sound: bytes) -> bool:
    """Whether it was taken in time: a machine that is busy with other things may take longer than Discord waits."""
    words = {"lyrics": f"la la {number}\n" * 12, "title": f"Song {number}"}
    asked = await stage.discord.slash("compose", words, files={"reference": ("song.mp3", sound)})
    await stage.discord.until(lambda: asked.answer_type is not None or asked.failed, _PATIENCE_SECONDS)
    return not asked.failed


def _used(pid: int) -> Used:
    fields = _fields(Path(f"/proc/{pid}/stat"))
    loop = _fields(Path(f"/proc/{pid}/task/{pid}/stat"))
    ticks = os.sysconf("SC_CLK_TCK")
    return Used(
        at=time.monotonic(),
        own=(fields[11] + fields[12]) / ticks,
        loop=(loop[11] + loop[12]) / ticks,
        children=(fields[13] + fields[14]) / ticks,
    )


def _fields(stat: Path) -> list[int]:
    return [int(field) if field.lstrip("-").isdecimal() else 0 for field in stat.read_text().rpartition(")")[2].split()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
