"""Mutated files: always an answer, in bounded time and memory, and the parent lives."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from bot.audio import AudioPool, ChildLimits, Inspection, Needs, Problem
from tests import warm_sound
from tests.bot.audio import corpus

LIMITS = ChildLimits(wall_seconds=15, cpu_seconds=10, memory_bytes=512 * 1024 * 1024)
FEW = 20
SEEDS = (
    "mp3_vbr_xing.mp3",
    "mp3_bigcover.mp3",
    "mp3_vbri.mp3",
    "wav_odd_chunks.wav",
    "wav_ima_adpcm.wav",
    "wav_rf64.wav",
)
OTHER_SEEDS = (
    "m4a_as.mp3",
    "opus_as.mp3",
    "ogg_vorbis_as.mp3",
    "flac_as.wav",
    "webm_as.mp3",
    "wma_as.mp3",
    "avi_as.wav",
)
MORE_SEEDS = ("aiff_as.wav", "caf_as.wav", "w64_as.wav", "au_as.wav", "wavpack_as.wav", "amr_as.mp3", "alac_as.wav")


@pytest.fixture(scope="session")
def originals(file_of: Callable[[corpus.Case], Path]) -> list[bytes]:
    """Only as much of each as a mutant needs: headers, and some seconds of sound."""
    wanted = {*SEEDS, *OTHER_SEEDS, *MORE_SEEDS}
    return [file_of(case).read_bytes()[:600_000] for case in corpus.CASES if case.name in wanted]


def mutants(originals: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    dice = random.Random(seed)
    for _ in range(count):
        data = bytearray(dice.choice(originals))
        for _ in range(dice.choice((1, 3, 10, 60))):
            mutate(data, dice)
        yield bytes(data)


def mutate(data: bytearray, dice: random.Random) -> None:
    """One blow, mostly near the front, where the headers are."""
    if len(data) < 16:
        return
    at = dice.randrange(min(len(data), dice.choice((64, 512, 8192, len(data)))))
    match dice.randrange(6):
        case 0:
            data[at] ^= 1 << dice.randrange(8)
        case 1:
            data[at : at + 4] = dice.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x01"))
        case 2:
            data[at : at + 8] = dice.randbytes(8)
        case 3:
            del data[at : at + dice.randrange(1, 3000)]
        case 4:
            data[at:at] = data[at : at + dice.randrange(1, 3000)]
        case _:
            del data[dice.randrange(len(data) // 2, len(data)) :]


async def survive(folder: Path, originals: list[bytes], count: int, seed: int) -> list[Inspection]:
    """Looks at `count` mutants and converts what can be converted; answers are all that comes back.

    A few start their children as the bot does; for many more that would test Python's own start.
    """
    start = nullcontext() if count < FEW else warm_sound.warm()
    with start:
        return await _survive(folder, originals, count, seed)


async def _survive(folder: Path, originals: list[bytes], count: int, seed: int) -> list[Inspection]:
    async with AudioPool(processes=2, limits=LIMITS, encoding_limits=LIMITS) as pool:

        async def one(number: int, data: bytes) -> Inspection:
            path = folder / f"{number}"
            path.write_bytes(data)
            seen = await pool.inspect(path)
            if seen.accepted and number % 10 == 0:
                made = await pool.to_reference(path, folder / f"{number}.mp3", needs=Needs(max_seconds=16.5))
                assert made.path is not None or made.findings
            path.unlink()
            return seen

        seen = await asyncio.gather(*(one(n, data) for n, data in enumerate(mutants(originals, count, seed))))
        assert pool.peak_bytes <= LIMITS.memory_bytes
    return seen


def check_answers(seen: list[Inspection]) -> None:
    for found in seen:
        assert found.accepted or len(found.findings) == 1
        assert not found.accepted or (found.seconds or 0) >= 15.5
        assert found.finding is None or found.finding.problem is not Problem.UNREADABLE


@pytest.mark.heavy
@pytest.mark.parametrize("count", [15, pytest.param(60, marks=pytest.mark.slow)])
async def test_mutants_get_an_answer_and_the_parent_lives(tmp_path: Path, originals: list[bytes], count: int) -> None:
    seen = await survive(tmp_path, originals, count, seed=1)
    check_answers(seen)
    defects = {Problem.CRASHED, Problem.INTERNAL}
    assert not [found for found in seen if found.finding is not None and found.finding.problem in defects], (
        "see the log"
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_many_more_mutants_get_an_answer(tmp_path: Path, originals: list[bytes]) -> None:
    check_answers(await survive(tmp_path, originals, 300, seed=2))
