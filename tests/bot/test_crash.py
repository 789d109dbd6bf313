"""The points where a test lets the process die really kill it, and cost nothing when nobody asked."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot import crash
from bot.crash import CrashPoint
from bot.errors import SettingsError

ROOT = Path(__file__).parents[2]

CHILD = """
import sys
from bot import crash
crash.arm(sys.argv[1])
for time in range(1, 5):
    crash.reach(crash.CrashPoint.POST_ANSWERED)
    crash.reach(crash.CrashPoint.ID_STORED)
    print(time, flush=True)
"""


@pytest.fixture(autouse=True)
def disarmed():
    yield
    crash.arm(None)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("spec", "lived_through"), [("id_stored", []), ("id_stored:1", []), ("id_stored:3", ["1", "2"])]
)
def test_the_process_dies_by_sigkill_at_the_nth_time(spec: str, lived_through: list[str]):
    child = subprocess.run(
        [sys.executable, "-c", CHILD, spec], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert child.returncode == -signal.SIGKILL
    assert child.stdout.split() == lived_through
    assert child.stderr == ""


@pytest.mark.parametrize("spec", [None, "", "before_row", "id_stored:5"])
def test_nothing_happens_at_points_that_are_not_armed(spec: str | None):
    crash.arm(spec)
    for _ in range(3):
        crash.reach(CrashPoint.POST_ANSWERED)


@pytest.mark.parametrize(
    "spec", ["nowhere", "id_stored:", "id_stored:0", "id_stored:-1", "id_stored:many", "id_stored:²", ":1", ":"]
)
def test_a_point_that_does_not_exist_is_refused_with_those_that_do(spec: str):
    with pytest.raises(SettingsError) as caught:
        crash.arm(spec)
    (problem,) = caught.value.problems
    assert problem.startswith(f"CRASH_AT: no such point: {spec}.")
    assert all(point in problem for point in CrashPoint)


def test_every_point_stands_somewhere_in_the_code():
    reached = {
        name
        for path in [*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")]
        for name in re.findall(r"crash\.reach\((?:crash\.)?CrashPoint\.(\w+)\)", path.read_text(encoding="utf-8"))
    }
    assert reached == {point.name for point in CrashPoint}
