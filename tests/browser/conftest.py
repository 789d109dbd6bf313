"""The page with a showcase bot behind it, and a browser in front."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import discord
import pytest
import pytest_asyncio
import yarl
from playwright.async_api import Browser, Page

from sandbox.discord import FakeDiscord
from sandbox.page import Backstage
from sandbox.page import Page as PageServer

from .browsing import CHROMIUM, open_browser, open_page
from .showcase import Showcase

pytestmark = pytest.mark.browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without the browser these tests say so instead of failing."""
    if CHROMIUM.exists():
        return
    skip = pytest.mark.skip(
        reason=f"{CHROMIUM} is missing: python -m tests.browser.install_chromium installs it on Debian"
    )
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(skip)


class BotHere:
    """The showcase bot as something that can be stopped and started."""

    def __init__(self, fake: FakeDiscord) -> None:
        self._fake = fake
        self._client: Showcase | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None

    async def start(self) -> None:
        self._client = Showcase()
        self._task = asyncio.create_task(self._client.start(self._fake.token))
        async with asyncio.timeout(60):
            await self._client.ready.wait()

    async def stop(self) -> int:
        assert self._client is not None
        assert self._task is not None
        await self._client.close()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.sleep(0.01)  # what closing dispatches
        self._task = None
        return 0

    async def kill(self) -> None:
        await self.stop()

    @contextmanager
    def lost_in_thought(self) -> Iterator[None]:
        """Whatever it thinks of, it finds once the block has ended."""
        assert self._client is not None
        self._client.thought.clear()
        try:
            yield
        finally:
            self._client.thought.set()

    async def edit(self, channel_id: int, message_id: int, content: str) -> None:
        assert self._client is not None
        place = self._client.get_partial_messageable(channel_id)
        await place.get_partial_message(message_id).edit(content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    fake: FakeDiscord
    bot: BotHere
    url: str


@asynccontextmanager
async def open_sandbox() -> AsyncIterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        async with FakeDiscord() as fake:
            patch.setattr(discord.http.Route, "BASE", fake.api_url)
            patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
            bot = BotHere(fake)
            await bot.start()
            async with PageServer(fake, backstage=Backstage(fake, bot=bot)) as server:
                yield Sandbox(fake=fake, bot=bot, url=server.url)
            if bot.is_running:
                await bot.stop()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with open_sandbox() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    async with open_page(browser, sandbox.url) as opened:
        yield opened
