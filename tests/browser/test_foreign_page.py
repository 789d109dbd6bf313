"""A page from elsewhere, in the browser of whoever plays here: it sends what browsers let it, and nothing happens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect

from sandbox.discord import FakeDiscord, Upload
from sandbox.discord.cdn import signed_url
from sandbox.generation import Call, FakeGeneration
from sandbox.page import Page as PageServer
from tests.sandbox.strangers import port_of

from .browsing import CHROMIUM, FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

#: A name of somebody else's that leads to this machine once the page was loaded.
REBOUND = "evil.example"

ATTACK = """async ({ discord, token, messages, file, page, music }) => {
    const plain = (url, body, headers = {}) =>
        fetch(url, { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain", ...headers }, body })
            .then(() => "sent", () => "not sent");
    const read = (url, details) => fetch(url, details).then((answer) => answer.text(), () => "not read");
    const fault = JSON.stringify({ call: "any", fault: { status: 500 }, method: "*", pattern: ".*", status: 500 });
    const form = (url) => new Promise((done) => {
        const frame = document.createElement("iframe");
        frame.name = "into";
        const sent = document.createElement("form");
        Object.assign(sent, { method: "POST", action: url, enctype: "text/plain", target: "into" });
        const field = document.createElement("input");
        Object.assign(field, { name: '{"channel": null, "value": true, "x": "', value: '"}' });
        sent.append(field);
        frame.onload = done;
        document.body.append(frame, sent);
        sent.submit();
        setTimeout(done, 500);
    });
    const embedded = (url) => new Promise((done) => {
        const image = new Image();
        image.onload = image.onerror = done;
        image.src = url;
    });
    const socket = await new Promise((done) => {
        const opened = new WebSocket(discord.replace("http", "ws") + "/gateway/");
        opened.onmessage = () => {
            opened.send(JSON.stringify({ op: 2, d: { token, intents: 1 } }));
            setTimeout(() => done("open"), 300);
        };
        opened.onerror = () => done("refused");
    });
    await form(`${page}backstage/levers/vanish`);
    await embedded(`${discord}/api/v10/users/@me`);
    return {
        socket,
        rules: await plain(`${music}/sandbox/rules`, fault),
        faults: await plain(`${page}sandbox/switches/fault`, fault),
        order: await plain(`${music}/v2/generate/audio`, "{}"),
        message: await plain(messages, '{"content": "hello"}'),
        keyed: await read(messages, { method: "POST", headers: { Authorization: `Bot ${token}` }, body: "{}" }),
        file: await read(file),
        token: await read(`${page}token`),
        state: await read(`${page}sandbox/state`),
    };
}"""


@asynccontextmanager
async def _serving(text: str) -> AsyncIterator[int]:
    """A page of somebody else's, on a port of its own."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="module")
async def hostile() -> AsyncIterator[Page]:
    """A page in a browser for which the foreign name leads here."""
    async with async_playwright() as playwright:
        flags = [*FLAGS, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield await browser.new_page()
        finally:
            await browser.close()


@pytest.mark.parametrize("host", [REBOUND, "localhost", "127.0.0.1"])
async def test_a_page_from_elsewhere_does_nothing_and_reads_nothing(hostile: Page, host: str) -> None:
    async with (
        FakeDiscord() as fake,
        FakeGeneration(has_control=True) as music,
        PageServer(fake) as page,
        _serving("<body>Win a prize</body>") as port,
    ):
        posted = await fake.post("", files=[Upload(filename="a.txt", data=b"what a member wrote")])
        await hostile.goto(f"http://{host}:{port}/")
        given = {
            "discord": fake.world.base_url,
            "token": fake.token,
            "messages": f"{fake.api_url}/channels/{fake.channel.id}/messages",
            "file": signed_url(fake.world, posted.attachments[0]),
            "page": page.url,
            "music": music.url,
        }
        found: dict[str, Any] = await hostile.evaluate(ATTACK, given)
        assert found["socket"] == "refused"
        assert (found["file"], found["token"], found["state"], found["keyed"]) == ("not read",) * 4
        assert (fake.gateway.sessions, fake.calls, fake.downloads) == ({}, [], [])
        assert (fake.faults.faults, fake.listening, len(fake.messages)) == ([], True, 1)
        assert music.ledger.submissions == []
        assert music.world.fault_injector.choose(Call.SUBMIT, 0) is None


async def test_a_name_that_leads_here_meanwhile_gets_no_page_and_no_token(hostile: Page) -> None:
    async with FakeDiscord() as fake, PageServer(fake) as page, FakeGeneration() as music:
        for url, path in ((page.url, ""), (page.url, "token"), (fake.world.base_url, "/gateway"), (music.url, "/v2/x")):
            answer = await hostile.goto(f"http://{REBOUND}:{port_of(url)}/{path.removeprefix('/')}")
            assert answer is not None
            assert answer.status == 403
            assert fake.control_token not in await answer.text()
        assert (fake.calls, fake.pages) == ([], set())


async def test_the_page_goes_on_with_the_token_of_a_sandbox_that_was_started_again(browser: Browser) -> None:
    context = await browser.new_context()
    opened = await context.new_page()
    async with FakeDiscord() as first, PageServer(first) as server:
        await opened.goto(server.url)
        await first.post("before", member="Member Two")
        await expect(opened.locator(".message").last).to_contain_text("before")
    await expect(opened.get_by_text("The sandbox is away")).to_be_visible()
    async with FakeDiscord() as second, PageServer(second, port=port_of(server.url)):
        assert second.control_token != first.control_token
        await expect(opened.get_by_text("The sandbox is away")).to_be_hidden()
        await second.post("after", member="Member Two")
        await expect(opened.locator(".message").last).to_contain_text("after")
        await opened.get_by_role("textbox", name="Message").fill("and I answer")
        await opened.keyboard.press("Enter")
        await second.until(lambda: any(message.content == "and I answer" for message in second.messages))
        await context.close()
