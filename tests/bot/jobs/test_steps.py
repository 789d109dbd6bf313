"""One step of one job, in every state, for every answer from outside."""

import asyncio
import gc
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import (
    AccountError,
    BusyError,
    DeliveryLaterError,
    DiskError,
    HearingFaultError,
    OrderError,
    Reason,
    ReferenceRefusedError,
    RefusedError,
    StoreBusyError,
    StoreDiskError,
)
from bot.jobs.admission import Terms
from bot.jobs.context import AT_ONCE, DONE, RunAgain
from bot.jobs.live_job import LiveJob
from bot.jobs.model import JobState
from bot.jobs.ports import GaveUp, Published, StillWorking
from bot.jobs.sound_ports import CheckedReference
from tests.bot.jobs.kit import OWNER, STRAIGHT, Kit, finished
from tests.bot.jobs.orders import LYRICS, NOON, an_order
from tests.bot.jobs.scripted import TRACK, checked


def pause_of(step: object) -> float:
    assert isinstance(step, RunAgain)
    return step.after_seconds


async def test_a_song_goes_the_whole_way(kit: Kit):
    kit.generator.polls.then(StillWorking(status="queued"), StillWorking(status="processing"), finished())
    await kit.order()
    assert 8 <= pause_of(await kit.run_on()) <= 10
    await kit.clock.advance(10)
    await kit.run_on()
    await kit.clock.advance(10)
    await kit.run_on()
    await kit.clock.advance(10)
    assert await kit.run_on() == DONE
    job = await kit.job()
    assert await kit.states() == [JobState.CHECKING, *STRAIGHT]
    assert job.notified_state is JobState.DELIVERED
    assert (job.track_channel_id, job.track_message_id) == (6, 900)
    assert job.generation_id == "gen-1"
    assert job.attempt == 1
    assert job.reason is None
    assert job.place.interaction_token is None
    assert job.lyrics == LYRICS
    assert job.track is not None
    assert (job.track.size_bytes, job.track.seconds) == (len(TRACK), 93.5)
    assert kit.files.track(job) is not None
    (sent,) = kit.discord.deliveries.calls
    assert sent[1] == TRACK
    assert kit.discord.told_states == [JobState.DELIVERED]
    assert kit.counted("compose_generation_seconds_sum") == pytest.approx(30)
    assert kit.counted("compose_jobs_ended_total", state="delivered", reason="") == 1


async def test_a_job_that_is_not_there_needs_nothing(kit: Kit):
    assert await kit.run_step(4711) == DONE


@pytest.mark.parametrize("state", [JobState.DELIVERED])
async def test_a_job_whose_member_was_told_needs_nothing(kit: Kit, state: JobState):
    job = await kit.at(state)
    await kit.store.update(job.id, notified_state=state)
    assert await kit.run_step() == DONE
    assert not kit.discord.tells.calls


async def test_a_row_that_cannot_be_read_is_looked_at_later(kit: Kit):
    await kit.order()
    kit.store.busy("get")
    with pytest.raises(StoreBusyError):
        await kit.look(1)


# --- checking ---------------------------------------------------------------------------------------------------------


async def test_what_was_heard_is_kept_before_the_job_gets_in_line(kit: Kit):
    await kit.order()
    assert await kit.run_step() == AT_ONCE
    job = await kit.job()
    assert job.state is JobState.QUEUED
    assert (job.reference.seconds, job.reference.format) == (61.5, "mp3")
    assert job.reference.copy_name == f"1-{job.key}"


async def test_a_reference_that_cannot_be_used_ends_the_job_before_anything_is_paid(kit: Kit):
    await kit.order()
    kit.fetcher.checks.then(ReferenceRefusedError(Reason.SOUND, "sound.too_short"))
    assert await kit.run_on() == DONE
    job = await kit.job()
    assert (job.state, job.reason, job.detail) == (JobState.REFUSED, Reason.SOUND, "sound.too_short")
    assert kit.discord.told_states == [JobState.REFUSED]
    assert not kit.generator.submits.calls


