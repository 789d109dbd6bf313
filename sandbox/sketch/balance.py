"""How loud each passage is against the others: the chorus lifts, whatever plays in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.arrange import Kind
from sandbox.sketch.loudness import SILENCE_LUFS, block_powers, span_lufs

if TYPE_CHECKING:
    from sandbox.sketch.song import Song
    from sandbox.sketch.spectrum import Floats

#: LU against a verse, before the limiter, which takes a little of it back.
_WANTED = {Kind.INTRO: -2.0, Kind.VERSE: 0.0, Kind.BRIDGE: -0.6, Kind.BREAK: 0.8, Kind.CHORUS: 2.6}
_MAX_GAIN_DB = 8.0
_TURN_SECONDS = 0.06  # from one level to the next, ahead of the bar line


def balanced(mix: Floats, song: Song, rate: int) -> Floats:
    """The (n, 2) mix with every passage at its own loudness; the last chord stays with the passage before it."""
    power = block_powers(mix, rate)
    gains: list[float] = []
    for passage in song.passages[:-1]:
        start, end = song.span(passage)
        measured = span_lufs(power, start, end)
        gains.append(0.0 if measured <= SILENCE_LUFS else _WANTED[passage.kind] - measured)
    middle = float(np.median(gains))
    places, curve = [0.0], []
    for passage, gain in zip(song.passages, [*gains, gains[-1]], strict=True):
        start, end = song.span(passage)
        curve += [float(np.clip(gain - middle, -_MAX_GAIN_DB, _MAX_GAIN_DB))] * 2
        places += [end - _TURN_SECONDS, end]
    seconds = np.arange(0, len(mix) / rate, 0.005)
    decibels = np.interp(seconds, places[: len(curve)], curve)
    factor = np.interp(np.arange(len(mix)), seconds * rate, 10.0 ** (decibels / 20.0))
    return mix * factor.astype(np.float32)[:, None]
