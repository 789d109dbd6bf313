"""From what was heard and what is to be sung to a whole song on paper: its passages, its sung lines, its score."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.arrange import Kind, Note, Passage, Score, arrange, chord_in
from sandbox.sketch.lyrics import Stanza, read_lyrics
from sandbox.sketch.melody import (
    Contour,
    Meter,
    SungNote,
    invent_contour,
    line_rhythm,
    line_tune,
    room_for,
)
from sandbox.sketch.voice import open_voice, syllables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.listening import Heard
    from sandbox.sketch.theory import Chord
    from sandbox.sketch.voice import Spoken, Syllable, Voice

MAX_SECONDS = 60.0  # the real API returns at most a minute
_LEAD_IN = 0.05  # the first drum must not fall on the file's first sample
_RING_OUT = 3.0  # the last chord
_MIN_SECONDS = 18.0
_RATES = (3.4, 4.2, 5.2, 6.5, 8.0)  # syllables per second: from easy to as fast as espeak-ng stays clear


@dataclass(frozen=True, slots=True, kw_only=True)
class SungLine:
    """A line with its spoken sound and its notes, one for each syllable."""

    text: str
    chorus: bool
    spoken: Spoken
    syllables: tuple[Syllable, ...]
    notes: tuple[SungNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A song on paper."""

    heard: Heard
    passages: tuple[Passage, ...]
    lines: tuple[SungLine, ...]
    lines_left_out: int  #: lines that a minute has no room for
    score: Score
    seconds: float
    seed: int
    voice_name: str

    @property
    def beat_seconds(self) -> float:
        return 60.0 / self.heard.bpm

    def at(self, beat: float) -> float:
        """Seconds from the start of the file."""
        return _LEAD_IN + beat * self.beat_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line that knows its syllables, but not yet its place."""

    text: str
    spoken: Spoken
    syllables: tuple[Syllable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A stanza with the bars each of its lines takes."""

    chorus: bool
    lines: tuple[_Line, ...]
    bars: tuple[int, ...]
    padding: int  #: bars after the last line


def compose(heard: Heard, lyrics: str, voice: Voice | None = None) -> Song:
    """Writes the song; the same for the same arguments. Lyrics that cannot be sung at all become a la-la."""
    voice = voice or open_voice()
    seed = int.from_bytes(hashlib.sha256(f"{lyrics}|{heard.as_json()}".encode("utf-8", "replace")).digest()[:6], "big")
    stanzas = _spoken_stanzas(lyrics, voice)
    meter = Meter(beats=heard.meter, swing=heard.groove.swing)
    intro, blocks, left_out = _fitted(stanzas, meter, heard, voice)
    passages = _passages(intro, blocks)
    lines = _sung_lines(blocks, passages, heard, meter, np.random.default_rng(seed))
    score = arrange(heard, passages, _hook(lines, passages, meter))
    bars = passages[-1].first_bar
    seconds = _LEAD_IN + bars * meter.beats * 60.0 / heard.bpm + _RING_OUT
    return Song(
        heard=heard,
        passages=passages,
        lines=lines,
        lines_left_out=left_out,
        score=score,
        seconds=min(seconds, MAX_SECONDS),
        seed=seed,
        voice_name=voice.name,
    )


def _spoken_stanzas(lyrics: str, voice: Voice) -> list[tuple[bool, list[_Line]]]:
    """Stanzas of the lines that have syllables; a la-la when there are none."""
    for stanzas in (read_lyrics(lyrics), (Stanza(chorus=False, lines=("La la la la", "La la la la la")),)):
        voice.choose_language("\n".join(line for stanza in stanzas for line in stanza.lines))
        found = []
        for stanza in stanzas:
            lines = [_spoken_line(text, voice) for text in stanza.lines]
            found.append((stanza.chorus, [line for line in lines if line.syllables]))
        found = [(chorus, lines) for chorus, lines in found if lines]
        if found:
            return found
    return []


def _spoken_line(text: str, voice: Voice) -> _Line:
    spoken = voice.say(text)
    return _Line(text=text, spoken=spoken, syllables=syllables(spoken.phones))


def _fitted(
    stanzas: list[tuple[bool, list[_Line]]], meter: Meter, heard: Heard, voice: Voice
) -> tuple[int, list[_Block], int]:
    """Intro bars and blocks that end within a minute: sung as calmly as fits, and nothing left out unless it must."""
    if sum(len(line.syllables) for _, lines in stanzas for line in lines) < 24 and len(stanzas) == 1:
        stanzas = [*stanzas, (True, stanzas[0][1])]  # a few words: sung once quietly, once out loud
    found = None
    for joined in range(3):
        if joined:  # at a slow tempo short lines waste most of their bars: two of them share one
            stanzas = [(chorus, _in_pairs(lines, voice)) for chorus, lines in stanzas]
        found = _fitting(stanzas, meter, heard)
        if found:
            return *found, 0
    left_out = 0
    while not found:
        chorus, lines = stanzas[-1]
        left_out += 1
        stanzas = [*stanzas[:-1], (chorus, lines[:-1])] if len(lines) > 1 else stanzas[:-1]
        found = _fitting(stanzas, meter, heard)
    return *found, left_out


def _in_pairs(lines: list[_Line], voice: Voice) -> list[_Line]:
    return [_spoken_line(", ".join(line.text for line in lines[i : i + 2]), voice) for i in range(0, len(lines), 2)]


