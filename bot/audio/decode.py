"""A whole file through FFmpeg's decoder, counting what really comes out. Runs only inside a child process."""

from array import array
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from math import sqrt
from operator import mul
from pathlib import Path
from typing import cast

import av
import av.error
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition

from bot.audio.confinement import check_memory
from bot.audio.model import ChildLimits, Finding, Problem
from bot.audio.riff import Part, behind_its_tags, plain_wav, walk_wav
from bot.audio.sniffing import DEMUXERS, Kind, sniff

#: Levels are kept for windows of this many per second; `excerpt` and the picture work on them.
WINDOWS_PER_SECOND = 20
#: Every seventh sample is enough for a level and costs a seventh. A prime, so that no common tone falls on its grid.
STRIDE = 7
#: Half of the distance between the highest and the lowest sample of a window, below which nothing is heard: -50 dBFS.
#: Distance rather than height, so that a constant offset counts as silence.
AUDIBLE = 104
MIN_RATE = 8000
#: The highest that sound cards record; beyond it a header lies.
MAX_RATE = 384_000
MAX_CHANNELS = 8
#: Rate times channels: 8 of them at 192 kHz. What is constant is a few bytes in a file and costs its full length here.
MAX_SAMPLES_PER_SECOND = 1_600_000
#: A stream may change its layout (a concatenated MP3), but not at every frame: each change builds a new resampler.
MAX_CHANGES = 200
#: Memory is looked at once in so many packets.
CHECK_EVERY = 256

#: Decoders that may run, by FFmpeg's names. FFmpeg itself holds to this list too (`codec_whitelist`).
CODECS = frozenset(
    {
        *("mp3", "mp3float", "mp2", "mp2float", "mp1", "mp1float", "aac", "alac", "vorbis", "opus", "libopus", "flac"),
        *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"),
        *("pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw"),
        *("adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_yamaha", "gsm_ms", "wmav1", "wmav2", "wmapro"),
        *("wavpack", "ac3", "eac3", "amrnb", "amrwb", "speex", "libspeex"),
    }
)
#: Tracks of a film that are not its sound.
BESIDE_THE_MUSIC = (
    Disposition.comment | Disposition.hearing_impaired | Disposition.visual_impaired | Disposition.descriptions
)
#: What a track is called whose packets are encrypted (FairPlay, Common Encryption).
PROTECTED = frozenset({"drms", "enca"})
#: Kinds that say how long each of their tracks is; for the others FFmpeg fills in the length of the whole.
KNOWS_EACH_TRACK = frozenset({Kind.MP4, Kind.AVI})
MAX_COMMENT_CHARACTERS = 200
#: `file` alone: no playlist, no reference inside a film may make FFmpeg open an address.
OPTIONS = {
    "protocol_whitelist": "file",
    "codec_whitelist": ",".join(sorted(CODECS)),
    "probesize": str(2 * 1024 * 1024),
    "analyzeduration": "5000000",
}


#: What FFmpeg cannot do here whatever the file is: parts that this build lacks, memory. Never the file's doing.
NOT_THE_FILES = (
    MemoryError,
    av.error.DemuxerNotFoundError,
    av.error.EncoderNotFoundError,
    av.error.FilterNotFoundError,
    av.error.MuxerNotFoundError,
    av.error.OptionNotFoundError,
    av.error.ProtocolNotFoundError,
)


