"""Whom the servers on loopback let in: every program of this machine, and no web page from elsewhere.

A browser lets any page send requests to 127.0.0.1. What gives such a page away is what it cannot forge: the `Host` it
came by (its own name, pointed here meanwhile), the `Origin` of whatever a script, a form or a WebSocket sends ("null"
from a sandboxed frame), and `Sec-Fetch-Site` on all it merely embeds. Programs such as discord.py send a `Host` and
neither of the others. Sources: Fetch standard, "Origin header"; Fetch Metadata Request Headers; RFC 6455, 10.2.
"""

import argparse
import hmac
import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

#: Where a server may listen.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: Carries the token of a control door. A page that adds a header of its own is asked first by its browser, and refused.
TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105 - a header's name
#: A host, in brackets if it is IPv6, and a port.
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\[\]:/?#@*\\,]+)(?::([0-9]{1,5}))?")
_SCHEME = "http://"
_PORT_OF_HTTP = 80
#: `none`: somebody typed the address or followed a bookmark.
_OWN_SITES = frozenset({"same-origin", "none"})
_WITHOUT_EFFECT = frozenset({"GET", "HEAD", "OPTIONS"})

#: Host in lower case, IPv6 in brackets, and its port.
Place: TypeAlias = tuple[str, int]


class ShutError(Exception):
    """Why a door stays shut, in a sentence; `by` is "host", "origin", "token" or "content type"."""

    def __init__(self, by: str, words: str, *, status: int = 403) -> None:
        super().__init__(words)
        self.by = by
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The doors of one server. `host_names`: what else than loopback it is called, see `host_name`."""

    host_names: frozenset[str] = frozenset()

    def api(self, request: web.Request) -> None:
        """An API that programs call, guarded by a key of its own. Raises ShutError for what a web page sends."""
        self.files(request)
        _check_site(request)

    def files(self, request: web.Request, *, pages: Collection[str] = ()) -> None:
        """Files: links lead to them from anywhere, scripts read them only on `pages` (origins). Raises ShutError."""
        place = self._named(request)
        origin = _origin(request)
        if origin is not None and origin not in pages and _place_of_origin(origin) != place:
            raise _foreign(origin)

    def document(self, request: web.Request, *, is_opened: bool = True) -> str:
        """A page at exactly this server's address; its origin. `is_opened`: links may lead to it. Raises ShutError."""
        host, port = self._named(request)
        if port != _own_port(request) and f"{host}:{port}" not in self.host_names:
            raise _misdirected(f"{host}:{port}")
        origin = _origin(request)
        if origin is not None and _place_of_origin(origin) != (host, port):
            raise _foreign(origin)
        if not is_opened:
            _check_site(request)
        return _SCHEME + (host if port == _PORT_OF_HTTP else f"{host}:{port}")

    def control(self, request: web.Request, token: str, *, takes_forms: bool = False) -> None:
        """What changes the sandbox itself: the exact address, JSON alone, and the token of this start.

        `takes_forms`: multipart as well, for files; the token's header keeps it from being a form a page can post.
        Raises ShutError.
        """
        self.document(request, is_opened=False)
        given = request.headers.get(TOKEN_HEADER) or (request.query.get("token", "") if _streams(request) else "")
        if not hmac.compare_digest(given.encode(errors="replace"), token.encode()):
            raise ShutError("token", f"the header {TOKEN_HEADER} with the token of this start is missing or wrong")
        kinds = {"application/json", "multipart/form-data"} if takes_forms else {"application/json"}
        if request.can_read_body and request.content_type not in kinds:
            raise ShutError("content type", f"the body has to be {' or '.join(sorted(kinds))}", status=415)

    def _named(self, request: web.Request) -> Place:
        """The address the request came by; ShutError unless it is ours."""
        given = request.headers.getall("Host", [])
        place = _place_of(given[0]) if len(given) == 1 else None
        # an absolute target (RFC 9112, 3.2.2) would override Host; only proxies are sent one
        if place is None or not request.raw_path.startswith(("/", "*")):
            raise _misdirected(", ".join(given))
        host, port = place
        if not (_is_loopback(host) or host in self.host_names or f"{host}:{port}" in self.host_names):
            raise _misdirected(given[0])
        return place


def doors(host_names: Iterable[str] = ()) -> Doors:
    """Doors of a server with these names beside loopback. Raises ValueError for what is no name."""
    return Doors(host_names=frozenset(host_name(name) for name in host_names))


def host_name(text: str) -> str:
    """A `name` or `name:port` in the form in which it is compared. Raises ValueError with a sentence otherwise."""
    name = text.strip().lower()
    if not _AUTHORITY.fullmatch(name):
        raise ValueError(f"{text!r} is no host name: wanted is a name such as box.example, or box.example:9000")
    return name


def add_host_names(parser: argparse.ArgumentParser) -> None:
    """The option `--host-name`, which gives the list `host_names`."""

    def checked(text: str) -> str:
        try:
            return host_name(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    parser.add_argument(
        "--host-name",
        dest="host_names",
        action="append",
        default=[],
        type=checked,
        metavar="NAME[:PORT]",
        help="a name beside loopback under which this machine reaches it (may be given several times)",
    )


def base_url(host: str, port: int) -> str:
    """The address of a server; IPv6 in brackets."""
    return f"{_SCHEME}{f'[{host}]' if ':' in host else host}:{port}"


def _place_of(authority: str) -> Place | None:
    found = _AUTHORITY.fullmatch(authority.lower())
    return (found[1], int(found[2] or _PORT_OF_HTTP)) if found else None


def _place_of_origin(origin: str) -> Place | None:
    return _place_of(origin.removeprefix(_SCHEME)) if origin.startswith(_SCHEME) else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _own_port(request: web.Request) -> int | None:
    own = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return own[1] if isinstance(own, tuple) else None


def _origin(request: web.Request) -> str | None:
    """None from programs; two headers are one that nobody trusts."""
    given = request.headers.getall("Origin", [])
    return ", ".join(given) if given else None


def _check_site(request: web.Request) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITES:
        raise ShutError("origin", f"a web page from elsewhere ({site}) may not call this server")


def _streams(request: web.Request) -> bool:
    """An EventSource in a browser can add no header."""
    return request.method in _WITHOUT_EFFECT and "text/event-stream" in request.headers.get("Accept", "")


def _misdirected(host: str) -> ShutError:
    return ShutError("host", f"this server is not called {host!r}; --host-name gives it a name beside loopback")


def _foreign(origin: str) -> ShutError:
    return ShutError("origin", f"a web page from {origin!r} may not call this server")
