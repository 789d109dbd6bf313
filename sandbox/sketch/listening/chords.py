"""Which triad a bar sounds like."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.theory import Chord

if TYPE_CHECKING:
    from sandbox.sketch.listening.tones import Tones
    from sandbox.sketch.spectrum import Floats

ALL_CHORDS = tuple(Chord(root=root, minor=minor) for minor in (False, True) for root in range(12))
_SCORE_RANGE = 8.0  # a perfect chord scores about 1


def bar_tones(tones: Tones, starts: Floats, meter: int, beat_seconds: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Chroma and bass of every bar, the bass of its first beat, and whether the bar sounds at all."""
    lead_in = 0.04  # the bar line itself still holds the chord before
    ends = starts + meter * beat_seconds
    chroma = tones.mean(tones.chroma, starts + lead_in, ends - lead_in)
    bass = tones.mean(tones.bass, starts + lead_in, ends - lead_in)
    first_bass = tones.mean(tones.bass, starts + lead_in, starts + max(0.3, beat_seconds))
    level = chroma.sum(axis=1)
    return chroma, bass, first_bass, level > 0.2 * np.median(level) + 1e-9


def scaled(rows: Floats) -> Floats:
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def chord_scores(chroma: Floats, bass: Floats, first_bass: Floats) -> Floats:
    """How well each of ALL_CHORDS explains each row of chroma, bass, and the bass of the first beat; (rows, 24).

    What speaks against a chord counts as much as what speaks for it: above all the other third.
    """
    above, below = _templates()
    scores = scaled(chroma) @ above + scaled(bass) @ below + 1.9 * np.tile(scaled(first_bass), 2)
    return scores / _SCORE_RANGE


@functools.cache
def _templates() -> tuple[Floats, Floats]:
    """Weights of the pitch classes for each chord, in chroma and in the bass; shape (12, 24)."""
    above, below = np.full((12, 24), -1.0), np.full((12, 24), -0.4)
    for number, chord in enumerate(ALL_CHORDS):
        root, third, fifth = chord.tones
        other_third = (root + 7 - third + root) % 12
        above[[root, third, fifth, other_third], number] = (3.2, 3.8, 2.3, -5.0)
        below[[root, fifth], number] = (1.3, 0.8)
    return above, below
