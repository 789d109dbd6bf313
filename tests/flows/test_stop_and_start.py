"""SIGTERM, restarts, a second process, a database that cannot be used: it says what is wrong, and ends with a code."""

import asyncio
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from bot.jobs.model import JobState
from sandbox.bot_process import BotProcess
from sandbox.discord import FakeDiscord
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS
from tests.warm_bots import WarmBotProcess

NOWHERE = {
    "DISCORD_TOKEN": "no-token",
    "DISCORD_API_URL": "http://127.0.0.1:9/api/v10",
    "DISCORD_GATEWAY_URL": "ws://127.0.0.1:9/",
    "GENERATION_API_URL": "http://127.0.0.1:9",
    "GENERATION_API_KEY": "no-key",
}


async def ended(bot: BotProcess) -> int:
    """Start it and wait until it ends by itself."""
    await bot.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await bot.wait()


@pytest.mark.heavy
async def test_a_stop_while_nothing_happens_ends_with_zero(open_scenario: OpenScenario) -> None:
    async with open_scenario(make_bot=BotProcess) as scenario:
        assert await scenario.stage.bot.stop() == 0
        assert "stopped" in scenario.stage.bot.log


@pytest.mark.waits
async def test_a_stop_waits_for_the_answer_of_a_post_and_the_job_goes_on_after_the_start(
    open_scenario: OpenScenario,
) -> None:
    async with open_scenario(api={"submit_seconds": 1.5}) as scenario:
        await scenario.order()
        await scenario.discord.until(lambda: scenario.api.ledger.submissions, PATIENCE_SECONDS)
        assert await scenario.stage.bot.stop() == 0

        await scenario.restart()
        await scenario.track()
        (job,) = await scenario.rows()
        assert job.state is JobState.DELIVERED
        assert job.attempt == 1
        assert len(scenario.api.ledger.submissions) == 1


@pytest.mark.heavy
async def test_a_stop_whose_grace_is_over_leaves_the_post_in_doubt(open_scenario: OpenScenario) -> None:
    async with open_scenario(api={"submit_seconds": 60.0}, STOP_GRACE_SECONDS="0") as scenario:
        await scenario.order()
        await scenario.discord.until(lambda: scenario.api.ledger.submissions, PATIENCE_SECONDS)
        assert await scenario.stage.bot.stop() == 0

        await scenario.restart()
        await scenario.card_says("charged twice")
        (job,) = await scenario.rows()
        assert job.state is JobState.UNKNOWN


@pytest.mark.waits
async def test_jobs_that_only_wait_are_taken_up_after_the_start(open_scenario: OpenScenario) -> None:
    async with open_scenario(api={"generating_seconds": 1.0}) as scenario:
        for number in range(4):
            await scenario.order(title=f"Tide {number}")
        await scenario.discord.until(lambda: len(scenario.api.ledger.submissions) >= 2, PATIENCE_SECONDS)
        assert await scenario.stage.bot.stop() == 0

        await scenario.restart()
        for number in range(4):
            await scenario.track(f"Tide {number}")
        assert {job.state for job in await scenario.rows()} == {JobState.DELIVERED}
        assert len(scenario.api.ledger.submissions) == 4


@pytest.mark.heavy
async def test_a_second_process_on_the_same_file_is_refused(open_scenario: OpenScenario) -> None:
    async with open_scenario() as scenario:
        second = BotProcess(scenario.folder, scenario.stage.bot.settings)
        second.log_path = scenario.folder / "second.log"
        assert await ended(second) == 1
        assert "compose.db" in second.log
        assert "PostgreSQL" not in second.log  # there it would be refused, too
        assert "Traceback" not in second.log
        assert scenario.stage.bot.is_running


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is a note, and no database at all" * 50, "compose.db"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "compose.db"),
    ],
    ids=["no database", "corrupt"],
)
async def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "data" / "compose.db"
    path.parent.mkdir()
    path.write_bytes(content)
    bot = WarmBotProcess(tmp_path, NOWHERE)
    assert await ended(bot) == 1
    assert words in bot.log
    assert "Traceback" not in bot.log
    assert path.read_bytes() == content


@pytest.mark.heavy
async def test_a_database_from_a_newer_version_is_named_and_left_alone(open_scenario: OpenScenario) -> None:
    async with open_scenario() as scenario:
        await scenario.stage.bot.stop()
        with sqlite3.connect(scenario.folder / "data" / "compose.db") as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        assert await ended(scenario.stage.bot) == 1
        assert "newer version" in scenario.stage.bot.log


@pytest.mark.heavy
async def test_every_unusable_setting_is_named_at_once_and_the_code_is_two(tmp_path: Path) -> None:
    bot = BotProcess(tmp_path, {"POLL_INTERVAL_SECONDS": "soon", "DISCORD_TOKEN": "", "GENERATION_MODEL": "x"})
    assert await ended(bot) == 2
    for name in ("POLL_INTERVAL_SECONDS", "DISCORD_TOKEN", "GENERATION_API_KEY"):
        assert name in bot.log
    assert "Traceback" not in bot.log


async def test_a_model_that_is_not_known_is_a_setting_that_cannot_be_used(tmp_path: Path) -> None:
    bot = WarmBotProcess(tmp_path, {**NOWHERE, "GENERATION_MODEL": "some-other-model"})
    assert await ended(bot) == 2
    assert "minimax-music" in bot.log


async def test_a_refused_token_ends_with_three(tmp_path: Path) -> None:
    async with FakeDiscord() as discord:
        settings = {**NOWHERE, "DISCORD_API_URL": discord.api_url, "DISCORD_GATEWAY_URL": discord.gateway_url}
        bot = WarmBotProcess(tmp_path, settings)
        assert await ended(bot) == 3
        assert "DISCORD_TOKEN" in bot.log
        assert "no-token" not in bot.log


@pytest.mark.waits
async def test_health_is_green_while_connected_and_counts_what_happened(open_scenario: OpenScenario) -> None:
    async with open_scenario(HEALTH_PORT="0", LOG_LEVEL="INFO") as scenario:
        await scenario.order()
        await scenario.track()
        port = scenario.stage.bot.log.split("health at http://127.0.0.1:")[1].split("/")[0]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/healthz") as answer:
                assert answer.status == 200
                assert {loop["name"] for loop in (await answer.json())["loops"]} >= {"engine", "reconcile", "pulse"}
            delivered = 'compose_deliveries_total{outcome="delivered"} 1.0'
            async with asyncio.timeout(PATIENCE_SECONDS):
                # it counts what Discord has taken once Discord has said so
                while delivered not in (figures := await (await session.get("/metrics")).text()):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        assert 'compose_submissions_total{outcome="accepted"} 1.0' in figures


@pytest.mark.waits
async def test_no_secret_is_in_the_log_of_a_whole_song(open_scenario: OpenScenario) -> None:
    async with open_scenario() as scenario:
        asked = await scenario.order()
        await scenario.track()
        await scenario.rest()
        log = scenario.stage.bot.log
        secrets = (scenario.discord.token, scenario.api.key, asked.token, "hm=", "name of this tide")
        assert not [secret for secret in secrets if secret in log]
        assert "job moved" in log
