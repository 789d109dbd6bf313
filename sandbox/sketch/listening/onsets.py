"""Where notes and drums begin: rises of the spectrum, in the bands that kick, snare and hats live in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.spectrum import magnitudes

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Floats

_SIZE, _HOP = 1024, 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Onsets:
    """Onset strength over time, `per_second` values a second, each band scaled so that its strong hits are about 1."""

    per_second: float
    low: Floats  #: 30-150 Hz: kick and bass
    middle: Floats  #: 1.2-5 kHz: snare, clap, strums
    high: Floats  #: 6-11 kHz: hats and cymbals
    all: Floats  #: the three and the whole spectrum, summed
    thump: Floats  #: 35-110 Hz by loudness instead of by contrast: a kick is more than a bass note
    crack: Floats  #: 1.5-6 kHz by loudness: a snare is more than a strum
    mean_spectrum: Floats
    hertz_per_bin: float

    @property
    def seconds(self) -> float:
        return len(self.all) / self.per_second

    @property
    def brightness_hz(self) -> float:
        """Centroid of the mean spectrum."""
        frequencies = np.arange(len(self.mean_spectrum)) * self.hertz_per_bin
        return float((self.mean_spectrum * frequencies).sum() / (self.mean_spectrum.sum() + 1e-9))

    def strongest_near(self, values: Floats, times: Floats, reach_seconds: float = 0.03) -> Floats:
        """For every instant the highest value within reach of it."""
        reach = max(1, round(reach_seconds * self.per_second))
        padded = np.pad(values, (reach, reach))
        peaks = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
        index = np.clip(np.round(times * self.per_second).astype(int), 0, len(values) - 1)
        return peaks[index]


def find_onsets(samples: Floats, rate: int) -> Onsets:
    """Onset strength of mono samples."""
    spectrum = magnitudes(samples, _SIZE, _HOP)
    per_second = rate / _HOP
    low, middle, high, whole = (
        _rises(spectrum, rate, bottom, top) for bottom, top in ((30, 150), (1200, 5000), (6000, 10_500), (60, 10_500))
    )
    return Onsets(
        per_second=per_second,
        low=low,
        middle=middle,
        high=high,
        all=low + 0.8 * middle + 0.5 * high + whole,
        thump=_bursts(spectrum, rate, 35, 110),
        crack=_bursts(spectrum, rate, 1500, 6000),
        mean_spectrum=spectrum.mean(axis=0),
        hertz_per_bin=rate / _SIZE,
    )


def _rises(spectrum: Floats, rate: int, bottom: float, top: float) -> Floats:
    first, last = max(1, round(bottom * _SIZE / rate)), round(top * _SIZE / rate) + 1
    part = spectrum[:, first:last]
    loud = np.log1p(130.0 * part / (spectrum.max(initial=0.0) + 1e-9))
    return _above_usual(np.maximum(0.0, np.diff(loud, axis=0, prepend=loud[:1])).mean(axis=1))


def _bursts(spectrum: Floats, rate: int, bottom: float, top: float) -> Floats:
    """Rises of the band's loudness as a whole, over three frames."""
    first, last = max(1, round(bottom * _SIZE / rate)), round(top * _SIZE / rate) + 1
    loud = np.sqrt((spectrum[:, first:last] ** 2).sum(axis=1))
    before = np.minimum(np.roll(loud, 3), np.roll(loud, 2))
    before[:3] = loud[:3]
    return _above_usual(np.sqrt(np.maximum(0.0, loud - before)))


def _above_usual(rises: Floats) -> Floats:
    """What stands out of its half-second, scaled so that strong hits are about 1."""
    around = np.convolve(rises, np.ones(43) / 43, "same")[: len(rises)]
    rises = np.maximum(0.0, rises - around)
    strong = np.sort(rises)[-max(1, len(rises) // 40) :].mean()
    return (rises / (strong + 1e-9)).astype(np.float64) if strong > 1e-7 else np.zeros(len(rises))
