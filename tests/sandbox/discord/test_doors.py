import json
import socket
from typing import Any

import aiohttp
import pytest

from sandbox.discord import FakeDiscord, Upload
from sandbox.discord.__main__ import arguments
from sandbox.discord.cdn import signed_url
from sandbox.discord.doors import TOKEN_HEADER, host_name
from tests.sandbox.strangers import FOREIGN_ORIGINS, OWN_HOSTS, REBOUND_HOSTS, filled, knock, port_of

SAID = json.dumps({"content": "hello", "nonce": "1"}).encode()
JSON = {"Content-Type": "application/json"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
def bots(fake: FakeDiscord) -> dict[str, str]:
    return {"Authorization": f"Bot {fake.token}", **JSON}


@pytest.fixture
async def file(fake: FakeDiscord) -> str:
    """Path and signature of a file in a channel."""
    posted = await fake.post("", files=[Upload(filename="page.html", data=b"<script>alert(1)</script>")])
    return signed_url(fake.world, posted.attachments[0]).removeprefix(fake.world.base_url)


def messages_of(fake: FakeDiscord) -> str:
    return f"/api/v10/channels/{fake.channel.id}/messages"


# -- REST --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_a_page_from_elsewhere_cannot_post_with_the_well_known_token(
    fake: FakeDiscord, bots: dict[str, str], origin: str
) -> None:
    url = fake.world.base_url
    fault = fake.fail("POST", "/messages", status=500)
    headers = {**bots, "Origin": filled(origin, url)}
    status, said = await knock(url, "POST", messages_of(fake), headers, SAID)
    assert status == 403
    assert b"may not call this server" in said
    assert fake.messages == []
    assert fake.calls == []
    assert fault in fake.faults.faults


@pytest.mark.parametrize("host", REBOUND_HOSTS)
async def test_a_name_that_was_pointed_at_this_machine_is_refused(
    fake: FakeDiscord, bots: dict[str, str], file: str, host: str
) -> None:
    url = fake.world.base_url
    headers = {**bots, "Host": filled(host, url)}
    assert (await knock(url, "POST", messages_of(fake), headers, SAID))[0] == 403
    assert (await knock(url, "GET", "/gateway/", {**UPGRADE, "Host": filled(host, url)}))[0] == 403
    assert (await knock(url, "GET", file, {"Host": filled(host, url)}))[0] == 403
    assert (fake.calls, fake.downloads) == ([], [])


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("http://evil.example/api/v10/users/@me", {}),
        ("/api/v10/users/@me", {"Host": None}),
        ("/api/v10/users/@me", {"Host": None, "host": "127.0.0.1", "HOST": "evil.example"}),
    ],
)
async def test_a_request_that_leaves_open_which_host_it_means_is_refused(
    fake: FakeDiscord, bots: dict[str, str], target: str, headers: dict[str, str | None]
) -> None:
    status, _ = await knock(fake.world.base_url, "GET", target, {**bots, **headers})
    assert status in (400, 403)
    assert fake.calls == []


async def test_what_a_page_from_elsewhere_merely_embeds_does_not_count(fake: FakeDiscord) -> None:
    fault = fake.fail("GET", "/users/@me", status=500)
    for site in ("cross-site", "same-site"):
        status, _ = await knock(fake.world.base_url, "GET", "/api/v10/users/@me", {"Sec-Fetch-Site": site})
        assert status == 403
    assert (fake.calls, fake.faults.faults) == ([], [fault])


@pytest.mark.parametrize("host", [*OWN_HOSTS, "127.0.0.1", "localhost:1"])
async def test_programs_reach_it_by_every_name_of_this_machine(
    fake: FakeDiscord, bots: dict[str, str], file: str, host: str
) -> None:
    url = fake.world.base_url
    own = filled(host, url)
    assert (await knock(url, "POST", messages_of(fake), {**bots, "Host": own}, SAID))[0] == 200
    assert (await knock(url, "GET", file, {"Host": own}))[0] == 200
    assert (await knock(url, "GET", "/gateway/", {**UPGRADE, "Host": own}))[0] == 101
    assert (await knock(url, "GET", "/api/v10/users/@me", {**bots, "Host": own, "Origin": f"http://{own}"}))[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", ""]
)
async def test_a_body_that_a_form_could_have_sent_is_refused_in_discords_words(
    fake: FakeDiscord, bots: dict[str, str], kind: str
) -> None:
    headers = {**bots, "Content-Type": kind or None}
    status, said = await knock(fake.world.base_url, "POST", messages_of(fake), headers, SAID)
    assert status == 400
    assert json.loads(said.partition(b"\r\n\r\n")[2]) == {
        "code": 50035,
        "message": "Invalid Form Body",
        "errors": {
            "_misc": ["Expected \"Content-Type\" header to be one of {'multipart/form-data', 'application/json'}."]
        },
    }
    assert fake.messages == []


