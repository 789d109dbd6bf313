"""Somebody else's bot on the page, each in a process of its own: a command, a vote, an answer by form."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from .browsing import open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

ROOT = Path(__file__).parents[2]
POLLBOT = ROOT / "tests/sandbox/local_discord/pollbot.py"


@asynccontextmanager
async def running(*command: str, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore::DeprecationWarning", *command),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.communicate()


async def test_a_foreign_bot_is_used_by_keyboard_and_mouse(browser: Browser) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running("-m", "sandbox.page", "--app-name", "Poll Bot"))
        assert server.stdout is not None
        addresses = json.loads(await server.stdout.readline())
        settings = {f"DISCORD_{name.upper()}": addresses[name] for name in ("api_url", "gateway_url", "token")}
        await stack.enter_async_context(running(str(POLLBOT), **settings))
        page = await stack.enter_async_context(open_page(browser, addresses["page_url"]))
        await expect(page.get_by_text("Poll Bot is online")).to_be_visible()

        await page.get_by_role("textbox", name="Message").press_sequentially("/poll")
        await page.keyboard.press("Enter")
        await page.keyboard.type("Tea?")
        await page.keyboard.press("Enter")
        poll = page.locator("#messages > .message").last
        await expect(poll).to_contain_text("Tea?")
        await expect(poll).to_contain_text("Poll Bot")
        await poll.get_by_role("button", name="Yes").click()
        await expect(poll).to_contain_text("Tea? Yes: 1")

        await poll.get_by_role("button", name="Something else").click()
        form = page.get_by_role("dialog", name="Your own answer")
        await expect(form.get_by_role("textbox")).to_be_focused()
        await page.keyboard.type("Coffee")
        await form.get_by_role("button", name="Submit").click()
        await expect(poll).to_contain_text("Tea? Coffee: 1")
