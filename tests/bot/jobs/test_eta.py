"""What is said about the time ahead: learned from a few jobs at least, and not asked for at every card."""

import pytest

from bot.jobs.model import Job, JobState
from bot.jobs.ports import Eta
from tests.bot.jobs.kit import Kit


async def made_in(kit: Kit, seconds: float) -> None:
    job = await kit.at(JobState.GENERATING)
    kit.clock.leap(seconds)
    await kit._onward(job, JobState.READY)


def expected_seconds(job: Job, eta: Eta) -> float | None:
    assert job.accepted_at is not None
    return (eta.expected_at - job.accepted_at).total_seconds() if eta.expected_at else None


async def test_two_finished_jobs_teach_nothing_and_three_do(kit: Kit):
    for seconds in (30, 50):
        await made_in(kit, seconds)
    assert await kit.eta_estimator.estimate(await kit.at(JobState.GENERATING)) == Eta()
    await made_in(kit, 400)
    kit.clock.leap(31)
    job = await kit.at(JobState.GENERATING)
    assert expected_seconds(job, await kit.eta_estimator.estimate(job)) == 50


async def test_what_was_learned_is_looked_up_at_most_twice_a_minute(kit: Kit):
    for _ in range(3):
        await made_in(kit, 40)
    job = await kit.at(JobState.GENERATING)
    for _ in range(10):
        await kit.eta_estimator.estimate(job)
        kit.clock.leap(3)
    assert kit.store.calls.count("recent_seconds") == 1
    kit.clock.leap(1)
    for _ in range(3):
        await made_in(kit, 80)
    kit.clock.leap(31)
    assert expected_seconds(job, await kit.eta_estimator.estimate(job)) == 60
    assert kit.store.calls.count("recent_seconds") == 2


async def test_who_waits_is_told_their_place_and_no_time(kit: Kit):
    first, second = await kit.at(JobState.QUEUED), await kit.at(JobState.QUEUED)
    assert await kit.eta_estimator.estimate(first) == Eta(ahead=0)
    assert await kit.eta_estimator.estimate(second) == Eta(ahead=1)


@pytest.mark.parametrize("state", [JobState.READY, JobState.DELIVERED])
async def test_nothing_is_said_of_a_job_that_is_past_waiting(kit: Kit, state: JobState):
    for _ in range(3):
        await made_in(kit, 40)
    assert await kit.eta_estimator.estimate(await kit.at(state)) == Eta()
