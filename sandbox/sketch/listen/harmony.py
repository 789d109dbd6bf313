"""Chords, the loop they form, and the key they speak for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.theory import Chord, Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.listen.pulse import Pulse
    from sandbox.sketch.listen.tones import Tones
    from sandbox.sketch.spectrum import Floats

ALL_CHORDS = tuple(Chord(root=root, minor=minor) for minor in (False, True) for root in range(12))
ALL_KEYS = tuple(Key(tonic=tonic, minor=minor) for minor in (False, True) for tonic in range(12))
_LOOP_LENGTHS = (1, 2, 3, 4, 6, 8, 12)
# How well a pitch class fits a key, from its tonic up: probe-tone ratings of Krumhansl and Kessler (1982).
_MAJOR_FIT = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR_FIT = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmony:
    """What the harmony of a recording is, one chord a bar."""

    key: Key
    loop: tuple[Chord, ...]  #: one chord a bar, from the first bar that sounds
    bars: tuple[Chord, ...]  #: the chord of every bar of the recording


def find_harmony(tones: Tones, pulse: Pulse, seconds: float) -> Harmony:
    """Chords and key on the bars of `pulse`."""
    starts = pulse.bar_starts(seconds)
    chroma, bass, sounding = _per_bar(tones, starts, pulse)
    scores = chord_scores(chroma, bass)
    first = int(np.argmax(sounding)) if sounding.any() else 0
    length = _loop_length(np.concatenate([_scaled(chroma), _scaled(bass)], axis=1)[first:])
    loop_scores = _loop_scores(scores[first:], length)
    loop = _best_chords(loop_scores)
    profile = _scaled(chroma).mean(axis=0) + 0.6 * _scaled(bass).mean(axis=0)
    last = _last_chord(scores, sounding)
    key = best_key(profile, loop, last)
    in_key = np.array([0.1 * (chord in key.own_chords) for chord in ALL_CHORDS])
    return Harmony(key=key, loop=_best_chords(loop_scores + in_key), bars=_best_chords(scores + in_key))


def _per_bar(tones: Tones, starts: Floats, pulse: Pulse) -> tuple[Floats, Floats, Floats]:
    """Chroma and bass of every bar, the bass with an eye on its first beat; and whether the bar sounds at all."""
    lead_in = 0.04  # the bar line itself still holds the chord before
    ends = starts + pulse.bar_seconds
    chroma = tones.mean(tones.chroma, starts + lead_in, ends - lead_in)
    bass = tones.mean(tones.bass, starts + lead_in, ends - lead_in)
    bass += tones.mean(tones.bass, starts + lead_in, starts + max(0.3, pulse.beat_seconds))
    level = chroma.sum(axis=1)
    return chroma, bass, level > 0.2 * np.median(level) + 1e-9


def _scaled(rows: Floats) -> Floats:
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def chord_scores(chroma: Floats, bass: Floats) -> Floats:
    """How well each of ALL_CHORDS explains each row of chroma and bass; shape (rows, 24)."""
    templates = np.full((24, 12), 0.0)
    for row, chord in enumerate(ALL_CHORDS):
        templates[row, list(chord.tones)] = (1.0, 0.9, 0.85)
    roots = bass / (bass.max(axis=1, keepdims=True) + 1e-9)
    return _scaled(chroma) @ _scaled(templates).T + 0.4 * np.tile(roots, 2)


def _best_chords(scores: Floats) -> tuple[Chord, ...]:
    return tuple(ALL_CHORDS[int(best)] for best in scores.argmax(axis=1))


def _loop_length(bars: Floats) -> int:
    """After how many bars the harmony comes round again; 4 when too little is known."""
    varied = bars - bars.mean(axis=0)
    norm = float((varied**2).sum(axis=1).mean())
    if norm < 0.02:
        return 1
    alike: dict[int, float] = {}
    for length in _LOOP_LENGTHS:
        if len(bars) >= 2 * length:
            alike[length] = float((varied[:-length] * varied[length:]).sum(axis=1).mean()) / norm
    if not alike:
        return min(4, len(bars))
    good = max(alike.values()) - 0.12
    return min(length for length, value in alike.items() if value >= good)


def _loop_scores(scores: Floats, length: int) -> Floats:
    """Chord scores of the commonest loop: whole loops that agree are added up."""
    count = len(scores) // length
    if count == 0:
        return scores
    loops = scores[: count * length].reshape(count, length, 24)
    groups: list[Floats] = []
    sizes: list[int] = []
    for one in loops:
        for number, group in enumerate(groups):
            same = one.argmax(axis=1) == group.argmax(axis=1)
            if same.mean() >= 0.5:
                groups[number] = group + one
                sizes[number] += 1
                break
        else:
            groups.append(one.copy())
            sizes.append(1)
    best = int(np.argmax(sizes))
    return groups[best] / sizes[best]


def _last_chord(scores: Floats, sounding: Floats) -> Chord | None:
    """The chord of the last bar that sounds."""
    heard = np.nonzero(sounding)[0]
    return ALL_CHORDS[int(scores[heard[-1]].argmax())] if len(heard) else None


def best_key(profile: Floats, loop: Sequence[Chord], last: Chord | None) -> Key:
    """The key that pitch classes, chord functions and the places that matter (first chord, last chord) agree on.

    Relative keys share every note, so the profile alone cannot part them; the chords' places can.
    """
    return max(ALL_KEYS, key=lambda key: _profile_fit(profile, key) + _loop_fit(loop, key) + _ending_fit(last, key))


def _profile_fit(profile: Floats, key: Key) -> float:
    fit = np.roll(_MINOR_FIT if key.minor else _MAJOR_FIT, key.tonic)
    if np.ptp(profile) < 1e-9:
        return 0.0
    return float(np.corrcoef(profile, fit)[0, 1])


def _loop_fit(loop: Sequence[Chord], key: Key) -> float:
    dominant = Chord(root=(key.tonic + 7) % 12, minor=False)
    fits = [1.0 if chord in key.own_chords else 0.85 if chord == dominant else 0.0 for chord in loop]
    tonic = key.tonic_chord
    home = sum(chord == tonic for chord in loop) / len(loop)
    around = list(zip(loop, [*loop[1:], loop[0]], strict=True))
    cadences = sum(here == dominant and there == tonic for here, there in around)
    return 0.9 * sum(fits) / len(fits) + 0.3 * home + 0.35 * (loop[0] == tonic) + 0.25 * min(1, cadences)


def _ending_fit(last: Chord | None, key: Key) -> float:
    return 0.25 if last == key.tonic_chord else 0.0
