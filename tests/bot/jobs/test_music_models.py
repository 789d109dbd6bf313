"""A job is driven by the model that it was ordered with: its contract, its pace, its promises about a lost answer."""

import itertools
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import BusyError, OutcomeUnknownError, Reason, RefusedError, TrackLostError
from bot.jobs.admission import PAUSED, Pause
from bot.jobs.context import WITHOUT_A_MODEL, RunAgain
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModels, ReferenceForm, Repeat
from bot.jobs.ports import Cancellation
from bot.jobs.schedule import Pace
from tests.bot.jobs.kit import OWNER, Kit, finished
from tests.bot.jobs.orders import an_order
from tests.bot.jobs.scripted import ScriptedGenerator

LOST = OutcomeUnknownError("no answer")
GONE = RefusedError("it does not know the job", reason=Reason.GENERATION_LOST)


async def other_order(kit: Kit, number: int = 99) -> Job:
    return await kit.order(replace(an_order(number), model="acestep", provider="acestep", style="folk", price_micros=0))


def add_other(kit: Kit, **changes: object) -> ScriptedGenerator:
    """A second model in use, beside the kit's own."""
    generator = ScriptedGenerator()
    ids = itertools.count(1)
    generator.submits.default = lambda _request: f"acestep:{next(ids)}"
    given = {"pace": Pace(poll_interval_seconds=100, polls_per_second=5), "generation_timeout": timedelta(hours=2)}
    other = replace(
        kit.model, name="acestep", provider="acestep", generator=generator, look_up=None, **{**given, **changes}
    )
    kit.context.models = MusicModels([kit.model, other])
    return generator


async def test_two_models_are_each_asked_for_their_own_songs(kit: Kit) -> None:
    other = add_other(kit)
    mine, theirs = await kit.order(), await other_order(kit, 99)
    for job in (mine, theirs):
        await kit.run_on(job.id)
    (request,) = other.submits.calls
    assert (request.style, len(kit.generator.submits.calls)) == ("folk", 1)
    assert kit.generator.submits.calls[0].style is None
    job = await kit.job(theirs.id)
    assert job.deadline_at == kit.clock.now() + timedelta(hours=2)
    step = await kit.run_step(theirs.id)
    assert (len(other.polls.calls), len(kit.generator.polls.calls)) == (1, 0)
    assert isinstance(step, RunAgain)
    assert 80 < step.after_seconds <= 100
    other.polls.then(finished())
    await kit.run_on(theirs.id)
    assert (len(other.fetches.calls), len(kit.generator.fetches.calls)) == (1, 0)
    assert (await kit.job(theirs.id)).state is JobState.DELIVERED


@pytest.mark.parametrize(
    "state", [JobState.CHECKING, JobState.QUEUED, JobState.SUBMITTING, JobState.GENERATING, JobState.READY]
)
async def test_a_job_whose_model_is_not_configured_waits_and_the_operator_is_told_once(
    kit: Kit, state: JobState, caplog: pytest.LogCaptureFixture
) -> None:
    job = await kit.at(state)
    kit.context.models = MusicModels([replace(kit.model, name="acestep")])
    with caplog.at_level(logging.WARNING, "bot.jobs"):
        for _ in range(3):
            assert await kit.run_step() == WITHOUT_A_MODEL
    assert await kit.job() == job
    assert not kit.generator.submits.calls + kit.generator.polls.calls + kit.generator.fetches.calls
    (line,) = [record for record in caplog.records if "not configured" in record.message]
    assert "minimax-music" in line.message
    # configured again, it goes on where it stood
    kit.context.models = MusicModels([kit.model])
    assert await kit.run_step() != WITHOUT_A_MODEL


async def test_a_doubt_about_a_model_that_is_gone_is_left_to_its_member(kit: Kit) -> None:
    await kit.unknown()
    kit.context.models = MusicModels([])
    assert not isinstance(await kit.run_step(), RunAgain)
    assert (await kit.job()).state is JobState.UNKNOWN


async def test_jobs_that_wait_for_a_lost_model_hold_up_no_other(kit: Kit) -> None:
    for number in range(30):
        await other_order(kit, 100 + number)
    mine = await kit.order()
    await kit.run_on(mine.id)
    assert (await kit.job(mine.id)).state is JobState.GENERATING


@pytest.mark.parametrize(
    ("asked_at", "begun_at", "is_elsewhere"),
    [
        ("https://a.example", "https://b.example", True),
        ("https://a.example", "https://a.example", False),
        ("https://a.example", None, False),
        ("", "https://a.example", False),
    ],
)
async def test_a_song_is_another_addresss_only_where_both_are_known(
    kit: Kit, asked_at: str, begun_at: str | None, is_elsewhere: bool
) -> None:
    job = replace(await kit.order(), service_address=begun_at)
    assert kit.context.models.is_elsewhere(job, replace(kit.model, address=asked_at)) is is_elsewhere


