"""Which Pythons `make test-pythons` takes, which it names as missing, and what it says at the end."""

import sys
from pathlib import Path

import pytest

from tests.pythons import NEWEST, OLDEST, ROOT, TESTS, Row, candidates, counted, found, missing, table, version_of

REPORT = """<testsuites><testsuite tests="3" skipped="1" failures="0"/></testsuites>"""


def shim(folder: Path, name: str, answer: str) -> Path:
    """A program that says what it is asked with `-c`, as an interpreter would."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("path", TESTS)
def test_every_test_that_it_names_is_there(path: str):
    file, _, name = path.partition("::")
    assert (ROOT / file).exists()
    assert not name or f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_this_python_is_one_of_them():
    assert sys.version_info[:2] in {version[:2] for version in found([Path(sys.executable)])}


def test_pyenv_and_the_path_are_searched(tmp_path: Path):
    by_pyenv = shim(tmp_path / "pyenv/versions/3.12.1/bin", "python3", "echo 3.12.1")
    by_path = shim(tmp_path / "bin", "python3.13", "echo 3.13.0")
    shim(tmp_path / "bin", "python3-config", "echo 3.14.0")
    seen = list(candidates({"PYENV_ROOT": str(tmp_path / "pyenv"), "PATH": str(tmp_path / "bin")}))
    assert seen[1:] == [by_pyenv, by_path]


def test_a_shim_with_no_python_behind_it_is_none(tmp_path: Path):
    assert version_of(shim(tmp_path, "python3.12", "echo 'command not found' >&2; exit 127")) is None
    assert version_of(tmp_path / "python3.99") is None
    assert version_of(shim(tmp_path, "pypy", "exit 0")) is None


def test_of_one_minor_version_the_newest_is_taken_and_old_ones_are_left(tmp_path: Path):
    answers = {"a": "3.12.1", "b": "3.12.10", "c": "3.12.9", "d": "3.10.13"}
    pythons = found([shim(tmp_path, name, f"echo {answer}") for name, answer in answers.items()])
    assert pythons == {(3, 12, 10): tmp_path / "b"}


def test_what_is_not_here_is_named(tmp_path: Path):
    assert missing({(3, 12, 1): tmp_path, (3, 14, 0): tmp_path, (3, 15, 0): tmp_path}) == [(3, 11), (3, 13)]
    assert missing({}) == [(3, minor) for minor in range(OLDEST[1], NEWEST[1] + 1)]


def test_the_table_says_for_each_what_ran_and_what_came_of_it():
    rows = [
        Row(python="3.14", ran="-", result="not tried"),
        Row(python="3.11.7", ran=f"demo, {counted(REPORT)}", result="FAILED: tests", seconds=61.2),
    ]
    assert table(rows).splitlines() == [
        "Python  what ran                   result         seconds",
        "3.11.7  demo, 2 tests (1 skipped)  FAILED: tests  61",
        "3.14    -                          not tried      -",
    ]
    assert [row.has_failed for row in rows] == [False, True]
