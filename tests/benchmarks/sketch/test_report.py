"""The report's own word about a song: nothing when all is right, a line for each thing that is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.sketch.judge import Verdict
from benchmarks.sketch.recogniser import word_errors, words_of
from benchmarks.sketch.reference_songs import ReferenceSong
from benchmarks.sketch.report import Judged, Listened, Played, Row, faults_of
from benchmarks.sketch.sound import Balance, balance
from sandbox.sketch import listen

if TYPE_CHECKING:
    from tests.sandbox.sketch.conftest import Known

PLAYED = Played(
    seconds=40.0,
    work_seconds=99.0,
    notes=80,
    notes_in_tune=80,
    lufs=-14.2,
    true_peak_dbtp=-1.8,
    reference=Path("song.mp3"),
    result=Path("song sketch.mp3"),
)


def _row(known: Known) -> Row:
    song = known.song
    right = Verdict(bpm=song.bpm, key=song.true_key)
    deaf = Verdict(bpm=2 * song.bpm, key=replace(song.true_key, minor=not song.true_key.minor))
    return Row(
        listened=Listened(song=song, heard=listen(known.path)),
        played=PLAYED,
        judged=Judged(song=song, reference=deaf, result=right),
    )


def _faults(row: Row) -> list[str]:
    return [line.rsplit(": ", 1)[1] for line in faults_of(row)]


@pytest.mark.heavy
def test_what_is_right_has_no_faults_however_slow_and_whatever_the_judge_makes_of_the_reference(rock: Known) -> None:
    assert faults_of(_row(rock)) == []


@pytest.mark.heavy
def test_each_fault_of_the_sound_has_a_line_with_the_songs_name(rock: Known) -> None:
    played = replace(PLAYED, notes_in_tune=79, lufs=-12.0, true_peak_dbtp=0.1)
    row = replace(_row(rock), played=played)
    assert _faults(row) == ["a note is sung out of tune", "the loudness is off", "it clips"]
    assert all(line.startswith(f"BELOW THE BAR: {rock.song.name}: ") for line in faults_of(row))


@pytest.mark.heavy
def test_a_chorus_that_does_not_lift_a_rumble_and_a_dull_mix_are_faults(rock: Known) -> None:
    good = replace(PLAYED, sections={"verse": -15.0, "chorus": -12.5}, balance=balance_of(-15.0, -16.0))
    assert faults_of(replace(_row(rock), played=good)) == []
    for chorus in (-13.5, -11.5):
        played = replace(good, sections={"verse": -15.0, "chorus": chorus})
        assert _faults(replace(_row(rock), played=played)) == ["the chorus does not lift"]
    played = replace(good, balance=balance_of(-8.0, -23.0))
    assert _faults(replace(_row(rock), played=played)) == ["too much lies below 60 Hz", "there is no air"]


def balance_of(depth: float, air: float) -> Balance:
    return Balance(decibels=(depth, -6.0, -3.0, -9.0, air))


@pytest.mark.parametrize(("hertz", "band"), [(40, 0), (100, 1), (1000, 2), (4000, 3), (9000, 4)])
def test_the_energy_of_a_tone_lies_in_its_band(hertz: float, band: int) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(44_100) / 44_100)
    decibels = balance(np.stack([tone, tone], axis=1), 44_100).decibels
    assert decibels[band] == pytest.approx(0.0, abs=0.1)
    assert max(each for number, each in enumerate(decibels) if number != band) < -30.0


@pytest.mark.parametrize(
    ("heard", "errors"),
    [
        ("carry me home", 0),
        ("carry home", 1),
        ("carry me to home", 1),
        ("berry me home", 1),
        ("", 3),
        ("oh no yes my", 4),
    ],
)
def test_wrong_missing_and_additional_words_are_word_errors(heard: str, errors: int) -> None:
    assert word_errors(words_of("Carry me, home!"), words_of(heard)) == errors


@pytest.mark.heavy
def test_another_tempo_or_key_in_the_judges_ear_is_a_fault_an_octave_too(rock: Known) -> None:
    row = _row(rock)
    assert row.judged is not None
    half = Verdict(bpm=rock.song.bpm / 2, key=rock.song.true_key)
    relative = Verdict(bpm=rock.song.bpm, key=replace(rock.song.true_key, tonic=0, minor=False))
    assert _faults(replace(row, judged=replace(row.judged, result=half))) == ["the judge hears another tempo"]
    assert _faults(replace(row, judged=replace(row.judged, result=relative))) == ["the judge hears another key"]


@pytest.mark.heavy
def test_what_the_judge_all_but_tossed_a_coin_for_is_a_fault_on_every_machine(rock: Known) -> None:
    row, (bpm, key) = _row(rock), (rock.song.bpm, rock.song.true_key)
    assert row.judged is not None
    relative = replace(key, tonic=0, minor=False)

    def heard(tempo_lead: float, key_lead: float) -> list[str]:
        result = Verdict(
            bpm=bpm,
            key=key,
            tempo_weights=((bpm / 2, 5.0), (1.01 * bpm, 5.0 + tempo_lead), (0.97 * bpm, 4.0)),
            key_fits=((key, 0.8 + key_lead), (relative, 0.8)),
        )
        return _faults(replace(row, judged=replace(row.judged, result=result)))

    assert heard(0.03, 0.03) == []
    assert heard(0.01, 0.03) == ["the judge all but tossed a coin for the tempo"]
    assert heard(0.03, 0.01) == ["the judge all but tossed a coin for the key"]


@pytest.mark.parametrize(("meter", "lead"), [(2, 0.5), (4, -0.75)])
def test_the_judge_may_count_the_parts_of_a_beat_in_six_alone(meter: int, lead: float) -> None:
    song = ReferenceSong(key="C", bpm=60.0, loop="C F", meter=meter)
    verdict = Verdict(bpm=180.0, key=song.true_key, tempo_weights=((60.0, 1.0), (180.0, 1.75), (120.0, 1.25)))
    assert Judged(song=song, reference=verdict, result=verdict).tempo_lead == pytest.approx(lead)


@pytest.mark.heavy
def test_a_song_that_was_heard_wrong_is_named_for_everything_that_was(rock: Known) -> None:
    row = _row(rock)
    other = replace(row.listened.song, bpm=60.0, meter=3, swing=True, key="D", loop="D G A D")
    assert _faults(replace(row, listened=replace(row.listened, song=other))) == [
        "the tempo was heard wrong",
        "the metre was heard wrong",
        "the feel was heard wrong",
        "the key was heard wrong",
        "the chords were heard wrong",
    ]
