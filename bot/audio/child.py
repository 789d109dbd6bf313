"""One child process: started for one order, spoken with, ended; and, where it gave no answer, why."""

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from errno import EAGAIN, EMFILE, ENFILE, ENOMEM
from functools import lru_cache
from pathlib import Path
from typing import cast

from bot.audio.faults import for_the_log
from bot.audio.model import BEGAN, ChildLimits, Finding, Problem, stopped_at

log = logging.getLogger(__name__)

#: An answer is a few kilobytes; a child that writes more is no longer ours.
ANSWER_BYTES = 256 * 1024
#: What an interpreter that cannot start says, and where a decoder died.
COMPLAINT_BYTES = 16 * 1024
#: The parent's clock runs behind the child's own alarm, so that a working platform answers first.
GRACE_SECONDS = 2.0
#: The only variables a child sees. No token, no key, no database address.
PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
#: What the machine lacks for a moment; any other failure to start a child stays until somebody mends it.
_SCARCE = frozenset({EAGAIN, ENOMEM, EMFILE, ENFILE})
#: Signals that stand for a limit. SIGKILL is the kernel's, out of memory: the CPU limit has a signal of its own.
_LIMIT_SIGNALS = {
    "SIGXCPU": Problem.OVER_CPU,
    "SIGALRM": Problem.OVER_TIME,
    "SIGKILL": Problem.OVER_MEMORY,
    "SIGXFSZ": Problem.OVER_OUTPUT,
}
#: Somebody ends everything here, such as a supervisor that stops the bot with all its children.
_STOP_SIGNALS = frozenset({"SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"})
#: What reading an answer raises that a child never meant: no JSON, too deep, other values, numbers beyond any float.
UNREADABLE_ANSWERS = (ValueError, KeyError, TypeError, RecursionError, OverflowError)
#: Windows ends a process that crashed with a status of its own (0xC0000005 for an access violation).
_WINDOWS_CRASH = 0xC0000000


class ChildError(Exception):
    """A child gave no answer. `finding` says what ended it; what there is to log has been logged."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.problem.value)
        self.finding = finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended, and all that it wrote."""

    #: None: it had to be stopped, its time was over.
    code: int | None
    #: It had all it needs and opened the file.
    began: bool
    answer: bytes
    #: From its standard error: the interpreter's words, never a decoder's.
    complaint: str = ""

    @property
    def has_answered(self) -> bool:
        """True when there is an answer to be read."""
        return self.code == 0 and self.began


def watch_children_by_handle() -> None:
    """Hear of children's ends from the event loop, where Python 3.11 has a thread for each; later ones do so anyway."""
    if sys.version_info >= (3, 12) or not hasattr(os, "pidfd_open"):
        return
    with suppress(OSError):  # a kernel, or a fence around this process, that has no such call
        os.close(os.pidfd_open(os.getpid()))
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)  # pyright: ignore[reportDeprecated] - by later ones, see above


async def start_child() -> asyncio.subprocess.Process:
    """A child that waits for its order. Raises `ChildError`."""
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-s", "-B", "-m", "bot.audio.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            start_new_session=True,  # Ctrl-C in a terminal is ours to handle; and it is killed as a whole
        )
    except OSError as error:
        if error.errno in _SCARCE:
            log.warning("no sound process could be had: %s", error.strerror)
            raise ChildError(Finding(problem=Problem.UNAVAILABLE)) from error
        log.exception("no sound process can be started")
        raise ChildError(Finding(problem=Problem.INTERNAL)) from error


async def ask_child(process: asyncio.subprocess.Process, order: bytes, limits: ChildLimits) -> Ended:
    """Hands `order` over and waits for the end. Raises `ChildError`; whatever happens, no child is left."""
    written = bytearray()
    complaint = bytearray()
    code: int | None = None
    with suppress(TimeoutError):
        try:
            async with asyncio.timeout(limits.wall_seconds + GRACE_SECONDS):
                await _talk(process, order, written, complaint)
                code = await process.wait()
        finally:
            await _end(process)
    return Ended(
        code=code,
        began=written.startswith(BEGAN),
        answer=bytes(written).removeprefix(BEGAN),
        complaint=complaint.decode("utf-8", "replace"),
    )


