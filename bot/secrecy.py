"""What the bot knows, kept from other processes of the same user: its memory and its environment.

Sources: prctl(2), PR_SET_DUMPABLE; proc(5); core(5).
"""

import ctypes
import os
import sys

_PR_SET_DUMPABLE = 4


def close_memory() -> str:
    """Makes this process one that leaves no core dump and whose memory and environment none of its user may read.

    A child of the same user finds /proc/<pid>/environ and /proc/<pid>/mem closed, and cannot attach; root, and who has
    CAP_SYS_PTRACE, can. Ends with an exec, so that children begin open. Returns why it cannot be had here, or "".
    """
    if sys.platform != "linux":
        return "only Linux has it"
    try:
        prctl(_PR_SET_DUMPABLE, 0)
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def prctl(option: int, value: int) -> None:
    """prctl(2), whose further arguments are zero. Linux only. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, *(ctypes.c_ulong(each) for each in (value, 0, 0, 0))):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
