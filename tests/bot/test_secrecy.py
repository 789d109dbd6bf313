"""What the bot keeps from other processes of its user, and from other users."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.jobs.files import JobFiles
from bot.secrecy import close_memory, make_private_folder
from bot.store.sqlite_file import make_folder

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")


def modes(below: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in below.rglob("*") if path.is_dir()}


@posix_only
def test_every_folder_that_the_bot_makes_is_its_users_alone(tmp_path: Path) -> None:
    JobFiles(tmp_path / "a" / "data").prepare()
    make_folder(tmp_path / "b" / "deep" / "data" / "compose.db")
    assert modes(tmp_path) == {0o700}


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    before = tmp_path.stat().st_mode
    make_private_folder(tmp_path / "a")
    make_private_folder(tmp_path / "a")
    assert tmp_path.stat().st_mode == before


def test_what_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        make_private_folder(tmp_path / "file" / "a")


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_closed_process_says_so_and_runs_on_with_its_own_proc() -> None:
    code = (
        "import ctypes, faulthandler, os, sys; from bot.secrecy import close_memory; said = close_memory();"
        "faulthandler.enable(); os.listdir('/proc/self/fd'); open('/proc/self/status').read();"
        "sys.exit(said or ctypes.CDLL(None).prctl(3))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


@pytest.mark.skipif(sys.platform == "linux", reason="Linux has it")
def test_elsewhere_it_is_named_as_missing() -> None:
    assert close_memory() == "only Linux has it"
