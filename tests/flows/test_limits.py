"""Limits and budgets of the whole bot: by its settings, across kills and restarts, and in a storm."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.jobs.model import JobState
from sandbox.bot_process import BotProcess
from tests.chaos.run import run
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS, Scenario

#: The process dies when an order's row is written and its hold is about to be.
DIES_BEFORE_THE_HOLD = """
import os, signal
from bot.store import charges

async def hold(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

if os.environ.get("DIE") == "yes":
    charges.hold = hold
"""


def kinds(scenario: Scenario) -> list[str]:
    """The ledger's lines, beside a running bot."""
    path = scenario.folder / "data" / "compose.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [kind for (kind,) in connection.execute("SELECT kind FROM charge ORDER BY id")]


async def refused(scenario: Scenario, words: str) -> None:
    answer = await scenario.private_answer(await scenario.order())
    assert words in answer.content
    assert "The tide came in" in str(answer.embeds)


class DyingBot(BotProcess):
    """Dies between row and hold while DIE=yes."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        super().__init__(folder, settings, prelude=DIES_BEFORE_THE_HOLD)


@pytest.mark.heavy
async def test_a_death_between_row_and_hold_leaves_neither_and_takes_no_place(open_scenario: OpenScenario) -> None:
    async with open_scenario(make_bot=DyingBot, DIE="yes", LIMIT_MEMBER_PER_DAY="1") as scenario:
        await scenario.order()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await scenario.stage.bot.wait() == -9
        await scenario.restart(DIE="no")
        assert kinds(scenario) == []
        await scenario.order()
        await scenario.track()
        await refused(scenario, "song of the day is used up")
        (job,) = await scenario.rows()
        assert job.state is JobState.DELIVERED
        assert kinds(scenario) == ["held", "spent"]


@pytest.mark.heavy
async def test_a_killed_post_keeps_its_place_and_its_money_and_no_live_place(open_scenario: OpenScenario) -> None:
    terms = {"LIMIT_MEMBER_PER_DAY": "2", "LIMIT_MEMBER_AT_ONCE": "1", "PRICE_PER_SONG": "0.50", "BUDGET_PER_DAY": "1"}
    async with open_scenario(api={"submit_seconds": 60.0}, **terms) as scenario:
        await scenario.order()
        await scenario.discord.until(lambda: scenario.api.ledger.submissions, PATIENCE_SECONDS)
        await scenario.stage.bot.kill()
        scenario.api.change(submit_seconds=0)
        await scenario.restart()
        await scenario.card_says("charged twice")
        assert kinds(scenario) == ["held", "unknown"]
        await scenario.order(title="Second")
        await scenario.track("Second")
        await scenario.rest()  # until then it counts as one of those at once
        # the day's places are used up before the budget is looked at
        await refused(scenario, "2 songs of the day are used up")
        await scenario.stage.bot.stop()
        await scenario.restart(LIMIT_MEMBER_PER_DAY="")
        await refused(scenario, "has spent what it may spend")
        assert len(scenario.api.ledger.submissions) == 2


async def test_the_defaults_hold_where_nobody_set_anything(open_scenario: OpenScenario) -> None:
    async with open_scenario(LIMIT_MEMBER_PER_DAY="5", LIMIT_MEMBER_AT_ONCE="2") as scenario:
        asked = await scenario.discord.slash("quota")
        answer = await scenario.private_answer(asked)
        assert "**5 of 5**" in str(answer.embeds)


@pytest.mark.waits
async def test_in_a_storm_no_limit_no_budget_and_no_place_is_lost() -> None:
    said: list[str] = []
    outcome = await run(seed=3, jobs=24, max_seconds=120, say=said.append, limits=True)
    assert outcome.score.broken == [], said
    assert outcome.score.delivered > 0, said
    assert outcome.score.refused > 0, said
