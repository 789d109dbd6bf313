"""The child process: one order on stdin, one answer on stdout. It fences itself in before it reads a file.

Started by `Workbench` for every file anew (`python -m bot.audio.worker`): what a hostile file does to it ends with it.
"""

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from bot.audio.guard import fence, peak_bytes
from bot.audio.model import Conversion, Dressed, Inspection, Limits, Needs, Problem, Purpose, Reason, Tags, Verdict

#: The order; its keys are the parameters of the work.
Order = Mapping[str, Any]


def main() -> None:
    """Reads the order, does it, writes `{"answer": ..., "peak_bytes": ...}`."""
    order: Order = json.loads(sys.stdin.buffer.read())
    answers = _private_stdout()
    sys.excepthook = _reporter(answers)
    limits = Limits(**order["limits"])
    fence(limits)
    answer = WORKS[order["work"]](order, limits)
    _write(answers, {"answer": answer, "peak_bytes": peak_bytes()})


def _write(answers: int, report: Mapping[str, object]) -> None:
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        json.dump(report, out, default=_plain, allow_nan=False)


def _reporter(answers: int) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """Tells the parent's log where a defect of ours stands: type and line, not the message, which may quote a file."""

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "?" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        _write(answers, {"failed": f"{kind.__name__} at {place}"})

    return report


def _private_stdout() -> int:
    """Moves the answer's pipe out of the way of anything native that prints."""
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
    return answers


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if isinstance(value, frozenset):
        return sorted(cast("frozenset[str]", value))
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)


def _inspect(order: Order, limits: Limits) -> Inspection:
    try:
        # After the fence: even loading FFmpeg happens inside it.
        from bot.audio.inspection import inspect

        return inspect(Path(order["path"]), Purpose(order["purpose"]), Needs(**order["needs"]), limits)
    except MemoryError:
        return Inspection(verdict=Verdict.REFUSED, reasons=(Reason(problem=Problem.TOO_HEAVY),))


def _to_reference(order: Order, limits: Limits) -> Conversion:
    try:
        from bot.audio.conversion import to_reference  # inside the fence, as above

        return to_reference(Path(order["path"]), Path(order["out"]), Needs(**order["needs"]), limits)
    except MemoryError:
        return Conversion(path=None, reasons=(Reason(problem=Problem.TOO_HEAVY),))


def _dress(order: Order, limits: Limits) -> Dressed:
    from bot.audio.dressing import dress  # inside the fence, as above

    track, out_dir, tags = Path(order["path"]), Path(order["out_dir"]), Tags(**order["tags"])
    return dress(track, out_dir, order["title"], tags, order["limit_bytes"], limits)


WORKS: Mapping[str, Callable[[Order, Limits], object]] = {
    "inspect": _inspect,
    "to_reference": _to_reference,
    "dress": _dress,
}

if __name__ == "__main__":
    main()
