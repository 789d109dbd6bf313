"""System calls that Python has no function for, by number, and the numbers of those that a child is refused.

Sources: syscall(2), syscalls(2); the kernel's arch/x86/entry/syscalls/syscall_64.tbl and
include/uapi/asm-generic/unistd.h (ARM64 has no others).
"""

import ctypes
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType

#: The one number that a call has on both machines; None: that machine lacks it.
Numbers = tuple[int | None, int | None]

_MACHINES = ("x86_64", "aarch64")
#: The newest number of either table that was looked at, `file_setattr` of Linux 6.17; what is newer is unknown here.
NEWEST = 469

LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = (444, 444), (445, 445), (446, 446)
SECCOMP, CAPGET, CAPSET = (317, 277), (125, 90), (126, 91)

#: Processes and programs. `clone` may make threads, `clone3` keeps its flags in memory where no filter looks.
CLONE, CLONE3 = (56, 220), (435, 435)
_PROCESSES: Mapping[str, Numbers] = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "unshare": (272, 97),
    "setns": (308, 268),
    "personality": (135, 92),
}
_SOCKETS: Mapping[str, Numbers] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
}
#: Others' memory, descriptors, scheduling and signals; the kernel's doors that no decoder needs.
_OTHERS: Mapping[str, Numbers] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # the alarm that ends an orphan was set before
    "setitimer": (38, 103),
    "alarm": (37, None),
    # System V's and POSIX's shared memory, semaphores and queues: a database server of this user has some
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}
#: What changes a file without opening it. Nothing in a child removes, renames or lends out a file.
_FILES: Mapping[str, Numbers] = {
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
#: Refused whatever the arguments are.
REFUSED: Mapping[str, Numbers] = MappingProxyType({**_PROCESSES, **_SOCKETS, **_OTHERS, **_FILES})

#: Refused by their arguments, see `bot.audio.seccomp`.
KILL, TKILL, TGKILL, PRLIMIT = (62, 129), (200, 130), (234, 131), (302, 261)
FCNTL, PRCTL = (72, 25), (157, 167)
OPEN, OPENAT, CREAT, OPENAT2 = (2, None), (257, 56), (85, None), (437, 437)


def machine() -> str | None:
    """The machine whose numbers are known here, or None: another one, or a program of 32 bits on it."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return None
    name = os.uname().machine
    return name if name in _MACHINES else None


def number(of: Numbers) -> int | None:
    """The number of a call on this machine, or None."""
    name = machine()
    return None if name is None else of[_MACHINES.index(name)]


def call(of: Numbers, *arguments: object) -> int:
    """Makes the call; ints go as words, all else as ctypes passes it. Raises OSError; ENOSYS where it is unknown."""
    known = number(of)
    if known is None:
        raise OSError(38, "no such call on this machine")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    words = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    result = libc.syscall(ctypes.c_long(known), *words)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
