"""How a PostgreSQL server is reached, by what its address says; and what is wrong with it, in a sentence."""

import asyncio
import importlib
import importlib.util
import socket
import ssl
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.database_address import ENCODING, PostgresqlAddress
from bot.env_file import ENDLESS, is_endless
from bot.errors import StartError
from bot.store.driver_errors import busy_word, drivers_own, sqlstate_of, word_of
from bot.store.migrate import newest, stored_revision
from bot.store.pooler_words import HANDED_ON, POOLERS_SILENCE, SESSIONS, SETTINGS, pooler_trouble

#: The oldest that the tests of the store have been run on.
MIN_MAJOR_VERSION = 10

#: A process that stands still within a transaction, or whose machine is gone, keeps its rows from all others for no
#: longer than this: by GONE_AFTER they take its songs over. A busy event loop lets seconds pass between two statements.
IDLE_SECONDS = 10.0

#: How many times as long a call waits for its turn among the others of this process: a burst is no trouble.
TURNS = 4

#: Words that asyncpg reads from an address of its own; it loads the files, and knows libpq's defaults.
_TLS_WORDS = (
    "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation", "ssl_min_protocol_version",
    "ssl_max_protocol_version",
)  # fmt: skip
_KEYWORDS = "passfile", "service", "servicefile", "krbsrvname", "gsslib", "target_session_attrs"
_FILE_WORDS = "sslcert", "sslkey", "sslrootcert", "sslcrl"

_ADVICE = {
    "28000": "Its pg_hba.conf lets this user in neither from here nor in this way: try sslmode=require.",
    "28P01": f"Look at user and password in DATABASE_URL; {ENCODING}.",
    "3D000": "Create it (CREATE DATABASE), or look at the name behind the last / of DATABASE_URL.",
    "53300": (
        "All of its connections are taken: end other programs, or raise max_connections or the limit of this user or "
        "database. The bot takes 18 at the most, each process of it."
    ),
    "57P03": "It is starting or stopping; try again in a moment.",
    "08P01": SETTINGS,
    "26000": SESSIONS,
    "42P05": SESSIONS,
    "42501": "Let its user make tables: GRANT CREATE, USAGE ON SCHEMA public TO that user, as the database's owner.",
}
_WORDS = {
    "53300": "too many connections",
    "57P03": "not ready yet",
    "08P01": "settings refused",
    "42501": "no rights",
    "26000": HANDED_ON,
    "42P05": HANDED_ON,
}
_CHECK_ADDRESS = "Look at host and port in DATABASE_URL, and whether the server runs and lets this machine in."
_WRITABLE = (
    "The bot must write: name the primary (several hosts: target_session_attrs=read-write), or end what makes it "
    "read-only (default_transaction_read_only, a full disk)."
)


_TRUST = (
    "Give the authority's certificate (sslrootcert=FILE), or sslrootcert=system for those that this machine trusts; "
    "the host must be the one that the certificate names."
)
_DRIVER_TROUBLES = {
    "TargetServerAttributeNotMatched": ("read-only, all of them", _WRITABLE),
    "ClientConfigurationError": ("no certificate authority", _TRUST),
    "InternalClientError": ("not PostgreSQL", "Something else answers there. Look at host and port in DATABASE_URL."),
}
_LOOK = text(
    "SELECT current_setting('transaction_read_only') = 'on', pg_is_in_recovery(), current_schema(), "
    "has_schema_privilege(current_schema(), 'CREATE'), current_setting('server_version'), "
    "(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())"
)
_TABLE_RIGHTS = text(
    "SELECT has_table_privilege('job', 'INSERT'), has_table_privilege('job', 'UPDATE'), "
    "has_table_privilege('job', 'DELETE')"
)


class UnusableServerError(Exception):
    """A server that answers, and cannot be used."""

    def __init__(self, word: str, advice: str) -> None:
        """`word`: what is wrong, shown in brackets behind the database's name; `advice`: what to do, a sentence."""
        super().__init__(word)
        self.advice = advice


def name_of(address: PostgresqlAddress) -> str:
    """The database in a sentence, without user and password."""
    database = address.database or address.user
    return f"PostgreSQL database {f'{database} ' if database else ''}at {address.place}"


