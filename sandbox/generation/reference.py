"""Fetches a reference as the real API does, and decides whether it can be used.

When it says no is not documented. Chosen here, after fal.ai's error types: what cannot be fetched or is no MP3 or WAV
is refused by the POST (422), a file of 15 seconds or less is accepted and ends with status `error`.
"""

import asyncio
import ipaddress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import aiohttp
import av
import av.error
import yarl

from bot.download import DownloadError, DownloadTimeouts, download
from sandbox.generation.config import Settings

_TIMEOUTS = DownloadTimeouts(connect_seconds=5, read_seconds=10, total_seconds=60)
_FORMATS = frozenset({"mp3", "wav"})


class UnusableReferenceError(Exception):
    """The reference is refused with the POST."""

    def __init__(self, kind: str, message: str) -> None:
        """`kind`: fal.ai's error type."""
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedReference:
    """A file that is MP3 or WAV by content."""

    path: Path
    seconds: float


async def fetch_reference(session: aiohttp.ClientSession, url: str, into: Path, settings: Settings) -> FetchedReference:
    """Download and look at the packets. Raises UnusableReferenceError."""

    def allowed(address: yarl.URL) -> bool:
        return _is_allowed(address, settings)

    try:
        await download(session, url, into, max_bytes=settings.reference_most_bytes, timeouts=_TIMEOUTS, allowed=allowed)
    except DownloadError as error:
        raise UnusableReferenceError("file_download_error", f"Failed to download the file: {error}") from error
    seconds = await asyncio.to_thread(seconds_of, into)
    if seconds is None:
        into.unlink(missing_ok=True)
        raise UnusableReferenceError(
            "unsupported_audio_format", "Unsupported audio format. Supported formats are: mp3, wav."
        )
    return FetchedReference(path=into, seconds=seconds)


def _is_allowed(url: yarl.URL, settings: Settings) -> bool:
    host = url.host or ""
    if host in settings.reference_hosts:
        return url.scheme == "https"
    return settings.allow_loopback and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def seconds_of(path: Path) -> float | None:
    """The length by counting packets, without decoding; None for anything but MP3 and WAV."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            if container.format.name not in _FORMATS or not container.streams.audio:
                return None
            stream = container.streams.audio[0]
            ticks = sum(packet.duration or 0 for packet in container.demux(stream))
            return float(ticks * (stream.time_base or Fraction(0)))
    except (av.error.FFmpegError, ValueError):
        return None
