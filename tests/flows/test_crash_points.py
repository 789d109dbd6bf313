"""The process dies at each named point, is started again, and every promise still holds."""

import asyncio

import pytest

from bot.crash import CrashPoint
from bot.jobs.model import RESTING, Job, JobState
from tests.flows.conftest import OpenPlay
from tests.flows.play import LYRICS, PATIENCE_SECONDS, Play

#: After a death at these points nobody can tell whether the POST was accepted: the member is asked.
IN_DOUBT = {CrashPoint.AFTER_SUBMITTING, CrashPoint.POST_ANSWERED}
#: At these points of the last word the track is already there.
AFTER_THE_TRACK = {CrashPoint.MESSAGE_SENT, CrashPoint.DELIVERED_STORED, CrashPoint.CARD_EDITED}


async def died(play: Play) -> None:
    """Wait until the armed point was reached."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        code = await play.stage.bot.wait()
    assert code == -9, play.stage.bot.log[-2000:]


async def one_row(play: Play) -> Job:
    """The only job, at rest, its member told."""
    (job,) = await play.rows()
    assert job.state in RESTING
    assert job.told is job.state
    assert job.lyrics == LYRICS
    return job


@pytest.mark.parametrize("point", [point for point in CrashPoint if point not in IN_DOUBT | {CrashPoint.BEFORE_ROW}])
async def test_a_death_at_this_point_costs_nothing_and_the_track_arrives_once(
    open_play: OpenPlay, point: CrashPoint
) -> None:
    async with open_play(CRASH_AT=point.value) as play:
        asked = await play.order()
        await died(play)
        if point in AFTER_THE_TRACK:
            assert len(play.tracks()) == 1
        await play.restart(CRASH_AT="")
        await play.track()
        await play.card_says("done")
        await asyncio.sleep(0.5)

        job = await one_row(play)
        assert job.state is JobState.DELIVERED
        assert len(play.tracks()) == 1
        assert len(play.api.ledger.submissions) == 1
        if point is not CrashPoint.AFTER_ROW:
            assert asked.answered


@pytest.mark.parametrize("point", sorted(IN_DOUBT))
async def test_a_death_around_the_post_leaves_the_decision_to_the_member(
    open_play: OpenPlay, point: CrashPoint
) -> None:
    async with open_play(CRASH_AT=point.value) as play:
        await play.order()
        await died(play)
        posted = len(play.api.ledger.submissions)
        await play.restart(CRASH_AT="")
        card = await play.card_says("charged twice")
        assert len(play.api.ledger.submissions) == posted

        await play.discord.click(card, play.button(card, "risk"))
        await play.track()
        await play.card_says("done")

        job = await one_row(play)
        assert job.state is JobState.DELIVERED
        assert job.attempt == 2
        assert len(play.api.ledger.submissions) == posted + 1
        assert not play.api.ledger.repeated_posts


@pytest.mark.parametrize("point", sorted(IN_DOUBT))
async def test_a_death_around_the_post_is_settled_by_the_providers_log_where_there_is_one(
    open_play: OpenPlay, point: CrashPoint
) -> None:
    async with open_play(api={"has_tracing": True}, CRASH_AT=point.value) as play:
        await play.order()
        await died(play)
        posted = len(play.api.ledger.submissions)
        await play.restart(CRASH_AT="")
        if point is CrashPoint.POST_ANSWERED:
            await play.track()
            await play.card_says("done")
            assert (await one_row(play)).state is JobState.DELIVERED
        else:
            await play.card_says("charged twice")
            assert (await one_row(play)).state is JobState.UNKNOWN
        assert len(play.api.ledger.submissions) == posted


async def test_a_death_while_the_post_is_under_way_is_an_unknown_outcome(open_play: OpenPlay) -> None:
    async with open_play(api={"submit_seconds": 2.0}) as play:
        await play.order()
        await play.discord.until(lambda: play.api.ledger.submissions, PATIENCE_SECONDS)
        await play.stage.bot.kill()
        await play.restart()
        card = await play.card_says("charged twice")
        await play.discord.click(card, play.button(card, "dismiss"))
        await play.card_says("let it go")

        job = await one_row(play)
        assert job.state is JobState.CANCELLED
        assert len(play.api.ledger.submissions) == 1
        assert not play.tracks()


async def test_a_death_before_the_row_takes_nothing_and_discord_says_so(open_play: OpenPlay) -> None:
    async with open_play(CRASH_AT=CrashPoint.BEFORE_ROW.value) as play:
        asked = await play.order()
        await died(play)
        await play.restart(CRASH_AT="")
        assert not asked.answered
        assert await play.rows() == []
        assert not play.api.ledger.submissions
