"""The database of three processes is away for a minute, or hands its work on: all of them go on by themselves."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.bot_process import BotProcess
from tests.bot.store.own_server import OwnServer, own_server, programs
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS
from tests.flows.several import Several, open_several, own_postgresql

__all__ = ["open_several", "own_postgresql"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

OpenSeveral = Any

OUTAGE_SECONDS = 60.0
#: Of each part of a failover: longer than any try of the bot's.
PART_SECONDS = 12.0
SONGS = 9


@pytest.fixture
def server() -> Generator[OwnServer]:
    where = programs()
    if where is None:
        pytest.skip("no PostgreSQL of Debian's, which can be stopped and started")
    with (
        tempfile.TemporaryDirectory(prefix="compose-pg-") as folder,
        own_server(Path(folder), where, max_connections=100) as running,
    ):
        running.psql("CREATE ROLE bot LOGIN PASSWORD 'bot'", "CREATE DATABASE songs OWNER bot")
        yield running


async def health_of(process: BotProcess) -> tuple[int, list[str]]:
    address = process.log.rsplit("health at ", 1)[-1].split("/healthz")[0]
    async with aiohttp.ClientSession() as session, session.get(f"{address}/healthz") as answer:
        return answer.status, (await answer.json())["problems"]


async def until_all_are(several: Several, status: int) -> list[str]:
    """Wait for what every process says of itself; the problems of the last."""
    found: list[str] = []
    for process in (several.stage.bot, *several.workers):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                code, found = await health_of(process)
                if code == status:
                    break
                await asyncio.sleep(0.2)
    return found


@asynccontextmanager
async def songs_under_way(open_several: OpenSeveral, server: OwnServer) -> AsyncIterator[Several]:
    """Three processes with songs being made and in line; afterwards all of it must have come to its end."""
    url = f"postgresql+asyncpg://bot:bot@localhost:{server.port}/songs"
    more = {"HEALTH_PORT": "0", "GENERATION_CONCURRENCY": "6"}
    async with open_several(workers=2, api={"generating_seconds": 20.0}, url=url, **more) as several:
        await until_all_are(several, 200)
        pids = [process.pid for process in (several.stage.bot, *several.workers)]
        for number in range(SONGS):
            await several.order(f"Song {number}")

        async def under_way() -> bool:
            states = await several.states()
            return len(states) == SONGS and "generating" in states

        await several.until(under_way)
        yield several
        await until_all_are(several, 200)
        for number in range(SONGS):
            await several.scenario.track(f"Song {number}")
        await several.order("Afterwards")
        await several.scenario.track("Afterwards")
        await several.rest()
        assert await several.states() == ["delivered"] * (SONGS + 1)
        ledger = several.stage.generation.ledger
        assert not ledger.repeated_posts
        assert len(ledger.submissions) == SONGS + 1
        assert all(len(several.scenario.tracks(f"Song {number}")) == 1 for number in range(SONGS))
        processes = (several.stage.bot, *several.workers)
        assert [process.pid for process in processes if process.is_running] == pids
        for process in processes:
            assert "Traceback" not in process.log, process.log
        second = await several.worker("run", ready=False)
        assert await second.wait() == 1, "the place on the database was taken again"


async def test_a_minute_without_the_database_loses_nothing(open_several: OpenSeveral, server: OwnServer) -> None:
    async with songs_under_way(open_several, server) as several:
        await asyncio.to_thread(server.stop)
        problems = await until_all_are(several, 503)
        assert any(problem.startswith("the database does not answer: ") for problem in problems)
        asked = await several.scenario.order(title="Meanwhile")
        answer = await several.scenario.private_answer(asked)
        assert answer.content.startswith("I could not write your order down just now, and nothing was started.")
        assert any(LYRICS in str(embed.get("description")) for embed in answer.embeds)
        await asyncio.sleep(OUTAGE_SECONDS)
        await asyncio.to_thread(server.start)


async def test_a_failover_that_ends_closes_and_takes_no_writes_for_a_while_loses_nothing(
    open_several: OpenSeveral, server: OwnServer
) -> None:
    async with songs_under_way(open_several, server) as several:
        await asyncio.to_thread(server.stop, how="fast")  # terminating connection due to administrator command
        await asyncio.to_thread(server.start_as_standby, answers=False)  # the database system is starting up
        await until_all_are(several, 503)
        await asyncio.sleep(PART_SECONDS)
        await asyncio.to_thread(server.stop, how="fast")
        await asyncio.to_thread(server.start_as_standby, answers=True)  # read-only transaction
        await asyncio.sleep(PART_SECONDS)
        await until_all_are(several, 503)
        asked = await several.scenario.order(title="Meanwhile")
        answer = await several.scenario.private_answer(asked)
        assert any(LYRICS in str(embed.get("description")) for embed in answer.embeds)
        await asyncio.to_thread(server.promote)
