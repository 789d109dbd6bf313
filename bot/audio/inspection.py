"""Whether a file can be used: the first bytes, a full decode, and a judgement on both. Runs inside a child process."""

import stat
from dataclasses import dataclass
from pathlib import Path

from bot.audio.decode import Heard, RefusedError, check_shape, measure, refuse
from bot.audio.kinds import DEMUXERS, UNREAD, Kind, Sniffed, sniff
from bot.audio.model import Inspection, Limits, Needs, Problem, Purpose, Reason, Value, Verdict
from bot.audio.riff import WavHead, walk_wav

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
class Look:
    """The headers of a file, read without FFmpeg."""

    sniffed: Sniffed
    size_bytes: int
    wav: WavHead | None = None

    @property
    def kind(self) -> Kind:
        return self.sniffed.kind


def inspect(path: Path, purpose: Purpose, needs: Needs, limits: Limits) -> Inspection:
    """What `path` is and whether it can be used. Raises MemoryError when the decoder wants too much."""
    return examine(path, purpose, needs, limits).inspection


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """An inspection with what it was made from; `look` and `heard` are None as far as it did not get."""

    inspection: Inspection
    look: Look | None
    heard: Heard | None


def examine(path: Path, purpose: Purpose, needs: Needs, limits: Limits) -> Examined:
    """Like `inspect`, and keeps the levels for those who go on working with the file."""
    look: Look | None = None
    heard: Heard | None = None
    try:
        look = look_at(path)
        heard = measure(path, look.kind, limits)
        verdict, reasons = judge_track(look, heard) if purpose is Purpose.TRACK else judge(look, heard, needs)
    except RefusedError as refused:
        verdict, reasons = Verdict.REFUSED, (refused.reason,)
    return Examined(inspection=_described(look, heard, verdict, reasons), look=look, heard=heard)


def look_at(path: Path) -> Look:
    """Reads the headers. Raises `RefusedError` for everything that FFmpeg must not see."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise refuse(Problem.UNREADABLE)
        with path.open("rb") as file:
            sniffed = sniff(file)
            wav = walk_wav(file) if sniffed.kind is Kind.WAV else None
    except OSError as error:
        raise refuse(Problem.UNREADABLE) from error
    _refuse_by_kind(sniffed.kind)
    if sniffed.kind is Kind.WAV:
        if wav is None:
            raise refuse(Problem.CORRUPT, percent=100)
        check_shape(wav.sample_rate, wav.channels)
    return Look(sniffed=sniffed, size_bytes=status.st_size, wav=wav)


def _refuse_by_kind(kind: Kind) -> None:
    plain = {
        Kind.EMPTY: Problem.EMPTY,
        Kind.UNKNOWN: Problem.UNKNOWN,
        Kind.ONLY_TAGS: Problem.ONLY_TAGS,
        Kind.FREE_FORMAT: Problem.FREE_FORMAT,
    }
    if kind in plain:
        raise refuse(plain[kind])
    if kind in UNREAD:
        raise refuse(Problem.NOT_READ, what=kind.value)
    if kind not in DEMUXERS:
        raise refuse(Problem.NOT_SOUND, what=kind.value)


def judge(look: Look, heard: Heard, needs: Needs) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict on a reference that decoded. Raises `RefusedError`."""
    claimed = header_seconds(look, heard)
    if not heard.seconds or heard.lost_share > BROKEN_SHARE:
        raise refuse(Problem.CORRUPT, percent=round(100 * (heard.lost_share if heard.seconds else 1)))
    least = needs.shortest_seconds + needs.margin_seconds
    if heard.seconds < least:
        if claimed is not None and claimed >= least:
            raise refuse(Problem.INCOMPLETE, seconds=heard.seconds, claimed=claimed, needed=needs.shortest_seconds)
        raise refuse(Problem.TOO_SHORT, seconds=heard.seconds, needed=needs.shortest_seconds)
    if heard.sounding_seconds < SOUNDING_SECONDS:
        raise refuse(Problem.SILENT, seconds=heard.sounding_seconds, needed=SOUNDING_SECONDS)
    reasons = (*_form(look, heard), *_header(look, heard, claimed), *_excess(look, heard, needs))
    return (Verdict.CONVERTIBLE if reasons else Verdict.USABLE), reasons