async def test_burnt_checks_count_against_their_member_also_where_the_song_was_let_go_meanwhile(kit: Kit):
    for job_id in (1, 2, 3):
        await kit.order()
        kit.fetcher.checks.then(ReferenceRefusedError(Reason.SOUND, "sound.over_cpu", is_burnt=True))
        if job_id == 2:
            kit.store.before["note_burnt"] = lambda: kit.service.cancel(2, OWNER)
        await kit.run_on(job_id)
    assert [(await kit.job(job_id)).state for job_id in (1, 2, 3)] == [
        JobState.REFUSED,
        JobState.CANCELLED,
        JobState.REFUSED,
    ]
    with pytest.raises(OrderError) as caught:
        await kit.real_store.admit(an_order(99), kit.clock.now(), Terms())
    assert caught.value.reason is Reason.HEARING_WAITS


@pytest.mark.parametrize(("by_proxy", "reason"), [(False, Reason.REFERENCE_GONE), (True, Reason.PROXY)])
async def test_a_reference_out_of_reach_is_tried_for_ten_minutes_and_then_gone(
    kit: Kit, by_proxy: bool, reason: Reason
):
    await kit.order()
    kit.fetcher.checks.default = BusyError("no connection", retry_after_seconds=30, by_proxy=by_proxy)
    while (await kit.job()).state is JobState.CHECKING:
        step = await kit.run_step()
        if step != AT_ONCE:
            assert 30 <= pause_of(step) <= 60
            await kit.clock.advance(pause_of(step))
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.FAILED, reason)
    assert timedelta(minutes=10) <= job.moved_at - job.created_at <= timedelta(minutes=11)


async def test_a_fault_of_ours_is_tried_three_times_and_told_as_ours_with_the_song_kept(kit: Kit):
    await kit.order()
    fault = HearingFaultError("not heard: internal", detail="a remark", is_lasting=True)
    kit.fetcher.checks.default = fault
    tries = 0
    while (await kit.job()).state is JobState.CHECKING:
        tries += 1
        step = await kit.run_step()
        if step != AT_ONCE:
            await kit.clock.advance(pause_of(step))
    job = await kit.job()
    assert (job.state, job.reason, job.detail) == (JobState.FAILED, Reason.INTERNAL, "a remark")
    assert (tries, job.moved_at - job.created_at < timedelta(seconds=10)) == (3, True)
    assert not job.may_be_charged


async def test_a_machine_that_is_short_of_something_is_given_ten_minutes(kit: Kit):
    await kit.order()
    kit.fetcher.checks.default = HearingFaultError("not heard: unavailable", detail="a remark", is_lasting=False)
    while (await kit.job()).state is JobState.CHECKING:
        step = await kit.run_step()
        if step != AT_ONCE:
            await kit.clock.advance(pause_of(step))
    job = await kit.job()
    assert (job.state, job.reason, job.detail) == (JobState.FAILED, Reason.INTERNAL, "a remark")
    assert timedelta(minutes=10) <= job.moved_at - job.created_at <= timedelta(minutes=12)


async def test_our_own_disk_is_waited_for_ten_minutes_and_the_member_is_told_that_it_is_not_the_file(kit: Kit):
    await kit.order()
    kit.fetcher.checks.default = DiskError("the file could not be written: No space left on device")
    while (await kit.job()).state is JobState.CHECKING:
        step = await kit.run_step()
        if step != AT_ONCE:
            await kit.clock.advance(pause_of(step))
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.FAILED, Reason.DISK)
    assert timedelta(minutes=10) <= job.moved_at - job.created_at <= timedelta(minutes=12)
    assert kit.disk.trouble == "the file could not be written: No space left on device"
    assert not kit.generator.submits.calls


async def test_what_a_full_database_does_not_take_is_not_heard_again_and_the_card_says_why_it_waits(kit: Kit):
    await kit.order()
    live = kit.live()
    for _ in range(3):
        kit.store.full("move")
        with pytest.raises(StoreDiskError):
            await kit.run_step()
        await kit.painted()
    assert live.is_held_up
    assert any(eta.is_held_up for _, eta in kit.discord.shows.calls)
    await kit.run_step()
    assert len(kit.fetcher.checks.calls) == 1
    assert (await kit.job()).state is JobState.QUEUED
    assert not live.is_held_up


async def test_a_disk_that_works_again_in_time_costs_a_reference_nothing(kit: Kit):
    await kit.order()
    kit.fetcher.checks.then(DiskError("full"), DiskError("full"))
    for _ in range(2):
        await kit.clock.advance(pause_of(await kit.run_step()))
    assert kit.disk.trouble == "full"
    assert await kit.run_step() == AT_ONCE
    assert (await kit.job()).state is JobState.QUEUED
    assert kit.disk.trouble == ""


