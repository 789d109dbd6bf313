"""The account's brake: one line that is held instead of songs that fail, one song that tries whether it may go on."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.errors import AccountError, BusyError, OutcomeUnknownError, Reason, RefusedError
from bot.jobs.admission import PAUSED, Pause
from bot.jobs.brake import BrakeChange, Held, advice_for
from bot.jobs.context import RunAgain
from bot.jobs.ledger import ChargeKind
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModels, Repeat
from bot.jobs.ports import GenerationRequest, ProbeReport, ProbeResult
from bot.store.tables import charges
from tests.bot.jobs.kit import OWNER, Kit, eventually
from tests.bot.jobs.orders import NOON, an_order
from tests.bot.jobs.test_music_models import add_other, other_order

NO_CREDITS = AccountError("HTTP 403: credits", reason=Reason.NO_CREDITS, status=403)
KEY_REFUSED = AccountError("HTTP 401", reason=Reason.KEY_REFUSED, status=401)
ADDRESS_WRONG = AccountError("HTTP 404: Cannot POST", reason=Reason.ADDRESS_WRONG, status=404)
FIVE_MINUTES = 300.0


def probed(result: ProbeResult) -> ProbeReport:
    return ProbeReport(result=result, detail="")


async def queued(kit: Kit, count: int = 1) -> list[Job]:
    """So many songs that wait for nothing but their POST."""
    jobs = [await kit.order() for _ in range(count)]
    moved = [await kit.real_store.move(job, JobState.QUEUED, kit.clock.now()) for job in jobs]
    return [job for job in moved if job is not None]


async def brake_on(kit: Kit, error: AccountError = NO_CREDITS) -> Job:
    """A song that met the refusal, and waits for the brake."""
    (job,) = await queued(kit)
    kit.generator.submits.then(error)
    await kit.run_on(job.id)
    assert kit.brake.reason_of("aiml") is error.reason
    return await kit.job(job.id)


async def runs(kit: Kit) -> None:
    """The brake looks by itself from now on."""
    kit.supervisor.run_forever("brake", kit.brake.run)
    await kit.clock.settle()


async def looked(kit: Kit, times: int) -> None:
    """Until the free call has been made so often and its answer has been taken."""
    await eventually(lambda: len(kit.generator.probes.calls) >= times)
    await eventually(kit.clock.has_sleepers)


async def five_minutes(kit: Kit, looks: int) -> None:
    """Time passes until the free call was made so often in all."""
    await passes(kit, lambda: len(kit.generator.probes.calls) >= looks)
    await looked(kit, looks)


async def passes(kit: Kit, holds: Callable[[], bool]) -> None:
    """Time passes, five seconds at once, each after the loop has read and written what it wanted to."""
    for _ in range(200):
        if holds():
            return
        await eventually(kit.clock.has_sleepers)
        await kit.clock.advance(5)
    raise AssertionError("a quarter of an hour later it still does not hold")


async def lines(kit: Kit, job_id: int) -> list[tuple[int, ChargeKind]]:
    """The job's lines in the ledger, oldest first."""
    async with kit.real_store.database.reading() as connection:
        query = select(charges.c.attempt, charges.c.kind).where(charges.c.job_id == job_id).order_by(charges.c.id)
        return [(attempt, ChargeKind(kind)) for attempt, kind in (await connection.execute(query)).all()]


def posts(kit: Kit) -> int:
    return len(kit.generator.submits.calls)


# --- on ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [NO_CREDITS, KEY_REFUSED, ADDRESS_WRONG])
async def test_a_song_whose_account_is_refused_goes_back_to_waiting_unpaid(kit: Kit, error: AccountError):
    job = await brake_on(kit, error)
    assert (job.state, job.reason, job.attempt, job.may_be_charged) == (JobState.QUEUED, None, 1, False)
    assert await lines(kit, job.id) == [(1, ChargeKind.HELD), (1, ChargeKind.FREED), (2, ChargeKind.HELD)]
    assert kit.counted("compose_submissions_total", outcome="account") == 1
    assert kit.counted("compose_account_errors_total", reason=str(error.reason)) == 1
    assert kit.counted("compose_brake", provider="aiml") == 1
    assert Held.parsed(await kit.real_store.get_value("brake.aiml")) == Held(reason=error.reason, since=NOON)


