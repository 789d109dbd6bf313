"""Which pitch classes sound when: spectral peaks folded into one octave, drums left out, tuning corrected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.spectrum import magnitudes

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Floats, Integers

# 8192 samples at 22.05 kHz tell semitones apart down to about 60 Hz; 1024 gives 21 pictures a second.
_SIZE, _HOP = 8192, 1024
#: Number of a harmonic and how strong it is at most taken to be, on the scale of square roots that levels have here.
_OVERTONES = ((3, 0.4), (5, 0.7))
_LOWEST_HZ, _HIGHEST_HZ = 38.0, 2000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """Strength of the twelve pitch classes over time: shape (frames, 12)."""

    per_second: float
    chroma: Floats  #: everything up to 2 kHz
    bass: Floats  #: below about 200 Hz
    tuning_cents: float  #: how far the recording is above concert pitch

    def mean(self, which: Floats, starts: Floats, ends: Floats) -> Floats:
        """Mean of `chroma` or `bass` over each span of seconds; shape (spans, 12)."""
        total = np.concatenate([np.zeros((1, 12)), np.cumsum(which, axis=0)])
        first = np.clip(np.round(starts * self.per_second).astype(int), 0, len(which) - 1)
        last = np.clip(np.round(ends * self.per_second).astype(int), first + 1, len(which))
        return (total[last] - total[first]) / (last - first)[:, None]


def find_tones(samples: Floats, rate: int) -> Tones:
    """Pitch classes of mono samples."""
    bottom, top = int(_LOWEST_HZ * _SIZE / rate), int(_HIGHEST_HZ * _SIZE / rate) + 2
    picture = magnitudes(samples, _SIZE, _HOP)[:, bottom : top + 1]
    frame, at, level = _peaks(picture)
    level = _without_overtones(picture, bottom, frame, at, level)
    midi = 69.0 + 12.0 * np.log2((at + bottom) * rate / _SIZE / 440.0)
    tuning = _tuning(midi, level)
    midi = midi - tuning
    pitch = np.round(midi).astype(int)
    level = level * np.exp(-0.5 * ((midi - pitch) / 0.28) ** 2)
    cells = frame * 12 + pitch % 12
    count = len(picture)

    def folded(weights: Floats) -> Floats:
        summed = np.bincount(cells, weights=weights, minlength=count * 12)
        return summed.astype(np.float64, copy=False).reshape(count, 12)  # with weights it sums in float64

    return Tones(
        per_second=rate / _HOP,
        chroma=folded(level * np.exp(-0.5 * ((midi - 62.0) / 13.0) ** 2)),
        bass=folded(level * np.exp(-0.5 * ((midi - 41.0) / 7.0) ** 2)),
        tuning_cents=100.0 * tuning,
    )


def _peaks(picture: Floats) -> tuple[Integers, Floats, Floats]:
    """Frame, fractional bin and compressed level of every peak that stands out of its neighbourhood."""
    width = 25
    total = np.cumsum(np.pad(picture, ((0, 0), (width + 1, width)), mode="edge"), axis=1)
    floor = (total[:, 2 * width + 1 :] - total[:, : -2 * width - 1]) / (2 * width + 1)
    inner, left, right = picture[:, 1:-1], picture[:, :-2], picture[:, 2:]
    loud_enough = 0.02 * picture.max(axis=1, keepdims=True) + 1e-7
    stands_out = (inner > left) & (inner >= right) & (inner > 1.6 * floor[:, 1:-1]) & (inner > loud_enough)
    frame, bins = np.nonzero(stands_out)
    a, b, c = (np.log(part[frame, bins] + 1e-9) for part in (left, inner, right))
    offset = np.clip(0.5 * (a - c) / (a - 2 * b + c - 1e-9), -0.5, 0.5)
    height = inner[frame, bins] - floor[frame, bins + 1]
    return frame, bins + 1 + offset, np.sqrt(height)


def _without_overtones(picture: Floats, bottom: int, frame: Integers, at: Floats, level: Floats) -> Floats:
    """Peaks lose what is likely the third or fifth harmonic of a lower tone.

    The fifth harmonic of a bass note is a major third: without this, minor chords over a rich bass sound major.
    """
    heights = np.sqrt(np.maximum(np.maximum(picture[:, :-2], picture[:, 2:]), picture[:, 1:-1]))
    left = level.copy()
    for number, share in _OVERTONES:
        below = np.round((at + bottom) / number).astype(int) - bottom - 1
        found = (below >= 0) & (below < heights.shape[1])
        left[found] -= share * heights[frame[found], below[found]]
    return np.maximum(left, 0.1 * level)


def _tuning(midi: Floats, level: Floats) -> float:
    """Common deviation from the nearest semitone, in semitones from -0.5 to 0.5."""
    clear = midi > 52
    if not clear.any():
        return 0.0
    turn = (level[clear] ** 2 * np.exp(2j * np.pi * midi[clear])).sum()
    return float(np.angle(turn) / (2 * np.pi))
