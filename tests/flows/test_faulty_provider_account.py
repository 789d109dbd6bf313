"""A music API that fails as a whole: an outage, a key that is refused for a while, credits that run out."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import SongBatch, open_song_batch, title

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def batch(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[SongBatch]:
    """One bot, one test after the other."""
    async with open_song_batch(tmp_path_factory.mktemp("account"), song, api={"generating_seconds": 1.5}) as batch:
        yield batch


async def test_an_outage_in_the_middle_costs_no_song_and_no_second_post(batch: SongBatch) -> None:
    names = [f"outage {number}" for number in range(6)]
    for name in names:
        await batch.order_song(name)
    for name in names:
        await batch.reached(name, JobState.GENERATING, JobState.READY)
    batch.api.outage(4.0)
    await batch.order_song("a doubt in the outage")
    for name in names:
        await batch.delivered(name)
    assert batch.api.ledger.struck["poll drop"] + batch.api.ledger.struck["track drop"] >= len(names)

    # the POST was reset after it had been sent: from here nobody can tell that it was not taken
    card = await batch.ended_with("a doubt in the outage", JobState.UNKNOWN, "charged twice")
    batch.api.heal()
    await batch.discord.click(card, batch.button(card, "risk"))
    await batch.reached("a doubt in the outage", JobState.DELIVERED)
    await batch.delivered("a doubt in the outage", posts=2)


async def test_a_key_that_is_refused_for_a_while_costs_no_song_that_was_begun(batch: SongBatch) -> None:
    begun = ["begun with a good key", "begun too"]
    for name in begun:
        await batch.order_song(name)
    for name in begun:
        await batch.reached(name, JobState.GENERATING)
    batch.api.change(is_key_revoked=True)
    await batch.order_song("ordered without a key")
    card = await batch.ended_with("ordered without a key", JobState.FAILED, "does not accept this bot's key")
    assert not batch.generations("ordered without a key")
    refused = 'compose_account_errors_total{reason="key_refused"}'
    await batch.discord.until(lambda: "poll 401" in batch.api.ledger.calls, PATIENCE_SECONDS)
    assert await batch.metric(refused) >= 2
    assert "refuses the operator's account: key_refused" in batch.stage.bot.log
    assert {str(batch.row(name)["state"]) for name in begun} == {JobState.GENERATING}

    batch.api.change(is_key_revoked=False)
    for name in begun:
        await batch.delivered(name)
    again = await batch.discord.click(card, batch.button(card, "again"))
    await batch.discord.until(lambda: batch.generations("ordered without a key"), PATIENCE_SECONDS)
    await batch.discord.until(lambda: batch.tracks(title("ordered without a key")), PATIENCE_SECONDS)
    assert again.answered


async def test_credits_that_run_out_are_told_to_the_member_and_to_the_operator(batch: SongBatch) -> None:
    batch.api.change(songs_left=1)
    await batch.order_song("the last song")
    await batch.delivered("the last song")
    await batch.order_song("one too many")
    card = await batch.ended_with("one too many", JobState.FAILED, "used up its credits")
    assert batch.button(card, "again")
    assert batch.button(card, "edit")
    assert await batch.metric('compose_account_errors_total{reason="no_credits"}') == 1
    assert "refuses the operator's account: no_credits" in batch.stage.bot.log
    batch.api.change(songs_left=None)


async def test_a_late_answer_of_an_attempt_is_written_down_and_counted_and_nothing_else(batch: SongBatch) -> None:
    """The request log shows the first POST only when the member has taken the risk of a second one."""
    batch.api.change(has_tracing=True, logs_delay_seconds=1.0)
    number = batch.api.fault("logs", manner="slow", delay_seconds=4.0, rule={"skip": 1})
    await batch.order_song("a late answer", script={"submit": {"manner": "drop", "after_effect": True}})
    card = await batch.ended_with("a late answer", JobState.UNKNOWN, "charged twice")
    await batch.discord.click(card, batch.button(card, "risk"))
    await batch.reached("a late answer", JobState.DELIVERED)
    await batch.delivered("a late answer", posts=2)
    batch.api.heal(number)
    batch.api.change(has_tracing=False)

    first, second = batch.generations("a late answer")
    (late,) = [event for event in batch.history("a late answer") if "late answer to attempt 1" in event["detail"]]
    assert first.id in late["detail"]
    assert batch.row("a late answer")["generation_id"] == second.id
    assert await batch.metric("compose_late_answers_total") == 1