async def test_each_model_has_its_own_places(kit: Kit) -> None:
    other = add_other(kit, concurrency=1)
    first, second, mine = await other_order(kit, 98), await other_order(kit, 99), await kit.order()
    for job in (first, second, mine):
        await kit.run_on(job.id)
    states = [(await kit.job(job.id)).state for job in (first, second, mine)]
    assert states == [JobState.GENERATING, JobState.QUEUED, JobState.GENERATING]
    assert len(other.submits.calls) == 1


async def test_a_service_that_takes_bytes_gets_our_copy_whatever_became_of_the_url(kit: Kit) -> None:
    other = add_other(kit, reference_form=ReferenceForm.BYTES)
    job = await other_order(kit)
    copy = kit.files.reference_path("1-copy.mp3")
    copy.write_bytes(b"ID3 reference")
    queued = await kit.real_store.move(
        job,
        JobState.QUEUED,
        kit.clock.now(),
        reference=replace(job.reference, copy_name="1-copy.mp3", expires_at=kit.clock.now()),
    )
    assert queued is not None
    await kit.run_on()
    (request,) = other.submits.calls
    assert request.reference_file == copy


async def test_a_service_that_takes_bytes_is_not_asked_without_a_copy(kit: Kit) -> None:
    other = add_other(kit, reference_form=ReferenceForm.BYTES)
    job = await other_order(kit)
    assert await kit.real_store.move(job, JobState.QUEUED, kit.clock.now()) is not None
    await kit.run_step()
    ended = await kit.job()
    assert (ended.state, ended.reason, other.submits.calls) == (JobState.FAILED, Reason.REFERENCE_GONE, [])


async def test_the_same_ticket_is_handed_in_again_under_the_same_id(kit: Kit) -> None:
    other = add_other(kit, repeat=Repeat.SAME_TICKET)
    job = await other_order(kit)
    other.submits.then(LOST, LOST)
    for _ in range(3):
        await kit.run_on(job.id)
    assert len({request.client_request_id for request in other.submits.calls}) == 1
    job = await kit.job()
    assert (len(other.submits.calls), job.state, job.attempt) == (3, JobState.GENERATING, 1)


async def test_what_is_free_is_sent_twice_more_and_then_fails_without_asking_anybody(kit: Kit) -> None:
    other = add_other(kit, repeat=Repeat.FREE)
    job = await other_order(kit)
    other.submits.default = LOST
    for _ in range(5):
        await kit.run_on(job.id)
    assert len({request.client_request_id for request in other.submits.calls}) == len(other.submits.calls) == 3
    job = await kit.job()
    assert (job.state, job.reason, job.may_be_charged) == (JobState.FAILED, Reason.PROVIDER_FAILED, False)


async def test_a_song_that_a_free_service_lost_is_sent_again_and_nobody_is_asked(kit: Kit) -> None:
    other = add_other(kit, repeat=Repeat.FREE)
    job = await other_order(kit)
    other.submits.then("gen-1", "gen-2")
    other.polls.then(GONE, finished())
    for _ in range(6):
        await kit.clock.advance(60)
        await kit.run_on(job.id)
    job = await kit.job()
    assert (job.state, job.generation_id, job.attempt) == (JobState.DELIVERED, "gen-2", 2)
    assert len({request.client_request_id for request in other.submits.calls}) == 2
    way = await kit.states()
    assert way[way.index(JobState.GENERATING) :][:4] == [
        JobState.GENERATING,
        JobState.QUEUED,
        JobState.SUBMITTING,
        JobState.GENERATING,
    ]


async def test_a_track_that_a_free_service_lost_is_made_anew(kit: Kit) -> None:
    other = add_other(kit, repeat=Repeat.FREE)
    job = await other_order(kit)
    other.submits.then("gen-1", "gen-2")
    other.polls.then(finished(), GONE, GONE)
    other.polls.default = finished()
    other.fetches.then(TrackLostError("gone"))
    for _ in range(8):
        await kit.clock.advance(60)
        await kit.run_on(job.id)
    job = await kit.job()
    assert (job.state, job.generation_id, len(other.submits.calls)) == (JobState.DELIVERED, "gen-2", 2)


async def test_a_track_that_was_paid_for_and_is_lost_is_not_made_anew(kit: Kit) -> None:
    other = add_other(kit, repeat=Repeat.NEVER)
    job = await other_order(kit)
    other.polls.then(finished())
    other.polls.default = GONE
    other.fetches.default = TrackLostError("gone")
    for _ in range(8):
        await kit.clock.advance(60)
        await kit.run_on(job.id)
    job = await kit.job()
    assert (job.state, job.reason, len(other.submits.calls)) == (JobState.FAILED, Reason.TRACK_LOST, 1)


