"""The headers of a WAV file, walked by hand: sizes that lie and rates that do not exist, before FFmpeg sees them."""

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

#: Honest files have fewer than ten; FFmpeg would follow 200 000 of them.
MAX_CHUNKS = 64
#: Where a chunk of odd length has no pad byte behind it, one of these stands there instead.
CHUNK_NAMES = frozenset(
    {
        *(b"fmt ", b"data", b"LIST", b"fact", b"bext", b"JUNK", b"junk", b"PAD ", b"PEAK", b"cue ", b"smpl", b"inst"),
        *(b"id3 ", b"ID3 ", b"iXML", b"_PMX", b"cart", b"acid", b"strc", b"DISP", b"afsp", b"plst", b"labl", b"note"),
    }
)
#: Sizes that streaming writers leave behind because they never came back to fill them in.
UNFILLED = frozenset({0, 0xFFFFFFFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class WavHead:
    """What the `fmt ` and `data` chunks say."""

    channels: int
    sample_rate: int
    bytes_per_second: int
    #: What the header claims, None where it was left unfilled or stands elsewhere (RF64).
    claimed_bytes: int | None
    #: What is there.
    present_bytes: int
    #: The `fmt ` chunk without its head, and where the sound begins.
    fmt: bytes
    data_at: int
    #: A chunk of odd length has no pad byte, so that whoever expects one loses the chunks behind it.
    lacks_padding: bool = False

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
    lacks_padding = False
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if name == b"fmt ":
            fmt = file.read(min(length, 40))
        elif name == b"data":
            claimed = None if length in UNFILLED or not is_riff else length
            return _head(fmt, claimed, size, data_at=position + 8, lacks_padding=lacks_padding)
        position += 8 + length
        if length & 1:
            file.seek(position)
            behind = file.read(5)
            is_padded = behind[:4] not in CHUNK_NAMES or behind[1:] in CHUNK_NAMES
            position += is_padded
            lacks_padding |= not is_padded
    return None


def _head(fmt: bytes, claimed_bytes: int | None, size: int, *, data_at: int, lacks_padding: bool) -> WavHead | None:
    if len(fmt) < 16:
        return None
    return WavHead(
        fmt=fmt,
        data_at=data_at,
        lacks_padding=lacks_padding,
        channels=int.from_bytes(fmt[2:4], "little"),
        sample_rate=int.from_bytes(fmt[4:8], "little"),
        bytes_per_second=int.from_bytes(fmt[8:12], "little"),
        claimed_bytes=claimed_bytes,
        present_bytes=size - data_at,
    )


class PlainWav(io.RawIOBase):
    """A WAV file as if it held its format and its sound alone; for one whose other chunks mislead FFmpeg."""

    def __init__(self, file: BinaryIO, head: WavHead) -> None:
        """`file` is closed with this."""
        size = min(head.present_bytes, 0xFFFFFFFF - 64 if head.claimed_bytes is None else head.claimed_bytes)
        fmt = head.fmt + b"\0" * (len(head.fmt) & 1)
        chunks = b"WAVEfmt " + len(head.fmt).to_bytes(4, "little") + fmt + b"data" + size.to_bytes(4, "little")
        self._head = b"RIFF" + (len(chunks) + size).to_bytes(4, "little") + chunks
        self._file = file
        self._data_at = head.data_at
        self._size = len(self._head) + size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: "Buffer", /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(0, self._size - self._position))
        part = self._head[self._position : self._position + wanted]
        if not part:
            self._file.seek(self._data_at + self._position - len(self._head))
            part = self._file.read(wanted)
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()
