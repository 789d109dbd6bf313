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
from sandbox.sketch.melody import SungNote
from sandbox.sketch.theory import Chord, Key
from sandbox.sketch.voice import open_voice

LYRICS = (
    "[Verse]\nPaper lanterns floating over quiet streets\nEvery window hums along with tiny beats\n\n[Chorus]\nOh, "
)
LYRICS += "carry me home on the morning light\nWe are the echoes, we are the sound"
GROOVE = Groove(swing=False, kick=(0.0, 2.0), snare=(1.0, 3.0), hats_per_beat=2, drums=True)


WHOLE = """[Verse]
Neon rivers run beneath the midnight sky
I am counting all the trains that pass me by

[Chorus]
Oh, carry me home on the morning light
We are the echoes, we are the sound
Carry it far on the morning tide
Never come down

[Verse]
Neon rivers run beneath the midnight sky
I am counting all the trains that pass me by

[Bridge]
Slowly let the river turn

[Break]

[Chorus]
Oh, carry me home on the morning light
We are the echoes, we are the sound
Carry it far on the morning tide
Never come down
"""


def song_at(bpm: float, meter: int = 4, *, words: str = LYRICS, take: int = 1, groove: Groove = GROOVE) -> Song:
    heard = replace(
        hear(np.zeros(RATE, dtype=np.float32)),
        bpm=bpm,
        meter=meter,
        key=Key(tonic=9, minor=True),
        loop=tuple(Chord.parse(symbol) for symbol in ("Am", "F", "C", "G")),
        groove=groove if meter == 4 else replace(groove, kick=(0.0,), snare=(1.0, 2.0) if meter == 3 else (1.0,)),
    )
    return compose(heard, words, open_voice(espeak=False), take)


def tunes(song: Song, kind: Kind) -> list[list[SungNote]]:
    """The notes of each stanza of that kind, line after line, in beats from its first bar."""
    return [
        [
            replace(note, beat=note.beat - passage.first_bar * song.heard.meter)
            for line in song.lines
            for note in line.notes
            if 0 <= line.notes[0].beat // song.heard.meter - passage.first_bar < passage.bars
        ]
        for passage in song.passages
        if passage.kind is kind
    ]


