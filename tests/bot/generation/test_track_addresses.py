"""A hostile music API names where a track lies: nothing inside the operator's network is asked for it.

A stranger's server stands on loopback and counts who comes. Where a public one is needed, 127.0.0.2 plays it.
"""

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.connections import public_connector
from bot.errors import TrackLostError
from bot.generation.aiml.client import GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.transport import HttpLimits, Sessions
from tests.bot.generation.stand_ins import FAST, MovedClock, open_sessions
from tests.connect_proxy import certificate_for

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEY = "a-key-for-its-own-origin"
PUBLIC = "127.0.0.2"
needs_a_second_loopback = pytest.mark.skipif(sys.platform != "linux", reason="only Linux listens on all of 127/8")


@dataclass(slots=True, kw_only=True)
class Server:
    """Somebody's server; `asked` holds the path of every request that reached it, `keys` what they authorised with."""

    url: str
    port: int
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)


@asynccontextmanager
async def serving(
    host: str = "127.0.0.1", *, redirects: dict[str, str] | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Answers every path with bytes, or with a redirect that is named for it."""
    server = Server(url="", port=0)

    async def answer(request: web.Request) -> web.Response:
        server.asked.append(request.path)
        server.keys.extend(request.headers.getall("Authorization", []))
        if redirects and request.path in redirects:
            return web.Response(status=302, headers={"Location": redirects[request.path]})
        return web.Response(body=b"a secret of this machine")

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, 0, ssl_context=tls).start()
    server.port = runner.addresses[0][1]
    server.url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{server.port}"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[Server]:
    """A bare listener that only notes that somebody came: TLS or not, a connection is the harm."""
    server = Server(url="", port=0)

    async def came(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections.append("came")
        writer.close()

    listener = await asyncio.start_server(came, host, 0, family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


class Names(AbstractResolver):
    """A name server of the attacker's: gives each look-up of a name its next answer, the last one for ever."""

    def __init__(self, **answers: list[str]) -> None:
        self._answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.looked_up: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.looked_up.append(host)
        given = self._answers[host]
        answer = given.pop(0) if len(given) > 1 else given[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in answer.split()
        ]

    async def close(self) -> None:
        pass


def client_of(base_url: str, sessions: Sessions, hosts: frozenset[str] = frozenset()) -> GenerationClient:
    return GenerationClient(
        sessions=sessions,
        base_url=base_url,
        api_key=SecretStr(KEY),
        profile=PROFILES["minimax-music"],
        clock=MovedClock(),
        budget=AsyncLimiter(1000, 1),
        limits=HttpLimits(track_bytes=100_000, timeouts=FAST, track_hosts=hosts),
    )


@asynccontextmanager
async def sessions_with(
    names: Names | None = None, *, trusting: ssl.SSLContext | bool = True, public: str | None = None
) -> AsyncIterator[Sessions]:
    """As the bot's, with the attacker's name server; `public` is the one address that counts as a public one."""
    judged = {} if public is None else {"is_public": lambda address: address == public}
    connector = public_connector(limit=10, resolver=names, tls=trusting, **judged)
    async with (
        open_sessions() as opened,
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as files,
    ):
        yield Sessions(calls=opened.calls, files=files, submit=opened.submit)


async def is_refused(client: GenerationClient, url: str, folder: Path, why: str = "") -> None:
    with pytest.raises(TrackLostError, match=f"url: ({why})"):
        await client.fetch(url, folder / "a.mp3")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST.",
        "song.localhost",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "0",
        "①②⑦.0.0.1",
        "127.0.0.1.",
    ],
)
async def test_an_answer_that_names_this_machine_reaches_nothing_in_any_spelling(
    tmp_path: Path, scheme: str, host: str
) -> None:
    async with listening() as victim, open_sessions() as sessions:
        client = client_of("https://api.example.com", sessions)
        await is_refused(client, f"{scheme}://{host}:{victim.port}/a.mp3", tmp_path)
    assert victim.connections == []


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_answer_that_names_this_machine_by_ipv6_reaches_nothing(tmp_path: Path, scheme: str) -> None:
    try:
        opened = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    opened.close()
    async with listening("::1") as victim, open_sessions() as sessions:
        await is_refused(
            client_of("https://api.example.com", sessions), f"{scheme}://[::1]:{victim.port}/a.mp3", tmp_path
        )
    assert victim.connections == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fe80::1%25eth0]/a.mp3",
        "https://[64:ff9b::a9fe:a9fe]/a.mp3",
        "https://[2002:7f00:1::]/a.mp3",
        "https://10.0.0.1/a.mp3",
        "https://router/a.mp3",
        "https://printer.local/a.mp3",
        "https://vault.internal/a.mp3",
        "https://nas.home.arpa/a.mp3",
        "http://cdn.example.com/a.mp3",
    ],
)
async def test_what_is_not_public_by_its_text_is_not_even_looked_up(tmp_path: Path, url: str) -> None:
    names = Names()
    async with sessions_with(names, public="") as sessions:
        nowhere = Sessions(calls=sessions.files, files=sessions.files, submit=sessions.submit)
        await is_refused(client_of("https://api.example.com", nowhere), url, tmp_path, "not https|not a public host")
    assert names.looked_up == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "127.0.0.1 10.0.0.1"])
async def test_a_public_name_that_leads_to_this_machine_is_not_connected_to(tmp_path: Path, address: str) -> None:
    names = Names(cdn_example_com=[address])
    async with listening() as victim, sessions_with(names) as sessions:
        client = client_of("https://api.example.com", sessions)
        await is_refused(client, f"https://cdn.example.com:{victim.port}/a.mp3", tmp_path)
    assert names.looked_up == ["cdn.example.com"]
    assert victim.connections == []


