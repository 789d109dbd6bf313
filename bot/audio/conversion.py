"""A reference the service does not take, made into one it does. Runs inside a child process."""

from pathlib import Path

import av.error

from bot.audio.decode import WINDOWS_PER_SECOND, Heard, RefusedError
from bot.audio.encode import BIT_RATES, Cut, encode_mp3, fitting_bit_rate, not_written
from bot.audio.inspection import examine
from bot.audio.kinds import Kind
from bot.audio.model import Conversion, Limits, Needs, Problem, Purpose, Reason, Verdict
from bot.audio.stretch import best_start

#: Enough that the service's ear loses nothing; four minutes are 5.5 MiB.
BIT_RATE_KBPS = 192
#: A cut keeps this far from the service's limit: frames and padding add up to a tenth of it.
CUT_MARGIN_SECONDS = 0.5


def to_reference(path: Path, out: Path, needs: Needs, limits: Limits) -> Conversion:
    """Writes `path` to `out` as the service takes it, or says why not. `path` itself is never changed.

    Raises MemoryError when the decoder wants too much.
    """
    found = examine(path, Purpose.REFERENCE, needs, limits)
    seen, look, heard = found.inspection, found.look, found.heard
    if seen.verdict is Verdict.REFUSED or look is None or heard is None:
        return Conversion(path=None, reasons=seen.reasons, seconds=seen.seconds)
    if seen.verdict is Verdict.USABLE:
        return Conversion(path=path, reasons=(), seconds=seen.seconds, size_bytes=seen.size_bytes)
    cut = _cut(heard, needs)
    seconds = cut.seconds if cut else heard.seconds
    bit_rate = fitting_bit_rate(seconds, needs.largest_bytes or 2**63, BIT_RATE_KBPS)
    if bit_rate is None:
        most_mebibytes = (needs.largest_bytes or 0) / 1024**2
        smallest = seconds * BIT_RATES[-1] * 125 / 1024**2
        values = {"mebibytes": smallest, "most": most_mebibytes}
        return Conversion(path=None, reasons=(Reason(problem=Problem.TOO_BIG_ANYWAY, values=values),))
    return _converted(path, look.kind, out, bit_rate, limits, cut, seen.reasons)


def _converted(
    path: Path, kind: Kind, out: Path, bit_rate: int, limits: Limits, cut: Cut | None, reasons: tuple[Reason, ...]
) -> Conversion:
    try:
        made = encode_mp3(path, kind, out, bit_rate_kbps=bit_rate, limits=limits, cut=cut)
    except RefusedError as refused:
        return Conversion(path=None, reasons=(refused.reason,))
    except (av.error.FFmpegError, OSError) as error:
        return Conversion(path=None, reasons=(Reason(problem=not_written(error)),))
    return Conversion(
        path=out,
        reasons=reasons,
        seconds=made.seconds,
        start_seconds=made.start_seconds if cut else None,
        size_bytes=out.stat().st_size,
        bit_rate_kbps=bit_rate,
    )


def _cut(heard: Heard, needs: Needs) -> Cut | None:
    if needs.longest_seconds is None or heard.seconds <= needs.longest_seconds:
        return None
    seconds = needs.longest_seconds - CUT_MARGIN_SECONDS
    return Cut(start_seconds=best_start(heard.levels, WINDOWS_PER_SECOND, seconds), seconds=seconds)
