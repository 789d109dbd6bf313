"""What is remembered of a job while somebody works on it, and what it takes to give a job up."""

from datetime import timedelta

from bot.errors import DeliveryLaterError, DiskError
from bot.jobs.live_job import DISK, LiveJob
from bot.jobs.model import JobState
from tests.bot.jobs.kit import Kit
from tests.bot.jobs.orders import NOON


async def test_the_hours_in_which_the_bot_was_down_are_nobodys_refusal(kit: Kit):
    """Four failures in this process, however long ago the job moved; the fifth gives it up."""
    await kit.at(JobState.DELIVERING)
    kit.clock.leap(timedelta(days=5).total_seconds())
    kit.discord.deliveries.default = DeliveryLaterError("500")
    for _ in range(4):
        await kit.run_step()
        assert (await kit.job()).state is JobState.DELIVERING
    await kit.run_step()
    assert (await kit.job()).state is JobState.UNDELIVERABLE


async def test_what_our_own_disk_did_counts_against_nobody(kit: Kit):
    """Neither its tries nor its time."""
    await kit.at(JobState.DELIVERING)
    kit.discord.deliveries.then(*[DiskError("full")] * 9)
    for _ in range(9):
        await kit.run_step()
    kit.clock.leap(timedelta(days=5).total_seconds())
    kit.discord.deliveries.default = DeliveryLaterError("500")
    for _ in range(4):
        await kit.run_step()
        assert (await kit.job()).state is JobState.DELIVERING


async def test_the_time_that_our_own_disk_took_is_not_waited_out(kit: Kit):
    job = await kit.at(JobState.DELIVERING)
    kit.clock.leap(3_600)
    half = timedelta(minutes=30)
    assert kit.context.waited_out(LiveJob(id=job.id), job, half)
    assert kit.context.waited_out(LiveJob(id=job.id, held_up_at=NOON - timedelta(days=1)), job, half)
    assert not kit.context.waited_out(LiveJob(id=job.id, held_up_at=kit.clock.now()), job, half)


def test_a_success_ends_what_was_counted_and_nothing_else():
    live = LiveJob(id=1, faults=3, is_painted=True, held_up_at=NOON, busy_since=NOON)
    live.failures.update({"": 2, DISK: 3, "lost": 1})
    live.succeeded()
    assert not live.failures
    assert (live.held_up_at, live.busy_since) == (None, None)
    assert (live.faults, live.is_painted) == (3, True)


def test_asking_after_a_kind_of_failure_counts_none():
    live = LiveJob(id=1)
    assert live.failures["lost"] == 0
    assert not live.has_tried
    assert not live.failures


def test_what_changes_a_card_at_once_is_its_state_and_whether_it_waits_and_no_number():
    live = LiveJob(id=1)
    at_work = live.look(JobState.GENERATING)
    live.place = 3
    in_line = live.look(JobState.GENERATING)
    live.place = 2
    assert live.look(JobState.GENERATING) == in_line != at_work
    live.place, live.ahead = None, 4
    assert live.look(JobState.GENERATING) == at_work
    assert live.look(JobState.CHECKING) != LiveJob(id=1).look(JobState.CHECKING)


def test_two_records_are_never_taken_for_one():
    """Each is held by whoever works on its job; a set of them, or a table, must tell them apart."""
    assert LiveJob(id=1) != LiveJob(id=1)
    assert len({LiveJob(id=1), LiveJob(id=1)}) == 2
