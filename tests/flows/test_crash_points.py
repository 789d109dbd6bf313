"""The process dies at each named point, is started again, and every promise still holds."""

import asyncio
from pathlib import Path

import pytest

from bot.crash import CrashPoint
from bot.errors import Reason
from bot.jobs.model import RESTING, Job, JobState
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS, Scenario
from tests.warm_bots import WarmBotProcess

#: After a death at these points nobody can tell whether the POST was accepted: the member is asked.
IN_DOUBT = {CrashPoint.AFTER_SUBMITTING, CrashPoint.POST_ANSWERED}
#: A death at these points leaves the member without an answer: nothing is made that they have not seen taken.
BEFORE_THE_ANSWER = {CrashPoint.BEFORE_ROW, CrashPoint.AFTER_ROW}
#: At these points of the last word the track is already there.
AFTER_THE_TRACK = {CrashPoint.MESSAGE_SENT, CrashPoint.DELIVERED_STORED, CrashPoint.CARD_EDITED}
#: On a machine that stands still for a second or two it would say first that it takes longer, which is an answer.
PATIENT = "import bot.ui.taking as taking\ntaking.QUICK_SECONDS = taking._ACK_SECONDS = 60.0"


class PatientBot(WarmBotProcess):
    """Says nothing to an order before it is written down."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        super().__init__(folder, settings, prelude=PATIENT)


async def died(scenario: Scenario) -> None:
    """Wait until the armed point was reached."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        code = await scenario.stage.bot.wait()
    assert code == -9, scenario.stage.bot.log[-2000:]


async def one_row(scenario: Scenario) -> Job:
    """The only job, at rest, its member told."""
    (job,) = await scenario.rows()
    assert job.state in RESTING
    assert job.notified_state is job.state
    assert job.lyrics == LYRICS
    return job


@pytest.mark.waits
@pytest.mark.parametrize("point", [point for point in CrashPoint if point not in IN_DOUBT | BEFORE_THE_ANSWER])
async def test_a_death_at_this_point_costs_nothing_and_the_track_arrives_once(
    open_scenario: OpenScenario, point: CrashPoint
) -> None:
    async with open_scenario(CRASH_AT=point.value) as scenario:
        asked = await scenario.order()
        await died(scenario)
        if point in AFTER_THE_TRACK:
            assert len(scenario.tracks()) == 1
        await scenario.restart(CRASH_AT="")
        await scenario.track()
        await scenario.card_says("done")
        await asyncio.sleep(0.5)

        job = await one_row(scenario)
        assert job.state is JobState.DELIVERED
        assert len(scenario.tracks()) == 1
        assert len(scenario.api.ledger.submissions) == 1
        assert asked.answered


@pytest.mark.waits
@pytest.mark.parametrize("point", sorted(IN_DOUBT))
async def test_a_death_around_the_post_leaves_the_decision_to_the_member(
    open_scenario: OpenScenario, point: CrashPoint
) -> None:
    async with open_scenario(CRASH_AT=point.value) as scenario:
        await scenario.order()
        await died(scenario)
        posted = len(scenario.api.ledger.submissions)
        await scenario.restart(CRASH_AT="")
        card = await scenario.card_says("charged twice")
        assert len(scenario.api.ledger.submissions) == posted

        await scenario.discord.click(card, scenario.button(card, "risk"))
        await scenario.track()
        await scenario.card_says("done")

        job = await one_row(scenario)
        assert job.state is JobState.DELIVERED
        assert job.attempt == 2
        assert len(scenario.api.ledger.submissions) == posted + 1
        assert not scenario.api.ledger.repeated_posts


@pytest.mark.waits
@pytest.mark.parametrize("point", sorted(IN_DOUBT))
async def test_a_death_around_the_post_is_settled_by_the_providers_log_where_there_is_one(
    open_scenario: OpenScenario, point: CrashPoint
) -> None:
    async with open_scenario(api={"has_tracing": True}, CRASH_AT=point.value) as scenario:
        await scenario.order()
        await died(scenario)
        posted = len(scenario.api.ledger.submissions)
        await scenario.restart(CRASH_AT="")
        if point is CrashPoint.POST_ANSWERED:
            await scenario.track()
            await scenario.card_says("done")
            assert (await one_row(scenario)).state is JobState.DELIVERED
        else:
            await scenario.card_says("charged twice")
            assert (await one_row(scenario)).state is JobState.UNKNOWN
        assert len(scenario.api.ledger.submissions) == posted


@pytest.mark.waits
async def test_a_death_while_the_post_is_under_way_is_an_unknown_outcome(open_scenario: OpenScenario) -> None:
    async with open_scenario(api={"submit_seconds": 60.0}) as scenario:
        await scenario.order()
        await scenario.discord.until(lambda: scenario.api.ledger.submissions, PATIENCE_SECONDS)
        await scenario.stage.bot.kill()
        await scenario.restart()
        card = await scenario.card_says("charged twice")
        await scenario.discord.click(card, scenario.button(card, "dismiss"))
        await scenario.card_says("let it go")

        job = await one_row(scenario)
        assert job.state is JobState.CANCELLED
        assert len(scenario.api.ledger.submissions) == 1
        assert not scenario.tracks()


@pytest.mark.waits
async def test_a_death_before_the_row_takes_nothing_and_discord_says_so(open_scenario: OpenScenario) -> None:
    async with open_scenario(make_bot=PatientBot, CRASH_AT=CrashPoint.BEFORE_ROW.value) as scenario:
        asked = await scenario.order()
        await died(scenario)
        await scenario.restart(CRASH_AT="")
        assert not asked.answered
        assert await scenario.rows() == []
        assert not scenario.api.ledger.submissions


@pytest.mark.waits
async def test_a_death_after_the_row_keeps_song_and_words_and_pays_nothing_until_the_member_says_so(
    open_scenario: OpenScenario,
) -> None:
    async with open_scenario(make_bot=PatientBot, CRASH_AT=CrashPoint.AFTER_ROW.value) as scenario:
        asked = await scenario.order()
        await died(scenario)
        await scenario.restart(CRASH_AT="")
        news = await scenario.card_says("Make it after all")
        await scenario.rest()
        assert not asked.answered
        assert not scenario.api.ledger.submissions
        assert f"<@{asked.user.id}>" in news.content

        await scenario.discord.click(news, scenario.button(news, "again"))
        await scenario.track()
        await scenario.card_says("done")
        kept, made = await scenario.rows()
        assert (kept.state, kept.reason, kept.lyrics) == (JobState.FAILED, Reason.UNANSWERED, LYRICS)
        assert (made.state, made.lyrics, made.again_of) == (JobState.DELIVERED, LYRICS, kept.id)
        assert len(scenario.api.ledger.submissions) == 1
