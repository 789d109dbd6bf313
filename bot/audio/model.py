"""What is said about a sound file: usability, findings, results and limits, as values that cross a process border."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

#: What a sentence is filled with: numbers, or a `Kind` that the catalog spells out.
Value: TypeAlias = float | int | str
#: A child writes this when all it needs is loaded, immediately before it opens the file.
BEGAN = b"began\n"


class Usability(StrEnum):
    """What can be done with a file."""

    #: Goes to the music service as it is.
    USABLE = "usable"
    #: Sound, but not in a form the service takes; `to_reference` makes it one.
    CONVERTIBLE = "convertible"
    #: Cannot be used; the one finding says why.
    REFUSED = "refused"


class Purpose(StrEnum):
    """What a file is looked at for."""

    #: A member's song, before money is spent.
    REFERENCE = "reference"
    #: What the music service made: any length, any format, as long as it plays.
    TRACK = "track"


class Problem(StrEnum):
    """Why a file is not usable as it is. `sound.<problem>` is its sentence."""

    #: No bytes.
    EMPTY = "empty"
    #: Known, but no sound (`what`).
    NOT_SOUND = "not_sound"
    #: Sound of a kind that nothing here reads (`what`).
    NOT_READ = "not_read"
    #: Neither a known kind nor MPEG frames.
    UNKNOWN = "unknown"
    #: A tag and nothing behind it.
    ONLY_TAGS = "only_tags"
    #: A container without a sound track (`what`).
    NO_SOUND = "no_sound"
    #: A codec that is not on the list, or a protected one (`codec`).
    CODEC = "codec"
    #: MP3 without a fixed bit rate in its headers; FFmpeg and most services cannot decode it.
    FREE_FORMAT = "free_format"
    #: `seconds` where more than `needed` are asked for.
    TOO_SHORT = "too_short"
    #: Only `seconds` of the `claimed` length play.
    INCOMPLETE = "incomplete"
    #: Less than `needed` seconds in which anything is heard.
    SILENT = "silent"
    #: The same of the one of `tracks` sound tracks that players play; the others were not listened to.
    SILENT_TRACK = "silent_track"
    #: Cannot be opened, or too many packets do not decode (`percent`).
    CORRUPT = "corrupt"
    #: `rate` Hz below `lowest`, or above what exists.
    RATE = "rate"
    #: `channels` beyond `most`.
    CHANNELS = "channels"
    #: `rate` Hz in `channels` channels; more than `most` samples a second together.
    DENSE = "dense"
    #: More than `entries` in its tags, or more than `mebibytes` of them.
    HEAVY_TAGS = "heavy_tags"
    #: Plays longer than the `minutes` we are willing to decode.
    ENDLESS = "endless"
    #: More packets than are decoded.
    TOO_HEAVY = "too_heavy"
    #: Stopped: more than `seconds` of CPU time.
    OVER_CPU = "over_cpu"
    #: Stopped: longer than `seconds` by the clock.
    OVER_TIME = "over_time"
    #: Stopped: more memory than the `mebibytes` of one child, or than the machine had.
    OVER_MEMORY = "over_memory"
    #: Stopped: what was written grew beyond `mebibytes`.
    OVER_OUTPUT = "over_output"
    #: The decoder died of a signal while it had the file in hand; whether of the file or of itself nobody can tell.
    CRASHED = "crashed"
    #: Raised in our own code, or the child never came as far as the file, or its answer is none. Not the file.
    INTERNAL = "internal"
    #: The file is gone or no regular file.
    UNREADABLE = "unreadable"
    #: No child could be had just now, or it was ended from outside; the file is not to blame.
    UNAVAILABLE = "unavailable"
    #: The disk did not take what was to be written; the file is not to blame.
    DISK = "disk"
    #: Even as a small MP3 it would have `mebibytes` where `most` are taken.
    TOO_BIG_ANYWAY = "too_big_anyway"
    #: Writing the MP3 failed.
    NOT_CONVERTED = "not_converted"

    #: Convertible: another format (`what`).
    OTHER_FORMAT = "other_format"
    #: Convertible: MP3 or WAV outside, something uncommon inside (`codec`).
    INNER_CODEC = "inner_codec"
    #: Convertible: a sample rate few programs expect (`rate`).
    ODD_RATE = "odd_rate"
    #: Convertible: more than two channels (`channels`).
    SURROUND = "surround"
    #: Convertible: the header says something else than the sound (`claimed`, `seconds`).
    HEADER = "header"
    #: Convertible: some packets are broken (`percent`).
    DAMAGED = "damaged"
    #: Convertible: longer than the service takes (`seconds`, `longest`); the best excerpt is cut out.
    TOO_LONG = "too_long"
    #: Convertible: more bytes than the service takes (`mebibytes`, `most`).
    TOO_BIG = "too_big"


#: A child was stopped at a limit of its own.
STOPPED = frozenset({Problem.OVER_CPU, Problem.OVER_TIME, Problem.OVER_MEMORY, Problem.OVER_OUTPUT})
#: Of ours or of the machine, whatever the file is.
OURS = frozenset({Problem.INTERNAL, Problem.UNREADABLE, Problem.DISK, Problem.UNAVAILABLE})
#: What proves nothing about the file.
UNDECIDED = STOPPED | OURS | {Problem.TOO_HEAVY, Problem.DENSE, Problem.HEAVY_TAGS, Problem.CRASHED}


#: What larger limits, or another try, may decide after all. Of ours, only what passes by itself.
PATIENCE_HELPS = STOPPED | {Problem.CRASHED, Problem.TOO_HEAVY, Problem.UNAVAILABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem and what its sentence is filled with."""

    problem: Problem
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the service asks of a reference. The defaults are those of `minimax-music`: "longer than 15 seconds"."""

    #: As the service states it; half a second more is asked for, because encoder padding turns 15.00 into 15.05.
    min_seconds: float = 15.0
    #: None = no stated limit.
    max_seconds: float | None = None
    #: None = no stated limit.
    max_bytes: int | None = None

    #: Added to `min_seconds`.
    margin_seconds: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What one child process may use. A file that needs more is refused."""

    #: From the start of the child to its answer.
    wall_seconds: float = 30.0
    #: RLIMIT_CPU where the platform has it.
    cpu_seconds: int = 20
    #: RLIMIT_AS where it works (not on macOS), and checked against resident memory while decoding.
    memory_bytes: int = 768 * 1024 * 1024
    #: A few kilobytes of FLAC or Opus can hold hours of silence.
    decoded_seconds: float = 1800.0
    #: Opus packets can be 2.5 ms short: 1800 s of them are 720 000.
    packets: int = 1_000_000
    #: RLIMIT_FSIZE: the largest file a child may write.
    written_bytes: int = 256 * 1024 * 1024

    def larger(self) -> "ChildLimits":
        """For a second look at a file that these did not suffice for; memory grows less, it is everybody's."""
        return replace(
            self,
            wall_seconds=2 * self.wall_seconds,
            cpu_seconds=2 * self.cpu_seconds,
            memory_bytes=self.memory_bytes * 3 // 2,
            packets=2 * self.packets,
            written_bytes=2 * self.written_bytes,
        )


