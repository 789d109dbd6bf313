"""A real PostgreSQL as hosts offer it: TLS, a socket, passwords, rights and limits; what fails is named."""

import asyncio
import struct
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.errors import StartError
from bot.store.db import describe, open_store, sole_runner
from bot.store.postgresql import MIN_MAJOR_VERSION
from tests.bot.store.orders import NOON, SetClock, an_order
from tests.bot.store.own_server import OwnServer, own_server, programs, standby_of

#: Every character that means something in an address, and some that mean something elsewhere.
PASSWORD = "a:/?#[]@!$&'()*+,;=% \"<>\\^`{|}~%41ß"
TYPED = quote(PASSWORD, safe="")


@pytest.fixture(scope="module")
def server() -> Generator[OwnServer]:
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL over TLS is not tested here: no Debian PostgreSQL, openssl or asyncpg")
    with tempfile.TemporaryDirectory(prefix="compose-pg-") as folder, own_server(Path(folder), where) as running:
        literal = PASSWORD.replace("'", "''")
        running.psql(
            f"CREATE ROLE bot LOGIN PASSWORD '{literal}'",
            "CREATE ROLE certified LOGIN",
            f"CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD '{literal}'",
            f"CREATE ROLE stranger LOGIN PASSWORD '{literal}'",
            f"CREATE ROLE quiet LOGIN PASSWORD '{literal}'",
            "ALTER ROLE quiet SET default_transaction_read_only = on",
        )
        for database in ("bot", "open"):
            running.psql(f"CREATE DATABASE {database} OWNER bot")
        running.psql("CREATE DATABASE certified OWNER certified")
        running.psql("GRANT ALL ON SCHEMA public TO quiet", database="bot")
        yield running


async def _works(url: str) -> str:
    """What `check` says of it, once a job was written and read there."""
    async with open_store(url, clock=SetClock()) as store, sole_runner(url):
        known = (await store.tally()).by_state
        job = await store.add(an_order(sum(known.values()) + 1), NOON)
        assert await store.get(job.id) == job
        await store.delete(job.id)
    return await describe(url)


async def _refused(url: str) -> str:
    """The one sentence that `check` and the start both say."""
    with pytest.raises(StartError) as checked:
        await describe(url)
    with pytest.raises(StartError) as started:
        await open_store(url, clock=SetClock()).__aenter__()
    await _driver_is_done()
    said = str(started.value)
    assert str(checked.value) == said
    assert started.value.__cause__ is None
    assert started.value.__suppress_context__ or started.value.__context__ is None
    for secret in (PASSWORD, TYPED, "hunter"):
        assert secret not in said
    return said


