"""A real file system that is full after so many bytes, mounted over a folder; skips where nobody may mount one."""

import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size_bytes: int = 64 * 1024) -> Generator[None]:
    """What lay in the folder is hidden until the block ends; what is written there meanwhile is gone then."""
    if not sys.platform.startswith("linux") or shutil.which("mount") is None:
        pytest.skip("only Linux has such a file system")
    order = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "tmpfs", str(folder)]
    made = subprocess.run(order, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no file system may be mounted here: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
