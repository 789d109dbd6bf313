"""How many sound processes this machine, or the container around us, carries. Reads what the system says of itself."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: What one process may need for a moment, with room for the rest of the bot (a child's own limit is 768 MiB).
BYTES_EACH = 1024**3
#: More than that no burst of songs has needed.
MAX_PROCESSES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What was found. None: the system does not say."""

    #: Cores that this process may run on, or a share of them that a container was given.
    cores: float | None
    #: Of the machine, or of the container.
    memory_bytes: int | None

    @property
    def processes(self) -> int:
        """The smallest of the cores, the memory in `BYTES_EACH`, and `MAX_PROCESSES`; at least 1."""
        by_memory = MAX_PROCESSES if self.memory_bytes is None else self.memory_bytes // BYTES_EACH
        by_cores = 1 if self.cores is None else int(self.cores)
        return max(1, min(by_cores, by_memory, MAX_PROCESSES))

    @property
    def sentence(self) -> str:
        """Cores and memory in words."""
        cores = (
            "an unknown number of cores"
            if self.cores is None
            else f"{self.cores:g} usable {'core' if self.cores == 1 else 'cores'}"
        )
        memory = "memory unknown" if self.memory_bytes is None else f"{self.memory_bytes / 1024**3:.1f} GiB of memory"
        return f"{cores}, {memory}"


def capacity(root: Path = Path("/")) -> Capacity:
    """What this process may use. `root`: where /proc and /sys are found."""
    groups = tuple(_groups(root))
    cores = [float(found) for found in (_cores_of_this_process(),) if found]
    cores += [quota for group in groups if (quota := _quota(group)) is not None]
    memory = [found for found in (_memory_of_the_machine(),) if found]
    memory += [limit for group in groups if (limit := _memory_limit(group)) is not None]
    return Capacity(cores=min(cores, default=None), memory_bytes=min(memory, default=None))


def _cores_of_this_process() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory_of_the_machine() -> int | None:
    with suppress(AttributeError, ValueError, OSError):  # Windows has no such call
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _groups(root: Path) -> Iterator[Path]:
    """Every control group that holds this process, version 1 or 2, from its own up to the one we see as the top."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text("utf-8", "replace").splitlines():
            _, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            top = root / "sys/fs/cgroup" / controllers
            # a container often sees its own group as the top and the path as the machine calls it: then only the top is
            group = top / path.lstrip("/")
            yield group
            yield from (each for each in group.parents if each == top or top in each.parents)


def _quota(group: Path) -> float | None:
    """Cores' worth of time; None without a limit."""
    words = [*_read(group / "cpu.max").split(), *_read(group / "cpu.cfs_quota_us").split()]
    words += _read(group / "cpu.cfs_period_us").split()
    quota, period = (_number(word) for word in words) if len(words) == 2 else (None, None)
    return quota / period if quota and period else None


def _memory_limit(group: Path) -> int | None:
    """Bytes; None without a limit. Version 1 says "no limit" with a number larger than any machine."""
    limits = (_number(_read(group / name)) for name in ("memory.max", "memory.limit_in_bytes"))
    return min((limit for limit in limits if limit), default=None)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""


def _number(word: str) -> int | None:
    """None for "max", -1 and anything else that is no limit."""
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 20 else None