def strokes_in_bars(song: Song, kind: Kind) -> list[int]:
    """How many drum strokes each bar of the first passage of that kind has, its last bar left out."""
    passage = next(passage for passage in song.passages if passage.kind is kind)
    bars = Counter(int(hit.beat // song.heard.meter) for hit in song.score.drums)
    return [bars[passage.first_bar + bar] for bar in range(passage.bars - 1)]


@pytest.mark.heavy
@pytest.mark.parametrize("meter", [3, 4])
@pytest.mark.parametrize("bpm", [148.0, 160.0, 180.0, 200.0])
def test_in_a_very_fast_song_every_second_bar_breathes(bpm: float, meter: int) -> None:
    strokes = strokes_in_bars(song_at(bpm, meter), Kind.VERSE)
    assert len(strokes) >= 3
    assert set(strokes[1::2]) == {2}  # kick and hat, on the bar line
    assert min(strokes[::2]) >= 2 * meter - 1


@pytest.mark.parametrize("bpm", [60.0, 120.0, 146.0])
def test_in_any_other_song_the_drums_play_on(bpm: float) -> None:
    assert min(strokes_in_bars(song_at(bpm), Kind.CHORUS)) >= 8


def test_in_a_very_fast_song_the_broken_chord_is_one_note_a_bar_and_kick_and_bass_keep_to_the_beat() -> None:
    song = song_at(180.0, groove=replace(GROOVE, kick=(0.0, 2.0, 2.5)))
    score, chorus = song.score, next(passage for passage in song.passages if passage.kind is Kind.CHORUS)
    bars = Counter(int(note.beat // 4) for note in score.figure)
    assert [bars[chorus.first_bar + bar] for bar in range(chorus.bars)] == [1] * chorus.bars
    assert {hit.beat % 1.0 for hit in score.drums if hit.drum == "kick"} == {0.0}
    assert {note.beat % 1.0 for note in score.bass} == {0.0}


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


@pytest.mark.heavy
@pytest.mark.parametrize("meter", [2, 3, 4])
def test_words_with_a_bridge_and_a_break_get_both(meter: int) -> None:
    kinds = [passage.kind for passage in song_at(120.0, meter, words=WHOLE).passages]
    assert kinds == [
        *(Kind.INTRO, Kind.VERSE, Kind.CHORUS, Kind.VERSE, Kind.BRIDGE, Kind.BREAK, Kind.CHORUS, Kind.END),
    ]


@pytest.mark.heavy
def test_a_break_gives_way_before_a_line_of_the_words_does() -> None:
    def long(*between: str) -> Song:
        verse = ["[Verse]", *["Paper lanterns floating over quiet streets"] * 11]
        return song_at(56.0, words="\n".join([*verse, *between, "[Chorus]", "La la la"]))

    song = long("[Break]")
    assert Kind.BREAK not in {passage.kind for passage in song.passages}
    assert song.lines_left_out == long().lines_left_out
    assert song.seconds <= 60


@pytest.mark.heavy
@pytest.mark.parametrize("take", [1, 2, 3])
def test_every_chorus_is_sung_alike_and_no_verse_like_another(take: int) -> None:
    song = song_at(104.0, words=WHOLE, take=take)
    first, second = tunes(song, Kind.CHORUS)
    assert first == second
    one, other = ([note.midi for note in verse] for verse in tunes(song, Kind.VERSE))
    assert one != other


@pytest.mark.heavy
def test_the_hook_comes_back_in_the_chorus_and_is_played_where_nobody_sings() -> None:
    song = song_at(104.0, words=WHOLE)
    chorus = [line for line in song.lines if line.chorus]
    hook = [note.midi for note in chorus[0].notes][:5]
    assert [note.midi for note in chorus[2].notes][:5] == hook
    for kind in (Kind.INTRO, Kind.BREAK):
        passage = next(passage for passage in song.passages if passage.kind is kind)
        first, last = (song.heard.meter * bar for bar in (passage.first_bar, passage.first_bar + passage.bars))
        played = [note.midi - 12 for note in song.score.hook if first <= note.beat < last]
        assert played[:5] == hook


@pytest.mark.heavy
def test_the_chorus_has_voices_and_sounds_that_the_verse_has_not() -> None:
    song = song_at(104.0, words=WHOLE)

    def sounds(kind: Kind) -> set[str]:
        spans = [song.span(passage) for passage in song.passages if passage.kind is kind]
        inside = {hit.drum for hit in song.score.drums if any(start <= song.at(hit.beat) < end for start, end in spans)}
        sung = any(start <= song.at(note.beat) < end for note in song.score.choir for start, end in spans)
        return inside | ({"choir"} if sung else set())

    assert {"choir", "crash", "shaker"} <= sounds(Kind.CHORUS) - sounds(Kind.VERSE)


@pytest.mark.heavy
def test_a_take_is_the_same_every_time_and_another_is_another_song_of_the_same_words() -> None:
    first, again, second = (song_at(104.0, words=WHOLE, take=take) for take in (1, 1, 2))
    assert (first.seed, first.style, first.score) == (again.seed, again.style, again.score)
    assert [line.notes for line in first.lines] == [line.notes for line in again.lines]
    assert first.seed == song_at(104.0, words=WHOLE).seed
    assert [line.text for line in first.lines] == [line.text for line in second.lines]
    assert tunes(first, Kind.CHORUS) != tunes(second, Kind.CHORUS)


@pytest.mark.heavy
def test_in_six_the_bar_has_two_beats_of_three_parts() -> None:
    song = song_at(66.0, 2, words=WHOLE)
    chorus = next(passage for passage in song.passages if passage.kind is Kind.CHORUS)
    hats = {round(hit.beat - 2 * chorus.first_bar, 2) for hit in song.score.drums if hit.drum == "hat"}
    assert {0.0, 0.33, 0.67, 1.0, 1.33, 1.67} <= hats
    assert not {0.25, 0.5, 0.75} & hats
