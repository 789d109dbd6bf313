"""Fetches finished tracks: from another host, without the key, and now and then before the file is there."""

from pathlib import Path

import aiohttp

from bot.clock import Clock
from bot.download import DownloadError, DownloadFault, DownloadTimeouts, download
from bot.errors import DiskError, TrackLostError, TrackNotReadyError

#: Some files answer 404 for a few seconds after `completed` (seen with other clients of such APIs).
NOT_YET_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)

_LATER = frozenset(
    {
        DownloadFault.NOT_FOUND,
        DownloadFault.BUSY,
        DownloadFault.CONNECTION,
        DownloadFault.TIMEOUT,
    }
)


async def fetch_track(
    session: aiohttp.ClientSession,
    track_url: str,
    into: Path,
    *,
    max_bytes: int,
    timeouts: DownloadTimeouts,
    clock: Clock,
) -> int:
    """Stream the track into a new file and return its size in bytes.

    Raises TrackNotReadyError, TrackLostError, DiskError.
    """
    for pause in (*NOT_YET_PAUSES_SECONDS, None):
        try:
            return await download(session, track_url, into, max_bytes=max_bytes, timeouts=timeouts)
        except DownloadError as error:
            if error.fault is DownloadFault.DISK:
                raise DiskError(str(error)) from error
            if error.fault is not DownloadFault.NOT_FOUND or pause is None:
                kind = TrackNotReadyError if error.fault in _LATER else TrackLostError
                raise kind(f"{error.fault}: {error}") from error
        await clock.sleep(pause)
    raise AssertionError("the last round returns or raises")
