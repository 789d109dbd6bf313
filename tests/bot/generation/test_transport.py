import asyncio
import inspect
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import yarl
from aiohttp.client_reqrep import ConnectionKey
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.errors import BusyError, GenerationError, OutcomeUnknownError, SettingsError, TrackNotReadyError
from bot.generation import tracks
from bot.generation.aiml.client import SETTING, GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.transport import NOT_SENT, Answer, Exchange, HttpLimits, Sessions, Transport
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import REFERENCE, client_for
from tests.bot.generation.stand_ins import MovedClock, request_for

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def subclasses(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for found in kind.__subclasses__():
        yield from subclasses(found)


def raised(kind: type[BaseException]) -> BaseException:
    """An instance, with made-up arguments."""
    key = ConnectionKey("h", 1, False, True, None, None, None)
    made_up: dict[str, Any] = {
        "connection_key": key,
        "os_error": OSError(111, "refused"),
        "certificate_error": ssl.CertificateError("bad"),
        "request_info": aiohttp.RequestInfo(yarl.URL("http://h/"), "GET", {}, yarl.URL("http://h/")),  # type: ignore[arg-type]
        "history": (),
        "expected": b"a",
        "got": b"b",
        "host": "h",
        "port": 1,
        "url": "http://secret.example/?hm=1",
        "path": "/socket",
    }
    arguments = [
        made_up[name]
        for name, parameter in inspect.signature(kind.__init__).parameters.items()
        if name in made_up and parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    return kind(*arguments) if arguments or not issubclass(kind, OSError) else kind(1, "made up")


KINDS = sorted(
    {
        *subclasses(aiohttp.ClientError),
        TimeoutError,
        asyncio.TimeoutError,
        OSError,
        ConnectionResetError,
        BrokenPipeError,
        ssl.SSLError,
        ssl.SSLCertVerificationError,
        ssl.SSLZeroReturnError,
    },
    key=lambda kind: kind.__name__,
)


def test_the_list_of_ways_to_fail_is_not_empty() -> None:
    assert len(KINDS) > 30


@pytest.mark.parametrize("kind", KINDS)
async def test_no_exception_of_the_connection_crosses_out(
    kind: type[BaseException], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        raise raised(kind)

    monkeypatch.setattr(tracks, "NOT_YET_PAUSES_SECONDS", ())
    async with aiohttp.ClientSession(middlewares=[fail]) as session:
        client = client_for("http://127.0.0.1:9", Sessions(calls=session, files=session, submit=session))
        with pytest.raises(GenerationError) as submitted:
            await client.submit(request_for(REFERENCE))
        assert type(submitted.value) is (BusyError if issubclass(kind, NOT_SENT) else OutcomeUnknownError)
        with pytest.raises(BusyError) as polled:
            await client.poll("x")
        assert "secret.example" not in str(polled.value) + str(submitted.value)
        with pytest.raises(BusyError):
            await client.look_up(request_for(REFERENCE, name="x"), NOW)
        with pytest.raises(TrackNotReadyError):
            await client.fetch("http://127.0.0.1:9/a.mp3", tmp_path / "a")
        assert (await client.probe()).result == "not_reachable"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("12", 12.0),
        (" 0.25 ", 0.25),
        ("-3", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 12:01:00 -0000", 60.0),
        ("Sun, 99 Mar 2026 12:01:00 GMT", None),
        ("1" * 400, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, seconds: float | None) -> None:
    answer = Answer(status=429, headers={"Retry-After": value}, body=b"", is_whole=True)

    assert answer.retry_after_seconds(NOW) == seconds


@pytest.mark.parametrize(
    "address",
    [
        "",
        "api.apilaplas.com",
        "ftp://api.apilaplas.com",
        "https://",
        "https://u:p@h",
        "https://h/?a=b",
        "http://[",
        "//h",
    ],
)
def test_an_unusable_address_is_a_settings_error(address: str) -> None:
    with pytest.raises(SettingsError, match="GENERATION_API_URL"):
        caller(address, "key")


@pytest.mark.parametrize("key", ["", "  ", "two words", "umläut", "line\nbreak"])
def test_an_unusable_key_is_a_settings_error_that_does_not_show_it(key: str) -> None:
    with pytest.raises(SettingsError, match="GENERATION_API_KEY") as caught:
        caller("https://api.apilaplas.com", key)
    assert not key.strip() or key not in str(caught.value)


def caller(address: str, key: str) -> Transport:
    return Transport(
        base_url=address,
        api_key=SecretStr(key),
        clock=SystemClock(),
        limits=HttpLimits(),
        observe=lambda _: None,
        setting=SETTING,
    )


@pytest.mark.parametrize("tail", ["", "/", "//"])
async def test_a_slash_at_the_end_of_the_address_does_not_matter(
    sessions: Sessions, api: FakeGeneration, tail: str
) -> None:
    assert (await client_for(api.url + tail, sessions).probe()).result == "key_accepted"


async def test_every_exchange_is_observed(sessions: Sessions, api: FakeGeneration) -> None:
    seen: list[Exchange] = []
    client = GenerationClient(
        sessions=sessions,
        base_url=api.url,
        api_key=SecretStr(api.key),
        profile=PROFILES["minimax-music"],
        clock=MovedClock(),
        budget=AsyncLimiter(100, 1),
        observe=seen.append,
    )
    api.fault("poll", manner="drop", rule={"times": 2})  # the first is repeated by aiohttp: a GET may be
    with pytest.raises(BusyError):
        await client.poll("x")
    with pytest.raises(GenerationError):
        await client.submit(request_for("not a url"))

    assert [(exchange.call, exchange.status) for exchange in seen] == [("poll", None), ("submit", 400)]


async def test_polls_and_look_ups_share_one_budget_that_posts_do_not_need(
    sessions: Sessions, api: FakeGeneration
) -> None:
    client = GenerationClient(
        sessions=sessions,
        base_url=api.url,
        api_key=SecretStr(api.key),
        profile=PROFILES["minimax-music"],
        clock=SystemClock(),
        budget=AsyncLimiter(1, 3600),
    )
    await client.look_up(request_for(REFERENCE, name="x"), NOW)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.poll("x")
    with pytest.raises(GenerationError):
        await client.submit(request_for("not a url"))
