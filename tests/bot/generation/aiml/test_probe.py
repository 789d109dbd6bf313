from typing import Any

import pytest
from aiohttp import web

from bot.generation.aiml.client import GenerationClient
from bot.generation.transport import Sessions
from bot.jobs.ports import ProbeResult
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import NO_CREDITS, NO_KEY, PAGE, answering, client_for, envelope, made
from tests.bot.generation.stand_ins import NOWHERE


async def test_a_probe_accepts_the_right_key_and_spends_nothing(client: GenerationClient, api: FakeGeneration) -> None:
    assert (await client.probe()).result is ProbeResult.KEY_ACCEPTED
    assert api.ledger.submissions == []


async def test_a_probe_shows_a_revoked_key(client: GenerationClient, api: FakeGeneration) -> None:
    api.change(is_key_revoked=True)
    found = await client.probe()

    assert found.result is ProbeResult.KEY_REFUSED
    assert "://" not in found.detail


def keyed(status: int, body: Any) -> Any:
    """Answers so whoever has the key, and refuses everybody else, as an API does that is what it should be."""

    def answer(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") == "Bearer sandbox-key":
            return made(status, body)
        return made(401, envelope(401, NO_KEY))

    return answer


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, {"status": "queued"}, ProbeResult.KEY_ACCEPTED),
        (404, envelope(404, "not found"), ProbeResult.KEY_ACCEPTED),
        (404, envelope(404, "Generation not found"), ProbeResult.KEY_ACCEPTED),
        (400, envelope(400, "generation_id: Invalid"), ProbeResult.KEY_ACCEPTED),
        (422, {"detail": "file not found"}, ProbeResult.KEY_ACCEPTED),
        (401, envelope(401, NO_KEY), ProbeResult.KEY_REFUSED),
        (403, envelope(403, "Forbidden"), ProbeResult.KEY_REFUSED),
        (403, envelope(403, NO_CREDITS), ProbeResult.NO_CREDITS),
        (429, "", ProbeResult.IN_TROUBLE),
        (500, envelope(500, "Internal server error"), ProbeResult.IN_TROUBLE),
        (503, PAGE, ProbeResult.IN_TROUBLE),
        (200, PAGE, ProbeResult.NOT_THE_API),
        (400, PAGE, ProbeResult.NOT_THE_API),
        (403, PAGE, ProbeResult.NOT_THE_API),
        (404, PAGE, ProbeResult.NOT_THE_API),
        (404, envelope(404, "Cannot GET /v2/v2/generate/audio"), ProbeResult.NOT_THE_API),
        (301, "", ProbeResult.NOT_THE_API),
        (405, "", ProbeResult.NOT_THE_API),
    ],
)
async def test_every_answer_to_a_probe_means_something(
    sessions: Sessions, status: int, body: Any, result: ProbeResult
) -> None:
    async with answering(keyed(status, body)) as (url, asked):
        found = await client_for(url, sessions).probe()

    assert found.result is result
    assert found.detail
    assert {request.method for request in asked} == {"GET"}
    assert len(asked) <= 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, envelope(404, "Not Found")),
        (404, envelope(404, "Cannot GET /v2/generate/audio/v2/generate/audio")),
        (404, {"message": "404: Not Found", "code": 0}),
        (404, {"error": {"message": "Invalid URL (GET /v1/v2/generate/audio)", "type": "invalid_request_error"}}),
        (404, {"detail": "Not Found"}),
        (404, {"message": "no Route matched with those values"}),
        (404, {}),
        (400, {"error": "bad request"}),
        (410, {"message": "Gone"}),
        (422, {"detail": []}),
        (200, {"error": "Unexpected endpoint or method. (GET /v2/generate/audio)"}),
        (200, {"status": "ok"}),
    ],
)
async def test_what_is_said_to_everybody_is_no_sign_that_the_key_was_let_in(
    sessions: Sessions, status: int, body: Any
) -> None:
    async with answering(lambda _: made(status, body)) as (url, _):
        found = await client_for(url, sessions).probe()

    assert found.result is ProbeResult.NOT_THE_API


@pytest.mark.parametrize("message", ["Generation not found", "No such generation", "generation_id: Invalid"])
async def test_an_api_that_knows_the_call_and_asks_for_no_key_is_told_as_such(sessions: Sessions, message: str) -> None:
    async with answering(lambda _: made(404, envelope(404, message))) as (url, _):
        found = await client_for(url, sessions).probe()

    assert found.result is ProbeResult.KEY_ACCEPTED
    assert "the key was not tried" in found.detail


async def test_a_limit_on_the_second_question_leaves_the_key_open(sessions: Sessions) -> None:
    def answer(request: web.Request) -> web.Response:
        return made(404, envelope(404, "Not Found")) if "Authorization" in request.headers else made(429, "")

    async with answering(answer) as (url, _):
        assert (await client_for(url, sessions).probe()).result is ProbeResult.IN_TROUBLE


@pytest.mark.parametrize("path", ["/v2", "/v2/generate/audio", "/v1", "/v2/generate"])
@pytest.mark.parametrize("is_revoked", [False, True])
async def test_the_sandboxs_wrong_addresses_are_not_taken_for_the_api(
    sessions: Sessions, api: FakeGeneration, path: str, is_revoked: bool
) -> None:
    api.change(is_key_revoked=is_revoked)
    assert (await client_for(api.url + path, sessions).probe()).result is ProbeResult.NOT_THE_API


async def test_no_server_is_not_reachable(sessions: Sessions) -> None:
    assert (await client_for(NOWHERE, sessions).probe()).result is ProbeResult.NOT_REACHABLE
