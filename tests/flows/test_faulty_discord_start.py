"""The first connection: when it cannot be had, the process ends with a sentence and a code a supervisor can act on."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.discord import FakeDiscord
from sandbox.stage import wait_until_ready
from tests.flows.scenario import PATIENCE_SECONDS
from tests.warm_bots import WarmBotProcess

pytestmark = pytest.mark.timeout(120)

CANNOT_RUN, BAD_SETTINGS, BAD_TOKEN = 1, 2, 3
SECRET = "sk-never-to-be-shown"


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    """A Discord that works unless told otherwise."""
    async with FakeDiscord() as discord:
        yield discord


def nobody_there() -> str:
    """An address on this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


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


async def test_a_discord_that_is_out_of_reach_ends_it_with_one(tmp_path: Path, discord: FakeDiscord) -> None:
    code, log = await ended(tmp_path, discord, DISCORD_API_URL=f"http://{nobody_there()}/api/v10")
    assert code == CANNOT_RUN
    assert "Discord could not be reached" in log
    assert "DISCORD_API_URL" in log


async def test_a_gateway_that_is_out_of_reach_ends_it_with_one(tmp_path: Path, discord: FakeDiscord) -> None:
    code, log = await ended(tmp_path, discord, DISCORD_GATEWAY_URL=f"ws://{nobody_there()}/gateway/")
    assert code == CANNOT_RUN
    assert "gateway could not be reached" in log
    assert "DISCORD_GATEWAY_URL" in log


@pytest.mark.slow
async def test_a_discord_in_trouble_ends_it_with_one(tmp_path: Path, discord: FakeDiscord) -> None:
    discord.fail("GET", "^/users/@me$", status=503, times=None)
    code, log = await ended(tmp_path, discord)
    assert code == CANNOT_RUN
    assert "Discord could not be reached" in log
    assert "503" in log


async def test_a_token_that_only_the_gateway_refuses_ends_it_with_three(tmp_path: Path, discord: FakeDiscord) -> None:
    discord.fail("PUT", "/commands$", after=True, delay_seconds=1.0)
    ending = asyncio.create_task(ended(tmp_path, discord, DISCORD_TOKEN=discord.token))
    await discord.until(lambda: any(call.applied for call in discord.calls_to("PUT", "/commands$")), PATIENCE_SECONDS)
    discord.world.token = "renewed.meanwhile"
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


@pytest.mark.slow
async def test_a_reset_on_the_way_in_ends_it_with_a_sentence(tmp_path: Path, discord: FakeDiscord) -> None:
    discord.fail("GET", "/oauth2/applications/@me", drop=True, times=None)
    code, log = await ended(tmp_path, discord)
    assert code == CANNOT_RUN
    assert "Discord could not be reached" in log
