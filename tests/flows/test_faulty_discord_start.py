"""The first connection: a Discord out of reach is waited for, a refusal for good ends it with a sentence and a code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sandbox.bot_process import BotProcess
from sandbox.discord import FakeDiscord
from sandbox.stage import wait_until_ready
from tests.flows.scenario import PATIENCE_SECONDS
from tests.warm_bots import WarmBotProcess

pytestmark = pytest.mark.timeout(120)

BAD_SETTINGS, BAD_TOKEN = 2, 3
SECRET = "sk-never-to-be-shown"


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    """A Discord that works unless told otherwise."""
    async with FakeDiscord() as discord:
        yield discord


def known_settings(discord: FakeDiscord) -> dict[str, str]:
    """Of a bot whose music API is nowhere."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "GENERATION_API_URL": "http://127.0.0.1:9",
        "GENERATION_API_KEY": SECRET,
    }


async def ended(folder: Path, discord: FakeDiscord, **settings: str) -> tuple[int, str]:
    """Start a bot that cannot run; its exit code and its log."""
    bot = WarmBotProcess(folder, {**known_settings(discord), **settings})
    await bot.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await bot.wait()
    finally:
        await bot.kill()
    assert SECRET not in bot.log
    assert discord.token not in bot.log
    assert "Traceback" not in bot.log, bot.log
    return code, bot.log


async def health_of(bot: BotProcess) -> tuple[int, list[str]]:
    """Status and problems of /healthz, asked as a supervisor asks."""
    address = bot.log.split("health at ")[-1].split("/healthz")[0]
    async with aiohttp.ClientSession() as session, session.get(f"{address}/healthz") as answer:
        return answer.status, (await answer.json())["problems"]


@asynccontextmanager
async def waiting(folder: Path, discord: FakeDiscord, said: str, **settings: str) -> AsyncIterator[BotProcess]:
    """A bot that waits for Discord, red with a reason; what follows mends that, and the same process serves."""
    known = {**known_settings(discord), "HEALTH_PORT": "0", **settings}
    async with WarmBotProcess(folder, known) as bot:
        await discord.until(lambda: said in bot.log or not bot.is_running, PATIENCE_SECONDS)
        assert bot.is_running, bot.log
        status, problems = await health_of(bot)
        assert status == 503
        assert any(said in problem for problem in problems), problems
        yield bot
        await wait_until_ready(discord, bot)
        await discord.until(lambda: "ready: commands are taken" in bot.log, PATIENCE_SECONDS)
        assert await health_of(bot) == (200, [])
        assert await bot.stop() == 0
        assert "Traceback" not in bot.log
        assert SECRET not in bot.log
        assert discord.token not in bot.log


@pytest.mark.waits
async def test_a_discord_that_is_out_of_reach_is_waited_for(tmp_path: Path, discord: FakeDiscord) -> None:
    await discord.refuse_connections()
    async with waiting(tmp_path, discord, "Discord could not be reached (ClientConnectorError)") as bot:
        assert "DISCORD_API_URL" in bot.log
        await discord.accept_connections()


@pytest.mark.heavy
async def test_a_gateway_that_is_out_of_reach_is_waited_for(tmp_path: Path, discord: FakeDiscord) -> None:
    discord.gateway.refuses = 503
    async with waiting(tmp_path, discord, "Discord's gateway could not be reached (WSServerHandshakeError)") as bot:
        assert "DISCORD_GATEWAY_URL" in bot.log
        discord.gateway.refuses = None


@pytest.mark.waits
async def test_a_page_of_somebody_else_at_discords_address_is_waited_out(tmp_path: Path, discord: FakeDiscord) -> None:
    page = discord.fail("GET", "^/users/@me$", status=200, body="<html>Sign in to this network</html>", times=None)
    async with waiting(tmp_path, discord, "Discord could not be reached (TypeError)"):
        discord.faults.faults.remove(page)


@pytest.mark.slow
async def test_a_discord_in_trouble_is_waited_for(tmp_path: Path, discord: FakeDiscord) -> None:
    trouble = discord.fail("GET", "^/users/@me$", status=503, times=None)
    async with waiting(tmp_path, discord, "Discord could not be reached (DiscordServerError 503)"):
        discord.faults.faults.remove(trouble)


@pytest.mark.slow
async def test_a_reset_on_the_way_in_is_waited_out(tmp_path: Path, discord: FakeDiscord) -> None:
    trouble = discord.fail("GET", "/oauth2/applications/@me", drop=True, times=None)
    async with waiting(tmp_path, discord, "Discord could not be reached (ServerDisconnectedError)"):
        discord.faults.faults.remove(trouble)


@pytest.mark.heavy
async def test_a_token_that_only_the_gateway_refuses_ends_it_with_three(tmp_path: Path, discord: FakeDiscord) -> None:
    discord.gateway.refuses = 503  # until the token is another one
    ending = asyncio.create_task(ended(tmp_path, discord, DISCORD_TOKEN=discord.token))
    log_path = tmp_path / "bot.log"
    said = "Discord's gateway could not be reached"
    await discord.until(lambda: log_path.is_file() and said in log_path.read_text(), PATIENCE_SECONDS)
    assert discord.calls_to("PUT", "/commands$")
    discord.world.token = "renewed.meanwhile"
    discord.gateway.refuses = None
    code, log = await ending
    assert code == BAD_TOKEN
    assert "refuses DISCORD_TOKEN" in log
    assert discord.gateway.identifies == 1


async def test_a_token_that_discord_does_not_know_ends_it_with_three(tmp_path: Path, discord: FakeDiscord) -> None:
    code, log = await ended(tmp_path, discord, DISCORD_TOKEN="a.wrong.token")
    assert code == BAD_TOKEN
    assert "Discord refuses DISCORD_TOKEN" in log
    assert "a.wrong.token" not in log


async def test_settings_that_cannot_be_used_end_it_with_two_and_all_their_names(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    code, log = await ended(
        tmp_path, discord, DISCORD_TOKEN="", POLL_INTERVAL_SECONDS="soon", GENERATION_API_URL="nowhere"
    )
    assert code == BAD_SETTINGS
    for name in ("DISCORD_TOKEN", "POLL_INTERVAL_SECONDS", "GENERATION_API_URL"):
        assert name in log


@pytest.mark.waits
async def test_commands_that_discord_does_not_take_keep_nobody_from_being_served(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    discord.fail("PUT", "/commands$", status=503, times=None)
    async with WarmBotProcess(tmp_path, known_settings(discord)) as bot:
        await wait_until_ready(discord, bot)
        await discord.until(lambda: "ready: commands are taken" in bot.log, PATIENCE_SECONDS)
        assert "Discord did not take the commands (503" in bot.log
        assert "Next try in 1 min." in bot.log
        assert await bot.stop() == 0