class UndecodableError(Exception):
    """The file cannot be used, for `finding`. Never leaves the child process."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.problem.value)
        self.finding = finding


@dataclass(slots=True)
class Measurement:
    """What decoding found; filled while it goes on."""

    codec: str = ""
    sample_rate: int = 0
    channels: int = 0
    has_video: bool = False
    #: Sound tracks in it, of which one was decoded.
    tracks: int = 1
    #: Its packets are encrypted, so that what does not decode is not broken.
    is_protected: bool = False
    claimed_seconds: float | None = None
    bit_rate_kbps: int = 0
    #: What the file says about itself; cut off at MAX_COMMENT_CHARACTERS.
    comment: str = ""
    seconds: float = 0.0
    packets: int = 0
    lost_packets: int = 0
    #: One for each window: half of the distance between its extremes, 0..32767.
    peaks: "array[int]" = field(default_factory=lambda: array("H"))
    #: One for each window: the root of the mean square, offset removed, 0..32767.
    levels: "array[float]" = field(default_factory=lambda: array("f"))

    @property
    def lost_share(self) -> float:
        """0..1 of the packets did not decode."""
        return self.lost_packets / self.packets if self.packets else 0.0

    @property
    def sounding_seconds(self) -> float:
        """In how much of it something is heard."""
        return sum(1 for peak in self.peaks if peak >= AUDIBLE) / WINDOWS_PER_SECOND


def undecodable(problem: Problem, **values: float | str) -> UndecodableError:
    """The exception for `problem`."""
    return UndecodableError(Finding(problem=problem, values=values))


def open_sound(path: Path, kind: Kind) -> tuple[InputContainer, AudioStream]:
    """Opens `path` with the one demuxer of `kind`. Raises `UndecodableError` when nothing in it may be decoded.

    Raises one of `NOT_THE_FILES` too.
    """
    empty: frozenset[int] = frozenset()
    container = _opened(path, kind)
    try:
        if len(container.streams.audio) > 1:
            empty = _empty_before_the_best(container)
            container.close()  # whoever looked into it has moved it on
            container = _opened(path, kind)
        return container, _audio_stream(container, kind, empty)
    except BaseException:
        container.close()
        raise


def _opened(path: Path, kind: Kind) -> InputContainer:
    source, options = _as_ffmpeg_reads_it(path, kind)
    try:
        return av.open(source, "r", format=DEMUXERS[kind], options=options, metadata_errors="replace")
    except NOT_THE_FILES:
        raise
    except (av.error.FFmpegError, UnicodeError) as error:
        raise undecodable(Problem.CORRUPT, percent=100) from error


def _as_ffmpeg_reads_it(path: Path, kind: Kind) -> tuple[str | Part, dict[str, str]]:
    """What to open, and how: FFmpeg finds neither sound far behind a tag nor chunks whose lengths lie."""
    file = path.open("rb")
    begins_at = sniff(file).begins_at
    if kind is Kind.WAV:
        head = walk_wav(file, begins_at)
        if head is not None and (head.is_misleading or begins_at):
            return plain_wav(file, head), OPTIONS
    elif begins_at and kind not in {Kind.MP3, Kind.MP2}:
        return behind_its_tags(file, begins_at), OPTIONS
    file.close()
    return f"file:{path}", {**OPTIONS, "skip_initial_bytes": str(begins_at)} if begins_at else OPTIONS


def _audio_stream(container: InputContainer, kind: Kind, empty: Set[int]) -> AudioStream:
    if not container.streams.audio:
        raise undecodable(Problem.NO_SOUND, what=kind.value)
    stream = min(container.streams.audio, key=lambda each: (each.index in empty, *_rank(each)))
    context = _context(stream)
    if context is None or context.name not in CODECS:
        raise undecodable(Problem.CODEC, codec="?" if context is None else context.name)
    check_shape(stream.sample_rate or 0, stream.channels or 0)
    context.thread_count = 1
    return stream


def _context(stream: AudioStream) -> AudioCodecContext | None:
    """FFmpeg has codecs without a decoder; the stub of PyAV forgets that."""
    return cast("AudioCodecContext | None", stream.codec_context)


def _rank(stream: AudioStream) -> tuple[bool, bool, bool, bool, int]:
    """The track that a player plays goes first: one that can be played, and no commentary or the like.

    Of several the one that is marked as default, then the original, then the first.
    """
    marks = stream.disposition
    return (
        _context(stream) is None,
        bool(marks & BESIDE_THE_MUSIC),
        not marks & Disposition.default,
        bool(marks & Disposition.dub),
        stream.index,
    )


def _empty_before_the_best(container: InputContainer) -> frozenset[int]:
    """Tracks without a single packet, as far as they would be played before one that has some."""
    ranked = sorted(container.streams.audio, key=_rank)
    met: set[int] = set()
    try:
        for packet in container.demux(ranked):
            met |= {packet.stream.index} if packet.size else set()
            if ranked[0].index in met:
                break
    except av.error.FFmpegError:
        return frozenset()  # it breaks off: then nobody can tell
    return frozenset(stream.index for stream in ranked if stream.index not in met) if met else frozenset()


def _is_protected(stream: AudioStream, packet: "Packet[AudioStream]") -> bool:
    return packet.has_sidedata("encryption_info") or stream.codec_context.codec_tag in PROTECTED


def check_shape(sample_rate: int, channels: int) -> None:
    """Raises `UndecodableError` for a rate or a channel count that no song has."""
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        raise undecodable(Problem.RATE, rate=sample_rate, lowest=MIN_RATE)
    if not 1 <= channels <= MAX_CHANNELS:
        raise undecodable(Problem.CHANNELS, channels=channels, most=MAX_CHANNELS)
    if sample_rate * channels > MAX_SAMPLES_PER_SECOND:
        raise undecodable(Problem.DENSE, rate=sample_rate, channels=channels, most=MAX_SAMPLES_PER_SECOND)


def frames(
    container: InputContainer, stream: AudioStream, measured: Measurement, limits: ChildLimits
) -> Iterator[AudioFrame]:
    """Every frame that decodes, counted in `measured`. Raises `UndecodableError` at a limit."""
    shape: tuple[str, str, int] | None = None
    changes = 0
    for frame in _decoded(container, stream, measured, limits):
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if now != shape:
            check_shape(frame.sample_rate, frame.layout.nb_channels)
            shape, changes = now, changes + 1
            if changes > MAX_CHANGES:
                raise undecodable(Problem.CORRUPT, percent=100)
        measured.seconds += frame.samples / frame.sample_rate
        if measured.seconds > limits.decoded_seconds:
            raise undecodable(Problem.ENDLESS, minutes=round(limits.decoded_seconds / 60))
        yield frame


def _decoded(
    container: InputContainer, stream: AudioStream, measured: Measurement, limits: ChildLimits
) -> Iterator[AudioFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            measured.packets += 1
            measured.lost_packets += 1
            return
        if packet is None:
            return
        measured.packets += bool(packet.size)
        measured.is_protected = measured.is_protected or _is_protected(stream, packet)
        if measured.packets > limits.packets:
            raise undecodable(Problem.TOO_HEAVY)
        if measured.packets % CHECK_EVERY == 0:
            check_memory(limits.memory_bytes)
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            measured.lost_packets += 1


def measure(path: Path, kind: Kind, limits: ChildLimits) -> Measurement:
    """Decodes all of `path` and returns what was heard. Raises `UndecodableError`, `MemoryError`."""
    container, stream = open_sound(path, kind)
    with container:
        measured = Measurement(
            codec=stream.codec_context.name,
            sample_rate=stream.sample_rate,
            channels=stream.channels,
            tracks=len(container.streams.audio),
            has_video=any(not video.disposition & Disposition.attached_pic for video in container.streams.video),
            claimed_seconds=_claimed_seconds(container, stream, kind),
            bit_rate_kbps=round((stream.bit_rate or container.bit_rate or 0) / 1000),
            comment=container.metadata.get("comment", "").strip()[:MAX_COMMENT_CHARACTERS],
        )
        meter = Meter(measured)
        try:
            for frame in frames(container, stream, measured, limits):
                meter.add(frame)
        except UndecodableError as error:
            if measured.is_protected and error.finding.problem is not Problem.ENDLESS:
                raise undecodable(Problem.CODEC, codec=measured.codec) from error  # what noise looked like
            raise
        meter.close()
    return measured


def _claimed_seconds(container: InputContainer, stream: AudioStream, kind: Kind) -> float | None:
    """What the file says of its sound. Many kinds know the length of a whole film alone, which is no word on that."""
    is_alone = len(container.streams) == 1
    if stream.duration and stream.time_base and (is_alone or kind in KNOWS_EACH_TRACK):
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration and is_alone else None


class Meter:
    """Turns frames into levels, `WINDOWS_PER_SECOND` of them, whatever the layout and rate."""

    def __init__(self, measured: Measurement) -> None:
        self._measured = measured
        self._shape: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def add(self, frame: AudioFrame) -> None:
        """Takes one more frame."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self._shape or self._resampler is None:
            self.close()
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            window = frame.sample_rate // WINDOWS_PER_SECOND
            self._resampler = AudioResampler(format="s16p", layout=layout, rate=frame.sample_rate, frame_size=window)
            self._shape = shape
        frame.pts = None
        self._take(self._resampler.resample(frame))

    def close(self) -> None:
        """Takes what is left in the resampler."""
        if self._resampler is not None:
            self._take(self._resampler.resample(None))
            self._resampler = None

    def _take(self, windows: list[AudioFrame]) -> None:
        for window in windows:
            peak, level = 0, 0.0
            for plane in window.planes:
                samples = memoryview(plane).cast("h")[: window.samples : STRIDE].tolist()
                mean = sum(samples) / len(samples)
                peak = max(peak, (max(samples) - min(samples)) // 2)
                level = max(level, sum(map(mul, samples, samples)) / len(samples) - mean * mean)
            self._measured.peaks.append(peak)
            self._measured.levels.append(sqrt(max(level, 0.0)))
