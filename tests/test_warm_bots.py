"""A bot that is forked from a warm process is to all who look at it the bot that is started cold."""

import asyncio
import json
import select
import socket
import sys
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration
from sandbox.stage import settings_for, wait_until_ready
from tests import warm_bots
from tests.warm_bots import CAN_FORK, WarmBotProcess

pytestmark = [
    pytest.mark.skipif(not CAN_FORK, reason="bots start cold here"),
    pytest.mark.parametrize(
        "kind", [pytest.param(BotProcess, id="cold", marks=pytest.mark.slow), pytest.param(WarmBotProcess, id="warm")]
    ),
]


async def test_its_exit_code_and_last_words_arrive(tmp_path: Path, kind: type[BotProcess]) -> None:
    bot = kind(tmp_path, {"POLL_INTERVAL_SECONDS": "soon"})
    await bot.start()
    assert await bot.wait() == 2
    assert not bot.is_running
    assert "Traceback" not in bot.log
    assert "POLL_INTERVAL_SECONDS" in bot.log
    await bot.start(POLL_INTERVAL_SECONDS="never")
    assert await bot.wait() == 2
    assert bot.log.count("These settings cannot be used") == 2, "the log goes on over all starts"


@pytest.mark.skipif(sys.platform != "linux", reason="looked up in /proc")
async def test_it_lives_in_its_folder_writes_its_log_and_dies_and_stops_as_told(
    tmp_path: Path, kind: type[BotProcess]
) -> None:
    async with FakeDiscord() as discord, FakeGeneration() as api, kind(tmp_path, settings_for(discord, api)) as bot:
        await wait_until_ready(discord, bot)
        seen = Path(f"/proc/{bot.pid}")
        assert (seen / "cwd").resolve() == tmp_path
        assert {(seen / f"fd/{number}").resolve() for number in (1, 2)} == {bot.log_path}
        assert (tmp_path / "data/compose.db").exists()
        await bot.kill()
        assert await bot.wait() == -9
        assert not seen.exists()
        await discord.until(lambda: not discord.gateway.connected)
        await bot.start()
        await wait_until_ready(discord, bot)
        assert await bot.stop() == 0
        assert bot.log.rstrip().endswith("stopped")


@pytest.mark.skipif(sys.platform != "linux", reason="looked up in /proc")
async def test_a_start_that_is_called_off_leaves_no_process_and_the_next_one_starts(
    tmp_path: Path, kind: type[BotProcess]
) -> None:
    async with FakeDiscord() as discord, FakeGeneration() as api:
        bot = kind(tmp_path, settings_for(discord, api))
        for turns in (0, 1, 2, 3, 5, 8, 13, 21):
            starting = asyncio.create_task(bot.start())
            for _ in range(turns):
                await asyncio.sleep(0)
            starting.cancel()
            await asyncio.wait({starting})
            if not starting.cancelled():
                await bot.kill()  # it was quicker
        async with asyncio.timeout(20):
            while _processes_in(tmp_path):  # noqa: ASYNC110 - they are killed by another process
                await asyncio.sleep(0.05)
        async with bot:
            await wait_until_ready(discord, bot)


@pytest.mark.parametrize("is_ordered", [False, True], ids=["before the order", "with the pid unread"])
async def test_whoever_asked_and_is_gone_leaves_the_next_one_to_start(
    tmp_path: Path, kind: type[BotProcess], *, is_ordered: bool
) -> None:
    await asyncio.to_thread(_ask_and_go, tmp_path, is_ordered=is_ordered)
    bot = kind(tmp_path, {"POLL_INTERVAL_SECONDS": "soon"})
    await bot.start()
    assert await bot.wait() == 2


def _ask_and_go(folder: Path, *, is_ordered: bool) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(warm_bots._server())
        if is_ordered:
            order = {"folder": str(folder), "log": str(folder / "log"), "environment": {}, "arguments": ["--help"]}
            connection.sendall(json.dumps(order).encode() + b"\n")
            assert select.select([connection], [], [], 20)[0], "no pid came"


def _processes_in(folder: Path) -> list[str]:
    found: list[str] = []
    for seen in Path("/proc").glob("[0-9]*"):
        try:
            if (seen / "cwd").resolve(strict=True) == folder and "Z" not in (seen / "stat").read_text().split()[2]:
                found.append(seen.name)
        except OSError:
            continue  # it is gone, or another user's
    return found
