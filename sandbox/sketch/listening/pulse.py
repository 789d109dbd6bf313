"""Tempo, metre and the first bar line, decided together.

A tempo alone is ambiguous: half and double fit the same onsets. A bar is less so: chords change on its first beat, the
kick falls there, the snare answers between, and it repeats. So every likely beat is tried with every metre and every
place for the bar line, and the whole that explains drums and chords best wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.listening.chords import bar_tones, chord_scores

if TYPE_CHECKING:
    from sandbox.sketch.listening.onsets import Onsets
    from sandbox.sketch.listening.tones import Tones
    from sandbox.sketch.spectrum import Floats

SLOWEST_BPM, FASTEST_BPM = 55.0, 200.0
#: Fitted by logistic regression over all candidates of the catalogue and of two hundred random songs played by sampled
#: instruments, a third of which were first held back (69 of 70 came out right); then moved from there by 190 random
#: songs of the report's band in three, four, six, half-time and swing (of 72 held back 66 were right before, 71 since).
_WEIGHTS = {
    "kick": 2.0,
    "thump": 7.8,
    "backbeat": 2.6,
    "crack": 2.3,
    "crack between beats": 2.3,
    "on the beat": 0.7,
    "every beat is struck": 3.1,
    "quarters": -5.3,
    "chords on the bar": 10.1,
    "chords inside": -0.3,
    "a chord a bar": 0.7,
    "clear chords": 30.1,
    "bar repeats": 3.3,
    "beats repeat": 7.9,
    "unusual tempo": -3.4,
    "half-time": 5.7,
    "in four": 3.4,
    "in six": -1.0,
    "thirds": 2.2,
}
_FASTEST_IN_SIX = 140.0
_RELATIVES = (1.0, 2.0, 0.5, 3.0, 1 / 3, 1.5, 2 / 3, 0.75, 4 / 3, 4.0, 0.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """A steady beat and its bars."""

    bpm: float
    meter: int  #: beats in a bar: 3 or 4, or the two of 6/8, each of three parts
    first_bar_seconds: float  #: the first bar line, at or just after the start of the recording
    score: float
    clues: dict[str, float]  #: what spoke for it

    @property
    def beat_seconds(self) -> float:
        return 60.0 / self.bpm

    @property
    def bar_seconds(self) -> float:
        return self.meter * self.beat_seconds

    def bar_starts(self, seconds: float) -> Floats:
        """Every whole bar's beginning in a recording of that length; at least one."""
        count = max(1, int((seconds - self.first_bar_seconds + 0.1 * self.beat_seconds) / self.bar_seconds))
        return self.first_bar_seconds + self.bar_seconds * np.arange(count)


def weighed(clues: dict[str, float]) -> float:
    return sum(_WEIGHTS[name] * value for name, value in clues.items())


def find_pulse(onsets: Onsets, tones: Tones) -> Pulse:
    """The best beat, metre and bar line; 120 BPM in four when nothing beats at all."""
    ranked = rank_pulses(onsets, tones)
    if ranked:
        return ranked[0]
    return Pulse(bpm=120.0, meter=4, first_bar_seconds=0.0, score=0.0, clues={})


def rank_pulses(onsets: Onsets, tones: Tones) -> list[Pulse]:
    """Every beat that was considered, in its best metre and place, best first."""
    envelope = onsets.all - onsets.all.mean()
    if onsets.seconds < 2.0 or not np.any(onsets.all > 0):
        return []
    again = _Repetition(onsets)
    comb = _Comb(envelope, onsets.per_second)
    pulses = []
    for bpm in _candidates(again, comb):
        pulses += _placed(bpm, onsets, tones, again)
    return sorted(pulses, key=lambda pulse: -pulse.score)


class _Comb:
    """How much of the onsets falls on a steady beat of any tempo: the spectrum of the envelope at its multiples."""

    def __init__(self, envelope: Floats, per_second: float) -> None:
        length = 1 << (8 * len(envelope) - 1).bit_length()
        self.step = per_second / length  # Hz
        self.strength = np.abs(np.fft.rfft(envelope, length))

    def at(self, hertz: Floats) -> Floats:
        place = np.clip(hertz / self.step, 0, len(self.strength) - 2)
        return np.interp(place, np.arange(len(self.strength)), self.strength)

    def refined(self, bpm: float) -> float:
        """The tempo within 2.5 % of `bpm` whose beats, halves, thirds and quarters catch most."""
        tempi = np.arange(bpm * 0.975, bpm * 1.025, 0.01)
        total = sum(weight * self.at(tempi / 60.0 * k) for k, weight in ((1, 1.0), (2, 1.0), (3, 0.8), (4, 1.0)))
        return float(tempi[int(np.argmax(total))])


