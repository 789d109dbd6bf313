"""Other processes that use the store."""

import asyncio
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


@contextmanager
def start(script: str, *arguments: object) -> Generator[subprocess.Popen[str]]:
    """A child Python with this project on its path; dead at the end of the block."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with child:
        try:
            yield child
        finally:
            child.kill()


async def run(script: str, *arguments: object) -> tuple[int, str, str]:
    """Its exit code, what it printed, and its errors. A test's own time is the only limit."""
    with start(script, *arguments) as child:
        out, errors = await asyncio.to_thread(child.communicate)
    return child.returncode, out, errors