async def test_no_other_waiting_song_is_sent_and_new_orders_wait_as_well(kit: Kit):
    await brake_on(kit)
    others = [*await queued(kit, 3), await kit.order()]
    for job in others:
        step = await kit.run_on(job.id)
        assert step == RunAgain(after_seconds=15)
        assert (await kit.job(job.id)).state is JobState.QUEUED
    assert posts(kit) == 1
    assert {eta.held for job, eta in kit.discord.shows.calls if job.id == others[-1].id} >= {Reason.NO_CREDITS}


async def test_songs_that_are_submitting_at_once_all_go_back_and_say_it_once(
    kit: Kit, caplog: pytest.LogCaptureFixture
):
    jobs = await queued(kit, 7)
    kit.generator.submits.default = NO_CREDITS
    open_door = kit.generator.submits.hold()
    steps = [asyncio.ensure_future(kit.look(job.id)) for job in jobs]
    await eventually(lambda: kit.generator.submits.under_way == 4)
    open_door.set()
    await asyncio.gather(*steps)
    for job in jobs:
        await kit.run_on(job.id)
    assert posts(kit) == 4, "those that waited for a slot must not follow"
    assert {(await kit.job(job.id)).state for job in jobs} == {JobState.QUEUED}
    assert sum([(await kit.job(job.id)).attempt for job in jobs]) == 4
    (said,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "no_credits" in said.getMessage()
    assert "Top the account up" in said.getMessage()


@pytest.mark.parametrize(("reason", "setting"), [(Reason.KEY_REFUSED, "KEY"), (Reason.ADDRESS_WRONG, "URL")])
def test_what_to_do_names_the_settings_of_the_service(reason: Reason, setting: str):
    for provider, name in (("acestep", "ACESTEP"), ("fal", "FAL"), ("aiml", "GENERATION")):
        assert f"{name}_API_{setting}" in advice_for(reason, provider)


async def test_a_brake_that_comes_on_while_the_intent_is_written_holds_the_song_back(kit: Kit):
    (job,) = await queued(kit)

    async def meanwhile() -> None:
        kit.brake.refused("aiml", KEY_REFUSED)

    kit.store.before["begin_attempt"] = meanwhile
    await kit.run_on(job.id)
    after = await kit.job(job.id)
    assert (after.state, after.may_be_charged, posts(kit)) == (JobState.QUEUED, False, 0)
    assert (await lines(kit, job.id))[-1] == (2, ChargeKind.HELD)


async def test_a_key_that_is_refused_to_a_poll_alone_brakes_new_posts(kit: Kit):
    generating = await kit.at(JobState.GENERATING)
    (waiting,) = await queued(kit)
    kit.generator.polls.then(KEY_REFUSED)
    await kit.run_step(generating.id)
    await kit.run_on(waiting.id)
    assert posts(kit) == 0
    assert (await kit.job(generating.id)).state is JobState.GENERATING


async def test_other_providers_go_on(kit: Kit):
    other = add_other(kit)
    await brake_on(kit)
    theirs = await other_order(kit)
    await kit.run_on(theirs.id)
    assert len(other.submits.calls) == 1
    assert (await kit.job(theirs.id)).state is JobState.GENERATING


async def test_a_second_charge_that_was_risked_is_still_told_of_after_a_refusal(kit: Kit):
    job = await kit.unknown()
    await kit.service.risk_again(job.id, OWNER)
    kit.generator.submits.then(NO_CREDITS)
    await kit.run_on()
    after = await kit.job()
    assert (after.state, after.attempt, after.may_be_charged) == (JobState.QUEUED, 2, True)
    assert (await lines(kit, job.id))[-3:] == [(2, ChargeKind.HELD), (2, ChargeKind.FREED), (3, ChargeKind.HELD)]


async def test_a_ticket_that_may_have_been_accepted_is_the_same_after_a_refusal(kit: Kit):
    """The refusal is of the second POST; the first one may have been accepted, and only its own ticket asks for it."""
    kit.context.models = MusicModels([replace(kit.model, repeat=Repeat.SAME_TICKET, look_up=None)])
    (job,) = await queued(kit)
    kit.generator.submits.then(OutcomeUnknownError("lost"), NO_CREDITS)
    await kit.run_on(job.id)
    await kit.run_on(job.id)
    assert (await kit.job()).state is JobState.QUEUED
    kit.brake._set("aiml", None)
    await kit.run_on(job.id)
    requests: list[GenerationRequest] = kit.generator.submits.calls
    assert len({request.client_request_id for request in requests}) == 1
    assert len(requests) == 3


# --- while it is on ---------------------------------------------------------------------------------------------------


async def test_no_clock_of_a_waiting_song_runs(kit: Kit):
    (job,) = await queued(kit)
    kit.generator.submits.default = BusyError("429")
    for _ in range(10):
        step = await kit.run_step(job.id)
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    kit.brake.refused("aiml", NO_CREDITS)
    for _ in range(30):
        await kit.run_step(job.id)
        await kit.clock.advance(3_600)
    kit.brake._set("aiml", None)
    await kit.run_step(job.id)
    assert (await kit.job()).state is JobState.QUEUED, "thirty hours of the brake are not an hour of a busy service"
    # and its own clock goes on where it stood
    kit.clock.leap(3_600)
    await kit.run_step(job.id)
    assert (await kit.job()).reason is Reason.BUSY_TOO_LONG


async def test_a_held_song_can_be_cancelled_and_gives_its_place_back(kit: Kit):
    job = await brake_on(kit)
    await kit.service.cancel(job.id, OWNER)
    await kit.run_on(job.id)
    assert (await kit.job()).state is JobState.CANCELLED
    assert (await lines(kit, job.id))[-1] == (2, ChargeKind.FREED)
    await runs(kit)
    await five_minutes(kit, 1)
    (other,) = await queued(kit)
    await kit.run_on(other.id)
    assert kit.brake.held("aiml") is None, "the next song tries the account in its stead"


async def test_a_risk_that_is_taken_while_the_line_is_held_waits_with_all_others(kit: Kit):
    job = await kit.unknown()
    kit.brake.refused("aiml", KEY_REFUSED)
    await kit.service.risk_again(job.id, OWNER)
    assert await kit.run_on() == RunAgain(after_seconds=15)
    assert ((await kit.job()).state, posts(kit)) == (JobState.QUEUED, 0)


async def test_a_pause_holds_the_trial_as_well(kit: Kit):
    job = await brake_on(kit)
    await kit.real_store.set_value(PAUSED, Pause(reason="tea").written())
    await runs(kit)
    await five_minutes(kit, 1)
    await kit.run_on(job.id)
    assert (posts(kit), (await kit.job()).state) == (1, JobState.QUEUED)
    await kit.real_store.set_value(PAUSED, "")
    await kit.run_on(job.id)
    assert (posts(kit), (await kit.job()).state) == (2, JobState.GENERATING)
    assert kit.brake.held("aiml") is None


# --- looking again ----------------------------------------------------------------------------------------------------


async def test_one_song_tries_the_account_and_lets_all_others_go(kit: Kit, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    first = await brake_on(kit)
    others = await queued(kit, 3)
    for job in others:
        await kit.run_on(job.id)
    kit.woken.clear()
    await runs(kit)
    await five_minutes(kit, 1)
    assert kit.clock.now() - NOON <= timedelta(seconds=FIVE_MINUTES + 10)
    assert kit.woken == [first.id], "the oldest goes first"

    door = kit.generator.submits.hold()
    trial = asyncio.ensure_future(kit.look(first.id))
    await eventually(lambda: kit.generator.submits.under_way == 1)
    for job in others:
        assert await kit.look(job.id) == RunAgain(after_seconds=15)
    assert posts(kit) == 2
    door.set()
    kit.generator.submits.held = None
    await trial
    assert (await kit.job(first.id)).state is JobState.GENERATING
    assert set(kit.woken) >= {job.id for job in others}
    for job in others:
        await kit.run_step(job.id)
        assert (await kit.job(job.id)).state is JobState.GENERATING
    assert "the brake is off" in caplog.text
    assert kit.counted("compose_brake", provider="aiml") == 0
    assert await kit.real_store.get_value("brake.aiml") == ""


async def test_a_free_call_that_is_content_while_posts_are_refused_risks_one_song_every_five_minutes(
    kit: Kit, caplog: pytest.LogCaptureFixture
):
    kit.generator.submits.default = NO_CREDITS
    jobs = await queued(kit, 3)
    await runs(kit)
    for looks in range(5):
        if looks:
            await five_minutes(kit, looks)
        for _ in range(2):
            for job in jobs:
                assert await kit.run_on(job.id) == RunAgain(after_seconds=15)
        assert posts(kit) == 1 + looks
    assert {(await kit.job(job.id)).state for job in jobs} == {JobState.QUEUED}
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    kit.generator.submits.default = lambda request: f"gen-{request.client_request_id}"
    await five_minutes(kit, 5)
    for job in jobs:
        await kit.run_step(job.id)
    assert {(await kit.job(job.id)).state for job in jobs} == {JobState.GENERATING}


@pytest.mark.parametrize(
    "complaint",
    [
        ProbeResult.KEY_REFUSED,
        ProbeResult.NO_CREDITS,
        ProbeResult.IN_TROUBLE,
        ProbeResult.NOT_THE_API,
        ProbeResult.NOT_REACHABLE,
    ],
)
async def test_a_free_call_that_complains_risks_nothing(kit: Kit, complaint: ProbeResult):
    kit.generator.probes.default = probed(complaint)
    job = await brake_on(kit)
    await runs(kit)
    for looks in (1, 2):
        await five_minutes(kit, looks)
        assert await kit.run_on(job.id) == RunAgain(after_seconds=15)
    assert posts(kit) == 1
    named = Reason.KEY_REFUSED if complaint is ProbeResult.KEY_REFUSED else Reason.NO_CREDITS
    assert kit.brake.reason_of("aiml") is named


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (BusyError("429"), JobState.QUEUED),
        (OutcomeUnknownError("lost"), JobState.UNKNOWN),
        (RefusedError("words", reason=Reason.CONTENT_REFUSED), JobState.FAILED),
    ],
)
async def test_an_answer_that_says_nothing_of_the_account_leaves_the_brake_on(
    kit: Kit, answer: Exception, state: JobState
):
    job = await brake_on(kit)
    (other,) = await queued(kit)
    await runs(kit)
    await five_minutes(kit, 1)
    kit.generator.submits.then(answer)
    await kit.run_step(job.id)
    assert (await kit.job(job.id)).state is state
    await kit.run_on(other.id)
    assert (posts(kit), kit.brake.reason_of("aiml")) == (2, Reason.NO_CREDITS)
    await five_minutes(kit, 2)
    await kit.run_on(other.id)
    assert (posts(kit), kit.brake.held("aiml")) == (3, None)


