"""Cards follow the work, never hold it up, and never speak after the last word."""

import asyncio
import gc

import pytest

from bot.errors import DeliveryLaterError
from bot.jobs.card_updates import MIN_PAUSE_SECONDS
from bot.jobs.context import DONE
from bot.jobs.model import Job, JobState
from bot.jobs.ports import StillWorking
from bot.jobs.schedule import MAX_ASKED_SECONDS
from tests.bot.jobs.kit import OWNER, Kit, eventually, finished
from tests.bot.jobs.scripted import TRACK


def drawn(kit: Kit) -> list[JobState]:
    return [job.state for job, _ in kit.discord.shows.calls]


async def test_a_new_state_is_drawn_at_once_and_the_card_is_remembered(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    kit.show(job)
    await kit.painted()
    assert drawn(kit) == [JobState.QUEUED]
    assert (await kit.job()).card_message_id == 500


async def test_the_same_state_is_drawn_at_most_every_ten_seconds(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    for _ in range(21):
        kit.show(job)
        await kit.painted()
        await kit.clock.advance(1)
    assert len(drawn(kit)) == 3


async def test_another_state_need_not_wait(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    kit.show(job)
    await kit.painted()
    moved = await kit.store.move(job, JobState.SUBMITTING, kit.clock.now(), attempt=1)
    kit.show(moved)
    await kit.painted()
    assert drawn(kit) == [JobState.QUEUED, JobState.SUBMITTING]


async def test_of_states_that_came_while_one_was_drawn_only_the_newest_is_drawn(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    release = kit.discord.shows.hold()
    kit.show(job)
    await kit.discord.shows.begun.wait()
    for after in (JobState.SUBMITTING, JobState.GENERATING, JobState.READY):
        job = await kit._onward(job, after)
        kit.show(job)
    release.set()
    await kit.painted()
    assert kit.discord.card == [JobState.QUEUED, JobState.READY]


async def test_a_job_that_comes_back_while_the_state_between_is_being_drawn_is_drawn_once_more(kit: Kit):
    """Else its card would say "handing it over" for as long as it waits in line."""
    job = await kit.at(JobState.QUEUED)
    kit.show(job)
    await kit.painted()
    ahead = await kit._onward(job, JobState.SUBMITTING)
    kit.discord.shows.begun.clear()
    release = kit.discord.shows.hold()
    kit.show(ahead)
    await kit.discord.shows.begun.wait()
    kit.show(await kit._onward(ahead, JobState.QUEUED))
    release.set()
    await kit.painted()
    assert drawn(kit) == [JobState.QUEUED, JobState.SUBMITTING, JobState.QUEUED]


async def test_a_job_that_goes_on_and_comes_back_in_a_moment_is_not_drawn_again(kit: Kit):
    """Queued, handed over, refused for now, queued: by the time the card is drawn it says what it said."""
    job = await kit.at(JobState.QUEUED)
    kit.show(job)
    await kit.painted()
    ahead = await kit._onward(job, JobState.SUBMITTING)
    back = await kit._onward(ahead, JobState.QUEUED)
    kit.show(ahead)
    kit.show(back)
    await kit.painted()
    assert drawn(kit) == [JobState.QUEUED]
    await kit.clock.advance(MIN_PAUSE_SECONDS)
    kit.show(back)
    await kit.painted()
    assert drawn(kit) == [JobState.QUEUED, JobState.QUEUED]


async def test_a_job_that_comes_back_while_its_card_is_drawn_is_not_drawn_again(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    release = kit.discord.shows.hold()
    kit.show(job)
    await kit.discord.shows.begun.wait()
    ahead = await kit._onward(job, JobState.SUBMITTING)
    kit.show(ahead)
    kit.show(await kit._onward(ahead, JobState.QUEUED))
    release.set()
    await kit.painted()
    assert drawn(kit) == [JobState.QUEUED]


async def test_a_card_that_could_not_be_drawn_is_not_taken_for_drawn(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    kit.discord.shows.then(DeliveryLaterError("500"))
    kit.show(job)
    await kit.painted()
    await kit.clock.advance(3)
    await eventually(lambda: not kit.supervisor._spawned)
    assert kit.discord.card == [JobState.QUEUED]


async def test_edits_of_one_card_never_overtake_each_other(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    release = kit.discord.shows.hold()
    kit.show(job)
    await kit.discord.shows.begun.wait()
    job = await kit._onward(job, JobState.READY)
    job = await kit._onward(await kit.with_file(job), JobState.DELIVERING)
    job = await kit._onward(job, JobState.DELIVERED)
    telling = asyncio.ensure_future(kit.look(1))
    await asyncio.sleep(0.05)
    assert not kit.discord.tells.calls
    release.set()
    await telling
    assert kit.discord.card == [JobState.GENERATING, JobState.DELIVERED]


async def test_nothing_is_drawn_after_the_last_word(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    kit.discord.shows.then(DeliveryLaterError("500"))
    kit.show(job)
    await kit.painted()  # the painter sleeps
    await kit.service.cancel(1, OWNER)
    await kit.look(1)
    await kit.clock.advance(300)
    await eventually(lambda: not kit.supervisor._spawned)
    kit.show(job)  # a look that was under way all the while
    await kit.painted()
    assert kit.discord.card == [JobState.CANCELLED]


async def test_the_last_word_knows_the_card_that_was_created_meanwhile(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    release = kit.discord.shows.hold()
    kit.show(job)
    await kit.discord.shows.begun.wait()
    await kit.service.cancel(1, OWNER)
    telling = asyncio.ensure_future(kit.look(1))
    await asyncio.sleep(0.02)
    release.set()
    await telling
    assert kit.discord.tells.calls[0].card_message_id == 500


async def test_a_card_that_cannot_be_drawn_is_tried_five_times_with_growing_pauses(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    kit.discord.shows.default = DeliveryLaterError("500")
    kit.show(job)
    (painter,) = kit.supervisor._spawned
    await kit.patiently(painter)
    assert len(drawn(kit)) == 5
    assert all(pause > 1 for pause in kit.clock.asked)
    kit.discord.shows.default = 500
    kit.show(job)
    await kit.painted()
    assert kit.discord.card == [JobState.GENERATING]


async def test_a_pause_that_discord_asks_for_is_kept(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    kit.discord.shows.then(
        DeliveryLaterError("429", retry_after_seconds=50), DeliveryLaterError("429", retry_after_seconds=1e9)
    )
    kit.show(job)
    await kit.painted()
    await kit.clock.advance(50)
    await eventually(lambda: len(kit.clock.asked) == 2)
    assert kit.clock.asked == [50, MAX_ASKED_SECONDS]


@pytest.mark.parametrize("method", ["get", "ahead_of", "update"])
async def test_a_busy_database_costs_a_card_nothing_but_time(kit: Kit, method: str, caplog: pytest.LogCaptureFixture):
    job = await kit.at(JobState.QUEUED)
    kit.store.busy(method)
    kit.show(job)
    await kit.painted()
    await kit.clock.advance(3)
    await eventually(lambda: not kit.supervisor._spawned)
    assert (await kit.job()).card_message_id == 500
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_card_that_is_gone_for_good_is_not_remembered(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    kit.discord.shows.then(None)
    kit.show(job)
    await kit.painted()
    assert (await kit.job()).card_message_id is None


async def test_a_job_that_was_deleted_is_neither_drawn_nor_told(kit: Kit):
    job = await kit.at(JobState.DELIVERED)
    await kit.store.delete(1)
    kit.show(job)
    await kit.painted()
    assert not await kit.tell(job)
    assert kit.discord.card == []


async def test_cards_of_different_jobs_do_not_wait_for_each_other(kit: Kit):
    slow, quick = await kit.at(JobState.QUEUED), await kit.at(JobState.QUEUED)
    held = asyncio.Event()

    async def hang(_call: object) -> int:
        await held.wait()
        return 501

    kit.discord.shows.then(hang)
    kit.show(slow)
    await eventually(lambda: len(kit.discord.shows.calls) == 1)
    kit.show(quick)
    await eventually(lambda: kit.discord.card == [JobState.QUEUED])
    held.set()
    await kit.painted()


async def test_drawing_never_holds_the_job_up(kit: Kit):
    kit.discord.shows.hold()
    await kit.order()
    kit.generator.polls.default = finished()
    for _ in range(5):
        await kit.look(1)
    assert (await kit.job()).state is JobState.DELIVERED
    assert kit.discord.deliveries.calls[0][1] == TRACK


async def test_the_place_in_the_services_own_line_comes_to_the_card_and_goes(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(
        StillWorking(status="in_queue", place=2), StillWorking(status="in_progress"), StillWorking(status="in_queue")
    )
    for _ in range(2):
        await kit.run_step()
    assert [eta.place for _, eta in kit.discord.shows.calls] == [2, None]
    kit.live().place = 1
    kit.generator.polls.then(finished())
    await kit.run_step()
    await kit.run_step()
    assert kit.live().place is None, "it waits there no more"


async def test_a_finished_song_that_arrives_at_once_is_not_called_on_its_way(kit: Kit):
    kit.generator.polls.default = finished()
    await kit.at(JobState.GENERATING)
    while (await kit.run_step()) is not DONE:
        pass
    await kit.clock.advance(10)
    await kit.painted()
    assert drawn(kit) == []
    assert kit.discord.told_states == [JobState.DELIVERED]


async def test_a_finished_song_that_takes_longer_is_called_on_its_way(kit: Kit):
    kit.show(await kit.at(JobState.READY))
    await kit.painted()
    assert drawn(kit) == []
    await kit.clock.advance(9)
    await kit.painted()
    assert drawn(kit) == [JobState.READY]


async def test_a_finished_song_that_a_disk_holds_up_says_so_at_once(kit: Kit):
    job = await kit.at(JobState.READY)
    kit.context.show_held_up(kit.live(), job)
    await kit.painted()
    assert drawn(kit) == [JobState.READY]


async def test_the_last_word_needs_no_look_at_a_row_that_was_just_read(kit: Kit):
    job = await kit.at(JobState.DELIVERING)
    known = await kit.real_store.update(job.id, card_message_id=500, answered_at=kit.clock.now())
    assert known is not None
    told = await kit.real_store.move(known, JobState.DELIVERED, kit.clock.now())
    assert told is not None
    kit.store.calls.clear()
    assert await kit.tell(told)
    assert kit.store.calls == []


async def test_a_card_says_what_is_known_about_the_time_ahead(kit: Kit):
    for _ in range(3):
        job = await kit.at(JobState.GENERATING)
        kit.clock.leap(40)
        await kit._onward(job, JobState.READY)
    waiting = await kit.at(JobState.QUEUED)
    job = await kit.at(JobState.GENERATING)
    kit.show(waiting)
    kit.show(job)
    await kit.painted()
    outlooks = {job.id: eta for job, eta in kit.discord.shows.calls}
    assert (outlooks[4].ahead, outlooks[4].expected_at) == (1, None)
    assert outlooks[5].ahead is None
    assert (outlooks[5].expected_at - kit.clock.now()).total_seconds() == 40


async def test_what_is_remembered_of_cards_goes_with_the_last_who_works_on_them(kit: Kit):
    jobs: list[Job] = [await kit.at(JobState.QUEUED) for _ in range(5)]
    for job in jobs:
        kit.show(job)
    records = [kit.let_go(job.id) for job in jobs]
    assert all(record() is not None for record in records)
    await kit.painted()
    gc.collect()
    assert [record() for record in records] == [None] * 5


async def test_a_card_says_how_many_songs_are_heard_first_and_at_once_when_its_own_is(kit: Kit):
    job = await kit.order()
    kit.fetcher.places = (3,)
    kit.fetcher.checks.hold()
    step = asyncio.ensure_future(kit.look(job.id))
    await eventually(lambda: [eta.ahead for _, eta in kit.discord.shows.calls] == [3])
    kit.steps._placed(kit.live(job.id), job, None)
    await eventually(lambda: [eta.ahead for _, eta in kit.discord.shows.calls] == [3, None])
    step.cancel()