async def _driver_is_done() -> None:
    """asyncpg closes a connection that was refused in turns of the loop to come, and a test's loop ends sooner."""
    transports = vars(asyncio.get_running_loop()).get("_transports", {})
    for _ in range(5):
        if not any(True for _ in transports.values()):
            return
        await asyncio.sleep(0.01)
    for transport in list(transports.values()):
        transport.abort()
    await asyncio.sleep(0.01)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("scheme", "login", "words", "tls"),
    [
        ("postgres", "bot:{password}@localhost:{port}", "sslmode=require", True),
        ("postgresql", "bot:{password}@localhost:{port}", "sslmode=require&channel_binding=prefer", True),
        ("postgresql+asyncpg", "bot:{password}@localhost:{port}", "ssl=require", True),
        ("postgresql", "bot:{password}@localhost:{port}", "ssl=true", True),
        ("postgres", "bot:{password}@localhost:{port}", "", True),
        ("postgres", "bot:{password}@localhost:{port}", "sslmode=prefer", True),
        ("postgres", "bot:{password}@localhost:{port}", "sslmode=allow", True),
        (
            "postgres",
            "bot:{password}@127.0.0.1:{port}",
            "sslmode=verify-ca&sslrootcert={certificates}/authority.crt",
            True,
        ),
        (
            "postgres",
            "bot:{password}@localhost:{port}",
            "sslmode=verify-full&sslrootcert={certificates}/authority.crt",
            True,
        ),
        (
            "postgresql",
            "certified@localhost:{port}/certified",
            "sslmode=require&sslcert={certificates}/certified.crt&sslkey={certificates}/certified.key",
            True,
        ),
        (
            "postgresql",
            "bot:{password}@127.0.0.1:1,localhost:{port}",
            "target_session_attrs=read-write&connect_timeout=10&application_name=songs&keepalives=1",
            True,
        ),
        ("postgresql", "bot:{password}@", "host={folder}&port={port}&sslmode=require", False),
        ("postgresql", "bot:{password}@{quoted}:{port}", "", False),
        (
            "postgresql",
            "",
            "host={folder}&port={port}&user=bot&password={password}&options=-csearch_path%3Dpublic",
            False,
        ),
        (
            "postgresql",
            "bot:{password}@localhost:{port}",
            "statement_cache_size=0&prepared_statement_cache_size=0",
            True,
        ),
    ],
)
async def test_an_address_as_a_host_hands_it_out_works(
    server: OwnServer, scheme: str, login: str, words: str, tls: bool
) -> None:
    values = {"port": server.port, "password": TYPED, "folder": server.folder, "certificates": server.certificates}
    login = login if login.endswith("/certified") else f"{login}/bot"
    filled = f"{login}?{words}".format(**values, quoted=quote(str(server.folder), safe=""))
    said = await _works(f"{scheme}://{filled}")
    assert f", {'over' if tls else 'without'} TLS: revision " in said
    assert TYPED not in said
    assert PASSWORD not in said


@pytest.mark.heavy
async def test_tls_can_be_left_out_where_the_server_allows_it(server: OwnServer) -> None:
    said = await _works(f"postgres://bot:{TYPED}@127.0.0.1:{server.port}/open?sslmode=disable")
    assert ", without TLS: revision " in said


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("login", "place", "words", "sentence"),
    [
        ("bot:hunter2", "localhost:{port}/bot", "", "password refused). Look at user and password"),
        ("bot", "localhost:{port}/bot", "", "password refused). Look at user and password"),
        ("bot:{password}", "localhost:{port}/songs", "", "no such database). Create it"),
        ("nobody:{password}", "localhost:{port}/bot", "", "password refused)"),
        ("bot:{password}", "localhost:{port}/bot", "sslmode=disable", "user refused). Its pg_hba.conf"),
        ("crowded:{password}", "localhost:{port}/bot", "", "too many connections). All of its connections are taken"),
        ("stranger:{password}", "localhost:{port}/bot", "", "no rights). Let its user"),
        ("quiet:{password}", "localhost:{port}/bot", "", "read-only). The bot must write"),
        ("quiet:{password}", "localhost:{port}/bot", "target_session_attrs=read-write", "read-only, all of them)"),
        ("bot:{password}", "127.0.0.1:1/bot", "", "out of reach: ConnectionRefusedError). Look at host and port"),
        ("bot:{password}", "nowhere.invalid:{port}/bot", "", "no such host). Look at host and port"),
        ("bot:{password}", "/bot", "host=/nowhere", "out of reach: FileNotFoundError). Look at host and port"),
        (
            "bot:{password}",
            "localhost:{port}/bot",
            "sslmode=verify-full&sslrootcert={certificates}/other.crt",
            "its certificate is refused",
        ),
        (
            "bot:{password}",
            "127.0.0.1:{port}/bot",
            "sslmode=verify-full&sslrootcert={certificates}/authority.crt",
            "its certificate is refused",
        ),
        (
            "bot:{password}",
            "localhost:{port}/bot",
            "sslmode=verify-full&sslrootcert=system",
            "its certificate is refused",
        ),
        ("bot:{password}", "localhost:{port}/bot", "sslmode=verify-full", "no certificate authority). Give the"),
        (
            "bot:{password}",
            "localhost:{port}/bot",
            "sslmode=require&sslrootcert=/nowhere.crt",
            "sslrootcert in DATABASE_URL: /nowhere.crt cannot be read (No such",
        ),
        (
            "bot:{password}",
            "localhost:{port}/bot",
            "sslmode=require&sslrootcert={certificates}/server.ext",
            "server.ext is not what it should be",
        ),
        (
            "bot:{password}",
            "localhost:{port}/bot",
            "sslcert={certificates}/certified.crt&sslkey={certificates}/server.key",
            "with its sslkey and sslpassword is not what",
        ),
    ],
)
async def test_what_keeps_a_server_from_being_used_is_one_sentence_without_the_password(
    server: OwnServer,
    login: str,
    place: str,
    words: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # libpq's own files may lie at home
    values = {"port": server.port, "password": TYPED, "certificates": server.certificates}
    at = "" if place.startswith("/") else "@"
    said = await _refused(f"postgres://{login}{at or '@'}{place}?{words}".format(**values))
    assert sentence in said
    assert said.endswith(".")


@pytest.mark.heavy
async def test_a_standby_is_named_and_the_primary_found_among_several(server: OwnServer) -> None:
    with standby_of(server) as standby:
        alone = f"postgres://bot:{TYPED}@localhost:{standby.port}/bot"
        both = f"postgres://bot:{TYPED}@localhost:{standby.port},localhost:{server.port}/bot"
        assert "read-only, a standby). The bot must write" in await _refused(alone)
        assert "read-only, a standby). The bot must write" in await _refused(both)
        assert "read-only, all of them)" in await _refused(f"{alone}?target_session_attrs=read-write")
        assert "revision" in await _works(f"{both}?target_session_attrs=read-write")


@asynccontextmanager
async def _speaking(*answers: bytes) -> AsyncGenerator[int]:
    """Something that answers whatever it hears with these bytes, one after the other."""

    over: set[asyncio.Task[None] | None] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over.add(asyncio.current_task())
        with closing(writer):
            for each in answers:
                await reader.read(1000)
                writer.write(each)
            with suppress(ConnectionError):
                await reader.read()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]
        await asyncio.wait([task for task in over if task])


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", len(content) + 4) + content


