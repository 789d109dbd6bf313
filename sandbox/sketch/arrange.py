"""The band's score: who plays what in which bar, from the heard groove and chords and the sections of the new song."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.melody import Meter
from sandbox.sketch.style import FIGURES, Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.listening import Heard
    from sandbox.sketch.theory import Chord


class Kind(StrEnum):
    """What a section is for."""

    INTRO = "intro"  #: the band alone, thin
    VERSE = "verse"
    CHORUS = "chorus"
    BRIDGE = "bridge"  #: sung over less, from another place of the loop
    BREAK = "break"  #: a bridge without words: the band and the hook
    END = "end"  #: the last chord


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Some bars of the new song that sound alike."""

    kind: Kind
    first_bar: int
    bars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note of an instrument; times in beats from the start of the song."""

    beat: float
    beats: float
    midi: int
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A stroke on a drum (a name of `instruments.drum_kit`)."""

    beat: float
    drum: str
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Everything the band plays."""

    drums: tuple[Hit, ...]
    bass: tuple[Note, ...]
    pad: tuple[Note, ...]
    figure: tuple[Note, ...]  #: broken chords, or chords struck
    choir: tuple[Note, ...]  #: wordless voices behind the chorus
    hook: tuple[Note, ...]  #: the tune when nobody sings


@dataclass(slots=True)
class _Sheet:
    drums: list[Hit] = field(default_factory=list)
    bass: list[Note] = field(default_factory=list)
    pad: list[Note] = field(default_factory=list)
    figure: list[Note] = field(default_factory=list)
    choir: list[Note] = field(default_factory=list)

    def hit(self, beat: float, drum: str, level: float) -> None:
        self.drums.append(Hit(beat=beat, drum=drum, level=level))


_FAST_BPM = 147.0
_FULLNESS = {Kind.INTRO: 0.45, Kind.BRIDGE: 0.48, Kind.BREAK: 0.78, Kind.CHORUS: 1.0, Kind.END: 0.8}
_SWELL_SECONDS = 1.2  # as long as the instrument's sound


def arrange(heard: Heard, passages: Sequence[Passage], hook: Sequence[Note], style: Style) -> Score:
    """The score for the passages; the loop starts afresh with each."""
    band = _Band(heard, style)
    for number, passage in enumerate(passages):
        following = passages[number + 1].kind if number + 1 < len(passages) else None
        for bar in range(passage.bars):
            band.play_bar(passage, bar, following)
    sheet = band.sheet
    return Score(
        drums=tuple(sheet.drums),
        bass=tuple(sheet.bass),
        pad=tuple(sheet.pad),
        figure=tuple(sheet.figure),
        choir=tuple(sheet.choir),
        hook=tuple(hook),
    )


def chord_in(heard: Heard, passage: Passage, bar: int) -> Chord:
    """The chord of a bar of a passage; the end is always home, and so is an intro too short for the loop.

    A bridge begins half-way through the loop.
    """
    at_home = passage.kind is Kind.END or (passage.kind is Kind.INTRO and passage.bars < len(heard.loop))
    if passage.kind is Kind.BRIDGE:
        bar += len(heard.loop) // 2
    return heard.key.tonic_chord if at_home else heard.loop[bar % len(heard.loop)]


def voicing(chord: Chord, lowest: int = 53) -> list[int]:
    """The triad as three close MIDI notes from `lowest` on, so that neighbouring chords move little."""
    return sorted(lowest + (pitch - lowest) % 12 for pitch in chord.tones)


def bass_note(chord: Chord) -> int:
    """The root between A1 and G#2: lower ones are felt more than heard, and small loudspeakers swallow them."""
    return 33 + (chord.root - 9) % 12