def judge_track(look: Look, heard: Heard) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict on what the music service made: whatever plays is good. Raises `RefusedError`."""
    if not heard.seconds:
        raise refuse(Problem.CORRUPT, percent=100)
    reasons = _form(look, heard)
    return (Verdict.CONVERTIBLE if reasons else Verdict.USABLE), reasons


def header_seconds(look: Look, heard: Heard) -> float | None:
    """What the file's own header claims. FFmpeg's guess from the bit rate of an MP3 without Xing is no claim."""
    if look.kind in {Kind.MP3, Kind.MP2, Kind.AAC}:
        return look.sniffed.claimed_seconds
    if look.wav is not None:
        return look.wav.claimed_seconds if heard.codec in PLAIN_WAV else None
    return heard.claimed_seconds


def _reason(problem: Problem, **values: Value) -> Reason:
    return Reason(problem=problem, values=values)


def _form(look: Look, heard: Heard) -> tuple[Reason, ...]:
    """What is wrong with the format itself."""
    if look.kind not in {Kind.MP3, Kind.WAV}:
        return (_reason(Problem.OTHER_FORMAT, what=look.kind.value),)
    found: list[Reason] = []
    if heard.codec not in (PLAIN_MP3 if look.kind is Kind.MP3 else PLAIN_WAV):
        found.append(_reason(Problem.INNER_CODEC, codec=heard.codec, what=look.kind.value))
    if heard.sample_rate not in COMMON_RATES:
        found.append(_reason(Problem.ODD_RATE, rate=heard.sample_rate))
    if heard.channels > 2:
        found.append(_reason(Problem.SURROUND, channels=heard.channels))
    return tuple(found)


def _header(look: Look, heard: Heard, claimed: float | None) -> tuple[Reason, ...]:
    """What is wrong around the sound: a service that believes the header would be misled."""
    if look.kind not in {Kind.MP3, Kind.WAV}:
        return ()
    if heard.lost_share > DAMAGED_SHARE:
        return (_reason(Problem.DAMAGED, percent=max(1, round(100 * heard.lost_share))),)
    unfilled = look.wav is not None and look.wav.claimed_bytes is None
    wrong = claimed is not None and abs(claimed - heard.seconds) > max(1.0, HEADER_SHARE * heard.seconds)
    if unfilled or wrong or look.sniffed.junk_bytes:
        return (_reason(Problem.HEADER, claimed=claimed or 0.0, seconds=heard.seconds),)
    return ()


def _excess(look: Look, heard: Heard, needs: Needs) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if needs.longest_seconds is not None and heard.seconds > needs.longest_seconds:
        found.append(_reason(Problem.TOO_LONG, seconds=heard.seconds, longest=needs.longest_seconds))
    if needs.largest_bytes is not None and look.size_bytes > needs.largest_bytes:
        mebi = 1024 * 1024
        values: dict[str, Value] = {"mebibytes": look.size_bytes / mebi, "most": needs.largest_bytes / mebi}
        found.append(Reason(problem=Problem.TOO_BIG, values=values))
    return tuple(found)


def _described(look: Look | None, heard: Heard | None, verdict: Verdict, reasons: tuple[Reason, ...]) -> Inspection:
    if look is None:
        what = reasons[0].values.get("what")
        return Inspection(verdict=verdict, reasons=reasons, kind=what if isinstance(what, str) else None)
    if heard is None:
        return Inspection(
            verdict=verdict,
            reasons=reasons,
            kind=look.kind.value,
            format=PLAIN_NAMES.get(look.kind),
            size_bytes=look.size_bytes,
        )
    return Inspection(
        verdict=verdict,
        reasons=reasons,
        kind=look.kind.value,
        format=format_name(look.kind, heard),
        codec=heard.codec,
        seconds=heard.seconds,
        claimed_seconds=header_seconds(look, heard),
        sounding_seconds=heard.sounding_seconds,
        sample_rate=heard.sample_rate,
        channels=heard.channels,
        size_bytes=look.size_bytes,
    )


def format_name(kind: Kind, heard: Heard) -> str:
    """A name for people: "MP3", "Ogg Opus", "MP4 video"."""
    name = PLAIN_NAMES[kind]
    if heard.has_video and kind in {Kind.MP4, Kind.WEBM}:
        return f"{name} video"
    return NAMES.get((kind, heard.codec), name)
