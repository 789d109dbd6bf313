"""Addresses as hosts hand them out are taken apart as libpq does; what cannot be honoured is refused by name."""

from urllib.parse import quote

import pytest

from bot.database_address import parse, refusals
from bot.errors import SettingsError, StartError
from bot.settings import load_settings
from bot.store.db import describe, refuse_unusable


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
@pytest.mark.parametrize(
    ("rest", "hosts", "ports", "user", "password", "database"),
    [
        ("bot:pw@db.example:5433/songs", ("db.example",), (5433,), "bot", "pw", "songs"),
        ("bot:pw@db.example/songs", ("db.example",), (), "bot", "pw", "songs"),
        ("bot@a:1,b:2,c/songs", ("a", "b", "c"), (1, 2, 5432), "bot", None, "songs"),
        ("bot@a,b/songs?port=7", ("a", "b"), (7,), "bot", None, "songs"),
        ("bot@/songs?host=a:1&host=b:2", ("a", "b"), (1, 2), "bot", None, "songs"),
        ("bot@/songs?host=a,b&port=1,2", ("a", "b"), (1, 2), "bot", None, "songs"),
        ("bot@/songs?host=/var/run/postgresql", ("/var/run/postgresql",), (), "bot", None, "songs"),
        ("bot@%2Fvar%2Frun%2Fpostgresql/songs", ("/var/run/postgresql",), (), "bot", None, "songs"),
        ("user@/db", (), (), "user", None, "db"),
        ("/db", (), (), None, None, "db"),
        ("bot@[::1]:5433/songs", ("::1",), (5433,), "bot", None, "songs"),
        ("bot@[fe80::1%25eth0]/songs", ("fe80::1%eth0",), (), "bot", None, "songs"),
        ("bot@/songs?host=::1", ("::1",), (), "bot", None, "songs"),
        ("me%40corp:a:b@db/x%2Fy", ("db",), (), "me@corp", "a:b", "x/y"),
        ("?user=bot&password=pw&host=db&dbname=songs", ("db",), (), "bot", "pw", "songs"),
        ("one:two@db/three?user=bot&password=pw&dbname=songs", ("db",), (), "bot", "pw", "songs"),
    ],
)
def test_it_is_taken_apart_as_libpq_does(
    scheme: str,
    rest: str,
    hosts: tuple[str, ...],
    ports: tuple[int, ...],
    user: str | None,
    password: str | None,
    database: str,
) -> None:
    found = parse(f"{scheme}://{rest}")
    assert (found.hosts, found.ports) == (hosts, ports)
    assert (found.user, found.password, found.database) == (user, password, database)
    assert refusals(f"{scheme}://{rest}") == []
    assert "pw" not in repr(found)


def test_a_password_may_hold_any_character() -> None:
    for character in map(chr, [*range(1, 0x100), 0x20AC, 0x1F3B5]):
        password = f"a{character}b"
        assert parse(f"postgres://bot:{quote(password, safe='')}@db/songs").password == password


@pytest.mark.parametrize("character", ["@", "/", "?", "#"])
@pytest.mark.parametrize("around", ["hunter{}two", "1{}two", "{}hunter", "two{}", "a{}b=hunter&two", "{0}{0}two"])
def test_a_password_that_is_not_encoded_is_told_how_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, character: str, around: str
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "x")
    monkeypatch.setenv("GENERATION_API_KEY", "x")
    monkeypatch.setenv("DATABASE_URL", f"postgres://bot:{around.format(character)}@db/songs")
    with pytest.raises(SettingsError) as caught:
        load_settings(_env_file=None)
    (problem,) = caught.value.problems
    assert problem.startswith("DATABASE_URL: ")
    assert "@ %40, : %3A, / %2F, ? %3F, # %23, % %25" in problem
    assert "hunter" not in problem
    assert "two" not in problem


