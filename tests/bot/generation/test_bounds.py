"""The bounds of what is taken in and of what is told, each on both of its sides."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.errors import BusyError
from bot.generation.aiml.client import SETTING
from bot.generation.redaction import MAX_CHARACTERS, sanitised
from bot.generation.transport import Answer, HttpLimits, Timeouts, Transport
from bot.settings import Settings
from tests.bot.generation.answers import answering

KEY = "sandbox-key"


async def answered(body: bytes, limits: HttpLimits, *, status: int = 200) -> Answer:
    async with (
        answering(web.Response(body=body, status=status)) as (url, _),
        aiohttp.ClientSession() as session,
    ):
        transport = Transport(
            base_url=url,
            api_key=SecretStr(KEY),
            clock=SystemClock(),
            limits=limits,
            observe=lambda _: None,
            setting=SETTING,
        )
        return await transport.get(session, "poll", "/v2/generate/audio", {})


async def test_an_answer_of_a_quarter_of_a_mebibyte_is_read_whole_and_not_a_byte_more() -> None:
    whole = await answered(b"x" * 256 * 1024, HttpLimits())
    assert (whole.is_whole, len(whole.body)) == (True, 262_144)
    cut = await answered(b"x" * (256 * 1024 + 1), HttpLimits())
    assert (cut.is_whole, len(cut.body)) == (False, 262_144)


async def test_the_bound_of_an_answer_is_the_one_that_was_given() -> None:
    assert (await answered(b"x" * 100, HttpLimits(answer_bytes=100))).is_whole
    cut = await answered(b"x" * 101, HttpLimits(answer_bytes=100))
    assert (cut.is_whole, len(cut.body)) == (False, 100)


def test_a_track_may_be_as_large_as_four_minutes_of_wav_and_the_setting_allows_more() -> None:
    four_minutes_of_wav = 4 * 60 * 48_000 * 2 * 2
    assert four_minutes_of_wav < HttpLimits().track_bytes <= Settings.model_fields["track_max_bytes"].default
    assert Settings.model_fields["track_max_bytes"].default == 104_857_600
    assert Settings.model_fields["reference_max_bytes"].default == 26_214_400


async def test_an_answer_that_was_cut_off_is_no_json_even_where_what_came_is_some() -> None:
    assert (await answered(b"[1]   ", HttpLimits(answer_bytes=3))).data is None
    assert (await answered(b"[1]", HttpLimits(answer_bytes=3))).data == [1]


@pytest.mark.parametrize(("status", "is_good"), [(199, False), (200, True), (201, True), (299, True), (300, False)])
def test_any_2xx_is_good_and_nothing_else(status: int, is_good: bool) -> None:
    assert Answer(status=status, headers={}, body=b"", is_whole=True).is_good is is_good


def test_the_name_of_an_exchange_is_the_apis_own_first_and_no_longer_than_a_line() -> None:
    headers = {"x-inference-id": "a" * 101, "x-request-id": "b"}
    assert Answer(status=200, headers=headers, body=b"", is_whole=True).request_id == "a" * 100
    assert Answer(status=200, headers={"x-request-id": "b"}, body=b"", is_whole=True).request_id == "b"
    assert Answer(status=200, headers={}, body=b"", is_whole=True).request_id is None


@pytest.mark.parametrize("body", [b"<html>no", b"  <p>no"])
def test_markup_is_no_text_to_be_told(body: bytes) -> None:
    assert Answer(status=500, headers={}, body=body, is_whole=True).text == ""
    assert Answer(status=500, headers={"Content-Type": "Text/HTML"}, body=b"no", is_whole=True).text == ""


async def test_a_key_that_comes_back_in_an_answer_goes_no_further() -> None:
    assert (await answered(f"bad key {KEY}!".encode(), HttpLimits(), status=401)).body == b"bad key ***!"


async def test_a_redirect_is_not_followed() -> None:
    """It would carry the key to another host."""
    async with (
        answering(web.Response(status=302, headers={"Location": "/elsewhere"})) as (url, asked),
        aiohttp.ClientSession() as session,
    ):
        transport = Transport(
            base_url=url,
            api_key=SecretStr(KEY),
            clock=SystemClock(),
            limits=HttpLimits(),
            observe=lambda _: None,
            setting=SETTING,
        )
        answer = await transport.get(session, "poll", "/v2", {})
    assert (answer.status, len(asked)) == (302, 1)


async def test_an_answer_that_does_not_come_is_not_waited_for_without_an_end() -> None:
    async def never(_request: web.Request) -> web.Response:
        await asyncio.get_running_loop().create_future()
        return web.Response()

    limits = HttpLimits(timeouts=Timeouts(read_seconds=0.05))
    async with answering(never) as (url, _), aiohttp.ClientSession() as session:
        transport = Transport(
            base_url=url,
            api_key=SecretStr(KEY),
            clock=SystemClock(),
            limits=limits,
            observe=lambda _: None,
            setting=SETTING,
        )
        with pytest.raises(BusyError, match="no answer"):
            await transport.get(session, "poll", "/v2", {})


# --- what may be told -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [MAX_CHARACTERS - 1, MAX_CHARACTERS])
def test_words_up_to_the_limit_are_told_whole(length: int) -> None:
    text = ("ab " * length)[: length - 1] + "c"
    assert sanitised(text) == text
    assert MAX_CHARACTERS == 300


def test_words_over_the_limit_end_in_an_ellipsis_within_it() -> None:
    told = sanitised("ab " * 101)  # 302 without the blank at its end
    assert told == ("ab " * 100)[:299] + "…"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a" * 31, "a" * 31),  # a word
        ("a" * 32, "…"),  # a key, a hash
        ('"' + "w " * 12 + '"', '"' + "w " * 12 + '"'),  # 24 characters: a name
        ('"' + "w " * 12 + 'w"', "…"),  # 25: what somebody wrote
        ("key: " + "a" * 11, "key: " + "a" * 11),
        ("key: " + "a" * 12, "…"),
    ],
)
def test_what_looks_like_a_key_or_a_quotation_is_told_up_to_a_length(text: str, told: str) -> None:
    assert sanitised(text) == told


@pytest.mark.parametrize(("secret", "told"), [("lala", "say … now"), ("lal", "say lal now")])
def test_a_secret_of_four_letters_is_removed_and_a_shorter_one_would_tear_holes(secret: str, told: str) -> None:
    assert sanitised(f"say {secret} now", secrets=[f" {secret} "]) == told


def test_a_secret_is_removed_every_time_it_occurs_even_back_to_back() -> None:
    assert sanitised("lalalala la lala", secrets=["lala"]) == "… la …"


def test_nothing_beyond_four_thousand_characters_is_looked_at() -> None:
    assert sanitised(" " * 3_999 + "ab") == "a"
