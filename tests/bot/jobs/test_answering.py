"""An order is paid for only when Discord has our answer to it; what a crash left open is asked, never assumed."""

import pytest

from bot.errors import DeliveryLaterError, Reason
from bot.jobs.admission import PlaceRequest, Terms
from bot.jobs.answers import Answering
from bot.jobs.context import RunAgain
from bot.jobs.model import Job, JobState
from tests.bot.jobs.kit import Kit, an_order
from tests.bot.jobs.test_steps import pause_of


async def taken(kit: Kit) -> Job:
    """An order whose member waits for its answer."""
    return (await kit.service.take(an_order())).job


async def test_nothing_is_posted_while_the_answer_is_under_way(kit: Kit):
    await taken(kit)
    assert pause_of(await kit.run_on()) == 1.0
    job = await kit.job()
    assert (job.state, job.answered_at) == (JobState.QUEUED, None)
    assert not kit.generator.submits.calls
    assert not kit.discord.answers.calls
    assert not kit.discord.card

    await kit.service.answered(job, 500)
    kit.service.answer_ended(job.id)
    await kit.run_on()
    job = await kit.job()
    assert (job.state, job.answered_at, job.card_message_id) == (JobState.GENERATING, kit.clock.now(), 500)
    assert len(kit.generator.submits.calls) == 1


@pytest.mark.parametrize("while_checking", [True, False])
async def test_an_answer_that_was_refused_ends_the_song_unpaid(kit: Kit, while_checking: bool):
    job = await taken(kit)
    if not while_checking:
        await kit.run_on()
    await kit.service.unanswered(job.id)
    kit.service.answer_ended(job.id)
    await kit.run_on()
    job = await kit.job()
    assert (job.state, job.reason, job.notified_state) == (JobState.FAILED, Reason.UNANSWERED, JobState.FAILED)
    assert not kit.generator.submits.calls
    assert kit.discord.told_states == [JobState.FAILED]
    # its place of the day and its money are given back
    asked = PlaceRequest(member_id=job.member_id, guild_id=job.place.guild_id, price_micros=1)
    _, usage = await kit.real_store.standing_of(
        asked, kit.clock.now(), Terms(member_per_day=9, budget_per_day_micros=9)
    )
    assert (usage.member.count, usage.live, usage.money.held) == (0, 0, 0)


async def test_an_answered_song_is_not_ended_as_unanswered(kit: Kit):
    job = await taken(kit)
    await kit.service.answered(job, 500)
    await kit.service.unanswered(job.id)
    assert (await kit.job()).state is JobState.CHECKING


@pytest.mark.parametrize("was_taken", [True, False])
async def test_after_a_crash_discord_is_asked_whether_it_took_the_answer(kit: Kit, was_taken: bool):
    await taken(kit)
    kit = kit.restarted()
    kit.discord.answers.then(DeliveryLaterError("no connection"))
    kit.discord.answers.then(was_taken)
    assert pause_of(await kit.run_on()) > 0
    assert (await kit.job()).state is JobState.QUEUED
    await kit.run_on()
    job = await kit.job()
    assert len(kit.generator.submits.calls) == int(was_taken)
    if was_taken:
        assert job.answered_at == kit.clock.now()
    else:
        assert (job.state, job.reason) == (JobState.FAILED, Reason.UNANSWERED)


async def test_an_order_that_is_answered_already_is_paid_for_at_once(kit: Kit):
    await kit.taken(an_order())
    assert isinstance(await kit.run_on(), RunAgain)
    assert (await kit.job()).state is JobState.GENERATING


def test_an_answer_is_under_way_from_its_beginning_to_its_end():
    answering = Answering()
    answering.begin(7)
    assert not answering.end(7)
    answering.begin(7)
    assert answering.is_under_way(7)
    assert answering.end(7)  # somebody waited
    assert not answering.end(7)
    assert not answering.is_under_way(7)
