"""The POST: once for each attempt, never in doubt without need, its answer never forgotten."""

import asyncio
from datetime import timedelta

import pytest

from bot.errors import (
    AccountError,
    BusyError,
    OutcomeUnknownError,
    Reason,
    RefusedError,
    StoreBusyError,
    StoreError,
    TooLateError,
)
from bot.jobs.context import AT_ONCE, DONE, RunAgain
from bot.jobs.model import JobState
from tests.bot.jobs.kit import OWNER, Kit, eventually
from tests.bot.jobs.orders import LYRICS, NOON, an_order
from tests.bot.jobs.test_steps import pause_of

UNKNOWN = OutcomeUnknownError("timeout after sending")


async def test_the_intent_is_durable_before_the_first_byte(kit: Kit):
    await kit.at(JobState.QUEUED)
    seen: list[tuple[JobState, int, object]] = []

    async def look(_request: object) -> str:
        job = await kit.job()
        seen.append((job.state, job.attempt, job.submit_started_at))
        assert kit.in_flight() == {1}
        return "gen-1"

    kit.generator.submits.then(look)
    await kit.run_step()
    assert seen == [(JobState.SUBMITTING, 1, NOON)]
    assert not kit.in_flight()


async def test_the_post_carries_words_song_and_an_id_of_the_attempt(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    await kit.run_step()
    (request,) = kit.generator.submits.calls
    assert request.prompt == f"##\n{LYRICS}\n##"
    assert request.reference_url == job.reference.url
    assert request.client_request_id == f"compose-{job.key}-1"


async def test_an_accepted_job_has_its_id_and_its_deadline(kit: Kit, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    await kit.at(JobState.QUEUED)
    assert 0 < pause_of(await kit.run_step()) <= 10
    job = await kit.job()
    assert (job.state, job.generation_id) == (JobState.GENERATING, "gen-1")
    assert (job.accepted_at, job.deadline_at) == (NOON, NOON + timedelta(seconds=900))
    assert kit.counted("compose_submissions_total", outcome="accepted") == 1
    accepted = next(record for record in caplog.records if record.message == "the music API accepts")
    assert accepted.__dict__["generation"] == "gen-1"
    assert not any(LYRICS in str(record.__dict__) for record in caplog.records)
    assert not any(job.reference.url in str(record.__dict__) for record in caplog.records)


# --- what the music API may answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        (RefusedError("words", reason=Reason.CONTENT_REFUSED), Reason.CONTENT_REFUSED, "words"),
        (RefusedError("song", reason=Reason.REFERENCE_UNREADABLE), Reason.REFERENCE_UNREADABLE, "song"),
    ],
)
async def test_a_clear_no_ends_the_job_with_its_reason(kit: Kit, error: Exception, reason: Reason, detail: str):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then(error)
    assert await kit.run_on() == DONE
    job = await kit.job()
    assert (job.state, job.reason, job.detail) == (JobState.FAILED, reason, detail)
    assert kit.discord.told_states == [JobState.FAILED]
    assert kit.counted("compose_submissions_total", outcome="refused") == 1


