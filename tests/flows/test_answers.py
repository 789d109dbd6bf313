"""Whose order is it: Discord takes one answer, and only whoever gave it has the song made."""

from pathlib import Path

import pytest

from bot.jobs.model import JobState
from tests.chaos.invariants import rows
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS, Scenario
from tests.warm_bots import WarmBotProcess

pytestmark = pytest.mark.waits


async def test_of_two_instances_with_one_token_one_makes_the_song_and_the_other_names_the_cause(
    open_scenario: OpenScenario, tmp_path: Path
) -> None:
    async with open_scenario() as scenario:
        folder = tmp_path / "other"
        folder.mkdir()
        async with WarmBotProcess(folder, scenario.stage.bot.settings) as other:
            await scenario.discord.until(lambda: len(scenario.discord.gateway.connected) == 2, PATIENCE_SECONDS)
            await scenario.order()
            await scenario.track()
            await scenario.card_says("done")
            news = await scenario.card_says("Make it after all")
            assert len(scenario.api.ledger.submissions) == 1
            assert len(scenario.tracks()) == 1
            assert "nothing was charged" in news.content
            logs = scenario.stage.bot.log + other.log
            assert sum("second instance" in line and "ERROR" in line for line in logs.splitlines()) == 1
            await Scenario.rest(scenario)
            found = await scenario.rows()
            await other.stop()
            found += await rows(folder)
        assert sorted(job.state for job in found) == [JobState.DELIVERED, JobState.FAILED]
        assert [job.lyrics for job in found] == [LYRICS, LYRICS]
        assert sum(job.answered_at is None for job in found) == 1
        assert not scenario.discord.violations


async def test_a_replay_that_discord_has_given_up_is_kept_and_made_only_when_its_member_says_so(
    open_scenario: OpenScenario,
) -> None:
    async with open_scenario() as scenario:
        asked = await scenario.discord.slash(
            "compose",
            {"lyrics": LYRICS, "title": "Tide"},
            files={"reference": ("song.mp3", scenario.song)},
            age_seconds=45,
        )
        news = await scenario.card_says("Make it after all")
        await scenario.rest()
        assert not asked.answered
        assert not scenario.api.ledger.submissions
        await scenario.discord.click(news, scenario.button(news, "again"))
        await scenario.track()
        await scenario.card_says("done")
        first, second = await scenario.rows()
        assert (first.answered_at, first.state) == (None, JobState.FAILED)
        assert second.again_of == first.id
        assert second.answered_at is not None
        assert len(scenario.api.ledger.submissions) == 1
