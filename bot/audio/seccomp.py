"""seccomp: which system calls the kernel refuses a process. Kept for the rest of its life.

Sources: seccomp(2), prctl(2), bpf(4); the kernel's Documentation/userspace-api/seccomp_filter.rst. The packages for it
want libseccomp on the machine, which neither wheels nor slim images have, so the program is put together here.
"""

import ctypes
import os
import struct
from collections.abc import Iterator

from bot.audio import syscalls
from bot.audio.syscalls import Numbers, call, machine, number

_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_LOAD, _EQUAL, _ABOVE, _BITS, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_REFUSE = _ERRNO | 1  # EPERM
_UNKNOWN = _ERRNO | 38  # ENOSYS: libc then takes the older call

_CLONE_THREAD = 0x00010000
#: O_WRONLY | O_RDWR | O_CREAT | O_TRUNC
_TO_WRITE = 0o1 | 0o2 | 0o100 | 0o1000
#: F_SETOWN, F_SETSIG, F_SETOWN_EX (signals to others), F_SETLEASE, F_NOTIFY.
_FCNTL_REFUSED = (8, 10, 15, 1024, 1026)
#: PR_SET_PDEATHSIG, PR_SET_DUMPABLE.
_PRCTL_REFUSED = (1, 4)

_Program = Iterator[bytes]


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_char_p))


def restrict(*, may_write: bool) -> None:
    """Refuses this process what no decoder needs, for all its threads. Needs no_new_privs. Raises OSError.

    `may_write` False: it opens no file for writing either, wherever it lies.
    """
    name = machine()
    if name is None:
        raise OSError(38, "the numbers of this machine's calls are not known here")
    program = b"".join(_program(_ARCHITECTURES[name], os.getpid(), may_write=may_write))
    wanted = _Filter(len(program) // 8, program)
    if call(syscalls.SECCOMP, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(wanted)):
        raise OSError(1, "a thread could not be brought along")


def _program(architecture: int, own_pid: int, *, may_write: bool) -> _Program:
    yield _step(_LOAD, _ARCHITECTURE_AT)
    yield _step(_EQUAL, architecture, 1, 0)
    yield _step(_RETURN, _KILL_PROCESS)  # 32-bit calls have other numbers
    yield _step(_LOAD, _NUMBER_AT)
    yield _step(_ABOVE, syscalls.NEWEST, 0, 1)  # x32's too
    yield _step(_RETURN, _UNKNOWN)
    for of in (syscalls.CLONE3, syscalls.OPENAT2):
        yield from _always(of, _UNKNOWN)
    for of in syscalls.REFUSED.values():
        yield from _always(of, _REFUSE)
    yield from _by_argument(syscalls.CLONE, 0, (_BITS, (_CLONE_THREAD,)), matching=_ALLOW)
    for of in (syscalls.KILL, syscalls.TKILL, syscalls.TGKILL):
        yield from _by_argument(of, 0, (_EQUAL, (own_pid,)), matching=_ALLOW)
    yield from _by_argument(syscalls.PRLIMIT, 0, (_EQUAL, (0, own_pid)), matching=_ALLOW)
    yield from _by_argument(syscalls.FCNTL, 1, (_EQUAL, _FCNTL_REFUSED), matching=_REFUSE)
    yield from _by_argument(syscalls.PRCTL, 0, (_EQUAL, _PRCTL_REFUSED), matching=_REFUSE)
    if not may_write:
        yield from _always(syscalls.CREAT, _REFUSE)
        yield from _by_argument(syscalls.OPEN, 1, (_BITS, (_TO_WRITE,)), matching=_REFUSE)
        yield from _by_argument(syscalls.OPENAT, 2, (_BITS, (_TO_WRITE,)), matching=_REFUSE)
    yield _step(_RETURN, _ALLOW)


def _always(of: Numbers, verdict: int) -> _Program:
    known = number(of)
    if known is not None:
        yield _step(_EQUAL, known, 0, 1)
        yield _step(_RETURN, verdict)


def _by_argument(of: Numbers, index: int, test: tuple[int, tuple[int, ...]], *, matching: int) -> _Program:
    """`matching` where one of the values fits the lower half of the argument, which both machines keep first."""
    known = number(of)
    if known is None:
        return
    comparison, values = test
    yield _step(_EQUAL, known, 0, 3 + len(values))
    yield _step(_LOAD, _ARGUMENTS_AT + 8 * index)
    for left, value in zip(range(len(values), 0, -1), values, strict=True):
        yield _step(comparison, value, left, 0)
    yield _step(_RETURN, _REFUSE if matching == _ALLOW else _ALLOW)
    yield _step(_RETURN, matching)


def _step(code: int, value: int, jump_if: int = 0, jump_else: int = 0) -> bytes:
    return struct.pack("=HBBI", code, jump_if, jump_else, value)
