"""What fal's documents say of its queue, asked with a plain client: no help from the bot's own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from sandbox.generation import FakeGeneration
from tests.bot.generation.stand_ins import References

MINIMAX = "fal-ai/minimax-music"
ACE = "fal-ai/ace-step/audio-to-audio"


@dataclass(frozen=True, slots=True)
class Caller:
    session: aiohttp.ClientSession
    api: FakeGeneration
    references: References

    async def ask(self, method: str, path: str, *, key: str = "sandbox-key", **more: Any) -> tuple[int, Any]:
        url = path if path.startswith("http") else f"{self.api.url}/{path}"
        headers = {"Authorization": f"Key {key}"}
        async with self.session.request(method, url, headers=headers, **more) as answer:
            return answer.status, await answer.json()

    async def submit(self, endpoint: str = MINIMAX, **changed: Any) -> dict[str, Any]:
        bodies = {
            MINIMAX: {"prompt": "##some words##", "reference_audio_url": self.references.url()},
            ACE: {"lyrics": "[verse]\nwords", "audio_url": self.references.url(), "tags": "folk", "original_tags": "x"},
        }
        body = {name: value for name, value in {**bodies[endpoint], **changed}.items() if value is not None}
        status, accepted = await self.ask("POST", endpoint, json=body)
        assert status == 200
        found: dict[str, Any] = accepted
        return found

    async def end(self, accepted: dict[str, Any]) -> tuple[int, Any]:
        """Wait for the end; the result."""
        while True:
            status, body = await self.ask("GET", accepted["status_url"])
            if status == 200:
                assert body["status"] == "COMPLETED"
                return await self.ask("GET", accepted["response_url"])
            await asyncio.sleep(0.02)


@pytest.fixture
async def api() -> AsyncIterator[FakeGeneration]:
    async with FakeGeneration(speaks="fal") as running:
        yield running


@pytest.fixture
def fal(session: aiohttp.ClientSession, api: FakeGeneration, references: References) -> Caller:
    return Caller(session, api, references)


@pytest.mark.parametrize(("endpoint", "application"), [(MINIMAX, MINIMAX), (ACE, "fal-ai/ace-step")])
async def test_an_order_names_three_addresses_below_the_application(
    fal: Caller, endpoint: str, application: str
) -> None:
    accepted = await fal.submit(endpoint)
    own = f"{fal.api.url}/{application}/requests/{accepted['request_id']}"
    assert accepted["status"] == "IN_QUEUE"
    assert [accepted[name] for name in ("response_url", "status_url", "cancel_url")] == [
        own,
        f"{own}/status",
        f"{own}/cancel",
    ]
    status, result = await fal.end(accepted)
    assert (status, result["audio"]["content_type"]) == (200, "audio/mpeg")
    async with fal.session.get(result["audio"]["url"]) as track:
        assert len(await track.read()) == result["audio"]["file_size"]


async def test_a_request_waits_is_made_and_is_over(fal: Caller) -> None:
    fal.api.change(queued_seconds=3600)
    accepted = await fal.submit()
    assert await fal.ask("GET", accepted["status_url"]) == (
        202,
        {"status": "IN_QUEUE", "request_id": accepted["request_id"], "logs": None, "queue_position": 0},
    )
    assert (await fal.ask("GET", accepted["response_url"]))[0] == 400
    fal.api.change(queued_seconds=0, generating_seconds=3600)
    status, body = await fal.ask("GET", accepted["status_url"], params={"logs": "false"})
    assert (status, body["status"]) == (202, "IN_PROGRESS")
    fal.api.change(generating_seconds=0)
    assert (await fal.end(accepted))[0] == 200


async def test_more_than_run_at_once_wait_in_their_order(fal: Caller) -> None:
    fal.api.change(most_at_once=2, queued_seconds=0, generating_seconds=3600)
    accepted = [await fal.submit(prompt=f"##{number}##") for number in range(5)]
    said = [(await fal.ask("GET", one["status_url"]))[1] for one in accepted]
    assert [one["status"] for one in said] == ["IN_PROGRESS"] * 2 + ["IN_QUEUE"] * 3
    assert [one.get("queue_position") for one in said] == [None, None, 0, 1, 2]
    await fal.ask("PUT", accepted[2]["cancel_url"])
    assert (await fal.ask("GET", accepted[3]["status_url"]))[1]["queue_position"] == 0


@pytest.mark.parametrize(
    ("endpoint", "changed", "field", "kind"),
    [
        (MINIMAX, {"prompt": None}, "prompt", "missing"),
        (MINIMAX, {"prompt": "x" * 601}, "prompt", "string_too_long"),
        (MINIMAX, {"prompt": 5}, "prompt", "string_type"),
        (MINIMAX, {"reference_audio_url": "nowhere"}, "reference_audio_url", "url_parsing"),
        (ACE, {"tags": None}, "tags", "missing"),
        (ACE, {"original_tags": None}, "original_tags", "missing"),
        (ACE, {"edit_mode": "other"}, "edit_mode", "literal_error"),
    ],
)
async def test_the_queue_takes_it_and_the_application_refuses_it(
    fal: Caller, endpoint: str, changed: dict[str, Any], field: str, kind: str
) -> None:
    status, body = await fal.end(await fal.submit(endpoint, **changed))
    assert status == 422
    (found,) = body["detail"]
    assert (found["loc"], found["type"]) == (["body", field], kind)
    assert fal.api.ledger.charges == 0


@pytest.mark.parametrize(("name", "kind"), [("gone", "file_download_error"), ("text", "unsupported_audio_format")])
async def test_a_reference_that_cannot_be_used_is_completed_with_an_error(fal: Caller, name: str, kind: str) -> None:
    status, body = await fal.end(await fal.submit(reference_audio_url=fal.references.url(name)))
    assert (status, body["detail"][0]["type"]) == (422, kind)
    assert body["detail"][0]["input"] == fal.references.url(name), "as the real one echoes it"


async def test_a_failure_may_stand_in_the_status(fal: Caller) -> None:
    fal.api.script(polls=("queued", "generating", "error"))
    accepted = await fal.submit()
    said = [(await fal.ask("GET", accepted["status_url"]))[1] for _ in range(3)]
    assert [one["status"] for one in said] == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]
    assert (said[2]["error"], said[2]["error_type"]) == ("Downstream service error", "Error")
    assert (await fal.ask("GET", accepted["response_url"]))[0] == 500
    assert fal.api.ledger.charges == 0


async def test_no_key_no_application_and_no_sub_path_below_a_request(fal: Caller) -> None:
    accepted = await fal.submit(ACE)
    assert (await fal.ask("GET", accepted["status_url"], key="wrong"))[0] == 401
    assert (await fal.ask("POST", MINIMAX, key="wrong", json={}))[0] == 401
    assert (await fal.ask("POST", "fal-ai/nothing", json={}))[0] == 404
    assert (await fal.ask("GET", f"{ACE}/requests/{accepted['request_id']}/status"))[0] == 405
    assert (await fal.ask("GET", f"{MINIMAX}/requests/{accepted['request_id']}/status"))[0] == 404
    assert (await fal.ask("POST", MINIMAX, data=b"no json"))[0] == 422
    fal.api.change(songs_left=0)
    status, body = await fal.ask("POST", MINIMAX, json={})
    assert status == 403
    assert "User is locked" in body["detail"]


async def test_a_cancel_says_what_it_did(fal: Caller) -> None:
    fal.api.change(most_at_once=1, queued_seconds=0, generating_seconds=3600, songs_left=5)
    running, waiting = await fal.submit(), await fal.submit(prompt="##other##")
    assert await fal.ask("PUT", waiting["cancel_url"]) == (200, {"status": "OK"})
    assert fal.api.world.settings.songs_left == 4, "what was removed is paid back"
    assert (await fal.ask("PUT", waiting["cancel_url"]))[0] == 404
    assert await fal.ask("PUT", running["cancel_url"]) == (202, {"status": "CANCELLATION_REQUESTED"})
    fal.api.change(generating_seconds=0)
    await fal.end(running)
    assert await fal.ask("PUT", running["cancel_url"]) == (400, {"status": "ALREADY_COMPLETED"})


async def test_the_history_shows_what_was_sent_by_pages(fal: Caller) -> None:
    path = "v1/models/requests/by-endpoint"
    for number in range(3):
        await fal.submit(prompt=f"##{number}##")
    await fal.submit(ACE)
    asked = {"endpoint_id": MINIMAX, "limit": "2", "expand": "payloads"}
    status, page = await fal.ask("GET", path, params=asked)
    assert (status, page["has_more"]) == (200, True)
    _, rest = await fal.ask("GET", path, params={**asked, "cursor": page["next_cursor"]})
    prompts = [row["json_input"]["prompt"] for row in [*page["items"], *rest["items"]]]
    assert (prompts, rest["has_more"]) == (["##0##", "##1##", "##2##"], False)
    _, bare = await fal.ask("GET", path, params={"endpoint_id": MINIMAX})
    assert "json_input" not in bare["items"][0]
    assert (await fal.ask("GET", path, params={**asked, "start": "2999-01-01T00:00:00Z"}))[1]["items"] == []
    for wrong in ({}, {**asked, "limit": "101"}, {**asked, "start": "soon"}, {"endpoint_id": "fal-ai/none"}):
        assert (await fal.ask("GET", path, params=wrong))[0] == 422
    assert (await fal.ask("GET", path, params=asked, key="wrong"))[0] == 401
    fal.api.change(has_history=False)
    assert (await fal.ask("GET", path, params=asked))[0] == 403


async def test_faults_strike_the_calls_that_only_a_queue_has(fal: Caller) -> None:
    accepted = await fal.submit()
    fal.api.fault("cancel", status=503, rule={"times": 1})
    assert await fal.ask("PUT", accepted["cancel_url"]) == (503, {"detail": "Service Unavailable"})
    fal.api.fault("result", status=504, body={"detail": "x", "error_type": "request_timeout"}, rule={"times": 1})
    assert (await fal.end(accepted))[0] == 504
    assert (await fal.end(accepted))[0] == 200
