"""What a trial says of address, key and model; nothing is begun by it."""

from typing import Any

import pytest
from aiohttp import web
from aiolimiter import AsyncLimiter

from bot.generation.transport import Exchange, Sessions
from bot.jobs.ports import ProbeResult
from sandbox.generation import FakeGeneration, Settings
from tests.bot.generation.acestep.kit import KEY, client_of, envelope
from tests.bot.generation.answers import PAGE, answering, made
from tests.bot.generation.stand_ins import NOWHERE


async def test_the_right_key_is_accepted_and_the_model_named(sessions: Sessions, server: FakeGeneration) -> None:
    found = await client_of(server.url, sessions).probe()
    assert found.result is ProbeResult.KEY_ACCEPTED
    assert "the key is the right one" in found.detail
    assert "acestep-v15-turbo" in found.detail
    assert server.ledger.submissions == []


class CountedLimiter(AsyncLimiter):
    """How often a request asked whether it may go."""

    taken = 0

    async def acquire(self, amount: float = 1) -> None:
        self.taken += 1
        await super().acquire(amount)


async def test_each_request_of_a_probe_is_one_of_the_budget(sessions: Sessions, server: FakeGeneration) -> None:
    budget, sent = CountedLimiter(1000, 1), list[Exchange]()
    await client_of(server.url, sessions, budget=budget, observe=sent.append).probe()
    assert len(sent) == budget.taken > 1


@pytest.mark.parametrize(("key", "words"), [(None, "it asks for no key"), (KEY, "ACESTEP_API_KEY is not needed")])
async def test_a_server_that_asks_for_no_key_is_told_as_such(sessions: Sessions, key: str | None, words: str) -> None:
    async with FakeGeneration(Settings(key=""), speaks="acestep") as server:
        found = await client_of(server.url, sessions, key=key).probe()
    assert found.result is ProbeResult.KEY_ACCEPTED
    assert words in found.detail


@pytest.mark.parametrize(("key", "words"), [(None, "ACESTEP_API_KEY is empty"), ("another", "Invalid API key")])
async def test_a_missing_and_a_wrong_key_are_told_apart(
    sessions: Sessions, server: FakeGeneration, key: str | None, words: str
) -> None:
    found = await client_of(server.url, sessions, key=key).probe()
    assert found.result is ProbeResult.KEY_REFUSED
    assert words in found.detail
    assert KEY not in found.detail


async def test_a_model_that_is_not_loaded_yet_is_told(sessions: Sessions, server: FakeGeneration) -> None:
    server.change(has_model=False)
    found = await client_of(server.url, sessions).probe()
    assert found.result is ProbeResult.KEY_ACCEPTED
    assert "no model is loaded yet" in found.detail


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, PAGE, ProbeResult.NOT_THE_API),
        (200, {"status": "ok"}, ProbeResult.NOT_THE_API),
        (200, envelope({"status": "ok"}), ProbeResult.NOT_THE_API),
        (404, {"detail": "Not Found"}, ProbeResult.NOT_THE_API),
        (404, PAGE, ProbeResult.NOT_THE_API),
        (405, "", ProbeResult.NOT_THE_API),
        (301, "", ProbeResult.NOT_THE_API),
        (400, {"detail": "x"}, ProbeResult.NOT_THE_API),
        (401, {"detail": "Invalid API key"}, ProbeResult.KEY_REFUSED),
        (429, {"detail": "busy"}, ProbeResult.IN_TROUBLE),
        (500, "Internal Server Error", ProbeResult.IN_TROUBLE),
        (502, PAGE, ProbeResult.IN_TROUBLE),
    ],
)
async def test_every_answer_means_something(sessions: Sessions, status: int, body: Any, result: ProbeResult) -> None:
    async with answering(lambda _: made(status, body)) as (url, _):
        found = await client_of(url, sessions).probe()
    assert found.result is result
    assert found.detail


async def test_another_music_api_is_not_taken_for_one(sessions: Sessions) -> None:
    async with FakeGeneration() as other:
        assert (await client_of(other.url, sessions).probe()).result is ProbeResult.NOT_THE_API


async def test_a_server_that_does_not_list_its_models_is_good(sessions: Sessions) -> None:
    def answer(request: web.Request) -> web.Response:
        return made(200, envelope([])) if request.path == "/query_result" else made(404, {"detail": "Not Found"})

    async with answering(answer) as (url, _):
        found = await client_of(url, sessions).probe()
    assert found.result is ProbeResult.KEY_ACCEPTED
    assert "does not say" in found.detail


async def test_no_server_is_not_reachable(sessions: Sessions) -> None:
    assert (await client_of(NOWHERE, sessions).probe()).result is ProbeResult.NOT_REACHABLE