async def test_a_post_without_a_body_needs_no_content_type(fake: FakeDiscord, bots: dict[str, str]) -> None:
    headers = {"Authorization": bots["Authorization"]}
    target = f"/api/v10/channels/{fake.channel.id}/typing"
    assert (await knock(fake.world.base_url, "POST", target, headers, b""))[0] == 204


# -- gateway -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_a_page_from_elsewhere_gets_no_websocket_although_it_knows_the_token(
    fake: FakeDiscord, origin: str
) -> None:
    url = fake.world.base_url
    assert (await knock(url, "GET", "/gateway/", {**UPGRADE, "Origin": filled(origin, url)}))[0] == 403
    assert (fake.gateway.sockets, fake.gateway.sessions) == (set(), {})


async def test_programs_identify_themselves_without_an_origin(fake: FakeDiscord) -> None:
    data = {"token": fake.token, "intents": 1}
    async with aiohttp.ClientSession() as session, session.ws_connect(fake.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 2, "d": data})
        assert (await socket.receive_json())["t"] == "READY"


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_scripts_of_other_pages_cannot_read_files(fake: FakeDiscord, file: str, origin: str) -> None:
    url = fake.world.base_url
    assert (await knock(url, "GET", file, {"Origin": filled(origin, url)}))[0] == 403
    assert fake.downloads == []


async def test_links_lead_to_files_from_anywhere(fake: FakeDiscord, file: str) -> None:
    status, said = await knock(fake.world.base_url, "GET", file, {"Sec-Fetch-Site": "cross-site"})
    assert status == 200
    assert b"access-control-allow-origin" not in said.lower()


async def test_a_document_somebody_uploaded_belongs_to_no_origin(fake: FakeDiscord, file: str) -> None:
    """Its scripts would otherwise be this server's own."""
    _, said = await knock(fake.world.base_url, "GET", file)
    assert b"Content-Security-Policy: sandbox\r\n" in said


# -- the control API ---------------------------------------------------------------------------------------------------


FAULT = json.dumps({"method": "*", "pattern": ".*", "status": 500}).encode()
FAULTS = "/sandbox/switches/fault"


async def test_a_plain_text_post_from_another_page_sets_no_fault(fake: FakeDiscord, control_url: str) -> None:
    headers = {"Content-Type": "text/plain", "Origin": "https://evil.example"}
    assert (await knock(control_url, "POST", FAULTS, headers, FAULT))[0] == 403
    assert fake.faults.faults == []