def stopped_at(problem: Problem, limits: ChildLimits) -> Finding:
    """The reason of one of `STOPPED`, with the limit that its sentence names."""
    values: Mapping[Problem, tuple[str, float]] = {
        Problem.OVER_CPU: ("seconds", limits.cpu_seconds),
        Problem.OVER_TIME: ("seconds", limits.wall_seconds),
        Problem.OVER_MEMORY: ("mebibytes", limits.memory_bytes / 1024**2),
        Problem.OVER_OUTPUT: ("mebibytes", limits.written_bytes / 1024**2),
    }
    name, limit = values[problem]
    return Finding(problem=problem, values={name: limit})


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceLayer:
    """One layer of the fence around a child, see `bot.audio.fence`."""

    name: str
    holds: bool
    #: How it is held, or why it is not.
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a file is. `seconds` is the length that really decodes, not the one a header claims."""

    usability: Usability
    #: For `REFUSED` exactly one; for `CONVERTIBLE` all that must change; empty when usable.
    findings: tuple[Finding, ...] = ()
    #: A name for people, such as "MP3" or "Ogg Opus"; None when it is no sound.
    format: str | None = None
    #: A `Kind`: what the first bytes are.
    kind: str | None = None
    codec: str | None = None
    seconds: float | None = None
    #: What the header says, where it says anything.
    claimed_seconds: float | None = None
    #: In how much of it something is heard.
    sounding_seconds: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    size_bytes: int | None = None

    @property
    def accepted(self) -> bool:
        """True when it is usable, or can be made so."""
        return self.usability is not Usability.REFUSED

    @property
    def finding(self) -> Finding | None:
        """The first finding, the one a member is told."""
        return self.findings[0] if self.findings else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What became of a reference."""

    #: The MP3 that was written; the original when nothing had to change; None when it cannot be used.
    path: Path | None
    #: What was changed, each a sentence for the member; the one cause when `path` is None.
    findings: tuple[Finding, ...]
    seconds: float | None = None
    #: Where in the original the cut-out excerpt begins; None when nothing was cut.
    start_seconds: float | None = None
    size_bytes: int | None = None
    bit_rate_kbps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What is written into the track's file. Empty values are left out."""

    title: str = ""
    artist: str = ""
    lyrics: str = ""
    comment: str = ""
    #: ISO 639-2 code of the lyrics; `und` = not known.
    language: str = "und"


