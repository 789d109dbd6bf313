"""A built-in song of four seconds, sent the whole way through real children: is a fault the file's, or ours?"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.audio.model import Inspection, Needs, PackagingStep, Problem, Purpose, Tags, Usability
from bot.audio.pool import AudioPool

#: 4 kB of MP3, computed for the purpose: chords and a drum.
SAMPLE_FILE = Path(__file__).with_name("sample.mp3")
#: Shorter than the sample, so that a stretch is cut out and encoded.
_NEEDS = Needs(min_seconds=2.0, max_seconds=3.0)
_ROOM_BYTES = 1024 * 1024

_BUILD = "Install the packages of requirements/run.lock anew, on this machine."
_ADVICE = {
    Problem.OVER_CPU: "This machine is too slow: four seconds of sound took more than a whole song may.",
    Problem.OVER_TIME: "This machine is too slow or too busy: four seconds of sound took longer than a whole song may.",
    Problem.OVER_MEMORY: "A sound process needs up to 768 MiB: give it more memory, or lower AUDIO_PROCESSES.",
    Problem.CRASHED: f"The decoder crashes on a file that is known to be good. {_BUILD}",
    Problem.INTERNAL: f"Members' files are not to blame, the log says where it happened. {_BUILD}",
    Problem.UNREADABLE: f"{SAMPLE_FILE.name} of bot/audio cannot be read. Install the bot anew, for its user to read.",
    Problem.DISK: "The folder for what is being made (DATA_DIR/work) cannot be written to, or its disk is full.",
    Problem.UNAVAILABLE: "No process could be had. Look at this user's limits on processes, memory and open files.",
}


class SampleStep(StrEnum):
    """What is done with the sample, in this order."""

    DECODED = "decoded"
    CONVERTED = "converted"
    DRESSED = "dressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleResult:
    """How far the sample came."""

    #: The step that failed; None when all is well.
    failed: SampleStep | None = None
    problem: Problem | None = None

    @property
    def good(self) -> bool:
        """True when all steps worked."""
        return self.failed is None

    @property
    def sentence(self) -> str:
        """What fails and what an operator does about it."""
        if self.failed is None or self.problem is None:
            return "The built-in sample was decoded, converted and dressed."
        advice = _ADVICE.get(self.problem, f"The decoder does not read a file that is known to be good. {_BUILD}")
        return f"The built-in sample cannot be {self.failed} ({self.problem}). {advice}"


async def try_sample(pool: AudioPool) -> SampleResult:
    """Decodes, converts and dresses the sample; ends at the first step that fails. Raises ClosedError."""
    try:
        async with pool.room(_ROOM_BYTES) as folder:
            return await _through(pool, folder)
    except OSError:
        return SampleResult(failed=SampleStep.CONVERTED, problem=Problem.DISK)


async def _through(pool: AudioPool, folder: Path) -> SampleResult:
    seen = await pool.inspect(SAMPLE_FILE, needs=_NEEDS)
    if not seen.accepted:
        return SampleResult(failed=SampleStep.DECODED, problem=_problem_of(seen))
    made = await pool.to_reference(SAMPLE_FILE, folder / "reference.mp3", needs=_NEEDS)
    if made.path is None:
        return SampleResult(failed=SampleStep.CONVERTED, problem=made.findings[0].problem)
    again = await pool.inspect(made.path, purpose=Purpose.TRACK)
    if again.usability is not Usability.USABLE:
        return SampleResult(failed=SampleStep.CONVERTED, problem=_problem_of(again))
    dressed = await pool.package(
        SAMPLE_FILE, folder, title="Sample", tags=Tags(title="Sample"), limit_bytes=_ROOM_BYTES
    )
    if not dressed.steps >= {PackagingStep.MEASURED, PackagingStep.PICTURED, PackagingStep.TAGGED}:
        return SampleResult(failed=SampleStep.DRESSED, problem=dressed.problem or Problem.DISK)
    return SampleResult()


def _problem_of(seen: Inspection) -> Problem:
    return seen.finding.problem if seen.finding is not None else Problem.INTERNAL