async def test_a_song_that_ends_before_its_post_leaves_the_trial_to_the_next(kit: Kit):
    job = await brake_on(kit)
    (other,) = await queued(kit)
    await runs(kit)
    await five_minutes(kit, 1)

    async def cancelled() -> None:
        await kit.service.cancel(job.id, OWNER)

    kit.store.before["begin_attempt"] = cancelled
    await kit.run_step(job.id)
    await kit.run_on(other.id)
    assert (await kit.job(other.id)).state is JobState.GENERATING
    assert kit.brake.held("aiml") is None


# --- across processes -------------------------------------------------------------------------------------------------


async def test_the_brake_survives_a_restart_and_is_looked_at_at_once(kit: Kit):
    job = await brake_on(kit)
    again = kit.restarted()
    await again.brake.load()
    assert again.counted("compose_brake", provider="aiml") == 1
    assert await again.run_on(job.id) == RunAgain(after_seconds=15)
    await runs(again)
    await looked(again, 1)
    assert again.clock.now() == NOON
    await again.run_on(job.id)
    assert (await again.job()).state is JobState.GENERATING
    assert Held.parsed(await kit.real_store.get_value("brake.aiml")) is None
    await again.supervisor.stop()


async def test_a_process_sees_what_another_one_found_out(kit: Kit):
    other = kit.restarted()
    other.generator.probes.default = probed(ProbeResult.NO_CREDITS)
    await runs(other)
    await brake_on(kit)
    await passes(other, lambda: other.brake.held("aiml") is not None)
    assert other.brake.held("aiml") == kit.brake.held("aiml")
    kit.brake._set("aiml", None)
    await kit.brake.keep()
    await passes(other, lambda: other.brake.held("aiml") is None)
    await other.supervisor.stop()


