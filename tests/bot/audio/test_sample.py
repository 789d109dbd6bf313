"""The built-in song goes the whole way through real children, and says which step fails and what to do."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.audio import AudioPool, ChildLimits, Problem
from bot.audio.sample import SAMPLE_FILE, SampleResult, SampleStep, try_sample

Tamper = Callable[[str], None]


def test_it_is_a_few_kilobytes() -> None:
    assert 1000 < SAMPLE_FILE.stat().st_size < 10_000


async def test_all_is_well_and_nothing_is_left(tmp_path: Path) -> None:
    async with AudioPool(processes=1, work_dir=tmp_path) as pool:
        assert await try_sample(pool) == SampleResult()
    assert not list(tmp_path.iterdir())


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform == "win32", reason="ends by signals")
@pytest.mark.parametrize(
    ("code", "failed", "problem"),
    [
        (
            "opening(lambda real, file, mode=None, format=None, options=None: real(file))",
            SampleStep.DECODED,
            Problem.INTERNAL,
        ),
        ("opening(lambda *_, **__: ctypes.string_at(0))", SampleStep.DECODED, Problem.CRASHED),
        (
            "opening(lambda real, file, mode='r', **named: real(file, mode, **named) if mode == 'r' else 1 / 0)",
            SampleStep.CONVERTED,
            Problem.INTERNAL,
        ),
        ("import PIL.ImageFont\ndel PIL.ImageFont.load_default", SampleStep.DRESSED, Problem.INTERNAL),
    ],
)
async def test_a_step_that_fails_is_named_with_what_to_do(
    tmp_path: Path, tampered: Tamper, code: str, failed: SampleStep, problem: Problem
) -> None:
    tampered(code)
    async with AudioPool(processes=1, work_dir=tmp_path) as pool:
        result = await try_sample(pool)
    assert (result.failed, result.problem) == (failed, problem)
    assert f"cannot be {failed} ({problem})" in result.sentence
    assert "requirements/run.lock" in result.sentence


@pytest.mark.heavy
async def test_a_folder_that_is_gone_and_limits_too_small_are_told_apart(tmp_path: Path) -> None:
    async with AudioPool(processes=1, work_dir=tmp_path / "gone") as pool:
        assert "DATA_DIR/work" in (await try_sample(pool)).sentence
    async with AudioPool(processes=1, encoding_limits=ChildLimits(written_bytes=1000)) as pool:
        assert (await try_sample(pool)).problem is Problem.OVER_OUTPUT


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_has_a_sentence_with_advice(problem: Problem) -> None:
    sentence = SampleResult(failed=SampleStep.DECODED, problem=problem).sentence
    assert len(sentence.split(". ")) >= 2
