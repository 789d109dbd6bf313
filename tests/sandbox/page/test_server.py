import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.discord import Channel, FakeDiscord
from sandbox.page import Backstage, Group, Lever, Page
from sandbox.page.server import STATIC

from .panel import Panel


class Weather:
    """Another service of a bot, as its own project would bring it to the page."""

    def __init__(self, lever: str = "storm") -> None:
        self.is_stormy = False
        self.asked = 0
        self.groups = (
            Group(
                title="Weather service",
                levers=(Lever(id=lever, label="Storm", about="", pull=self._blow, look=lambda _: self.is_stormy),),
            ),
        )

    def _blow(self, _: Channel, wanted: Any) -> None:
        self.is_stormy = bool(wanted)

    def notes(self) -> list[str]:
        return [f"asked {self.asked} times"] if self.asked else []

    def restore(self) -> None:
        self.is_stormy = False


class Bot:
    """Something that can be killed and started, and remembers it."""

    def __init__(self) -> None:
        self.is_running = True
        self.ends: list[str] = []

    async def start(self) -> None:
        self.is_running = True

    async def stop(self) -> int:
        self.is_running = False
        self.ends.append("stop")
        return 0

    async def kill(self) -> None:
        self.is_running = False
        self.ends.append("kill")


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
async def url(fake: FakeDiscord, bot: Bot) -> AsyncIterator[str]:
    async with Page(fake, backstage=Backstage(fake, bot=bot)) as page:
        yield page.url


@pytest.fixture
def panel(session: aiohttp.ClientSession, url: str) -> Panel:
    return Panel(session, url)


async def test_the_page_may_load_nothing_from_elsewhere(
    session: aiohttp.ClientSession, url: str, fake: FakeDiscord
) -> None:
    async with session.get(url) as answer:
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert answer.content_type == "text/html"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert fake.world.base_url in policy["media-src"]
    assert "unsafe" not in str(policy)


async def test_every_file_of_the_page_is_served_as_what_it_is(session: aiohttp.ClientSession, url: str) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
    for path in STATIC.iterdir():
        async with session.get(f"{url}static/{path.name}") as answer:
            assert (answer.status, answer.content_type) == (200, kinds[path.suffix])
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["..%2fserver.py", "%2e%2e/server.py", "nothing.js", "../page/server.py"])
async def test_nothing_else_is_served(session: aiohttp.ClientSession, url: str, name: str) -> None:
    async with session.get(f"{url}static/{name}") as answer:
        assert answer.status == 404


def test_no_script_builds_markup_from_text() -> None:
    for path in STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert word not in text, f"{path.name} uses {word}"


def test_the_document_has_neither_inline_scripts_nor_inline_styles() -> None:
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    assert " on" not in text.replace(" one", "")
    assert "style=" not in text
    assert text.count("<script") == text.count('<script type="module" src=')


async def test_other_machines_names_are_refused(session: aiohttp.ClientSession, url: str) -> None:
    for headers in ({"Host": "example.org"}, {"Origin": "https://example.org"}):
        async with session.get(url, headers=headers) as answer:
            assert answer.status == 403


async def test_permissions_are_taken_from_the_bot_in_one_channel(panel: Panel, fake: FakeDiscord) -> None:
    general, music = fake.place("general"), fake.place("music")
    await panel.pull("attach_files", False, channel=str(general.id))
    bot_id = fake.world.application_id
    attach = 1 << 15
    assert not fake.world.permissions(general, bot_id) & attach
    assert fake.world.permissions(music, bot_id) & attach
    assert await panel.value("attach_files") is False
    await panel.restore()
    assert await panel.value("attach_files") is True


async def test_a_direct_message_has_no_permissions_to_take(panel: Panel, fake: FakeDiscord) -> None:
    place = fake.open_dm()
    refused = await panel.pull("send_messages", False, channel=str(place.id), status=422)
    assert "direct message" in refused["error"]


async def test_the_upload_limit_of_a_channel_is_chosen(panel: Panel, fake: FakeDiscord) -> None:
    await panel.pull("upload_limit", "16384")
    assert fake.place().upload_limit_bytes == 16_384
    await panel.pull("upload_limit", "")
    assert fake.place().upload_limit_bytes is None