async def test_hours_of_being_down_do_not_count_as_tries(kit: Kit):
    await kit.order()
    kit.clock.leap(3 * 3600)
    kit.fetcher.checks.then(BusyError("no network yet"))
    assert pause_of(await kit.run_step()) > 0
    assert await kit.run_step() == AT_ONCE
    assert (await kit.job()).state is JobState.QUEUED


async def test_our_own_copy_is_published_when_the_music_api_cannot_fetch_the_members(kit: Kit):
    await kit.order()
    kit.fetcher.checks.then(lambda job: replace(checked(job), must_be_published=True, remark="sound.converted"))
    later = NOON + timedelta(days=1)
    kit.discord.publications.then(Published(url="https://cdn.discordapp.com/x?ex=2", expires_at=later))
    await kit.run_step()
    job = await kit.job()
    assert job.state is JobState.QUEUED
    assert (job.reference.url, job.reference.expires_at) == ("https://cdn.discordapp.com/x?ex=2", later)
    assert job.detail == "sound.converted"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (DeliveryLaterError("outage", retry_after_seconds=3), JobState.CHECKING),
        (ReferenceRefusedError(Reason.FILE_TOO_LARGE), JobState.REFUSED),
    ],
)
async def test_a_copy_that_cannot_be_published_waits_or_ends_the_job(kit: Kit, error: Exception, state: JobState):
    await kit.order()
    kit.fetcher.checks.then(lambda job: replace(checked(job), must_be_published=True))
    kit.discord.publications.then(error)
    await kit.run_step()
    assert (await kit.job()).state is state


async def test_a_copy_without_a_name_is_a_mistake_in_the_code(kit: Kit):
    await kit.order()
    kit.fetcher.checks.then(lambda job: CheckedReference(reference=job.reference, must_be_published=True))
    with pytest.raises(RuntimeError, match="no copy to publish"):
        await kit.look(1)


async def test_failures_while_hearing_do_not_slow_the_submission_down(kit: Kit):
    await kit.order()
    kit.fetcher.checks.then(BusyError("x"), BusyError("x"), BusyError("x"))
    for _ in range(4):
        await kit.run_step()
    kit.generator.submits.then(BusyError("429"))
    assert pause_of(await kit.run_step()) <= 2


async def test_a_job_cancelled_while_it_is_heard_stays_cancelled(kit: Kit):
    await kit.order()
    release = kit.fetcher.checks.hold()
    step = asyncio.ensure_future(kit.look(1))
    await kit.fetcher.checks.begun.wait()
    await kit.service.cancel(1, OWNER)
    release.set()
    assert await step == DONE
    assert kit.woken == [1]
    assert await kit.run_on() == DONE
    assert await kit.states() == [JobState.CHECKING, JobState.CANCELLED]
    assert kit.discord.told_states == [JobState.CANCELLED]


# --- generating -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "detail"), [(Reason.PROVIDER_FAILED, "out of memory"), (Reason.CONTENT_REFUSED, "")]
)
async def test_a_generation_that_the_provider_gave_up_fails_with_its_reason(kit: Kit, reason: Reason, detail: str):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(GaveUp(reason=reason, detail=detail))
    assert await kit.run_on() == DONE
    job = await kit.job()
    assert (job.state, job.reason, job.detail) == (JobState.FAILED, reason, detail)
    assert job.generation_id == "g-1"


