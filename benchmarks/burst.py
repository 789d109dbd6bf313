"""Fifty songs ordered at once through the whole bot: does the gateway stay awake, and what do memory and disk do?

`python -m benchmarks.burst [--songs 50] [--minutes 4]`. All on loopback: the bot as its own process, Discord and the
music API as stand-ins in this one. While the burst lasts a member types `/tracks` again and again, and the time to the
answer is what they feel. The baseline is the same bot under the same typing with nothing else to do.
"""

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import av

from sandbox.generation import Settings
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage

MEBI = 1024 * 1024
_PROBE_SECONDS = 0.2
_PATIENCE_SECONDS = 900.0
_LIVELY_SECONDS = 5.0


@dataclass(slots=True)
class Figures:
    """What was seen while something went on; lists hold one value for each probe."""

    seconds: float = 0.0
    answers: list[float] = field(default_factory=list[float])  #: seconds from a command to its first answer
    unanswered: int = 0  #: commands for which Discord gave up after its three seconds
    lags: list[float] = field(default_factory=list[float])  #: `compose_loop_lag_seconds`
    bot_bytes: int = 0  #: most resident memory of the bot itself
    children_bytes: int = 0  #: most resident memory of its children together
    max_children: int = 0
    disk_bytes: int = 0  #: most in the bot's folder: database, copies, files under way
    reconnects: int = 0
    delivered: int = 0


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.burst")
    parser.add_argument("--songs", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=4)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="compose-burst-") as name:
        folder = Path(name)
        song = long_song(folder, given.minutes * 60)
        idle, busy = asyncio.run(measure(folder / "bot", song, given.songs))
    print(f"{given.songs} songs of {len(song) / MEBI:.1f} MiB ({given.minutes:g} min) at once, one sound process")
    print(f"{'':32}{'burst':>12}{'baseline: idle':>18}")
    for label, value in rows():
        print(f"{label:32}{value(busy):>12}{value(idle):>18}")
    return 0


def rows() -> list[tuple[str, Callable[[Figures], str]]]:
    """The lines of the table."""
    return [
        ("seconds", lambda seen: f"{seen.seconds:.1f}"),
        ("tracks delivered", lambda seen: f"{seen.delivered}"),
        ("answer to a command, median ms", lambda seen: f"{1000 * statistics.median(seen.answers):.0f}"),
        ("answer to a command, worst ms", lambda seen: f"{1000 * max(seen.answers):.0f}"),
        ("commands without an answer", lambda seen: f"{seen.unanswered}"),
        ("loop lag, worst ms", lambda seen: f"{1000 * max(seen.lags):.0f}"),
        ("gateway connections lost", lambda seen: f"{seen.reconnects}"),
        ("bot's memory, most MiB", lambda seen: f"{seen.bot_bytes / MEBI:.0f}"),
        ("its children's, most MiB", lambda seen: f"{seen.children_bytes / MEBI:.0f}"),
        ("children at once, most", lambda seen: f"{seen.max_children}"),
        ("disk, most MiB", lambda seen: f"{seen.disk_bytes / MEBI:.1f}"),
    ]


def long_song(folder: Path, seconds: float) -> bytes:
    """The sample, its MP3 frames repeated until `seconds` are full."""
    path = folder / "sample.mp3"
    write_sample(path)
    with av.open(str(path)) as sample:
        length = float(sample.duration or 1) / 1_000_000
        frames = b"".join(bytes(packet) for packet in sample.demux(audio=0))
    return frames * max(1, round(seconds / length))


async def measure(folder: Path, song: bytes, songs: int, **bot_settings: str) -> tuple[Figures, Figures]:
    """The figures of a quiet bot, then those of the burst."""
    settings = Settings(allow_loopback=True, generating_seconds=1)
    given = {"POLL_INTERVAL_SECONDS": "1", "HEALTH_PORT": "0", "AUDIO_PROCESSES": "1", **bot_settings}
    async with open_stage(folder, generation=settings, bot_settings=given) as stage:
        await stage.discord.until(lambda: "ready: " in stage.bot.log, 30)
        idle = await watched(stage, lambda: asyncio.sleep(_LIVELY_SECONDS))

        async def burst() -> None:
            for number in range(songs):
                words = {"lyrics": f"la la {number}", "title": f"Song {number}"}
                await stage.discord.slash("compose", words, files={"reference": ("song.mp3", song)})
            await stage.discord.until(lambda: delivered(stage) >= songs, _PATIENCE_SECONDS)

        busy = await watched(stage, burst)
        busy.delivered = delivered(stage)
        return idle, busy


def delivered(stage: Stage) -> int:
    """How many tracks there are."""
    return sum(
        1
        for message in stage.discord.messages
        if message.author.bot and "is ready" in message.content and message.attachments
    )


async def watched(stage: Stage, work: Callable[[], Awaitable[object]]) -> Figures:
    """Do `work` while somebody types and somebody counts."""
    figures = Figures()
    connected = stage.bot.log.count("connected as ")
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        probes = [group.create_task(type_commands(stage, figures)), group.create_task(count(stage, figures))]
        await work()
        figures.seconds = time.monotonic() - began
        for probe in probes:
            probe.cancel()
    figures.reconnects = stage.bot.log.count("connected as ") - connected
    return figures


async def type_commands(stage: Stage, figures: Figures) -> None:
    """A member who asks for their tracks over and over."""
    while True:
        began = time.monotonic()
        asked = await stage.discord.slash("tracks")
        await stage.discord.until(lambda asked=asked: asked.answer_type is not None or asked.failed, 30)
        figures.answers.append(time.monotonic() - began)
        figures.unanswered += asked.failed
        await asyncio.sleep(_PROBE_SECONDS)


async def count(stage: Stage, figures: Figures) -> None:
    """Memory, children, disk, lag."""
    (address,) = re.findall(r"health at (http://[0-9.:]+)/healthz", stage.bot.log)[-1:]
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{address}/metrics") as answer:
                found = re.search(r"^compose_loop_lag_seconds (\S+)$", await answer.text(), re.MULTILINE)
            figures.lags.append(float(found[1]) if found else 0.0)
            children = children_of(stage.bot.pid)
            figures.bot_bytes = max(figures.bot_bytes, resident_bytes(stage.bot.pid))
            figures.children_bytes = max(figures.children_bytes, sum(map(resident_bytes, children)))
            figures.max_children = max(figures.max_children, len(children))
            figures.disk_bytes = max(figures.disk_bytes, await asyncio.to_thread(stored, stage.bot.folder))
            await asyncio.sleep(_PROBE_SECONDS)


def children_of(pid: int) -> list[int]:
    """Child processes now; none where there is no /proc."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, children.read_text().split())
        except OSError:
            continue
    return found


def resident_bytes(pid: int) -> int:
    """Of a process, now; 0 where there is no /proc or no such process any more."""
    try:
        found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def stored(folder: Path) -> int:
    """Bytes of all files below `folder`; those that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
