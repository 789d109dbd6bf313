"""A PostgreSQL address as hosts hand it out: taken apart, and every word of it honoured or refused by name.

The words are libpq's (PostgreSQL manual, "Parameter Key Words") and the few that asyncpg and SQLAlchemy add. No
sentence repeats a value: in an address that is taken apart wrongly, anything may be a piece of the password.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

#: The first is how SQLAlchemy spells it; the others are what hosts hand out.
SCHEMES = ("postgresql+asyncpg", "postgresql", "postgres")

#: What helps against every address that falls apart.
ENCODING = (
    "a character of the password that means something in an address is written so: "
    "@ %40, : %3A, / %2F, ? %3F, # %23, % %25, a blank %20"
)

_DIRECTIONS = "read-write", "primary", "any"
_SSL_MODES = "disable", "allow", "prefer", "require", "verify-ca", "verify-full"
_TLS_VERSIONS = "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"
#: libpq takes `ssl=true`, as Java writes it; `ssl=MODE` is asyncpg's own spelling.
_SSL_WORDS = {"true": "require", "1": "require", "false": "disable", "0": "disable"}

#: Whatever their value, they reach the driver.
_TAKEN = frozenset({
    "host", "port", "dbname", "database", "user", "password", "passfile", "service", "servicefile", "sslcert", "sslkey",
    "sslrootcert", "sslcrl", "sslpassword", "application_name", "fallback_application_name", "options", "krbsrvname",
    "direct_tls",
})  # fmt: skip
#: Whatever their value, leaving them out changes at most when a dead connection is noticed, or nothing.
_HARMLESS = frozenset({
    "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "sslcompression",
})  # fmt: skip
#: Word -> the values that can be honoured.
_VALUES: Mapping[str, tuple[str, ...]] = {
    "sslmode": _SSL_MODES,
    "ssl": (*_SSL_MODES, *_SSL_WORDS),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "target_session_attrs": _DIRECTIONS,
    "gsslib": ("gssapi", "sspi"),
    "channel_binding": ("disable", "prefer"),
    "gssencmode": ("disable", "prefer"),
    "gssdelegation": ("0",),
    "sslcertmode": ("allow",),
    "sslsni": ("1",),
    "load_balance_hosts": ("disable",),
    "client_encoding": ("utf8", "UTF8", "UTF-8", "utf-8", "auto"),
}
#: Word -> smallest and largest number.
_NUMBERS: Mapping[str, tuple[int, int]] = {
    "connect_timeout": (0, 600),
    "timeout": (0, 600),
    "command_timeout": (1, 600),
    "prepared_statement_cache_size": (0, 10_000),
    "statement_cache_size": (0, 10_000),
}
_WHY: Mapping[str, str] = {
    "channel_binding": (
        "the driver has no channel binding. Write channel_binding=prefer; sslmode=verify-full&sslrootcert=system "
        "proves the server instead"
    ),
    "target_session_attrs": "the bot writes, and needs a server that takes it",
    "hostaddr": "write the number as the host",
    "pgbouncer": "the bot keeps a lock in its session, which ends with each transaction there. Use the direct address",
    "schema": "write options=-csearch_path%3DNAME instead",
}
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlAddress:
    """Where a server is and how it is spoken to. What is None or missing is left to the driver (PGUSER, …)."""

    #: Names, numbers, or folders of Unix sockets; none: this machine's socket, else localhost.
    hosts: tuple[str, ...]
    #: One for each host or for all of them, or none: 5432.
    ports: tuple[int, ...]
    user: str | None
    password: str | None = field(repr=False)
    database: str | None
    #: The other options, decoded; not yet judged.
    options: Mapping[str, str] = field(repr=False)

    @property
    def place(self) -> str:
        """Host and port for a sentence."""
        shown = [f"[{host}]" if ":" in host else host for host in self.hosts or ("localhost",)]
        ports = self.ports * len(shown) if len(self.ports) == 1 else self.ports
        pairs = zip(shown, ports, strict=True) if ports else ((host, None) for host in shown)
        return ", ".join(f"{host}:{port}" if port else host for host, port in pairs)

    @property
    def ssl_mode(self) -> str | None:
        """libpq's word for how much TLS is wanted; None: as much as the server has."""
        ssl = self.options.get("ssl")
        return self.options.get("sslmode") or (_SSL_WORDS.get(ssl, ssl) if ssl else None)


def is_postgresql(address: str) -> bool:
    """Whether its scheme says so."""
    return address.partition("://")[0].lower() in SCHEMES


