"""Fetches finished tracks: from where they may lie, without the key, and now and then before the file is there."""

import logging
from collections.abc import Callable
from pathlib import Path

import aiohttp
import yarl

from bot.addresses import public_host
from bot.clock import Clock
from bot.download import DownloadError, DownloadFault, DownloadTimeouts, HeaderChoice, SessionChoice, download
from bot.errors import DiskError, TrackLostError, TrackNotReadyError
from bot.proxies import STRAIGHT, Proxy

#: Some files answer 404 for a few seconds after `completed` (seen with other clients of such APIs).
NOT_YET_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)

_LATER = frozenset(
    {
        DownloadFault.NOT_FOUND,
        DownloadFault.BUSY,
        DownloadFault.CONNECTION,
        DownloadFault.TIMEOUT,
        DownloadFault.PROXY,
    }
)
#: What nobody else gets to hear either, whoever asks.
_NOBODYS = frozenset({DownloadFault.NOT_FOUND, DownloadFault.EMPTY})
_GONE = 410


log = logging.getLogger(__name__)


class TrackSources:
    """Where a provider's answer may send the bot: to the provider's own origin, or out into the public internet.

    The answer is a stranger's text, and what it names is fetched from inside the operator's network and posted.
    """

    def __init__(
        self,
        *,
        base_url: str,
        own: aiohttp.ClientSession,
        public: aiohttp.ClientSession,
        proxied: aiohttp.ClientSession | None = None,
        route: Callable[[yarl.URL], Proxy | None] = STRAIGHT,
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        """`base_url`: as configured, trusted wherever it lies; `own` goes there, and there alone.

        `public` goes everywhere else, so its connector must be one of `bot.connections`. `hosts`: TRACK_HOSTS; empty
        means any. `proxied` in place of `public` for what `route` leads through a proxy.
        """
        self._origin = origin_of(yarl.URL(base_url.strip()))
        self._own = own
        self._public = public
        self._proxied = proxied
        self._route = route
        self._hosts = hosts

    def session_for(self, url: yarl.URL) -> aiohttp.ClientSession:
        """The session that may ask this address, which is one hop of a download. Raises DownloadError."""
        if origin_of(url) == self._origin:
            return self._own
        objection = self._objection(url)
        if objection is not None:
            log.warning("a track's address is not asked: %s", objection, extra={"host": url.host})
            raise DownloadError(DownloadFault.URL, objection)
        if self._proxied is not None and self._route(url) is not None:
            return self._proxied  # the proxy looks the name up: what its text says is all that can be judged here
        return self._public

    def _objection(self, url: yarl.URL) -> str | None:
        if url.scheme != "https":
            return "not https"
        try:
            host = public_host(url.raw_host or "")
        except ValueError:
            host = None
        if host is None:
            return "not a public host"
        if self._hosts and not any(host == own or host.endswith(f".{own}") for own in self._hosts):
            return "not a host of TRACK_HOSTS"
        return None


def origin_of(url: yarl.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port: what must be the same for one server to be meant."""
    return url.scheme.lower(), (url.raw_host or "").lower(), url.port


async def fetch_track(
    session: aiohttp.ClientSession | SessionChoice,
    track_url: str,
    into: Path,
    *,
    max_bytes: int,
    timeouts: DownloadTimeouts,
    clock: Clock,
    headers: HeaderChoice | None = None,
) -> int:
    """Stream the track into a new file and return its size in bytes. `headers`: see `bot.download.download`.

    Raises TrackNotReadyError, TrackLostError, DiskError.
    """
    for pause in (*NOT_YET_PAUSES_SECONDS, None):
        try:
            return await download(session, track_url, into, max_bytes=max_bytes, timeouts=timeouts, headers=headers)
        except DownloadError as error:
            if error.fault is DownloadFault.DISK:
                raise DiskError(str(error)) from error
            if error.fault is not DownloadFault.NOT_FOUND or pause is None:
                kind = TrackNotReadyError if error.fault in _LATER else TrackLostError
                raise kind(f"{error.fault}: {error}", may_open=_may_open(error)) from error
        await clock.sleep(pause)
    raise AssertionError("the last round returns or raises")


def _may_open(error: DownloadError) -> bool:
    """Whether others may get what we did not; a stream that never says how long it is may have no end."""
    if error.fault is DownloadFault.TOO_LARGE:
        return error.is_announced
    return error.fault not in _NOBODYS and error.status != _GONE