@pytest.mark.parametrize(
    "headers",
    [
        *({"Origin": origin} for origin in FOREIGN_ORIGINS),
        *({"Host": host} for host in REBOUND_HOSTS),
        {"Host": "127.0.0.1:{other_port}"},
        {"Host": "localhost"},
        {"Host": "localhost:{port}", "Origin": "http://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {TOKEN_HEADER: ""},
        {TOKEN_HEADER: "sandbox.bot.token"},
        {TOKEN_HEADER: "ü"},
    ],
)
async def test_even_with_the_token_it_is_driven_from_its_own_address_alone(
    fake: FakeDiscord, control_url: str, headers: dict[str, str]
) -> None:
    sent = {name: filled(value, control_url) for name, value in headers.items()}
    knows = {TOKEN_HEADER: fake.control_token, **JSON, **sent}
    assert (await knock(control_url, "POST", FAULTS, knows, FAULT))[0] == 403
    assert (await knock(control_url, "GET", "/sandbox/state", knows))[0] == 403
    assert (await knock(control_url, "DELETE", "/sandbox/faults", knows))[0] == 403
    assert fake.faults.faults == []


async def test_nobody_asks_first_with_success(fake: FakeDiscord, control_url: str) -> None:
    """The answer to a browser that asks whether a page may send JSON and the token's header."""
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": f"content-type,{TOKEN_HEADER}"}
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
        status, said = await knock(control_url, "OPTIONS", FAULTS, {**asks, "Origin": origin})
        assert status == 403
        assert b"access-control" not in said.lower()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_the_sandbox_itself_is_changed_by_json_alone(fake: FakeDiscord, control_url: str, kind: str) -> None:
    headers = {TOKEN_HEADER: fake.control_token, "Content-Type": kind}
    assert (await knock(control_url, "POST", FAULTS, headers, FAULT))[0] == 415
    assert fake.faults.faults == []


@pytest.mark.parametrize("host", OWN_HOSTS)
async def test_who_knows_the_token_drives_it_by_every_name_of_this_machine(
    fake: FakeDiscord, control_url: str, host: str
) -> None:
    own = filled(host, control_url)
    knows = {TOKEN_HEADER: fake.control_token, **JSON, "Host": own}
    assert (await knock(control_url, "POST", FAULTS, knows, FAULT))[0] == 200
    assert (await knock(control_url, "POST", FAULTS, {**knows, "Origin": f"http://{own}"}, FAULT))[0] == 200
    assert len(fake.faults.faults) == 2


async def test_the_token_stands_in_an_address_for_the_stream_alone(fake: FakeDiscord, control_url: str) -> None:
    query = f"?token={fake.control_token}"
    assert (await knock(control_url, "GET", f"/sandbox/state{query}"))[0] == 403
    assert (await knock(control_url, "POST", FAULTS + query, {"Accept": "text/event-stream", **JSON}, FAULT))[0] == 403
    async with aiohttp.ClientSession(headers={"Accept": "text/event-stream"}) as session:
        async with session.get(f"{control_url}/sandbox/events{query}") as stream:
            assert stream.status == 200
        async with session.get(f"{control_url}/sandbox/events?token=x") as stream:
            assert (stream.status, (await stream.json())["refused_by"]) == (403, "token")


def test_each_start_has_a_token_of_its_own() -> None:
    tokens = {FakeDiscord().control_token for _ in range(3)}
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {43}


# -- names -------------------------------------------------------------------------------------------------------------


async def test_a_named_host_is_let_in_with_its_own_pages_and_no_other(bots: dict[str, str]) -> None:
    async with FakeDiscord(host_names=["Box.example", "far.example:9000"]) as fake:
        url = fake.world.base_url

        async def status(host: str, **more: str) -> int:
            return (await knock(url, "GET", "/api/v10/users/@me", {**bots, "Host": host, **more}))[0]

        assert [await status(host) for host in ("box.example", "BOX.example:1", "far.example:9000")] == [200] * 3
        assert await status("box.example:80", Origin="http://box.example") == 200
        assert await status("box.example", Origin="http://evil.example") == 403
        assert [await status(host) for host in ("a.box.example", "far.example", "far.example:9001")] == [403] * 3


async def test_a_named_host_drives_the_control_api_at_its_port(fake: FakeDiscord, control_url: str) -> None:
    knows = {TOKEN_HEADER: fake.control_token}
    named = FakeDiscord(host_names=["box.example", "far.example:9000"])
    fake.doors = named.doors
    hosts = {f"box.example:{port_of(control_url)}": 200, "far.example:9000": 200, "box.example": 403}
    for host, status in hosts.items():
        assert (await knock(control_url, "GET", "/sandbox/state", {**knows, "Host": host}))[0] == status


@pytest.mark.parametrize("wrong", ["", "http://box.example", "box.example/", "*.example", "a b", "::1", "x:y"])
def test_what_is_no_name_is_said(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=r"is no host name: wanted is a name such as box\.example"):
        host_name(wrong)
    with pytest.raises(SystemExit):
        arguments(["--host-name", wrong])
    assert "is no host name" in capsys.readouterr().err


def test_several_names_are_taken_from_the_command_line() -> None:
    assert arguments(["--host-name", "a.example", "--host-name", "B:1"]).host_names == ["a.example", "b:1"]


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback")
async def test_it_listens_on_ipv6_loopback(bots: dict[str, str]) -> None:
    async with FakeDiscord(host="::1") as fake, aiohttp.ClientSession(headers=bots) as session:
        assert fake.api_url == f"http://[::1]:{fake.port}/api/v10"
        async with session.get(f"{fake.api_url}/users/@me") as answer:
            me: dict[str, Any] = await answer.json()
        async with session.ws_connect(fake.gateway_url) as opened:
            assert (await opened.receive_json())["op"] == 10
        for origin, status in ((f"http://[::1]:{fake.port}", 200), ("http://[::1]:1", 403)):
            async with session.get(f"{fake.api_url}/users/@me", headers={"Origin": origin}) as answer:
                assert answer.status == status
    assert me["id"] == str(fake.world.application_id)
