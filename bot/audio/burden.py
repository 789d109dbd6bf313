"""Tags that are cheap to write and dear to read, for FFmpeg compares each entry with all before it: weighed first.

Sources: ID3v2.2 section 3.2, ID3v2.3.0 section 3.3, ID3v2.4.0 section 4 (id3.org); APEv2 footer (hydrogenaud.io);
RFC 9639 (FLAC) sections 8.2 and 8.6.
"""

import os
from dataclasses import dataclass
from typing import BinaryIO

from bot.audio.sniffing import MAX_TAGS, tags_length

#: Pictures in print quality stay below; a picture is one entry.
MAX_TAG_BYTES = 16 * 1024 * 1024
#: A well kept library writes thirty; 400 000 take a minute of computing.
MAX_ENTRIES = 200
#: FLAC files have five or six metadata blocks.
MAX_BLOCKS = 64
_APE_FOOTER_BYTES, _ID3V1_BYTES = 32, 128
_COMMENTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """What a file's tags weigh."""

    size_bytes: int = 0
    #: Never more than a little above `MAX_ENTRIES`: nobody counts on.
    entries: int = 0

    @property
    def is_too_much(self) -> bool:
        """True when no song needs that."""
        return self.size_bytes > MAX_TAG_BYTES or self.entries > MAX_ENTRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class FlacHead:
    """What the metadata blocks of a FLAC file say."""

    sample_rate: int
    channels: int
    burden: Burden


def weigh_tags(file: BinaryIO, *, begins_at: int = 0) -> Burden:
    """The ID3v2 tags at the start and the APEv2 tag at the end. Leaves the position anywhere.

    `begins_at`: where FFmpeg is told to begin. It then never sees the tags at the start, nor what they claim.
    """
    if begins_at:
        return Burden(entries=_ape_entries(file))
    entries = position = 0
    for _ in range(MAX_TAGS):
        file.seek(position)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
            break
        start, position = position, position + _tag_bytes(head)
        entries += _id3_entries(file, start + 10, position, head)
    end = file.seek(0, os.SEEK_END)  # a tag may claim more than there is
    return Burden(size_bytes=min(tags_length(file), end), entries=entries + _ape_entries(file))


def _tag_bytes(head: bytes) -> int:
    return 10 + _syncsafe(head[6:10]) + (10 if head[5] & 0x10 else 0)


def _syncsafe(size: bytes) -> int:
    return size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]


def _id3_entries(file: BinaryIO, start: int, end: int, head: bytes) -> int:
    """Frames of one tag. In 2.4 some writers give plain sizes; readers guess, so the larger count is taken."""
    version, has_extension = head[3], head[5] & 0x40
    if has_extension and version > 2:
        file.seek(start)
        size = file.read(4)
        if len(size) < 4:
            return 0
        start += _syncsafe(size) if version == 4 else 4 + int.from_bytes(size, "big")
    plain = _frames(file, start, end, version, is_syncsafe=False)
    return max(plain, _frames(file, start, end, version, is_syncsafe=True)) if version == 4 else plain


def _frames(file: BinaryIO, position: int, end: int, version: int, *, is_syncsafe: bool) -> int:
    head_bytes, name_bytes = (6, 3) if version <= 2 else (10, 4)
    count = 0
    while position + head_bytes <= end and count <= MAX_ENTRIES:
        file.seek(position)
        head = file.read(head_bytes)
        if len(head) < head_bytes or not head[0]:  # padding
            break
        size = head[name_bytes : 6 if version <= 2 else 8]
        position += head_bytes + (_syncsafe(size) if is_syncsafe else int.from_bytes(size, "big"))
        count += 1
    return count


def _ape_entries(file: BinaryIO) -> int:
    """What the footer of an APEv2 tag claims; nobody reads more than that."""
    size = file.seek(0, os.SEEK_END)
    for behind in (0, _ID3V1_BYTES):
        if size >= _APE_FOOTER_BYTES + behind:
            file.seek(size - _APE_FOOTER_BYTES - behind)
            footer = file.read(_APE_FOOTER_BYTES)
            if footer.startswith(b"APETAGEX"):
                return int.from_bytes(footer[16:20], "little")
    return 0


def walk_flac(file: BinaryIO) -> FlacHead | None:
    """Reads the metadata blocks. None when there is no stream to be described, which is FFmpeg's to judge."""
    begins_at = tags_length(file)
    position = begins_at + 4
    rate = channels = comments = 0
    for _ in range(MAX_BLOCKS):
        file.seek(position)
        head = file.read(4)
        if len(head) < 4:
            break
        kind, length = head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind == 0:
            shape = int.from_bytes(file.read(18)[10:], "big")
            rate, channels = shape >> 44, (shape >> 41 & 7) + 1
        elif kind == _COMMENTS:
            comments += _comments(file, position + 4)
        position += 4 + length
        if head[0] & 0x80:
            break
    burden = Burden(size_bytes=min(position, file.seek(0, os.SEEK_END)) - begins_at, entries=comments)
    return FlacHead(sample_rate=rate, channels=channels, burden=burden) if rate else None


def _comments(file: BinaryIO, position: int) -> int:
    """What the block claims to hold; it is little-endian, unlike all else in FLAC."""
    vendor_bytes = int.from_bytes(file.read(4), "little")
    file.seek(position + 4 + vendor_bytes)
    return int.from_bytes(file.read(4), "little")
