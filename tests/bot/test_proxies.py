"""Which address goes through the operator's proxy, which straight; and what is said where that proxy refuses."""

import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import yarl
from aiohttp import web
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot import check
from bot.clock import SystemClock
from bot.connections import RoutingConnector, public_connector
from bot.download import USER_AGENT, DownloadError, DownloadFault, download
from bot.errors import BusyError, TrackLostError
from bot.generation.aiml.client import GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.tracks import TrackSources
from bot.generation.transport import HttpLimits, Sessions
from bot.proxies import ProxyRules, usable_proxy
from bot.settings import load_settings
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration
from tests.bot.generation.stand_ins import FAST, request_for
from tests.bot.test_check import settings_at
from tests.connect_proxy import ConnectProxy, behind_tls, certificate, connect_proxy

__all__ = ["certificate"]

PROXY = "http://proxy.example.com:3128"
LOGIN = "user:pass word"
TYPED = "user:pass%20word"


@pytest.mark.parametrize(
    ("url", "straight", "goes_by"),
    [
        ("https://discord.com/api", "", PROXY),
        ("wss://gateway.discord.gg", "", PROXY),
        ("https://discord.com/api", "discord.com", None),
        ("https://cdn.discord.com/a", "discord.com", None),
        ("https://cdn.discord.com/a", ".discord.com, example.org", None),
        ("https://evildiscord.com/a", "discord.com", PROXY),
        ("https://discord.com:8443/a", "discord.com:8443", None),
        ("https://discord.com/a", "discord.com:8443", PROXY),
        ("https://discord.com/a", "*", None),
        ("https://10.0.0.7/a", "10.0.0.7", None),
        ("https://10.0.0.7/a", "", PROXY),
        ("http://127.0.0.1:8700/a", "", None),
        ("http://127.9.9.9/a", "", None),
        ("http://[::1]:8700/a", "", None),
        ("http://localhost:8700/a", "", None),
        ("https://music.localhost./a", "", None),
    ],
)
def test_what_is_not_excepted_goes_through_the_proxy_and_this_machine_never(
    url: str, straight: str, goes_by: str | None
) -> None:
    found = ProxyRules(everywhere=PROXY, straight=straight)(yarl.URL(url))
    assert (found and str(found.url)) == goes_by


def test_the_setting_stands_before_the_two_that_other_programs_read() -> None:
    rules = ProxyRules(for_https="http://tls.example:1", for_http="plain.example:2")
    ways = {url: rules(yarl.URL(url)) for url in ("https://a.example", "wss://a.example", "http://a.example")}
    assert [way and str(way.url) for way in ways.values()] == [
        "http://tls.example:1", "http://tls.example:1", "http://plain.example:2",
    ]  # fmt: skip
    first = ProxyRules(everywhere=PROXY, for_https="http://tls.example:1")(yarl.URL("https://a.example"))
    assert first is not None
    assert str(first.url) == PROXY
    assert ProxyRules(for_https=PROXY)(yarl.URL("http://a.example")) is None


def test_a_login_is_decoded_and_is_not_part_of_the_address() -> None:
    proxy = usable_proxy("http://us%40er:p%3A%2F%3F%C3%A4@proxy.example.com:3128")
    assert str(proxy.url) == PROXY
    assert base64.b64decode(proxy.login.removeprefix("Basic ")).decode() == "us@er:p:/?ä"
    assert proxy.login not in repr(proxy)


@pytest.mark.parametrize("typed", ["socks5://u:secret@proxy:1", "http://", "http://u:secret@[::1", "ftp://a"])
def test_what_is_no_proxy_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(ValueError, match=r"must be a proxy's address|colon") as refused:
        usable_proxy(typed)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["PROXY_URL", "HTTPS_PROXY", "https_proxy", "http_proxy"])