def postgresql_engine(
    address: PostgresqlAddress, *, busy_seconds: float, idle_seconds: float = IDLE_SECONDS
) -> AsyncEngine:
    """An engine with bounds on every wait. Raises StartError where the driver is not installed.

    `idle_seconds`: the server ends a transaction that lets so much time pass between two statements; 0: never.
    """
    if importlib.util.find_spec("asyncpg") is None:
        raise StartError(
            "PostgreSQL needs the package asyncpg, which requirements/postgres.lock lists (in a container: the build "
            "argument LOCK=postgres). Install it, or use SQLite."
        )
    arguments = _arguments(address, busy_seconds)
    bounds = _bounds(busy_seconds, idle_seconds)

    async def connect() -> Any:
        return await _connected(address, arguments, bounds)

    cached = address.options.get("prepared_statement_cache_size")
    return create_async_engine(
        "postgresql+asyncpg://",
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=TURNS * busy_seconds,
        connect_args={
            "async_creator_fn": connect,
            **({} if cached is None else {"prepared_statement_cache_size": int(cached)}),
        },
    )


async def open_connection(address: PostgresqlAddress, *, busy_seconds: float) -> Any:
    """asyncpg's own connection, with the same bounds, for what needs one to itself. Raises the driver's errors."""
    return await _connected(address, _arguments(address, busy_seconds), _bounds(busy_seconds, IDLE_SECONDS))


def _bounds(busy_seconds: float, idle_seconds: float) -> str:
    """Statements that set what a session waits for."""
    return (
        f"SET lock_timeout = {round(busy_seconds * 1000)}; "
        f"SET idle_in_transaction_session_timeout = {round(idle_seconds * 1000)}"
    )


def _arguments(address: PostgresqlAddress, busy_seconds: float) -> dict[str, Any]:
    """What asyncpg's connect takes, whichever host it is."""
    options = address.options
    settings = {
        "application_name": options.get("application_name") or options.get("fallback_application_name") or "compose",
    }
    if options.get("options"):
        settings["options"] = options["options"]
    arguments: dict[str, Any] = {
        "user": address.user,
        "password": address.password,
        "database": address.database,
        "timeout": float(options.get("connect_timeout") or options.get("timeout") or 0) or busy_seconds,
        "command_timeout": float(options.get("command_timeout") or 2 * busy_seconds),
        "server_settings": settings,
        **{name: options[name] for name in _KEYWORDS if options.get(name)},
    }
    if options.get("statement_cache_size"):
        arguments["statement_cache_size"] = int(options["statement_cache_size"])
    if options.get("direct_tls"):
        arguments["direct_tls"] = True
    return arguments


async def _connected(address: PostgresqlAddress, arguments: dict[str, Any], bounds: str) -> Any:
    """asyncpg's connection to the first host that takes it; each has the whole time. Raises the last host's error."""
    asyncpg: Any = importlib.import_module("asyncpg")
    hosts = address.hosts or (None,)
    ports = address.ports * len(hosts) if len(address.ports) == 1 else address.ports or (None,) * len(hosts)
    last: Exception | None = None
    for host, port in zip(hosts, ports, strict=True):
        try:
            connection = await asyncpg.connect(host=host, port=port, **_tls(address, host), **arguments)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.TargetServerAttributeNotMatched) as error:
            last = error
            continue
        try:
            _refuse_strangers(connection)
            # not when it is opened: a pooler such as PgBouncer takes no settings then
            await connection.execute(bounds)
        except BaseException:
            connection.terminate()
            raise
        return connection
    raise last or OSError("no host")


def _tls(address: PostgresqlAddress, host: str | None) -> dict[str, Any]:
    """As asyncpg takes it; over a Unix socket there is none, as with libpq."""
    if host is not None and host.startswith("/"):
        return {"ssl": False}
    options = {name: address.options[name] for name in _TLS_WORDS if address.options.get(name)}
    if options.get("sslrootcert") == "system":
        return {"ssl": _system_trust(options)}
    return {"dsn": f"postgresql://?{urlencode(options)}" if options else None, "ssl": address.ssl_mode}


