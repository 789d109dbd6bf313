"""What the drums do in a bar, whether they swing, and where the song is full or thin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sandbox.sketch.listening.onsets import Onsets
    from sandbox.sketch.listening.pulse import Pulse
    from sandbox.sketch.spectrum import Floats

_STRAIGHT = (0.0, 0.25, 0.5, 0.75)
_SWUNG = (0.0, 1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groove:
    """One bar of drums, as beats from the bar line, and its feel."""

    swing: bool
    kick: tuple[float, ...]
    snare: tuple[float, ...]
    hats_per_beat: int  #: 1, 2 or 4 (a swung pair counts as 2)
    drums: bool  #: whether anything like drums was heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Neighbouring bars of like loudness."""

    first_bar: int
    bars: int
    level: float  #: 0 (silent) to 1 (the loudest)


def find_groove(onsets: Onsets, pulse: Pulse) -> Groove:
    """Kick, snare and hats folded into one bar."""
    in_six = pulse.meter == 2
    swing = not in_six and _swings(onsets, pulse)
    places = _SWUNG if swing or in_six else _STRAIGHT
    steps = np.array([beat + place for beat in range(pulse.meter) for place in places])
    low, middle, high = (_folded(onsets, values, pulse, steps) for values in (onsets.low, onsets.middle, onsets.high))
    drums = float(max(low.max(), middle.max())) > 0.25
    kick = tuple(float(step) for step in steps[low > max(0.45, 0.55 * low.max())]) if drums else ()
    accents = [beat for beat in range(1, pulse.meter) if middle[beat * len(places)] > 0.55 * middle.max()]
    usual = [beat for beat in accents if pulse.meter != 4 or beat != 2]
    return Groove(
        swing=swing,
        kick=kick[:7],
        snare=tuple(float(beat) for beat in usual),
        hats_per_beat=_hats(high, len(places)),
        drums=drums,
    )


def _swings(onsets: Onsets, pulse: Pulse) -> bool:
    """Whether the notes between the beats come late: at two thirds instead of half or a quarter."""
    parts = 24
    place = (np.arange(len(onsets.all)) / onsets.per_second - pulse.first_bar_seconds) / pulse.beat_seconds
    folded = np.bincount((place * parts + 0.5).astype(int) % parts, weights=onsets.all, minlength=parts)
    folded = np.maximum(0.0, folded - np.median(folded))

    def at(part: int) -> float:
        before, here, after = folded[part - 1], folded[part], folded[part + 1]
        return float(here + 0.5 * (before + after))

    late, straight = at(16), max(at(6), at(12), folded[18] + folded[19])
    return bool(late > 1.4 * straight and late > 0.025 * at(0))


def _folded(onsets: Onsets, values: Floats, pulse: Pulse, steps: Floats) -> Floats:
    """Typical strength at each step of the bar."""
    starts = pulse.bar_starts(onsets.seconds)
    times = starts[:, None] + steps[None, :] * pulse.beat_seconds
    reach = min(0.03, 0.1 * pulse.beat_seconds)
    return np.median(onsets.strongest_near(values, times.ravel(), reach).reshape(times.shape), axis=0)


def _hats(high: Floats, per_beat: int) -> int:
    """How finely the hats divide the beat."""
    rows = high.reshape(-1, per_beat)
    on = float(rows[:, 0].mean()) + 1e-9
    if per_beat == 3:
        return 2 if float(rows[:, 2].mean()) > 0.3 * on else 1
    if float(rows[:, (1, 3)].mean()) > 0.4 * on:
        return 4
    return 2 if float(rows[:, 2].mean()) > 0.35 * on else 1


def find_sections(samples: Floats, rate: int, pulse: Pulse) -> tuple[Section, ...]:
    """Bars grouped by loudness, four bars at a time."""
    starts = (np.maximum(0.0, pulse.bar_starts(len(samples) / rate)) * rate).astype(int)
    total = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    ends = np.minimum(starts + int(pulse.bar_seconds * rate), len(samples))
    energy = np.sqrt((total[ends] - total[starts]) / np.maximum(1, ends - starts))
    loud = energy / (energy.max() + 1e-9)
    fours = [float(np.median(loud[i : i + 4])) for i in range(0, len(loud), 4)]
    sections: list[Section] = []
    for number, level in enumerate(fours):
        bars = min(4, len(loud) - 4 * number)
        if sections and abs(level - sections[-1].level) < 0.15:
            before = sections.pop()
            sections.append(replace(before, bars=before.bars + bars))
        else:
            sections.append(Section(first_bar=4 * number, bars=bars, level=round(level, 3)))
    return tuple(sections)
