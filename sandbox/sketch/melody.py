"""Tunes for lines: which syllable falls on which part of the bar, and on which note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.sketch.spectrum import Floats
    from sandbox.sketch.theory import Chord, Key

VERSE_CENTRE, BRIDGE_CENTRE, CHORUS_CENTRE = 63, 65, 67  # E flat 4 to G4: where the speaking voice still sounds natural
_MOTIF_PULL = 4.0
_CONTOUR_PULL = 0.36


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """The grid that rhythms are built on."""

    beats: int  #: in a bar
    swing: bool

    def places(self, per_beat: int) -> tuple[float, ...]:
        """Where in a beat its parts begin: halves and quarters, or long-short pairs and triplets in swing."""
        if per_beat == 1:
            return (0.0,)
        if self.swing:
            return (0.0, 2 / 3) if per_beat == 2 else (0.0, 1 / 3, 2 / 3)
        return tuple(part / per_beat for part in range(per_beat))

    def slots(self, bars: int, per_beat: int) -> Floats:
        """All places of so many bars, in beats."""
        return np.array([beat + place for beat in range(bars * self.beats) for place in self.places(per_beat)])

    def weight(self, beat: float) -> float:
        """How strong a place is: 1 on the bar line, less on the other beats, least between them."""
        inside = beat % self.beats
        if inside < 1e-6:
            return 1.0
        if abs(inside - round(inside)) < 1e-6:
            return 0.8 if self.beats * round(inside) in {2, 8} else 0.6  # the middle of two or four
        return 0.4 if abs(inside % 1.0 - 0.5) < 1e-6 or self.swing else 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SungNote:
    """One written note of the voice."""

    beat: float  #: from the start of the song
    beats: float
    midi: int


def room_for(meter: Meter, bars: int) -> int:
    """How many syllables the finest grid of so many bars holds, with a breath at the end."""
    return int((bars * meter.beats - 0.5) * len(meter.places(4)))


def line_rhythm(
    meter: Meter, bars: int, stresses: Sequence[bool], beat_seconds: float, motif: Sequence[float] = ()
) -> list[float]:
    """A place in beats for each syllable: stressed ones on strong places, evenly enough, with room to breathe.

    The best of all ways by dynamic programming, so lines that scan alike are sung alike. The first syllables fall on
    the places of `motif`, where the grid has them.
    """
    count = len(stresses)
    breath = 1.0 if beat_seconds > 0.42 or bars * meter.beats <= 4 else 1.5
    for per_beat in (1, 2, 4):
        slots = meter.slots(bars, per_beat)
        usable = slots[slots <= bars * meter.beats - (breath if per_beat < 4 else 0.5)]
        if len(usable) >= count * 1.15 or (len(usable) >= count and per_beat == 4):
            break
    if len(usable) < count:  # more than any grid holds: evenly, and fast
        return [float(place) for place in np.linspace(0, bars * meter.beats - 0.5, count)]
    return [float(usable[number]) for number in _best_slots(usable, meter, stresses, motif)]


def _best_slots(slots: Floats, meter: Meter, stresses: Sequence[bool], motif: Sequence[float]) -> list[int]:
    count, size = len(stresses), len(slots)
    even = (slots[-1] - slots[0]) / max(1, count - 1) if count > 1 else 1.0
    even = min(even, 1.0)
    weight = np.array([meter.weight(float(slot)) for slot in slots])
    best = np.full((count, size), -np.inf)
    came = np.zeros((count, size), dtype=int)
    off = [_MOTIF_PULL * np.minimum(1.0, np.abs(slots - place)) for place in motif[:count]]
    best[0] = np.where(slots < 1.01, weight * (1.0 if stresses[0] else 0.6) - 0.8 * slots, -np.inf)
    best[0] -= off[0] if off else 0.0
    for number in range(1, count):
        gain = weight * (1.0 if stresses[number] else -0.15) - (off[number] if number < len(off) else 0.0)
        gaps = slots[:, None] - slots[None, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            uneven = np.where(gaps > 1e-6, -0.5 * np.log2(np.maximum(gaps, 1e-6) / even) ** 2, -np.inf)
        total = best[number - 1][None, :] + uneven
        came[number] = total.argmax(axis=1)
        best[number] = total.max(axis=1) + gain
    place = int(np.argmax(best[-1]))
    chosen = [place]
    for number in range(count - 1, 0, -1):
        place = int(came[number][place])
        chosen.append(place)
    return chosen[::-1]


#: What it costs to be on a degree of the scale, in semitones above the tonic: a tune keeps coming back to its key.
_RESTLESSNESS = (0.0, 0.7, 0.55, 0.4, 0.4, 0.6, 0.7, 0.35, 0.6, 0.6, 0.6, 0.6)
#: Major and minor pentatonic, in semitones above the tonic.
_FIVE_TONES = ((0, 2, 4, 7, 9), (0, 3, 5, 7, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contour:
    """The idea of a tune: a height for every part of a line, in scale steps around its centre.

    Lines that share a contour share their melody as far as their words let them.
    """

    heights: tuple[float, ...]

    def at(self, part: float) -> float:
        places = np.linspace(0.0, 1.0, len(self.heights))
        return float(np.interp(part, places, self.heights))


def invent_contour(rng: np.random.Generator, role: int) -> Contour:
    """One of four: question, answer, question with a rise, answer that falls home; each a little different."""
    shapes = ((0, 2, 3, 2, 1), (2, 3, 1, 0, -1), (0, 2, 4, 4, 3), (3, 2, 1, -1, -2))
    base = np.interp(np.linspace(0, 4, 9), range(5), shapes[role % 4])
    drawn = base + rng.normal(0, 1.5, 9)
    return Contour(heights=tuple(float(height) for height in drawn - 0.6 * drawn.mean()))


def varied(contour: Contour, rng: np.random.Generator, depth: float) -> Contour:
    """The same idea, told a little differently; `depth` in scale steps."""
    shifts = rng.normal(0, depth, len(contour.heights))
    return Contour(heights=tuple(height + float(shift) for height, shift in zip(contour.heights, shifts, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a line's tune has to come to."""

    centre: int  #: MIDI note it moves around
    home: float  #: what it costs to end on another note than the tonic: 2 forbids it in practice
    motif: tuple[int, ...] = ()  #: MIDI notes it begins with
    simple: int = 0  #: so many first notes are drawn to the five tones that clash with no chord of the key


