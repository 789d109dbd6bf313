"""A music API that fails as a whole: an outage, a key that is refused for a while, credits that run out."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from tests.flows.choir import Choir, open_choir, title
from tests.flows.play import PATIENCE_SECONDS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def choir(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[Choir]:
    """One bot, one test after the other."""
    async with open_choir(tmp_path_factory.mktemp("account"), song, api={"generating_seconds": 1.5}) as choir:
        yield choir


async def test_an_outage_in_the_middle_costs_no_song_and_no_second_post(choir: Choir) -> None:
    names = [f"outage {number}" for number in range(6)]
    for name in names:
        await choir.sing(name)
    for name in names:
        await choir.reached(name, JobState.GENERATING, JobState.READY)
    choir.api.outage(4.0)
    await choir.sing("a doubt in the outage")
    for name in names:
        await choir.delivered(name)
    assert choir.api.ledger.struck["poll drop"] + choir.api.ledger.struck["track drop"] >= len(names)

    # the POST was reset after it had been sent: from here nobody can tell that it was not taken
    card = await choir.told_of("a doubt in the outage", JobState.UNKNOWN, "charged twice")
    choir.api.heal()
    await choir.discord.click(card, choir.button(card, "risk"))
    await choir.reached("a doubt in the outage", JobState.DELIVERED)
    await choir.delivered("a doubt in the outage", posts=2)


async def test_a_key_that_is_refused_for_a_while_costs_no_song_that_was_begun(choir: Choir) -> None:
    begun = ["begun with a good key", "begun too"]
    for name in begun:
        await choir.sing(name)
    for name in begun:
        await choir.reached(name, JobState.GENERATING)
    choir.api.change(is_key_revoked=True)
    await choir.sing("ordered without a key")
    card = await choir.told_of("ordered without a key", JobState.FAILED, "does not accept this bot's key")
    assert not choir.generations("ordered without a key")
    refused = 'compose_account_errors_total{reason="key_refused"}'
    await choir.discord.until(lambda: "poll 401" in choir.api.ledger.calls, PATIENCE_SECONDS)
    assert await choir.metric(refused) >= 2
    assert "refuses the operator's account: key_refused" in choir.stage.bot.log
    assert {str(choir.row(name)["state"]) for name in begun} == {JobState.GENERATING}

    choir.api.change(is_key_revoked=False)
    for name in begun:
        await choir.delivered(name)
    again = await choir.discord.click(card, choir.button(card, "again"))
    await choir.discord.until(lambda: choir.generations("ordered without a key"), PATIENCE_SECONDS)
    await choir.discord.until(lambda: choir.tracks(title("ordered without a key")), PATIENCE_SECONDS)
    assert again.answered


async def test_credits_that_run_out_are_told_to_the_member_and_to_the_operator(choir: Choir) -> None:
    choir.api.change(songs_left=1)
    await choir.sing("the last song")
    await choir.delivered("the last song")
    await choir.sing("one too many")
    card = await choir.told_of("one too many", JobState.FAILED, "used up its credits")
    assert choir.button(card, "again")
    assert choir.button(card, "edit")
    assert await choir.metric('compose_account_errors_total{reason="no_credits"}') == 1
    assert "refuses the operator's account: no_credits" in choir.stage.bot.log
    choir.api.change(songs_left=None)


async def test_a_late_answer_of_an_attempt_is_written_down_and_counted_and_nothing_else(choir: Choir) -> None:
    """The request log shows the first POST only when the member has taken the risk of a second one."""
    choir.api.change(has_tracing=True, logs_delay_seconds=1.0)
    number = choir.api.fault("logs", manner="slow", delay_seconds=4.0, rule={"skip": 1})
    await choir.sing("a late answer", script={"submit": {"manner": "drop", "after_effect": True}})
    card = await choir.told_of("a late answer", JobState.UNKNOWN, "charged twice")
    await choir.discord.click(card, choir.button(card, "risk"))
    await choir.reached("a late answer", JobState.DELIVERED)
    await choir.delivered("a late answer", posts=2)
    choir.api.heal(number)
    choir.api.change(has_tracing=False)

    first, second = choir.generations("a late answer")
    (late,) = [event for event in choir.history("a late answer") if "late answer to attempt 1" in event["detail"]]
    assert first.id in late["detail"]
    assert choir.row("a late answer")["generation_id"] == second.id
    assert await choir.metric("compose_late_answers_total") == 1
