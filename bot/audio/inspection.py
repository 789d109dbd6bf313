"""Whether a file can be used: the first bytes, a full decode, and a judgement on both. Runs inside a child process."""

import stat
from dataclasses import dataclass
from pathlib import Path

from bot.audio.burden import MAX_ENTRIES, MAX_TAG_BYTES, walk_flac, weigh_tags
from bot.audio.decode import Measurement, UndecodableError, check_shape, measure, undecodable
from bot.audio.model import ChildLimits, Finding, Inspection, Needs, Problem, Purpose, Usability, Value
from bot.audio.riff import WavHead, walk_wav
from bot.audio.sniffing import DEMUXERS, UNREAD, Kind, Sniffed, sniff

#: What every decoder of the last twenty years reads in a WAV.
PLAIN_WAV = frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"})
PLAIN_MP3 = frozenset({"mp3", "mp3float"})
#: The rates of MPEG audio, and the doubles that recorders use.
COMMON_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000})
#: Less than this is silence with a click in it.
SOUNDING_SECONDS = 3.0
#: Above the first the file is broken, above the second it is mended by encoding it anew.
BROKEN_SHARE = 0.2
DAMAGED_SHARE = 0.005
#: A header may be this far off before we call it misleading: a Xing header counts padding too.
HEADER_SHARE = 0.1

