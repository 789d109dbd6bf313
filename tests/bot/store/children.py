"""Other processes that use the store."""

import asyncio
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A child Python with this project on its path."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def run(script: str, *arguments: object) -> tuple[int, str, str]:
    """Its exit code, what it printed, and its errors."""
    with start(script, *arguments) as child:
        out, errors = await asyncio.to_thread(child.communicate, timeout=40)
    return child.returncode, out, errors