def _greeting(**settings: str) -> bytes:
    told = [_message(b"S", f"{name}\0{value}\0".encode()) for name, value in settings.items()]
    return b"".join([_message(b"R", bytes(4)), *told, _message(b"Z", b"I")])


@pytest.mark.parametrize(
    ("answers", "words", "sentence"),
    [
        (
            [_greeting(server_version="9.6.24")],
            "sslmode=disable",
            f"PostgreSQL 9.6 is too old). The bot needs version {MIN_MAJOR_VERSION} or newer.",
        ),
        ([b"N", _greeting(server_version="9.2.24")], "", "PostgreSQL 9.2 is too old)"),
        ([_greeting(server_version="13.0", crdb_version="v23")], "sslmode=disable", "CockroachDB). It keeps no"),
        ([b"N"], "sslmode=require", "no TLS there). sslmode asks for TLS"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "", "no TLS there)"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "sslmode=disable&connect_timeout=1", "). "),
        (
            [_message(b"E", b"SFATAL\0C08P01\0Munsupported startup parameter: lock_timeout\0\0")],
            "sslmode=disable",
            "settings refused). A pooler",
        ),
        ([_message(b"E", b"SFATAL\0C57P03\0Mstarting up\0\0")], "sslmode=disable", "not ready yet). It is starting"),
        (
            [_message(b"E", b"SFATAL\0C53300\0Msorry, too many clients already\0\0")],
            "sslmode=disable",
            "too many connections). All of",
        ),
        ([], "sslmode=disable&connect_timeout=1", "out of reach: TimeoutError"),
    ],
)
async def test_a_server_that_is_old_or_none_is_named(answers: list[bytes], words: str, sentence: str) -> None:
    pytest.importorskip("asyncpg")
    async with _speaking(*answers) as port:
        assert sentence in await _refused(f"postgresql://bot:hunter2@127.0.0.1:{port}/compose?{words}")
