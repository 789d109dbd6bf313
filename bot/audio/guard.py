"""The fence around a child process: what it may use, set by itself before it touches a byte of anybody's file."""

import os
import signal
import sys

from bot.audio.model import Limits

#: Below the event loop and its gateway, however many files wait.
NICENESS = 10
#: The answer, the file, FFmpeg's own; nothing else.
OPEN_FILES = 64


def fence(limits: Limits) -> None:
    """Sets every limit the platform knows. On Windows only the parent's clock is left, on macOS no address space."""
    if sys.platform == "win32":
        return
    import resource  # does not exist on Windows

    os.setsid()  # Ctrl-C in a terminal is the parent's to handle
    os.nice(NICENESS)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds)
    _lower(resource.RLIMIT_FSIZE, limits.written_bytes)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    if sys.platform != "darwin":
        _lower(resource.RLIMIT_AS, limits.memory_bytes)
    # An orphan ends by itself: the default action of SIGALRM is death, and no decoder can put it off.
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)


def check_memory(memory_bytes: int) -> None:
    """Raises MemoryError above `memory_bytes` resident. The only memory limit on macOS, a second one elsewhere."""
    if peak_bytes() > memory_bytes:
        raise MemoryError


def peak_bytes() -> int:
    """The most this process has had resident; 0 on Windows."""
    if sys.platform == "win32":
        return 0
    import resource  # does not exist on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _lower(which: int, value: int) -> None:
    import resource  # does not exist on Windows

    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))
