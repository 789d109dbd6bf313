"""How many sound processes: what the machine and every container around us allow, whichever allows least."""

import os
from pathlib import Path

import pytest

from bot.audio import AudioPool
from bot.audio.capacity import Capacity, capacity

GIBI = 1024**3
NO_LIMIT_V1 = "9223372036854771712"


@pytest.mark.parametrize(
    ("cores", "memory_bytes", "processes"),
    [
        (1.0, 64 * GIBI, 1),
        (2.0, 64 * GIBI, 2),
        (3.9, 64 * GIBI, 3),
        (64.0, 64 * GIBI, 4),
        (8.0, 2 * GIBI + 1, 2),
        (8.0, 2 * GIBI - 1, 1),
        (8.0, GIBI // 2, 1),
        (0.5, GIBI, 1),
        (8.0, None, 4),
        (None, 8 * GIBI, 1),
        (None, None, 1),
    ],
)
def test_the_smallest_of_cores_gibibytes_and_four_and_at_least_one(
    cores: float | None, memory_bytes: int | None, processes: int
) -> None:
    assert Capacity(cores=cores, memory_bytes=memory_bytes).processes == processes


def system(root: Path, groups: str, **files: str) -> Path:
    """A /proc and a /sys; `files`: names below /sys/fs/cgroup, with `__` for each slash."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


@pytest.mark.parametrize(
    ("groups", "files"),
    [
        ("0::/\n", {"cpu.max": "50000 100000", "memory.max": "104857600"}),
        ("0::/a/b\n", {"a__b__cpu.max": "50000 100000", "a__b__memory.max": "104857600"}),
        ("0::/a/b\n", {"a__b__cpu.max": "max 100000", "a__cpu.max": "50000 100000", "a__memory.max": "104857600"}),
        ("0::/as/the/machine/calls/it\n", {"cpu.max": "50000 100000", "memory.max": "104857600"}),
        (
            "4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n",
            {
                "cpu,cpuacct__docker__x__cpu.cfs_quota_us": "50000",
                "cpu,cpuacct__docker__x__cpu.cfs_period_us": "100000",
                "memory__memory.limit_in_bytes": NO_LIMIT_V1,
                "memory__docker__x__memory.limit_in_bytes": "104857600",
            },
        ),
        (
            "4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n0::/\n",
            {
                "cpu,cpuacct__cpu.cfs_quota_us": "50000",
                "cpu,cpuacct__cpu.cfs_period_us": "100000",
                "memory__memory.limit_in_bytes": "104857600",
            },
        ),
    ],
)
def test_a_containers_share_counts_in_both_versions_and_wherever_it_stands(
    tmp_path: Path, groups: str, files: dict[str, str]
) -> None:
    found = capacity(system(tmp_path, groups, **files))
    assert (found.cores, found.memory_bytes, found.processes) == (0.5, 104_857_600, 1)
    assert found.sentence == "0.5 usable cores, 0.1 GiB of memory"


@pytest.mark.parametrize(
    ("groups", "files"),
    [
        ("0::/\n", {"cpu.max": "max 100000", "memory.max": "max"}),
        ("0::/\n", {"cpu.max": "", "memory.max": "much"}),
        ("0::/\n", {"cpu.max": "100000 0"}),
        ("4:cpu:/\n3:memory:/\n", {"cpu__cpu.cfs_quota_us": "-1", "cpu__cpu.cfs_period_us": "100000"}),
        ("4:cpu:/\n3:memory:/\n", {"memory__memory.limit_in_bytes": NO_LIMIT_V1}),
        ("nonsense\n", {}),
        ("", {}),
    ],
)
def test_without_a_limit_it_is_the_machine_that_counts(tmp_path: Path, groups: str, files: dict[str, str]) -> None:
    assert capacity(system(tmp_path / "limits", groups, **files)) == capacity(tmp_path / "nothing")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
def test_cores_that_this_process_may_not_use_do_not_count(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert capacity(tmp_path).cores == 1
    finally:
        os.sched_setaffinity(0, before)


async def test_a_pool_without_a_number_takes_what_was_found() -> None:
    async with AudioPool() as pool:
        assert pool.processes == capacity().processes
