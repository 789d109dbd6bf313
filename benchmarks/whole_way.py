"""How long a start takes, and how long a finished track takes to be in the channel; beside what the parts cost alone.

`python -m benchmarks.whole_way [--songs 5]`. The music API's own time is left out: a track counts from the moment the
stand-in has it. With a poll interval of p seconds, p/2 of the way is waiting for the next look, on the average.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sandbox.generation import Settings
from sandbox.generation.ledger import Generation
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage

_POLL_SECONDS = 0.5


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_way")
    parser.add_argument("--songs", type=int, default=5)
    asyncio.run(_measure(parser.parse_args(arguments).songs))
    return 0


async def _measure(songs: int) -> None:
    imports = await asyncio.to_thread(_seconds_of, "import discord, sqlalchemy.ext.asyncio, pydantic_settings")
    settings = Settings(allow_loopback=True, queued_seconds=0.2, generating_seconds=0.5)
    with tempfile.TemporaryDirectory(prefix="compose-bench-") as name:
        folder = Path(name)
        song = folder / "song.mp3"
        await asyncio.to_thread(write_sample, song)
        began = time.monotonic()
        poll = {"POLL_INTERVAL_SECONDS": str(_POLL_SECONDS)}
        async with open_stage(folder / "bot", generation=settings, bot_settings=poll) as stage:
            start = time.monotonic() - began
            ways = [await _one(stage, song, number) for number in range(songs)]
    print(f"start to connected            {start:6.2f} s")
    print(f"  baseline: imports alone     {imports:6.2f} s")
    print(f"ready at the API to channel   {statistics.median(ways):6.2f} s median, {max(ways):.2f} s at most")
    print(f"  of it waiting for a look    {_POLL_SECONDS / 2:6.2f} s on the average (poll interval {_POLL_SECONDS} s)")


def _seconds_of(code: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
    return time.monotonic() - began


async def _one(stage: Stage, song: Path, number: int) -> float:
    title = f"Song {number}"
    words = {"lyrics": f"la la {number}", "title": title}
    await stage.discord.slash("compose", words, files={"reference": song})

    def made() -> Generation | None:
        return next(
            (one for one in stage.generation.ledger.generations.values() if words["lyrics"] in one.prompt), None
        )

    generation = await stage.discord.until(made, 60)
    ready_after = stage.generation.world.settings.queued_seconds + stage.generation.world.settings.generating_seconds
    ready_at = time.monotonic() + ready_after - (stage.generation.ledger.now() - generation.accepted_at)

    def arrived() -> bool:
        replies = [message for message in stage.discord.messages if message.reply_to_id is not None]
        return any(title in message.content and message.attachments for message in replies)

    await stage.discord.until(arrived, 60)
    return time.monotonic() - ready_at


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
