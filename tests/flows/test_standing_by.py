"""A bot that stands by: what it says of itself, and who has the place when the database was away."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.bot.store.own_server import OwnServer, own_server, programs
from tests.flows.several import Several, go_on, health, open_several, own_postgresql, pause, until_it_says

__all__ = ["open_several", "own_postgresql"]

OpenSeveral = Any
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@asynccontextmanager
async def opened(open_several: OpenSeveral, **more: Any) -> AsyncIterator[tuple[OwnServer, Several]]:
    """A bot on a PostgreSQL that can be stopped."""
    where = programs()
    if where is None:
        pytest.skip("no PostgreSQL of Debian's, which can be stopped and started")
    with tempfile.TemporaryDirectory(prefix="compose-pg-") as folder, own_server(Path(folder), where) as server:
        server.psql("CREATE ROLE bot LOGIN PASSWORD 'bot'", "CREATE DATABASE songs OWNER bot")
        url = f"postgresql+asyncpg://bot:bot@localhost:{server.port}/songs"
        async with open_several(url=url, **more) as several:
            yield server, several


async def test_it_is_green_while_it_waits_says_for_what_and_takes_the_place_of_a_stopped_one_at_once(
    open_several: OpenSeveral,
) -> None:
    async with open_several(api={"generating_seconds": 3600}) as several:
        second = await several.worker("run", "--standby", ready=False, HEALTH_PORT="0")
        await until_it_says(second, "standing by: another bot runs on this database (host ")
        status, body = await health(second)
        said = json.loads(body)
        assert (status, said["status"], said["problems"]) == (200, "standing by", [])
        assert f"pid {several.stage.bot.pid}, " in said["standing_by"]
        assert "compose_standing_by 1.0" in (await health(second, "metrics"))[1]
        await several.scenario.order(title="Handed over")
        await several.until(several.all_are_made)
        await several.stage.bot.stop()
        await until_it_says(second, "jobs are driven")
        several.finish_all()
        await several.scenario.track("Handed over")
        assert json.loads((await health(second))[1]).get("standing_by") is None
        assert "compose_standing_by 0.0" in (await health(second, "metrics"))[1]
        assert second.log.count("health at http") == 1
        third = await several.worker("run", "--standby", ready=False)
        await until_it_says(third, "standing by")
        await third.stop()
        assert "stopped" in third.log
        assert "Traceback" not in second.log + third.log


async def test_a_restarted_database_leaves_the_place_to_whoever_had_it(open_several: OpenSeveral) -> None:
    async with opened(open_several, api={"generating_seconds": 3600}) as (server, several):
        standby = await several.worker("run", "--standby", ready=False, HEALTH_PORT="0")
        await until_it_says(standby, "standing by: another bot runs")
        for number in range(3):
            await several.scenario.order(title=f"Song {number}")
        await several.until(several.all_are_made)
        await asyncio.to_thread(server.stop)
        await until_it_says(standby, "standing by: the database does not answer")
        assert (await health(standby))[0] == 200
        await asyncio.to_thread(server.start)
        await until_it_says(several.stage.bot, "the place on the database is taken again")
        several.finish_all()
        for number in range(3):
            await several.scenario.track(f"Song {number}")
        await several.rest()
        assert several.stage.bot.is_running
        assert standby.is_running
        assert "jobs are driven" not in standby.log
        # and a restart so quick that nobody sees the database away
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)

        async def taken_again() -> bool:
            return several.stage.bot.log.count("the place on the database is taken again") == 2

        await several.until(taken_again)
        await several.scenario.order(title="Afterwards")
        await several.scenario.track("Afterwards")
        assert "jobs are driven" not in standby.log
        assert not several.stage.generation.ledger.repeated_posts
        assert "Traceback" not in standby.log + several.stage.bot.log


async def test_whoever_was_away_for_longer_loses_the_place_and_says_so_and_nothing_is_lost(
    open_several: OpenSeveral,
) -> None:
    async with opened(open_several, api={"generating_seconds": 3600}) as (server, several):
        standby = await several.worker("run", "--standby", ready=False)
        await until_it_says(standby, "standing by: another bot runs")
        for number in range(3):
            await several.scenario.order(title=f"Song {number}")
        await several.until(several.all_are_made)
        pause(several.stage.bot)
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        await until_it_says(standby, "jobs are driven")
        go_on(several.stage.bot)
        assert await several.stage.bot.wait() == 1
        several.finish_all()
        assert "another process has taken this one's place on the database" in several.stage.bot.log
        assert "started again with --standby, this one waits" in several.stage.bot.log
        for number in range(3):
            await several.scenario.track(f"Song {number}")
        await several.rest()
        assert await several.states() == ["delivered"] * 3
        assert not several.stage.generation.ledger.repeated_posts
        assert all(len(several.scenario.tracks(f"Song {number}")) == 1 for number in range(3))
        assert "Traceback" not in standby.log + several.stage.bot.log
