"""A reference the service does not take, made into one it does. Runs inside a child process."""

from pathlib import Path

import av.error

from bot.audio.decode import NOT_THE_FILES, WINDOWS_PER_SECOND, Measurement, UndecodableError
from bot.audio.encode import BIT_RATES, Cut, encode_mp3, fitting_bit_rate, not_written
from bot.audio.excerpt import best_start
from bot.audio.inspection import examine
from bot.audio.model import ChildLimits, Conversion, Finding, Needs, Problem, Purpose, Usability
from bot.audio.sniffing import Kind

#: Enough that the service's ear loses nothing; four minutes are 5.5 MiB.
BIT_RATE_KBPS = 192
#: A cut keeps this far from the service's limit: frames and padding add up to a tenth of it.
CUT_MARGIN_SECONDS = 0.5


def to_reference(path: Path, out: Path, needs: Needs, limits: ChildLimits) -> Conversion:
    """Writes `path` to `out` as the service takes it, or says why not. `path` itself is never changed.

    Raises MemoryError when the decoder wants too much.
    """
    found = examine(path, Purpose.REFERENCE, needs, limits)
    seen, peek, measured = found.inspection, found.peek, found.measured
    if seen.usability is Usability.REFUSED or peek is None or measured is None:
        return Conversion(path=None, findings=seen.findings, seconds=seen.seconds)
    if seen.usability is Usability.USABLE:
        return Conversion(path=path, findings=(), seconds=seen.seconds, size_bytes=seen.size_bytes)
    cut = _cut(measured, needs)
    seconds = cut.seconds if cut else measured.seconds
    bit_rate = fitting_bit_rate(seconds, needs.max_bytes or 2**63, BIT_RATE_KBPS)
    if bit_rate is None:
        max_mebibytes = (needs.max_bytes or 0) / 1024**2
        smallest = seconds * BIT_RATES[-1] * 125 / 1024**2
        values = {"mebibytes": smallest, "most": max_mebibytes}
        return Conversion(path=None, findings=(Finding(problem=Problem.TOO_BIG_ANYWAY, values=values),))
    return _converted(path, peek.kind, out, bit_rate, limits, cut, seen.findings)


def _converted(
    path: Path,
    kind: Kind,
    out: Path,
    bit_rate: int,
    limits: ChildLimits,
    cut: Cut | None,
    findings: tuple[Finding, ...],
) -> Conversion:
    try:
        made = encode_mp3(path, kind, out, bit_rate_kbps=bit_rate, limits=limits, cut=cut)
    except UndecodableError as refused:
        return Conversion(path=None, findings=(refused.finding,))
    except NOT_THE_FILES:
        raise
    except (av.error.FFmpegError, OSError) as error:
        return Conversion(path=None, findings=(not_written(error, limits),))
    return Conversion(
        path=out,
        findings=findings,
        seconds=made.seconds,
        start_seconds=made.start_seconds if cut else None,
        size_bytes=out.stat().st_size,
        bit_rate_kbps=bit_rate,
    )


def _cut(measured: Measurement, needs: Needs) -> Cut | None:
    if needs.max_seconds is None or measured.seconds <= needs.max_seconds:
        return None
    seconds = needs.max_seconds - CUT_MARGIN_SECONDS
    return Cut(start_seconds=best_start(measured.levels, WINDOWS_PER_SECOND, seconds), seconds=seconds)
