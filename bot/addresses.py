"""Which hosts and IP addresses are public, judged from their text alone: pure, nothing is looked up."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

#: Names that lead nowhere, or only to somebody's own network: RFC 6761, 6762, 7686, 8375, 9476, ICANN's `internal`, and
#: what routers and offices use without asking. `example` is not among them: it is nobody's machine.
_OWN_DOMAINS = frozenset({
    "alt", "arpa", "corp", "domain", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "mail",
    "onion", "private", "test",
})  # fmt: skip
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
MAX_HOST_CHARACTERS = 253
#: A host whose last label is one is an IPv4 address in one of its spellings or nothing, as browsers see it (WHATWG).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

#: What ipaddress calls global in some of the Pythons that this runs on, and is not; or what hides another address.
_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_UNICAST = IPv6Network("2000::/3")  #: all that was ever given out
#: On a network without IPv4 every IPv4 host is looked up as one of these (RFC 6052), its address in the last 4 bytes.
_NAT64 = IPv6Network("64:ff9b::/96")


class NotPublicError(OSError):
    """A connection that was about to go to an address that is not public. Its text holds no address."""


def public_host(host: str, *, with_loopback: bool = False) -> str | None:
    """The host in the one spelling that means the same to everybody; None when it is not public.

    `host`: a name, or an address without brackets. `with_loopback` takes this machine for public as well. Raises
    ValueError for some of what is neither.
    """
    if ":" in host:
        return _address_host(ip_address(host), with_loopback)
    name = (URL.build(scheme="https", host=host).raw_host or "").removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return _address_host(IPv4Address(socket.inet_aton(name)), with_loopback)
        except OSError:
            return None
    labels = name.split(".")
    if len(name) > MAX_HOST_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if labels[-1] == "localhost":
        return name if with_loopback else None
    return name if len(labels) > 1 and labels[-1] not in _OWN_DOMAINS else None


def is_public_address(text: str) -> bool:
    """Whether a connection to this address, as a look-up gave it, leaves for the public internet.

    An IPv4 address inside an IPv6 one (mapped, NAT64) is judged in its stead; one with a scope belongs to this network.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        within = IPv4Address(address.packed[-4:]) if address in _NAT64 else address.ipv4_mapped
        return _is_public(address if within is None else within)
    return _is_public(address)


def _address_host(address: IPv4Address | IPv6Address, with_loopback: bool) -> str | None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return _address_host(address.ipv4_mapped, with_loopback)
    if not (_is_public(address) or (with_loopback and address.is_loopback)):
        return None
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.scope_id is not None):
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


def absolute_address(value: str, schemes: tuple[str, ...]) -> str:
    """The address as it is. Raises ValueError with a sentence unless it begins with one of these and has a host."""
    try:
        url = URL(value)
    except ValueError:  # its message repeats what was typed, which may hold a password
        url = URL()
    if url.scheme not in schemes or not url.host:
        raise ValueError(f"must be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if any(sign.isspace() for sign in url.host):
        raise ValueError("has a blank inside; remove it")
    try:
        url.host.encode("idna")
    except UnicodeError:  # an empty label, or one of more than 63 letters: every look-up would fail on it
        raise ValueError("has a host that cannot exist; look at its dots") from None
    return value