@pytest.mark.parametrize(
    "words",
    [
        *(f"sslmode={mode}" for mode in ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")),
        "sslmode=verify-full&sslrootcert=system",
        "sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem&sslpassword=x&sslcrl=/crl.pem",
        "sslnegotiation=direct&sslmode=require&ssl_min_protocol_version=TLSv1.3",
        "connect_timeout=10&application_name=songs&fallback_application_name=x&options=-csearch_path%3Dsongs",
        "target_session_attrs=read-write&channel_binding=prefer&gssencmode=disable&krbsrvname=x&gsslib=gssapi",
        "keepalives=1&keepalives_idle=30&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=9&sslcompression=0",
        "client_encoding=utf8&load_balance_hosts=disable&passfile=/p&service=s",
        "prepared_statement_cache_size=0&statement_cache_size=0&command_timeout=30&timeout=5&ssl=require",
    ],
)
def test_what_can_be_honoured_is_taken(words: str) -> None:
    assert refusals(f"postgres://bot:pw@db/songs?{words}") == []


@pytest.mark.parametrize(
    ("words", "sentences"),
    [
        ("sslmode=hunter", ["sslmode must be disable, allow, prefer, require, verify-ca or verify-full"]),
        ("channel_binding=require", ["channel_binding must be disable or prefer in DATABASE_URL: the driver has no"]),
        ("target_session_attrs=standby", ["target_session_attrs must be read-write, primary or any"]),
        ("connect_timeout=hunter", ["connect_timeout must be a whole number from 0 to 600"]),
        ("pgbouncer=true", ["pgbouncer in DATABASE_URL cannot be honoured: the bot keeps a lock"]),
        ("hostaddr=10.0.0.1", ["hostaddr in DATABASE_URL cannot be honoured: write the number as the host"]),
        ("schema=songs", ["schema in DATABASE_URL cannot be honoured: write options="]),
        ("require_auth=hunter", ["require_auth in DATABASE_URL cannot be honoured; take it out"]),
        ("sslmod=require&hunter", ["sslmod in DATABASE_URL cannot be honoured", "a parameter in DATABASE_URL cannot"]),
        ("sslmode=require&sslrootcert=system", ["sslrootcert=system in DATABASE_URL needs sslmode=verify-full"]),
        ("ssl=true&sslmode=disable", ["ssl and sslmode in DATABASE_URL say different things"]),
        ("sslkey=/k.pem", ["sslkey in DATABASE_URL needs sslcert"]),
    ],
)
async def test_what_cannot_be_honoured_is_refused_by_name_and_without_its_value(
    words: str, sentences: list[str]
) -> None:
    address = f"postgres://bot:hunter@db/songs?{words}"
    with pytest.raises(SettingsError) as caught:
        refuse_unusable(address)
    assert len(caught.value.problems) == len(sentences)
    for problem, sentence in zip(caught.value.problems, sentences, strict=True):
        assert problem.startswith(sentence)
        assert problem.endswith(".")
        assert "hunter" not in problem
    with pytest.raises(StartError, match=r"DATABASE_URL") as refused:
        await describe(address)
    assert "hunter" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("postgres://bot:pw@db/songs", "db"),
        ("postgres://bot:pw@a:1,b/songs", "a:1, b:5432"),
        ("postgres://bot:pw@[::1]:5433/songs", "[::1]:5433"),
        ("postgres://bot:pw@a,b/songs?port=7", "a:7, b:7"),
        ("postgres://bot:pw@/songs", "localhost"),
        ("postgres://bot:pw@/songs?port=7", "localhost:7"),
        ("postgres://bot:pw@/songs?host=/run/postgresql", "/run/postgresql"),
    ],
)
def test_its_place_can_be_told(address: str, place: str) -> None:
    assert parse(address).place == place


@pytest.mark.parametrize("server", ["[::1", "[db]x:1", "a:1:2", "[:1]", "a[b"])
def test_a_host_that_is_none_is_refused(server: str) -> None:
    with pytest.raises(ValueError, match=r"has a (host|port)"):
        parse(f"postgres://bot@{server}/songs")


@pytest.mark.parametrize("port", ["0", "65536", "hunter", "-1", "5432x"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    for address in (f"postgres://bot@db:{port}/songs", f"postgres://bot@db/songs?port={port}"):
        with pytest.raises(ValueError, match=r"port") as caught:
            parse(address)
        assert "hunter" not in str(caught.value)
