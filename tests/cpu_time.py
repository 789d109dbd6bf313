"""Whether what a function takes for one character grows with the text: CPU time at several lengths, never a clock."""

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Each is compared with the one two before it, a sixteenth as long; the last is more than a member can type.
LENGTHS = (25, 100, 400, 1_600, 6_400)
#: In sixteen times the text a character may cost so many times as much; where the time grows with the square it is 16.
MAX_GROWTH = 2.5
#: Less than this at one length is too little to be compared, and harms nobody.
_MIN_SECONDS = 0.002
_LOOKS = (2, 4, 8)


def growth(function: Callable[[T], object], text_of: Callable[[int], T]) -> float:
    """How many times as much a character costs at worst; over MAX_GROWTH only after several looks."""
    worst = 1.0
    seconds: dict[int, float] = {}
    for length in LENGTHS:
        seconds[length] = _seconds(function, text_of(length), 1)
        shorter = length // 16
        if shorter not in seconds or seconds[length] < _MIN_SECONDS:
            continue
        times = seconds[length] / seconds[shorter] / 16
        for tries in _LOOKS:
            if times <= MAX_GROWTH:
                break
            # the least of several: what else ran meanwhile can only have added
            times = _seconds(function, text_of(length), tries) / _seconds(function, text_of(shorter), 4 * tries) / 16
        worst = max(worst, times)
        if times > MAX_GROWTH:
            break
    return worst


def _seconds(function: Callable[[T], object], text: T, tries: int) -> float:
    """The least CPU seconds of several tries. The function must remember nothing of a try before."""
    least = float("inf")
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(tries):
            started = time.thread_time()
            function(text)
            least = min(least, time.thread_time() - started)
    finally:
        if was_collecting:
            gc.enable()
    return max(least, 1e-6)
