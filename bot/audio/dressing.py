"""A finished track made ready for its channel, step by step; a step that fails leaves the others. Runs in a child."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import av.error

from bot.audio.decode import NOT_THE_FILES, Heard, RefusedError
from bot.audio.encode import BIT_RATES, encode_mp3, fitting_bit_rate, not_written
from bot.audio.faults import trace_of
from bot.audio.inspection import Examined, examine
from bot.audio.kinds import Kind
from bot.audio.model import ENCODED_FILE, PICTURE_FILE, TRACK_FILE, Dressed, Limits, Needs, Problem, Purpose, Step, Tags
from bot.audio.names import as_it_came, file_name
from bot.audio.picture import bars_of, draw
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


def dress(track: Path, out_dir: Path, title: str, tags: Tags, limit_bytes: int, limits: Limits) -> Dressed:
    """Does to `track` what can be done; everything written goes into `out_dir`.

    A step that fails, even by a fault of ours, costs no other and not the track. Raises OSError when there is none, and
    what a fault of ours raises before it is measured.
    """
    try:
        found = examine(track, Purpose.TRACK, Needs(), limits)
    except MemoryError:
        return replace(as_it_came(track, title, limit_bytes), problem=Problem.OVER_MEMORY)
    seen, heard = found.inspection, found.heard
    plain = as_it_came(track, title, limit_bytes, SUFFIXES.get(seen.kind or ""))
    if heard is None or not seen.accepted:
        return replace(plain, problem=seen.reasons[0].problem)
    plain = replace(
        plain,
        steps=frozenset({Step.MEASURED}),
        seconds=heard.seconds,
        format=seen.format,
        original_format=seen.format,
        bit_rate_kbps=heard.bit_rate_kbps or None,
        peaks=bars_of(heard.levels),
        comment=heard.comment,
    )
    tags = replace(tags, comment=" · ".join(filter(None, (tags.comment, heard.comment))))
    pictured = _attempted(plain, lambda: _pictured(plain, out_dir))
    return _attempted(pictured, lambda: _fitted(pictured, found, out_dir, title, tags, limit_bytes, limits))


def _attempted(before: Dressed, step: Callable[[], Dressed]) -> Dressed:
    """What `step` makes; `before` when it fails in a way that nobody foresaw, which is then reported with its trace."""
    try:
        return step()
    except MemoryError:
        return replace(before, problem=Problem.OVER_MEMORY)
    except Exception as error:  # noqa: BLE001 -- a paid track must not be lost to a picture; reported with its trace
        return replace(before, problem=Problem.INTERNAL, fault=trace_of(error))


def _pictured(dressed: Dressed, out_dir: Path) -> Dressed:
    picture = out_dir / PICTURE_FILE
    try:
        draw(dressed.peaks, dressed.seconds or 0.0, picture)
    except OSError:
        return replace(dressed, problem=Problem.DISK)
    return replace(dressed, picture=picture, steps=dressed.steps | {Step.PICTURED})


def _fitted(
    dressed: Dressed, found: Examined, out_dir: Path, title: str, tags: Tags, limit_bytes: int, limits: Limits
) -> Dressed:
    """Tags the MP3 as it is, or one that is made from it because of its format or its size."""
    assert found.look is not None  # it has been heard
    assert found.heard is not None
    spare = len(id3(tags))
    is_mp3 = found.look.kind is Kind.MP3
    if is_mp3 and dressed.size_bytes + spare <= limit_bytes:
        return _tagged(dressed, dressed.path, out_dir, tags)
    if is_mp3 and dressed.fits:
        return dressed  # better without tags than encoded again for their sake
    bit_rate = _bit_rate(found.heard, limit_bytes - spare, is_mp3=is_mp3)
    if bit_rate is None:
        return dressed
    try:
        encoded = out_dir / ENCODED_FILE
        encode_mp3(dressed.path, found.look.kind, encoded, bit_rate_kbps=bit_rate, limits=limits)
        size = encoded.stat().st_size
    except RefusedError as refused:
        return replace(dressed, problem=refused.reason.problem)
    except NOT_THE_FILES:
        raise
    except (av.error.FFmpegError, OSError) as error:
        return replace(dressed, problem=not_written(error, limits).problem)
    if size > limit_bytes:
        return dressed
    made = replace(
        dressed,
        path=encoded,
        fits=True,
        size_bytes=size,
        name=file_name(title, ".mp3"),
        format="MP3",
        bit_rate_kbps=bit_rate,
        steps=dressed.steps | {Step.SHRUNK if is_mp3 else Step.CONVERTED},
    )
    return _tagged(made, encoded, out_dir, tags)


def _bit_rate(heard: Heard, limit_bytes: int, *, is_mp3: bool) -> int | None:
    """The largest that fits; never more than an MP3 had, for that would only add bytes."""
    at_most = heard.bit_rate_kbps if is_mp3 and heard.bit_rate_kbps >= BIT_RATES[-1] else BIT_RATES[0]
    return fitting_bit_rate(heard.seconds, limit_bytes, at_most)


def _tagged(dressed: Dressed, source: Path, out_dir: Path, tags: Tags) -> Dressed:
    out = out_dir / TRACK_FILE
    try:
        write_tagged(source, out, tags)
        size = out.stat().st_size
    except OSError:
        return replace(dressed, problem=Problem.DISK)
    return replace(dressed, path=out, size_bytes=size, steps=dressed.steps | {Step.TAGGED})
