"""Where files are looked at: each in a child process of its own, so many at a time, the others in a queue."""

import asyncio
import dataclasses
import json
import logging
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Set
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from bot.audio.capacity import capacity
from bot.audio.child import (
    UNREADABLE_ANSWERS,
    ChildError,
    ask_child,
    kill_child,
    start_child,
    watch_children_by_handle,
    why_it_ended,
)
from bot.audio.faults import for_the_log
from bot.audio.file_names import as_it_came
from bot.audio.model import (
    PACKAGED_FILES,
    UNDECIDED,
    ChildLimits,
    Conversion,
    FenceLayer,
    Finding,
    Inspection,
    Needs,
    PackagedTrack,
    Problem,
    Purpose,
    Tags,
    Usability,
)
from bot.audio.turns import Placed, Turns, Urgency

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

#: Half an hour of sound takes 30 s of CPU to encode.
ENCODING_LIMITS = ChildLimits(wall_seconds=150, cpu_seconds=90)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Asker:
    """Who waits for a child."""

    urgency: Urgency = Urgency.REFERENCE
    member_id: int = 0
    placed: Placed | None = None


class ClosedError(RuntimeError):
    """The pool was closed while a file was in it; nothing is known about the file."""


class AudioPool:
    """Inspects, converts and packages sound files without ever blocking the event loop.

    `processes` bounds the children that run at once (default: what `bot.audio.capacity` finds); what comes on top waits
    as a coroutine and nothing more: finished tracks before references, then fairly between members.
    `disk_bytes` bounds what `room` hands out together. Use it as `async with AudioPool() as pool`; leaving it ends
    every child, and whoever waits for one gets `ClosedError`.
    """

    def __init__(
        self,
        *,
        processes: int | None = None,
        limits: ChildLimits | None = None,
        encoding_limits: ChildLimits | None = None,
        disk_bytes: int = 512 * 1024 * 1024,
        work_dir: Path | None = None,
        on_fault: Callable[[Problem], None] | None = None,
    ) -> None:
        """`on_fault` hears of every end that proves nothing about a file, see `UNDECIDED`."""
        self.processes = capacity().processes if processes is None else processes
        if self.processes < 1:
            raise ValueError("processes must be 1 or more")
        self._limits = limits or ChildLimits()
        self._encoding_limits = encoding_limits or ENCODING_LIMITS
        self._work_dir = work_dir
        self._on_fault = on_fault
        self._turns = Turns(self.processes)
        self._disk_bytes = disk_bytes
        self._free_bytes = disk_bytes
        self._room_made = asyncio.Condition()
        self._door = asyncio.Lock()
        self._closed = False
        self._running: set[asyncio.subprocess.Process] = set()
        #: The most memory any child has had resident, in bytes.
        self.peak_bytes = 0
        #: The fence around a child here, as the first one that answered says; empty before.
        self.fence: tuple[FenceLayer, ...] = ()

    async def __aenter__(self) -> Self:
        watch_children_by_handle()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        for process in list(self._running):
            kill_child(process)

    async def inspect(
        self,
        path: Path,
        *,
        purpose: Purpose = Purpose.REFERENCE,
        needs: Needs | None = None,
        member_id: int = 0,
        placed: Placed | None = None,
    ) -> Inspection:
        """What `path` is, by a full decode. Nothing in it raises; a child that dies is a finding too.

        `member_id`: whose it is; `placed` hears of its place while it waits for a child.
        """
        order = {"work": "inspect", "path": str(path.absolute()), "purpose": purpose, "needs": _flat(needs or Needs())}
        try:
            seen = await self._ask(order, Inspection, self._limits, _Asker(member_id=member_id, placed=placed))
        except ChildError as failure:
            seen = Inspection(usability=Usability.REFUSED, findings=(failure.finding,))
        self._note(seen.finding.problem if seen.finding else None)
        return seen

    async def to_reference(
        self, path: Path, out: Path, *, needs: Needs | None = None, member_id: int = 0, placed: Placed | None = None
    ) -> Conversion:
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
            asker = _Asker(member_id=member_id, placed=placed)
            made = await self._ask(order, Conversion, self._encoding_limits, asker)
            await asyncio.to_thread(_check_files, {made.path} - {None, path.absolute()}, {out.absolute()})
        except ChildError as failure:
            made = Conversion(path=None, findings=(failure.finding,))
        if made.path != out.absolute():  # a child creates it before it knows whether there will be anything in it
            await asyncio.to_thread(_remove, out)
        self._note(made.findings[0].problem if made.findings else None)
        return made

    async def package(
        self, track: Path, out_dir: Path, *, title: str, tags: Tags, limit_bytes: int, patiently: bool = False
    ) -> PackagedTrack:
        """Makes `track` ready for a channel that takes `limit_bytes`: measured, pictured, tagged, small enough.

        `patiently`: with larger limits, for a file that could not be decided on within the usual ones.
        Writes into `out_dir` only. Whatever fails, even the child, the track comes back as it came; `steps` says what
        worked. Raises FileNotFoundError when there is no track at all.
        """
        order = {
            "work": "package",
            "path": str(track.absolute()),
            "out_dir": str(out_dir.absolute()),
            "title": title,
            "tags": dataclasses.asdict(tags),
            "limit_bytes": limit_bytes,
        }
        limits = self._encoding_limits.larger() if patiently else self._encoding_limits
        try:
            made = await self._ask(order, PackagedTrack, limits, _Asker(urgency=Urgency.TRACK))
            ours = {out_dir.absolute() / name for name in PACKAGED_FILES}
            _check_files({made.path, made.picture} - {None, track.absolute()}, ours)
        except ChildError as failure:
            plain = await asyncio.to_thread(as_it_came, track, title, limit_bytes)
            made = dataclasses.replace(plain, problem=failure.finding.problem)
        if made.fault:
            log.error("a step of dressing failed, a fault of ours\n%s", for_the_log(made.fault))
        self._note(made.problem)
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
                try:
                    folder.rmdir()  # one as well: what was of use has been moved elsewhere
                except OSError:
                    await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))
        finally:
            self._free_bytes += wanted
            async with self._room_made:
                self._room_made.notify_all()

    async def _ask(
        self,
        order: Mapping[str, object],
        shape: type[Answer],
        limits: ChildLimits,
        asker: _Asker,
    ) -> Answer:
        """Has a child do `order`. Raises `ChildError`."""
        written = await self._run(json.dumps({**order, "limits": _flat(limits)}).encode(), limits, asker)
        try:
            report = json.loads(written)
            self.peak_bytes = max(self.peak_bytes, int(report["peak_bytes"]))
            self._note_fence(_reader(tuple[FenceLayer, ...]).validate_python(report["fence"]))
            return _reader(shape).validate_python(report["answer"])
        except UNREADABLE_ANSWERS as error:  # pydantic's ValidationError is a ValueError
            log.error("a sound process gave an answer that cannot be read: %s", type(error).__name__)
            raise ChildError(Finding(problem=Problem.INTERNAL)) from error

    async def _run(self, order: bytes, limits: ChildLimits, asker: _Asker) -> bytes:
        async with self._turns.turn(asker.urgency, member_id=asker.member_id, placed=asker.placed):
            if self._closed:
                raise ClosedError
            process = await start_child()
            self._running.add(process)
            try:
                ended = await ask_child(process, order, limits)
            finally:
                self._running.discard(process)
        if self._closed:
            raise ClosedError
        if not ended.has_answered:
            raise ChildError(why_it_ended(ended, limits))
        return ended.answer

    def _note_fence(self, layers: tuple[FenceLayer, ...]) -> None:
        if self.fence:
            return
        self.fence = layers
        held = "; ".join(f"{layer.name}: {layer.detail}" for layer in layers if layer.holds)
        log.info("the fence around sound processes: %s", held or "none")
        if missing := "; ".join(f"{layer.name}: {layer.detail}" for layer in layers if not layer.holds):
            log.info("missing from the fence around sound processes: %s", missing)

    def _note(self, problem: Problem | None) -> None:
        """Reports what proves nothing about a file, for whoever counts it and looks for the cause."""
        if problem is not None and problem in UNDECIDED and self._on_fault is not None:
            self._on_fault(problem)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _check_files(named: Set[Path | None], allowed: Set[Path]) -> None:
    """Raises `ChildError` unless a child named its own plain files only. What it names may be posted in a channel."""
    for path in named:
        if path not in allowed or path is None or path.is_symlink() or not path.is_file():
            log.error("a sound process named a file that is not its own")
            raise ChildError(Finding(problem=Problem.INTERNAL))


@cache
def _reader(shape: type[Answer]) -> "TypeAdapter[Answer]":
    """Checks what a child wrote against the type it should be."""
    from pydantic import TypeAdapter  # 40 ms that the children, who import this package, save

    return TypeAdapter(shape)


def _flat(value: Needs | ChildLimits) -> dict[str, Any]:
    return dataclasses.asdict(value)
