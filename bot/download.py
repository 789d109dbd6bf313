"""Streams a URL into a file, with a cap and per-phase timeouts: the one way bytes from outside reach the disk."""

import asyncio
import errno
import logging
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ParamSpec, TypeVar

import aiohttp
import yarl

import bot
from bot.addresses import NotPublicError
from bot.errors import ComposeError
from bot.proxies import ProxyError, refusal_of

log = logging.getLogger(__name__)

#: How requests of ours name themselves: some hosts refuse the name of Python's libraries.
USER_AGENT = f"compose-bot/{bot.__version__}"

_P = ParamSpec("_P")
_R = TypeVar("_R")

#: What one trip to a worker thread writes; smaller pieces cost more switching than writing.
_WRITE_BYTES = 1 << 20
_READ_BYTES = 1 << 16
_MAX_REDIRECTS = 5
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT}
_PROXY_WANTS_LOGIN = 407
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FORBIDDEN = frozenset({401, 402, 403, 410, 451})
_LATER = frozenset({408, 421, 425, 429})
_PART_SUFFIX = ".part"
#: Host and port. A name has at most 253 characters (RFC 1035); spelling one of thousands in ASCII may take seconds.
_MAX_AUTHORITY = 300
_AUTHORITY_ENDS = re.compile(r"[/?#\\]")
#: Without it Windows writes two bytes for every byte that looks like the end of a line.
_AS_BYTES = getattr(os, "O_BINARY", 0)
#: A file system that has no such call; what was written is as safe there as it gets.
_NOT_OFFERED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
#: Folders of which a warning has been given.
_unsynced: set[Path] = set()


class DownloadFault(StrEnum):
    """What went wrong, as far as the caller acts on it."""

    URL = "url"  #: not http(s), no host, credentials inside, or a host the caller does not allow
    NOT_FOUND = "not_found"  #: 404: never there, not there yet, or (at Discord) its signature ran out
    FORBIDDEN = "forbidden"  #: 401, 402, 403, 410, 451: there is no use in asking again
    REFUSED = "refused"  #: any other answer that is not a file: other 4xx, 1xx-3xx, too many redirects
    BUSY = "busy"  #: 408, 421, 425, 429, 5xx
    PROXY = "proxy"  #: the operator's proxy is not there, or lets nothing through
    CONNECTION = "connection"  #: no connection, or it broke, or fewer bytes came than were announced
    TIMEOUT = "timeout"  #: connect, between two reads, or in total
    TOO_LARGE = "too_large"  #: announced or turned out larger than the cap
    EMPTY = "empty"  #: an answer without a single byte
    DISK = "disk"  #: the file could not be written; the cause is the OSError


class DownloadError(ComposeError):
    """No file came of it, and nothing of it is left on the disk. The message never holds the URL."""

    def __init__(
        self, fault: DownloadFault, message: str, *, status: int | None = None, is_announced: bool = False
    ) -> None:
        """`status`: the HTTP status, where there was one. `is_announced`: the server had said how large it is."""
        super().__init__(message)
        self.fault = fault
        self.status = status
        self.is_announced = is_announced


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadTimeouts:
    """How long each phase may take. The defaults let 50 MB through at 200 kB/s."""

    connect_seconds: float = 10
    read_seconds: float = 30  #: silence between two reads, and until the first byte
    total_seconds: float = 300  #: everything, redirects and disk included


_DEFAULT_TIMEOUTS = DownloadTimeouts()


#: Which session goes to this URL; raises DownloadError for one that is not to be asked at all.
SessionChoice = Callable[[yarl.URL], aiohttp.ClientSession]
#: What goes along to this URL and to no other, such as a key.
HeaderChoice = Callable[[yarl.URL], Mapping[str, str]]