#: What `package` may leave in its folder: the track, one that could not be tagged, the picture.
TRACK_FILE, ENCODED_FILE, PICTURE_FILE = "track.mp3", "encoded.mp3", "waveform.png"
PACKAGED_FILES = (TRACK_FILE, ENCODED_FILE, PICTURE_FILE)


class PackagingStep(StrEnum):
    """One thing `package` does to a track."""

    #: Decoded: length and peaks are known.
    MEASURED = "measured"
    #: The waveform picture exists.
    PICTURED = "pictured"
    #: The tags are in.
    TAGGED = "tagged"
    #: Another format became MP3 (`original_format`).
    CONVERTED = "converted"
    #: Encoded again at a smaller bit rate, because of the limit.
    SHRUNK = "shrunk"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedTrack:
    """A track ready for the channel; in the worst case the one that came in, with no step done.

    `path` is either the original or a file in the folder that was given. `fits` is False when even the smallest bit
    rate exceeds the limit (`path` is then the original): the link alone is left.
    """

    path: Path
    fits: bool
    size_bytes: int
    #: Safe on every platform; the suffix matches the content.
    name: str
    steps: frozenset[PackagingStep] = frozenset()
    seconds: float | None = None
    format: str | None = None
    original_format: str | None = None
    bit_rate_kbps: int | None = None
    picture: Path | None = None
    #: 0..1, one for each bar of the picture.
    peaks: tuple[float, ...] = ()
    #: What the track's file said about itself, such as who made it; it stays in the file behind our own comment.
    comment: str = ""
    #: Why a step is missing; for logs and for `broken`.
    problem: Problem | None = None
    #: The trace of a fault of ours that cost a step; for the log.
    fault: str = ""

    @property
    def heard(self) -> bool:
        """True when it was decoded from its beginning to its end and is sound."""
        return PackagingStep.MEASURED in self.steps

    @property
    def may_be_decided(self) -> bool:
        """True when something is open about it that another try with larger limits may settle."""
        return self.problem in PATIENCE_HELPS and not (self.heard and self.fits)

    @property
    def broken(self) -> bool:
        """True when the file is no playable sound at all."""
        return PackagingStep.MEASURED not in self.steps and self.problem is not None and self.problem not in UNDECIDED
