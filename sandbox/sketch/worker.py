"""One song, one child process: with a time limit, a memory limit and never two at once.

Foreign sound files are decoded there and nowhere else, and espeak-ng starts afresh each time (initialised twice in one
process it hangs).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.sketch.errors import SketchError, SketchFailedError, SketchTimeoutError

PROJECT = Path(__file__).resolve().parents[2]
SECONDS_LIMIT = 120.0
MEMORY_LIMIT_BYTES = 1536 * 1024 * 1024
_BAD_INPUT = 2

#: Rendering wants a whole core and some 400 MB: a second song waits. One gate per event loop, made when first used.
_gates: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What the child printed about the song it wrote."""

    path: Path
    heard: dict[str, Any]  #: `Heard.as_json`


async def render_in_child(
    reference: Path,
    lyrics: str,
    out: Path,
    *,
    take: int = 1,
    seconds_limit: float = SECONDS_LIMIT,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
) -> Rendered:
    """Writes the song to `out`, whole or not at all; waits for its turn first, which the time limit does not count.

    Raises SketchError with a sentence for unusable input, SketchTimeoutError, and SketchFailedError when the child
    died. Cancelling ends the child.
    """
    async with _gate():
        with tempfile.TemporaryDirectory(prefix="sketch-") as scratch:
            words, song = Path(scratch, "lyrics.txt"), Path(scratch, "song.mp3")
            words.write_text(lyrics, encoding="utf-8", errors="replace")
            options = ("--take", str(take), "--memory-limit", str(memory_limit_bytes))
            printed = await _run(reference, words, song, seconds_limit, options)
            out.write_bytes(song.read_bytes())
    return Rendered(path=out, heard=json.loads(printed.strip().splitlines()[-1]))


def _gate() -> asyncio.Semaphore:
    for loop in [loop for loop in _gates if loop.is_closed()]:
        del _gates[loop]
    return _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(1))


async def _run(reference: Path, words: Path, song: Path, seconds_limit: float, options: tuple[str, ...]) -> str:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.sketch"),
        *(*options, "--", str(reference.resolve()), str(words), str(song)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=PROJECT,
        env=_environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds_limit):
            printed, complaint = await child.communicate()
    except TimeoutError as error:
        raise SketchTimeoutError(f"The sketch was not ready after {seconds_limit:g} seconds.") from error
    finally:
        await _end(child)
    if child.returncode == _BAD_INPUT:
        raise SketchError(complaint.decode(errors="replace").strip().splitlines()[-1])
    if child.returncode != 0:
        raise SketchFailedError(f"The sketch ended without a song (exit status {child.returncode}).")
    return printed.decode()


def _environment() -> dict[str, str]:
    """Only what Python and the C libraries need: no token or key of the parent's reaches the child."""
    kept = ("PATH", "LANG", "LC_ALL", "HOME", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return found | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        await child.wait()
