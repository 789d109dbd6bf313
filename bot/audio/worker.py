"""The child process: one order on stdin, one answer on stdout. It confines itself before it reads a file.

Started by `AudioPool` for every file anew (`python -m bot.audio.worker`): what a hostile file does to it ends with it.
"""

import dataclasses
import faulthandler
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from bot.audio.confinement import confine, peak_bytes
from bot.audio.faults import trace_of
from bot.audio.fence import Reach, raise_fence
from bot.audio.model import (
    BEGAN,
    ChildLimits,
    Conversion,
    Inspection,
    Needs,
    PackagedTrack,
    Problem,
    Purpose,
    Tags,
    Usability,
    stopped_at,
)

#: The order; its keys are the parameters of the work.
ChildOrder = Mapping[str, Any]


def main() -> None:
    """Reads the order, does it, writes `{"answer": ..., "peak_bytes": ...}`."""
    order: ChildOrder = json.loads(sys.stdin.buffer.read())
    answers = _private_stdout()
    sys.excepthook = _reporter(answers)
    limits = ChildLimits(**order["limits"])
    confine(limits)
    module, work = WORKS[order["work"]]
    import_module(module)  # within the limits; the fence then leaves nothing more to be loaded
    layers = raise_fence(_reach(order))
    os.write(answers, BEGAN)
    answer = work(order, limits)
    _write(answers, {"answer": answer, "peak_bytes": peak_bytes(), "fence": layers})


def _reach(order: ChildOrder) -> Reach:
    """The file of the order, and where its answer's files go."""
    reads = (Path(order["path"]),)
    if "out" in order:  # it lies beside other members' files, so that it alone is opened up, not its folder
        with suppress(OSError):
            os.close(os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return Reach(reads=reads, writes=(Path(order["out"]),))
    return Reach(reads=reads, writes=(Path(order["out_dir"]),) if "out_dir" in order else ())


def _write(answers: int, report: Mapping[str, object]) -> None:
    written = json.dumps(report, default=_plain, allow_nan=False)  # before the pipe is gone in which a fault is told
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        out.write(written)


def _reporter(answers: int) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """Tells the parent what was raised and where; a defect of ours, for a file's are answers."""

    def report(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        _write(answers, {"failed": kind.__name__, "trace": trace_of(error)})

    return report


def _private_stdout() -> int:
    """Moves the answer's pipe out of the way of anything native that prints; a decoder's words may quote the file.

    Standard error is left to the interpreter alone, which says there where it was when a signal kills it.
    """
    answers, errors = os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)  # the order is read, and its pipe may be a socket
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)
    faulthandler.enable(file=errors, all_threads=False)
    return answers


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if isinstance(value, frozenset):
        return sorted(cast("frozenset[str]", value))
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)


def _inspect(order: ChildOrder, limits: ChildLimits) -> Inspection:
    from bot.audio.inspection import inspect

    try:
        return inspect(Path(order["path"]), Purpose(order["purpose"]), Needs(**order["needs"]), limits)
    except MemoryError:
        return Inspection(usability=Usability.REFUSED, findings=(stopped_at(Problem.OVER_MEMORY, limits),))


def _to_reference(order: ChildOrder, limits: ChildLimits) -> Conversion:
    from bot.audio.conversion import to_reference

    try:
        return to_reference(Path(order["path"]), Path(order["out"]), Needs(**order["needs"]), limits)
    except MemoryError:
        return Conversion(path=None, findings=(stopped_at(Problem.OVER_MEMORY, limits),))


def _package(order: ChildOrder, limits: ChildLimits) -> PackagedTrack:
    from bot.audio.packaging import package

    track, out_dir, tags = Path(order["path"]), Path(order["out_dir"]), Tags(**order["tags"])
    return package(track, out_dir, order["title"], tags, order["limit_bytes"], limits)


#: What loads FFmpeg for each work, and the work.
WORKS: Mapping[str, tuple[str, Callable[[ChildOrder, ChildLimits], object]]] = {
    "inspect": ("bot.audio.inspection", _inspect),
    "to_reference": ("bot.audio.conversion", _to_reference),
    "package": ("bot.audio.packaging", _package),
}

if __name__ == "__main__":
    main()