async def test_what_a_busy_database_did_not_take_is_kept_later(kit: Kit):
    (job,) = await queued(kit)
    kit.generator.submits.then(NO_CREDITS)
    kit.store.busy("set_value", times=3)
    await kit.patiently(asyncio.ensure_future(kit.look(job.id)))
    assert (await kit.job()).state is JobState.QUEUED
    assert Held.parsed(await kit.real_store.get_value("brake.aiml")) is not None


async def test_whoever_asked_hears_of_every_change_once(kit: Kit):
    heard: list[BrakeChange] = []
    kit.brake.on_brake(heard.append)
    kit.brake.refused("aiml", KEY_REFUSED)
    kit.brake.refused("aiml", KEY_REFUSED)
    kit.brake.refused("aiml", NO_CREDITS)
    kit.brake._set("aiml", None)
    reasons = [(one.before and one.before.reason, one.held and one.held.reason) for one in heard]
    assert reasons == [(None, Reason.KEY_REFUSED), (Reason.KEY_REFUSED, Reason.NO_CREDITS), (Reason.NO_CREDITS, None)]


def test_the_gauge_begins_at_zero(kit: Kit):
    assert kit.metrics.registry.get_sample_value("compose_brake", {"provider": "aiml"}) == 0


async def test_a_new_order_says_in_its_first_answer_that_songs_wait(kit: Kit):
    await brake_on(kit)
    job = await kit.taken(an_order(99))
    assert kit.service.held(job) is Reason.NO_CREDITS
    assert kit.service.held(replace(job, state=JobState.GENERATING)) is None


@pytest.mark.parametrize(
    "kept", ["on", "{}", "[]", "7", '"x"', '{"reason": "no_credits"}', '{"reason": "disk", "since": "2026-01-01"}',
             '{"reason": "no_credits", "since": "soon"}', '{"reason": [], "since": "2026-01-01T00:00:00+00:00"}']
)  # fmt: skip
async def test_what_is_kept_and_cannot_be_read_counts_as_off_and_is_told(
    kit: Kit, caplog: pytest.LogCaptureFixture, kept: str
):
    await kit.real_store.set_value("brake.aiml", kept)
    await kit.brake.load()
    assert kit.brake.held("aiml") is None
    assert "cannot be read" in caplog.text
