"""Several processes behind PgBouncer, which gives each client a session of its own: songs, kills, outages of it."""

import asyncio
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.bot.store.own_server import OwnServer, own_server, programs
from tests.bot.store.pooler import PGBOUNCER, Pooler, running_pooler
from tests.flows.several import Several, open_several, own_postgresql

__all__ = ["open_several", "own_postgresql"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OpenSeveral = Any


@pytest.fixture
def server() -> Generator[OwnServer]:
    where = programs()
    if where is None or PGBOUNCER is None:
        pytest.skip("no PostgreSQL and PgBouncer of Debian's here")
    with (
        tempfile.TemporaryDirectory(prefix="compose-pg-") as folder,
        own_server(Path(folder), where, max_connections=100) as running,
    ):
        running.psql("CREATE DATABASE songs")
        yield running


@pytest.fixture
def pooler(server: OwnServer) -> Generator[Pooler]:
    with running_pooler(server, server.folder.parent, "session") as running:
        yield running


def url_of(pooler: Pooler) -> str:
    return f"postgresql+asyncpg://bot@127.0.0.1:{pooler.port}/songs?sslmode=disable"


async def delivered_once(several: Several, titles: list[str]) -> None:
    for title in titles:
        await several.scenario.track(title)
    await several.rest()
    assert set(await several.states()) == {"delivered"}
    assert all(len(several.scenario.tracks(title)) == 1 for title in titles)
    assert not several.stage.generation.ledger.repeated_posts
    for process in (several.stage.bot, *several.workers):
        assert "Traceback" not in process.log, process.log


async def test_a_killed_process_leaves_its_songs_to_the_other_and_its_place_to_its_next_start(
    pooler: Pooler, open_several: OpenSeveral
) -> None:
    async with open_several(workers=1, api={"generating_seconds": 3600}, url=url_of(pooler)) as several:
        titles = [f"Song {number}" for number in range(6)]
        for title in titles:
            await several.order(title)
        await several.until(several.all_are_made)
        run = several.stage.bot
        before = run.log
        await run.kill()
        await several.scenario.restart()
        assert "in use by another running bot" not in run.log.removeprefix(before)
        await several.workers[0].kill()
        killed = several.workers[0].pid

        async def taken_over() -> bool:
            return killed not in await several.holders()

        await several.until(taken_over)
        several.finish_all()
        await delivered_once(several, titles)
        await several.order("Afterwards")
        await delivered_once(several, [*titles, "Afterwards"])


async def test_a_pooler_that_is_reloaded_paused_and_killed_loses_nothing(
    pooler: Pooler, open_several: OpenSeveral
) -> None:
    async with open_several(workers=1, api={"generating_seconds": 3600}, url=url_of(pooler)) as several:
        titles = [f"Song {number}" for number in range(6)]
        for title in titles:
            await several.order(title)
        await several.until(several.all_are_made)
        several.stage.generation.change(generating_seconds=12.0)  # since they were begun
        await pooler.tell("RELOAD")
        pausing = asyncio.create_task(pooler.tell("PAUSE"))  # waits for clients that never leave
        await asyncio.sleep(6)
        await pooler.tell("RESUME")
        pausing.cancel()  # nobody answers it any more
        await pooler.tell("KILL songs")  # all are cut off, and whoever comes waits
        await asyncio.sleep(6)
        await pooler.tell("RESUME songs")
        await asyncio.sleep(6)
        await asyncio.to_thread(pooler.kill)
        await asyncio.sleep(6)
        await asyncio.to_thread(pooler.start)
        await delivered_once(several, titles)
        await several.order("Afterwards")
        await delivered_once(several, [*titles, "Afterwards"])
        assert several.stage.bot.is_running
        second = await several.worker("run", ready=False)
        assert await second.wait() == 1, "the place on the database was taken again"
