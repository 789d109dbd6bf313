"""Which part of a song stands for it: the excerpt that is loud throughout, neither an intro nor a single hit."""

from collections.abc import Sequence
from itertools import accumulate
from math import log10

#: Starts are compared in steps of a quarter of a second; nobody hears the difference below that.
STEPS_PER_SECOND = 4
#: Levels below this count as this, so that one silent gap does not outweigh a minute of song (dB below full scale).
FLOOR_DB = -60.0
FULL_SCALE = 32768.0


def best_start(levels: Sequence[float], windows_per_second: int, seconds: float) -> float:
    """Where the best `seconds` of a song begin, in seconds.

    `levels` are root mean squares, 0..32768, `windows_per_second` of them. The mean is taken over decibels: a steady
    chorus beats a quiet verse with one crash in it. The earliest of equals wins; 0.0 when the song is no longer.
    """
    wanted = round(seconds * windows_per_second)
    if wanted <= 0 or wanted >= len(levels):
        return 0.0
    sums = [0.0, *accumulate(map(decibels, levels))]
    step = max(1, windows_per_second // STEPS_PER_SECOND)
    starts = range(0, len(levels) - wanted + 1, step)
    best = max(starts, key=lambda start: (round(sums[start + wanted] - sums[start], 3), -start))
    return best / windows_per_second


def decibels(level: float) -> float:
    """Below full scale, not lower than `FLOOR_DB`."""
    ratio = level / FULL_SCALE  # which the least of floats makes zero
    return max(FLOOR_DB, 20 * log10(ratio)) if ratio > 0 else FLOOR_DB
