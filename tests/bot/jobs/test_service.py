"""What members may ask of jobs, and who may ask it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.errors import (
    BusyError,
    DiskError,
    DuplicateOrderError,
    FinishedError,
    NoSuchJobError,
    NotYoursError,
    Reason,
    StoreBusyError,
    TooLateError,
)
from bot.jobs.context import RunAgain
from bot.jobs.live_job import LiveJob
from bot.jobs.model import LIVE, RESTING, Job, JobState
from bot.jobs.music_models import MusicModels
from bot.jobs.ports import Cancellation
from bot.jobs.service import CANCELLABLE, Actor
from bot.jobs.stop_making import Stopping, wants_to_stop
from tests.bot.jobs.kit import OWNER, STRAIGHT, Kit, eventually, finished
from tests.bot.jobs.orders import LYRICS, MEMBER, an_order

STRANGER = Actor(member_id=99)
MODERATOR = Actor(member_id=98, is_moderator=True)

STATES_ON_THE_WAY = (JobState.CHECKING, *STRAIGHT)


async def ended(kit: Kit, state: JobState) -> Job:
    """A job that rests in this state."""
    way = {
        JobState.REFUSED: JobState.CHECKING,
        JobState.FAILED: JobState.GENERATING,
        JobState.EXPIRED: JobState.GENERATING,
        JobState.CANCELLED: JobState.QUEUED,
        JobState.UNKNOWN: JobState.SUBMITTING,
        JobState.UNDELIVERABLE: JobState.DELIVERING,
    }
    if state is JobState.DELIVERED:
        return await kit.at(state)
    moved = await kit.store.move(await kit.at(way[state]), state, kit.clock.now())
    assert moved is not None
    return moved


# --- ordering ---------------------------------------------------------------------------------------------------------


async def test_an_order_is_durable_and_looked_at_when_it_is_taken(kit: Kit):
    job = await kit.taken(an_order())
    assert (job.state, job.lyrics) == (JobState.CHECKING, LYRICS)
    assert await kit.job(job.id) == job
    assert kit.woken == [job.id]
    assert kit.counted("compose_jobs_taken_total") == 1


async def test_an_interaction_that_arrives_twice_is_one_job(kit: Kit):
    await kit.taken(an_order(7))
    with pytest.raises(DuplicateOrderError) as caught:
        await kit.taken(an_order(7))
    assert caught.value.job_id == 1
    assert kit.counted("compose_jobs_taken_total") == 1


async def test_an_order_that_cannot_be_written_is_not_taken(kit: Kit):
    kit.store.busy("admit")
    with pytest.raises(StoreBusyError):
        await kit.taken(an_order())
    assert kit.woken == []
    assert kit.counted("compose_jobs_taken_total") == 0


# --- who may ----------------------------------------------------------------------------------------------------------


async def test_a_job_that_never_was_is_told_apart(kit: Kit):
    service = kit.service
    for ask in (service.own, service.cancel, service.dismiss, service.risk_again, service.ask_again, service.delete):
        with pytest.raises(NoSuchJobError):
            await ask(4711, OWNER)
    with pytest.raises(NoSuchJobError):
        await service.get(4711)


@pytest.mark.parametrize(
    ("ask", "state", "moderator_may"),
    [
        ("own", JobState.QUEUED, False),
        ("cancel", JobState.QUEUED, True),
        ("dismiss", JobState.UNKNOWN, False),
        ("risk_again", JobState.UNKNOWN, False),
        ("ask_again", JobState.EXPIRED, False),
        ("delete", JobState.DELIVERED, True),
    ],
)
async def test_only_the_owner_may_and_for_cancel_and_delete_a_moderator(
    kit: Kit, ask: str, state: JobState, moderator_may: bool
):
    job = await (kit.at(state) if state is JobState.QUEUED else ended(kit, state))
    asked: Callable[[int, Actor], Awaitable[Job]] = getattr(kit.service, ask)
    with pytest.raises(NotYoursError):
        await asked(job.id, STRANGER)
    if moderator_may:
        await asked(job.id, MODERATOR)
        return
    with pytest.raises(NotYoursError):
        await asked(job.id, MODERATOR)
    await asked(job.id, OWNER)


# --- cancelling -------------------------------------------------------------------------------------------------------


def can_stop(kit: Kit, *said: Cancellation | BusyError) -> None:
    """Its music service can stop what was begun, and answers so."""
    models = MusicModels([replace(kit.model, canceller=kit.generator)])
    kit.context.models = models
    kit.service._stopping = Stopping(models)
    kit.generator.cancels.then(*said)


async def test_what_the_service_had_not_begun_is_cancelled_free(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    can_stop(kit, Cancellation.STOPPED)
    cancelled = await kit.service.cancel(job.id, OWNER)
    assert (cancelled.state, cancelled.reason) == (JobState.CANCELLED, Reason.MEMBER_CANCELLED)
    assert not cancelled.may_be_charged
    await kit.run_on()
    assert len(kit.generator.cancels.calls) == 1, "it has stopped: nobody is asked again"


@pytest.mark.parametrize("said", [Cancellation.ASKED, Cancellation.LOST, BusyError("out of reach")])
async def test_what_the_service_may_have_begun_is_let_go_and_may_be_charged(kit: Kit, said: Cancellation | BusyError):
    job = await kit.at(JobState.GENERATING)
    can_stop(kit, said)
    cancelled = await kit.service.cancel(job.id, OWNER)
    assert cancelled.state is JobState.CANCELLED
    assert cancelled.may_be_charged
    await kit.run_on()
    assert kit.generator.cancels.calls == [job.generation_id] * 2, "once more, should the first have been lost"


async def test_what_is_finished_cannot_be_stopped_and_is_fetched_at_once(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    can_stop(kit, Cancellation.TOO_LATE)
    with pytest.raises(FinishedError):
        await kit.service.cancel(job.id, OWNER)
    assert (await kit.job()).state is JobState.GENERATING
    assert kit.woken == [job.id]
    kit.generator.polls.then(finished())
    await kit.run_step()
    assert (await kit.job()).state is JobState.READY


async def test_the_wish_is_written_before_the_service_is_asked(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    can_stop(kit)
    seen: list[bool] = []

    async def look(_asked: object) -> Cancellation:
        seen.append(wants_to_stop(await kit.job()))
        assert await kit.run_step() == RunAgain(after_seconds=1.0), "a press is being answered"
        return Cancellation.STOPPED

    kit.generator.cancels.then(look)
    assert not (await kit.service.cancel(job.id, OWNER)).may_be_charged
    assert seen == [True]
    assert kit.generator.polls.calls == []


@pytest.mark.parametrize(
    ("said", "may_be_charged"),
    [(Cancellation.STOPPED, False), (Cancellation.LOST, True), (Cancellation.ASKED, True), (BusyError("away"), True)],
)
async def test_a_death_while_the_service_was_asked_ends_as_what_was_wished(
    kit: Kit, said: Cancellation | BusyError, may_be_charged: bool
):
    job = await kit.at(JobState.GENERATING)
    await kit.store.wish_to_stop(job, wished=True)  # and no more: here the process died
    can_stop(kit, said)
    await kit.run_step()
    ended = await kit.job()
    assert (ended.state, ended.reason) == (JobState.CANCELLED, Reason.MEMBER_CANCELLED)
    assert ended.may_be_charged is may_be_charged
    assert kit.generator.polls.calls == []


async def test_a_death_before_the_service_said_that_it_is_too_late_costs_no_track(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    await kit.store.wish_to_stop(job, wished=True)
    can_stop(kit, Cancellation.TOO_LATE)
    kit.generator.polls.then(finished())
    await kit.run_step()
    await kit.run_step()
    assert ((await kit.job()).state, (await kit.job()).reason) == (JobState.READY, None)


async def test_two_presses_at_once_are_told_the_same_whatever_the_service_says_to_a_second_request(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    can_stop(kit, Cancellation.STOPPED, Cancellation.LOST)
    held = kit.generator.cancels.hold()
    presses = [asyncio.create_task(kit.service.cancel(job.id, OWNER)) for _ in range(2)]
    await kit.generator.cancels.begun.wait()
    await eventually(lambda: kit.store.calls.count("wish_to_stop") == 2)  # neither came when the other was over
    held.set()
    first, second = await asyncio.gather(*presses)
    assert first == second
    assert not first.may_be_charged


async def test_what_the_service_has_stopped_stays_free_although_it_could_not_be_written_at_once(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    can_stop(kit, Cancellation.STOPPED, Cancellation.LOST)
    kit.store.busy("move")
    with pytest.raises(StoreBusyError):
        await kit.service.cancel(job.id, OWNER)
    await kit.run_step()
    ended = await kit.job()
    assert (ended.state, ended.may_be_charged) == (JobState.CANCELLED, False)


async def test_of_several_processes_another_is_left_the_time_to_stop_it(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    await kit.store.wish_to_stop(job, wished=True)
    can_stop(kit)
    live = LiveJob(id=job.id, claim="this one")
    stopping = Stopping(kit.context.models)
    assert await stopping.go_on(kit.context, live, job) == RunAgain(after_seconds=1.0)
    assert kit.generator.cancels.calls == []
    await kit.clock.advance(15)
    await stopping.go_on(kit.context, live, job)
    assert kit.generator.cancels.calls == [job.generation_id]


async def test_a_wish_that_comes_after_the_end_changes_nothing(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    await kit.store.move(job, JobState.FAILED, kit.clock.now(), reason=Reason.PROVIDER_FAILED)
    assert await kit.store.wish_to_stop(job, wished=True) is None
    assert (await kit.job()).reason is Reason.PROVIDER_FAILED


async def test_nobody_else_stops_anything(kit: Kit):
    job = await kit.at(JobState.GENERATING)
    can_stop(kit)
    with pytest.raises(NotYoursError):
        await kit.service.cancel(job.id, STRANGER)
    assert kit.generator.cancels.calls == []


@pytest.mark.parametrize("state", STATES_ON_THE_WAY)
async def test_a_job_can_be_cancelled_until_its_track_is_there_but_not_inside_a_post(kit: Kit, state: JobState):
    job = await kit.at(state)
    if state in CANCELLABLE:
        cancelled = await kit.service.cancel(job.id, OWNER)
        assert (cancelled.state, cancelled.reason) == (JobState.CANCELLED, Reason.MEMBER_CANCELLED)
        assert kit.woken == [job.id]
        assert kit.counted("compose_jobs_ended_total", state="cancelled", reason="member_cancelled") == 1
    else:
        with pytest.raises(TooLateError):
            await kit.service.cancel(job.id, OWNER)
        assert (await kit.job()).state is state


async def test_a_cancel_that_comes_a_moment_too_late_says_so(kit: Kit):
    job = await kit.at(JobState.QUEUED)

    async def submit() -> None:
        await kit._onward(job, JobState.SUBMITTING)

    kit.store.before["move"] = submit
    with pytest.raises(TooLateError, match="moved meanwhile"):
        await kit.service.cancel(1, OWNER)
    assert (await kit.job()).state is JobState.SUBMITTING


# --- asking again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [JobState.EXPIRED, JobState.FAILED])
async def test_a_late_track_is_looked_for_for_two_minutes_at_no_cost(kit: Kit, state: JobState):
    job = await ended(kit, state)
    again = await kit.service.ask_again(job.id, OWNER)
    assert (again.state, again.reason, again.track) == (JobState.GENERATING, None, None)
    assert again.deadline_at is not None
    assert (again.deadline_at - kit.clock.now()).total_seconds() == 120
    assert again.generation_id == job.generation_id
    assert again.attempt == job.attempt


@pytest.mark.parametrize("state", sorted(RESTING - {JobState.EXPIRED, JobState.FAILED, JobState.UNDELIVERABLE}))
async def test_what_has_no_late_track_cannot_be_asked_for(kit: Kit, state: JobState):
    job = await ended(kit, state)
    with pytest.raises(TooLateError):
        await kit.service.ask_again(job.id, OWNER)


async def test_a_job_that_failed_before_it_was_paid_for_cannot_be_asked_for(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    await kit.store.move(job, JobState.FAILED, kit.clock.now())
    with pytest.raises(TooLateError):
        await kit.service.ask_again(1, OWNER)


# --- deleting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(LIVE))
async def test_what_is_being_worked_on_is_not_deleted(kit: Kit, state: JobState):
    job = await kit.at(state)
    with pytest.raises(TooLateError):
        await kit.service.delete(job.id, OWNER)
    assert (await kit.job()).lyrics == LYRICS


@pytest.mark.parametrize("state", sorted(RESTING))
async def test_what_rests_is_deleted_with_its_files_and_its_words(kit: Kit, state: JobState):
    job = await ended(kit, state)
    track = kit.files.track(job)
    reference = kit.files.reference_path("ours")
    reference.write_bytes(b"ours")
    await kit.store.update(job.id, reference=replace(job.reference, copy_name="ours"))
    deleted = await kit.service.delete(job.id, OWNER)
    assert deleted.id == job.id
    assert await kit.store.get(job.id) is None
    assert await kit.store.history(job.id) == []
    assert not reference.exists()
    assert track is None or not track.exists()
    with pytest.raises(NoSuchJobError):
        await kit.service.delete(job.id, OWNER)


async def test_a_job_whose_files_cannot_be_removed_keeps_its_row(kit: Kit):
    """The files first, then the row: the other way round nobody would know of the files any more."""
    job = await ended(kit, JobState.DELIVERED)
    track = kit.files.track(job)
    assert track is not None
    track.unlink()
    track.mkdir()  # what cannot be removed as a file
    with pytest.raises(DiskError):
        await kit.service.delete(job.id, OWNER)
    assert await kit.store.get(job.id) is not None
    track.rmdir()
    await kit.service.delete(job.id, OWNER)
    assert await kit.store.get(job.id) is None


# --- looking ----------------------------------------------------------------------------------------------------------


async def test_a_member_pages_through_their_own_jobs_newest_first(kit: Kit):
    for _ in range(5):
        await kit.order()
    await kit.order(an_order(1000, member_id=4))
    page, count = await kit.service.tracks_of(MEMBER, limit=2, offset=1)
    assert ([job.id for job in page], count) == ([4, 3], 5)


async def test_files_are_found_only_while_they_are_there(kit: Kit):
    job = await kit.at(JobState.DELIVERED)
    path = kit.service.track_file(job)
    assert path is not None
    assert kit.service.reference_file(job) is None
    path.unlink()
    assert kit.service.track_file(job) is None


async def test_a_queued_job_knows_its_place_in_line(kit: Kit):
    await kit.at(JobState.GENERATING)
    job = await kit.at(JobState.QUEUED)
    assert (await kit.eta_estimator.estimate(job)).ahead == 1
