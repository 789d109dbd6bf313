"""The shell's commands beside the real bot, as its operator and its members see what they do."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.jobs.model import JobState
from tests.bot.shell.conftest import Place, place_at
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS, Scenario


def shell_of(scenario: Scenario) -> Place:
    """A shell in the bot's folder."""
    folder: Path = scenario.stage.bot.folder
    return place_at(folder, f"sqlite+aiosqlite:///{folder / 'data' / 'compose.db'}")


@pytest.mark.waits
async def test_pause_backup_forget_and_restore_around_a_running_bot(open_scenario: OpenScenario) -> None:
    async with open_scenario(LIMIT_MEMBER_PER_DAY="") as scenario:
        await scenario.order()
        track = await scenario.track()
        await scenario.rest()
        shell = shell_of(scenario)

        assert (await shell.run("pause", "new strings")).values["running"] is True
        refused = await scenario.private_answer(await scenario.order(title="Refused"))
        assert "paused" in refused.content
        assert (await shell.run("resume")).values["was_paused"] is True

        assert (await shell.run("song", "1")).values["state"] == "delivered"
        assert (await shell.run("spent")).values["songs"] == 1
        backup = scenario.folder / "kept.tar"
        made = await shell.run("backup", str(backup))
        assert (made.code, made.values["songs"], made.values["files"]) == (0, 1, 2), made.text
        assert "in use by another running bot" in (await shell.run("restore", str(backup))).text

        forgotten = await shell.run("forget", str(scenario.discord.member().id))
        assert (forgotten.code, forgotten.values["state"]) == (0, "done"), forgotten.text
        await scenario.discord.until(lambda: track.deleted, PATIENCE_SECONDS)
        data = shell.settings.data_dir
        words = LYRICS.splitlines()[0].encode()
        found = [path.name for path in data.rglob("*") if path.is_file() and words in path.read_bytes()]
        assert found == []

        await scenario.stage.bot.stop()
        shutil.rmtree(data)
        restored = await shell.run("restore", str(backup))
        assert restored.code == 0, restored.text
        await scenario.restart()
        asked = await scenario.discord.slash("tracks")
        page = await scenario.discord.until(lambda: not asked.thinking and asked.original, PATIENCE_SECONDS)
        assert "Tide" in str(page.embeds)
        (job,) = await scenario.rows()
        assert job.state is JobState.DELIVERED
        assert len(scenario.api.ledger.submissions) == 1


@pytest.mark.waits
async def test_a_song_that_waited_in_a_backup_and_was_sent_since_is_not_paid_for_twice(
    open_scenario: OpenScenario,
) -> None:
    async with open_scenario(api={"generating_seconds": 3600}, GENERATION_CONCURRENCY="1") as scenario:
        shell = shell_of(scenario)
        await scenario.order(title="First")
        await scenario.discord.until(lambda: scenario.api.ledger.submissions, PATIENCE_SECONDS)
        await scenario.order()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await shell.run("song", "2")).values["state"] != "queued":  # noqa: ASYNC110 - another process moves it
                await asyncio.sleep(0.05)
        backup = scenario.folder / "kept.tar"
        assert (await shell.run("backup", str(backup))).values["songs"] == 2
        scenario.api.change(generating_seconds=0)
        await scenario.track()
        await scenario.rest()
        await scenario.stage.bot.stop()
        restored = await shell.run("restore", str(backup))
        assert (restored.code, restored.values["doubted"]) == (0, 1), restored.text
        await scenario.restart()
        rows = await scenario.rows()
        # this music service keeps no log, so the member decides; the first song is brought once more
        assert [job.state for job in rows] == [JobState.DELIVERED, JobState.UNKNOWN]
        assert len(scenario.api.ledger.submissions) == 2
