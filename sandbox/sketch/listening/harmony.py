"""Chords, the loop they form, and the key they speak for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.listening.chords import ALL_CHORDS, bar_tones, chord_scores, scaled
from sandbox.sketch.theory import Chord, Key

if TYPE_CHECKING:
    from sandbox.sketch.listening.pulse import Pulse
    from sandbox.sketch.listening.tones import Tones
    from sandbox.sketch.spectrum import Floats

_AT_HOME = 0.1
#: Fitted like the weights of the pulse, then moved a little from "begins at home" to the chords' functions: real songs
#: begin elsewhere more often than those they were fitted to.
_KEY_WEIGHTS = {
    "notes": 3.1,
    "chords": 9.8,
    "own chords": 5.0,
    "at home": 0.4,
    "begins at home": 4.6,
    "comes home": 0.4,
    "ends at home": 3.2,
}
ALL_KEYS = tuple(Key(tonic=tonic, minor=minor) for minor in (False, True) for tonic in range(12))
#: Bars, and a small advantage for what songs mostly do.
_LOOP_LENGTHS = {1: -0.05, 2: 0.0, 3: -0.04, 4: 0.05, 6: -0.04, 8: 0.0, 12: 0.0}
_ONE_CHORD = 0.02  # squared deviation of the scores below which all bars are the same chord
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
    chroma, bass, first_bass, sounding = bar_tones(tones, starts, pulse.meter, pulse.beat_seconds)
    scores = chord_scores(chroma, bass, first_bass)
    first = int(np.argmax(sounding)) if sounding.any() else 0
    length = _loop_length(scores[first:])
    loop_scores = _loop_scores(scores[first:], length)
    profile = scaled(chroma).mean(axis=0) + 0.6 * scaled(bass).mean(axis=0)
    last = scores[np.nonzero(sounding)[0][-1]] if sounding.any() else None
    key = best_key(profile, loop_scores, last)
    return Harmony(
        key=key, loop=_shortest(_best_chords(loop_scores + in_key(key))), bars=_best_chords(scores + in_key(key))
    )


def _shortest(loop: tuple[Chord, ...]) -> tuple[Chord, ...]:
    """C F C F is C F."""
    half = loop[: len(loop) // 2]
    return _shortest(half) if half and half + half == loop else loop


def _best_chords(scores: Floats) -> tuple[Chord, ...]:
    return tuple(ALL_CHORDS[int(best)] for best in scores.argmax(axis=1))


def _loop_length(scores: Floats) -> int:
    """After how many bars the chord scores come round again; at most 4 when too little is known."""
    varied = scores - scores.mean(axis=0)
    norm = float((varied**2).sum(axis=1).mean())
    if norm < _ONE_CHORD:
        return 1
    alike: dict[int, float] = {}
    for length, usual in _LOOP_LENGTHS.items():
        if len(scores) >= 2 * length:
            alike[length] = usual + float((varied[:-length] * varied[length:]).sum(axis=1).mean()) / norm
    if not alike:
        return min(4, len(scores))
    good = max(alike.values()) - 0.04
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


def in_key(key: Key) -> Floats:
    """A small advantage, per chord, for those at home in the key."""
    dominant = Chord(root=(key.tonic + 7) % 12, minor=False)
    return np.array([_AT_HOME * (chord in key.own_chords or chord == dominant) for chord in ALL_CHORDS])


def best_key(profile: Floats, loop_scores: Floats, last: Floats | None) -> Key:
    """The key that pitch classes, chord functions and the places that matter (first chord, last chord) agree on.

    Relative keys share every note, so the notes alone cannot part them; the chords' places can.
    """
    return max(ALL_KEYS, key=lambda key: weighed(key_clues(key, profile, loop_scores, last)))


def weighed(clues: dict[str, float]) -> float:
    return sum(_KEY_WEIGHTS[name] * value for name, value in clues.items())


def key_clues(key: Key, profile: Floats, loop_scores: Floats, last: Floats | None) -> dict[str, float]:
    """What speaks for a key, each about 0 to 1. `last` holds the chord scores of the last bar that sounds."""
    scores = loop_scores + in_key(key)
    loop = _best_chords(scores)
    tonic = key.tonic_chord
    dominant = Chord(root=(key.tonic + 7) % 12, minor=False)
    around = list(zip(loop, [*loop[1:], loop[0]], strict=True))
    fit = np.roll(_MINOR_FIT if key.minor else _MAJOR_FIT, key.tonic)
    return {
        "notes": float(np.corrcoef(profile, fit)[0, 1]) if np.ptp(profile) > 1e-9 else 0.0,
        "chords": float(scores.max(axis=1).mean()),
        "own chords": sum(chord in key.own_chords or chord == dominant for chord in loop) / len(loop),
        "at home": sum(chord == tonic for chord in loop) / len(loop),
        "begins at home": float(loop[0] == tonic),
        "comes home": float(any(here == dominant and there == tonic for here, there in around)),
        "ends at home": float(last is not None and ALL_CHORDS[int((last + in_key(key)).argmax())] == tonic),
    }
