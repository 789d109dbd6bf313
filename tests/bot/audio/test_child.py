"""How a child ends decides whom its end is blamed on: the file, a limit, the decoder or us. Real children, tampered."""

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.audio import (
    OURS,
    AudioPool,
    ChildLimits,
    Needs,
    PackagedTrack,
    PackagingStep,
    Problem,
    Purpose,
    Tags,
    Usability,
    sentence,
    worker,
)
from bot.audio.child import Ended, why_it_ended
from bot.audio.model import STOPPED, UNDECIDED

Tamper = Callable[[str], None]

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="ends by signals")

#: What PyAV 19 does to a caller of PyAV 18.
NO_SUCH_PARAMETER = "opening(lambda real, file, mode=None, format=None, options=None: real(file))"
SEGFAULT = "opening(lambda *_, **__: ctypes.string_at(0))"
QUICK = ChildLimits(cpu_seconds=1, wall_seconds=25)
#: For ends that are no limit: a slow machine may spend a second on a child's start.
PATIENT = ChildLimits(wall_seconds=25)

#: Code in the child -> what it is.
ENDS = {
    "a parameter that is not there": (NO_SUCH_PARAMETER, Problem.INTERNAL),
    "an attribute that is not there": ("opening(lambda real, *_, **__: real.nowhere)", Problem.INTERNAL),
    "an import in the middle": ("opening(lambda *_, **__: __import__('nowhere'))", Problem.INTERNAL),
    "an error of the system's": ("opening(lambda *_, **__: os.stat('/nowhere'))", Problem.INTERNAL),
    "a demuxer that this build lacks": ("opening(lambda real, file, **_: real(file, format='nope'))", Problem.INTERNAL),
    "a part that FFmpeg misses in itself": (
        "def miss(*_, **__):\n import av.error\n raise av.error.DemuxerNotFoundError(1, 'x')\nopening(miss)",
        Problem.INTERNAL,
    ),
    "a package that is not there": ("sys.modules['av'] = None", Problem.INTERNAL),
    "an interpreter that leaves": ("os._exit(1)", Problem.INTERNAL),
    "one that leaves in peace without an answer": ("opening(lambda *_, **__: os._exit(0))", Problem.INTERNAL),
    "a library that crashes while it is loaded": (
        "if sys.orig_argv[-1] == 'bot.audio.worker': ctypes.string_at(0)",
        Problem.INTERNAL,
    ),
    "a decoder that crashes": (SEGFAULT, Problem.CRASHED),
    "a decoder that gives up": ("opening(lambda *_, **__: os.abort())", Problem.CRASHED),
    "the kernel, out of memory": ("opening(lambda *_, **__: os.kill(os.getpid(), 9))", Problem.OVER_MEMORY),
    "too large a piece of memory": ("opening(lambda *_, **__: bytearray(2**40))", Problem.OVER_MEMORY),
    "a loop": ("def spin(*_, **__):\n while True: pass\nopening(spin)", Problem.OVER_CPU),
    "a supervisor that stops everything": ("opening(lambda *_, **__: os.kill(os.getpid(), 15))", Problem.UNAVAILABLE),
}


@dataclass
class Uses:
    """Every use of a child, once."""

    song: Path
    folder: Path
    seen: list[Problem]

    async def all(self, limits: ChildLimits) -> list[Problem | None]:
        async with AudioPool(processes=1, limits=limits, encoding_limits=limits, on_fault=self.seen.append) as pool:
            reference = await pool.inspect(self.song)
            track = await pool.inspect(self.song, purpose=Purpose.TRACK)
            assert (reference.usability, track.usability) == (Usability.REFUSED, Usability.REFUSED)
            assert {found.problem for found in (*reference.findings, *track.findings)} <= UNDECIDED
            made = await pool.to_reference(self.song, self.folder / "out.mp3", needs=Needs(max_seconds=17))
            assert made.path is None
            packaged = await self._dressed(pool)
        return [*(seen.findings[0].problem for seen in (reference, track, made)), packaged.problem]

    async def _dressed(self, pool: AudioPool) -> PackagedTrack:
        packaged = await pool.package(self.song, self.folder, title="Night", tags=Tags(), limit_bytes=10**7)
        assert (packaged.path, packaged.fits, packaged.broken) == (self.song, True, False), "a paid track was lost"
        return packaged


@pytest.fixture
def uses(song: Path, tmp_path: Path) -> Uses:
    folder = tmp_path / "made"
    folder.mkdir()
    return Uses(song, folder, [])


@pytest.mark.heavy
@posix_only
@pytest.mark.parametrize("end", [pytest.param(end, marks=pytest.mark.slow if end == "a loop" else ()) for end in ENDS])
async def test_an_end_is_told_as_what_it_is_whatever_the_child_was_for(uses: Uses, tampered: Tamper, end: str) -> None:
    code, problem = ENDS[end]
    tampered(code)
    assert await uses.all(QUICK if problem is Problem.OVER_CPU else PATIENT) == [problem] * 4
    assert uses.seen == [problem] * 4, "each is counted"


@pytest.mark.heavy
@posix_only
async def test_a_loop_is_over_its_limit_of_cpu_time(song: Path, tampered: Tamper) -> None:
    """A second of it for one use; the slow run tries every other."""
    tampered(ENDS["a loop"][0])
    async with AudioPool(processes=1, limits=QUICK) as pool:
        seen = await pool.inspect(song)
    assert [finding.problem for finding in seen.findings] == [Problem.OVER_CPU]


@pytest.mark.heavy
@posix_only
async def test_time_is_a_limit_of_its_own(song: Path, tampered: Tamper) -> None:
    tampered("opening(lambda *_, **__: time.sleep(600))")
    async with AudioPool(processes=1, limits=ChildLimits(wall_seconds=10)) as pool:
        seen = await pool.inspect(song)
    assert [(finding.problem, finding.values) for finding in seen.findings] == [(Problem.OVER_TIME, {"seconds": 10})]


