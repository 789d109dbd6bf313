"""Which way a request leaves: straight, or through the operator's proxy; and in which words that proxy refuses."""

import base64
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Protocol, cast

import aiohttp
import yarl

#: The standard library's own reading of NO_PROXY, which other programs follow; its type stubs leave it out.
_bypasses = cast("Callable[[str, dict[str, str]], bool]", vars(urllib.request)["proxy_bypass_environment"])

_REFUSED_LOGIN, _FORBIDDEN = 407, 403


class ProxyError(aiohttp.ClientConnectionError):
    """The proxy was not there, or would not open the way: nothing has reached the server behind it."""

    #: A sentence for operators, without a host of members or a login; what aiohttp says is not repeated.
    sentence = "the proxy could not be used"

    @classmethod
    def after(cls, error: aiohttp.ClientError) -> "ProxyError":
        """What an error of the connection to the proxy stands for."""
        made = cls()
        made.sentence = _refusal(error)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """One proxy and the login for it."""

    url: yarl.URL  #: without the login
    login: str = field(default="", repr=False)  #: the value of Proxy-Authorization; empty without one


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRules:
    """What the settings say about the way out. Addresses as `usable_proxy` takes them."""

    everywhere: str | None = field(default=None, repr=False)  #: PROXY_URL: before the next two
    for_https: str | None = field(default=None, repr=False)  #: HTTPS_PROXY: https and wss
    for_http: str | None = field(default=None, repr=False)  #: HTTP_PROXY: http and ws
    straight: str = ""  #: NO_PROXY: hosts with commas between them, each with what lies under it; `*`: all

    def __call__(self, url: yarl.URL) -> Proxy | None:
        """The proxy for this address; None: straight. This machine itself is never asked through one."""
        address = self.everywhere or (self.for_https if url.scheme in {"https", "wss"} else self.for_http)
        if not address or _is_this_machine(url.host or "") or self._is_straight(url):
            return None
        return usable_proxy(address)

    @property
    def any(self) -> bool:
        """Whether there is a proxy at all."""
        return bool(self.everywhere or self.for_https or self.for_http)

    def _is_straight(self, url: yarl.URL) -> bool:
        names = {"no": self.straight}
        host = url.raw_host or ""
        return bool(self.straight) and any(_bypasses(name, names) for name in (host, f"{host}:{url.port}"))


#: Nothing set: everything goes straight.
STRAIGHT = ProxyRules()


def usable_proxy(address: str) -> Proxy:
    """A proxy's address taken apart; without a scheme it is http. Raises ValueError, whose text holds none of it."""
    problem = "must be a proxy's address such as http://proxy.example.com:3128 (http or https; SOCKS is not spoken)"
    try:
        url = yarl.URL(_with_scheme(address))
        is_usable = url.scheme in {"http", "https"} and bool(url.host) and url.port != 0
        user, password = url.user, url.password
    except ValueError:  # its message repeats what was typed, which may hold a password
        raise ValueError(problem) from None
    if not is_usable:
        raise ValueError(problem)
    if ":" in (user or ""):
        raise ValueError("a user for a proxy cannot hold a colon")
    if not (user or password):
        return Proxy(url=url.origin())
    login = base64.b64encode(f"{user or ''}:{password or ''}".encode()).decode()
    return Proxy(url=url.origin(), login=f"Basic {login}")


class ProxySettings(Protocol):
    """The settings that say how requests leave."""

    @property
    def proxy_url(self) -> str | None: ...
    @property
    def https_proxy(self) -> str | None: ...
    @property
    def http_proxy(self) -> str | None: ...
    @property
    def no_proxy(self) -> str | None: ...


def rules_of(settings: ProxySettings) -> ProxyRules:
    """What these settings say."""
    return ProxyRules(
        everywhere=settings.proxy_url,
        for_https=settings.https_proxy,
        for_http=settings.http_proxy,
        straight=settings.no_proxy or "",
    )


def proxy_address(address: str | None) -> str | None:
    """The address with its scheme: http, where it does not say. Raises ValueError as `usable_proxy` does."""
    if address is None:
        return None
    usable_proxy(address)
    return _with_scheme(address)


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"http://{address}"


def _refusal(error: aiohttp.ClientError) -> str:
    if not isinstance(error, aiohttp.ClientResponseError):
        return "the proxy cannot be reached; look at its address, PROXY_URL or HTTPS_PROXY, and whether it runs"
    return refusal_of(error.status)


def refusal_of(status: int) -> str:
    """What a proxy means by the status with which it opened no way."""
    if status == _REFUSED_LOGIN:
        return "the proxy wants a user and a password, or refuses those in PROXY_URL or HTTPS_PROXY (407)"
    if status == _FORBIDDEN:
        return "the proxy does not let the bot through to this host (403); whoever runs the proxy can allow it"
    return f"the proxy could not open a way to this host ({status})"


def _is_this_machine(host: str) -> bool:
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
