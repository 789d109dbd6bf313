"""What may differ between Pythons, on every Python that this machine has: `make test-pythons`.

For each: a new environment from the lock, `make demo` to its end in just that, and then the tests named here. Plain
Python, for it runs before anything is installed. It ends with a table, and with 1 when anything failed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
FOLDER = Path(".cache/pythons")

OLDEST = (3, 11)
#: Up to here a Python that is missing is named; one that is newer is tried all the same.
NEWEST = (3, 14)

#: What a Python of another version can break, and the rest of the suite cannot know:
TESTS = (
    # PyAV with this interpreter, child processes with limits, and what goes between them and the bot; what the decoders
    # make of each file is the same everywhere, for PyAV's wheel is one for every Python
    "tests/bot/audio/test_command_line.py",
    "tests/bot/audio/test_conversion.py::test_the_pool_converts_in_a_child",
    "tests/bot/audio/test_packaging.py",
    "tests/bot/audio/test_pure.py",
    "tests/bot/audio/test_pool.py",
    # sqlite3, whose transactions and adapters change; threads, and children that are killed between two statements
    "tests/bot/store",
    # asyncio: cancellation, timeouts, tasks that are owned, threads that are waited for
    "tests/bot/test_clock.py",
    "tests/bot/test_supervisor.py",
    "tests/bot/test_download.py",
    "tests/bot/test_health.py",
    "tests/bot/engine",
    "tests/bot/generation/test_transport.py",
    # annotations, which pydantic and discord.py read while the program runs
    "tests/bot/test_settings.py",
    "tests/bot/generation/aiml/test_wire.py",
    "tests/cogs",
    # unicodedata, which knows more characters in each version
    "tests/bot/jobs/test_lyrics.py",
    "tests/bot/jobs/test_blocklist.py",
    # the whole bot as a process: start, signals, stop, a death and what the next one makes of it, songs good and bad;
    # the other points of death differ in what is in the database, not in how a process dies
    "tests/flows/test_stop_and_start.py",
    "tests/flows/test_crash_points.py::test_a_death_before_the_row_takes_nothing_and_discord_says_so",
    "tests/flows/test_crash_points.py::test_a_death_while_the_post_is_under_way_is_an_unknown_outcome",
    "tests/flows/test_bad_input.py",
    "tests/flows/conversation/test_three_ways_in.py",
    "tests/flows/conversation/test_with_the_real_bot.py",
)

#: The version, or nothing at all where this is no CPython with threads as we know them or cannot make environments.
_ASK = """
import sys, sysconfig
import ensurepip, venv
if sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print("%d.%d.%d" % sys.version_info[:3])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table at the end."""

    python: str
    ran: str
    result: str
    seconds: float = 0.0

    @property
    def has_failed(self) -> bool:
        """Whether this ends the whole with 1."""
        return self.result.startswith("FAILED")


def main() -> int:
    """Try each Python in turn; 0 when all of them passed, and at least one was there."""
    parser = argparse.ArgumentParser(prog="make test-pythons")
    parser.add_argument("--tested", metavar="PYTHON", help="one on whose version all tests have run already")
    tested = version_of(parser.parse_args().tested)
    pythons = found(candidates(os.environ))
    rows = [
        *(
            tried(version, python, with_tests=tested is None or version[:2] != tested[:2])
            for version, python in sorted(pythons.items())
        ),
        *(
            Row(python=spelled(minor), ran="-", result="not tried: not here, or here without venv")
            for minor in missing(pythons)
        ),
    ]
    print(f"\n{table(rows)}", flush=True)
    return 0 if pythons and not any(row.has_failed for row in rows) else 1


# --- which there are --------------------------------------------------------------------------------------------------


def candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    """Every file that may be a Python: pyenv's, and each `python3` and `python3.x` on the PATH."""
    yield Path(sys.executable).resolve()
    pyenv = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python3"))
    for folder in environment.get("PATH", "").split(os.pathsep):
        yield from (path for path in sorted(Path(folder or ".").glob("python3*")) if _NAME.fullmatch(path.name))


_NAME = re.compile(r"python3(\.\d+)?")