async def test_looks_without_an_answer_grow_rarer_and_obey_the_server(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(*[BusyError("502")] * 5, BusyError("429", retry_after_seconds=90))
    pauses = [pause_of(await kit.run_step()) for _ in range(6)]
    for pause, most in zip(pauses, [2, 4, 8, 16, 32, 90], strict=True):
        assert 0.85 * most <= pause <= most
    assert 8 <= pause_of(await kit.run_step()) <= 10
    kit.generator.polls.then(BusyError("502"))
    assert pause_of(await kit.run_step()) <= 2


async def test_the_last_look_falls_on_the_deadline(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.clock.leap(895)
    assert pause_of(await kit.run_step()) == pytest.approx(5)
    kit.clock.leap(4.9)
    assert pause_of(await kit.run_step()) == 0.5
    kit.clock.leap(0.5)
    assert await kit.run_on() == DONE
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.EXPIRED, Reason.DEADLINE)
    assert job.generation_id == "g-1"
    assert kit.discord.told_states == [JobState.EXPIRED]


async def test_a_track_that_is_ready_after_the_deadline_is_taken(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.clock.leap(5_000)
    kit.generator.polls.then(finished())
    assert await kit.run_step() == AT_ONCE
    assert (await kit.job()).state is JobState.READY


async def test_a_silent_provider_gets_the_same_time_again_before_the_job_expires(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.default = BusyError("no connection")
    while (await kit.job()).state is JobState.GENERATING:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.EXPIRED, Reason.DEADLINE)
    assert 1800 <= (job.moved_at - job.created_at).total_seconds() <= 1860


async def test_a_process_that_was_down_past_the_deadline_still_asks_a_few_times(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.clock.leap(86_400)
    kit.generator.polls.then(*[BusyError("starting")] * 3, finished())
    for _ in range(3):
        assert pause_of(await kit.run_step()) > 0
    await kit.run_step()
    assert (await kit.job()).state is JobState.READY


async def test_an_address_that_is_wrong_while_jobs_run_costs_no_track(kit: Kit, caplog: pytest.LogCaptureFixture):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(AccountError("HTTP 404: Cannot GET", reason=Reason.ADDRESS_WRONG, status=404), finished())
    assert pause_of(await kit.run_step()) <= 2
    assert kit.counted("compose_account_errors_total", reason="address_wrong") == 1
    assert "no such call at the address it was given: HTTP 404: Cannot GET" in caplog.text
    await kit.run_step()
    assert (await kit.job()).state is JobState.READY


async def test_a_key_that_is_revoked_while_jobs_run_is_the_operators_and_costs_no_track(
    kit: Kit, caplog: pytest.LogCaptureFixture
):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(AccountError("401", reason=Reason.KEY_REFUSED, status=401), finished())
    assert pause_of(await kit.run_step()) <= 2
    assert kit.counted("compose_account_errors_total", reason="key_refused") == 1
    assert "the music API refuses the operator's account: key_refused" in caplog.text
    await kit.run_step()
    assert (await kit.job()).state is JobState.READY


async def test_a_song_that_was_paid_for_waits_for_its_key_however_long_that_takes(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.default = AccountError("401", reason=Reason.KEY_REFUSED)
    for _ in range(8):
        assert pause_of(await kit.run_step()) <= 60
        kit.clock.leap(7_200)
    # back again: its time begins anew, for nobody has looked meanwhile
    kit.generator.polls.default = StillWorking(status="processing")
    for after in (0, 600):
        kit.clock.leap(after)
        assert pause_of(await kit.run_step()) > 1, "the old deadline is no last look any more"
        assert (await kit.job()).state is JobState.GENERATING
    kit.generator.polls.default = finished()
    await kit.run_step()
    assert (await kit.job()).state is JobState.READY


async def test_a_restart_with_a_good_key_gives_a_paid_song_its_time_again(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(AccountError("401", reason=Reason.KEY_REFUSED))
    await kit.run_step()
    kit.clock.leap(86_400)
    again = kit.restarted()
    await again.brake.load()
    again.generator.polls.then(StillWorking(status="processing"), finished())
    for _ in range(2):
        await again.run_step()
    assert (await again.job()).state is JobState.READY


async def test_a_key_that_only_posts_are_refused_for_holds_no_deadline_up(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.brake.refused("aiml", AccountError("403", reason=Reason.KEY_REFUSED))
    kit.clock.leap(901)
    await kit.run_step()
    assert (await kit.job()).state is JobState.EXPIRED


async def test_an_outage_right_after_the_key_works_again_costs_no_track(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(AccountError("401", reason=Reason.KEY_REFUSED))
    await kit.run_step()
    kit.clock.leap(86_400)
    kit.generator.polls.then(*[BusyError("502")] * 6, finished())
    for _ in range(7):
        await kit.run_step()
    assert (await kit.job()).state is JobState.READY


async def test_a_song_of_another_account_names_that_as_its_reason_in_the_end(kit: Kit):
    """After a change of accounts a song of the old one is refused for ever, while new ones are accepted."""
    await kit.at(JobState.GENERATING)
    kit.generator.polls.default = AccountError("403", reason=Reason.KEY_REFUSED)
    await kit.run_step()
    await kit.clock.advance(1)
    kit.brake._lines["aiml"].trial = 2
    await kit.order()
    kit.brake.accepted(await kit.job(2))
    assert kit.brake.held("aiml") is None
    for _ in range(5):
        await kit.run_step()
    assert kit.brake.held("aiml") is None
    kit.clock.leap(1_801)
    await kit.run_step()
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.EXPIRED, Reason.KEY_REFUSED)

    # and whoever asks for it once more holds up nobody
    kit.let_go()
    await kit.service.ask_again(job.id, OWNER)
    await kit.run_step()
    assert kit.brake.held("aiml") is None


LOST = RefusedError("404", reason=Reason.GENERATION_LOST, status=404)


async def test_an_id_that_is_not_known_at_once_gets_three_looks(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(LOST, LOST, StillWorking(status="queued"), LOST, LOST, LOST)
    for _ in range(5):
        await kit.run_step()
        assert (await kit.job()).state is JobState.GENERATING
    await kit.run_step()
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.FAILED, Reason.GENERATION_LOST)


async def test_an_outage_does_not_count_towards_a_lost_id(kit: Kit):
    await kit.at(JobState.GENERATING)
    kit.generator.polls.then(*[BusyError("502")] * 6, LOST, finished())
    for _ in range(7):
        await kit.run_step()
    assert (await kit.job()).state is JobState.GENERATING
    await kit.run_step()
    assert (await kit.job()).state is JobState.READY


@pytest.mark.heavy
async def test_many_jobs_share_the_budget(kit: Kit):
    for _ in range(100):
        await kit.at(JobState.GENERATING)
    for job_id in range(1, 101):
        step = await kit.look(job_id)
    assert 17 <= pause_of(step) <= 20
    await kit.painted()
    kit.generator.polls.default = GaveUp(reason=Reason.PROVIDER_FAILED, detail="")
    for job_id in range(1, 100):
        await kit.run_on(job_id)
    kit.generator.polls.default = StillWorking(status="processing")
    assert pause_of(await kit.run_step(100)) <= 10


# --- telling ----------------------------------------------------------------------------------------------------------


async def test_the_last_word_is_tried_again_until_it_is_said(kit: Kit):
    await kit.at(JobState.DELIVERED)
    kit.discord.tells.then(DeliveryLaterError("500"), DeliveryLaterError("429", retry_after_seconds=40))
    assert pause_of(await kit.run_step()) <= 2
    assert pause_of(await kit.run_step()) == 40
    assert (await kit.job()).notified_state is None
    assert await kit.run_step() == DONE
    assert (await kit.job()).notified_state is JobState.DELIVERED


async def test_a_member_who_cannot_be_reached_for_a_day_is_let_go(kit: Kit, caplog: pytest.LogCaptureFixture):
    await kit.at(JobState.DELIVERED)
    kit.discord.tells.default = DeliveryLaterError("500")
    step = await kit.run_step()
    while step != DONE:
        kit.clock.leap(3600)
        step = await kit.run_step()
    assert "the member could not be told" in caplog.messages
    assert (await kit.job()).notified_state is JobState.DELIVERED
    assert (kit.clock.now() - NOON) > timedelta(hours=24)


async def test_the_same_end_a_second_time_is_told_a_second_time(kit: Kit):
    await kit.at(JobState.GENERATING)
    for _ in range(2):
        kit.generator.polls.then(GaveUp(reason=Reason.PROVIDER_FAILED, detail=""))
        assert await kit.run_on() == DONE
        await kit.service.ask_again(1, OWNER)
    assert kit.discord.told_states == [JobState.FAILED, JobState.FAILED]


async def test_a_word_that_was_overtaken_is_not_said(kit: Kit):
    await kit.at(JobState.SUBMITTING)
    await kit.run_step()
    job = await kit.job()
    assert job.state is JobState.UNKNOWN

    async def press() -> None:
        await kit.service.dismiss(1, OWNER)

    read = await kit.steps._context.store.get(1)
    assert read is not None
    kit.store.before["get"] = press
    assert not await kit.tell(read)
    assert not kit.discord.told_states
    assert await kit.run_on() == DONE
    assert kit.discord.told_states == [JobState.CANCELLED]


async def test_a_row_that_cannot_be_written_after_the_word_is_no_reason_to_say_it_again(kit: Kit):
    await kit.at(JobState.DELIVERED)
    for _ in range(3):
        kit.store.busy("update")
        with pytest.raises(StoreBusyError):
            await kit.run_step()
    assert await kit.run_step() == DONE
    assert (await kit.job()).notified_state is JobState.DELIVERED
    assert kit.discord.told_states == [JobState.DELIVERED]


# --- nothing grows for ever -------------------------------------------------------------------------------------------


def is_forgotten(kit: Kit, caplog: pytest.LogCaptureFixture) -> bool:
    """Whether nothing is left of what was remembered of job 1, once the engine lets go of it."""
    record = kit.let_go()
    caplog.clear()  # a logged error has its trace with it, and with that the steps' own variables
    gc.collect()
    return record() is None and not kit.steps._watched


def is_as_new(live: LiveJob) -> bool:
    """Whether a job that comes back finds nothing that counts against it."""
    return not (live.failures or live.held_up_at or live.busy_since or live.is_out_of_date or live.drawn or live.shown)


async def test_a_delivered_job_leaves_nothing_in_memory(kit: Kit, caplog: pytest.LogCaptureFixture):
    await kit.order()
    kit.fetcher.checks.then(BusyError("x"))
    kit.generator.submits.then(BusyError("x"))
    kit.generator.polls.then(BusyError("x"), StillWorking(status=""), LOST, finished())
    kit.generator.fetches.then(BusyError("unexpected"))
    kit.discord.deliveries.then(DeliveryLaterError("x"))
    kit.discord.tells.then(DeliveryLaterError("x"))
    for _ in range(20):
        try:
            step = await kit.run_step()
        except BusyError:
            step = RunAgain(after_seconds=30)
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    assert (await kit.job()).notified_state is JobState.DELIVERED
    assert is_as_new(kit.live())
    assert not kit.in_flight()
    LOST.__traceback__ = None  # an error that every test shares remembers where it was raised
    await kit.clock.advance(10)  # who waited to say that it is on its way has nothing to say
    assert is_forgotten(kit, caplog)


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.GENERATING])
async def test_a_cancelled_job_leaves_nothing_in_memory(kit: Kit, state: JobState, caplog: pytest.LogCaptureFixture):
    await kit.at(state)
    kit.generator.submits.then(BusyError("x"))
    kit.generator.polls.then(BusyError("x"))
    await kit.run_step()
    await kit.service.cancel(1, OWNER)
    await kit.run_on()
    assert is_as_new(kit.live())
    assert is_forgotten(kit, caplog)


async def test_a_job_deleted_before_its_last_word_leaves_nothing_in_memory(kit: Kit, caplog: pytest.LogCaptureFixture):
    await kit.at(JobState.GENERATING)
    await kit.run_step()
    kit.generator.polls.then(GaveUp(reason=Reason.PROVIDER_FAILED, detail=""))
    kit.discord.tells.then(DeliveryLaterError("x"))
    await kit.run_step()
    await kit.run_step()
    await kit.service.delete(1, OWNER)
    assert await kit.run_step() == DONE
    assert is_forgotten(kit, caplog)


# --- given up ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (JobState.CHECKING, JobState.FAILED),
        (JobState.QUEUED, JobState.FAILED),
        (JobState.SUBMITTING, JobState.UNKNOWN),
        (JobState.GENERATING, JobState.EXPIRED),
        (JobState.READY, JobState.FAILED),
        (JobState.DELIVERING, JobState.UNDELIVERABLE),
    ],
)
async def test_a_job_that_is_given_up_rests_and_its_member_is_told(kit: Kit, state: JobState, after: JobState):
    await (kit.order() if state is JobState.CHECKING else kit.at(state))
    await kit.give_up()
    job = await kit.job()
    assert job.state is after
    assert job.reason is (Reason.OUTCOME_UNKNOWN if after is JobState.UNKNOWN else Reason.INTERNAL)
    await kit.run_on()
    assert kit.discord.told_states == [after]


async def test_a_member_who_cannot_be_told_for_a_fault_of_ours_is_left_to_the_list(kit: Kit):
    await kit.at(JobState.GENERATING)
    await kit.give_up()
    await kit.give_up()
    job = await kit.job()
    assert not job.is_unfinished
    assert job.place.interaction_token is None
