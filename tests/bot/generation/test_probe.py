from typing import Any

import pytest
from aiohttp import web

from bot.generation.client import GenerationClient, Sessions, Verdict
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import NO_CREDITS, NO_KEY, PAGE, answering, client_for, envelope, made


async def test_a_probe_accepts_the_right_key_and_spends_nothing(client: GenerationClient, api: FakeGeneration) -> None:
    assert (await client.reachable()).verdict is Verdict.KEY_ACCEPTED
    assert api.ledger.submissions == []


async def test_a_probe_shows_a_revoked_key(client: GenerationClient, api: FakeGeneration) -> None:
    api.change(is_key_revoked=True)
    found = await client.reachable()

    assert found.verdict is Verdict.KEY_REFUSED
    assert "://" not in found.detail


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, {"status": "queued"}, Verdict.KEY_ACCEPTED),
        (404, envelope(404, "not found"), Verdict.KEY_ACCEPTED),
        (400, envelope(400, "generation_id: Invalid"), Verdict.KEY_ACCEPTED),
        (422, {"detail": "file not found"}, Verdict.KEY_ACCEPTED),
        (401, envelope(401, NO_KEY), Verdict.KEY_REFUSED),
        (403, envelope(403, "Forbidden"), Verdict.KEY_REFUSED),
        (403, envelope(403, NO_CREDITS), Verdict.NO_CREDITS),
        (429, "", Verdict.IN_TROUBLE),
        (500, envelope(500, "Internal server error"), Verdict.IN_TROUBLE),
        (503, PAGE, Verdict.IN_TROUBLE),
        (200, PAGE, Verdict.NOT_THE_API),
        (400, PAGE, Verdict.NOT_THE_API),
        (403, PAGE, Verdict.NOT_THE_API),
        (404, PAGE, Verdict.NOT_THE_API),
        (301, "", Verdict.NOT_THE_API),
        (405, "", Verdict.NOT_THE_API),
    ],
)
async def test_every_answer_to_a_probe_means_something(
    sessions: Sessions, status: int, body: Any, verdict: Verdict
) -> None:
    async with answering(lambda _: made(status, body)) as (url, asked):
        found = await client_for(url, sessions).reachable()

    assert found.verdict is verdict
    assert found.detail
    assert [request.method for request in asked] == ["GET"]


async def test_no_server_is_not_reachable(sessions: Sessions) -> None:
    async with answering(web.Response()) as (url, _):
        pass
    assert (await client_for(url, sessions).reachable()).verdict is Verdict.NOT_REACHABLE