class _Repetition:
    """How much the onsets resemble themselves a given time later, band by band so that a kick is no snare."""

    def __init__(self, onsets: Onsets) -> None:
        self.per_second = onsets.per_second
        total = np.zeros(len(onsets.all))
        self.weight = 0.0
        for values, weight in ((onsets.low, 1.0), (onsets.middle, 1.0), (onsets.high, 0.4), (onsets.all, 1.0)):
            centred = np.convolve(values - values.mean(), (0.25, 0.5, 0.25), "same")
            length = 1 << (2 * len(centred) - 1).bit_length()
            product = np.fft.irfft(np.abs(np.fft.rfft(centred, length)) ** 2)[: len(centred)]
            if product[0] > 1e-6:
                total += weight * product / product[0] * len(centred) / (len(centred) - 0.9 * np.arange(len(centred)))
                self.weight += weight
        self.curve = total / (self.weight or 1.0)

    def at(self, seconds: Floats) -> Floats:
        place = np.asarray(seconds) * self.per_second
        return np.where(place < 0.9 * len(self.curve), np.interp(place, np.arange(len(self.curve)), self.curve), 0.0)


def _candidates(again: _Repetition, comb: _Comb) -> list[float]:
    """Tempi worth trying: what the onsets repeat at, and that by the ratios a listener may mistake it for."""
    lags = np.arange(0.12, 2.4, 0.002)
    values = again.at(lags) + 0.5 * again.at(2 * lags) + 0.3 * again.at(4 * lags)
    is_peak = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
    peaks = np.nonzero(is_peak)[0] + 1
    best = peaks[np.argsort(-values[peaks])][:8]
    found: list[float] = []
    for lag in lags[best]:
        for ratio in _RELATIVES:
            bpm = 60.0 / lag * ratio
            if SLOWEST_BPM * 0.98 <= bpm <= FASTEST_BPM * 1.02:
                bpm = comb.refined(bpm)
                if all(abs(bpm / other - 1.0) > 0.012 for other in found):
                    found.append(bpm)
    return found


def _placed(bpm: float, onsets: Onsets, tones: Tones, again: _Repetition) -> list[Pulse]:
    """The beat in both metres, each with its bar line at the best of all half-beats."""
    half = 30.0 / bpm
    start = _beat_phase(onsets, 2 * half)
    times = start + half * np.arange(int((onsets.seconds - start) / half))
    if len(times) < 12:
        return []
    hits = _Hits(onsets, tones, times, half)
    out = []
    for meter in (2, 3, 4):
        if len(times) < 4 * meter or (meter == 2 and (bpm > _FASTEST_IN_SIX or hits.thirds <= 0.0)):
            continue
        scored = [(hits.clues(meter, offset), offset) for offset in range(2 * meter)]
        clues, offset = max(scored, key=lambda pair: weighed(pair[0]))
        clues |= _steadiness(bpm, meter, again)
        first = float(times[offset])
        if first > (meter - 0.6) * 2 * half:  # the recording begins on its bar, a hair or a half-beat early
            first -= meter * 2 * half
        score = weighed(clues)
        out.append(Pulse(bpm=bpm, meter=meter, first_bar_seconds=first, score=score, clues=clues))
    return out


def _beat_phase(onsets: Onsets, beat: float) -> float:
    """Seconds to the first beat: the place in the beat where most begins."""
    slots = 48
    place = np.arange(len(onsets.all)) / onsets.per_second / beat % 1.0
    folded = np.bincount((place * slots).astype(int) % slots, weights=onsets.all + onsets.low, minlength=slots)
    rounded = np.convolve(np.concatenate([folded[-3:], folded, folded[:3]]), (1, 2, 3, 4, 3, 2, 1), "valid")
    best = int(np.argmax(rounded))
    a, b, c = rounded[best - 1], rounded[best], rounded[(best + 1) % slots]
    offset = 0.5 * (a - c) / (a - 2 * b + c - 1e-9)
    return float((best + 0.5 + np.clip(offset, -0.5, 0.5)) / slots * beat)


