"""A finished track made ready for its channel, step by step; a step that fails leaves the others. Runs in a child."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import av.error

from bot.audio.decode import NOT_THE_FILES, Measurement, UndecodableError
from bot.audio.encode import BIT_RATES, encode_mp3, fitting_bit_rate, not_written
from bot.audio.faults import trace_of
from bot.audio.file_names import as_it_came, file_name
from bot.audio.inspection import Examined, examine
from bot.audio.model import (
    ENCODED_FILE,
    PICTURE_FILE,
    TRACK_FILE,
    ChildLimits,
    Needs,
    PackagedTrack,
    PackagingStep,
    Problem,
    Purpose,
    Tags,
)
from bot.audio.picture import bars_of, draw
from bot.audio.sniffing import Kind
from bot.audio.tags import id3, write_tagged

#: Suffix by content; Discord decides by the suffix whether a file gets a player.
SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        Kind.MP3: ".mp3",
        Kind.MP2: ".mp2",
        Kind.WAV: ".wav",
        Kind.AAC: ".aac",
        Kind.MP4: ".m4a",
        Kind.OGG: ".ogg",
        Kind.FLAC: ".flac",
        Kind.AIFF: ".aiff",
        Kind.WEBM: ".webm",
    }
)


def package(track: Path, out_dir: Path, title: str, tags: Tags, limit_bytes: int, limits: ChildLimits) -> PackagedTrack:
    """Does to `track` what can be done; everything written goes into `out_dir`.

    A step that fails, even by a fault of ours, costs no other and not the track. Raises OSError when there is none, and
    what a fault of ours raises before it is measured.
    """
    try:
        found = examine(track, Purpose.TRACK, Needs(), limits)
    except MemoryError:
        return replace(as_it_came(track, title, limit_bytes), problem=Problem.OVER_MEMORY)
    seen, measured = found.inspection, found.measured
    plain = as_it_came(track, title, limit_bytes, SUFFIXES.get(seen.kind or ""))
    if measured is None or not seen.accepted:
        return replace(plain, problem=seen.findings[0].problem)
    plain = replace(
        plain,
        steps=frozenset({PackagingStep.MEASURED}),
        seconds=measured.seconds,
        format=seen.format,
        original_format=seen.format,
        bit_rate_kbps=measured.bit_rate_kbps or None,
        peaks=bars_of(measured.levels),
        comment=measured.comment,
    )
    tags = replace(tags, comment=" · ".join(filter(None, (tags.comment, measured.comment))))
    pictured = _attempted(plain, lambda: _pictured(plain, out_dir))
    return _attempted(pictured, lambda: _fitted(pictured, found, out_dir, title, tags, limit_bytes, limits))


def _attempted(before: PackagedTrack, step: Callable[[], PackagedTrack]) -> PackagedTrack:
    """What `step` makes; `before` when it fails in a way that nobody foresaw, which is then reported with its trace."""
    try:
        return step()
    except MemoryError:
        return replace(before, problem=Problem.OVER_MEMORY)
    except Exception as error:  # noqa: BLE001 -- a paid track must not be lost to a picture; reported with its trace
        return replace(before, problem=Problem.INTERNAL, fault=trace_of(error))


def _pictured(packaged: PackagedTrack, out_dir: Path) -> PackagedTrack:
    picture = out_dir / PICTURE_FILE
    try:
        draw(packaged.peaks, packaged.seconds or 0.0, picture)
    except OSError:
        return replace(packaged, problem=Problem.DISK)
    return replace(packaged, picture=picture, steps=packaged.steps | {PackagingStep.PICTURED})


def _fitted(
    packaged: PackagedTrack,
    found: Examined,
    out_dir: Path,
    title: str,
    tags: Tags,
    limit_bytes: int,
    limits: ChildLimits,
) -> PackagedTrack:
    """Tags the MP3 as it is, or one that is made from it because of its format or its size."""
    assert found.peek is not None  # it has been heard
    assert found.measured is not None
    spare = len(id3(tags))
    is_mp3 = found.peek.kind is Kind.MP3
    if is_mp3 and packaged.size_bytes + spare <= limit_bytes:
        return _tagged(packaged, packaged.path, out_dir, tags)
    if is_mp3 and packaged.fits:
        return packaged  # better without tags than encoded again for their sake
    bit_rate = _bit_rate(found.measured, limit_bytes - spare, is_mp3=is_mp3)
    if bit_rate is None:
        return packaged
    try:
        encoded = out_dir / ENCODED_FILE
        encode_mp3(packaged.path, found.peek.kind, encoded, bit_rate_kbps=bit_rate, limits=limits)
        size = encoded.stat().st_size
    except UndecodableError as refused:
        return replace(packaged, problem=refused.finding.problem)
    except NOT_THE_FILES:
        raise
    except (av.error.FFmpegError, OSError) as error:
        return replace(packaged, problem=not_written(error, limits).problem)
    if size > limit_bytes:
        return packaged
    made = replace(
        packaged,
        path=encoded,
        fits=True,
        size_bytes=size,
        name=file_name(title, ".mp3"),
        format="MP3",
        bit_rate_kbps=bit_rate,
        steps=packaged.steps | {PackagingStep.SHRUNK if is_mp3 else PackagingStep.CONVERTED},
    )
    return _tagged(made, encoded, out_dir, tags)


def _bit_rate(measured: Measurement, limit_bytes: int, *, is_mp3: bool) -> int | None:
    """The largest that fits; never more than an MP3 had, for that would only add bytes."""
    max_kbps = measured.bit_rate_kbps if is_mp3 and measured.bit_rate_kbps >= BIT_RATES[-1] else BIT_RATES[0]
    return fitting_bit_rate(measured.seconds, limit_bytes, max_kbps)


def _tagged(packaged: PackagedTrack, source: Path, out_dir: Path, tags: Tags) -> PackagedTrack:
    out = out_dir / TRACK_FILE
    try:
        write_tagged(source, out, tags)
        size = out.stat().st_size
    except OSError:
        return replace(packaged, problem=Problem.DISK)
    return replace(packaged, path=out, size_bytes=size, steps=packaged.steps | {PackagingStep.TAGGED})
