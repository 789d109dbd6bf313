from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.discord.doors import TOKEN_HEADER
from sandbox.generation import FakeGeneration
from sandbox.generation.remote import RemoteGeneration
from tests.sandbox.generation.caller import Caller


@pytest.fixture
async def api() -> AsyncIterator[FakeGeneration]:
    async with FakeGeneration(has_control=True) as running:
        yield running


@pytest.fixture
def token(api: FakeGeneration) -> str:
    assert api.control_token is not None
    return api.control_token


@pytest.fixture
def remote(caller: Caller, token: str) -> RemoteGeneration:
    return RemoteGeneration(caller.session, caller.api.url, token=token)


async def test_state_counts_what_happened(caller: Caller, remote: RemoteGeneration) -> None:
    generation_id = await caller.submit(name="compose-a-1")
    await caller.end(generation_id)
    state = await remote.state()

    assert (state["posts"], state["accepted"], state["charges"], state["running"]) == (1, 1, 1, 0)
    assert state["repeated_posts"] == state["paid_twice"] == {}
    assert state["calls"]["poll 200"] > 0


async def test_records_hold_every_post_and_every_generation(caller: Caller, remote: RemoteGeneration) -> None:
    generation_id = await caller.submit(name="compose-a-1")
    await caller.poll(generation_id)
    await caller.post(prompt="x" * 601)
    records = await remote.records()

    assert [posted["outcome"] for posted in records["submissions"]] == ["accepted", "HTTP 400"]
    assert records["submissions"][0]["client_request_id"] == "compose-a-1"
    (generation,) = records["generations"]
    assert generation["id"] == generation_id
    assert len(generation["polled_at_seconds"]) == 1


async def test_scripts_faults_and_settings_can_be_set_from_another_process(
    caller: Caller, remote: RemoteGeneration
) -> None:
    await remote.script(polls=["waiting", {"manner": "answer", "status": 503}], error=None)
    number = await remote.fault("submit", status=429, headers={"Retry-After": "2"}, rule={"times": 1})
    assert (await caller.post())[0] == 429
    generation_id = await caller.submit()
    assert (await caller.poll(generation_id))["status"] == "waiting"
    assert (await caller.get("/v2/generate/audio", generation_id=generation_id))[0] == 503
    await remote.heal(number)
    assert (await remote.change(songs_left=0))["songs_left"] == 0
    assert (await caller.post())[0] == 403
    await remote.change(is_key_revoked=True)
    assert (await caller.post())[0] == 401
    await remote.outage(3600)
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.post()
    await remote.heal()
    assert (await caller.post())[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "rules", {"call": "poll", "fault": {"manner": "unheard of"}}),
        ("POST", "rules", {"call": "nothing", "fault": {}}),
        ("POST", "scripts", {"polls": [7]}),
        ("PATCH", "settings", {"no_such_setting": 1}),
        ("PATCH", "settings", {"songs_left": "many"}),
    ],
)
async def test_an_order_that_means_nothing_is_refused(
    caller: Caller, token: str, method: str, path: str, body: dict[str, Any]
) -> None:
    url = f"{caller.api.url}/sandbox/{path}"
    async with caller.session.request(method, url, json=body, headers={TOKEN_HEADER: token}) as answer:
        assert answer.status == 400
        assert (await answer.json())["problem"]


async def test_what_is_no_json_is_refused(caller: Caller, token: str) -> None:
    headers = {TOKEN_HEADER: token, "Content-Type": "application/json"}
    async with caller.session.post(f"{caller.api.url}/sandbox/rules", data=b"{", headers=headers) as answer:
        assert answer.status == 400
