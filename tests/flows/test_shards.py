"""Two processes with two shards each on one database: each server has its process, and one that is killed is missed by
its own servers alone.
"""

import asyncio
import json
from typing import Any

import pytest

from sandbox.bot_process import BotProcess
from sandbox.discord import Channel
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.several import Several, health, open_several, own_postgresql

__all__ = ["open_several", "own_postgresql"]

OpenSeveral = Any

COUNT = 4
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def order(several: Several, title: str, channel: str | Channel) -> None:
    files = {"reference": ("song.mp3", several.scenario.song)}
    words = {"lyrics": "By hand and by heart\nonly for you", "title": title}
    await several.stage.discord.slash("compose", words, channel=channel, files=files)


async def test_two_processes_share_four_shards_and_a_killed_one_leaves_the_others_servers_alone(
    open_several: OpenSeveral,
) -> None:
    async with open_several(SHARD_COUNT="4", SHARD_IDS="0,1", HEALTH_PORT="0") as several:
        discord = several.stage.discord
        discord.rules.identify_seconds = 4.0  # a loaded machine sees greetings closer together than they were said
        guilds = [discord.add_guild(f"Server-{index}", shard=(index, COUNT)) for index in range(COUNT)]

        overlapping = await several.worker("run", ready=False, SHARD_IDS="1-2", HEALTH_PORT="")
        assert await overlapping.wait() == 1
        assert f"pid {several.stage.bot.pid}, " in overlapping.log
        assert "shards 0,1" in overlapping.log
        other_count = await several.worker("run", ready=False, SHARD_COUNT="8", SHARD_IDS="2", HEALTH_PORT="")
        assert await other_count.wait() == 1
        assert "divide the servers into 4 shards, this one into 8: SHARD_COUNT must be the same" in other_count.log

        high = await several.worker("run", SHARD_IDS="2-3", HEALTH_PORT="0")
        await discord.until(lambda: len(discord.gateway.connected) == COUNT, PATIENCE_SECONDS)
        assert sorted(session.shard for session in discord.gateway.connected) == [
            (index, COUNT) for index in range(COUNT)
        ]
        assert discord.gateway.greeted_too_soon == 0
        assert "commands synced" not in high.log
        await several.until(lambda: _is_green(high))
        assert json.loads((await health(high))[1])["shards"] == {"2": "connected", "3": "connected"}

        for guild in guilds:
            await order(several, guild.name, guild.name.lower())
        await order(several, "Direct", discord.open_dm())
        for title in (*(guild.name for guild in guilds), "Direct"):
            await several.scenario.track(title)
        asked = {
            session.shard[0]: [
                event["d"].get("guild_id") for event in session.events if event["t"] == "INTERACTION_CREATE"
            ]
            for session in discord.gateway.connected
        }
        assert asked == {index: [str(guild.id), *([None] if index == 0 else [])] for index, guild in enumerate(guilds)}

        # a process that dies sooner after its greeting leaves the next one's to come too soon
        await asyncio.sleep(discord.rules.identify_seconds)
        await high.kill()
        await discord.until(lambda: len(discord.gateway.connected) == 2, PATIENCE_SECONDS)
        assert (await health(several.stage.bot))[0] == 200, "the other process's shards are not this one's fault"
        await order(several, "Still here", guilds[1].name.lower())
        await several.scenario.track("Still here")
        again = await several.worker("run", SHARD_IDS="2,3", HEALTH_PORT="0")
        await discord.until(lambda: len(discord.gateway.connected) == COUNT, PATIENCE_SECONDS)
        await order(several, "Back again", guilds[3].name.lower())
        await several.scenario.track("Back again")
        await several.rest()
        assert set(await several.states()) == {"delivered"}
        assert discord.gateway.greeted_too_soon == 0
        for process in (several.stage.bot, high, again):
            assert "Traceback" not in process.log
            assert "was removed from server" not in process.log


async def _is_green(process: BotProcess) -> bool:
    return (await health(process))[0] == 200
