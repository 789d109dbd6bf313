"""One HTTP exchange with a music service: what was answered, or a GenerationError that says what is at stake."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import pydantic_core
import yarl
from pydantic import SecretStr

from bot.clock import Clock
from bot.download import USER_AGENT, DownloadTimeouts
from bot.errors import BusyError, GenerationError, SettingsError
from bot.proxies import STRAIGHT, Proxy, ProxyError, refusal_of

_READ_BYTES = 1 << 14
_NOT_PLAIN = (
    "{setting.url}: must be an address alone, such as {setting.usual_url}, without a login, parameters or #; the key "
    "belongs into {setting.key}"
)
_NO_KEY = "{setting.key}: empty, or with characters that no key has; copy it again from the provider's page"
#: A key of so many characters is part of nothing else that a service says.
_MIN_UNMISTAKABLE = 16
#: Only a proxy answers so (RFC 9110, 15.5.8); on the way to an http address it answers in the server's place.
_PROXY_WANTS_LOGIN = 407

#: aiohttp raises these before the first byte of a request is written: the server cannot have taken it.
NOT_SENT = (
    aiohttp.ClientConnectorError,  # refused, unreachable, DNS, TLS handshake, certificate, proxy
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,  # the proxy would not open a tunnel
    ProxyError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingNames:
    """What operators call a service's address and key, for what they are told."""

    url: str
    key: str
    usual_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each phase may take."""

    connect_seconds: float = 10  #: a connection, with DNS and TLS; also the wait for a free one in the pool
    #: The POST's answer: the API fetches the reference meanwhile. Its documents show 7 s, real clients allow 90 to 180.
    submit_seconds: float = 180
    read_seconds: float = 30  #: any other answer
    track: DownloadTimeouts = field(default_factory=DownloadTimeouts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """The HTTP sessions in use. None carries credentials, cookies or default headers of its own."""

    calls: aiohttp.ClientSession  #: to the configured address: polls, look-ups, and tracks that lie there; pooled
    #: Wherever else an answer says that a track lies; its connector is `bot.connections.public_connector`.
    files: aiohttp.ClientSession
    #: POSTs. With `TCPConnector(force_close=True)` none goes out on a pooled connection that the server is just
    #: closing: that would be an outcome nobody knows, for nothing.
    submit: aiohttp.ClientSession
    #: In place of `files` for what `route` leads through a proxy, which looks names up itself; None without one.
    proxied: aiohttp.ClientSession | None = None
    route: Callable[[yarl.URL], Proxy | None] = STRAIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """How much is taken in, from where, and how long it may take."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    answer_bytes: int = 256 * 1024  #: a real answer has under 2 kB
    track_bytes: int = 64 * 1024 * 1024  #: four minutes of WAV; minimax-music gives at most 2 MB
    track_hosts: frozenset[str] = frozenset()  #: TRACK_HOSTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call as metrics see it."""

    call: str  #: submit, poll, look_up, cancel or probe
    status: int | None  #: None when no answer came
    seconds: float


Observer = Callable[[Exchange], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, read as far as the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool  #: False: cut off by the limit, or the connection broke

    @property
    def is_good(self) -> bool:
        """Any 2xx: the documents do not say which one the POST answers."""
        return 200 <= self.status < 300

    @property
    def data(self) -> object:
        """The body as JSON; None when it is none. Too deep, cut off or ill-encoded counts as none."""
        if not self.is_whole:
            return None
        try:
            return pydantic_core.from_json(self.body)
        except ValueError:
            return None

    @property
    def text(self) -> str:
        """The body as text, for plain-text errors; empty for anything that looks like markup."""
        text = self.body[:4000].decode("utf-8", "replace").strip()
        is_markup = text.startswith("<") or "html" in self.headers.get("Content-Type", "").lower()
        return "" if is_markup else text

    @property
    def request_id(self) -> str | None:
        """The API's own name for this exchange, to quote to its support."""
        names = (self.headers.get(header) for header in ("x-inference-id", "x-request-id", "x-fal-request-id"))
        return next((name[:100] for name in names if name), None)

    def retry_after_seconds(self, now: datetime) -> float | None:
        """`Retry-After` in either of its forms (RFC 9110, 10.2.3); never negative."""
        value = self.headers.get("Retry-After", "").strip()
        if not value:
            return None
        try:
            seconds = float(value)
        except ValueError:
            seconds = _seconds_until(value, now)
        return max(0.0, seconds) if seconds is not None and math.isfinite(seconds) else None


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        at = parsedate_to_datetime(date)
        return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError):
        return None