async def _talk(process: asyncio.subprocess.Process, order: bytes, written: bytearray, complaint: bytearray) -> None:
    """Hands the order over, reads the answer up to its end or to `ANSWER_BYTES`, then the complaint."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it died first; its end tells more
        process.stdin.write(order)
        await process.stdin.drain()
    process.stdin.close()
    await _read(process.stdout, written, ANSWER_BYTES)
    if len(written) > ANSWER_BYTES:
        log.error("a sound process wrote without end and was stopped")
        raise ChildError(Finding(problem=Problem.INTERNAL))
    await _read(process.stderr, complaint, COMPLAINT_BYTES)


async def _read(stream: asyncio.StreamReader, into: bytearray, max_bytes: int) -> None:
    """All of it, or a little more than `max_bytes`."""
    while len(into) <= max_bytes and (part := await stream.read(64 * 1024)):
        into += part


def kill_child(process: asyncio.subprocess.Process) -> None:
    """Kills the child and whatever it has started in its session; nothing when they are gone."""
    with suppress(ProcessLookupError, PermissionError):  # macOS: all that is left there is a zombie
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leaves no child behind, whatever it was doing, and no pipe open."""
    kill_child(process)
    with suppress(TimeoutError):  # should it have left somebody behind who keeps a pipe open
        async with asyncio.timeout(GRACE_SECONDS):
            for stream in (process.stdout, process.stderr):
                while stream is not None and await stream.read(64 * 1024):
                    pass
    await process.wait()


def why_it_ended(ended: Ended, limits: ChildLimits) -> Finding:
    """What an end without an answer stands for, logged with all that is known about it.

    Whoever ends before it has begun with the file did not end because of it.
    """
    name = "SIGALRM" if ended.code is None else _signal_name(ended.code)
    problem = _LIMIT_SIGNALS.get(name)
    if name in _STOP_SIGNALS or (problem is not None and not ended.began):
        log.warning("a sound process was ended from outside: %s", name)
        return Finding(problem=Problem.UNAVAILABLE)
    if problem is not None:
        log.warning("a sound process was stopped at a limit: %s (%s)", problem, name)
        return stopped_at(problem, limits)
    kind, trace = _fault(ended)
    if kind == MemoryError.__name__ and ended.began:
        log.warning("a sound process was stopped at a limit: %s", Problem.OVER_MEMORY)
        return stopped_at(Problem.OVER_MEMORY, limits)
    if name and ended.began:
        log.error("a sound process crashed: %s\n%s", name, for_the_log(trace))
        return Finding(problem=Problem.CRASHED)
    log.error(
        "a sound process failed, a fault of ours: %s, %s\n%s",
        name or f"exit code {ended.code}",
        kind,
        for_the_log(trace),
    )
    return Finding(problem=Problem.INTERNAL)


def _fault(ended: Ended) -> tuple[str, str]:
    """The kind of exception and its trace, as far as the child could say."""
    try:
        report: object = json.loads(ended.answer)
    except UNREADABLE_ANSWERS:
        report = None
    if isinstance(report, dict):
        told = cast("dict[str, object]", report)
        kind, trace = told.get("failed"), told.get("trace")
        if isinstance(kind, str) and isinstance(trace, str) and kind.isidentifier():
            return kind, trace
    return "without a word", ended.complaint


def _signal_name(code: int) -> str:
    """The signal that ended a child; empty when it ended by itself."""
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"status {code:#x}" if sys.platform == "win32" and code >= _WINDOWS_CRASH else ""


def _environment() -> dict[str, str]:
    """Ours, reduced to what Python and FFmpeg need, with our own import path: a child finds the code wherever it is."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, "PYTHONPATH": _import_path(tuple(sys.path), Path.cwd()), "PYTHONUTF8": "1"}


@lru_cache(maxsize=4)
def _import_path(places: tuple[str, ...], here: Path) -> str:
    return os.pathsep.join(str(here / place) for place in places)
