import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.discord.doors import TOKEN_HEADER
from sandbox.generation import Call, FakeGeneration
from tests.sandbox.generation.caller import Caller
from tests.sandbox.strangers import FOREIGN_ORIGINS, OWN_HOSTS, REBOUND_HOSTS, filled, knock

JSON = {"Content-Type": "application/json"}
SUBMIT = "/v2/generate/audio"
RULE = b'{"call": "any", "fault": {"status": 500}}'
MAKEFILE = (Path(__file__).parents[3] / "Makefile").read_text(encoding="utf-8")


@pytest.fixture
async def driven() -> AsyncIterator[FakeGeneration]:
    async with FakeGeneration(has_control=True) as running:
        yield running


def keyed(api: FakeGeneration) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.key}", **JSON}


# -- the API -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        *({"Origin": origin} for origin in FOREIGN_ORIGINS),
        *({"Host": host} for host in REBOUND_HOSTS),
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_page_from_elsewhere_orders_nothing_although_it_knows_the_key(
    api: FakeGeneration, headers: dict[str, str]
) -> None:
    number = api.fault("any", status=500)
    sent = {**keyed(api), **{name: filled(value, api.url) for name, value in headers.items()}}
    for method, target in (("POST", SUBMIT), ("GET", f"{SUBMIT}?generation_id=x"), ("GET", "/v2/logs")):
        status, said = await knock(api.url, method, target, sent, b"{}" if method == "POST" else None)
        assert status == 403
        assert b'"message": "' in said
    assert api.ledger.submissions == []
    assert not api.ledger.calls
    assert api.world.fault_injector.struck(number) == 0


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}])
async def test_finished_files_are_no_other_pages_to_read(caller: Caller, headers: dict[str, str]) -> None:
    body = await caller.end(await caller.submit())
    url = body["audio_file"]["url"]
    assert (await caller.track(url))[0] == 200
    path = url.removeprefix(caller.api.url)
    assert (await knock(caller.api.url, "GET", path, headers))[0] == 403
    # a link in the browser's Discord leads to it
    assert (await knock(caller.api.url, "GET", path, {"Sec-Fetch-Site": "cross-site"}))[0] == 200


@pytest.mark.parametrize("host", [*OWN_HOSTS, "127.0.0.1", "localhost:1"])
async def test_programs_reach_it_by_every_name_of_this_machine(api: FakeGeneration, host: str) -> None:
    own = {**keyed(api), "Host": filled(host, api.url)}
    assert (await knock(api.url, "POST", SUBMIT, own, b"{}"))[0] == 400
    assert (await knock(api.url, "GET", f"{SUBMIT}?generation_id=x", own))[0] == 404


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_an_order_is_json(caller: Caller, kind: str) -> None:
    body = {"model": "minimax-music", "prompt": "##la##", "reference_audio_url": caller.references.url()}
    headers = {**keyed(caller.api), "Content-Type": kind or None}
    assert (await knock(caller.api.url, "POST", SUBMIT, headers, json.dumps(body).encode()))[0] == 400
    assert caller.api.ledger.charges == 0


async def test_a_named_host_is_let_in() -> None:
    async with FakeGeneration(host_names=["songs.example"]) as api:
        target = f"{SUBMIT}?generation_id=x"
        assert (await knock(api.url, "GET", target, {**keyed(api), "Host": "songs.example"}))[0] == 404
        assert (await knock(api.url, "GET", target, {**keyed(api), "Host": "other.example"}))[0] == 403


# -- the control API ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain", "Origin": "https://evil.example", TOKEN_HEADER: ""},
        *({"Origin": origin} for origin in FOREIGN_ORIGINS),
        *({"Host": host} for host in REBOUND_HOSTS),
        {"Host": "127.0.0.1:{other_port}"},
        {"Host": "localhost:{port}", "Origin": "http://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {TOKEN_HEADER: ""},
        {TOKEN_HEADER: "offline"},
    ],
)
async def test_no_rule_is_set_without_token_from_elsewhere_or_under_another_name(
    driven: FakeGeneration, headers: dict[str, str]
) -> None:
    sent = {name: filled(value, driven.url) for name, value in headers.items()}
    knows: dict[str, Any] = {TOKEN_HEADER: driven.control_token, **JSON, **sent}
    for method, path in (("POST", "rules"), ("PATCH", "settings"), ("DELETE", "rules"), ("GET", "records")):
        body = RULE if method in ("POST", "PATCH") else None
        assert (await knock(driven.url, method, f"/sandbox/{path}", knows, body))[0] == 403
    assert driven.ledger.submissions == []
    assert driven.world.fault_injector.choose(Call.SUBMIT, 0) is None


async def test_a_rule_is_json_and_is_set_by_who_knows_the_token(driven: FakeGeneration) -> None:
    knows: dict[str, Any] = {TOKEN_HEADER: driven.control_token}
    plain = {**knows, "Content-Type": "text/plain"}
    assert (await knock(driven.url, "POST", "/sandbox/rules", plain, RULE))[0] == 415
    assert (await knock(driven.url, "POST", "/sandbox/rules", {**knows, **JSON}, RULE))[0] == 200


async def test_faults_do_not_shut_the_control_api(driven: FakeGeneration) -> None:
    driven.outage(3600)
    knows: dict[str, Any] = {TOKEN_HEADER: driven.control_token}
    assert (await knock(driven.url, "DELETE", "/sandbox/rules", knows))[0] == 200


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[dict[str, Any]]:
    """The line that a stand-in of its own prints."""
    running = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    try:
        assert running.stdout is not None
        async with asyncio.timeout(60):
            yield json.loads(await running.stdout.readline())
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        assert await running.wait() == 0


@pytest.mark.heavy
async def test_make_offline_has_no_control_api_at_all() -> None:
    (command,) = re.findall(r"\(RUN\) (-m sandbox generation .*)", MAKEFILE)
    arguments = command.replace("8700", "0").split()
    async with process(*arguments, "--host-name", "songs.example") as printed:
        assert printed["key"] == "offline"
        assert set(printed) == {"url", "key", "pid"}
        assert (await knock(printed["url"], "POST", "/sandbox/rules", JSON, RULE))[0] == 404
        assert (await knock(printed["url"], "GET", "/sandbox/state"))[0] == 404
        key = {"Authorization": "Bearer offline"}
        target = f"{SUBMIT}?generation_id=x"
        assert (await knock(printed["url"], "GET", target, key))[0] == 404
        assert (await knock(printed["url"], "GET", target, {**key, "Host": "songs.example"}))[0] == 404
        assert (await knock(printed["url"], "GET", target, {**key, "Host": "evil.example"}))[0] == 403


@pytest.mark.heavy
async def test_a_process_with_a_control_api_prints_another_token_at_each_start() -> None:
    async with (
        process("-m", "sandbox.generation", "--control") as one,
        process("-m", "sandbox.generation", "--control") as two,
    ):
        assert one["control_token"] != two["control_token"]
        for printed, token, status in ((one, one, 200), (one, two, 403)):
            knows = {TOKEN_HEADER: token["control_token"]}
            assert (await knock(printed["url"], "GET", "/sandbox/state", knows))[0] == status
