"""The same with the real bot on loopback: three processes side by side, one that learns and two with a fixed pause.

All lengths are a tenth, and so are the pauses and what a look may cost; lag is told times ten. All make the same songs.
"""

import asyncio
import math
import random
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.polling.sets import HORIZON_SECONDS, SETS, Song
from benchmarks.polling.simulation import Optimum, run
from sandbox.discord import Interaction
from sandbox.generation import Settings
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage

_TENTH = 0.1
_SONGS = 110
_COUNTED_FROM = 30
_SET = SETS[0]
_PATIENCE_SECONDS = 60.0
_BOTS: Mapping[str, Mapping[str, str]] = {
    "every 5 s": {"LEARN_POLLS": "no", "POLL_INTERVAL_SECONDS": "0.5"},
    "every 10 s": {"LEARN_POLLS": "no", "POLL_INTERVAL_SECONDS": "1"},
    "ours": {"LEARN_POLLS": "yes", "POLL_INTERVAL_SECONDS": "1", "POLL_COST_SECONDS": "0.02"},
}
_ALL = {
    "POLLS_PER_SECOND": "100",
    "GENERATION_TIMEOUT_SECONDS": str(HORIZON_SECONDS * _TENTH),
    "GENERATION_CONCURRENCY": "50",
}


async def measure() -> int:
    """Print the table; 1 when ours is not ahead of both."""
    songs = _SET.songs(random.Random(1))[:_SONGS]
    with tempfile.TemporaryDirectory(prefix="compose-polling-") as name:
        write_sample(Path(name) / "song.mp3")
        sound = (Path(name) / "song.mp3").read_bytes()
        played = [play(Path(name) / str(place), songs, sound, given) for place, given in enumerate(_BOTS.values())]
        measured = dict(zip(_BOTS, await asyncio.gather(*played), strict=True))
    measured["optimum, simulated"] = min((known(songs, cost) for cost in (0.1, 0.2, 0.3, 0.5)), key=math.prod)
    print(f"{_SET.name}, lengths a tenth, {len(songs)} songs, from the {_COUNTED_FROM}th on; lag times ten")
    print(f"{'':20}{'lag s':>8}{'looks':>8}{'product':>9}")
    for label, (lag, looks) in measured.items():
        print(f"{label:20}{lag:>8.2f}{looks:>8.2f}{lag * looks:>9.2f}")
    products = {label: math.prod(means) for label, means in measured.items()}
    return 0 if products["ours"] < min(products["every 5 s"], products["every 10 s"]) else 1


def known(songs: Sequence[Song], seconds_per_poll: float) -> tuple[float, float]:
    """Lag and looks of who knows the distribution."""
    return run(songs, Optimum(_SET, seconds_per_poll)).mean(_COUNTED_FROM, len(songs))


async def play(folder: Path, songs: Sequence[Song], sound: bytes, given: Mapping[str, str]) -> tuple[float, float]:
    """Order the songs as they come; mean lag, times ten, and mean looks."""
    api = Settings(allow_loopback=True, queued_seconds=0)
    async with open_stage(folder, generation=api, bot_settings={**_ALL, **given}) as stage:
        began = asyncio.get_running_loop().time()
        asked: list[Interaction] = []
        for number, song in enumerate(songs):
            pause = began + song.accepted_at * _TENTH - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, pause))
            stage.generation.script(when=f"song {number}.", generating_seconds=song.seconds * _TENTH)
            words = {"lyrics": f"la la song {number}.", "title": f"Song {number}"}
            asked.append(await stage.discord.slash("compose", words, files={"reference": ("song.mp3", sound)}))
        # a machine that is busy with other things may answer a member too late: that song is nobody's
        await stage.discord.until(lambda: _finished(stage) >= sum(not one.failed for one in asked), _PATIENCE_SECONDS)
        return _means(stage)


def _finished(stage: Stage) -> int:
    made = stage.generation.world.ledger.generations.values()
    return sum(generation.fetches > 0 for generation in made)


def _means(stage: Stage) -> tuple[float, float]:
    made = list(stage.generation.world.ledger.generations.values())[_COUNTED_FROM:]
    lags = [
        max(0.0, one.polled_at[-1] - one.accepted_at - (one.script.generating_seconds or 0.0)) / _TENTH for one in made
    ]
    return statistics.mean(lags), statistics.mean(len(one.polled_at) for one in made)
