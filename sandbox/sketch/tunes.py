"""What is sung in the whole song: a hook that every chorus comes back to, and verses that each go their own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.arrange import Kind, Note, Passage, chord_in
from sandbox.sketch.melody import (
    BRIDGE_CENTRE,
    CHORUS_CENTRE,
    VERSE_CENTRE,
    Aim,
    Contour,
    Meter,
    SungNote,
    invent_contour,
    line_rhythm,
    line_tune,
    varied,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.listening import Heard
    from sandbox.sketch.theory import Chord
    from sandbox.sketch.voice import Spoken, Syllable

_HOOK_NOTES = 5
_TRIES = 8  # for a line of a verse that no line of a verse was like
_CENTRES = {Kind.CHORUS: CHORUS_CENTRE, Kind.BRIDGE: BRIDGE_CENTRE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that knows its syllables, but not yet its place."""

    text: str
    spoken: Spoken
    syllables: tuple[Syllable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A stanza with the bars each of its lines takes."""

    kind: Kind
    lines: tuple[Line, ...]
    bars: tuple[int, ...]
    padding: int  #: bars after the last line


@dataclass(frozen=True, slots=True, kw_only=True)
class SungLine:
    """A line with its spoken sound and its notes, one for each syllable."""

    text: str
    chorus: bool
    spoken: Spoken
    syllables: tuple[Syllable, ...]
    notes: tuple[SungNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a line is sung."""

    passage: Passage
    bar: int  #: of the passage
    bars: int

    @property
    def first_bar(self) -> int:
        return self.passage.first_bar + self.bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A few notes that are worth coming back to: places in beats from the bar line, and MIDI numbers."""

    places: tuple[float, ...] = ()
    midi: tuple[int, ...] = ()


class Singer:
    """Invents the tunes of one song, line after line."""

    def __init__(self, heard: Heard, meter: Meter, rng: np.random.Generator) -> None:
        self._heard, self._meter, self._rng = heard, meter, rng
        self._contours: dict[tuple[Kind, int], Contour] = {}
        self._told: set[tuple[int, ...]] = set()  # tunes of the verses so far
        self.hook = Hook()
        self._verses = 0

    def sing(self, blocks: Sequence[Block], passages: Sequence[Passage]) -> tuple[SungLine, ...]:
        """The notes of every line of every block."""
        sung = [(block, passage) for block, passage in zip(blocks, passages, strict=True) if block.lines]
        self._find_hook(sung)
        found: list[SungLine] = []
        for block, passage in sung:
            self._verses += block.kind is Kind.VERSE
            found += self._stanza(block, passage, is_last=block is sung[-1][0])
        return tuple(found)

    def _find_hook(self, sung: Sequence[tuple[Block, Passage]]) -> None:
        """The first notes of the first chorus, or of the song when it has none."""
        block, passage = next((pair for pair in sung if pair[0].kind is Kind.CHORUS), sung[0])
        place = _Place(passage=passage, bar=0, bars=block.bars[0])
        notes = self._notes(block.lines[0], place, self._contour(block.kind, 0), home=0.0, simple=_HOOK_NOTES)
        first = place.first_bar * self._meter.beats
        kept = notes[:_HOOK_NOTES]
        self.hook = Hook(places=tuple(note.beat - first for note in kept), midi=tuple(note.midi for note in kept))

    def _stanza(self, block: Block, passage: Passage, *, is_last: bool) -> list[SungLine]:
        bar = 0
        found = []
        for number, (line, bars) in enumerate(zip(block.lines, block.bars, strict=True)):
            place = _Place(passage=passage, bar=bar, bars=bars)
            ends = number == len(block.lines) - 1
            chorus = block.kind is Kind.CHORUS
            home = 0.0 if not ends else 2.0 if is_last or chorus else 1.0
            role = _role(number, len(block.lines))
            notes = self._chorus_line(line, place, role, home) if chorus else self._own_line(line, place, role, home)
            found.append(
                SungLine(text=line.text, chorus=chorus, spoken=line.spoken, syllables=line.syllables, notes=notes)
            )
            bar += bars
        return found

    def _chorus_line(self, line: Line, place: _Place, role: int, home: float) -> tuple[SungNote, ...]:
        """The same in every chorus; question lines begin with the hook."""
        hook = self.hook if role in {0, 2} else Hook()
        return self._notes(line, place, self._contour(Kind.CHORUS, role), home=home, hook=hook)

    def _own_line(self, line: Line, place: _Place, role: int, home: float) -> tuple[SungNote, ...]:
        """Like the verse before, and yet told anew."""
        contour = self._contour(place.passage.kind, role)
        depth = 0.0 if self._verses < 2 else 0.8
        notes: tuple[SungNote, ...] = ()
        for again in range(_TRIES):
            notes = self._notes(line, place, varied(contour, self._rng, depth + 0.5 * again), home=home)
            if tuple(note.midi for note in notes) not in self._told:
                break
        self._told.add(tuple(note.midi for note in notes))
        return notes

    def _contour(self, kind: Kind, role: int) -> Contour:
        if (kind, role) not in self._contours:
            self._contours[kind, role] = invent_contour(self._rng, role)
        return self._contours[kind, role]

    def _notes(
        self, line: Line, place: _Place, contour: Contour, *, home: float, hook: Hook | None = None, simple: int = 0
    ) -> tuple[SungNote, ...]:
        heard, meter, hook = self._heard, self._meter, hook or Hook()
        beat_seconds = 60.0 / heard.bpm
        stresses = [syllable.stressed for syllable in line.syllables]
        places = line_rhythm(meter, place.bars, stresses, beat_seconds, hook.places)

        def chord_at(beat: float) -> Chord:
            return chord_in(heard, place.passage, place.bar + int(beat / meter.beats))

        tune = line_tune(
            *(places, heard.key, chord_at, contour, meter),
            bars=place.bars,
            aim=Aim(
                centre=_CENTRES.get(place.passage.kind, VERSE_CENTRE),
                home=home,
                motif=hook.midi[: max(0, len(places) - 1)],  # the last note has the way home to find
                simple=simple,
            ),
        )
        ends = [*places[1:], place.bars * meter.beats - 0.25]
        longest = (1.6, 2.6)  # seconds: within a line, and at its end
        first = float(place.first_bar * meter.beats)
        notes = []
        for number, (start, end, midi) in enumerate(zip(places, ends, tune, strict=True)):
            max_beats = longest[number == len(places) - 1] / beat_seconds
            notes.append(SungNote(beat=first + start, beats=max(0.1, min(end - start, max_beats)), midi=midi))
        return tuple(notes)


def _role(number: int, count: int) -> int:
    """Question, answer, question again, and home: the last line of a stanza always goes home."""
    return 3 if number == count - 1 and count > 1 else number % 3


def played_hook(
    lines: Sequence[SungLine], blocks: Sequence[Block], passages: Sequence[Passage], meter: Meter
) -> list[Note]:
    """The hook's whole line, an octave up, wherever nobody sings: in the intro, in a break, after a chorus.

    `passages`: the intro, one for each block, the end.
    """
    line = next((line for line in lines if line.chorus), lines[0])
    begins = line.notes[0].beat - line.notes[0].beat % meter.beats
    tune = [(note.beat - begins, note.beats, note.midi + 12) for note in line.notes]
    found: list[Note] = []
    for first_bar, bars in _silent_bars(blocks, passages):
        start, length = first_bar * meter.beats, bars * meter.beats
        every = 4 * meter.beats
        for offset in range(0, length, every):
            room = min(length - offset, every)
            found += [
                Note(beat=float(start + offset + beat), beats=min(beats, room - beat), midi=midi, level=0.8)
                for beat, beats, midi in tune
                if beat < room - 0.25
            ]
    return found


def _silent_bars(blocks: Sequence[Block], passages: Sequence[Passage]) -> list[tuple[int, int]]:
    """First bar and number of bars of every rest that is long enough for a tune."""
    intro = passages[0]
    tail = min(intro.bars, 4)
    found = [(intro.first_bar + intro.bars - tail, tail)]
    for block, passage in zip(blocks, passages[1:-1], strict=True):
        if not block.lines:
            found.append((passage.first_bar, passage.bars))
        elif block.kind is Kind.CHORUS and block.padding:
            found.append((passage.first_bar + sum(block.bars), block.padding))
    return found
