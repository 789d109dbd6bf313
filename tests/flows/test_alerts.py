"""Each alert rings once, by a real cause: with the operator's channel, or with whom the application belongs."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url

from bot.store.engines import sqlite_engine
from bot.store.migrate import FOLDER
from sandbox.discord import Message
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS, Scenario

pytestmark = [pytest.mark.waits, pytest.mark.timeout(150)]

REVISION_BEFORE = "0002"
OUT_OF_CREDITS = "has run out of credits"
HELD = "Waiting songs are held"
KEY_REFUSED = "does not accept this bot's key"


def alerts(scenario: Scenario, text: str) -> list[Message]:
    return [one for one in scenario.discord.messages if one.author.bot and "⚠️" in one.content and text in one.content]


async def alert(scenario: Scenario, text: str) -> Message:
    """Wait for the one alert that says so."""
    try:
        await scenario.discord.until(lambda: alerts(scenario, text), PATIENCE_SECONDS)
    except TimeoutError:
        raise AssertionError(
            f"nobody was told {text!r}:\n{scenario.seen()}\n{scenario.stage.bot.log[-3000:]}"
        ) from None
    (found,) = alerts(scenario, text)
    assert "What to do: " in found.content
    assert found.mentioned_user_ids == ()
    return found


async def test_account_disk_and_outcomes_ring_once_with_the_owner_and_a_restart_repeats_nothing(
    open_scenario: OpenScenario,
) -> None:
    async with open_scenario() as scenario:
        for number in range(3):
            scenario.api.script(when=f"number {number}", submit={"manner": "drop", "after_effect": True})
            await scenario.order(f"A doubt is a line of its own\nand it is number {number}", title=f"Doubt {number}")
        told = await alert(scenario, "3 requests to the music API, 3 ended without a clear answer")
        assert told.channel_id != scenario.discord.channel.id

        tracks = scenario.folder / "data" / "tracks"
        tracks.rename(scenario.folder / "elsewhere")
        await scenario.order(title="Waits for the disk")
        await alert(scenario, "`DATA_DIR` fails")
        (scenario.folder / "elsewhere").rename(tracks)
        await scenario.track("Waits for the disk")

        scenario.api.change(songs_left=0)
        await scenario.order(title="One too many")
        await alert(scenario, OUT_OF_CREDITS)
        await alert(scenario, HELD)
        scenario.api.change(songs_left=None)
        await scenario.stage.bot.stop()
        await scenario.restart()
        # the free call is made at once after a start, and the song that waited is tried
        await alert(scenario, "takes songs again")
        scenario.api.change(is_key_revoked=True)
        await scenario.order(title="Without a key")
        await alert(scenario, KEY_REFUSED)
        # what came after everything else has been told, and the rest is still there once
        for text in ("without a clear answer", "`DATA_DIR` fails", OUT_OF_CREDITS, HELD, KEY_REFUSED):
            assert len(alerts(scenario, text)) == 1


async def test_a_budget_rings_at_80_per_cent_and_when_no_song_fits_in_the_operators_channel(
    open_scenario: OpenScenario,
) -> None:
    async with open_scenario(BUDGET_PER_DAY="0.04", OPERATOR_CHANNEL="1") as closed:
        await closed.order()
        told = await alert(closed, "92 % of the day's budget are used: 0.037 USD of 0.04 USD")
        assert told.channel_id != closed.discord.channel.id
        await alert(closed, "The day's budget is used up")
        assert "OPERATOR_CHANNEL 1 does not take messages" in closed.stage.bot.log
        await closed.stage.bot.stop()
        # the month's rings apart, and where it was meant to
        channel = closed.discord.channel
        await closed.restart(BUDGET_PER_DAY="", BUDGET_PER_MONTH="0.04", OPERATOR_CHANNEL=str(channel.id))
        assert (await alert(closed, "The month's budget is used up")).channel_id == channel.id


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, REVISION_BEFORE)


async def older_database(path: Path) -> None:
    """A database as the version before left it."""
    url = make_url(f"sqlite+aiosqlite:///{path}")
    engine = sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1, pragmas={}, busy_seconds=5)
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)
    await engine.dispose()


async def test_a_migration_is_told_once_and_a_loop_that_dies_is_told(
    open_scenario: OpenScenario, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    path = tmp_path / "data" / "compose.db"
    await older_database(path)
    async with open_scenario() as scenario:
        told = await alert(scenario, f"from revision {REVISION_BEFORE} to ")
        (backup,) = (tmp_path / "data").glob("*.backup")
        assert backup.name in told.content
        await scenario.stage.bot.stop()

        connection = sqlite3.connect(path)
        connection.execute("ALTER TABLE place RENAME TO elsewhere")
        connection.commit()
        connection.close()
        await scenario.restart()
        await alert(scenario, "died and was started again: retention")
        assert len(alerts(scenario, "from revision")) == 1
