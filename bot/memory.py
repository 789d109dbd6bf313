"""What the start took and the running bot has no use for, given back to the system. Linux alone has it, elsewhere
nothing happens.

Sources: mallopt(3), malloc_trim(3), madvise(2), proc(5).
"""

import ctypes
import gc
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_OBJECTS_BETWEEN_LOOKS = 5_000
_M_ARENA_MAX = -8
_MADV_DONTNEED = 4
#: The first line of a mapping of a file: from, to, and what may be done with it.
_OF_A_FILE = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ +/")
_CHANGED = re.compile(r"Anonymous: +(\d+) kB")


def keep_one_heap() -> None:
    """All threads take their memory from one heap; glibc gives each its own. Of use before the first thread is made."""
    libc = _libc()
    if libc is not None and hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


def hand_back() -> None:
    """Let go of what is free on the heap, and of the programs' pages that were read and never changed.

    Most of those were run by the start alone (imports, schemas, certificates): what is run again the system brings back
    from its file cache, page by page. Takes some tens of milliseconds; for a thread.
    """
    settle()
    libc = _libc()
    if libc is not None and hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    if libc is not None and (smaps := Path("/proc/self/smaps")).exists():
        libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for first, end in list(_unchanged(smaps.read_text(encoding="utf-8", errors="replace").splitlines())):
            libc.madvise(first, end - first, _MADV_DONTNEED)  # refused: then they stay


def settle() -> None:
    """What is there after the start stays for good: it is no longer looked through for rubbish.

    The rest is looked through after 5,000 new objects instead of 700, of which a song makes some hundred thousand.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def _unchanged(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where files lie that this process may not write to and holds no page of its own of: from, and up to."""
    place = (0, 0)
    for line in smaps:
        if (head := _OF_A_FILE.match(line)) and head[3] in {"r-xp", "r--p"}:
            place = (int(head[1], 16), int(head[2], 16))
        elif place != (0, 0) and (changed := _CHANGED.match(line)):
            if changed[1] == "0":
                yield place
            place = (0, 0)