async def test_what_is_lost_again_and_again_fails_after_two_more_posts(kit: Kit) -> None:
    other = add_other(kit, repeat=Repeat.FREE)
    job = await other_order(kit)
    other.submits.then("gen-1", LOST, "gen-2", "gen-3")  # a doubt counts as well
    other.polls.default = GONE
    for _ in range(12):
        await kit.clock.advance(60)
        await kit.run_on(job.id)
    job = await kit.job()
    assert (len(other.submits.calls), job.state, job.reason) == (3, JobState.FAILED, Reason.GENERATION_LOST)
    assert not job.may_be_charged


@pytest.mark.parametrize("repeat", [Repeat.NEVER, Repeat.SAME_TICKET])
async def test_what_was_paid_for_is_never_sent_again_because_it_is_lost(kit: Kit, repeat: Repeat) -> None:
    other = add_other(kit, repeat=repeat)
    job = await other_order(kit)
    other.polls.default = GONE
    for _ in range(6):
        await kit.clock.advance(60)
        await kit.run_on(job.id)
    assert (len(other.submits.calls), (await kit.job()).state) == (1, JobState.FAILED)


async def test_a_lost_song_waits_for_the_end_of_a_pause_like_any_other(kit: Kit) -> None:
    other = add_other(kit, repeat=Repeat.FREE)
    job = await other_order(kit)
    await kit.run_on(job.id)
    other.polls.default = GONE
    await kit.real_store.set_value(PAUSED, Pause().written())
    for _ in range(4):
        await kit.clock.advance(60)
        await kit.run_on(job.id)
    assert (len(other.submits.calls), (await kit.job()).state) == (1, JobState.QUEUED)


async def test_a_ticket_that_stays_unanswered_is_a_doubt_in_the_end(kit: Kit) -> None:
    other = add_other(kit, repeat=Repeat.SAME_TICKET)
    job = await other_order(kit)
    other.submits.default = LOST
    for _ in range(5):
        await kit.run_on(job.id)
    assert (len(other.submits.calls), (await kit.job()).state) == (3, JobState.UNKNOWN)


async def test_what_may_be_charged_twice_is_never_repeated(kit: Kit) -> None:
    kit.generator.submits.default = LOST
    await kit.order()
    for _ in range(5):
        await kit.run_on()
    assert (len(kit.generator.submits.calls), (await kit.job()).state) == (1, JobState.UNKNOWN)


@pytest.mark.parametrize("repeat", Repeat)
async def test_a_model_without_a_log_is_not_asked_for_lost_posts(kit: Kit, repeat: Repeat) -> None:
    other = add_other(kit, repeat=repeat)
    other.can_look_up = True
    await other_order(kit)
    other.submits.then(LOST)
    await kit.run_on()
    assert other.look_ups.calls == []


async def test_a_lost_track_is_asked_for_at_the_service_that_made_it(kit: Kit) -> None:
    other = add_other(kit)
    job = await other_order(kit)
    await kit.run_on(job.id)
    other.polls.default = finished()
    other.fetches.then(TrackLostError("gone"), BusyError("busy"))
    await kit.run_on(job.id)
    assert len(other.polls.calls) == 2
    assert kit.generator.polls.calls == []


@pytest.mark.parametrize("said", [*Cancellation, BusyError("busy")])
async def test_a_service_that_can_stop_is_asked_to_once_the_member_knows(
    kit: Kit, said: Cancellation | BusyError, caplog: pytest.LogCaptureFixture
) -> None:
    job = await kit.at(JobState.GENERATING)
    kit.context.models = MusicModels([replace(kit.model, canceller=kit.generator)])
    kit.generator.cancels.then(said)
    await kit.service.cancel(job.id, OWNER)
    with caplog.at_level(logging.INFO, "bot.jobs"):
        await kit.run_on()
    assert kit.generator.cancels.calls == [job.generation_id]
    assert str(said) in caplog.text
    ended = await kit.job()
    assert (ended.state, ended.notified_state) == (JobState.CANCELLED, JobState.CANCELLED)


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.GENERATING])
async def test_nothing_is_stopped_that_was_not_begun_or_cannot_be(kit: Kit, state: JobState) -> None:
    job = await kit.at(state)
    if state is JobState.QUEUED:
        kit.context.models = MusicModels([replace(kit.model, canceller=kit.generator)])
    await kit.service.cancel(job.id, OWNER)
    await kit.run_on()
    assert kit.generator.cancels.calls == []
    assert (await kit.job()).notified_state is JobState.CANCELLED


async def test_the_first_estimate_is_what_is_known_of_the_model(kit: Kit) -> None:
    add_other(kit, usual_seconds=12.0)
    estimator = kit.eta_estimator
    estimator._usual_seconds = kit.context.models.usual_seconds
    theirs = await other_order(kit)
    await kit.run_on(theirs.id)
    job = await kit.job(theirs.id)
    assert job.accepted_at is not None
    assert (await estimator.estimate(job)).expected_at == job.accepted_at + timedelta(seconds=12)
    mine = await kit.order()
    await kit.run_on(mine.id)
    assert (await estimator.estimate(await kit.job(mine.id))).expected_at is None
