"""Where files are looked at: each in a child process of its own, so many at a time, the others in a queue."""

import asyncio
import dataclasses
import json
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Set
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from bot.audio.model import (
    DRESSED_FILES,
    Conversion,
    Dressed,
    Inspection,
    Limits,
    Needs,
    Problem,
    Purpose,
    Reason,
    Tags,
    Verdict,
)
from bot.audio.names import as_it_came

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

#: An answer is a few kilobytes; a child that writes more is no longer ours.
ANSWER_BYTES = 256 * 1024
#: The parent's clock runs behind the child's own alarm, so that a working platform answers first.
GRACE_SECONDS = 2.0
#: Half an hour of sound takes 30 s of CPU to encode.
ENCODING_LIMITS = Limits(wall_seconds=150, cpu_seconds=90)
#: The only variables a child sees. No token, no key, no database address.
PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")


class ClosedError(RuntimeError):
    """The bench was closed while a file was on it; nothing is known about the file."""


class ChildError(Exception):
    """A child gave no answer. `problem` says whether it ran into a limit or died."""

    def __init__(self, problem: Problem = Problem.CRASHED) -> None:
        super().__init__(problem.value)
        self.problem = problem


class Workbench:
    """Inspects, converts and dresses sound files without ever blocking the event loop.

    `processes` bounds the children that run at once (default: one less than there are cores, 1 to 4); what comes on
    top waits in order, as a coroutine and nothing more. `disk_bytes` bounds what `room` hands out together. Use it as
    `async with Workbench() as bench`; leaving it ends
    every child, and whoever waits for one gets `ClosedError`.
    """

    def __init__(
        self,
        *,
        processes: int | None = None,
        limits: Limits | None = None,
        encoding_limits: Limits | None = None,
        disk_bytes: int = 512 * 1024 * 1024,
        work_dir: Path | None = None,
    ) -> None:
        self.processes = processes if processes is not None else max(1, min(4, (os.cpu_count() or 1) - 1))
        if self.processes < 1:
            raise ValueError("processes must be 1 or more")
        self._limits = limits or Limits()
        self._encoding_limits = encoding_limits or ENCODING_LIMITS
        self._work_dir = work_dir
        self._slots = asyncio.Semaphore(self.processes)
        self._disk_bytes = disk_bytes
        self._free_bytes = disk_bytes
        self._room_made = asyncio.Condition()
        self._door = asyncio.Lock()
        self._closed = False
        self._running: set[asyncio.subprocess.Process] = set()
        #: The most memory any child has had resident, in bytes.
        self.peak_bytes = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        for process in list(self._running):
            if process.returncode is None:
                process.kill()

    async def inspect(
        self, path: Path, *, purpose: Purpose = Purpose.REFERENCE, needs: Needs | None = None
    ) -> Inspection:
        """What `path` is, by a full decode. Nothing in it raises; a child that dies is a verdict too."""
        order = {"work": "inspect", "path": str(path.absolute()), "purpose": purpose, "needs": _flat(needs or Needs())}
        try:
            return await self._ask(order, Inspection, self._limits)
        except ChildError as failure:
            return Inspection(verdict=Verdict.REFUSED, reasons=(Reason(problem=failure.problem),))

    async def to_reference(self, path: Path, out: Path, *, needs: Needs | None = None) -> Conversion:
        """Makes of `path` an MP3 at `out` that meets `needs`; `path` stays as it is. Nothing in the file raises.

        `Conversion.path` is `path` itself when it is usable already, and None when it cannot be used.
        """
        order = {
            "work": "to_reference",
            "path": str(path.absolute()),
            "out": str(out.absolute()),
            "needs": _flat(needs or Needs()),
        }
        try:
            made = await self._ask(order, Conversion, self._encoding_limits)
            await asyncio.to_thread(_check_files, {made.path} - {None, path.absolute()}, {out.absolute()})
        except ChildError as failure:
            return Conversion(path=None, reasons=(Reason(problem=failure.problem),))
        return made

    async def dress(self, track: Path, out_dir: Path, *, title: str, tags: Tags, limit_bytes: int) -> Dressed:
        """Makes `track` ready for a channel that takes `limit_bytes`: measured, pictured, tagged, small enough.

        Writes into `out_dir` only. Whatever fails, even the child, the track comes back as it came; `steps` says what
        worked. Raises FileNotFoundError when there is no track at all.
        """
        order = {
            "work": "dress",
            "path": str(track.absolute()),
            "out_dir": str(out_dir.absolute()),
            "title": title,
            "tags": dataclasses.asdict(tags),
            "limit_bytes": limit_bytes,
        }
        try:
            made = await self._ask(order, Dressed, self._encoding_limits)
            ours = {out_dir.absolute() / name for name in DRESSED_FILES}
            await asyncio.to_thread(_check_files, {made.path, made.picture} - {None, track.absolute()}, ours)
        except ChildError as failure:
            plain = await asyncio.to_thread(as_it_came, track, title, limit_bytes)
            return dataclasses.replace(plain, problem=failure.problem)
        return made

    @asynccontextmanager
    async def room(self, size_bytes: int) -> AsyncGenerator[Path]:
        """A fresh folder for files of about `size_bytes` together; it and they are gone afterwards.

        Waits, first come first served, until that much of `disk_bytes` is free: fifty uploads at once then take their
        turns on the disk too. More than all of it is treated as all of it.
        """
        wanted = min(max(size_bytes, 0), self._disk_bytes)
        async with self._door, self._room_made:
            await self._room_made.wait_for(lambda: self._free_bytes >= wanted)
            self._free_bytes -= wanted
        try:
            # One system call, and here rather than in a thread: a cancelled thread would leave its folder behind.
            folder = Path(tempfile.mkdtemp(prefix="compose-", dir=self._work_dir))
            try:
                yield folder
            finally:
                await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))
        finally:
            self._free_bytes += wanted
            async with self._room_made:
                self._room_made.notify_all()

    async def _ask(self, order: Mapping[str, object], shape: type[Answer], limits: Limits) -> Answer:
        """Has a child do `order`. Raises `ChildError`."""
        written = await self._run(json.dumps({**order, "limits": _flat(limits)}).encode(), limits.wall_seconds)
        try:
            report = json.loads(written)
            self.peak_bytes = max(self.peak_bytes, int(report["peak_bytes"]))
            return _reader(shape).validate_python(report["answer"])
        except (ValueError, KeyError, TypeError) as error:  # pydantic's ValidationError is a ValueError
            log.warning("the sound process gave an answer that cannot be read: %s", type(error).__name__)
            raise ChildError(Problem.CRASHED) from error

    async def _run(self, order: bytes, wall_seconds: float) -> bytes:
        async with self._slots:
            if self._closed:
                raise ClosedError
            process = await _start()
            self._running.add(process)
            try:
                async with asyncio.timeout(wall_seconds + GRACE_SECONDS):
                    written = await _talk(process, order)
                    code = await process.wait()
            except TimeoutError as error:
                log.warning("a sound process was stopped after %.0f s", wall_seconds + GRACE_SECONDS)
                raise ChildError(Problem.TOO_HEAVY) from error
            finally:
                await _end(process)
                self._running.discard(process)
        if self._closed:
            raise ClosedError
        if code:
            log.warning("a sound process ended with %d (%s)", code, _failure(written))
            raise ChildError(_problem_of(code))
        return written


