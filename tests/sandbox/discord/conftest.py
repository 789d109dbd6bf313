"""The sandbox Discord and the real discord.py client against it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from aiohttp import web
from discord import app_commands

from sandbox.discord import DiscordControl, FakeDiscord, Rules, control_application


async def finish(client: discord.Client, task: asyncio.Task[None]) -> None:
    """Close a client with all it has under way: discord.py would still run it when the loop is gone."""
    waiting = [one for one in asyncio.all_tasks() if "_delay_ready" in getattr(one.get_coro(), "__qualname__", "")]
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await client.close()
    await asyncio.gather(task, return_exceptions=True)
    handlers = [one for one in asyncio.all_tasks() if one.get_name().startswith("discord.py: ")]
    await asyncio.gather(*handlers, return_exceptions=True)


async def handled(fake: FakeDiscord) -> None:
    """Wait until discord.py has ended what it does for members, in this process.

    It knows the buttons and forms that it sent only when Discord's answer is back, which the member does not wait for.
    """
    names = ("CommandTree-invoker", "discord-ui-")
    await fake.until(lambda: not any(one.get_name().startswith(names) for one in asyncio.all_tasks()))


def knows_its_servers(client: discord.Client) -> bool:
    """It may be ready before: it gives each server a moment, and no more."""
    return not any(guild.unavailable for guild in client.guilds)


class Bot(discord.Client):
    """A small real bot: its handlers are set by each test."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("intents", discord.Intents(guilds=True))
        super().__init__(
            guild_ready_timeout=0.05, allowed_mentions=discord.AllowedMentions.none(), max_messages=None, **options
        )
        self.tree = app_commands.CommandTree(self)
        self.errors: list[Exception] = []
        self.seen: list[tuple[str, Any]] = []
        self.tree.on_error = self._keep_error  # type: ignore[method-assign]

    async def _keep_error(self, _: discord.Interaction, error: app_commands.AppCommandError) -> None:
        self.errors.append(getattr(error, "original", error))

    async def before_identify_hook(self, *_: Any, **__: Any) -> None:
        """No five seconds between identifies."""

    async def on_resumed(self) -> None:
        self.seen.append(("resumed", None))

    async def on_ready(self) -> None:
        self.seen.append(("ready", None))


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    """It waits longer for an answer than Discord: a machine may be busy. Whoever is about the deadline sets it anew."""
    async with FakeDiscord(rules=Rules(ack_deadline_seconds=60.0)) as running:
        yield running


@pytest.fixture
def pointed(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py speaks to the sandbox while a test runs."""
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))


Start = Callable[..., Awaitable[Bot]]


@pytest.fixture
async def start(fake: FakeDiscord, pointed: None) -> AsyncIterator[Start]:
    """Starts bots; `prepare(bot)` registers commands, which are then synced."""
    bots: list[tuple[Bot, asyncio.Task[None]]] = []

    async def starter(prepare: Callable[[Bot], Any] | None = None, **options: Any) -> Bot:
        bot = Bot(**options)
        if prepare is not None:
            prepare(bot)
        try:
            await bot.login(fake.token)
            if bot.tree.get_commands(type=None):
                await bot.tree.sync()
        except discord.DiscordException:
            await bot.close()
            raise
        task = asyncio.create_task(bot.connect())
        bots.append((bot, task))
        await fake.until(
            lambda: (any(what == "ready" for what, _ in bot.seen) and knows_its_servers(bot)) or task.done()
        )
        return bot

    yield starter
    for bot, task in bots:
        await finish(bot, task)
    # Everything discord.py sends is known to the sandbox.
    assert [violation for violation in fake.violations if violation.kind == "unknown field"] == []


@pytest.fixture
async def bot(start: Start) -> Bot:
    """A connected bot without commands."""
    return await start()


@pytest.fixture
async def http(fake: FakeDiscord) -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP client with the bot's token, for what discord.py would not send."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {fake.token}"}) as session:
        yield session


@pytest.fixture
async def control_url(fake: FakeDiscord) -> AsyncIterator[str]:
    runner = web.AppRunner(control_application(fake), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def control(fake: FakeDiscord, control_url: str) -> AsyncIterator[DiscordControl]:
    async with DiscordControl(control_url, token=fake.control_token) as client:
        yield client
