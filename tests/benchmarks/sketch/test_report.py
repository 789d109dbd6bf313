"""The report's own word about a song: nothing when all is right, a line for each thing that is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.sketch.judge import Verdict
from benchmarks.sketch.report import Judged, Listened, Played, Row, faults_of
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


def test_each_fault_of_the_sound_has_a_line_with_the_songs_name(rock: Known) -> None:
    played = replace(PLAYED, notes_in_tune=79, lufs=-12.0, true_peak_dbtp=0.1)
    row = replace(_row(rock), played=played)
    assert _faults(row) == ["a note is sung out of tune", "the loudness is off", "it clips"]
    assert all(line.startswith(f"BELOW THE BAR: {rock.song.name}: ") for line in faults_of(row))


def test_another_tempo_or_key_in_the_judges_ear_is_a_fault_an_octave_too(rock: Known) -> None:
    row = _row(rock)
    assert row.judged is not None
    half = Verdict(bpm=rock.song.bpm / 2, key=rock.song.true_key)
    relative = Verdict(bpm=rock.song.bpm, key=replace(rock.song.true_key, tonic=0, minor=False))
    assert _faults(replace(row, judged=replace(row.judged, result=half))) == ["the judge hears another tempo"]
    assert _faults(replace(row, judged=replace(row.judged, result=relative))) == ["the judge hears another key"]


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
