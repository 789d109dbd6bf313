"""A music API that fails as a whole: an outage, a key that is refused for a while, credits that run out."""

import re
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import HELD, SongBatch, open_song_batch, title

BRAKE = 'compose_brake{provider="aiml"}'
#: What the bot itself tells everybody while it is on, and takes back when it goes off.
NOTICE = "The music service takes no songs from this bot at the moment"

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def batch(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[SongBatch]:
    """One bot, one test after the other."""
    async with open_song_batch(tmp_path_factory.mktemp("account"), song, api={"generating_seconds": 1.5}) as batch:
        yield batch


async def test_an_outage_in_the_middle_costs_no_song_and_no_second_post(batch: SongBatch) -> None:
    names = [f"outage {number}" for number in range(6)]
    for name in names:
        await batch.order_song(name, script=HELD)
    for name in names:
        await batch.reached(name, JobState.GENERATING)
    away = batch.api.outage(PATIENCE_SECONDS)
    looks = {name: len(batch.generations(name)[0].polled_at) for name in names}
    await batch.order_song("a doubt in the outage")
    # the POST was reset after it had been sent: from here nobody can tell that it was not taken
    card = await batch.ended_with("a doubt in the outage", JobState.UNKNOWN, "charged twice")
    for name in names:
        (made,) = batch.generations(name)
        await batch.discord.until(lambda name=name, made=made: len(made.polled_at) > looks[name], PATIENCE_SECONDS)
        batch.go_on(name)
    assert batch.api.ledger.struck["poll drop"] + batch.api.ledger.struck["track drop"] >= len(names)
    batch.api.heal(away)
    for name in names:
        await batch.delivered(name)

    await batch.discord.click(card, batch.button(card, "risk"))
    await batch.reached("a doubt in the outage", JobState.DELIVERED)
    await batch.delivered("a doubt in the outage", posts=2)


async def test_a_key_that_is_refused_for_a_while_costs_no_song_that_was_begun(batch: SongBatch) -> None:
    begun = ["begun with a good key", "begun too"]
    for name in begun:
        await batch.order_song(name, script=HELD)
    for name in begun:
        await batch.reached(name, JobState.GENERATING)
    batch.api.change(is_key_revoked=True)
    await batch.order_song("ordered without a key")
    await batch.card_says("does not accept this bot's key", title("ordered without a key"))
    await batch.reached("ordered without a key", JobState.QUEUED)
    assert not batch.generations("ordered without a key")
    refused = 'compose_account_errors_total{reason="key_refused"}'
    await batch.discord.until(lambda: "poll 401" in batch.api.ledger.calls, PATIENCE_SECONDS)
    await batch.metric_reaches(refused, 2)
    assert "refuses the operator's account: key_refused" in batch.stage.bot.log
    assert {str(batch.row(name)["state"]) for name in begun} == {JobState.GENERATING}
    assert await batch.metric(BRAKE) == 1

    # the operator's new key comes with a start, at which the bot looks at once
    await batch.stage.bot.stop()
    batch.api.change(is_key_revoked=False)
    for name in begun:
        batch.go_on(name)
    await batch.restart()
    for name in begun:
        await batch.delivered(name)
    await batch.ended("ordered without a key")
    await batch.delivered("ordered without a key", posts=len(batch.posts("ordered without a key")))
    assert len(batch.generations("ordered without a key")) == 1
    await batch.discord.until(lambda: "the brake is off" in batch.stage.bot.log, PATIENCE_SECONDS)
    assert await batch.metric(BRAKE) == 0


async def test_credits_that_run_out_hold_the_line_across_restarts_and_fail_no_song(batch: SongBatch) -> None:
    batch.api.change(songs_left=2)
    await batch.order_song("the last song")
    await batch.delivered("the last song")
    # paid for, and under way until the end of this: whoever looks at its card is told as well
    await batch.order_song("a song that takes long", script=HELD)
    await batch.reached("a song that takes long", JobState.GENERATING)
    names = ["one too many", "two too many", "three too many"]
    for name in names:
        await batch.order_song(name)
    for name in names:
        await batch.card_says("used up its credits", title(name))
    asked = await batch.discord.slash("queue")
    queue = batch.look_of(await batch.private_answer(asked))
    assert "topped up its credits" in queue
    assert NOTICE in queue
    await batch.discord.until(lambda: NOTICE in batch.look_of(batch.card("a song that takes long")), PATIENCE_SECONDS)
    for name in names:
        assert NOTICE in batch.look_of(batch.card(name)), "the answer to the order"
    assert "refuses the operator's account: no_credits" in batch.stage.bot.log

    # a start looks at once: the free call is content, one song is refused again, no other is risked
    await batch.stage.bot.stop()
    posts, already = _posts(batch, names), len(batch.stage.bot.log)
    await batch.restart()
    tried = re.compile("the account is tried with one song.*a song goes back in line", re.DOTALL)
    await batch.discord.until(lambda: tried.search(batch.stage.bot.log, already), PATIENCE_SECONDS)
    for name in names:
        await batch.reached(name, JobState.QUEUED)
    assert _posts(batch, names) == posts + 1
    assert not any(batch.generations(name) for name in names)

    await batch.stage.bot.stop()
    batch.api.change(songs_left=None)
    await batch.restart()
    for name in names:
        await batch.ended(name)
        await batch.delivered(name, posts=len(batch.posts(name)))
        assert len(batch.generations(name)) == 1
    assert await batch.metric(BRAKE) == 0
    await batch.discord.until(
        lambda: NOTICE not in batch.look_of(batch.card("a song that takes long")), PATIENCE_SECONDS
    )
    assert NOTICE not in batch.look_of(await batch.private_answer(await batch.discord.slash("queue")))
    batch.go_on("a song that takes long")
    await batch.ended("a song that takes long")
    await batch.delivered("a song that takes long")


async def test_a_late_answer_of_an_attempt_is_written_down_and_counted_and_nothing_else(batch: SongBatch) -> None:
    """The request log shows the first POST only when the member has taken the risk of a second one."""
    batch.api.change(has_tracing=True, logs_delay_seconds=3600.0)
    number = batch.api.fault("logs", manner="slow", delay_seconds=25.0, rule={"skip": 1})
    await batch.order_song("a late answer", script={"submit": {"manner": "drop", "after_effect": True}})
    card = await batch.ended_with("a late answer", JobState.UNKNOWN, "charged twice")
    await batch.discord.until(lambda: batch.api.world.fault_injector.struck(number), PATIENCE_SECONDS)
    await batch.discord.click(card, batch.button(card, "risk"))
    await batch.reached("a late answer", JobState.QUEUED)
    batch.api.change(logs_delay_seconds=0.0)
    batch.api.heal(number)
    await batch.reached("a late answer", JobState.DELIVERED)
    await batch.delivered("a late answer", posts=2)
    batch.api.change(has_tracing=False)

    first, second = batch.generations("a late answer")
    (late,) = [event for event in batch.history("a late answer") if "late answer to attempt 1" in event["detail"]]
    assert first.id in late["detail"]
    assert batch.row("a late answer")["generation_id"] == second.id
    assert await batch.metric("compose_late_answers_total") == 1


def _posts(batch: SongBatch, names: list[str]) -> int:
    return sum(len(batch.posts(name)) for name in names)
