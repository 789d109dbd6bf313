"""An independent ear for the report: tempo and key of a sound file as librosa hears them."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sandbox.sketch.theory import Key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Krumhansl and Kessler (1982), the usual profiles beside librosa's chroma: of four tried, they are right most often
# about the references themselves (20 of 24; relative keys are theirs to confuse).
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
SAME_TEMPO = 0.02  # librosa places beats on a grid of 23 ms
_NEAR_TEMPO = 0.05  # its first guess comes in steps of several percent: so near means the same
_RATE, _HOP = 22_050, 512  # librosa's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge heard, and what each thing that it might have heard was worth to it."""

    bpm: float
    key: Key
    tempo_weights: tuple[tuple[float, float], ...] = ()  #: beats a minute, and the logarithm of its weight
    key_fits: tuple[tuple[Key, float], ...] = ()  #: correlations, -1 to 1

    def same_tempo(self, bpm: float) -> bool:
        return abs(self.bpm / bpm - 1.0) < SAME_TEMPO

    def tempo_lead(self, right: Sequence[float]) -> float:
        """How far the best of the right tempos lies ahead of the best other; infinite where nothing is known."""
        return _lead([(any(abs(bpm / one - 1.0) < _NEAR_TEMPO for one in right), it) for bpm, it in self.tempo_weights])

    def key_lead(self, right: Key) -> float:
        """How far the right key's fit lies ahead of the best other's; infinite where nothing is known."""
        return _lead([(key == right, fit) for key, fit in self.key_fits])


def _lead(worth: Sequence[tuple[bool, float]]) -> float:
    right, others = ([it for is_right, it in worth if is_right is wanted] for wanted in (True, False))
    return max(right, default=-np.inf) - max(others) if others else np.inf


def available() -> bool:
    """Whether librosa is installed (requirements/judge.lock)."""
    return importlib.util.find_spec("librosa") is not None


def judge(path: Path) -> Verdict:
    """Listens to a minute of a file. One process at a time, or numba's cache of compiled code breaks."""
    import librosa  # only in the report's own environment

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples, rate = librosa.load(path, sr=_RATE, mono=True, duration=60)
        onsets = librosa.onset.onset_strength(y=samples, sr=rate, hop_length=_HOP, aggregate=np.median)
        tempo, beats = librosa.beat.beat_track(onset_envelope=onsets, sr=rate, hop_length=_HOP, units="time")
        weights = _tempo_weights(onsets)
        chroma = librosa.feature.chroma_cqt(y=samples, sr=rate).mean(axis=1)
    fits = _key_fits(chroma)
    return Verdict(
        bpm=_exact(float(np.atleast_1d(tempo)[0]), beats),
        key=max(fits, key=lambda one: one[1])[0],
        tempo_weights=weights,
        key_fits=fits,
    )


def _tempo_weights(onsets: Any) -> tuple[tuple[float, float], ...]:
    """What librosa.feature.tempo, which the beats are tracked by, takes the highest of: with its own defaults."""
    import librosa  # only in the report's own environment

    frames = int(librosa.time_to_frames(8.0, sr=_RATE, hop_length=_HOP))
    strength = librosa.feature.tempogram(onset_envelope=onsets, sr=_RATE, hop_length=_HOP, win_length=frames)
    tempos = librosa.tempo_frequencies(frames, hop_length=_HOP, sr=_RATE)[1:]
    weights = np.log1p(1e6 * strength.mean(axis=1)[1:]) - 0.5 * np.log2(tempos / 120.0) ** 2
    return tuple((float(bpm), float(it)) for bpm, it in zip(tempos, weights, strict=True) if bpm < 320.0)


def _exact(tempo: float, beats: Any) -> float:
    """The tempo of the beats that were tracked; the estimate alone comes in steps of several percent."""
    if len(beats) < 8:
        return tempo
    middle = beats[2:-2]
    return 60.0 / float(np.polyfit(np.arange(len(middle)), middle, 1)[0])


def _key_fits(chroma: Any) -> tuple[tuple[Key, float], ...]:
    keys = [Key(tonic=tonic, minor=minor) for minor in (False, True) for tonic in range(12)]
    return tuple(
        (key, float(np.corrcoef(chroma, np.roll(_MINOR if key.minor else _MAJOR, key.tonic))[0, 1])) for key in keys
    )