@pytest.mark.parametrize("address", ["http://user:secret@proxy.example:3128", "user:secret@proxy.example:3128"])
def test_the_environment_is_read_in_capitals_or_not_and_a_password_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)
    settings = settings_at(tmp_path)
    assert settings.proxy_rules.any
    assert "secret" not in repr(settings)
    assert "secret" not in repr(settings.proxy_rules)
    assert settings.described()[name.upper()] == "http://********:********@proxy.example:3128"


def test_a_proxys_address_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "proxy").write_text("http://user:secret@proxy.example:3128\n")
    monkeypatch.setenv("PROXY_URL_FILE", str(tmp_path / "proxy"))
    way = settings_at(tmp_path).proxy_rules(yarl.URL("https://discord.com"))
    assert way is not None
    assert (str(way.url), bool(way.login)) == ("http://proxy.example:3128", True)


# --- through a real one -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def routed(
    proxy: ConnectProxy, certificate: Path, address: str = "", straight: str = ""
) -> AsyncIterator[Sessions]:
    """Sessions as the bot opens them, trusting the test's certificate."""
    rules = ProxyRules(everywhere=address or proxy.url, straight=straight)
    tls = ssl.create_default_context(cafile=str(certificate))
    async with AsyncExitStack() as stack:

        async def opened(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
            session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            return await stack.enter_async_context(session)

        def through() -> RoutingConnector:
            return RoutingConnector(route=rules, user_agent=USER_AGENT, tls=tls)

        yield Sessions(
            calls=await opened(through()),
            submit=await opened(through()),
            files=await opened(public_connector(limit=10)),
            proxied=await opened(through()),
            route=rules,
        )


def client_at(url: str, sessions: Sessions, key: str = "key") -> GenerationClient:
    return GenerationClient(
        sessions=sessions,
        base_url=url,
        api_key=SecretStr(key),
        profile=PROFILES["minimax-music"],
        clock=SystemClock(),
        budget=AsyncLimiter(100, 1),
        limits=HttpLimits(timeouts=FAST),
    )


@asynccontextmanager
async def file_server() -> AsyncIterator[tuple[int, list[str]]]:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(f"{request.path} {request.headers.get('User-Agent')}")
        return web.Response(body=b"a track" if not request.headers["User-Agent"].startswith("Python") else None)

    app = web.Application()
    app.router.add_get("/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("login", ["", LOGIN])
async def test_a_song_is_ordered_and_fetched_through_the_proxy_under_our_own_name(
    tmp_path: Path, certificate: Path, login: str
) -> None:
    agents: list[str] = []
    async with (
        FakeGeneration() as api,
        file_server() as (files, asked),
        behind_tls(certificate, yarl.URL(api.url).port or 0, "api.example.com", agents) as tls_api,
        behind_tls(certificate, files, "cdn.example.com", agents) as tls_files,
        connect_proxy(login=login, known={"api.example.com:443": tls_api, "cdn.example.com:443": tls_files}) as proxy,
        routed(proxy, certificate, proxy.url.replace("//", f"//{TYPED}@") if login else "") as sessions,
    ):
        client = client_at("https://api.example.com", sessions, api.key)
        report = await client.probe()
        assert report.result.value == "key_accepted"
        assert await client.fetch("https://cdn.example.com/a.mp3", tmp_path / "a.mp3") == 7
        assert asked == [f"/a.mp3 {USER_AGENT}"]
        assert set(proxy.asked) == {"CONNECT api.example.com:443", "CONNECT cdn.example.com:443"}
        assert all(USER_AGENT in agent for agent in agents)


@pytest.mark.parametrize(
    "address",
    ["https://10.0.0.7/a", "https://localhost/a", "https://127.0.0.1/a", "https://music/a", "https://nas.local/a",
     "https://db.internal/a", "https://[fd00::1]/a", "http://cdn.example.com/a"],
)  # fmt: skip
async def test_what_is_private_by_its_name_is_not_asked_of_the_proxy_either(
    tmp_path: Path, certificate: Path, address: str
) -> None:
    async with connect_proxy() as proxy, routed(proxy, certificate) as sessions:
        with pytest.raises(TrackLostError):
            await client_at("https://api.example.com", sessions).fetch(address, tmp_path / "a.mp3")
        assert proxy.asked == []


async def test_a_host_that_goes_straight_is_judged_by_its_address_as_without_a_proxy(certificate: Path) -> None:
    async with connect_proxy() as proxy, routed(proxy, certificate, straight="near.example.com") as sessions:
        sources = TrackSources(
            base_url="https://api.example.com",
            own=sessions.calls,
            public=sessions.files,
            proxied=sessions.proxied,
            route=sessions.route,
        )
        assert sources.session_for(yarl.URL("https://a.near.example.com/a.mp3")) is sessions.files
        assert sources.session_for(yarl.URL("https://far.example.com/a.mp3")) is sessions.proxied
        assert sources.session_for(yarl.URL("https://api.example.com/a.mp3")) is sessions.calls


REFUSALS = {407: "wants a user and a password", 403: "does not let the bot through", 502: "could not open a way"}


@pytest.mark.parametrize("status", REFUSALS)
async def test_a_proxy_that_refuses_is_told_as_such_and_an_order_that_never_left_may_be_sent_again(
    tmp_path: Path, certificate: Path, status: int
) -> None:
    async with connect_proxy(refuses_with=status) as proxy, routed(proxy, certificate) as sessions:
        client = client_at("https://api.example.com", sessions)
        with pytest.raises(BusyError, match=REFUSALS[status]) as busy:
            await client.submit(request_for("https://cdn.example.com/song.mp3"))
        assert busy.value.by_proxy
        probed = await client.probe()
        assert (probed.result.value, probed.by_proxy) == ("not_reachable", True)
        assert sessions.proxied is not None
        with pytest.raises(DownloadError, match=REFUSALS[status]) as lost:
            await download(sessions.proxied, "https://cdn.example.com/a.mp3", tmp_path / "a.mp3", max_bytes=1000)
        assert lost.value.fault is DownloadFault.PROXY


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://no-such-proxy.invalid:3128"])
async def test_a_proxy_that_is_not_there_is_told_as_such(certificate: Path, address: str) -> None:
    async with connect_proxy() as proxy, routed(proxy, certificate, address) as sessions:
        with pytest.raises(BusyError, match="the proxy cannot be reached") as busy:
            await client_at("https://api.example.com", sessions).submit(request_for("https://cdn.example.com/s.mp3"))
        assert busy.value.by_proxy


async def test_a_plain_address_behind_a_proxy_that_wants_a_login_is_no_refusal_of_the_api(certificate: Path) -> None:
    async with connect_proxy(login=LOGIN) as proxy, routed(proxy, certificate) as sessions:
        with pytest.raises(BusyError, match="wants a user and a password") as busy:
            await client_at("http://api.example.com", sessions).submit(request_for("https://cdn.example.com/s.mp3"))
        assert busy.value.by_proxy


async def test_check_says_which_way_each_goes_and_that_the_proxy_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with connect_proxy(login="user:secret") as proxy, FakeDiscord() as discord:
        settings = settings_at(
            tmp_path,
            discord_token=discord.token,
            discord_api_url=discord.api_url,
            generation_api_url="https://api.example.com",
            proxy_url=proxy.url_with_login.replace("secret", "hidden"),
        )
        assert await check.run(settings) == 1
    said = capsys.readouterr().out
    assert "Discord: straight" in said
    assert f"Music API: through {proxy.url}" in said
    assert "whether they lead to public addresses is its to judge" in said
    assert "Not reached: the proxy wants a user and a password" in said
    assert "hidden" not in said


def test_without_a_proxy_check_says_that_too(tmp_path: Path) -> None:
    settings = load_settings(_env_file=None, discord_token="t", generation_api_key="k")
    assert check._ways_out(settings) == ["straight: no proxy is set"]
