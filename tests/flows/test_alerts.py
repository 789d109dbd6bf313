"""Each alert rings once, by a real cause: with the operator's channel, or with whom the application belongs."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url

from bot.operators.alerts import AlertKind
from bot.store.engines import sqlite_engine
from bot.store.migrate import FOLDER
from sandbox.discord import Message
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS, Scenario

pytestmark = [pytest.mark.waits, pytest.mark.timeout(150)]

REVISION_BEFORE = "0002"
#: What each kind says; every one of them is rung below.
SAYS = {
    AlertKind.UNKNOWN_OUTCOMES: "3 requests to the music API, 3 ended without a clear answer",
    AlertKind.DISK: "`DATA_DIR` fails",
    AlertKind.NO_CREDITS: "has run out of credits",
    AlertKind.BRAKE_ON: "Waiting songs are held",
    AlertKind.BRAKE_OFF: "takes songs again",
    AlertKind.KEY_REFUSED: "does not accept this bot's key",
    AlertKind.BUDGET_80: "92 % of the day's budget are used: 0.037 USD of 0.04 USD",
    AlertKind.BUDGET_100: "The day's budget is used up",
    AlertKind.MIGRATED: f"from revision {REVISION_BEFORE} to ",
    AlertKind.LOOP: "died and was started again: retention",
    AlertKind.REPORT: "was reported by a member",
    AlertKind.LOG_CHANNEL: "does not take messages (server",
    AlertKind.ADDRESS_CHANGED: "were begun at another address of their service",
    AlertKind.ADDRESS_WRONG: "has no such call at the address",
    AlertKind.MODEL_MISSING: "wait for `minimax-music`",
}


def alerts(scenario: Scenario, what: AlertKind | str) -> list[Message]:
    text = SAYS[what] if isinstance(what, AlertKind) else what
    return [one for one in scenario.discord.messages if one.author.bot and "⚠️" in one.content and text in one.content]


async def alert(scenario: Scenario, text: AlertKind | str) -> Message:
    """Wait for the one alert of this kind, or that says so."""
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
        told = await alert(scenario, AlertKind.UNKNOWN_OUTCOMES)
        assert told.channel_id != scenario.discord.channel.id

        tracks = scenario.folder / "data" / "tracks"
        tracks.rename(scenario.folder / "elsewhere")
        await scenario.order(title="Waits for the disk")
        await alert(scenario, AlertKind.DISK)
        (scenario.folder / "elsewhere").rename(tracks)
        await scenario.track("Waits for the disk")

        scenario.api.change(songs_left=0)
        await scenario.order(title="One too many")
        await alert(scenario, AlertKind.NO_CREDITS)
        await alert(scenario, AlertKind.BRAKE_ON)
        scenario.api.change(songs_left=None)
        await scenario.stage.bot.stop()
        await scenario.restart()
        # the free call is made at once after a start, and the song that waited is tried
        await alert(scenario, AlertKind.BRAKE_OFF)
        scenario.api.change(is_key_revoked=True)
        await scenario.order(title="Without a key")
        await alert(scenario, AlertKind.KEY_REFUSED)
        # what came after everything else has been told, and the rest is still there once
        for kind in ("UNKNOWN_OUTCOMES", "DISK", "NO_CREDITS", "BRAKE_ON", "KEY_REFUSED"):
            assert len(alerts(scenario, AlertKind[kind])) == 1


async def test_a_budget_rings_at_80_per_cent_and_when_no_song_fits_in_the_operators_channel(
    open_scenario: OpenScenario,
) -> None:
    async with open_scenario(BUDGET_PER_DAY="0.04", OPERATOR_CHANNEL="1") as closed:
        await closed.order()
        told = await alert(closed, AlertKind.BUDGET_80)
        assert told.channel_id != closed.discord.channel.id
        await alert(closed, AlertKind.BUDGET_100)
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
        told = await alert(scenario, AlertKind.MIGRATED)
        (backup,) = (tmp_path / "data").glob("*.backup")
        assert backup.name in told.content
        await scenario.stage.bot.stop()

        connection = sqlite3.connect(path)
        connection.execute("ALTER TABLE place RENAME TO elsewhere")
        connection.commit()
        connection.close()
        await scenario.restart()
        await alert(scenario, AlertKind.LOOP)
        assert len(alerts(scenario, AlertKind.MIGRATED)) == 1


@pytest.mark.slow
async def test_reports_log_channels_addresses_and_models_ring_once_each(open_scenario: OpenScenario) -> None:
    async with open_scenario(api={"generating_seconds": 3600}) as scenario:
        discord, bot = scenario.discord, scenario.stage.bot
        await scenario.order(title="Begun")
        card = await scenario.card_says("being made", "Begun")
        asked = await discord.message_command("Report this song", card, member="Member Two")
        await discord.submit(await discord.until(lambda: asked.modal, PATIENCE_SECONDS), {"reason": "rude"})
        await alert(scenario, AlertKind.REPORT)

        place = discord.add_channel("mod-log")
        discord.grant("manage_guild", member="Moderator")
        asked = await discord.slash("compose-admin log-channel", {"channel": place.name}, member="Moderator")
        await scenario.private_answer(asked)
        await discord.until(lambda: [one for one in discord.messages if one.channel_id == place.id], PATIENCE_SECONDS)
        discord.revoke("send_messages", channel=place)
        await scenario.private_answer(await discord.slash("compose-admin pause", member="Moderator"))
        await alert(scenario, AlertKind.LOG_CHANNEL)
        await scenario.private_answer(await discord.slash("compose-admin resume", member="Moderator"))

        await bot.stop()
        await scenario.restart(GENERATION_API_URL=f"{scenario.api.url}/elsewhere")
        await alert(scenario, AlertKind.ADDRESS_CHANGED)
        await scenario.order(title="Nowhere to go")
        await alert(scenario, AlertKind.ADDRESS_WRONG)
        await bot.stop()
        await scenario.restart(GENERATION_MODEL="acestep", ACESTEP_API_URL="http://127.0.0.1:9", GENERATION_API_KEY="")
        await alert(scenario, AlertKind.MODEL_MISSING)
        for kind in ("REPORT", "LOG_CHANNEL", "ADDRESS_CHANGED", "ADDRESS_WRONG"):
            assert len(alerts(scenario, AlertKind[kind])) == 1


def test_every_kind_of_alert_is_rung_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    rung = {kind for kind in AlertKind if f", AlertKind.{kind.name})" in source}
    assert rung == set(SAYS) == set(AlertKind)
