"""What the band plays: beats that are felt at the tempo they are written in, and tunes that move."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from sandbox.sketch import Song, compose
from sandbox.sketch.arrange import Kind
from sandbox.sketch.listening import RATE, Groove, hear
from sandbox.sketch.theory import Chord, Key
from sandbox.sketch.voice import open_voice

LYRICS = (
    "[Verse]\nPaper lanterns floating over quiet streets\nEvery window hums along with tiny beats\n\n[Chorus]\nOh, "
)
LYRICS += "carry me home on the morning light\nWe are the echoes, we are the sound"
GROOVE = Groove(swing=False, kick=(0.0, 2.0), snare=(1.0, 3.0), hats_per_beat=2, drums=True)


def song_at(bpm: float, meter: int = 4) -> Song:
    heard = replace(
        hear(np.zeros(RATE, dtype=np.float32)),
        bpm=bpm,
        meter=meter,
        key=Key(tonic=9, minor=True),
        loop=tuple(Chord.parse(symbol) for symbol in ("Am", "F", "C", "G")),
        groove=GROOVE if meter == 4 else replace(GROOVE, kick=(0.0,), snare=(1.0, 2.0)),
    )
    return compose(heard, LYRICS, open_voice(espeak=False))


def strokes_in_bars(song: Song, kind: Kind) -> list[int]:
    """How many drum strokes each bar of the first passage of that kind has, its last bar left out."""
    passage = next(passage for passage in song.passages if passage.kind is kind)
    bars = Counter(int(hit.beat // song.heard.meter) for hit in song.score.drums)
    return [bars[passage.first_bar + bar] for bar in range(passage.bars - 1)]


@pytest.mark.parametrize("meter", [3, 4])
@pytest.mark.parametrize("bpm", [160.0, 180.0, 200.0])
def test_in_a_very_fast_song_every_second_bar_breathes(bpm: float, meter: int) -> None:
    strokes = strokes_in_bars(song_at(bpm, meter), Kind.VERSE)
    assert len(strokes) >= 3
    assert set(strokes[1::2]) == {2}  # kick and hat, on the bar line
    assert min(strokes[::2]) >= 2 * meter - 1


@pytest.mark.parametrize("bpm", [60.0, 120.0, 150.0])
def test_in_any_other_song_the_drums_play_on(bpm: float) -> None:
    assert min(strokes_in_bars(song_at(bpm), Kind.CHORUS)) >= 8


@pytest.mark.heavy
def test_the_slower_the_song_the_softer_what_lies_between_its_beats() -> None:
    def between_to_on(bpm: float) -> float:
        notes = song_at(bpm).score.figure
        on = np.mean([note.level for note in notes if note.beat % 1.0 == 0.0])
        between = np.mean([note.level for note in notes if note.beat % 1.0 == 0.5])
        return float(between / on)

    ratios = [between_to_on(bpm) for bpm in (60.0, 70.0, 80.0, 100.0)]
    assert all(slower < faster for slower, faster in pairwise(ratios))
    assert ratios[0] < 0.15


def test_a_tune_moves_and_comes_home() -> None:
    song = song_at(104.0)
    steps = [after.midi - before.midi for line in song.lines for before, after in pairwise(line.notes)]
    assert sum(step == 0 for step in steps) / len(steps) < 0.35
    assert max(abs(step) for step in steps) <= 12
    assert song.lines[-1].notes[-1].midi % 12 == song.heard.key.tonic