class _Hits:
    """What happens on every half-beat of one candidate: kick, snare, hat, and how much the harmony changes there."""

    def __init__(self, onsets: Onsets, tones: Tones, times: Floats, half: float) -> None:
        reach = min(0.035, 0.25 * half)
        self.low = onsets.strongest_near(onsets.low, times, reach)
        self.middle = onsets.strongest_near(onsets.middle, times, reach)
        self.thump = onsets.strongest_near(onsets.thump, times, reach)
        self.crack = onsets.strongest_near(onsets.crack, times, reach)
        self.all = onsets.strongest_near(onsets.all, times, reach)
        self.quarter = onsets.strongest_near(onsets.all, times + 0.5 * half, reach)
        thirds = [onsets.strongest_near(onsets.all, times[::2] + half * part, reach) for part in (2 / 3, 4 / 3)]
        self.thirds = float(np.mean(thirds) - self.all[1::2].mean()) / (float(self.all.mean()) + 1e-9)
        self.tones, self.times, self.half = tones, times, half
        self.change = _change(tones, times, float(np.clip(2 * half, 0.35, 0.9)))

    def clues(self, meter: int, offset: int) -> dict[str, float]:
        """Evidence that bars of `meter` beats begin at half-beat `offset`, each about -1 to 1."""
        low, middle, thump, crack, every, change = (
            _by_place(values, meter, offset)
            for values in (self.low, self.middle, self.thump, self.crack, self.all, self.change)
        )
        beats, between = slice(0, None, 2), slice(1, None, 2)
        bars = self.change[offset :: 2 * meter]
        level = every.mean() + 1e-9
        return {
            "kick": _kick(low, meter),
            "thump": _kick(thump, meter),
            "backbeat": _answer(middle, meter),
            "crack": _answer(crack, meter),
            "half-time": _half_time(crack) if meter == 4 else 0.0,
            "crack between beats": float(np.clip(crack[between].mean() - crack[beats].mean(), 0.0, 1.0)),
            "on the beat": float((every[beats].mean() - every[between].mean()) / level),
            "every beat is struck": float(np.clip(every[beats].min() / level, 0.0, 1.0)),
            "quarters": float(np.clip(self.quarter.mean() / level, 0.0, 1.5)),
            "chords on the bar": float(change[0] - change[2:-1].max()),
            "chords inside": float(change[2:-1:2].mean()),
            "a chord a bar": float(np.mean(bars > 0.5)) if len(bars) else 0.0,
            "clear chords": self.clearness(meter, offset),
            "in six": float(meter == 2),
            "thirds": float(np.clip(self.thirds, -1.0, 1.0)) if meter == 2 else 0.0,
        }

    def clearness(self, meter: int, offset: int) -> float:
        """How well single triads explain the bars: a bar line in the wrong place mixes two."""
        starts = self.times[offset :: 2 * meter]
        if len(starts) > 2:
            starts = starts[:-1]
        chroma, bass, first_bass, _ = bar_tones(self.tones, starts, meter, 2 * self.half)
        return float(chord_scores(chroma, bass, first_bass).max(axis=1).mean())


def _kick(strokes: Floats, meter: int) -> float:
    """How much the first beat is struck above the others; the third of four may be too."""
    if meter == 4:
        return float(0.7 * strokes[0] + 0.3 * strokes[4] - strokes[[2, 6]].mean())
    return float(strokes[0] - strokes[2 : 2 * meter : 2].mean())


def _answer(strokes: Floats, meter: int) -> float:
    """How much second and fourth beat answer first and third; in three, second or third or both the first; in six,
    the second."""
    if meter == 2:
        return float(strokes[2] - strokes[0])
    if meter == 4:
        return float(strokes[[2, 6]].mean() - strokes[[0, 4]].mean())
    return float(max(0.7 * strokes[2], 0.7 * strokes[4], strokes[[2, 4]].mean()) - strokes[0])


def _half_time(strokes: Floats) -> float:
    """How much the third beat alone answers the first."""
    return float(np.clip(strokes[4] - strokes[[0, 2, 6]].max(), 0.0, 1.0))


def _by_place(values: Floats, meter: int, offset: int) -> Floats:
    """Mean of the values at each of the bar's half-beats."""
    width = 2 * meter
    part = values[offset:]
    part = np.pad(part, (0, -len(part) % width), constant_values=np.nan)
    return np.nanmean(part.reshape(-1, width), axis=0)


def _change(tones: Tones, times: Floats, span: float) -> Floats:
    """0 where the harmony goes on, about 1 where another chord begins."""
    after = np.concatenate([tones.mean(which, times, times + span) for which in (tones.chroma, tones.bass)], axis=1)
    before = np.concatenate([tones.mean(which, times - span, times) for which in (tones.chroma, tones.bass)], axis=1)
    after, before = (_unit(part) for part in (after, before))
    change = 1.0 - (after * before).sum(axis=1) / 2.0
    change[times < 0.5 * span] = np.median(change)  # before the first note there is nothing to compare with
    top = np.quantile(change, 0.93)
    return np.clip(change / (top + 1e-9), 0.0, 1.2) if top > 0.03 else np.zeros(len(times))


def _unit(rows: Floats) -> Floats:
    """Chroma and bass halves, each scaled to length 1."""
    halves = [part / (np.linalg.norm(part, axis=1, keepdims=True) + 1e-9) for part in (rows[:, :12], rows[:, 12:])]
    return np.concatenate(halves, axis=1)


def _steadiness(bpm: float, meter: int, again: _Repetition) -> dict[str, float]:
    """What can be said without the bar line: the bar repeats, and some tempi and metres are commoner than others."""
    beat = 60.0 / bpm
    repeats = float(again.at(np.array([meter * beat, 2 * meter * beat])).mean())
    inside = float(again.at(beat * np.arange(1, meter)).mean())
    return {
        "bar repeats": repeats,
        "beats repeat": inside,
        "unusual tempo": float(np.log2(bpm / 112.0)) ** 2,
        "in four": float(meter == 4),
    }
