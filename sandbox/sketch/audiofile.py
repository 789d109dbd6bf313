"""Sound files in and out, through PyAV: any format FFmpeg reads, and a stereo MP3."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.error import FFmpegError

from sandbox.sketch.errors import UnreadableReferenceError

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Floats

COMMENT = "offline sketch, no AI"
MP3_RATE = 44_100
MP3_BITS_PER_SECOND = 224_000


def read_mono(path: Path, rate: int, max_seconds: float) -> Floats:
    """The first `max_seconds` of the file, mixed to one channel at `rate`, float32.

    Raises UnreadableReferenceError when there is no file, no sound stream, or not one decodable frame. A file that
    breaks in the middle yields what came before.
    """
    if not path.is_file():
        raise UnreadableReferenceError(f"There is no file {path.name!r}.")
    blocks: list[Floats] = []
    try:
        _decode(path, rate, max_seconds, blocks)
    except (FFmpegError, ValueError, OverflowError, IndexError) as error:
        if getattr(error, "errno", None) == errno.ENOMEM:
            raise MemoryError from error
        if not blocks:
            raise UnreadableReferenceError(f"No sound could be read from {path.name!r}.") from error
    if not blocks:
        raise UnreadableReferenceError(f"No sound could be read from {path.name!r}.")
    samples = np.concatenate(blocks)[: int(max_seconds * rate)]
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)


def read_stereo(path: Path) -> Floats:
    """A whole file as (n, 2) at its own rate, for measuring."""
    with av.open(str(path), metadata_errors="replace") as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo")
        frames = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).T.astype(np.float32, copy=False)


def _decode(path: Path, rate: int, max_seconds: float, blocks: list[Floats]) -> None:
    """Appends decoded blocks, so that what was read before an error is kept."""
    count = 0
    with av.open(str(path), metadata_errors="replace") as container:
        if not container.streams.audio:
            return
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        for frame in container.decode(container.streams.audio[0]):
            for piece in resampler.resample(frame):
                blocks.append(piece.to_ndarray()[0].astype(np.float32))
                count += len(blocks[-1])
            if count >= max_seconds * rate:
                return
        blocks.extend(piece.to_ndarray()[0].astype(np.float32) for piece in resampler.resample(None))


def write_mp3(path: Path, samples: Floats, title: str) -> None:
    """Writes (n, 2) float samples in -1..1 as a 44.1 kHz stereo MP3 with an ID3 title and the honest comment."""
    whole = np.ascontiguousarray(np.clip(samples, -1.0, 1.0).T, dtype=np.float32)
    with av.open(str(path), "w", format="mp3") as container:
        container.metadata["title"] = title
        container.metadata["comment"] = COMMENT
        container.metadata["encoded_by"] = "sketch"
        stream = container.add_stream("libmp3lame", rate=MP3_RATE, layout="stereo")
        stream.bit_rate = MP3_BITS_PER_SECOND
        for start in range(0, whole.shape[1], MP3_RATE):
            block = np.ascontiguousarray(whole[:, start : start + MP3_RATE])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate = MP3_RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