def _fitting(stanzas: list[tuple[bool, list[_Line]]], meter: Meter, heard: Heard) -> tuple[int, list[_Block]] | None:
    """The calmest way to sing it all within a minute, or None."""
    bar_seconds = meter.beats * 60.0 / heard.bpm
    budget = int((MAX_SECONDS - _LEAD_IN - _RING_OUT) / bar_seconds)
    intro = 4 if bar_seconds < 1.6 else 2
    for rate in _RATES:
        for intro_bars, rounded in ((intro, True), (intro, False), (1, False)):
            blocks = [_block(chorus, lines, rate, rounded, meter, bar_seconds) for chorus, lines in stanzas]
            total = intro_bars + sum(sum(block.bars) + block.padding for block in blocks)
            if total <= budget:
                return _long_enough(intro_bars, total, bar_seconds), blocks
    return None


def _long_enough(intro: int, total: int, bar_seconds: float) -> int:
    """More intro for very short songs."""
    missing = _MIN_SECONDS - _RING_OUT - total * bar_seconds
    return intro + (2 * math.ceil(missing / bar_seconds / 2) if missing > 0 else 0)


def _block(chorus: bool, lines: list[_Line], rate: float, rounded: bool, meter: Meter, bar_seconds: float) -> _Block:
    bars = tuple(_bars_for(len(line.syllables), rate, meter, bar_seconds) for line in lines)
    size = 4 if bar_seconds < 3.0 else 2
    return _Block(chorus=chorus, lines=tuple(lines), bars=bars, padding=-sum(bars) % size if rounded else 0)


def _bars_for(count: int, rate: float, meter: Meter, bar_seconds: float) -> int:
    """1, 2, 4 or more bars, so that the syllables pass at about `rate` a second and one breath is left."""
    bars = 1
    while bars < 16:
        breath = min(0.6, 0.25 * bars * bar_seconds)
        if count <= rate * (bars * bar_seconds - breath) and count <= room_for(meter, bars):
            return bars
        bars *= 2
    return bars


def _passages(intro: int, blocks: Sequence[_Block]) -> tuple[Passage, ...]:
    found = [Passage(kind=Kind.INTRO, first_bar=0, bars=intro)]
    for block in blocks:
        first = found[-1].first_bar + found[-1].bars
        kind = Kind.CHORUS if block.chorus else Kind.VERSE
        found.append(Passage(kind=kind, first_bar=first, bars=sum(block.bars) + block.padding))
    last = found[-1]
    return (*found, Passage(kind=Kind.END, first_bar=last.first_bar + last.bars, bars=1))


def _sung_lines(
    blocks: Sequence[_Block], passages: Sequence[Passage], heard: Heard, meter: Meter, rng: np.random.Generator
) -> tuple[SungLine, ...]:
    contours: dict[tuple[bool, int], Contour] = {}
    found: list[SungLine] = []
    for block, passage in zip(blocks, passages[1:-1], strict=True):
        bar = 0
        for number, (line, bars) in enumerate(zip(block.lines, block.bars, strict=True)):
            role = _role(number, len(block.lines))
            if (block.chorus, role) not in contours:
                contours[block.chorus, role] = invent_contour(rng, role)
            ends = number == len(block.lines) - 1
            home = 0.0 if not ends else 2.0 if block is blocks[-1] else 1.0
            notes = _line_notes(line, heard, meter, passage, bar, bars, contours[block.chorus, role], home=home)
            found.append(
                SungLine(text=line.text, chorus=block.chorus, spoken=line.spoken, syllables=line.syllables, notes=notes)
            )
            bar += bars
    return tuple(found)


def _role(number: int, count: int) -> int:
    """Question, answer, question again, and home: the last line of a stanza always goes home."""
    return 3 if number == count - 1 and count > 1 else number % 3


def _line_notes(
    line: _Line, heard: Heard, meter: Meter, passage: Passage, bar: int, bars: int, contour: Contour, *, home: float
) -> tuple[SungNote, ...]:
    stresses = [syllable.stressed for syllable in line.syllables]
    beat_seconds = 60.0 / heard.bpm
    places = line_rhythm(meter, bars, stresses, beat_seconds)

    def chord_at(place: float) -> Chord:
        return chord_in(heard, passage, bar + int(place / meter.beats))

    tune = line_tune(
        places, heard.key, chord_at, contour, meter, bars=bars, chorus=passage.kind is Kind.CHORUS, home=home
    )
    ends = [*places[1:], bars * meter.beats - 0.25]
    longest = (1.6, 2.6)  # seconds: within a line, and at its end
    first = float((passage.first_bar + bar) * meter.beats)
    notes = []
    for number, (place, end, midi) in enumerate(zip(places, ends, tune, strict=True)):
        max_beats = longest[number == len(places) - 1] / beat_seconds
        notes.append(SungNote(beat=first + place, beats=max(0.1, min(end - place, max_beats)), midi=midi))
    return tuple(notes)


def _hook(lines: Sequence[SungLine], passages: Sequence[Passage], meter: Meter) -> list[Note]:
    """The first line's tune, an octave up, before anybody sings."""
    if not lines:
        return []
    intro = passages[0]
    start = passages[1].first_bar * meter.beats
    length = intro.bars * meter.beats
    tune = [note for note in lines[0].notes if note.beat - start < min(length, 4 * meter.beats)]
    offset = max(0.0, float(length - 4 * meter.beats)) if length > 4 * meter.beats else 0.0
    return [
        Note(
            beat=note.beat - start + offset,
            beats=min(note.beats, length - (note.beat - start) - offset),
            midi=note.midi + 12,
            level=0.8,
        )
        for note in tune
        if note.beat - start + offset < length
    ]
