"""A lost order is found again by what it asked for, as far as the account's history says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.errors import BusyError, OutcomeUnknownError
from bot.generation.fal.client import FalClient
from bot.generation.fal.history import ASK_AGAIN_SECONDS, MAX_PAGES, SKEW
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import REFERENCE, answering, made
from tests.bot.generation.fal.conftest import ClientFor
from tests.bot.generation.stand_ins import MovedClock, References, request_for

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
REQUEST = request_for(REFERENCE)


def row(name: str, *, after_seconds: float = 1, **sent: Any) -> dict[str, Any]:
    body = {"prompt": REQUEST.prompt, "reference_audio_url": REFERENCE, **sent}
    sent_at = (SINCE + timedelta(seconds=after_seconds)).isoformat()
    return {"request_id": name, "sent_at": sent_at, "json_input": body}


async def test_a_lost_order_is_found_by_its_reference_and_one_that_was_never_taken_is_not(
    client: FalClient, api: FakeGeneration, references: References
) -> None:
    since = datetime.now(UTC)
    await client.submit(request_for(references.url("another.mp3"), name="compose-other-1"))
    api.fault("submit", manner="drop", after_effect=True, rule={"times": 1})
    with pytest.raises(OutcomeUnknownError):
        await client.submit(request_for(references.url()))
    lost = api.ledger.submissions[-1].generation_id
    assert await client.look_up(request_for(references.url()), since) == [f"fal-ai/minimax-music/requests/{lost}"]
    assert await client.look_up(request_for(references.url("never.mp3")), since) == []
    assert client.can_look_up


async def test_the_models_of_one_application_are_looked_for_by_their_endpoint(
    ace: FalClient, api: FakeGeneration, references: References
) -> None:
    asked = request_for(references.url(), style="folk")
    generation_id = await ace.submit(asked)
    assert await ace.look_up(asked, datetime.now(UTC)) == [generation_id]
    assert await ace.look_up(request_for(references.url(), style="rock"), datetime.now(UTC)) == []


async def test_a_row_that_comes_late_is_found_when_it_is_there(
    client: FalClient, api: FakeGeneration, references: References
) -> None:
    api.change(logs_delay_seconds=3600)
    generation_id = await client.submit(request_for(references.url()))
    assert await client.look_up(request_for(references.url()), datetime.now(UTC)) == []
    api.change(logs_delay_seconds=0)
    assert await client.look_up(request_for(references.url()), datetime.now(UTC)) == [generation_id]


@pytest.mark.parametrize(
    ("items", "names"),
    [
        ([row("old"), row("new", after_seconds=9)], ["new", "old"]),
        ([row("a"), row("b", prompt="##other words##")], ["a"]),
        ([row("a", after_seconds=-SKEW.total_seconds() - 1)], []),
        ([row("a", after_seconds=-SKEW.total_seconds() + 1)], ["a"]),
        ([{**row("a"), "json_input": None}], []),
        ([{**row("a"), "json_input": "text"}], []),
        ([{**row("a"), "sent_at": "yesterday"}], ["a"]),
        ([{**row("a"), "sent_at": "2026-03-01T12:00:01"}], ["a"]),
        ([row("../x")], []),
        ([{"request_id": 5}, row("a", edit_mode="remix")], ["a"]),
    ],
)
async def test_rows_are_judged_by_what_was_sent_and_when(
    client_for: ClientFor, items: list[Any], names: list[str]
) -> None:
    async with answering(lambda _: made(200, {"items": items, "has_more": False})) as (url, asked):
        found = await client_for(url).look_up(REQUEST, SINCE)
    assert [name.rpartition("/")[2] for name in found] == names
    assert asked[0].path == "/v1/models/requests/by-endpoint"
    assert dict(asked[0].query) == {
        "endpoint_id": "fal-ai/minimax-music",
        "start": "2026-03-01T11:55:00.000Z",
        "limit": "25",
        "expand": "payloads",
    }


async def test_more_than_one_page_is_read_and_not_without_an_end(client_for: ClientFor) -> None:
    def page(request: web.Request) -> web.Response:
        number = int(request.query.get("cursor", "0"))
        items = [row("found")] if number == 3 else []
        return made(200, {"items": items, "next_cursor": str(number + 1), "has_more": True})

    async with answering(page) as (url, asked):
        found = await client_for(url).look_up(REQUEST, SINCE)
    assert [name.rpartition("/")[2] for name in found] == ["found"]
    assert len(asked) == MAX_PAGES


@pytest.mark.parametrize("status", [400, 403, 404, 405, 422])
async def test_a_key_that_may_not_read_it_is_asked_once_an_hour(client_for: ClientFor, status: int) -> None:
    clock = MovedClock()
    async with answering(lambda _: made(status, {"detail": "no"})) as (url, asked):
        client = client_for(url, clock=clock)
        assert await client.look_up(REQUEST, SINCE) == []
        assert await client.look_up(REQUEST, SINCE) == []
        assert (len(asked), client.can_look_up) == (1, False)
        clock.passed += ASK_AGAIN_SECONDS
        assert client.can_look_up
        await client.look_up(REQUEST, SINCE)
    assert len(asked) == 2


async def test_what_is_no_page_counts_as_no_history(client_for: ClientFor) -> None:
    async with answering(lambda _: made(200, {"data": []})) as (url, _):
        client = client_for(url)
        assert await client.look_up(REQUEST, SINCE) == []
    assert not client.can_look_up


@pytest.mark.parametrize(("status", "headers"), [(500, {}), (429, {"Retry_After": "9"}), (401, {})])
async def test_a_history_out_of_reach_is_asked_again(
    client_for: ClientFor, status: int, headers: dict[str, str]
) -> None:
    async with answering(lambda _: made(status, {"detail": "later"}, **headers)) as (url, _):
        client = client_for(url)
        with pytest.raises(BusyError) as caught:
            await client.look_up(REQUEST, SINCE)
    assert caught.value.retry_after_seconds == (9 if headers else None)
    assert client.can_look_up
