"""How long a start takes until it is ready, and what the bot weighs when it idles; beside a bot of discord.py alone.

`python -m benchmarks.start [--starts 10] [--seconds 8]`. All on loopback, with the default settings: SQLite, no
`HEALTH_PORT`, a database that is up to date. The two take turns. The other bot logs in and listens, and does nothing
else; it is ready when Discord has said so, for discord.py itself waits two seconds more for the servers' members.
"""

import argparse
import asyncio
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.bot_process import BotProcess
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration, Settings
from sandbox.stage import settings_for

_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.005
_BARE = """
import os, discord, yarl
class Client(discord.Client):
    async def on_connect(self):
        print("ready: ", flush=True)
discord.http.Route.BASE = os.environ["DISCORD_API_URL"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
Client(intents=discord.Intents.default()).run(os.environ["DISCORD_TOKEN"])
"""
#: Of smaps_rollup, in the order of the table.
_WEIGHTS = ("Rss", "Pss", "Private_Dirty", "Anonymous")


class BareProcess(BotProcess):
    """A client of discord.py that does nothing."""

    def _program(self) -> tuple[str, ...]:
        return ("-c", _BARE)


@dataclass(slots=True)
class Seen:
    """One bot's figures, one for each start; those of idling are the last start's."""

    ready_seconds: list[float] = field(default_factory=list[float])
    processor_seconds: list[float] = field(default_factory=list[float])
    idle_processor_seconds: float = 0.0  #: from the start on
    kibibytes: dict[str, int] = field(default_factory=dict[str, int])


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start")
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=8, help="after ready, until the weight is read")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="compose-start-") as name:
        ours, bare = asyncio.run(measure(Path(name), given.starts, given.seconds))
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"load {os.getloadavg()[0]:.1f}; median of {given.starts} starts, weight {given.seconds:g} s after ready")
    print(f"{'':40}{'the bot':>10}{'discord.py':>12}")
    for label, mine, other in rows(ours, bare):
        print(f"{label:40}{mine:>10}{other:>12}")
    return 0


def rows(ours: Seen, bare: Seen) -> list[tuple[str, str, str]]:
    """The lines of the table."""
    names = {"Rss": "resident, MiB", "Pss": "  shared pages in parts, MiB", "Private_Dirty": "  its own alone, MiB",
             "Anonymous": "  not of files, MiB"}  # fmt: skip
    seconds = [
        ("start to ready, s", [f"{statistics.median(seen.ready_seconds):.2f}" for seen in (ours, bare)]),
        ("  the slowest, s", [f"{max(seen.ready_seconds):.2f}" for seen in (ours, bare)]),
        ("  of a processor, s", [f"{statistics.median(seen.processor_seconds):.2f}" for seen in (ours, bare)]),
        ("  and until the weight is read, s", [f"{seen.idle_processor_seconds:.2f}" for seen in (ours, bare)]),
    ]
    weights = [(names[key], [f"{seen.kibibytes[key] / 1024:.1f}" for seen in (ours, bare)]) for key in _WEIGHTS]
    return [(label, *cells) for label, cells in (*seconds, *weights)]


async def measure(folder: Path, starts: int, seconds: float) -> tuple[Seen, Seen]:
    """The figures of the bot, and of the other. One start before them, which makes the database, is not counted."""
    ours, bare = Seen(), Seen()
    async with FakeDiscord() as discord, FakeGeneration(Settings(allow_loopback=True)) as generation:
        settings = settings_for(discord, generation)
        await _start(BotProcess(folder / "bot", settings), Seen(), 0)
        for number in range(starts):
            rest = seconds if number == starts - 1 else 0
            await _start(BotProcess(folder / "bot", settings), ours, rest)
            await _start(BareProcess(folder / "bare", settings), bare, rest)
    return ours, bare


async def _start(bot: BotProcess, seen: Seen, rest_seconds: float) -> None:
    before = bot.log.count("ready: ")
    began = time.monotonic()
    async with bot:
        while bot.log.count("ready: ") == before:
            if not bot.is_running or time.monotonic() - began > _PATIENCE_SECONDS:
                raise RuntimeError(f"it did not get ready:\n{bot.log[-2000:]}")
            await asyncio.sleep(_LOOK_SECONDS)
        seen.ready_seconds.append(time.monotonic() - began)
        seen.processor_seconds.append(_processor_seconds(bot.pid))
        if rest_seconds:
            await asyncio.sleep(rest_seconds)
            seen.idle_processor_seconds = _processor_seconds(bot.pid)
            seen.kibibytes = _weights(bot.pid)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _weights(pid: int) -> dict[str, int]:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return {name: int(number) for name, number in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