async def test_what_was_not_accepted_goes_back_in_line_with_a_growing_pause(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then(*[BusyError("429")] * 4, BusyError("429", retry_after_seconds=100))
    for most in (2, 4, 8, 16):
        pause = pause_of(await kit.run_step())
        assert 0.85 * most <= pause <= most
        assert (await kit.job()).state is JobState.QUEUED
        await kit.clock.advance(pause)
    assert pause_of(await kit.run_step()) == 100
    await kit.run_step()
    job = await kit.job()
    assert (job.state, job.attempt) == (JobState.GENERATING, 6)
    assert len({call.client_request_id for call in kit.generator.submits.calls}) == 6
    assert kit.counted("compose_submissions_total", outcome="busy") == 5


async def test_what_was_remarked_about_the_song_survives_a_busy_provider(kit: Kit):
    job = await kit.order()
    await kit.store.move(job, JobState.QUEUED, kit.clock.now(), detail="sound.converted")
    kit.generator.submits.then(BusyError("429"))
    await kit.run_step()
    assert (await kit.job()).detail == "sound.converted"


@pytest.mark.heavy
async def test_a_provider_that_is_busy_for_an_hour_is_not_waited_for(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.default = BusyError("no connection")
    while (await kit.job()).state is JobState.QUEUED:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.FAILED, Reason.BUSY_TOO_LONG)
    assert timedelta(hours=1) < job.moved_at - NOON < timedelta(minutes=62)
    assert not job.may_be_charged


@pytest.mark.heavy
async def test_an_hour_behind_a_proxy_that_refuses_is_told_as_that_and_is_charged_to_nobody(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.default = BusyError("the proxy does not let the bot through", by_proxy=True)
    while (await kit.job()).state is JobState.QUEUED:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.FAILED, Reason.PROXY)
    assert not job.may_be_charged


@pytest.mark.heavy
async def test_a_busy_hour_after_a_risk_does_not_make_the_first_try_free(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then(UNKNOWN)
    await kit.run_on()
    await kit.service.risk_again(1, OWNER)
    kit.generator.submits.default = BusyError("no connection")
    while (await kit.job()).state is JobState.QUEUED:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    job = await kit.job()
    assert job.reason is Reason.BUSY_TOO_LONG
    assert job.may_be_charged


async def test_the_hour_begins_anew_once_the_provider_has_answered(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then(BusyError("429"), UNKNOWN)
    await kit.run_step()
    await kit.run_on()
    kit.clock.leap(5 * 3600)
    await kit.service.risk_again(1, OWNER)
    kit.generator.submits.then(BusyError("429"))
    await kit.run_step()
    assert (await kit.job()).state is JobState.QUEUED


# --- an outcome that nobody knows -------------------------------------------------------------------------------------


async def test_an_unknown_outcome_is_told_and_never_posted_again_by_itself(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then(UNKNOWN)
    assert await kit.run_on() == DONE
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.UNKNOWN, Reason.OUTCOME_UNKNOWN)
    assert kit.discord.told_states == [JobState.UNKNOWN]
    for _ in range(3):
        assert await kit.run_on() == DONE
    assert len(kit.generator.submits.calls) == 1
    assert job.place.interaction_token is not None


async def test_a_job_that_was_left_while_submitting_is_in_doubt_after_the_restart(kit: Kit):
    await kit.at(JobState.SUBMITTING)
    second = kit.restarted()
    assert await second.run_on() == DONE
    assert (await second.job()).state is JobState.UNKNOWN
    assert not second.generator.submits.calls


async def test_try_again_is_a_new_attempt_with_a_new_id(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then(UNKNOWN)
    await kit.run_on()
    job = await kit.service.risk_again(1, OWNER)
    assert (job.state, job.reason) == (JobState.QUEUED, None)
    assert kit.woken == [1]
    await kit.run_on()
    job = await kit.job()
    assert (job.state, job.attempt, job.generation_id) == (JobState.GENERATING, 2, "gen-1")
    first, second = kit.generator.submits.calls
    assert first.client_request_id != second.client_request_id


async def test_a_second_unknown_outcome_is_told_a_second_time(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.default = UNKNOWN
    for _ in range(3):
        await kit.run_on()
        await kit.service.risk_again(1, OWNER)
    await kit.run_on()
    assert kit.discord.told_states == [JobState.UNKNOWN] * 4


async def test_a_press_between_the_word_and_its_note_does_not_silence_the_next_word(kit: Kit):
    await kit.at(JobState.SUBMITTING)
    await kit.run_step()

    async def press() -> None:
        await kit.service.risk_again(1, OWNER)

    kit.store.before["update"] = press
    await kit.run_step()
    kit.generator.submits.then(UNKNOWN)
    await kit.run_on()
    assert kit.discord.told_states == [JobState.UNKNOWN] * 2
    assert (await kit.job()).notified_state is JobState.UNKNOWN


async def test_dismiss_ends_it(kit: Kit):
    await kit.unknown()
    job = await kit.service.dismiss(1, OWNER)
    assert (job.state, job.reason) == (JobState.CANCELLED, Reason.DISMISSED)
    assert await kit.run_on() == DONE
    assert kit.discord.told_states == [JobState.CANCELLED]
    for press in (kit.service.dismiss, kit.service.risk_again, kit.service.cancel):
        with pytest.raises(TooLateError):
            await press(1, OWNER)


async def test_of_two_presses_at_once_one_counts(kit: Kit):
    await kit.unknown()
    endings = await asyncio.gather(
        kit.service.risk_again(1, OWNER), kit.service.dismiss(1, OWNER), return_exceptions=True
    )
    assert [type(ending).__name__ for ending in endings].count("TooLateError") == 1
    assert len(await kit.states()) == 5


# --- looking it up ----------------------------------------------------------------------------------------------------


async def test_where_the_provider_has_a_log_the_doubt_is_settled_there(kit: Kit):
    job = await kit.at(JobState.QUEUED)
    kit.generator.can_look_up = True
    kit.generator.submits.then(UNKNOWN)
    kit.generator.look_ups.then("gen-found")
    await kit.run_step()
    job = await kit.job()
    assert (job.state, job.generation_id) == (JobState.GENERATING, "gen-found")
    assert kit.generator.look_ups.calls == [(f"compose-{job.key}-1", NOON)]
    assert not kit.discord.told_states


async def test_what_another_job_has_is_not_taken_for_the_lost_one(kit: Kit):
    """A service that knows requests by what they ask for shows the same song, ordered twice, as two of a kind."""
    await kit.at(JobState.GENERATING)
    await kit.at(JobState.QUEUED)
    kit.generator.can_look_up = True
    kit.generator.submits.then(UNKNOWN)
    kit.generator.look_ups.then(["g-1"], ["g-1", "gen-ours", "gen-older"])
    await kit.run_on(2)
    assert JobState.UNKNOWN in await kit.states(2), "at first it showed the other one alone"
    assert (await kit.job(2)).generation_id == "gen-ours"


async def test_while_the_member_decides_the_log_is_asked_on(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.can_look_up = True
    kit.generator.submits.then(UNKNOWN)
    kit.generator.look_ups.then(None, BusyError("502"), None, "gen-found")
    assert pause_of(await kit.run_on()) == 30
    assert (await kit.job()).notified_state is JobState.UNKNOWN
    assert pause_of(await kit.run_step()) == 30
    await kit.run_step()
    job = await kit.job()
    assert (job.state, job.generation_id, job.reason) == (JobState.GENERATING, "gen-found", None)
    assert kit.discord.shows.calls[-1][0].state is JobState.GENERATING
    with pytest.raises(TooLateError):
        await kit.service.risk_again(1, OWNER)


async def test_a_log_that_shows_nothing_is_not_asked_for_ever(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.can_look_up = True
    kit.generator.submits.then(UNKNOWN)
    assert pause_of(await kit.run_on()) == 30
    kit.clock.leap(901)
    assert await kit.run_step() == DONE


async def test_a_provider_that_turns_out_to_have_no_log_is_not_asked_again(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.can_look_up = True
    kit.generator.submits.then(UNKNOWN)

    def no_log(_call: object) -> None:
        kit.generator.can_look_up = False

    kit.generator.look_ups.then(no_log)
    assert await kit.run_on() == DONE
    assert len(kit.generator.look_ups.calls) == 1


# --- late answers -----------------------------------------------------------------------------------------------------


async def test_a_late_answer_settles_its_own_attempt(kit: Kit):
    """A process that was frozen in its POST wakes up; meanwhile another one found the job in doubt."""
    await kit.at(JobState.QUEUED)
    release = kit.generator.submits.hold()
    frozen = asyncio.ensure_future(kit.look(1))
    await kit.generator.submits.begun.wait()
    other = kit.restarted()
    await other.run_on()
    assert (await other.job()).state is JobState.UNKNOWN
    release.set()
    assert isinstance(await frozen, RunAgain)
    job = await kit.job()
    assert (job.state, job.generation_id) == (JobState.GENERATING, "gen-1")


async def test_a_late_answer_of_an_overtaken_attempt_is_recorded_and_changes_nothing(
    kit: Kit, caplog: pytest.LogCaptureFixture
):
    await kit.at(JobState.QUEUED)
    release = kit.generator.submits.hold()
    frozen = asyncio.ensure_future(kit.look(1))
    await kit.generator.submits.begun.wait()
    other = kit.restarted()
    other.generator.submits.default = "gen-second"
    await other.run_on()
    await other.service.risk_again(1, OWNER)
    await other.run_on()
    release.set()
    assert await frozen == DONE
    job = await kit.job()
    assert (job.state, job.attempt, job.generation_id) == (JobState.GENERATING, 2, "gen-second")
    assert kit.counted("compose_late_answers_total") == 1
    assert "a late answer of an overtaken attempt" in caplog.messages
    assert (await kit.real_store.history(1))[-1].detail == "late answer to attempt 1: generation gen-1"


async def test_a_late_doubt_of_an_overtaken_attempt_changes_nothing(kit: Kit):
    await kit.at(JobState.QUEUED)
    release = kit.generator.submits.hold()
    kit.generator.submits.then(UNKNOWN)
    frozen = asyncio.ensure_future(kit.look(1))
    await kit.generator.submits.begun.wait()
    other = kit.restarted()
    await other.run_on()
    await other.service.risk_again(1, OWNER)
    await other.run_on()
    release.set()
    assert await frozen == DONE
    assert (await kit.job()).state is JobState.GENERATING


# --- the database is busy ---------------------------------------------------------------------------------------------


async def test_without_a_durable_intent_nothing_is_sent(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.store.busy("begin_attempt")
    with pytest.raises(StoreBusyError):
        await kit.look(1)
    assert not kit.generator.submits.calls
    assert not kit.in_flight()
    await kit.run_step()
    assert (await kit.job()).attempt == 1


async def test_the_id_of_a_paid_generation_is_never_forgotten(kit: Kit, caplog: pytest.LogCaptureFixture):
    await kit.at(JobState.QUEUED)
    kit.store.busy("resolve_submission", times=20)
    step = asyncio.ensure_future(kit.look(1))
    await eventually(kit.clock.has_sleepers)
    assert kit.in_flight() == {1}
    assert isinstance(await kit.patiently(step), RunAgain)
    assert kit.store.calls.count("resolve_submission") == 21
    assert (await kit.job()).generation_id == "gen-1"
    assert len(kit.generator.submits.calls) == 1
    assert all(pause > 0.1 for pause in kit.clock.asked)


@pytest.mark.parametrize(
    ("error", "after"),
    [
        (RefusedError("no", reason=Reason.CONTENT_REFUSED), JobState.FAILED),
        (AccountError("no", reason=Reason.NO_CREDITS), JobState.QUEUED),
        (BusyError("later"), JobState.QUEUED),
    ],
)
async def test_a_clear_answer_does_not_turn_into_a_doubt(kit: Kit, error: Exception, after: JobState):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then(error)
    kit.store.busy("move", times=3, into=after)
    await kit.patiently(asyncio.ensure_future(kit.look(1)))
    assert (await kit.job()).state is after


async def test_a_doubt_that_cannot_be_written_is_found_again(kit: Kit):
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then(UNKNOWN)
    kit.store.busy("move", into=JobState.UNKNOWN)
    with pytest.raises(StoreBusyError):
        await kit.look(1)
    assert (await kit.job()).state is JobState.SUBMITTING
    assert await kit.run_step() == AT_ONCE
    assert (await kit.job()).state is JobState.UNKNOWN
    assert len(kit.generator.submits.calls) == 1


async def test_an_id_that_another_job_has_becomes_a_doubt(kit: Kit):
    """Two POSTs with one id would be two jobs with one track: a fault of the provider that must not loop."""
    await kit.at(JobState.GENERATING)
    await kit.at(JobState.QUEUED)
    kit.generator.submits.then("g-1")
    with pytest.raises(StoreError):
        await kit.look(2)
    await kit.run_on(2)
    assert (await kit.job(2)).state is JobState.UNKNOWN
    assert not kit.in_flight()


# --- in line ----------------------------------------------------------------------------------------------------------


async def test_only_so_many_jobs_are_at_the_provider_at_once(kit: Kit):
    busy = kit.restarted()
    busy.places = 2
    small = busy.restarted()
    for _ in range(3):
        await kit.at(JobState.QUEUED)
    for job_id in (3, 1, 2):
        await small.run_step(job_id)
    assert [(await small.job(job_id)).state for job_id in (1, 2, 3)] == [
        JobState.GENERATING,
        JobState.GENERATING,
        JobState.QUEUED,
    ]
    assert await small.run_step(3) is DONE, "a row from here on"
    (eta,) = [eta for job, eta in small.discord.shows.calls if job.id == 3]
    assert eta.ahead == 2
    await small.service.cancel(1, OWNER)
    await small.run_step(1)
    await small.run_step(3)
    assert (await small.job(3)).state is JobState.GENERATING


async def test_at_most_four_posts_are_under_way_and_the_rest_stay_queued(kit: Kit):
    for _ in range(7):
        await kit.at(JobState.QUEUED)
    release = kit.generator.submits.hold()
    steps = [asyncio.ensure_future(kit.look(job_id)) for job_id in range(1, 8)]
    await eventually(lambda: kit.generator.submits.under_way == 4)
    await asyncio.sleep(0.05)
    states = [(await kit.job(job_id)).state for job_id in range(1, 8)]
    assert states.count(JobState.SUBMITTING) == 4
    assert states.count(JobState.QUEUED) == 3
    assert len(kit.in_flight()) == 4
    release.set()
    await asyncio.gather(*steps)
    assert len(kit.generator.submits.calls) == 7


async def test_a_job_cancelled_while_it_waits_for_a_slot_is_not_sent(kit: Kit):
    for _ in range(5):
        await kit.at(JobState.QUEUED)
    release = kit.generator.submits.hold()
    steps = [asyncio.ensure_future(kit.look(job_id)) for job_id in range(1, 6)]
    await eventually(lambda: kit.generator.submits.under_way == 4)
    waiting = next(job_id for job_id in range(1, 6) if job_id not in kit.in_flight())
    await kit.service.cancel(waiting, OWNER)
    release.set()
    await asyncio.gather(*steps)
    assert len(kit.generator.submits.calls) == 4
    assert (await kit.job(waiting)).state is JobState.CANCELLED


# --- a reference that ran out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "state"), [(timedelta(seconds=119), JobState.FAILED), (timedelta(seconds=121), JobState.GENERATING)]
)
async def test_a_reference_that_runs_out_too_soon_is_not_paid_for(kit: Kit, left: timedelta, state: JobState):
    job = await kit.order(an_order(expires_in=left))
    await kit.store.move(job, JobState.QUEUED, kit.clock.now())
    await kit.run_on()
    job = await kit.job()
    assert job.state is state
    assert len(kit.generator.submits.calls) == (state is JobState.GENERATING)
    if state is JobState.FAILED:
        assert job.reason is Reason.REFERENCE_GONE
        assert kit.discord.told_states == [JobState.FAILED]
