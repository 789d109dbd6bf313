import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from sandbox.discord import FakeDiscord, Upload
from sandbox.discord.cdn import signed_url
from sandbox.discord.doors import TOKEN_HEADER
from sandbox.page import Page
from tests.sandbox.strangers import FOREIGN_ORIGINS, OWN_HOSTS, REBOUND_HOSTS, filled, knock

JSON = {"Content-Type": "application/json"}
PULLED = b'{"channel": null, "value": true}'


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as running:
        yield running


@pytest.fixture
async def url(fake: FakeDiscord) -> AsyncIterator[str]:
    async with Page(fake) as page:
        yield page.url


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain", "Origin": "https://evil.example"}, JSON])
async def test_without_the_token_no_lever_is_pulled(fake: FakeDiscord, url: str, headers: dict[str, str]) -> None:
    for path in ("/backstage/levers/vanish", "/backstage/restore", "/sandbox/switches/fault"):
        assert (await knock(url, "POST", path, headers, PULLED))[0] == 403
    assert (await knock(url, "GET", "/backstage", headers))[0] == 403
    assert fake.listening
    assert fake.faults.faults == []


@pytest.mark.parametrize(
    "headers",
    [
        *({"Origin": origin} for origin in FOREIGN_ORIGINS),
        *({"Host": host} for host in REBOUND_HOSTS),
        {"Host": "127.0.0.1:{other_port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_other_page_gets_the_token_or_uses_it(fake: FakeDiscord, url: str, headers: dict[str, str]) -> None:
    sent = {name: filled(value, url) for name, value in headers.items()}
    status, said = await knock(url, "GET", "/token", sent)
    assert status == 403
    assert fake.control_token.encode() not in said
    knows = {TOKEN_HEADER: fake.control_token, **JSON, **sent}
    assert (await knock(url, "POST", "/backstage/levers/vanish", knows, PULLED))[0] == 403
    assert fake.listening
    if "Sec-Fetch-Site" not in sent:
        assert (await knock(url, "GET", "/", sent))[0] == 403


async def test_levers_are_pulled_by_json_alone(fake: FakeDiscord, url: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {TOKEN_HEADER: fake.control_token, "Content-Type": kind}
        assert (await knock(url, "POST", "/backstage/levers/vanish", headers, PULLED))[0] == 415
    assert fake.listening


async def test_links_lead_to_the_page_from_anywhere(url: str) -> None:
    assert (await knock(url, "GET", "/", {"Sec-Fetch-Site": "cross-site"}))[0] == 200


@pytest.mark.parametrize("host", OWN_HOSTS)
async def test_the_page_reads_files_under_every_name_it_was_opened_by(fake: FakeDiscord, url: str, host: str) -> None:
    posted = await fake.post("", files=[Upload(filename="a.mp3", data=b"ID3")])
    discord_url = fake.world.base_url
    file = signed_url(fake.world, posted.attachments[0]).removeprefix(discord_url)
    own = filled(host, url)
    origin = {"Origin": f"http://{own.lower()}"}
    assert (await knock(discord_url, "GET", file, origin))[0] == 403
    assert (await knock(url, "GET", "/", {"Host": own}))[0] == 200
    status, said = await knock(discord_url, "GET", file, origin)
    assert status == 200
    assert f"Access-Control-Allow-Origin: {origin['Origin']}\r\n".encode() in said
    # files, and nothing else of Discord
    assert (await knock(discord_url, "GET", "/api/v10/gateway", origin))[0] == 403
    assert (await knock(discord_url, "GET", "/gateway/", origin))[0] == 403


async def test_the_process_prints_its_token_and_takes_another_name() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.page", "--host-name", "box.example"), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            printed = json.loads(await process.stdout.readline())
        port = urlsplit(printed["page_url"]).port
        knows = {TOKEN_HEADER: printed["control_token"], "Host": f"box.example:{port}"}
        assert (await knock(printed["control_url"], "GET", "/sandbox/state", knows))[0] == 200
        assert (await knock(printed["api_url"], "GET", "/api/v10/gateway", {"Host": "box.example"}))[0] == 401
        assert (await knock(printed["api_url"], "GET", "/api/v10/gateway", {"Host": "evil.example"}))[0] == 403
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        assert await process.wait() == 0
