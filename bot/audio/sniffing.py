"""What a file is by its first bytes, decided before FFmpeg sees any of it. Its name is not believed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from mmap import ACCESS_READ, mmap
from types import MappingProxyType
from typing import BinaryIO

from bot.audio.mpeg import FrameHead, claimed_seconds, find_adts, find_frames

#: What is read at once. MPEG frames are looked for behind it too: FFmpeg knows no such window either.
WINDOW_BYTES = 256 * 1024
#: A frame's header may lie across the window's end.
HEADER_BYTES = 4
#: Enough to tell text from noise.
TEXT_BYTES = 4096
#: Real files carry two or three; more is a trick.
MAX_TAGS = 8


class Kind(StrEnum):
    """What the bytes are. `sound.kind.<kind>` names it with its article."""

    #: MPEG layer III.
    MP3 = "mp3"
    #: MPEG layer I or II.
    MP2 = "mp2"
    #: MPEG layer III, bit rate "free".
    FREE_FORMAT = "free_format"
    #: RIFF, RF64 or BW64.
    WAV = "wav"
    #: Sony Wave64.
    W64 = "w64"
    #: Raw AAC (ADTS).
    AAC = "aac"
    #: MP4, M4A, 3GP, QuickTime.
    MP4 = "mp4"
    #: Ogg with Vorbis, Opus, FLAC or Speex.
    OGG = "ogg"
    #: FLAC.
    FLAC = "flac"
    #: AIFF or AIFC.
    AIFF = "aiff"
    #: Matroska or WebM.
    WEBM = "webm"
    #: Apple's Core Audio Format.
    CAF = "caf"
    #: AVI.
    AVI = "avi"
    #: Windows Media.
    WMA = "wma"
    #: Sun audio.
    AU = "au"
    #: AMR speech.
    AMR = "amr"
    #: WavPack.
    WAVPACK = "wavpack"

    #: Notes, no sound.
    MIDI = "midi"
    #: Monkey's Audio.
    APE = "ape"
    #: Any other sound or film that is not on our list.
    OTHER_MEDIA = "other_media"
    #: PNG, JPEG, GIF and other pictures.
    PICTURE = "picture"
    #: ZIP, RAR, 7z, gzip, tar.
    ARCHIVE = "archive"
    #: A web page.
    HTML = "html"
    #: PDF.
    PDF = "pdf"
    #: A playlist that names other files.
    PLAYLIST = "playlist"
    #: A program.
    PROGRAM = "program"
    #: Text.
    TEXT = "text"
    #: A tag with nothing behind it.
    ONLY_TAGS = "only_tags"
    #: Zero bytes.
    EMPTY = "empty"
    #: None of these.
    UNKNOWN = "unknown"


#: Kind -> the one FFmpeg demuxer that may read it. A kind that is missing here never reaches FFmpeg.
DEMUXERS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.MP3: "mp3",
        Kind.MP2: "mp3",
        Kind.WAV: "wav",
        Kind.W64: "w64",
        Kind.AAC: "aac",
        Kind.MP4: "mov",
        Kind.OGG: "ogg",
        Kind.FLAC: "flac",
        Kind.AIFF: "aiff",
        Kind.WEBM: "matroska",
        Kind.CAF: "caf",
        Kind.AVI: "avi",
        Kind.WMA: "asf",
        Kind.AU: "au",
        Kind.AMR: "amr",
        Kind.WAVPACK: "wv",
    }
)

#: Sound or film that is named but not read.
UNREAD = frozenset({Kind.APE, Kind.MIDI, Kind.OTHER_MEDIA})

#: (offset, bytes, kind); the first match wins.
MAGICS: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"fLaC", Kind.FLAC),
    (0, b"OggS", Kind.OGG),
    (0, b"\x1aE\xdf\xa3", Kind.WEBM),
    (0, b"caff", Kind.CAF),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", Kind.W64),
    (0, b"0&\xb2u\x8ef\xcf\x11", Kind.WMA),
    (0, b".snd", Kind.AU),
    (0, b"#!AMR", Kind.AMR),
    (0, b"wvpk", Kind.WAVPACK),
    (0, b"MAC ", Kind.APE),
    (0, b"MThd", Kind.MIDI),
    (0, b"\x89PNG\r\n\x1a\n", Kind.PICTURE),
    (0, b"\xff\xd8\xff", Kind.PICTURE),
    (0, b"GIF8", Kind.PICTURE),
    (0, b"II*\x00", Kind.PICTURE),
    (0, b"MM\x00*", Kind.PICTURE),
    (0, b"8BPS", Kind.PICTURE),
    (0, b"PK\x03\x04", Kind.ARCHIVE),
    (0, b"PK\x05\x06", Kind.ARCHIVE),
    (0, b"Rar!\x1a\x07", Kind.ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE),
    (0, b"\x1f\x8b\x08", Kind.ARCHIVE),
    (0, b"\xfd7zXZ\x00", Kind.ARCHIVE),
    (257, b"ustar", Kind.ARCHIVE),
    (0, b"%PDF-", Kind.PDF),
    (0, b"#EXTM3U", Kind.PLAYLIST),
    (0, b"[playlist]", Kind.PLAYLIST),
    (0, b"\x7fELF", Kind.PROGRAM),
    (0, b"MZ\x90\x00", Kind.PROGRAM),
    (0, b"FLV\x01", Kind.OTHER_MEDIA),
    (0, b"\x00\x00\x01\xba", Kind.OTHER_MEDIA),
    (0, b".RMF", Kind.OTHER_MEDIA),
    (0, b"TTA1", Kind.OTHER_MEDIA),
    (0, b"DSD ", Kind.OTHER_MEDIA),
    (0, b"MPCK", Kind.OTHER_MEDIA),
    (0, b"MP+", Kind.OTHER_MEDIA),
    (0, b"Creative Voice File", Kind.OTHER_MEDIA),
)

RIFF_FORMS: Mapping[bytes, Kind] = MappingProxyType(
    {b"WAVE": Kind.WAV, b"AVI ": Kind.AVI, b"WEBP": Kind.PICTURE, b"RMID": Kind.MIDI}
)
PICTURE_BRANDS = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"})
#: `ftyp` since 2001; older QuickTime files begin with one of the others, and pieces of a stream with the last.
MP4_ATOMS = frozenset(
    {
        *(b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"udta", b"junk", b"pict", b"ediw", b"uuid"),
        *(b"prfl", b"styp", b"sidx", b"moof", b"emsg", b"meta"),
    }
)
#: An atom begins with its length, which is no text for a file of less than half a gibibyte.
MIN_LETTER = 0x20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sniffed:
    """What the first bytes say."""

    kind: Kind
    #: Bytes between the tags and the first MPEG frame that belong to nothing.
    junk_bytes: int = 0
    #: Where the sound begins, when FFmpeg would not find that by itself; it is told to begin there.
    begins_at: int = 0
    #: What a Xing, Info or VBRI header says; None without one.
    claimed_seconds: float | None = None


def sniff(file: BinaryIO) -> Sniffed:
    """Tells what `file` is from its bytes behind the tags. Leaves the position anywhere."""
    body = tags_length(file)
    file.seek(body)
    head = file.read(WINDOW_BYTES)
    if head.strip(b"\x00"):
        kind = by_magic(head)
        if kind is not None:
            return Sniffed(kind=kind, begins_at=body)
        sniffed = _by_frames(head, body)
        if sniffed.kind is not Kind.UNKNOWN:
            return sniffed
    return _far_behind(file, body) or Sniffed(kind=_nothing(head, body))


def _far_behind(file: BinaryIO, body: int) -> Sniffed | None:
    """MPEG frames behind more padding or junk than the window holds; a claim that leads too far is not believed."""
    size = file.seek(0, os.SEEK_END)
    # a claim beyond the end of the file is a lie, and what it covers may be the music
    start = 0 if body > size else body + WINDOW_BYTES - HEADER_BYTES
    if start >= size:
        return None
    with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        found = find_frames(data, start)
        if found is None:
            raw_aac = find_adts(data, start)
            return None if raw_aac is None else Sniffed(kind=Kind.AAC, begins_at=raw_aac)
        offset, frame = found
        claimed = claimed_seconds(data[offset : offset + 4096], frame)
    return Sniffed(kind=_layer_kind(frame), junk_bytes=abs(offset - body), begins_at=offset, claimed_seconds=claimed)


def tags_length(file: BinaryIO) -> int:
    """Bytes taken by the ID3v2 tags at the start, as they claim; a lying claim leads behind the end."""
    position = 0
    for _ in range(MAX_TAGS):
        file.seek(position)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
            break
        footer = 10 if head[5] & 0x10 else 0
        position += 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]) + footer
    return position


def by_magic(head: bytes) -> Kind | None:
    """The kind whose fixed bytes stand in `head`, or None."""
    if head[:4] in {b"RIFF", b"RF64", b"BW64"}:
        return RIFF_FORMS.get(head[8:12], Kind.UNKNOWN)
    if head[:4] == b"FORM":
        return Kind.AIFF if head[8:12] in {b"AIFF", b"AIFC"} else Kind.OTHER_MEDIA
    if head[4:8] in MP4_ATOMS and head[0] < MIN_LETTER:
        return Kind.PICTURE if head[8:12] in PICTURE_BRANDS else Kind.MP4
    if _is_transport_stream(head):
        return Kind.OTHER_MEDIA
    return next((kind for offset, magic, kind in MAGICS if head[offset : offset + len(magic)] == magic), None)


def _nothing(head: bytes, body: int) -> Kind:
    if body and not head.strip(b"\x00"):
        return Kind.ONLY_TAGS
    return Kind.UNKNOWN if head else Kind.EMPTY


def _by_frames(head: bytes, body: int) -> Sniffed:
    raw_aac = find_adts(head)
    if raw_aac == 0:
        return Sniffed(kind=Kind.AAC)
    if found := find_frames(head):
        offset, frame = found
        junk = len(head[:offset].strip(b"\x00"))
        claimed = claimed_seconds(head[offset : offset + 4096], frame)
        return Sniffed(kind=_layer_kind(frame), junk_bytes=junk, claimed_seconds=claimed)
    if raw_aac is not None:
        return Sniffed(kind=Kind.AAC, begins_at=body + raw_aac)
    return Sniffed(kind=_by_text(head[:TEXT_BYTES]))


def _layer_kind(frame: FrameHead) -> Kind:
    if frame.layer != 3:
        return Kind.MP2
    return Kind.MP3 if frame.bit_rate else Kind.FREE_FORMAT


def _is_transport_stream(head: bytes) -> bool:
    return len(head) > 188 * 4 and all(head[188 * n] == 0x47 for n in range(5 if len(head) > 188 * 5 else 4))


def _by_text(head: bytes) -> Kind:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--")):
        return Kind.HTML
    if text and all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head):
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            cut_off = len(head) == TEXT_BYTES and error.start > TEXT_BYTES - 4  # in the middle of a letter
            return Kind.TEXT if cut_off else Kind.UNKNOWN
        return Kind.TEXT
    return Kind.UNKNOWN
