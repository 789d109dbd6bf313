"""Tempo, metre, feel, key and chords of songs whose truth is known, and calm answers to what is no song."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.sketch.kept_songs import kept_song
from benchmarks.sketch.reference_songs import CATALOGUE, HELD_OUT, ReferenceSong
from sandbox.sketch import UnreadableReferenceError, listen
from sandbox.sketch.listening import RATE, hear
from sandbox.sketch.listening.chords import ALL_CHORDS, chord_scores
from sandbox.sketch.listening.harmony import best_key
from sandbox.sketch.theory import Chord, Key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.sketch.conftest import Known


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["rock", "waltz", "shuffle"])
def test_tempo_metre_feel_key_and_loop_of_a_song_are_heard(name: str, request: pytest.FixtureRequest) -> None:
    known: Known = request.getfixturevalue(name)
    heard = listen(known.path)
    assert heard.bpm == pytest.approx(known.song.bpm, rel=0.01)
    assert heard.meter == known.song.meter
    assert heard.groove.swing == known.song.swing
    assert heard.key == known.song.true_key
    assert heard.loop == known.song.true_loop
    assert heard.groove.drums


@pytest.mark.heavy
def test_what_was_heard_prints_under_the_names_that_others_read(rock: Known) -> None:
    printed = listen(rock.path).as_json()
    assert printed["key"] == "A"
    assert printed["mode"] == "minor"
    assert printed["chords"] == ["Am", "F", "C", "G"]
    assert printed["meter"] == "4/4"


NOISE = np.random.default_rng(1).standard_normal(RATE * 4)
TIME = np.arange(RATE * 4) / RATE


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(RATE * 4),
        NOISE,
        np.sin(2 * np.pi * 110 * TIME),
        NOISE[: RATE // 2],
        np.zeros(1),
        np.ones(RATE),
        np.sign(np.sin(2 * np.pi * 2 * TIME)),
    ],
    ids=["silence", "noise", "drone", "half a second", "one sample", "direct current", "clicks"],
)
def test_what_is_no_song_still_gets_an_answer_to_play_by(samples: np.ndarray) -> None:
    heard = hear(samples.astype(np.float32))
    assert 50 <= heard.bpm <= 205
    assert heard.meter in {3, 4}
    assert heard.loop


def test_a_drone_is_one_chord() -> None:
    heard = hear(np.sin(2 * np.pi * 110 * np.arange(RATE * 12) / RATE).astype(np.float32))
    assert {chord.root for chord in heard.loop} == {9}


def test_a_missing_file_and_a_file_without_sound_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReferenceError, match=r"no file 'song\.mp3'"):
        listen(tmp_path / "song.mp3")
    (tmp_path / "words.mp3").write_text("these are words")
    with pytest.raises(UnreadableReferenceError, match=r"No sound .* 'words\.mp3'"):
        listen(tmp_path / "words.mp3")


def _ideal(chords: list[Chord]) -> np.ndarray:
    chroma, bass = np.zeros((len(chords), 12)), np.zeros((len(chords), 12))
    for row, chord in enumerate(chords):
        chroma[row, list(chord.tones)] = 1.0
        bass[row, chord.root] = 1.0
    return chord_scores(chroma, bass, bass)


def test_every_triad_is_recognised_by_its_own_notes() -> None:
    assert [ALL_CHORDS[best] for best in _ideal(list(ALL_CHORDS)).argmax(axis=1)] == list(ALL_CHORDS)


@pytest.mark.parametrize(
    ("loop", "key"),
    [
        ("C G Am F", Key(tonic=0, minor=False)),
        ("Am F C G", Key(tonic=9, minor=True)),
        ("Em C G D", Key(tonic=4, minor=True)),
        ("G Em C D", Key(tonic=7, minor=False)),
        ("Dm Gm A Dm", Key(tonic=2, minor=True)),
        ("F Bb C Bb", Key(tonic=5, minor=False)),
    ],
)
def test_relative_keys_are_told_apart_by_where_the_loop_begins(loop: str, key: Key) -> None:
    chords = [Chord.parse(symbol) for symbol in loop.split()]
    notes = np.zeros(12)
    for chord in chords:
        notes[list(chord.tones)] += 1.0
    assert best_key(notes, _ideal(chords), None) == key


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("song", [*CATALOGUE, *HELD_OUT], ids=lambda song: song.name)
def test_the_whole_catalogue_is_heard_right(song: ReferenceSong) -> None:
    heard = listen(kept_song(song))
    assert heard.bpm == pytest.approx(song.bpm, rel=0.01)
    assert (heard.meter, heard.key, heard.loop) == (song.meter, song.true_key, song.true_loop)