async def test_discord_is_made_unreachable_and_comes_back(panel: Panel, fake: FakeDiscord) -> None:
    await panel.pull("vanish", True)
    assert not fake.listening
    assert await panel.value("vanish") is True
    await panel.pull("vanish", False)
    assert fake.listening


async def test_discord_answers_500_until_it_is_told_not_to(panel: Panel, fake: FakeDiscord) -> None:
    await panel.pull("refuse", True)
    assert [fault.status for fault in fake.faults.faults] == [500]
    await panel.pull("refuse", False)
    assert fake.faults.faults == []


async def test_the_bot_is_killed_stopped_and_started(panel: Panel, bot: Bot) -> None:
    await panel.pull("kill")
    refused = await panel.pull("stop", status=422)
    assert refused["error"] == "The bot is not running."
    await panel.pull("start")
    refused = await panel.pull("start", status=422)
    assert refused["error"] == "The bot is running already."
    await panel.pull("stop")
    assert bot.ends == ["kill", "stop"]


async def test_an_unknown_lever_is_not_found(panel: Panel) -> None:
    await panel.pull("explode", status=404)


async def test_calls_are_listed_without_bodies_and_tokens(
    panel: Panel, fake: FakeDiscord, session: aiohttp.ClientSession
) -> None:
    place = fake.place()
    headers = {"Authorization": f"Bot {fake.token}"}
    url = f"{fake.api_url}/channels/{place.id}/messages"
    async with session.post(url, json={"content": "what a member sang"}, headers=headers) as answer:
        assert answer.status == 200
    async with session.post(f"{fake.api_url}/webhooks/1/{fake.world.new_token()}", json={}) as answer:
        assert answer.status >= 400
    calls = (await panel.look())["calls"]
    assert [(call["method"], call["status"]) for call in calls][-1] == ("POST", 200)
    assert "what a member sang" not in json.dumps(calls)
    assert "sbx-" not in json.dumps(calls)


async def test_levers_from_outside_are_shown_pulled_and_restored_with_the_pages_own(
    session: aiohttp.ClientSession, fake: FakeDiscord
) -> None:
    weather = Weather()
    async with Page(fake, backstage=Backstage(fake, extras=[weather])) as page:
        panel = Panel(session, page.url)
        assert [group["title"] for group in (await panel.look())["groups"]][-1] == "Weather service"
        assert (await panel.look())["notes"] == []
        weather.asked = 3
        assert (await panel.pull("storm", True))["notes"] == ["asked 3 times"]
        assert weather.is_stormy
        assert await panel.value("storm") is True
        await panel.restore()
        assert not weather.is_stormy


def test_a_lever_from_outside_may_not_hide_one_of_the_pages_own(fake: FakeDiscord) -> None:
    with pytest.raises(ValueError, match="two levers are called 'drop': 'Drop the gateway' and 'Storm'"):
        Backstage(fake, extras=[Weather(lever="drop")])


async def test_without_bot_and_extras_their_levers_are_missing(
    session: aiohttp.ClientSession, fake: FakeDiscord
) -> None:
    async with Page(fake) as page:
        titles = [group["title"] for group in (await Panel(session, page.url).look())["groups"]]
    assert titles == ["Line to the bot", "What the bot may do"]


async def test_a_taken_port_is_an_error(fake: FakeDiscord, url: str) -> None:
    with pytest.raises(OSError, match="address already in use"):
        async with Page(fake, port=int(url.rsplit(":", 1)[1].strip("/"))):
            pass


@pytest.mark.heavy
async def test_it_runs_for_any_bot_as_its_own_process(session: aiohttp.ClientSession) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "sandbox.page", stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            addresses = json.loads(await process.stdout.readline())
        async with session.get(addresses["page_url"]) as answer:
            assert answer.status == 200
        async with session.get(f"{addresses['api_url']}/users/@me") as answer:
            assert answer.status == 401
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        assert await process.wait() == 0
