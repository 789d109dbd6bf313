"""The headers of a WAV file, walked by hand: sizes that lie and rates that do not exist, before FFmpeg sees them."""

import os
from dataclasses import dataclass
from typing import BinaryIO

#: Honest files have fewer than ten; FFmpeg would follow 200 000 of them.
MAX_CHUNKS = 64
#: Sizes that streaming writers leave behind because they never came back to fill them in.
UNFILLED = frozenset({0, 0xFFFFFFFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class WavHead:
    """What the `fmt ` and `data` chunks say."""

    format_tag: int
    channels: int
    sample_rate: int
    bytes_per_second: int
    #: What the header claims, None where it was left unfilled or stands elsewhere (RF64).
    claimed_bytes: int | None
    #: What is there.
    present_bytes: int

    @property
    def claimed_seconds(self) -> float | None:
        """By the claimed size; None where there is no claim or no rate."""
        if self.claimed_bytes is None or not self.bytes_per_second:
            return None
        return self.claimed_bytes / self.bytes_per_second


def walk_wav(file: BinaryIO) -> WavHead | None:
    """Reads the chunk headers up to `data`. None when `fmt ` or `data` is missing or unreadable."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    is_riff = file.read(4) == b"RIFF"
    position = 12
    fmt = b""
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if name == b"fmt ":
            fmt = file.read(min(length, 40))
        elif name == b"data":
            present = size - position - 8
            return _head(fmt, None if length in UNFILLED or not is_riff else length, present)
        position += 8 + length + (length & 1)
    return None


def _head(fmt: bytes, claimed_bytes: int | None, present_bytes: int) -> WavHead | None:
    if len(fmt) < 16:
        return None
    return WavHead(
        format_tag=int.from_bytes(fmt[0:2], "little"),
        channels=int.from_bytes(fmt[2:4], "little"),
        sample_rate=int.from_bytes(fmt[4:8], "little"),
        bytes_per_second=int.from_bytes(fmt[8:12], "little"),
        claimed_bytes=claimed_bytes,
        present_bytes=present_bytes,
    )
