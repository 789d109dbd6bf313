"""Landlock: what a process may reach of the file system, whoever it runs as. Kept for the rest of its life.

Sources: landlock(7), landlock_create_ruleset(2), landlock_add_rule(2), landlock_restrict_self(2). No package for it is
past its first trials, so these are its three calls.
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bot.audio.syscalls import LANDLOCK_ADD_RULE, LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF, call

_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIR, _MAKE_REG, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 8, 1 << 14
#: Version -> how many rights over files the kernel knows: 2 adds REFER, 3 TRUNCATE, 5 IOCTL_DEV.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_RIGHTS_SINCE_5 = 16
#: BIND_TCP and CONNECT_TCP; abstract UNIX sockets and signals to processes outside.
_TCP_SINCE, _SCOPE_SINCE, _BOTH = 4, 6, 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The version that the kernel offers. Raises OSError where it has none or holds it back."""
    return call(LANDLOCK_CREATE_RULESET, None, 0, _VERSION)


def restrict(reads: Iterable[Path], writes: Iterable[Path]) -> int:
    """From now on this process opens what lies in `reads`, and writes what lies in `writes`, and nothing else.

    A place that is not there is passed over. No TCP either, and no signal to others, as far as the kernel's version
    knows of them; that is returned. Needs no_new_privs. Raises OSError.
    """
    offered = version()
    every = (1 << _RIGHTS.get(offered, _RIGHTS_SINCE_5)) - 1
    wanted = _Ruleset(every, _BOTH if offered >= _TCP_SINCE else 0, _BOTH if offered >= _SCOPE_SINCE else 0)
    size = 8 * (1 + (offered >= _TCP_SINCE) + (offered >= _SCOPE_SINCE))
    ruleset = call(LANDLOCK_CREATE_RULESET, ctypes.byref(wanted), size, 0)
    try:
        for place in reads:
            _allow(ruleset, place, every & (_READ_FILE | _READ_DIR))
        for place in writes:
            _allow(ruleset, place, every & (_READ_FILE | _READ_DIR | _WRITE_FILE | _MAKE_REG | _TRUNCATE))
        call(LANDLOCK_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return offered


def _allow(ruleset: int, place: Path, rights: int) -> None:
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # nobody could open it anyway
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(handle).st_mode):
                rights &= ~(_READ_DIR | _MAKE_REG)
            call(LANDLOCK_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(_PathBeneath(rights, handle)), 0)
        finally:
            os.close(handle)
