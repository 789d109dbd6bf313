"""What the bot keeps from other processes of its user."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.secrecy import close_memory


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_closed_process_says_so_and_runs_on_with_its_own_proc() -> None:
    code = (
        "import ctypes, faulthandler, os, sys; from bot.secrecy import close_memory; said = close_memory();"
        "faulthandler.enable(); os.listdir('/proc/self/fd'); open('/proc/self/status').read();"
        "sys.exit(said or ctypes.CDLL(None).prctl(3))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize("what", ["run", "check"])
def test_the_bot_closes_itself_before_it_reads_its_settings(what: str, tmp_path: Path) -> None:
    code = f"import ctypes; from bot.__main__ import main; main([{what!r}]); exit(9 + ctypes.CDLL(None).prctl(3))"
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "GENERATION_API_URL": "nonsense"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert b"cannot be used" in done.stderr
    assert done.returncode == 9


@pytest.mark.skipif(sys.platform == "linux", reason="Linux has it")
def test_elsewhere_it_is_named_as_missing() -> None:
    assert close_memory() == "only Linux has it"
