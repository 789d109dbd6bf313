"""The fence around a child: what is left within its reach when a file has taken it over. Raised by itself, before.

Layer upon layer, each where the system has it. What is missing is named, by `python -m bot check` and in the log, and
keeps nobody from being heard.
"""

import ctypes
import errno
import os
import struct
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bot.audio import landlock, seccomp
from bot.audio.model import FenceLayer
from bot.audio.syscalls import CAPGET, CAPSET, call, machine
from bot.secrecy import close_memory, prctl

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _SIGKILL = 1, 38, 9
_CAPABILITY_VERSION, _CAP_DAC_OVERRIDE = 0x20080522, 1 << 1
#: Where the system's own libraries lie; libc still loads one when a thread ends.
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/dev/null",
    "/dev/urandom",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a child needs for its work. A folder stands for all that is in it."""

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()


class _AbsentError(Exception):
    """Why a layer cannot be had here."""


def raise_fence(reach: Reach) -> tuple[FenceLayer, ...]:
    """Raises every layer that there is. All that is needed has to be loaded, and no thread to be running."""
    return tuple(_raised(name, layer, reach) for name, layer in LAYERS.items())


def _raised(name: str, layer: Callable[[Reach], str], reach: Reach) -> FenceLayer:
    if sys.platform != "linux":
        return FenceLayer(name=name, holds=False, detail="only Linux has it")
    try:
        return FenceLayer(name=name, holds=True, detail=layer(reach))
    except _AbsentError as absent:
        return FenceLayer(name=name, holds=False, detail=str(absent))
    except OSError as error:
        if machine() is None:
            return FenceLayer(name=name, holds=False, detail="only known here for x86-64 and ARM64")
        return FenceLayer(name=name, holds=False, detail=_why(error))


def _why(error: OSError) -> str:
    if error.errno == errno.ENOSYS:
        return "this kernel, or the container's profile, does not have it"
    if error.errno == errno.EOPNOTSUPP:
        return "this kernel has it switched off"
    return f"refused here ({error.strerror})"


def _end_with_the_bot(_: Reach) -> str:
    prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    return "killed with the bot, however that ends"


def _own_memory(_: Reach) -> str:
    if lack := close_memory():
        raise _AbsentError(lack)
    return "other children cannot read it"


def _no_privileges(_: Reach) -> str:
    """Gives up every capability but the one by which root writes into folders of others; for most users, none."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    sets = ctypes.create_string_buffer(24)  # twice effective, permitted, inheritable
    call(CAPGET, header, sets)
    kept = struct.unpack("=6I", sets.raw)[1] & _CAP_DAC_OVERRIDE
    call(CAPSET, header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))
    return "no capabilities, none to be had"


def _no_processes(_: Reach) -> str:
    import resource  # does not exist on Windows

    if os.getuid() == 0:
        raise _AbsentError("a limit on them does not bind root")
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    return "RLIMIT_NPROC 0"


def _files(reach: Reach) -> str:
    offered = landlock.restrict((*reach.reads, *_installed()), reach.writes)
    return f"Landlock {offered}"


def _calls(reach: Reach) -> str:
    seccomp.restrict(may_write=bool(reach.writes))
    return "seccomp"


def _installed() -> Iterator[Path]:
    """The interpreter's library, the packages that are loaded, and the system's libraries.

    Not the import path: a folder on it may be the one in which `.env` and the data lie.
    """
    yield from map(Path, _SYSTEM)
    paths = sysconfig.get_paths()
    yield from map(Path, {paths["stdlib"], paths["platstdlib"]})
    for name, module in list(sys.modules.items()):
        if "." not in name:
            for folder in map(Path, list(getattr(module, "__path__", ()))):
                yield folder
                yield folder.with_name(f"{name}.libs")  # where wheels keep their libraries


#: Name -> what raises the layer and says how; in this order, for the last one refuses the calls of the others.
LAYERS: Mapping[str, Callable[[Reach], str]] = MappingProxyType(
    {
        "ends with the bot": _end_with_the_bot,
        "closed memory": _own_memory,
        "no privileges": _no_privileges,
        "no processes": _no_processes,
        "files": _files,
        "system calls": _calls,
    }
)