class Transport:
    """Sends requests to one API with one key, and turns every way a connection can fail into a GenerationError."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr | None,
        clock: Clock,
        limits: HttpLimits,
        observe: Observer,
        setting: SettingNames,
        scheme: str = "Bearer",
    ) -> None:
        """`api_key`: None where the service asks for none. `scheme`: the word before it in its header.

        Raises SettingsError when the address or the key cannot be used in a request.
        """
        self._base = _usable_base(base_url, setting)
        self._key = None if api_key is None else _usable_key(api_key, setting)
        self._scheme = scheme
        self._clock = clock
        self._timeouts = limits.timeouts
        self._limits = limits
        self._observe = observe

    async def get(
        self,
        session: aiohttp.ClientSession,
        call: str,
        path: str,
        params: Mapping[str, str | int],
        *,
        with_key: bool = True,
    ) -> Answer:
        """Safe to repeat. Raises BusyError when no answer came; an answer that broke off has `is_whole` False."""
        return await self._exchange(
            *(session, "GET", call, path),
            lost=BusyError,
            seconds=self._timeouts.read_seconds,
            params=params,
            with_key=with_key,
        )

    async def put(self, session: aiohttp.ClientSession, call: str, path: str) -> Answer:
        """For what may be said twice. Raises BusyError when no answer came."""
        return await self._exchange(session, "PUT", call, path, lost=BusyError, seconds=self._timeouts.read_seconds)

    async def post(
        self,
        session: aiohttp.ClientSession,
        call: str,
        path: str,
        body: Mapping[str, str],
        *,
        headers: Mapping[str, str],
        lost: type[GenerationError],
    ) -> Answer:
        """Sent at most once. Raises BusyError if it was certainly not sent, `lost` if nobody can tell."""
        return await self._exchange(
            session, "POST", call, path, lost=lost, seconds=self._timeouts.submit_seconds, body=body, headers=headers
        )

    async def upload(
        self,
        session: aiohttp.ClientSession,
        call: str,
        path: str,
        form: aiohttp.FormData,
        *,
        lost: type[GenerationError],
    ) -> Answer:
        """A form with files in it, as `post`."""
        return await self._exchange(
            session, "POST", call, path, lost=lost, seconds=self._timeouts.submit_seconds, form=form
        )

    async def ask(
        self,
        session: aiohttp.ClientSession,
        call: str,
        path: str,
        body: Mapping[str, object],
        *,
        with_key: bool = True,
    ) -> Answer:
        """A POST that changes nothing: as safe to repeat as `get`."""
        return await self._exchange(
            *(session, "POST", call, path),
            lost=BusyError,
            seconds=self._timeouts.read_seconds,
            body=body,
            with_key=with_key,
        )

    def key_header(self) -> dict[str, str]:
        """What carries the key; empty without one."""
        return {} if self._key is None else {"Authorization": f"{self._scheme} {self._key.get_secret_value()}"}

    async def _exchange(  # noqa: PLR0913 - one private place for all calls
        self,
        session: aiohttp.ClientSession,
        method: str,
        call: str,
        path: str,
        *,
        lost: type[GenerationError],
        seconds: float,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        form: aiohttp.FormData | None = None,
        headers: Mapping[str, str] | None = None,
        with_key: bool = True,
    ) -> Answer:
        started = self._clock.monotonic()
        status: int | None = None
        connect = self._timeouts.connect_seconds
        try:
            async with session.request(
                method,
                self._base.joinpath(*path.strip("/").split("/")),
                params=params,
                json=body,
                data=form,
                headers={
                    **(self.key_header() if with_key else {}),
                    "Accept": "application/json",
                    "User-Agent": USER_AGENT,
                    **(headers or {}),
                },
                # A redirect would carry the key, or turn the POST into a GET.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=connect + seconds, connect=connect, sock_read=seconds),
            ) as response:
                status = response.status
                if status == _PROXY_WANTS_LOGIN:
                    raise BusyError(refusal_of(status), by_proxy=True)
                return await self._read(response)
        except ProxyError as error:
            raise BusyError(error.sentence, by_proxy=True) from error
        except NOT_SENT as error:
            raise BusyError(f"no connection: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise lost(f"no answer: {type(error).__name__}") from error
        finally:
            self._observe(Exchange(call=call, status=status, seconds=self._clock.monotonic() - started))

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        body = bytearray()
        is_whole = True
        try:
            async for piece in response.content.iter_chunked(_READ_BYTES):
                body += piece
                if len(body) > self._limits.answer_bytes:
                    is_whole = False
                    response.close()
                    break
        except (aiohttp.ClientError, TimeoutError, OSError):
            # The status line came, and it alone decides much: a 401 stays a 401 without its body.
            is_whole = False
        return Answer(
            status=response.status,
            headers=response.headers,
            body=self._without_key(bytes(body[: self._limits.answer_bytes]), response.status),
            is_whole=is_whole,
        )

    def _without_key(self, body: bytes, status: int) -> bytes:
        """Some servers echo the key they refuse: it must not get any further than this.

        A key that somebody made up for a server of their own may be any word: what is no refusal would lose its names.
        """
        key = b"" if self._key is None else self._key.get_secret_value().encode()
        if not key or (len(key) < _MIN_UNMISTAKABLE and 200 <= status < 300):
            return body
        return body.replace(key, b"***")


def _usable_base(base_url: str, setting: SettingNames) -> yarl.URL:
    try:
        url = yarl.URL(base_url.strip())
        is_usable = url.scheme in {"http", "https"} and bool(url.host) and url.user is None and not url.query_string
    except ValueError:
        is_usable = False
        url = yarl.URL()
    if not is_usable:
        raise SettingsError([_NOT_PLAIN.format(setting=setting)])
    return url.with_path(url.path.rstrip("/")) if url.path != "/" else url


def _usable_key(api_key: SecretStr, setting: SettingNames) -> SecretStr:
    key = api_key.get_secret_value().strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError([_NO_KEY.format(setting=setting)])
    return SecretStr(key)