async def _start() -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-s", "-B", "-m", "bot.audio.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
        )
    except OSError as error:
        log.warning("no sound process could be started: %s", error.strerror)
        raise ChildError(Problem.UNAVAILABLE) from error


async def _talk(process: asyncio.subprocess.Process, order: bytes) -> bytes:
    """Hands the order over and reads the answer up to its end or to `ANSWER_BYTES`."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(order)
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return b""  # it died first; its exit code tells more
    written = bytearray()
    while len(written) <= ANSWER_BYTES and (part := await process.stdout.read(64 * 1024)):
        written += part
    if len(written) > ANSWER_BYTES:
        raise ChildError(Problem.CRASHED)
    return bytes(written)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leaves no child behind, whatever it was doing, and no pipe open."""
    if process.returncode is None:
        process.kill()
    assert process.stdout is not None
    with suppress(TimeoutError):  # should it have left somebody behind who keeps the pipe open
        async with asyncio.timeout(GRACE_SECONDS):
            while await process.stdout.read(64 * 1024):
                pass
    await process.wait()


def _check_files(named: Set[Path | None], allowed: Set[Path]) -> None:
    """Raises `ChildError` unless a child named its own plain files only. What it names may be posted in a channel."""
    for path in named:
        if path not in allowed or path is None or path.is_symlink() or not path.is_file():
            log.warning("a sound process named a file that is not its own")
            raise ChildError


def _failure(written: bytes) -> str:
    """What a child said about its own end: a type and a line, no more than 80 plain characters."""
    found = re.fullmatch(rb'{"failed": "([\w.: ?]{1,80})"}', written)
    return found[1].decode() if found else "without a word"


def _problem_of(code: int) -> Problem:
    """Which limit a signal stands for. SIGKILL is the kernel's, out of memory or out of CPU time."""
    names = ("SIGXCPU", "SIGALRM", "SIGKILL", "SIGXFSZ")
    import signal

    limits = {-getattr(signal, name) for name in names if hasattr(signal, name)}
    return Problem.TOO_HEAVY if code in limits else Problem.CRASHED


def _environment() -> dict[str, str]:
    """Ours, reduced to what Python and FFmpeg need, with our own import path: a child finds the code wherever it is."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    places = [str(Path(place).absolute()) for place in sys.path]
    return {**kept, "PYTHONPATH": os.pathsep.join(places), "PYTHONUTF8": "1"}


@cache
def _reader(shape: type[Answer]) -> "TypeAdapter[Answer]":
    """Checks what a child wrote against the type it should be."""
    from pydantic import TypeAdapter  # 40 ms that the children, who import this package, save

    return TypeAdapter(shape)


def _flat(value: Needs | Limits) -> dict[str, Any]:
    return dataclasses.asdict(value)