async def test_the_systems_own_look_up_is_judged_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = socket.getaddrinfo

    def rebound(host: str | None, *more: int) -> object:
        return really("127.0.0.1" if host == "cdn.example.com" else host, *more)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    async with listening() as victim, open_sessions() as sessions:
        client = client_of("https://api.example.com", sessions)
        await is_refused(client, f"https://cdn.example.com:{victim.port}/a.mp3", tmp_path)
    assert victim.connections == []


@pytest.mark.parametrize("way", ["its own port", "its own name"])
async def test_a_redirect_from_the_providers_own_origin_is_judged_anew(tmp_path: Path, way: str) -> None:
    async with listening() as victim, open_sessions() as sessions:
        host = "127.0.0.1" if way == "its own port" else "localhost"
        async with serving(redirects={"/a.mp3": f"http://{host}:{victim.port}/secret"}) as provider:
            await is_refused(client_of(provider.url, sessions), f"{provider.url}/a.mp3", tmp_path)
    assert provider.asked == ["/a.mp3"]
    assert victim.connections == []


async def test_another_port_or_scheme_of_the_providers_host_is_not_its_origin(tmp_path: Path) -> None:
    async with listening() as victim, serving() as provider, open_sessions() as sessions:
        client = client_of(provider.url, sessions)
        await is_refused(client, f"http://127.0.0.1:{victim.port}/a.mp3", tmp_path)
        await is_refused(client, f"https://127.0.0.1:{provider.port}/a.mp3", tmp_path)
        await is_refused(client, f"http://localhost:{provider.port}/a.mp3", tmp_path)
    assert victim.connections == provider.asked == []


async def test_the_providers_own_origin_is_asked_wherever_it_lies_and_without_the_key(tmp_path: Path) -> None:
    async with serving(redirects={"/a.mp3": "/files/b.mp3"}) as provider, open_sessions() as sessions:
        assert await client_of(f"{provider.url}/v1/", sessions).fetch(f"{provider.url}/a.mp3", tmp_path / "a.mp3") == 24
    assert provider.asked == ["/a.mp3", "/files/b.mp3"]
    assert provider.keys == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For cdn.example.com alone."""
    return certificate_for("cdn.example.com", tmp_path_factory.mktemp("tls"))


def served_with(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@needs_a_second_loopback
async def test_a_public_host_is_fetched_from_the_address_that_was_judged(tmp_path: Path, certificate: Path) -> None:
    names = Names(cdn_example_com=[f"{PUBLIC} 127.0.0.1", "127.0.0.1"])
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with (
        serving(PUBLIC, tls=served_with(certificate)) as cdn,
        sessions_with(names, trusting=trusting, public=PUBLIC) as sessions,
    ):
        client = client_of("https://api.example.com", sessions)
        assert await client.fetch(f"https://cdn.example.com:{cdn.port}/a.mp3", tmp_path / "a.mp3") == 24
    assert names.looked_up == ["cdn.example.com"], "a second look-up could have told another address"
    assert cdn.asked == ["/a.mp3"]
    assert cdn.keys == []


@needs_a_second_loopback
async def test_a_name_that_is_rebound_between_two_hops_is_judged_again(tmp_path: Path, certificate: Path) -> None:
    names = Names(cdn_example_com=[PUBLIC], evil_example_com=["127.0.0.1"])
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with listening() as victim:
        away = {
            "/name": f"https://evil.example.com:{victim.port}/",
            "/address": f"https://127.0.0.1:{victim.port}/",
            "/downgrade": f"http://cdn.example.com:{victim.port}/",
        }
        async with (
            serving(PUBLIC, tls=served_with(certificate), redirects=away) as cdn,
            sessions_with(names, trusting=trusting, public=PUBLIC) as sessions,
        ):
            client = client_of("https://api.example.com", sessions)
            for path in away:
                await is_refused(client, f"https://cdn.example.com:{cdn.port}{path}", tmp_path)
    assert cdn.asked == list(away)
    assert victim.connections == []


@needs_a_second_loopback
async def test_a_certificate_for_another_name_is_not_taken(tmp_path: Path, certificate: Path) -> None:
    names = Names(other_example_com=[PUBLIC])
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with (
        serving(PUBLIC, tls=served_with(certificate)) as cdn,
        sessions_with(names, trusting=trusting, public=PUBLIC) as sessions,
    ):
        client = client_of("https://api.example.com", sessions)
        with pytest.raises(Exception, match="CertificateError"):
            await client.fetch(f"https://other.example.com:{cdn.port}/a.mp3", tmp_path / "a.mp3")
    assert cdn.asked == []


@needs_a_second_loopback
async def test_with_a_list_of_hosts_no_other_public_host_is_asked(tmp_path: Path, certificate: Path) -> None:
    names = Names(cdn_example_com=[PUBLIC])
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with (
        serving(PUBLIC, tls=served_with(certificate)) as cdn,
        sessions_with(names, trusting=trusting, public=PUBLIC) as sessions,
    ):
        listed = client_of("https://api.example.com", sessions, frozenset({"example.com"}))
        assert await listed.fetch(f"https://cdn.example.com:{cdn.port}/a.mp3", tmp_path / "a.mp3") == 24
        (tmp_path / "a.mp3").unlink()
        for other in ("example.org", "evilexample.com"):
            await is_refused(listed, f"https://{other}:{cdn.port}/a.mp3", tmp_path)
    assert cdn.asked == ["/a.mp3"]
