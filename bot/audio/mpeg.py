"""MPEG audio frame headers: enough of them to tell an MP3 from bytes that only look like one, and what it claims."""

import re
from dataclasses import dataclass
from mmap import mmap

#: A file's bytes, in memory or mapped.
Bytes = bytes | mmap

#: kbit/s by (MPEG-1?, layer) and index; 0 stands for "free". ISO 11172-3 table in 2.4.2.3, ISO 13818-3 in 2.4.2.3.
BIT_RATES = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
#: Hz by version bits: 0 = MPEG-2.5, 2 = MPEG-2, 3 = MPEG-1.
SAMPLE_RATES = {0: (11025, 12000, 8000), 2: (22050, 24000, 16000), 3: (44100, 48000, 32000)}
#: Headers in a row that must fit: four by chance are one in 10^17 places.
CHAIN = 4
#: The longest free-format frame worth looking for: 640 kbit/s at 32 kHz is 2880 bytes.
FREE_FRAME_BYTES = 2881
#: Places that look like a header and lead nowhere: 25 MB of noise hold some 5,000. A file with more is made of them,
#: and each costs a few microseconds.
MAX_FALSE_HEADERS = 200_000
#: What `frame_head` takes, as far as single bytes tell: a search in C instead of one in Python.
_HEADER = re.compile(
    b"\xff["
    + b"".join(b"\\x%02x" % byte for byte in range(0xE0, 0x100) if byte >> 3 & 3 != 1 and byte >> 1 & 3)
    + b"]["
    + b"".join(b"\\x%02x" % byte for byte in range(0xF0) if byte >> 2 & 3 != 3)
    + b"]",
    re.DOTALL,
)
#: ADTS (AAC): no layer, no forbidden sample rate. The rest of a frame's fixed head must be alike in all of them.
_ADTS_HEADER = re.compile(
    b"\xff[\xf0\xf1\xf8\xf9][" + b"".join(b"\\x%02x" % byte for byte in range(0x100) if byte >> 2 & 15 < 13) + b"]",
    re.DOTALL,
)
_ADTS_HEAD_BYTES = 7
#: Each try at a free-format chain costs milliseconds; a file made of such headers must not buy more than a few.
FREE_TRIES = 8


@dataclass(frozen=True, slots=True)
class FrameHead:
    """One frame header; `bit_rate` 0 means free format, and `length` is then unknown (0)."""

    version: int
    layer: int
    bit_rate: int
    sample_rate: int
    channels: int
    length: int

    @property
    def samples(self) -> int:
        """Per channel in this frame."""
        if self.layer == 1:
            return 384
        return 576 if self.layer == 3 and self.version != 3 else 1152

    def like(self, other: "FrameHead | None") -> bool:
        """True when both can stand in one stream."""
        return other is not None and (self.version, self.layer, self.sample_rate, self.bit_rate == 0) == (
            other.version,
            other.layer,
            other.sample_rate,
            other.bit_rate == 0,
        )


def frame_head(data: Bytes, at: int) -> FrameHead | None:
    """The frame header at `at`, or None where there is none."""
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    second, third = data[at + 1], data[at + 2]
    version, layer = second >> 3 & 3, 4 - (second >> 1 & 3)
    if version == 1 or layer == 4 or third >> 4 == 15 or third >> 2 & 3 == 3:
        return None
    bit_rate = BIT_RATES[version == 3, layer][third >> 4]
    sample_rate = SAMPLE_RATES[version][third >> 2 & 3]
    channels = 1 if data[at + 3] >> 6 == 3 else 2
    length = _length(version, layer, bit_rate, sample_rate, padding=third >> 1 & 1)
    return FrameHead(version, layer, bit_rate, sample_rate, channels, length)


def find_frames(data: Bytes, start: int = 0) -> tuple[int, FrameHead] | None:
    """Offset and header of the first frame that `CHAIN - 1` others follow (fewer only where `data` ends)."""
    free_tries = FREE_TRIES
    for tries, found in enumerate(_HEADER.finditer(data, start)):
        if tries > MAX_FALSE_HEADERS:
            return None
        at = found.start()
        head = frame_head(data, at)
        if head is not None and head.bit_rate and _chains(data, at, head):
            return at, head
        if head is not None and not head.bit_rate and free_tries:
            free_tries -= 1
            if _chains_freely(data, at, head):
                return at, head
    return None


def find_adts(data: Bytes, start: int = 0) -> int | None:
    """Where the first raw AAC frame stands that `CHAIN - 1` others follow (fewer only where `data` ends)."""
    for tries, found in enumerate(_ADTS_HEADER.finditer(data, start)):
        if tries > MAX_FALSE_HEADERS:
            return None
        if _chains_as_adts(data, found.start()):
            return found.start()
    return None


def _chains_as_adts(data: Bytes, at: int) -> bool:
    fixed = data[at : at + 3]
    for seen in range(CHAIN):
        head = data[at : at + _ADTS_HEAD_BYTES]
        if len(head) < _ADTS_HEAD_BYTES:
            return seen >= 3
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if head[:3] != fixed or length < _ADTS_HEAD_BYTES:
            return False
        at += length
    return True


def claimed_seconds(frame: bytes, head: FrameHead) -> float | None:
    """The length a Xing, Info or VBRI header in the first frame states; None without one."""
    if head.layer != 3:
        return None
    side = (17 if head.channels == 1 else 32) if head.version == 3 else (9 if head.channels == 1 else 17)
    xing = frame[4 + side : 4 + side + 12]
    if xing[:4] in {b"Xing", b"Info"} and len(xing) == 12 and xing[7] & 1:
        count = int.from_bytes(xing[8:12], "big")
    elif frame[36:40] == b"VBRI" and len(frame) >= 54:
        count = int.from_bytes(frame[50:54], "big")
    else:
        return None
    return count * head.samples / head.sample_rate


def _length(version: int, layer: int, bit_rate: int, sample_rate: int, *, padding: int) -> int:
    if not bit_rate:
        return 0
    if layer == 1:
        return (12000 * bit_rate // sample_rate + padding) * 4
    return (72000 if layer == 3 and version != 3 else 144000) * bit_rate // sample_rate + padding


def _chains(data: Bytes, at: int, head: FrameHead) -> bool:
    following = at + head.length
    for seen in range(1, CHAIN):
        if following + 4 > len(data):
            return seen >= 2
        found = frame_head(data, following)
        if found is None or not head.like(found):
            return False
        following += found.length
    return True


def _chains_freely(data: Bytes, at: int, head: FrameHead) -> bool:
    """Free-format frames all have one length (plus padding), which only the next header gives away."""
    if head.layer != 3:
        return False
    for length in range(32, FREE_FRAME_BYTES):
        places = [at + length * n for n in range(1, CHAIN + 2)]
        if places[-1] + 4 + CHAIN > len(data):
            return False
        if all(_near(data, place, head, slack=n + 1) for n, place in enumerate(places)):
            return True
    return False


def _near(data: Bytes, place: int, head: FrameHead, *, slack: int) -> bool:
    return any(head.like(frame_head(data, place + extra)) for extra in range(slack + 1))
