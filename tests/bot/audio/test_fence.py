"""Hostile code in the real worker: each attack is refused, and works as soon as no layer that holds it is left."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bot.audio import AudioPool, ChildLimits, Needs, Problem
from bot.audio.syscalls import machine
from bot.secrecy import prctl
from tests.bot.audio.hostile import (
    BOUND,
    CALLS,
    FILES,
    MEMORY,
    OFTEN_FORBIDDEN,
    PRIVILEGES,
    PROCESSES,
    WITHOUT,
    code,
    holders,
    landlock_version,
)

Tamper = Callable[[str], None]

pytestmark = pytest.mark.skipif(machine() is None, reason="the fence is Linux's, on x86-64 and ARM64")
needs_landlock = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock, or it is off")

ROOT = Path(__file__).parents[3]
#: The layers whose absence is tried, alone and together.
TRIED = (FILES, CALLS, PRIVILEGES, PROCESSES, MEMORY)
OFF = [frozenset(off) for count in range(len(TRIED) + 1) for off in combinations(TRIED, count)]
#: Each alone, all, and those that stand in for each other.
QUICK = [off for off in OFF if len(off) in {0, 1, len(TRIED)} or off in ({FILES, CALLS}, {FILES, PRIVILEGES})]


@dataclass
class House:
    """What lies around a child: the bot's folder, and somebody who listens on loopback."""

    folder: Path
    song: Path
    port: int

    @property
    def out(self) -> Path:
        return self.folder / "references" / "mine.mp3"

    @property
    def at(self) -> dict[str, object]:
        return {
            "env": str(self.folder / ".env"),
            "database": str(self.folder / "compose.db"),
            "other": str(self.folder / "references" / "other.mp3"),
            "doomed": str(self.folder / "doomed"),
            "out": str(self.out),
            "port": self.port,
        }

    async def attacked(self) -> dict[str, Any]:
        """What the child wrote when all was tried."""
        self.out.write_bytes(b"")
        kept = self.out.with_suffix(".kept")
        kept.hardlink_to(self.out)  # the pool removes what did not become a reference
        async with AudioPool(processes=1) as pool:
            made = await pool.to_reference(self.song, self.out, needs=Needs(max_seconds=17))
        assert [finding.problem for finding in made.findings] == [Problem.INTERNAL]
        return json.loads(kept.read_text())


@pytest.fixture(autouse=True)
def open_memory() -> None:
    """Another test of this process may have started the bot in it, which closes it."""
    prctl(4, 1)