def _system_trust(options: Mapping[str, str]) -> ssl.SSLContext:
    """What asyncpg makes of verify-full, with the authorities that this machine trusts; it knows no `system`."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["postgresql"])
    if "sslcert" in options:
        context.load_cert_chain(options["sslcert"], options.get("sslkey"), options.get("sslpassword", ""))
    return context


def _refuse_strangers(connection: Any) -> None:
    """Before the first statement: an old server, or one that only speaks like PostgreSQL."""
    if hasattr(connection.get_settings(), "crdb_version"):
        raise UnusableServerError("CockroachDB", "It keeps no advisory locks, which the bot needs: use PostgreSQL.")
    version = connection.get_server_version()
    if version.major < MIN_MAJOR_VERSION:
        raise UnusableServerError(
            f"PostgreSQL {version.major}.{version.minor} is too old",
            f"The bot needs version {MIN_MAJOR_VERSION} or newer.",
        )


def refuse_bad_files(address: PostgresqlAddress) -> None:
    """Raise StartError, with the word and the path, for a file of TLS that cannot be used. Reads files: in a thread."""
    files = {name: address.options[name] for name in _FILE_WORDS if address.options.get(name)}
    if files.get("sslrootcert") == "system":
        del files["sslrootcert"]
    for name, path in files.items():
        try:
            if is_endless(Path(path)):
                raise StartError(f"{name} in DATABASE_URL: {path} {ENDLESS}.")
            Path(path).read_bytes()
        except OSError as error:
            raise StartError(f"{name} in DATABASE_URL: {path} cannot be read ({error.strerror}).") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in ("sslrootcert", "sslcrl", "sslcert"):
        if name not in files:
            continue
        try:
            if name == "sslcert":
                context.load_cert_chain(files[name], files.get("sslkey"), address.options.get("sslpassword", ""))
            else:
                context.load_verify_locations(cafile=files[name])
        except ssl.SSLError:
            other = " with its sslkey and sslpassword" if name == "sslcert" else ""
            raise StartError(
                f"{name} in DATABASE_URL: {files[name]}{other} is not what it should be, in PEM."
            ) from None


@asynccontextmanager
async def looked_into(
    address: PostgresqlAddress, *, busy_seconds: float
) -> AsyncGenerator[tuple[AsyncEngine, str | None, str]]:
    """Connections to a server that can be used, the step at which its database stands, and words on it.

    Raises StartError, also for what goes wrong in the block.
    """
    await asyncio.to_thread(refuse_bad_files, address)
    engine = postgresql_engine(address, busy_seconds=busy_seconds)
    try:
        with start_errors_named(address):
            async with engine.connect() as connection:
                revision, server = await look_into(connection)
            yield engine, revision, server
    finally:
        await engine.dispose()


async def look_into(connection: AsyncConnection) -> tuple[str | None, str]:
    """The step at which the database stands, and a few words on the server. Raises UnusableServerError."""
    read_only, in_recovery, schema, may_create, version, tls = (await connection.execute(_LOOK)).one()
    if in_recovery or read_only:
        raise UnusableServerError("read-only" + (", a standby" if in_recovery else ""), _WRITABLE)
    if schema is None:
        raise UnusableServerError(
            "no schema", "Nothing that its search_path names exists: CREATE SCHEMA, or change it."
        )
    revision = await connection.run_sync(stored_revision)
    writable = revision is None or all((await connection.execute(_TABLE_RIGHTS)).one())
    if not writable or (revision != newest() and not may_create):
        raise UnusableServerError("no rights", _ADVICE["42501"])
    return revision, f"version {version.partition(' ')[0]}, {'over TLS' if tls else 'without TLS'}"


@contextmanager
def start_errors_named(address: PostgresqlAddress) -> Generator[None]:
    """Turn whatever keeps the database from being used into StartError: one sentence of what, one of what to do."""
    try:
        yield
    except UnusableServerError as error:
        word, advice = str(error), error.advice
    except DBAPIError as error:
        word, advice = _server_trouble(error.orig, word_of(error))
    except OSError as error:
        word, advice = _network_trouble(error)
    except drivers_own() as error:
        word, advice = _server_trouble(error, busy_word(error) or f"{type(error).__name__} {sqlstate_of(error)}")
    else:
        return
    raise StartError(f"{name_of(address)} cannot be used ({word}). {advice}") from None


def _server_trouble(error: BaseException | None, word: str) -> tuple[str, str]:
    """`word`: what is said of an error of which nothing is known."""
    state = sqlstate_of(error)
    if state.startswith("08") and (told := pooler_trouble(str(error))):
        return told
    if state in _ADVICE:
        return _WORDS.get(state) or word, _ADVICE[state]
    cause = type(error.__cause__).__name__ if error else ""
    return _DRIVER_TROUBLES.get(cause) or _DRIVER_TROUBLES.get(type(error).__name__) or (word.rstrip(), _CHECK_ADDRESS)


def _network_trouble(error: OSError) -> tuple[str, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}", _TRUST
    if isinstance(error, ssl.SSLError):
        return "TLS failed", "Look at sslmode, and at the certificates in DATABASE_URL."
    if isinstance(error, socket.gaierror):
        return "no such host", _CHECK_ADDRESS
    if isinstance(error, ConnectionError) and "SSL" in str(error):
        return "no TLS there", "sslmode asks for TLS, and what answers there has none: sslmode=prefer goes without."
    if isinstance(error, TimeoutError):
        return "out of reach: TimeoutError", f"{_CHECK_ADDRESS} {POOLERS_SILENCE}"
    return f"out of reach: {type(error).__name__}", _CHECK_ADDRESS