def parse(address: str) -> PostgresqlAddress:
    """Take it apart, as libpq does. Raises ValueError, with a sentence that repeats nothing, when it falls apart."""
    rest = address.partition("://")[2].partition("#")[0]
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    login, at, servers = authority.rpartition("@")
    beyond = query + address.partition("#")[2]
    if "@" in login or "@" in path or (authority and not at and "@" in beyond):
        raise ValueError(f"cannot be taken apart: {ENCODING}")
    options = dict(parse_qsl(query, keep_blank_values=True))
    listed = [value for name, value in parse_qsl(query) if name == "host"]
    hosts, ports = _servers(",".join(listed) or servers, options.pop("port", ""))
    user, _, password = login.partition(":")
    options.pop("host", None)
    return PostgresqlAddress(
        hosts=hosts,
        ports=ports,
        user=options.pop("user", "") or unquote(user) or None,
        password=options.pop("password", "") or unquote(password) or None,
        database=options.pop("dbname", "") or options.pop("database", "") or unquote(path) or None,
        options=options,
    )


def _servers(listed: str, other_ports: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """`a:1,b:2`, `[::1]:5432`, `/run/postgresql`, `%2Frun%2Fpostgresql`; ports may also stand apart."""
    hosts: list[str] = []
    ports: list[str] = []
    for each in (one for one in listed.split(",") if one):
        host, port = _server(each)
        hosts.append(unquote(host))
        ports.append(port)
    ports = other_ports.split(",") if other_ports else ports
    if not any(ports):
        return tuple(hosts), ()
    numbers = tuple(_port(each) for each in ports)
    if len(numbers) not in {1, max(len(hosts), 1)}:
        raise ValueError("must have one port for all hosts, or one for each")
    return tuple(hosts), numbers


def _server(written: str) -> tuple[str, str]:
    """Host and port, where there is one."""
    if written.startswith("/"):
        return written, ""
    host, colon, port = written.partition(":")
    if written.startswith("["):
        host, bracket, rest = written[1:].partition("]")
        colon, port = rest[:1] if bracket else "[", rest[1:]
    elif ":" in port:
        host, colon, port = written, "", ""
    if (":" in host and not _is_ipv6(host)) or colon not in {"", ":"} or "[" in host:
        raise ValueError(f"has a host or port that is none: {ENCODING}")
    return host, port


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(unquote(host))
    except ValueError:
        return False
    return True


def _port(written: str) -> int:
    number = int(written or 5432) if written.isdecimal() or not written else 0
    if not 1 <= number <= _MAX_PORT:
        raise ValueError(f"has a port that is none (1 to {_MAX_PORT}): {ENCODING}")
    return number


def refusals(address: str) -> list[str]:
    """One sentence for each word that cannot be honoured; none when all can. Raises ValueError as `parse` does."""
    options = parse(address).options
    found = [sentence for name, value in options.items() if (sentence := _refusal(name, value))]
    if "#" in address:
        found.append(f"DATABASE_URL holds a # that begins nothing: {ENCODING}.")
    return [*found, *_contradictions(options)]


def _refusal(name: str, value: str) -> str | None:
    if name in _TAKEN or name in _HARMLESS:
        return None
    why = f": {_WHY[name]}" if name in _WHY else ""
    if name in _VALUES:
        values = list(_VALUES[name])
        return None if value in values else f"{name} must be {_either(values)} in DATABASE_URL{why}."
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        fits = value.isdecimal() and low <= int(value) <= high
        return None if fits else f"{name} must be a whole number from {low} to {high} in DATABASE_URL."
    # without a value it may be the end of a password with a question mark in it
    shown = name if value and re.fullmatch(r"[A-Za-z][\w.-]{0,40}", name) else "a parameter"
    return f"{shown} in DATABASE_URL cannot be honoured{why or '; take it out'}."


def _contradictions(options: Mapping[str, str]) -> Iterator[str]:
    ssl = options.get("ssl")
    mode = options.get("sslmode")
    if ssl and mode and _SSL_WORDS.get(ssl, ssl) != mode:
        yield "ssl and sslmode in DATABASE_URL say different things; leave one out."
    if options.get("sslrootcert") == "system" and (mode or "verify-full") != "verify-full":
        yield "sslrootcert=system in DATABASE_URL needs sslmode=verify-full: anybody has a certificate of some name."
    if options.get("sslkey") and not options.get("sslcert"):
        yield "sslkey in DATABASE_URL needs sslcert, the certificate it belongs to."


def _either(values: list[str]) -> str:
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last