async def download(
    session: aiohttp.ClientSession | SessionChoice,
    url: str,
    into: Path,
    *,
    max_bytes: int,
    timeouts: DownloadTimeouts = _DEFAULT_TIMEOUTS,
    allowed: Callable[[yarl.URL], bool] | None = None,
    headers: HeaderChoice | None = None,
) -> int:
    """Stream `url` into the file `into` (replaced if it exists) and return its size in bytes.

    On return the file is complete, synced to disk and in its place. On any error or cancellation `into` is as it
    was. `allowed`, or the choice of a session, is asked for the URL and for every redirect; without either any http(s)
    host will do. A session must carry no credentials of its own; nothing but an encoding and our name is sent along,
    and what `headers` adds for the one address that it is asked for.
    Raises DownloadError.
    """
    part = _PartFile(into)
    try:
        async with asyncio.timeout(timeouts.total_seconds):
            asked = _Asked(session=session, timeouts=timeouts, allowed=allowed, headers=headers)
            size = await _receive(asked, _checked(url, None, allowed), part, max_bytes)
            await part.finish()
    except (aiohttp.ServerTimeoutError, TimeoutError) as error:
        raise DownloadError(DownloadFault.TIMEOUT, "the file did not come in time") from error
    except ProxyError as error:
        raise DownloadError(DownloadFault.PROXY, error.sentence) from error
    except aiohttp.ClientError as error:
        if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, NotPublicError):
            raise DownloadError(DownloadFault.URL, str(error.os_error)) from error
        raise DownloadError(DownloadFault.CONNECTION, f"connection failed: {type(error).__name__}") from error
    except OSError as error:
        raise DownloadError(DownloadFault.CONNECTION, f"connection failed: {type(error).__name__}") from error
    finally:
        await part.discard()
    return size


def remove_leftovers(folder: Path, before: datetime | None = None) -> int:
    """Delete what downloads of a killed process left in `folder`; how many files.

    While one runs there, only what is older than any download.
    """
    count = 0
    for path in folder.glob(f".*{_PART_SUFFIX}"):
        if before is None or path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            count += 1
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """How each address on the way is asked."""

    session: aiohttp.ClientSession | SessionChoice
    timeouts: DownloadTimeouts
    allowed: Callable[[yarl.URL], bool] | None
    headers: HeaderChoice | None

    def headers_for(self, url: yarl.URL) -> dict[str, str]:
        return _HEADERS if self.headers is None else {**_HEADERS, **self.headers(url)}


async def _receive(asked: _Asked, url: yarl.URL, part: "_PartFile", max_bytes: int) -> int:
    timeouts = asked.timeouts
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeouts.connect_seconds, sock_read=timeouts.read_seconds)
    for _ in range(_MAX_REDIRECTS + 1):
        async with _session_for(asked.session, url).get(
            url, allow_redirects=False, timeout=timeout, headers=asked.headers_for(url)
        ) as response:
            if response.status in _REDIRECTS:
                url = _checked(response.headers.get("Location", ""), url, asked.allowed)
                continue
            _check_answer(response, max_bytes)
            return await _copy(response, part, max_bytes)
    raise DownloadError(DownloadFault.REFUSED, f"more than {_MAX_REDIRECTS} redirects")


def _session_for(session: aiohttp.ClientSession | SessionChoice, url: yarl.URL) -> aiohttp.ClientSession:
    chosen = session if isinstance(session, aiohttp.ClientSession) else session(url)
    if "Authorization" in chosen.headers:
        raise ValueError("downloads need a session without credentials")
    return chosen


def has_plausible_host(address: str) -> bool:
    """False where it is too long for one: asked before a URL is taken apart, which takes its time with such a host."""
    return len(_AUTHORITY_ENDS.split(address.partition("//")[2], maxsplit=1)[0]) <= _MAX_AUTHORITY


def _checked(address: str, base: yarl.URL | None, allowed: Callable[[yarl.URL], bool] | None) -> yarl.URL:
    """The URL with its encoding untouched: signatures cover the bytes as they were sent."""
    if not has_plausible_host(address):
        raise DownloadError(DownloadFault.URL, "not a host")
    try:
        url = yarl.URL(address, encoded=all("!" <= character <= "~" for character in address))
        if base is not None:
            url = base.join(url)
        usable = url.scheme in {"http", "https"} and bool(url.host) and bool(address)
        carries_credentials = url.raw_user is not None or url.raw_password is not None
        _ = url.port
    except ValueError as error:
        raise DownloadError(DownloadFault.URL, "not a URL") from error
    if not usable or carries_credentials:
        raise DownloadError(DownloadFault.URL, "not a plain http(s) URL")
    if allowed is not None and not allowed(url):
        raise DownloadError(DownloadFault.URL, "this host is not allowed")
    return url


