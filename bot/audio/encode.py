"""Any sound FFmpeg reads into an MP3 that everything plays, whole or an excerpt of it. Runs only in a child process."""

import errno
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from bot.audio.decode import Measurement, frames, open_sound
from bot.audio.model import ChildLimits, Finding, Problem, stopped_at
from bot.audio.sniffing import Kind

#: Samples in one MPEG-1 frame; all we write is MPEG-1.
FRAME = 1152
#: What MPEG-1 layer III knows; everything else becomes the first.
RATES = (44100, 48000, 32000)
#: kbit/s of MPEG-1 layer III from 64 up, largest first.
BIT_RATES = (320, 256, 224, 192, 160, 128, 112, 96, 80, 64)
#: Tags, the Xing frame and a reservoir's rounding.
OVERHEAD_BYTES = 16 * 1024
#: LAME's speed, 0 (slow) to 9. Four minutes take 3.7 s of CPU instead of 5.2 at the default, 5; 9 is no faster.
COMPRESSION_LEVEL = "7"
#: Frames faded in (26 ms) and out (half a second) where an excerpt is cut out.
FADE_IN_FRAMES = 1
FADE_OUT_FRAMES = 19
#: What the system says of a disk that takes nothing. FFmpeg says EIO of broken sound too, so that one proves nothing.
_DISK_FAULTS = frozenset(
    getattr(errno, name, None) for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "ENOENT", "ENODEV")
) - {None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The excerpt to keep."""

    start_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What was written."""

    seconds: float
    #: Where it really begins: the next zero crossing.
    start_seconds: float


def fitting_bit_rate(seconds: float, limit_bytes: int, max_kbps: int = BIT_RATES[0]) -> int | None:
    """The largest constant bit rate (kbit/s) with which `seconds` stay within `limit_bytes`; None when none does."""
    return next(
        (rate for rate in BIT_RATES if rate <= max_kbps and seconds * rate * 125 + OVERHEAD_BYTES <= limit_bytes),
        None,
    )


def encode_mp3(
    source: Path, kind: Kind, out: Path, *, bit_rate_kbps: int, limits: ChildLimits, cut: Cut | None = None
) -> Encoded:
    """Writes `source` to `out` as MP3. Raises `RefusedError`, `MemoryError`, `OSError` (`av.FFmpegError` is one)."""
    container, stream = open_sound(source, kind)
    with container:
        rate = stream.sample_rate if stream.sample_rate in RATES else RATES[0]
        skip = round(cut.start_seconds * rate) if cut else 0
        reader = BlockReader(rate, "mono" if stream.channels == 1 else "stereo", skip)
        with Mp3Writer(out, reader, bit_rate_kbps) as writer:
            blocks = reader.blocks(frames(container, stream, Measurement(), limits))
            if cut is None:
                for block in blocks:
                    writer.add(block)
            else:
                _write_excerpt(writer, blocks, round(cut.seconds * rate) // FRAME)
    return Encoded(seconds=writer.samples / rate, start_seconds=reader.skipped / rate)


def not_written(error: OSError | av.error.FFmpegError, limits: ChildLimits) -> Finding:
    """Why an MP3 could not be written: it grew too large, the disk did not take it, or FFmpeg could not make it."""
    if error.errno == errno.EFBIG:
        return stopped_at(Problem.OVER_OUTPUT, limits)
    # FFmpeg has numbers of its own for all that is wrong with sound
    is_disks = error.errno in _DISK_FAULTS or not isinstance(error, av.error.FFmpegError)
    return Finding(problem=Problem.DISK if is_disks else Problem.NOT_CONVERTED)


def _write_excerpt(writer: "Mp3Writer", blocks: Iterator[AudioFrame], wanted: int) -> None:
    for index, block in enumerate(blocks):
        if index >= wanted:
            return
        before, after = _gain(index, wanted), _gain(index + 1, wanted)
        if before < 1 or after < 1:
            fade(block, before, after)
        writer.add(block)


def _gain(index: int, wanted: int) -> float:
    return max(0.0, min(1.0, index / FADE_IN_FRAMES, (wanted - index) / FADE_OUT_FRAMES))


def fade(block: AudioFrame, before: float, after: float) -> None:
    """Scales the samples of a planar 16-bit block from the gain `before` to the gain `after`, in place."""
    step = (after - before) / block.samples
    for plane in block.planes:
        samples = memoryview(plane).cast("h").tolist()
        scaled = array("h", (int(sample * (before + step * n)) for n, sample in enumerate(samples)))
        plane.update(scaled.tobytes())


def zero_crossing(block: AudioFrame, start: int) -> int:
    """Index of the first sample from `start` on at which the first channel changes its sign; `start` without one."""
    samples = memoryview(block.planes[0]).cast("h")[: block.samples].tolist()
    later = range(max(1, start), len(samples))
    return next((n for n in later if (samples[n - 1] < 0) != (samples[n] < 0)), start)


class BlockReader:
    """Frames of any shape in, blocks of `FRAME` samples of one shape out (planar, 16 bit).

    What stands before the first change of sign after `skip` samples is dropped; `skipped` says how much that was.
    """

    def __init__(self, rate: int, layout: str, skip: int = 0) -> None:
        self.rate = rate
        self.layout = layout
        self.skipped = 0
        self._skip = skip
        self._fifo = AudioFifo()

    def blocks(self, sound: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
        """All blocks; the last one may be shorter."""
        for frame in self._from_start(self._uniform(sound)):
            frame.pts = None
            self._fifo.write(frame)
            while self._fifo.samples >= FRAME:
                yield self._read(FRAME)
        if self._fifo.samples:
            yield self._read(self._fifo.samples)

    def _from_start(self, sound: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
        started = not self._skip
        for frame in sound:
            if started:
                yield frame
            elif self.skipped + frame.samples <= self._skip:
                self.skipped += frame.samples
            else:
                at = zero_crossing(frame, self._skip - self.skipped)
                self.skipped += at
                started = True
                yield self._tail(frame, at)

    def _tail(self, frame: AudioFrame, start: int) -> AudioFrame:
        tail = AudioFrame(format="s16p", layout=self.layout, samples=frame.samples - start)
        for old, new in zip(frame.planes, tail.planes, strict=True):
            new.update(bytes(old)[2 * start : 2 * frame.samples].ljust(new.buffer_size, b"\x00"))
        tail.sample_rate = self.rate
        return tail

    def _read(self, samples: int) -> AudioFrame:
        block = self._fifo.read(samples)
        assert block is not None  # only what is there is asked for
        return block

    def _uniform(self, sound: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
        resampler: AudioResampler | None = None
        shape: tuple[str, str, int] | None = None
        for frame in sound:
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if resampler is None or now != shape:
                if resampler is not None:
                    yield from resampler.resample(None)
                resampler, shape = AudioResampler(format="s16p", layout=self.layout, rate=self.rate), now
            frame.pts = None
            yield from resampler.resample(frame)
        if resampler is not None:
            yield from resampler.resample(None)


class Mp3Writer:
    """An MP3 file being written at a constant bit rate. `samples` counts what went in, for each channel."""

    def __init__(self, out: Path, reader: BlockReader, bit_rate_kbps: int) -> None:
        self.samples = 0
        self._sink = av.open(str(out), "w", format="mp3", options={"id3v2_version": "0", "write_id3v1": "0"})
        options = {"compression_level": COMPRESSION_LEVEL}
        self._stream = self._sink.add_stream("libmp3lame", rate=reader.rate, layout=reader.layout, options=options)  # pyright: ignore[reportUnknownMemberType]
        self._stream.bit_rate = bit_rate_kbps * 1000

    def add(self, block: AudioFrame) -> None:
        """Encodes one block."""
        block.pts = self.samples
        self.samples += block.samples
        self._sink.mux(self._stream.encode(block))  # pyright: ignore[reportUnknownMemberType]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.samples:
            self._sink.mux(self._stream.encode(None))  # pyright: ignore[reportUnknownMemberType]
        self._sink.close()
