"""Which foreign address is offered as a link: Discord refuses a message for one bad address, and with it the file.

Pure, and judged from the text alone: nothing is looked up, so a name that leads to a private machine is not noticed.
"""

import re
import socket
import unicodedata
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from yarl import URL

from bot.download import has_plausible_host

#: Discord's limit for the address of a button.
BUTTON_CHARACTERS = 512
#: Leaves room in a message (2000 characters, Discord) for what else stands on a track's. Addresses signed with a
#: temporary key of the large clouds have 1,000 to 1,400.
WORDS_CHARACTERS = 1_500

#: Names that lead nowhere, or only to somebody's own network: RFC 6761, 6762, 7686, 8375, 9476, ICANN's `internal`, and
#: what routers and offices use without asking. `example` is not among them: it is nobody's machine.
_OWN_DOMAINS = frozenset({
    "alt", "arpa", "corp", "domain", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "mail",
    "onion", "private", "test",
})  # fmt: skip
#: Pythons differ in what else they let stand in or behind the brackets.
_BRACKETED = re.compile(r"\[[0-9a-f]*:[0-9a-f:.]*\](:[0-9]*)?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_MAX_HOST_CHARACTERS = 253
#: A host whose last label is one is an IPv4 address in one of its spellings or nothing, as browsers see it (WHATWG).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

#: What ipaddress calls global in some of the Pythons that this runs on, and is not; or what hides another address.
_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_UNICAST = IPv6Network("2000::/3")  #: all that was ever given out

#: What may stand in a path, a query or a fragment as it is (RFC 3986); the signature of an address must not change.
_LEGAL = "%/:@!$&'()*+,;="
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: Controls cannot be shown, halves of a surrogate pair cannot be sent.
_UNUSABLE = frozenset({"Cc", "Cs"})


def offered(url: str | None, *, max_characters: int = BUTTON_CHARACTERS, opens_loopback: bool = False) -> str | None:
    """The address as a link may carry it, in ASCII; None when it must not be offered.

    It is http or https, its host is public, it holds no name or password, no controls, and what has to be encoded is.
    `opens_loopback`: the members are on the bot's own machine, see OrderRequirements.
    """
    url = (url or "").strip(" ")
    if len(url) > max_characters or not has_plausible_host(url):
        return None
    if any(unicodedata.category(c) in _UNUSABLE for c in url):
        return None
    try:
        address = _encoded(urlsplit(url), opens_loopback)
    except ValueError:  # what urlsplit, ipaddress and IDNA say of what is none
        return None
    return address if address is not None and len(address) <= max_characters else None


def offered_in_words(url: str | None, *, opens_loopback: bool = False) -> str | None:
    """The address as a message's text can carry it, within `[words](<address>)`; longer than a button's may be."""
    address = offered(url, max_characters=WORDS_CHARACTERS, opens_loopback=opens_loopback)
    if address is None:
        return None
    address = address.replace("(", "%28").replace(")", "%29")  # the first one would end the link
    return address if len(address) <= WORDS_CHARACTERS else None


def _encoded(parts: SplitResult, opens_loopback: bool) -> str | None:
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or not parts.hostname:
        return None
    if "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc):
        return None
    if len(parts.hostname) > _MAX_HOST_CHARACTERS or parts.port == 0:
        return None
    host = _host(parts.hostname, opens_loopback)
    if host is None:
        return None
    return urlunsplit(
        (
            parts.scheme,
            host if parts.port is None else f"{host}:{parts.port}",
            _quoted(parts.path),
            _quoted(parts.query, "?"),
            _quoted(parts.fragment, "?"),
        )
    )


def _quoted(part: str, also: str = "") -> str:
    return quote(_STRAY_PERCENT.sub("%25", part), safe=_LEGAL + also)


def _host(host: str, opens_loopback: bool) -> str | None:
    """The host in the one spelling that means the same to everybody; None when it is not public."""
    if ":" in host:
        return _address_host(ip_address(host), opens_loopback)
    name = (URL.build(scheme="https", host=host).raw_host or "").removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return _address_host(IPv4Address(socket.inet_aton(name)), opens_loopback)
        except OSError:
            return None
    labels = name.split(".")
    if len(name) > _MAX_HOST_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if labels[-1] == "localhost":
        return name if opens_loopback else None
    return name if len(labels) > 1 and labels[-1] not in _OWN_DOMAINS else None


def _address_host(address: IPv4Address | IPv6Address, opens_loopback: bool) -> str | None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return _address_host(address.ipv4_mapped, opens_loopback)
    if not (_is_public(address) or (opens_loopback and address.is_loopback)):
        return None
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)