@pytest.mark.heavy
async def test_what_is_written_has_a_limit_of_its_own(song: Path, tmp_path: Path) -> None:
    async with AudioPool(processes=1, encoding_limits=ChildLimits(written_bytes=50_000)) as pool:
        made = await pool.to_reference(song, tmp_path / "out.mp3", needs=Needs(max_seconds=17))
        assert [finding.problem for finding in made.findings] == [Problem.OVER_OUTPUT]
        packaged = await pool.package(song, tmp_path, title="Night", tags=Tags(), limit_bytes=200_000)
    assert (packaged.path, packaged.problem, packaged.broken) == (song, Problem.OVER_OUTPUT, False)


@pytest.mark.heavy
@posix_only
async def test_a_fault_of_ours_is_logged_with_the_childs_trace_and_without_what_a_file_says(
    song: Path, tampered: Tamper, caplog: pytest.LogCaptureFixture
) -> None:
    tampered(NO_SUCH_PARAMETER)
    async with AudioPool(processes=1) as pool:
        await pool.inspect(song)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "decode.py" in line
    assert "in open_sound" in line
    assert "TypeError" in line
    assert "unexpected keyword argument 'metadata_errors'" in line
    assert str(song) not in caplog.text
    caplog.clear()
    tampered("def quote(real, file, *_, **__): raise ValueError(f'the lyrics of {file}')\nopening(quote)")
    async with AudioPool(processes=1) as pool:
        await pool.inspect(song)
    assert "ValueError" in caplog.text
    assert "song.mp3" not in caplog.text


@pytest.mark.heavy
@posix_only
async def test_where_a_decoder_died_is_in_the_log(
    song: Path, tampered: Tamper, caplog: pytest.LogCaptureFixture
) -> None:
    tampered(SEGFAULT)
    async with AudioPool(processes=1) as pool:
        await pool.inspect(song)
    assert "SIGSEGV" in caplog.text
    assert "decode.py" in caplog.text


@pytest.mark.heavy
async def test_a_child_without_its_code_says_so_in_the_log(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    async with AudioPool(processes=1) as pool:
        seen = await pool.inspect(song)
    assert [finding.problem for finding in seen.findings] == [Problem.INTERNAL]
    assert "No module named" in caplog.text


@pytest.mark.heavy
@posix_only
async def test_a_machine_that_is_short_of_something_is_asked_again_later(song: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    async with AudioPool(processes=1) as pool:
        await pool.inspect(song)  # whatever is opened once and kept is open now
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
        try:
            with suppress(OSError):
                held += (os.open(os.devnull, os.O_RDONLY) for _ in range(512))
            seen = await pool.inspect(song)
        finally:
            for each in held:
                os.close(each)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert [finding.problem for finding in seen.findings] == [Problem.UNAVAILABLE]
        assert (await pool.inspect(song)).usability is Usability.USABLE


@pytest.mark.heavy
@posix_only
async def test_a_step_of_dressing_that_fails_by_our_fault_costs_no_other(
    song: Path, tmp_path: Path, tampered: Tamper, caplog: pytest.LogCaptureFixture
) -> None:
    tampered("import PIL.ImageFont\ndel PIL.ImageFont.load_default")
    faults: list[Problem] = []
    async with AudioPool(processes=1, on_fault=faults.append) as pool:
        made = await pool.package(song, tmp_path, title="Night", tags=Tags(title="Night"), limit_bytes=200_000)
    assert made.steps == {PackagingStep.MEASURED, PackagingStep.SHRUNK, PackagingStep.TAGGED}
    assert made.fits
    assert faults == [Problem.INTERNAL]
    assert "in draw" in caplog.text
    assert "load_default" in caplog.text


def test_a_child_cannot_write_lines_of_its_own_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    told = '{"failed": "KeyError", "trace": "a\\n2026-01-31 12:00:00 INFO bot: all is well\\u001b[2J\\rb"}'
    ended = Ended(code=1, began=True, answer=told.encode())
    assert why_it_ended(ended, ChildLimits()).problem is Problem.INTERNAL
    (message,) = (record.getMessage() for record in caplog.records)
    first, *others = message.splitlines()
    assert "KeyError" in first
    assert [line[:6] for line in others] == ["    | "] * 3
    assert "\x1b" not in message


def test_an_answer_that_cannot_be_written_leaves_the_pipe_for_saying_why() -> None:
    reads, writes = os.pipe()
    with os.fdopen(reads) as told:
        with pytest.raises(ValueError, match="not JSON compliant"):
            worker._write(writes, {"answer": float("nan")})
        worker._write(writes, {"failed": "ValueError"})
        assert told.read() == '{"failed": "ValueError"}'


@pytest.mark.skipif(sys.platform != "win32", reason="a status of Windows")
def test_an_access_violation_is_a_crash() -> None:
    ended = Ended(code=0xC0000005, began=True, answer=b"")
    assert why_it_ended(ended, ChildLimits()).problem is Problem.CRASHED


@pytest.mark.parametrize("locale", ["en", "de"])
def test_whom_a_sentence_blames(locale: str) -> None:
    from bot.audio.model import Finding, stopped_at

    innocent = "not to blame" if locale == "en" else "nicht an deiner Datei"
    for problem in OURS - {Problem.UNREADABLE}:
        assert innocent in sentence(Finding(problem=problem), locale)
    for problem in STOPPED:
        finding = stopped_at(problem, ChildLimits())
        (most,) = finding.values.values()
        assert f"{most:.0f}" in sentence(finding, locale), "the limit is named"