#: Codec -> how people call it, where the container says little.
NAMES = {
    (Kind.OGG, "vorbis"): "Ogg Vorbis",
    (Kind.OGG, "opus"): "Ogg Opus",
    (Kind.OGG, "flac"): "Ogg FLAC",
    (Kind.MP4, "aac"): "M4A (AAC)",
    (Kind.MP4, "alac"): "M4A (ALAC)",
}
PLAIN_NAMES = {
    Kind.MP3: "MP3",
    Kind.MP2: "MP2",
    Kind.WAV: "WAV",
    Kind.W64: "Wave64",
    Kind.AAC: "AAC",
    Kind.MP4: "MP4",
    Kind.OGG: "Ogg",
    Kind.FLAC: "FLAC",
    Kind.AIFF: "AIFF",
    Kind.WEBM: "WebM",
    Kind.CAF: "CAF",
    Kind.AVI: "AVI",
    Kind.WMA: "WMA",
    Kind.AU: "AU",
    Kind.AMR: "AMR",
    Kind.WAVPACK: "WavPack",
    Kind.FREE_FORMAT: "MP3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """The headers of a file, read without FFmpeg."""

    sniffed: Sniffed
    size_bytes: int
    wav: WavHead | None = None

    @property
    def kind(self) -> Kind:
        return self.sniffed.kind


def inspect(path: Path, purpose: Purpose, needs: Needs, limits: ChildLimits) -> Inspection:
    """What `path` is and whether it can be used. Raises MemoryError when the decoder wants too much."""
    return examine(path, purpose, needs, limits).inspection


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """An inspection with what it was made from; `peek` and `measured` are None as far as it did not get."""

    inspection: Inspection
    peek: Peek | None
    measured: Measurement | None


def examine(path: Path, purpose: Purpose, needs: Needs, limits: ChildLimits) -> Examined:
    """Like `inspect`, and keeps the levels for those who go on working with the file."""
    peek: Peek | None = None
    measured: Measurement | None = None
    try:
        peek = peek_at(path)
        measured = measure(path, peek.kind, limits)
        usability, findings = judge_track(peek, measured) if purpose is Purpose.TRACK else judge(peek, measured, needs)
    except UndecodableError as refused:
        usability, findings = Usability.REFUSED, (refused.finding,)
    return Examined(inspection=_described(peek, measured, usability, findings), peek=peek, measured=measured)


def peek_at(path: Path) -> Peek:
    """Reads the headers. Raises `UndecodableError` for everything that FFmpeg must not see."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise undecodable(Problem.UNREADABLE)
        with path.open("rb") as file:
            sniffed = sniff(file)
            wav = walk_wav(file, sniffed.begins_at) if sniffed.kind is Kind.WAV else None
            flac = walk_flac(file) if sniffed.kind is Kind.FLAC else None
            tags = weigh_tags(file, begins_at=sniffed.begins_at)
    except OSError as error:
        raise undecodable(Problem.UNREADABLE) from error
    _refuse_by_kind(sniffed.kind)
    if sniffed.kind is Kind.WAV:
        if wav is None:
            raise undecodable(Problem.CORRUPT, percent=100)
        check_shape(wav.sample_rate, wav.channels)
    if flac is not None:
        check_shape(flac.sample_rate, flac.channels)
    if tags.is_too_much or (flac is not None and flac.burden.is_too_much):
        raise undecodable(Problem.HEAVY_TAGS, entries=MAX_ENTRIES, mebibytes=MAX_TAG_BYTES / 1024**2)
    return Peek(sniffed=sniffed, size_bytes=status.st_size, wav=wav)


def _refuse_by_kind(kind: Kind) -> None:
    plain = {
        Kind.EMPTY: Problem.EMPTY,
        Kind.UNKNOWN: Problem.UNKNOWN,
        Kind.ONLY_TAGS: Problem.ONLY_TAGS,
        Kind.FREE_FORMAT: Problem.FREE_FORMAT,
    }
    if kind in plain:
        raise undecodable(plain[kind])
    if kind in UNREAD:
        raise undecodable(Problem.NOT_READ, what=kind.value)
    if kind not in DEMUXERS:
        raise undecodable(Problem.NOT_SOUND, what=kind.value)


def judge(peek: Peek, measured: Measurement, needs: Needs) -> tuple[Usability, tuple[Finding, ...]]:
    """The usability of a reference that decoded. Raises `UndecodableError`."""
    claimed = header_seconds(peek, measured)
    if not measured.seconds or measured.lost_share > BROKEN_SHARE:
        raise _undecodable_as(peek, measured)
    min_seconds = needs.min_seconds + needs.margin_seconds
    if measured.seconds < min_seconds:
        if claimed is not None and claimed >= min_seconds:
            raise undecodable(Problem.INCOMPLETE, seconds=measured.seconds, claimed=claimed, needed=needs.min_seconds)
        raise undecodable(Problem.TOO_SHORT, seconds=measured.seconds, needed=needs.min_seconds)
    if measured.sounding_seconds < SOUNDING_SECONDS:
        raise _silent(measured)
    findings = (*_form(peek, measured), *_header(peek, measured, claimed), *_excess(peek, measured, needs))
    return (Usability.CONVERTIBLE if findings else Usability.USABLE), findings


def _undecodable_as(peek: Peek, measured: Measurement) -> UndecodableError:
    """What is true of a file of which nothing came, or little."""
    if measured.is_protected:
        return undecodable(Problem.CODEC, codec=measured.codec)
    if measured.seconds or measured.lost_packets or peek.wav is not None:
        return undecodable(Problem.CORRUPT, percent=round(100 * (measured.lost_share if measured.seconds else 1)))
    return _silent(measured) if measured.tracks > 1 else undecodable(Problem.NO_SOUND, what=peek.kind.value)


def _silent(measured: Measurement) -> UndecodableError:
    heard = {"seconds": measured.sounding_seconds, "needed": SOUNDING_SECONDS}
    if measured.tracks > 1:
        return undecodable(Problem.SILENT_TRACK, tracks=measured.tracks, **heard)
    return undecodable(Problem.SILENT, **heard)


def judge_track(peek: Peek, measured: Measurement) -> tuple[Usability, tuple[Finding, ...]]:
    """The usability of what the music service made: whatever plays is good. Raises `UndecodableError`."""
    if not measured.seconds:
        raise undecodable(Problem.CORRUPT, percent=100)
    findings = _form(peek, measured)
    return (Usability.CONVERTIBLE if findings else Usability.USABLE), findings


def header_seconds(peek: Peek, measured: Measurement) -> float | None:
    """What the file's own header claims. FFmpeg's guess from the bit rate of an MP3 without Xing is no claim."""
    if peek.kind in {Kind.MP3, Kind.MP2, Kind.AAC}:
        return peek.sniffed.claimed_seconds
    if peek.wav is not None:
        return peek.wav.claimed_seconds if measured.codec in PLAIN_WAV else None
    return measured.claimed_seconds


def _finding(problem: Problem, **values: Value) -> Finding:
    return Finding(problem=problem, values=values)


def _form(peek: Peek, measured: Measurement) -> tuple[Finding, ...]:
    """What is wrong with the format itself."""
    if peek.kind not in {Kind.MP3, Kind.WAV}:
        return (_finding(Problem.OTHER_FORMAT, what=peek.kind.value),)
    found: list[Finding] = []
    if measured.codec not in (PLAIN_MP3 if peek.kind is Kind.MP3 else PLAIN_WAV):
        found.append(_finding(Problem.INNER_CODEC, codec=measured.codec, what=peek.kind.value))
    if measured.sample_rate not in COMMON_RATES:
        found.append(_finding(Problem.ODD_RATE, rate=measured.sample_rate))
    if measured.channels > 2:
        found.append(_finding(Problem.SURROUND, channels=measured.channels))
    return tuple(found)


def _header(peek: Peek, measured: Measurement, claimed: float | None) -> tuple[Finding, ...]:
    """What is wrong around the sound: a service that believes the header would be misled."""
    if peek.kind not in {Kind.MP3, Kind.WAV}:
        return ()
    if measured.lost_share > DAMAGED_SHARE:
        return (_finding(Problem.DAMAGED, percent=max(1, round(100 * measured.lost_share))),)
    unfilled = peek.wav is not None and (peek.wav.claimed_bytes is None or peek.wav.is_misleading)
    wrong = claimed is not None and abs(claimed - measured.seconds) > max(1.0, HEADER_SHARE * measured.seconds)
    if unfilled or wrong or peek.sniffed.junk_bytes or peek.sniffed.begins_at:
        return (_finding(Problem.HEADER, claimed=claimed or 0.0, seconds=measured.seconds),)
    return ()


def _excess(peek: Peek, measured: Measurement, needs: Needs) -> tuple[Finding, ...]:
    found: list[Finding] = []
    if needs.max_seconds is not None and measured.seconds > needs.max_seconds:
        found.append(_finding(Problem.TOO_LONG, seconds=measured.seconds, longest=needs.max_seconds))
    if needs.max_bytes is not None and peek.size_bytes > needs.max_bytes:
        mebi = 1024 * 1024
        values: dict[str, Value] = {"mebibytes": peek.size_bytes / mebi, "most": needs.max_bytes / mebi}
        found.append(Finding(problem=Problem.TOO_BIG, values=values))
    return tuple(found)


def _described(
    peek: Peek | None, measured: Measurement | None, usability: Usability, findings: tuple[Finding, ...]
) -> Inspection:
    if peek is None:
        what = findings[0].values.get("what")
        return Inspection(usability=usability, findings=findings, kind=what if isinstance(what, str) else None)
    if measured is None:
        return Inspection(
            usability=usability,
            findings=findings,
            kind=peek.kind.value,
            format=PLAIN_NAMES.get(peek.kind),
            size_bytes=peek.size_bytes,
        )
    return Inspection(
        usability=usability,
        findings=findings,
        kind=peek.kind.value,
        format=format_name(peek.kind, measured),
        codec=measured.codec,
        seconds=measured.seconds,
        claimed_seconds=header_seconds(peek, measured),
        sounding_seconds=measured.sounding_seconds,
        sample_rate=measured.sample_rate,
        channels=measured.channels,
        size_bytes=peek.size_bytes,
    )


def format_name(kind: Kind, measured: Measurement) -> str:
    """A name for people: "MP3", "Ogg Opus", "MP4 video"."""
    name = PLAIN_NAMES[kind]
    if measured.has_video and kind in {Kind.MP4, Kind.WEBM}:
        return f"{name} video"
    return NAMES.get((kind, measured.codec), name)
