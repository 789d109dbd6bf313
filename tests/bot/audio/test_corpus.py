"""Every file of the torture corpus gets the usability and the length that are true of it."""

import asyncio
from pathlib import Path

import pytest

from bot.audio import AudioPool, ChildLimits, Inspection, Needs, Purpose, sentence
from bot.audio.inspection import inspect
from tests.bot.audio.corpus import CASES, Case, write_all

Seen = dict[str, Inspection]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Without children: a hundred starts of Python would only test the machine. `test_fuzz` and the slow test do."""
    paths = write_all(tmp_path_factory.mktemp("corpus"))
    return {name: inspect(path, Purpose.REFERENCE, Needs(), ChildLimits()) for name, path in paths.items()}


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_children_say_the_same_within_bounded_memory(tmp_path: Path, seen: Seen) -> None:
    paths = write_all(tmp_path)
    async with AudioPool(processes=2) as pool:
        found = await asyncio.gather(*(pool.inspect(path) for path in paths.values()))
        assert pool.peak_bytes < 200 * 1024 * 1024
    assert dict(zip(paths, found, strict=True)) == seen


@pytest.mark.timeout(300)  # the first one makes and reads them all
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_gets_its_true_usability_and_length(case: Case, seen: Seen) -> None:
    found = seen[case.name]
    problems = [finding.problem for finding in found.findings]
    assert found.usability is case.usability, problems
    assert case.is_length_right(found.seconds), (found.seconds, case.seconds)
    if case.problem is not None:
        assert problems[0] is case.problem
    assert bool(problems) is (found.usability != "usable")


@pytest.mark.timeout(300)
def test_every_reason_is_a_sentence_in_both_languages(seen: Seen) -> None:
    for found in seen.values():
        for finding in found.findings:
            english, german = sentence(finding, "en-GB"), sentence(finding, "de")
            assert english != german
            assert english.endswith(".")
            assert german.endswith(".")
            assert "{" not in english + german


def test_the_corpus_has_what_members_and_attackers_have() -> None:
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.usability for case in CASES} == {"usable", "convertible", "refused"}