def line_tune(
    places: Sequence[float],
    key: Key,
    chord_at: Callable[[float], Chord],
    contour: Contour,
    meter: Meter,
    *,
    bars: int,
    aim: Aim,
) -> list[int]:
    """MIDI notes for the places (beats from the line's start): the cheapest walk on the scale along the contour."""
    centre = aim.centre
    ladder = np.array([midi for midi in range(centre - 7, centre + 9) if midi % 12 in key.scale])
    middle = int(np.argmin(np.abs(ladder - centre)))
    steps = np.arange(len(ladder))
    leap = np.abs(steps[:, None] - steps[None, :])
    moving = 0.3 * np.maximum(0, leap - 1) ** 1.2 + 0.8 * (leap == 0) + 0.4 * (leap > 4)
    cost = np.zeros((len(places), len(ladder)))
    came = np.zeros(cost.shape, dtype=int)
    for number, place in enumerate(places):
        last = number == len(places) - 1
        here = _note_cost(ladder, chord_at(place), 1.0 if last else meter.weight(place))
        here += np.array([_RESTLESSNESS[(int(midi) - key.tonic) % 12] for midi in ladder])
        here += _CONTOUR_PULL * np.abs(steps - middle - contour.at(place / (bars * meter.beats)))
        if number < aim.simple:
            here += np.where(np.isin((ladder - key.tonic) % 12, _FIVE_TONES[key.minor]), 0.0, 0.8)
        if number < len(aim.motif):
            here += _MOTIF_PULL * np.minimum(3, np.abs(ladder - aim.motif[number]))
        if last:
            here += np.where(ladder % 12 == key.tonic, 0.0, aim.home)
        if number:
            total = cost[number - 1][None, :] + moving
            came[number] = total.argmin(axis=1)
            here += total.min(axis=1)
        cost[number] = here
    step = int(np.argmin(cost[-1]))
    tune = [step]
    for number in range(len(places) - 1, 0, -1):
        step = int(came[number][step])
        tune.append(step)
    return [int(ladder[step]) for step in tune[::-1]]


def _note_cost(ladder: Floats, chord: Chord, weight: float) -> Floats:
    """Notes outside the chord cost more the stronger the place is."""
    strangers = ~np.isin(ladder % 12, chord.tones)
    return strangers * (1.6 * weight - 0.3)


def third_above(midi: int, key: Key) -> int:
    """The note two steps up the scale, for a second voice."""
    above = [note for note in range(midi + 1, midi + 8) if note % 12 in key.scale]
    return above[1] if midi % 12 in key.scale else above[0]
