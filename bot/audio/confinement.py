"""The confinement of a child process: what it may use, set by itself before it touches a byte of anybody's file."""

import os
import re
import signal
import sys
from functools import cache

from bot.audio.model import ChildLimits

#: Below the event loop and its gateway, however many files wait.
NICENESS = 10
#: The answer, the file, FFmpeg's own; nothing else.
OPEN_FILES = 64


def confine(limits: ChildLimits) -> None:
    """Sets every limit the platform knows. On Windows only the parent's clock is left, on macOS no address space."""
    if sys.platform == "win32":
        return
    import resource  # does not exist on Windows

    os.nice(NICENESS)
    _lower(resource.RLIMIT_CORE, 0)
    # A second between the two: at the soft limit it dies of SIGXCPU, at the hard one of SIGKILL like out of memory.
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    _lower(resource.RLIMIT_FSIZE, limits.written_bytes)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    if sys.platform != "darwin":
        _lower(resource.RLIMIT_AS, limits.memory_bytes)
    # An orphan ends by itself: the default action of SIGALRM is death, and no decoder can put it off.
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
    peak_bytes()  # behind the fence /proc can no longer be opened, what is open can still be read


def limits_in_words(platform: str = sys.platform) -> str:
    """What of the limits this platform knows, for operators."""
    if platform == "win32":
        return "the clock alone; Windows has no limit on memory, CPU or what is written for it"
    if platform == "darwin":
        return "CPU, clock, size of files; memory only where it is measured, between two pieces of a song"
    return "memory, CPU, clock, size of files"


def check_memory(memory_bytes: int) -> None:
    """Raises MemoryError above `memory_bytes` resident. The only memory limit on macOS, a second one elsewhere."""
    if peak_bytes() > memory_bytes:
        raise MemoryError


def peak_bytes() -> int:
    """The most this process has had resident; 0 where that is not known.

    Linux hands `ru_maxrss` on from the parent through fork and exec, so a large parent would count as ours; the mark
    in /proc begins anew with the program.
    """
    if sys.platform == "linux":
        try:
            status = os.pread(_status(), 4096, 0)
        except OSError:
            return 0
        found = re.search(rb"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    if sys.platform == "darwin":
        import resource  # does not exist on Windows

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0


@cache
def _status() -> int:
    return os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)


def _lower(which: int, soft: int, hard: int | None = None) -> None:
    """Sets a limit, never above the one that is in force; `hard` is `soft` unless given."""
    import resource  # does not exist on Windows

    _, in_force = resource.getrlimit(which)
    wanted = (soft, soft if hard is None else hard)
    bounded = (min(soft, in_force), min(wanted[1], in_force))
    resource.setrlimit(which, wanted if in_force == resource.RLIM_INFINITY else bounded)