def version_of(python: str | Path | None) -> tuple[int, ...] | None:
    """(3, 13, 0) for a CPython that can make environments; None for anything else, pyenv's empty shims included."""
    if python is None:
        return None
    try:
        asked = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(map(int, asked.stdout.split("."))) if asked.returncode == 0 and asked.stdout.strip() else None


def found(paths: Iterable[Path]) -> dict[tuple[int, ...], Path]:
    """The newest of each minor version from `OLDEST` on."""
    best: dict[tuple[int, ...], tuple[tuple[int, ...], Path]] = {}
    for path in dict.fromkeys(paths):
        version = version_of(path)
        if version and version[:2] >= OLDEST and version > best.get(version[:2], ((), path))[0]:
            best[version[:2]] = (version, path)
    return dict(best.values())


def missing(pythons: dict[tuple[int, ...], Path]) -> list[tuple[int, ...]]:
    """The minor versions that ought to be tried and are not here."""
    have = {version[:2] for version in pythons}
    return [(3, minor) for minor in range(OLDEST[1], NEWEST[1] + 1) if (3, minor) not in have]


# --- what is done with each -------------------------------------------------------------------------------------------


def tried(version: tuple[int, ...], python: Path, *, with_tests: bool) -> Row:
    """The demo and, unless they ran elsewhere, the tests, in an environment that is made for it and thrown away."""
    name = spelled(version)
    home = FOLDER / name
    shutil.rmtree(ROOT / home, ignore_errors=True)
    print(f"\n--- Python {name} ({python.name}): a new environment, and make demo in it", flush=True)
    began = time.monotonic()
    ran, failed = [], ""
    if _make(home, python, "demo"):
        ran.append("demo")
        if with_tests:
            failed = _tests(home, python, name, ran)
        else:
            ran.append("(all tests: make test)")
    else:
        failed = "demo"
    shutil.rmtree(ROOT / home, ignore_errors=True)
    return Row(
        python=name,
        ran=", ".join(ran) or "-",
        result=f"FAILED: {failed}" if failed else "passed",
        seconds=time.monotonic() - began,
    )


def _tests(home: Path, python: Path, name: str, ran: list[str]) -> str:
    """Run them; adds to `ran` how many, and gives back what failed."""
    print(f"\n--- Python {name}: the tests that may differ", flush=True)
    report = ROOT / home / "tests.xml"
    command = [home / "bin/python", "-m", "pytest", "-n", "auto", "--dist", "worksteal", "-m", "not slow", "-q"]
    command += ["-p", "no:cacheprovider", "--no-header", f"--junit-xml={report}", *TESTS]
    if not _make(home, python, str(home / ".dev")):
        return "the environment for tests"
    # what one process has compiled the others read, whatever the shell says
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""}, check=False).returncode
    if report.exists():
        ran.append(counted(report.read_text(encoding="utf-8")))
    return f"tests (pytest ended with {code})" if code else ""


def _make(home: Path, python: Path, target: str) -> bool:
    """One of the Makefile's own targets, as a newcomer would have it: nothing is there but Python."""
    command = ["make", "--no-print-directory", f"VENV={home}", f"PYTHON={python}", f"OUT={home / 'demo'}", target]
    alone = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(command, cwd=ROOT, env=alone, check=False).returncode == 0


# --- what is said of it -----------------------------------------------------------------------------------------------


def counted(report: str) -> str:
    """`120 tests`, and how many of them were skipped, from pytest's report."""
    suites = list(ElementTree.fromstring(report).iter("testsuite"))
    count, skipped = (sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "skipped"))
    return f"{count - skipped} tests" + (f" ({skipped} skipped)" if skipped else "")


def spelled(version: tuple[int, ...]) -> str:
    """3.13.0 for (3, 13, 0)."""
    return ".".join(map(str, version))


def table(rows: list[Row]) -> str:
    """The rows in columns, oldest Python first."""
    ordered = sorted(rows, key=lambda row: [int(part) for part in row.python.split(".")])
    cells = [["Python", "what ran", "result", "seconds"]]
    cells += [[row.python, row.ran, row.result, f"{row.seconds:.0f}" if row.seconds else "-"] for row in ordered]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


if __name__ == "__main__":
    sys.exit(main())
