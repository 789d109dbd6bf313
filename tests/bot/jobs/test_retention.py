"""What a member gave leaves after the set time: files first, then the row with his words."""

from datetime import timedelta

import pytest

from bot.jobs.model import JobState
from bot.jobs.retention import Retention
from tests.bot.jobs.kit import Kit, eventually


@pytest.fixture
def retention(kit: Kit) -> Retention:
    return Retention(store=kit.store, files=kit.files, clock=kit.clock, keep_for=timedelta(days=30))


async def test_a_job_that_ended_is_kept_for_the_set_time_and_then_gone(kit: Kit, retention: Retention):
    job = await kit.at(JobState.DELIVERED)
    path = kit.files.track(job)
    assert path is not None
    kit.clock.leap(30 * 86_400)
    assert await retention.delete_due() == 0
    kit.clock.leap(1)
    assert await retention.delete_due() == 1
    assert not path.exists()
    assert await kit.store.get(job.id) is None
    assert await kit.store.history(job.id) == []


async def test_what_is_still_worked_on_is_never_deleted(kit: Kit, retention: Retention):
    for state in (JobState.QUEUED, JobState.GENERATING, JobState.DELIVERING):
        await kit.at(state)
    kit.clock.leap(365 * 86_400)
    assert await retention.delete_due() == 0


async def test_many_are_deleted_a_hundred_at_a_time(kit: Kit, retention: Retention):
    for _ in range(150):
        job = await kit.order()
        await kit.real_store.move(job, JobState.CANCELLED, kit.clock.now())
    kit.clock.leap(31 * 86_400)
    assert await retention.delete_due() == 150
    assert kit.store.calls.count("older_than") == 3


async def test_it_looks_once_an_hour_and_a_busy_database_does_not_end_it(kit: Kit, retention: Retention):
    await kit.at(JobState.DELIVERED)
    kit.clock.leap(31 * 86_400)
    kit.store.busy("older_than")
    kit.owner.keep("retention", retention.run)
    await eventually(kit.clock.has_sleepers)
    assert await kit.store.get(1) is not None
    await kit.clock.advance(3600)
    await eventually(lambda: "forget" in kit.store.calls and kit.clock.has_sleepers())
    assert await kit.store.get(1) is None
    assert kit.owner.states()[0].deaths == 0
