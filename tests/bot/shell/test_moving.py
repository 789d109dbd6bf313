"""`move-database`: from one kind of database to the other, and back."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import copying
from bot.store.db import open_store
from bot.store.postgresql import IDLE_SECONDS
from tests.bot.shell.conftest import MEMBER, Place, place_at
from tests.bot.store.orders import NOON, SetClock, an_order
from tests.bot.store.postgresql import MISSING, PostgresqlServer

needs_postgresql = pytest.mark.skipif(bool(MISSING), reason="PostgreSQL is not installed")


async def same_songs(old: Place, new: Place) -> None:
    async with open_store(old.settings.database_url, clock=SetClock()) as was:
        songs = await was.of_member(MEMBER, limit=100)
        ledger = await was.ledger_of(MEMBER)
        histories = [await was.history(job.id) for job in songs]
    async with open_store(new.settings.database_url, clock=SetClock()) as now:
        assert await now.of_member(MEMBER, limit=100) == songs
        assert await now.ledger_of(MEMBER) == ledger
        assert [await now.history(job.id) for job in songs] == histories
        assert (await now.add(an_order(77), NOON)).id == 5  # the number of a deleted song is never given again


@needs_postgresql
async def test_from_sqlite_to_postgresql_and_back(sqlite_place: Place, postgresql: PostgresqlServer) -> None:
    await sqlite_place.filled()
    server = place_at(sqlite_place.folder, await postgresql.empty_database())
    answer = await sqlite_place.run("move-database", server.settings.database_url)
    assert (answer.code, answer.values["songs"]) == (0, 3), answer.text
    back = place_at(sqlite_place.folder, f"sqlite+aiosqlite:///{sqlite_place.folder / 'back.db'}")
    answer = await server.run("move-database", back.settings.database_url)
    assert answer.code == 0, answer.text
    await same_songs(sqlite_place, server)
    async with open_store(back.settings.database_url, clock=SetClock()) as store:
        assert (await store.add(an_order(78), NOON)).id == 5


@needs_postgresql
@pytest.mark.slow
async def test_a_move_may_stand_still_for_longer_than_the_bot(
    sqlite_place: Place, postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slowly(source: AsyncConnection, target: AsyncConnection, table: Table) -> int:
        count = await copied(source, target, table)
        if table is copying.KEPT[0]:
            await asyncio.sleep(IDLE_SECONDS + 1)
        return count

    await sqlite_place.filled()
    server = place_at(sqlite_place.folder, await postgresql.empty_database())
    back = place_at(sqlite_place.folder, f"sqlite+aiosqlite:///{sqlite_place.folder / 'back.db'}")
    copied = copying._copy_table
    monkeypatch.setattr(copying, "_copy_table", slowly)
    for old, new in ((sqlite_place, server), (server, back)):
        answer = await old.run("move-database", new.settings.database_url)
        assert (answer.code, answer.values["songs"]) == (0, 3), answer.text


@needs_postgresql
async def test_a_database_that_holds_something_is_not_filled(sqlite_place: Place, postgresql: PostgresqlServer) -> None:
    await sqlite_place.filled()
    server = place_at(sqlite_place.folder / "other", await postgresql.empty_database())
    await server.filled()
    answer = await sqlite_place.run("move-database", server.settings.database_url)
    assert answer.code == 1
    assert "already" in answer.text


async def test_to_another_file(sqlite_place: Place) -> None:
    await sqlite_place.filled()
    other = place_at(sqlite_place.folder, f"sqlite+aiosqlite:///{sqlite_place.folder / 'other.db'}")
    assert (await sqlite_place.run("move-database", other.settings.database_url)).code == 0
    await same_songs(sqlite_place, other)
    again = await sqlite_place.run("move-database", other.settings.database_url)
    assert again.code == 1
    assert "there already" in again.text


async def test_not_while_a_bot_runs_nor_onto_itself(place: Place, tmp_path: Path) -> None:
    await place.filled()
    to = f"sqlite+aiosqlite:///{tmp_path / 'other.db'}"
    async with place.bot():
        answer = await place.run("move-database", to)
    assert answer.code == 1
    assert "in use by another running bot" in answer.text
    assert not (tmp_path / "other.db").exists()
    answer = await place.run("move-database", place.settings.database_url)
    assert answer.code == 1
    assert "already" in answer.text