def _check_answer(response: aiohttp.ClientResponse, max_bytes: int) -> None:
    status = response.status
    if status == 200:
        if (response.content_length or 0) > max_bytes:
            too_large = f"larger than {max_bytes} bytes"
            raise DownloadError(DownloadFault.TOO_LARGE, too_large, status=status, is_announced=True)
        return
    if status == _PROXY_WANTS_LOGIN:
        raise DownloadError(DownloadFault.PROXY, refusal_of(status), status=status)
    if status == 404:
        fault = DownloadFault.NOT_FOUND
    elif status in _FORBIDDEN:
        fault = DownloadFault.FORBIDDEN
    elif status >= 500 or status in _LATER:
        fault = DownloadFault.BUSY
    elif status in {204, 205}:
        fault = DownloadFault.EMPTY
    else:
        fault = DownloadFault.REFUSED
    raise DownloadError(fault, f"HTTP {status}", status=status)


async def _copy(response: aiohttp.ClientResponse, part: "_PartFile", max_bytes: int) -> int:
    size = 0
    async for piece in response.content.iter_chunked(_READ_BYTES):
        size += len(piece)
        if size > max_bytes:
            raise DownloadError(DownloadFault.TOO_LARGE, f"larger than {max_bytes} bytes", status=response.status)
        await part.write(piece)
    if size == 0:
        raise DownloadError(DownloadFault.EMPTY, "the file is empty", status=response.status)
    return size


class _PartFile:
    """A file that takes its name only when it is whole. Every operation runs in a worker thread, to its end."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._path = into.with_name(f".{secrets.token_hex(8)}{_PART_SUFFIX}")
        self._handle: int | None = None
        self._waiting = bytearray()
        self._is_begun = False

    async def write(self, piece: bytes) -> None:
        """Take a piece; the file has it when a megabyte has come together, or at the end."""
        self._waiting += piece
        if len(self._waiting) >= _WRITE_BYTES:
            self._is_begun = True
            await _to_its_end(self._write)

    async def finish(self) -> None:
        self._is_begun = True
        await _to_its_end(self._finish)
        self._is_begun = False

    async def discard(self) -> None:
        """Close and remove what is there; a finished file stays."""
        if self._is_begun:
            await _to_its_end(self._discard)

    def _write(self) -> None:
        if self._handle is None:
            self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _AS_BYTES, 0o600)
        piece, self._waiting = self._waiting, bytearray()
        view = memoryview(piece)
        while view:
            view = view[os.write(self._handle, view) :]

    def _finish(self) -> None:
        self._write()
        assert self._handle is not None
        try:
            os.fsync(self._handle)
        except OSError as error:
            if error.errno not in _NOT_OFFERED:
                raise
            _warn_once(self._into.parent, error)
        self._close()
        self._path.replace(self._into)
        _sync_folder(self._into.parent)

    def _discard(self) -> None:
        with suppress(OSError):  # a full disk may say so again on closing
            self._close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Let the new name, too, survive a power cut, where that can be had; the file is there in any case.

    Some network and shared file systems refuse to sync a folder, Windows to open one.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        _warn_once(folder, error)


def _warn_once(folder: Path, error: OSError) -> None:
    if folder not in _unsynced:
        _unsynced.add(folder)
        log.warning("%s cannot be synced (%s): a power cut may cost the newest files", folder, error.strerror)


async def _to_its_end(work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Run in a thread and wait for it even when cancelled: a handle must not be closed under a thread that writes."""
    thread = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        while not thread.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({thread})
        if not thread.cancelled():
            thread.exception()  # seen, so that nothing complains about it later
        raise
    except OSError as error:
        raise DownloadError(DownloadFault.DISK, f"the file could not be written: {error.strerror}") from error
