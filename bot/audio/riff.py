"""The headers of a WAV file, walked by hand: sizes that lie and rates that do not exist, before FFmpeg sees them."""

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

#: Honest files have fewer than ten. FFmpeg would follow any number of them; beyond these it is spared that.
MAX_CHUNKS = 64
#: What is walked here at the most, in tenths of a second.
MAX_WALKED = 100_000
#: Where a chunk of odd length has no pad byte behind it, one of these stands there instead.
CHUNK_NAMES = frozenset(
    {
        *(b"fmt ", b"data", b"LIST", b"fact", b"bext", b"JUNK", b"junk", b"PAD ", b"PEAK", b"cue ", b"smpl", b"inst"),
        *(b"id3 ", b"ID3 ", b"iXML", b"_PMX", b"cart", b"acid", b"strc", b"DISP", b"afsp", b"plst", b"labl", b"note"),
    }
)
#: Sizes that streaming writers leave behind because they never came back to fill them in.
UNFILLED = frozenset({0, 0xFFFFFFFF})
_SEARCHED_BYTES = 1 << 20


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
    #: Its chunks lead a plain reader astray: no pad byte behind an odd one, lengths that lie, or far too many.
    is_misleading: bool = False

    @property
    def claimed_seconds(self) -> float | None:
        """By the claimed size; None where there is no claim or no rate."""
        if self.claimed_bytes is None or not self.bytes_per_second:
            return None
        return self.claimed_bytes / self.bytes_per_second


class _Walk:
    """What a walk over the chunks has met so far."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.fmt = b""
        self.fmt_at = 0
        #: Where the sound begins, and its length as claimed.
        self.sound: tuple[int, int] | None = None
        self.is_misleading = False

    @property
    def is_done(self) -> bool:
        return bool(self.fmt) and self.sound is not None


def walk_wav(file: BinaryIO, start: int = 0) -> WavHead | None:
    """Reads the chunk headers of the WAV file that begins at `start`, tags before it, up to `fmt ` and `data`.

    Where the lengths of chunks lead nowhere, the sound is looked for behind `fmt `. None when one of the two is missing
    or unreadable.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(start)
    is_riff = file.read(4) == b"RIFF"
    walk = _Walk(start + 12)
    for count in range(MAX_WALKED):
        walk.is_misleading |= count >= MAX_CHUNKS
        if walk.is_done or not _step(file, walk):
            break
    if walk.fmt and walk.sound is None:
        walk.sound, walk.is_misleading = _sound_behind(file, walk.fmt_at, size), True
    if len(walk.fmt) < 16 or walk.sound is None:
        return None
    data_at, length = walk.sound
    return WavHead(
        fmt=walk.fmt,
        data_at=data_at,
        is_misleading=walk.is_misleading,
        channels=int.from_bytes(walk.fmt[2:4], "little"),
        sample_rate=int.from_bytes(walk.fmt[4:8], "little"),
        bytes_per_second=int.from_bytes(walk.fmt[8:12], "little"),
        claimed_bytes=None if length in UNFILLED or not is_riff else length,
        present_bytes=size - data_at,
    )


def _step(file: BinaryIO, walk: _Walk) -> bool:
    """Past one chunk; False where there is none."""
    file.seek(walk.position)
    head = file.read(8)
    if len(head) < 8:
        return False
    name, length = head[:4], int.from_bytes(head[4:], "little")
    if name == b"fmt ":
        walk.is_misleading |= walk.sound is not None
        walk.fmt, walk.fmt_at = file.read(min(length, 40)), walk.position
    elif name == b"data" and walk.sound is None:
        walk.sound = (walk.position + 8, length)
        if walk.fmt:
            return True
    walk.position += 8 + length
    if length & 1:
        file.seek(walk.position)
        behind = file.read(5)
        is_padded = behind[:4] not in CHUNK_NAMES or behind[1:] in CHUNK_NAMES
        walk.position += is_padded
        walk.is_misleading |= not is_padded
    return True


def _sound_behind(file: BinaryIO, position: int, size: int) -> tuple[int, int] | None:
    """The first `data` chunk whose length fits into the file, wherever it stands."""
    while position < size:
        file.seek(position)
        block = file.read(_SEARCHED_BYTES + 7)
        at = block.find(b"data")
        while 0 <= at <= len(block) - 8:
            length = int.from_bytes(block[at + 4 : at + 8], "little")
            if length in UNFILLED or length <= size - position - at - 8:
                return position + at + 8, length
            at = block.find(b"data", at + 1)
        position += _SEARCHED_BYTES
    return None


class Part(io.RawIOBase):
    """A file as if it held `head` and, behind it, the `size` bytes from `start` on, and nothing else."""

    def __init__(self, file: BinaryIO, start: int, size: int, head: bytes = b"") -> None:
        """`file` is closed with this."""
        self._head = head
        self._file = file
        self._start = start
        self._size = len(head) + max(0, size)
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
            self._file.seek(self._start + self._position - len(self._head))
            part = self._file.read(wanted)
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()


def behind_its_tags(file: BinaryIO, start: int) -> Part:
    """All of a file from `start` on."""
    return Part(file, start, file.seek(0, os.SEEK_END) - start)


def plain_wav(file: BinaryIO, head: WavHead) -> Part:
    """A WAV file as if it held its format and its sound alone; for one whose other chunks mislead FFmpeg."""
    size = min(head.present_bytes, 0xFFFFFFFF - 64 if head.claimed_bytes is None else head.claimed_bytes)
    fmt = head.fmt + b"\0" * (len(head.fmt) & 1)
    chunks = b"WAVEfmt " + len(head.fmt).to_bytes(4, "little") + fmt + b"data" + size.to_bytes(4, "little")
    return Part(file, head.data_at, size, b"RIFF" + (len(chunks) + size).to_bytes(4, "little") + chunks)