class _Band:
    """Plays bar after bar onto a sheet."""

    def __init__(self, heard: Heard, style: Style) -> None:
        self.heard = heard
        self.style = style
        self.meter = Meter(beats=heard.meter, swing=heard.in_thirds)
        self.sheet = _Sheet()
        self.kick = _kick_pattern(heard)
        self.snare = list(heard.groove.snare) or {2: [1.0], 3: [1.0, 2.0]}.get(heard.meter, [1.0, 3.0])
        self.verse = _verse_fullness(heard)
        self.bright = heard.brightness_hz > 1500
        # Very fast beats, all struck alike, are felt in pairs, and the song seems half as fast: kick and bass then move
        # on the beat, the broken chord leaves it to them, and every second bar breathes, so that a bar of strokes
        # stands against a bar of rest.
        self.fast = heard.bpm > _FAST_BPM
        if self.fast:
            self.style = replace(style, bass_fifths=False, claps=False, figure=0)
            self.kick = [beat for beat in self.kick if beat % 1.0 == 0]
        # Very slow ones seem twice as fast when the places between them are struck too: those are quieter then.
        self.between = float(np.clip((heard.bpm - 57) / 40, 0.12, 1.0))

    def play_bar(self, passage: Passage, bar: int, following: Kind | None) -> None:
        first = float((passage.first_bar + bar) * self.meter.beats)
        chord = chord_in(self.heard, passage, bar)
        if passage.kind is Kind.END:
            self.end(first, chord)
            return
        full = _FULLNESS.get(passage.kind, self.verse)
        last = bar == passage.bars - 1
        if last and following is Kind.CHORUS and not self.fast:  # it would hide the beat
            self.swell_to(first + self.meter.beats)
        if self.fast and bar % 2 == 1 and not last:
            self.breathe(first, chord, full)
            return
        crash_every = 8 if self.fast else self.style.crash_every
        self.play_drums(first, full, fill=last and passage.bars > 1, begins=bar % crash_every == 0)
        if passage.kind is not Kind.INTRO or bar >= passage.bars // 2:
            ahead = chord_in(self.heard, passage, bar + 1) if not last else None
            self.play_bass(first, chord, ahead, full)
        self.play_pad(first, chord, full)
        self.play_figure(first, chord, full, odd=bar % 2 == 1)

    def breathe(self, first: float, chord: Chord, full: float) -> None:
        """One stroke on the bar line; what sounds then goes on to the end of the bar."""
        self.sheet.hit(first, "kick", 0.9)
        self.sheet.hit(first, "hat", 0.5)
        self.bass(first, 3.0, bass_note(chord), 1.0)
        self.play_pad(first, chord, full)
        self.figure(first, 1.5, voicing(chord, 60)[0], 0.75 * (0.6 + 0.4 * full))

    def swell_to(self, beat: float) -> None:
        """A breath of noise that grows into the chorus."""
        self.sheet.hit(max(0.0, beat - _SWELL_SECONDS * self.heard.bpm / 60.0), "swell", 0.3)

    def play_drums(self, first: float, full: float, *, fill: bool, begins: bool) -> None:
        sheet, beats = self.sheet, self.meter.beats
        fill_from = beats - 1.0 if fill and full > 0.5 else beats
        for beat in self.kick if full > 0.5 else [0.0]:
            if beat < fill_from or beat == int(beat):
                sheet.hit(first + beat, "kick", 1.0 if beat == 0 else 0.88)
        for beat in self.snare:
            if beat < fill_from:
                self.back_beat(first + beat, full)
        self.play_hats(first, full, fill_from)
        if fill_from < beats:
            for number, place in enumerate(self.meter.places(4)):
                sheet.hit(first + fill_from + place, ("tom high", "tom high", "tom low", "tom low")[number], 0.55)
        if begins and full > 0.9:
            sheet.hit(first, "crash", 0.6)

    def back_beat(self, beat: float, full: float) -> None:
        """The stick in what is thin, the snare elsewhere, and hands in the chorus."""
        if full < 0.5 or (self.meter.beats == 3 and full < 0.9):
            self.sheet.hit(beat, "stick", 0.55)
            return
        self.sheet.hit(beat, "snare", 0.75 + 0.2 * full)
        if full > 0.9 and self.style.claps and self.meter.beats != 3:
            self.sheet.hit(beat, "clap", 0.6)

    def play_hats(self, first: float, full: float, until: float) -> None:
        fine = max(1, min(self.heard.groove.hats_per_beat, 2 if self.heard.bpm > 96 else 4))
        if full < 0.5 or self.fast:
            fine = 1 if full < 0.5 else min(fine, 2)
        if self.meter.beats == 2:
            fine = 4  # in six every third of the beat, whatever else
        for beat in range(self.meter.beats):
            for number, place in enumerate(self.meter.places(fine)):
                if beat + place >= until:
                    continue
                on_two = number * 2 == fine and not self.meter.swing
                if full > 0.9 and on_two and 80 <= self.heard.bpm < 140:
                    self.sheet.hit(first + beat + place, "open hat", 0.34)
                else:
                    between = 0.3 * (1.0 if self.meter.beats == 2 else self.between)
                    self.sheet.hit(first + beat + place, "hat", (0.5 if number == 0 else between) * (0.5 + 0.5 * full))
            if full > 0.9 and beat < until and not self.fast:
                self.sheet.hit(first + beat, "shaker", 0.4)

    def play_bass(self, first: float, chord: Chord, ahead: Chord | None, full: float) -> None:
        line = self.bass_line(bass_note(chord), chord, ahead, full)
        ends = [place for place, _ in line[1:]] + [float(self.meter.beats)]
        for (place, midi), end in zip(line, ends, strict=True):
            length = min(end - place, 3.0) * 0.93
            self.bass(first + place, length, midi, 1.0 if place == int(place) else 0.55 + 0.45 * self.between)

    def bass_line(self, root: int, chord: Chord, ahead: Chord | None, full: float) -> list[tuple[float, int]]:
        """Place in the bar and note."""
        fifth = root + 7 if root + 7 < 48 else root - 5
        if self.meter.beats == 3:
            return [(0.0, root)] if full < 0.9 else [(0.0, root), (2.0, fifth)]
        if self.meter.beats == 2:
            return [(0.0, root)] if full < 0.9 else [(0.0, root), (1.0, root)]
        if self.meter.swing and full > 0.6:
            third = root + (3 if chord.minor else 4)
            approach = fifth if ahead is None else bass_note(ahead) + (1 if bass_note(ahead) < root else -1)
            return [(0.0, root), (1.0, third), (2.0, fifth), (3.0, approach)]
        if full > 0.9 and self.style.driving_bass and not self.fast and not self.meter.swing:
            return [(float(place), root) for place in self.meter.slots(1, 2)]
        places = sorted({*self.kick, 0.0, 2.0}) if full > 0.5 else [0.0]
        second = fifth if self.style.bass_fifths else root
        return [(place, root + 12 if place == 3.5 else second if place == 2.0 else root) for place in places]

    def play_pad(self, first: float, chord: Chord, full: float) -> None:
        beats = float(self.meter.beats)
        for midi in voicing(chord) + ([voicing(chord)[0] + 12] if full > 0.9 else []):
            self.sheet.pad.append(Note(beat=first, beats=beats, midi=midi, level=0.55 + 0.45 * full))
        if full > 0.9 and not self.fast:  # there the voices would fill the bars that breathe
            for midi in voicing(chord, 64):
                self.sheet.choir.append(Note(beat=first, beats=beats, midi=midi, level=1.0))

    def play_figure(self, first: float, chord: Chord, full: float, *, odd: bool) -> None:
        """Broken chords; in three, the chord after the bass: oom-pah-pah."""
        notes = voicing(chord, 60)
        if self.meter.beats == 3:
            for beat in (1.0, 2.0):
                for midi in notes:
                    self.figure(first + beat, 0.8, midi, 0.42 * (0.6 + 0.4 * full))
            self.figure(first, 1.5, notes[0] + (12 if odd else 0), 0.5)
            return
        order = FIGURES[self.style.figure][odd]
        in_six = self.meter.beats == 2
        for number, place in enumerate(self.meter.slots(1, 4 if in_six else 2)):
            if (self.fast and number) or (full < 0.5 and number % 2 and not in_six):
                continue
            octave = 12 if full > 0.9 and self.bright and number % 4 == 2 else 0
            soft = 0.6 if in_six else 0.5 * self.between
            level = 0.75 if place == int(place) else soft
            self.figure(first + float(place), 1.5, notes[order[number % 8]] + octave, level * (0.6 + 0.4 * full))

    def figure(self, beat: float, beats: float, midi: int, level: float) -> None:
        self.sheet.figure.append(Note(beat=beat, beats=beats, midi=midi, level=level))

    def bass(self, beat: float, beats: float, midi: int, level: float) -> None:
        self.sheet.bass.append(Note(beat=beat, beats=beats, midi=midi, level=level))

    def end(self, first: float, chord: Chord) -> None:
        """One long last chord."""
        self.sheet.hit(first, "kick", 1.0)
        self.sheet.hit(first, "crash", 0.5)
        self.bass(first, 3.5, bass_note(chord), 0.9)
        for midi in voicing(chord):
            self.sheet.pad.append(Note(beat=first, beats=3.5, midi=midi, level=0.8))
        for number, midi in enumerate([*voicing(chord, 60), voicing(chord, 60)[0] + 12]):
            self.figure(first + 0.06 * number, 4.0, midi, 0.8)


def _verse_fullness(heard: Heard) -> float:
    """A reference that keeps quiet passages apart from loud ones gets verses that hold back; an even one does not."""
    levels = [section.level for section in heard.sections if section.bars >= 4]
    return 0.52 + 0.23 * min(levels) / max(levels) if levels and max(levels) > 0 else 0.65


def _kick_pattern(heard: Heard) -> list[float]:
    """The heard kick, made playable: always on the bar line, never a roll."""
    heard_kick = [beat for beat in heard.groove.kick if beat < heard.meter]
    if heard.meter == 2:
        return [0.0]
    if heard.meter == 3:
        return sorted({0.0, *[beat for beat in heard_kick if beat == 1.5]})
    if {0.0, 1.0, 2.0, 3.0} <= set(heard_kick):
        return [0.0, 1.0, 2.0, 3.0]
    chosen = {0.0, 2.0} if not heard_kick or 2.0 in heard_kick else {0.0}
    # The low band also holds the bass: strokes that share a beat with the snare are its, not the kick's.
    chosen |= {beat for beat in heard_kick if beat not in heard.groove.snare and beat % 1.0}
    return sorted(chosen)[:5]
