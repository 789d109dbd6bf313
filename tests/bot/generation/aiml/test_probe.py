from typing import Any

import pytest
from aiohttp import web

from bot.generation.aiml.client import GenerationClient
from bot.generation.transport import Sessions
from bot.jobs.ports import ProbeResult
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import NO_CREDITS, NO_KEY, PAGE, answering, client_for, envelope, made


async def test_a_probe_accepts_the_right_key_and_spends_nothing(client: GenerationClient, api: FakeGeneration) -> None:
    assert (await client.probe()).result is ProbeResult.KEY_ACCEPTED
    assert api.ledger.submissions == []


async def test_a_probe_shows_a_revoked_key(client: GenerationClient, api: FakeGeneration) -> None:
    api.change(is_key_revoked=True)
    found = await client.probe()

    assert found.result is ProbeResult.KEY_REFUSED
    assert "://" not in found.detail


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, {"status": "queued"}, ProbeResult.KEY_ACCEPTED),
        (404, envelope(404, "not found"), ProbeResult.KEY_ACCEPTED),
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
        (301, "", ProbeResult.NOT_THE_API),
        (405, "", ProbeResult.NOT_THE_API),
    ],
)
async def test_every_answer_to_a_probe_means_something(
    sessions: Sessions, status: int, body: Any, result: ProbeResult
) -> None:
    async with answering(lambda _: made(status, body)) as (url, asked):
        found = await client_for(url, sessions).probe()

    assert found.result is result
    assert found.detail
    assert [request.method for request in asked] == ["GET"]


async def test_no_server_is_not_reachable(sessions: Sessions) -> None:
    async with answering(web.Response()) as (url, _):
        pass
    assert (await client_for(url, sessions).probe()).result is ProbeResult.NOT_REACHABLE
