"""Every file of the torture corpus gets the usability and the length that are true of it."""

import asyncio
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from bot.audio import AudioPool, ChildLimits, Inspection, Needs, Purpose, sentence
from bot.audio.inspection import inspect
from tests import warm_sound
from tests.bot.audio.corpus import CASES, Case
from tests.shared_files import made_once, shared_folder

#: What takes the longest to make, each with a sibling that is made in the quick run; these go with the slow one.
SLOW = {
    *("mp3_vbr_noxing_10min.mp3", "mp3_cbr320.mp3", "mp3_abr_noxing.mp3", "mp3_mono.mp3", "mp3_plain_stereo.mp3"),
    *("mp3_mpeg2_22k.mp3", "mp3_10s_noxing_320.mp3", "wav_96k.wav", "wav_mp3_inside_as.mp3"),
    *("film_second_track.mp4", "film_second_track.mov", "film_commentary_first.mkv", "film_commentary_first.mp4"),
    *("avi_as.wav", "vorbis_film.webm", "mp4_film_as.mp3", "webm_as.mp3", "opus_as.mka", "alac.caf", "m4a_as.mp3"),
    *("aac_adts_as.mp3", "ogg_vorbis_as.mp3", "voice_message.ogg", "m4a_10s.m4a", "mka_10s.mka"),
}
QUICK = tuple(case for case in CASES if case.name not in SLOW)
Look = Callable[[Case], Inspection]


@pytest.fixture(scope="session")
def look(tmp_path_factory: pytest.TempPathFactory, file_of: Callable[[Case], Path]) -> Look:
    """Each file is made and looked at once in a run, by the first who asks for it.

    Without children: a hundred starts of Python would only test the machine. `test_fuzz` and the slow test do.
    """
    folder = shared_folder(tmp_path_factory, "corpus-seen")

    @cache
    def looked(case: Case) -> Inspection:
        def seen() -> bytes:
            return pickle.dumps(inspect(file_of(case), Purpose.REFERENCE, Needs(), ChildLimits()))

        return pickle.loads(made_once(folder / case.name, seen).read_bytes())  # written by a process of this run

    return looked


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_children_say_the_same_within_bounded_memory(look: Look, file_of: Callable[[Case], Path]) -> None:
    with warm_sound.warm():
        async with AudioPool(processes=2) as pool:
            found = await asyncio.gather(*(pool.inspect(file_of(case)) for case in CASES))
            assert pool.peak_bytes < 200 * 1024 * 1024
    assert [(case.name, seen) for case, seen in zip(CASES, found, strict=True)] == [
        (case.name, look(case)) for case in CASES
    ]


@pytest.mark.heavy
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name, marks=pytest.mark.slow if case.name in SLOW else ()) for case in CASES],
)
def test_a_file_gets_its_true_usability_and_length(case: Case, look: Look) -> None:
    found = look(case)
    problems = [finding.problem for finding in found.findings]
    assert found.usability is case.usability, problems
    assert case.is_length_right(found.seconds), (found.seconds, case.seconds)
    if case.problem is not None:
        assert problems[0] is case.problem
    assert bool(problems) is (found.usability != "usable")


@pytest.mark.timeout(300)  # it makes and reads them all, unless they are there
@pytest.mark.slow
def test_every_reason_is_a_sentence_in_both_languages(look: Look) -> None:
    for case in CASES:
        for finding in look(case).findings:
            english, german = sentence(finding, "en-GB"), sentence(finding, "de")
            assert english != german
            assert english.endswith(".")
            assert german.endswith(".")
            assert "{" not in english + german


def test_the_corpus_has_what_members_and_attackers_have() -> None:
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.usability for case in CASES} == {"usable", "convertible", "refused"}


def test_the_slow_run_keeps_no_outcome_for_itself() -> None:
    assert {case.name for case in CASES} >= SLOW
    assert {(case.usability, case.problem) for case in CASES} == {(case.usability, case.problem) for case in QUICK}