@pytest.fixture
def house(tmp_path: Path, song: Path) -> Iterator[House]:
    folder = tmp_path / "bot"
    (folder / "references").mkdir(parents=True)
    for name in (".env", "compose.db", "references/other.mp3", "doomed"):
        (folder / name).write_bytes(b"secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield House(folder, song, server.getsockname()[1])


def works(off: frozenset[str]) -> set[str]:
    """The attacks that nothing holds any more."""
    missing = off if landlock_version() else off | {FILES}
    if PRIVILEGES in off and os.getuid():
        missing |= {FILES, CALLS}  # the kernel lets only those restrict themselves who can gain nothing by it
    return {attack for attack, layers in holders().items() if layers <= missing}


@pytest.mark.parametrize("off", QUICK, ids=lambda off: " + ".join(sorted(off)) or "nothing off")
async def test_each_attack_is_held_by_exactly_the_layers_that_are_said_to_hold_it(
    house: House, tampered: Tamper, off: frozenset[str]
) -> None:
    tampered(code(house.at, off))
    done = (await house.attacked())["done"]
    succeeded = {attack for attack, refusal in done.items() if not refusal}
    assert done.keys() == holders().keys()
    assert succeeded <= works(off), "got through"
    assert succeeded >= works(off) - OFTEN_FORBIDDEN, f"not held by what is said to hold it: {done}"


@pytest.mark.slow
@pytest.mark.parametrize("off", [off for off in OFF if off not in QUICK], ids=lambda off: " + ".join(sorted(off)))
async def test_no_other_choice_of_layers_lets_more_through(house: House, tampered: Tamper, off: frozenset[str]) -> None:
    tampered(code(house.at, off))
    done = (await house.attacked())["done"]
    assert {attack for attack, refusal in done.items() if not refusal} - OFTEN_FORBIDDEN == works(off) - OFTEN_FORBIDDEN


async def test_with_all_layers_up_nothing_gets_through_and_nothing_is_inherited(
    house: House, tampered: Tamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a-token")
    tampered(code(house.at, frozenset()))
    with (house.folder / ".env").open() as secret:
        os.set_inheritable(secret.fileno(), True)
        seen = await house.attacked()
    assert not any("TOKEN" in name for name in seen["environment"])
    assert len(seen["descriptors"]) == 3, "its answer, its complaint, its own status"
    assert works(frozenset()) == (set() if landlock_version() else works(frozenset({FILES})))
    assert (house.folder / "compose.db").read_bytes() == b"secret"
    assert {path.name for path in house.folder.iterdir()} == {".env", "compose.db", "references", "doomed"} or not (
        landlock_version()
    )


@needs_landlock
async def test_a_fence_without_writing_opens_no_file_for_writing_whatever_lacks(house: House, tampered: Tamper) -> None:
    tampered(
        f"{WITHOUT.format(off={FILES})}\n"
        f"opening(lambda *_, **__: os.open({str(house.folder / 'compose.db')!r}, os.O_WRONLY))"
    )
    async with AudioPool(processes=1) as pool:
        seen = await pool.inspect(house.song)
    assert [finding.problem for finding in seen.findings] == [Problem.INTERNAL]
    tampered(
        f"{WITHOUT.format(off={FILES, CALLS})}\n"
        f"database = {str(house.folder / 'compose.db')!r}\n"
        "opening(lambda real, *a, **k: os.open(database, os.O_WRONLY) and real(*a, **k))"
    )
    async with AudioPool(processes=1) as pool:
        assert (await pool.inspect(house.song)).accepted


LEAVE_SOMEBODY = """
def leave(*_, **__):
    if not os.fork():
        time.sleep(600)
    with open({pids!r}, "w") as out:
        out.write(f"{{os.getpid()}}")
    {end}
opening(leave)
"""


@pytest.mark.waits
@pytest.mark.parametrize("end", ["os._exit(0)", "time.sleep(600)"])
async def test_a_child_is_killed_with_all_that_it_started_should_it_have_been_able_to(
    house: House, tampered: Tamper, end: str
) -> None:
    pids = house.folder / "pids"
    off = {CALLS, PROCESSES, FILES}
    tampered(WITHOUT.format(off=off) + LEAVE_SOMEBODY.format(pids=str(pids), end=end))
    async with AudioPool(processes=1, limits=ChildLimits(wall_seconds=10)) as pool:
        await pool.inspect(house.song)
    group = int(pids.read_text())
    assert await _gone(group), "somebody outlived the kill"


async def _gone(group: int, *, within: float = 20) -> bool:
    """True when no process of the group is left, zombies that nobody fetches aside; looks for so many seconds."""
    deadline = asyncio.get_running_loop().time() + within
    while asyncio.get_running_loop().time() < deadline:
        if not [pid for pid in _processes() if _group_of(pid) == group]:
            return True
        await asyncio.sleep(0.05)
    return False


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _group_of(pid: int) -> int | None:
    """The group of a process that runs; None for zombies and those that are gone."""
    try:
        state, _, group = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return None
    return None if state in "ZX" else int(group)


#: A bot in a process of its own; a root without capabilities, so that it is like any other user.
BOT = """
import asyncio, sys
from pathlib import Path
from bot.audio import AudioPool, Needs
from bot.audio.fence import LAYERS, Reach
from bot.secrecy import close_memory
LAYERS["no privileges"](Reach())
if sys.argv[3] == "closed":
    assert close_memory() == ""
async def main():
    async with AudioPool(processes=1) as pool:
        await pool.to_reference(Path(sys.argv[1]), Path(sys.argv[2]), needs=Needs(max_seconds=17))
asyncio.run(main())
"""


def start_bot(house: House, closed: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DISCORD_TOKEN": "a-token"}
    command = [sys.executable, "-c", BOT, str(house.song), str(house.out), closed]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


@pytest.mark.parametrize("closed", ["closed", "open"])
def test_the_bots_own_memory_is_closed_to_a_child_that_nothing_else_holds(
    house: House, tampered: Tamper, closed: str
) -> None:
    told = house.folder / "told"
    tampered(
        WITHOUT.format(off={FILES, CALLS}) + f"def look(*_, **__):\n"
        f" with open({str(told)!r}, 'wb') as out:\n"
        f"  try: out.write(open(f'/proc/{{os.getppid()}}/environ', 'rb').read())\n"
        f"  except PermissionError: out.write(b'refused')\n"
        f" os._exit(0)\n"
        f"opening(look)"
    )
    assert start_bot(house, closed).wait(120) == 0
    assert (b"a-token" in told.read_bytes()) is (closed == "open")
    assert (told.read_bytes() == b"refused") is (closed == "closed")


@pytest.mark.waits
@pytest.mark.parametrize("off", [set(), {BOUND}], ids=["bound", "not bound"])
async def test_a_child_ends_with_the_bot_however_that_ends(house: House, tampered: Tamper, off: set[str]) -> None:
    tampered(
        WITHOUT.format(off={*off, FILES})
        + f"def stay(*_, **__):\n open({str(house.folder / 'pid')!r}, 'w').write(str(os.getpid()))\n time.sleep(600)\n"
        "opening(stay)"
    )
    bot = start_bot(house, "closed")
    pid = house.folder / "pid"
    while not (pid.exists() and pid.read_text()):  # noqa: ASYNC110 -- another process writes it
        await asyncio.sleep(0.05)
    bot.kill()
    bot.wait()
    child = int(pid.read_text())
    try:
        if BOUND in off:
            assert not await _gone(child, within=5)
        else:
            assert await _gone(child)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


RAISE = "def gone(**_): raise OSError({number}, 'x')"
#: What the system lacks -> what to do to the worker so that it lacks it, and the layers that are then missing.
LACKS = {
    "known calls": (
        ["import bot.audio.syscalls as it", "it.machine.__code__ = (lambda: None).__code__"],
        {FILES, CALLS},
    ),
    "Landlock": (["import bot.audio.landlock as it", RAISE.format(number=38), "it.version = gone"], {FILES}),
    "Landlock switched on": (
        ["import bot.audio.landlock as it", RAISE.format(number=95), "it.version = gone"],
        {FILES},
    ),
    "leave for seccomp": (["import bot.audio.seccomp as it", RAISE.format(number=1), "it.restrict = gone"], {CALLS}),
}


@pytest.mark.heavy
@pytest.mark.parametrize("lack", LACKS)
async def test_a_system_that_lacks_layers_hears_all_the_same_and_names_them(
    song: Path, tmp_path: Path, tampered: Tamper, caplog: pytest.LogCaptureFixture, lack: str
) -> None:
    caplog.set_level(logging.INFO)
    lines, missing = LACKS[lack]
    tampered("\n    ".join(["if sys.orig_argv[-1] == 'bot.audio.worker':", *lines]))
    async with AudioPool(processes=1) as pool:
        assert (await pool.inspect(song)).accepted
        assert (await pool.to_reference(song, tmp_path / "out.mp3", needs=Needs(max_seconds=17))).path
        held = {layer.name: layer.holds for layer in pool.fence}
    assert {name for name, holds in held.items() if not holds} >= missing
    assert held[BOUND]
    assert "missing from the fence" in caplog.text
    assert all(name in caplog.text for name in missing)
