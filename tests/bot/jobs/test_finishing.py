"""From `ready` to the message: the track is kept, sent once, and never given up for want of patience."""

import asyncio
from datetime import timedelta

import pytest

from bot.errors import (
    AccountError,
    BusyError,
    DeliveryLaterError,
    DiskError,
    Reason,
    RefusedError,
    StoreBusyError,
    TrackLostError,
    TrackNotReadyError,
    UndeliverableError,
)
from bot.jobs.context import AT_ONCE, DONE, RunAgain
from bot.jobs.model import JobState
from bot.jobs.ports import DeliveredMessage, GaveUp, StillWorking
from tests.bot.jobs.kit import OWNER, TRACK_URL, Kit, finished
from tests.bot.jobs.orders import NOON
from tests.bot.jobs.scripted import TRACK
from tests.bot.jobs.test_steps import pause_of

FRESH_URL = "https://cdn.example/track.mp3?sig=2"


# --- fetching ---------------------------------------------------------------------------------------------------------


async def test_the_track_is_kept_with_the_job_before_it_is_sent(kit: Kit):
    job = await kit.at(JobState.READY)
    assert await kit.run_step() == AT_ONCE
    kept = (await kit.job()).track
    assert kept is not None
    assert kept.copy_name == f"1-{job.key}.mp3"
    assert kit.files.track_path(kept.copy_name).read_bytes() == TRACK
    job = await kit.job()
    assert (job.state, job.deliver_started_at) == (JobState.DELIVERING, NOON)
    assert len(kit.generator.fetches.calls) == 1


async def test_a_track_whose_job_was_moved_while_it_was_fetched_is_kept_with_the_job_all_the_same(kit: Kit):
    job = await kit.at(JobState.READY)
    kit.store.before["move"] = lambda: kit.real_store.move(
        job, JobState.FAILED, kit.clock.now(), reason=Reason.TRACK_LOST
    )
    await kit.run_step()
    job = await kit.job()
    assert job.state is JobState.FAILED
    assert job.track is not None
    assert kit.files.track(job) is not None


async def test_a_track_is_made_ready_once_before_it_is_sent_and_what_was_kept_for_that_goes_once_it_has_arrived(
    kit: Kit,
):
    job = await kit.at(JobState.READY)
    kit.discord.deliveries.then(*(DeliveryLaterError("503") for _ in range(3)))
    await kit.run_step()
    for _ in range(3):
        await kit.run_step()
        assert kit.fetcher.released == []
    await kit.run_step()
    assert (await kit.job()).state is JobState.DELIVERED
    assert kit.fetcher.listens.calls == [(job, kit.files.track(await kit.job()))]
    assert kit.fetcher.released == [job.id]


@pytest.mark.parametrize(
    ("url", "ending"),
    [
        ("https://cdn.example/a/b.WAV?sig=1", ".wav"),
        ("https://cdn.example/b%2Fc.ogg", ".ogg"),
        ("https://cdn.example/track", ".mp3"),
        ("https://cdn.example/run.exe?x=.wav", ".mp3"),
        ("https://cdn.example/../../etc/passwd.mp3%00.sh", ".mp3"),
    ],
)
async def test_a_copy_is_named_by_us_and_ends_as_audio(kit: Kit, url: str, ending: str):
    job = await kit.at(JobState.GENERATING)
    kit.generator.polls.then(finished(url))
    await kit.run_step()
    await kit.run_step()
    ((fetched_url, into),) = kit.generator.fetches.calls
    assert fetched_url == url
    assert into == kit.files.track_path(f"1-{job.key}{ending}")
    assert into.parent == kit.folder / "tracks"


async def test_a_file_that_is_not_there_yet_is_waited_for(kit: Kit):
    await kit.at(JobState.READY)
    kit.generator.fetches.then(TrackNotReadyError("404"), TrackNotReadyError("404"))
    assert pause_of(await kit.run_step()) <= 2
    assert pause_of(await kit.run_step()) <= 4
    assert await kit.run_step() == AT_ONCE
    assert kit.counted("compose_fetches_total", outcome="not_ready") == 2
    assert kit.counted("compose_fetches_total", outcome="fetched") == 1


async def test_a_file_that_first_is_not_there_and_then_is_lost_gets_a_fresh_address(kit: Kit):
    await kit.at(JobState.READY)
    kit.generator.fetches.then(*[TrackNotReadyError("404")] * 5, TrackLostError("403"))
    kit.generator.polls.then(finished(FRESH_URL))
    for _ in range(6):
        assert pause_of(await kit.run_step()) > 0
    assert await kit.run_step() == AT_ONCE
    assert [url for url, _ in kit.generator.fetches.calls] == [TRACK_URL] * 6 + [FRESH_URL]
    assert (await kit.job()).state is JobState.DELIVERING


async def test_a_track_whose_fresh_address_a_refused_key_keeps_back_is_waited_for(kit: Kit):
    await kit.at(JobState.READY)
    kit.generator.fetches.default = TrackLostError("empty")
    kit.generator.polls.default = AccountError("401", reason=Reason.KEY_REFUSED)
    for _ in range(20):
        step = await kit.run_step()
        assert isinstance(step, RunAgain)
        await kit.clock.advance(step.after_seconds)
    assert (await kit.job()).state is JobState.READY
    assert kit.brake.reason_of("aiml") is Reason.KEY_REFUSED
    kit.generator.fetches.default = lambda call: TRACK if call[0] == FRESH_URL else TrackLostError("empty")
    kit.generator.polls.default = finished(FRESH_URL)
    await kit.run_step()
    assert await kit.run_on() == DONE
    assert (await kit.job()).state is JobState.DELIVERED


@pytest.mark.parametrize(
    "no_help",
    [
        finished(TRACK_URL),
        StillWorking(status="processing"),
        GaveUp(reason=Reason.PROVIDER_FAILED, detail=""),
        BusyError("502"),
        RefusedError("404", reason=Reason.GENERATION_LOST),
    ],
)
async def test_a_track_that_stays_lost_ends_the_job_which_can_be_asked_for_again(kit: Kit, no_help: object):
    await kit.at(JobState.READY)
    kit.generator.fetches.default = TrackLostError("empty")
    kit.generator.polls.default = no_help
    tries = 0
    while isinstance(step := await kit.run_step(), RunAgain) and step != AT_ONCE:
        tries += 1
        await kit.clock.advance(step.after_seconds)
    assert await kit.run_on() == DONE
    assert tries == 3
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.FAILED, Reason.TRACK_LOST)
    assert kit.discord.told_states == [JobState.FAILED]
    kit.generator.fetches.default = TRACK
    kit.generator.polls.default = finished(FRESH_URL)
    assert (await kit.service.ask_again(1, OWNER)).state is JobState.GENERATING
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED


async def test_a_file_that_is_no_audio_is_lost(kit: Kit):
    await kit.at(JobState.READY)
    kit.fetcher.listens.then(TrackLostError("no audio"))
    assert pause_of(await kit.run_step()) > 0
    job = await kit.job()
    assert job.track is not None
    assert job.track.copy_name is None


async def test_a_length_that_nobody_can_tell_is_no_reason_to_keep_the_track_back(kit: Kit):
    await kit.at(JobState.READY)
    kit.fetcher.listens.then(None)
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED


async def test_a_file_that_is_out_of_reach_for_a_quarter_of_an_hour_is_asked_for_anew_before_it_is_given_up(kit: Kit):
    await kit.at(JobState.READY)
    kit.generator.fetches.default = TrackNotReadyError("no connection")
    while (await kit.job()).state is JobState.READY:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.FAILED, Reason.TRACK_LOST)
    assert 900 <= (job.moved_at - NOON).total_seconds() <= 1200
    assert len(kit.generator.polls.calls) == 3


async def waited(kit: Kit, *, hours: float, pause: float = 60) -> None:
    """Steps and pauses for so long."""
    end = kit.clock.monotonic() + hours * 3600
    while kit.clock.monotonic() < end:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else pause)


@pytest.mark.heavy
@pytest.mark.parametrize("state", [JobState.READY, JobState.DELIVERING])
async def test_a_disk_that_takes_nothing_for_hours_never_costs_a_paid_track(
    kit: Kit, state: JobState, caplog: pytest.LogCaptureFixture
):
    job = await kit.at(state)
    if (track := kit.files.track(job)) is not None:
        track.unlink()
    kit.generator.fetches.default = DiskError("the file could not be written: No space left on device")
    await waited(kit, hours=30)
    assert (await kit.job()).state is state
    assert kit.disk.trouble
    assert not kit.generator.polls.calls  # nobody else is asked for another address
    warned = [record for record in caplog.records if "the disk fails" in record.message]
    assert warned
    assert {record.levelname for record in warned} == {"WARNING"}
    kit.generator.fetches.default = TRACK
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED
    assert kit.disk.trouble == ""


@pytest.mark.heavy
async def test_after_hours_of_a_full_disk_the_provider_gets_its_whole_time(kit: Kit):
    """Counted together, its first failures would have been its last."""
    await kit.at(JobState.READY)
    kit.generator.fetches.default = DiskError("full")
    await waited(kit, hours=5)
    kit.generator.fetches.default = TrackNotReadyError("no connection")
    await waited(kit, hours=0.2)
    assert (await kit.job()).state is JobState.READY
    assert not kit.generator.polls.calls
    kit.generator.fetches.default = TRACK
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED


@pytest.mark.heavy
async def test_a_copy_that_cannot_be_read_waits_and_is_no_outage_of_discord(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.discord.deliveries.default = DiskError("the track cannot be read: Input/output error")
    await waited(kit, hours=30)
    assert (await kit.job()).state is JobState.DELIVERING
    kit.discord.deliveries.default = DeliveredMessage(channel_id=1, message_id=900)
    kit.discord.searches.default = None
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED


@pytest.mark.parametrize("state", [JobState.READY, JobState.DELIVERING])
async def test_a_folder_that_is_gone_is_not_a_track_that_is_gone(kit: Kit, state: JobState):
    """An unmounted disk: the copy is on it, and the provider's address may have ended long ago."""
    await kit.at(state, fetched=True)
    tracks = kit.files.folders[1]
    tracks.rename(tracks.with_name("elsewhere"))
    await waited(kit, hours=1)
    assert (await kit.job()).state is state
    assert not kit.generator.fetches.calls
    tracks.with_name("elsewhere").rename(tracks)
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED


async def test_days_of_being_down_do_not_cost_a_finished_track(kit: Kit):
    await kit.at(JobState.READY)
    kit.clock.leap(2 * 86_400)
    kit.generator.fetches.then(TrackNotReadyError("network is starting"), TrackLostError("403"))
    kit.generator.polls.then(finished(FRESH_URL))
    await kit.run_step()
    await kit.run_step()
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED


async def test_a_busy_database_does_not_fetch_the_file_twice(kit: Kit):
    await kit.at(JobState.READY)
    kit.store.busy("update", times=3)
    assert await kit.patiently(asyncio.ensure_future(kit.look(1))) == AT_ONCE
    assert len(kit.generator.fetches.calls) == 1
    assert kit.files.track(await kit.job()) is not None


# --- sending ----------------------------------------------------------------------------------------------------------


async def test_the_intent_to_deliver_is_durable_before_anything_is_sent(kit: Kit):
    await kit.at(JobState.DELIVERING)
    seen: list[object] = []

    async def look(_call: object) -> DeliveredMessage:
        job = await kit.job()
        seen.append((job.state, job.deliver_started_at))
        assert kit.in_flight() == {1}
        return DeliveredMessage(channel_id=6, message_id=901)

    kit.discord.deliveries.then(look)
    assert await kit.run_step() == AT_ONCE
    assert seen == [(JobState.DELIVERING, NOON)]
    assert (await kit.job()).track_message_id == 901
    assert not kit.in_flight()


async def test_an_intent_that_cannot_be_written_sends_nothing(kit: Kit):
    await kit.at(JobState.READY, fetched=True)
    kit.store.busy("move")
    with pytest.raises(StoreBusyError):
        await kit.look(1)
    assert not kit.discord.deliveries.calls


async def test_within_a_minute_the_nonce_is_trusted_and_nothing_is_searched(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.clock.leap(59)
    await kit.run_step()
    assert not kit.discord.searches.calls
    assert len(kit.discord.deliveries.calls) == 1


async def test_after_a_minute_our_own_message_is_looked_for_first(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.clock.leap(61)
    kit.discord.searches.then(DeliveredMessage(channel_id=8, message_id=902))
    assert await kit.run_step() == AT_ONCE
    ((_, since),) = kit.discord.searches.calls
    assert since == NOON - timedelta(seconds=30)
    assert not kit.discord.deliveries.calls
    job = await kit.job()
    assert (job.state, job.track_channel_id, job.track_message_id) == (JobState.DELIVERED, 8, 902)


async def test_a_message_that_is_not_found_is_sent(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.clock.leap(3600)
    await kit.run_step()
    assert len(kit.discord.deliveries.calls) == 1
    assert (await kit.job()).state is JobState.DELIVERED


async def test_a_search_that_discord_does_not_answer_sends_nothing_yet(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.clock.leap(61)
    kit.discord.searches.then(DeliveryLaterError("500"))
    assert pause_of(await kit.run_step()) > 0
    assert not kit.discord.deliveries.calls
    assert not kit.in_flight()


async def test_an_outage_of_discord_is_waited_out_for_a_day(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.discord.deliveries.default = DeliveryLaterError("500", retry_after_seconds=100)
    while (await kit.job()).state is JobState.DELIVERING:
        step = await kit.run_step()
        kit.clock.leap(600)
        if step != AT_ONCE:
            assert pause_of(step) >= 60
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.UNDELIVERABLE, Reason.CHANNEL_GONE)
    assert timedelta(hours=24) < job.moved_at - NOON < timedelta(hours=25)
    assert kit.files.track(job) is not None


async def test_a_bot_that_was_down_for_days_tries_to_deliver_before_it_gives_up(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.clock.leap(5 * 86_400)
    kit.discord.deliveries.then(DeliveryLaterError("500"))
    assert pause_of(await kit.run_step()) > 0
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED


async def test_an_undeliverable_track_is_kept_and_can_be_asked_for_again(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.discord.deliveries.then(UndeliverableError("50001"), UndeliverableError("50001"))
    assert await kit.run_on() == DONE
    job = await kit.job()
    assert (job.state, job.reason, job.notified_state) == (
        JobState.UNDELIVERABLE,
        Reason.CHANNEL_GONE,
        JobState.UNDELIVERABLE,
    )
    assert kit.service.track_file(job) is not None
    await kit.service.ask_again(1, OWNER)
    assert await kit.run_on() == DONE
    assert kit.discord.told_states == [JobState.UNDELIVERABLE] * 2
    await kit.service.ask_again(1, OWNER)
    await kit.run_on()
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.DELIVERED, None)
    assert kit.counted("compose_deliveries_total", outcome="undeliverable") == 2
    assert kit.counted("compose_deliveries_total", outcome="delivered") == 1


async def test_a_message_that_was_sent_is_written_down_however_long_the_database_is_busy(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.store.busy("move", times=15, into=JobState.DELIVERED)
    assert await kit.patiently(asyncio.ensure_future(kit.look(1))) == AT_ONCE
    assert len(kit.discord.deliveries.calls) == 1
    assert (await kit.job()).state is JobState.DELIVERED


async def test_two_processes_that_deliver_at_once_confirm_once(kit: Kit):
    await kit.at(JobState.DELIVERING)
    other = kit.restarted()
    await asyncio.gather(kit.look(1), other.look(1))
    assert [*await kit.states()].count(JobState.DELIVERED) == 1


async def test_a_copy_that_vanished_is_fetched_again_before_it_is_sent(kit: Kit):
    job = await kit.at(JobState.DELIVERING)
    path = kit.files.track(job)
    assert path is not None
    path.unlink()
    assert await kit.run_step() == AT_ONCE
    assert not kit.discord.deliveries.calls
    await kit.run_on()
    assert kit.discord.deliveries.calls[0][1] == TRACK


async def test_a_copy_that_vanished_and_cannot_be_had_any_more_is_undeliverable(kit: Kit):
    job = await kit.at(JobState.DELIVERING)
    path = kit.files.track(job)
    assert path is not None
    path.unlink()
    kit.generator.fetches.default = TrackLostError("403")
    while (await kit.job()).state is JobState.DELIVERING:
        await kit.run_step()
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.UNDELIVERABLE, Reason.TRACK_LOST)


async def test_the_time_until_the_message_is_measured(kit: Kit):
    await kit.at(JobState.DELIVERING)
    kit.clock.leap(7)
    await kit.run_step()
    assert kit.counted("compose_delivery_seconds_sum") == pytest.approx(7)


async def test_a_ready_job_without_a_track_is_a_mistake_in_the_code(kit: Kit):
    await kit.at(JobState.READY)
    await kit.store.update(1, track=None)
    with pytest.raises(RuntimeError, match="without a track"):
        await kit.look(1)


# --- what was not heard, what cannot be fetched -----------------------------------------------------------------------


async def seconds_of(kit: Kit) -> float | None:
    track = (await kit.job()).track
    assert track is not None
    return track.seconds


async def test_a_track_that_cannot_be_decided_on_is_heard_once_in_a_process_however_often_it_is_sent(kit: Kit):
    await kit.at(JobState.READY)
    kit.fetcher.listens.default = None
    kit.discord.deliveries.then(*(DeliveryLaterError("503") for _ in range(3)))
    for _ in range(6):
        await kit.run_step()
    assert (await kit.job()).state is JobState.DELIVERED
    assert len(kit.fetcher.listens.calls) == 1
    assert await seconds_of(kit) is None


async def test_a_track_that_the_last_process_could_not_decide_on_is_heard_by_the_next_one(kit: Kit):
    await kit.at(JobState.READY)
    kit.fetcher.listens.then(None)
    await kit.run_step()
    later = kit.restarted()
    await later.run_on()
    assert (await later.job()).state is JobState.DELIVERED
    assert await seconds_of(later) == 93.5
    ((sent, _),) = later.discord.deliveries.calls
    assert sent.track.seconds == 93.5


async def test_a_track_that_stays_undecided_without_a_link_is_heard_again_when_the_member_asks(kit: Kit):
    await kit.at(JobState.READY)
    kit.fetcher.listens.then(None)
    kit.discord.deliveries.then(UndeliverableError("no link", reason=Reason.TRACK_UNHEARD))
    await kit.run_on()
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.UNDELIVERABLE, Reason.TRACK_UNHEARD)
    assert kit.files.track(job) is not None
    await kit.service.ask_again(1, OWNER)
    await kit.run_on()
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.DELIVERED, None)
    assert await seconds_of(kit) == 93.5
    assert len(kit.fetcher.listens.calls) == 2


async def test_a_track_that_turns_out_to_be_none_when_it_is_heard_again_is_never_sent(kit: Kit):
    await kit.at(JobState.READY)
    kit.fetcher.listens.then(None)
    await kit.run_step()
    later = kit.restarted()
    later.fetcher.listens.default = TrackLostError("no audio")
    assert pause_of(await later.run_step()) > 0
    assert later.discord.deliveries.calls == []


async def out_of_reach(kit: Kit, error: Exception) -> None:
    """Until the job does something else than wait."""
    kit.generator.fetches.default = error
    while (await kit.job()).state is JobState.READY:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)


@pytest.mark.parametrize("error", [TrackLostError("403", may_open=True), TrackNotReadyError("no way", may_open=True)])
async def test_a_file_that_only_we_cannot_fetch_is_handed_over_as_its_link(kit: Kit, error: Exception):
    await kit.at(JobState.READY)
    await out_of_reach(kit, error)
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.DELIVERING, Reason.TRACK_LOST)
    later = kit.restarted()
    await later.run_on()
    job = await later.job()
    assert (job.state, job.reason, job.track_message_id) == (JobState.DELIVERED, None, 900)
    assert len(later.discord.links.calls) == 1
    assert later.generator.fetches.calls == []


async def test_without_a_link_such_a_file_can_be_looked_for_again(kit: Kit):
    await kit.at(JobState.READY)
    kit.discord.links_can_be_offered = False
    await out_of_reach(kit, TrackLostError("403", may_open=True))
    job = await kit.job()
    assert (job.state, job.reason) == (JobState.FAILED, Reason.TRACK_LOST)
    assert kit.discord.links.calls == []


async def test_a_link_that_no_place_takes_can_be_asked_for_again_and_is_fetched_then(kit: Kit):
    await kit.at(JobState.READY)
    kit.discord.links.then(DeliveryLaterError("503"), UndeliverableError("50001", reason=Reason.TRACK_LOST))
    await out_of_reach(kit, TrackLostError("403", may_open=True))
    assert pause_of(await kit.run_step()) > 0
    await kit.run_on()
    assert (await kit.job()).state is JobState.UNDELIVERABLE
    kit.generator.fetches.default = TRACK
    await kit.service.ask_again(1, OWNER)
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED
    assert len(kit.discord.deliveries.calls) == 1


async def test_a_copy_that_is_gone_and_cannot_be_fetched_anew_is_handed_over_as_its_link(kit: Kit):
    job = await kit.at(JobState.DELIVERING)
    track = kit.files.track(job)
    assert track is not None
    track.unlink()
    kit.generator.fetches.default = TrackLostError("403", may_open=True)
    while (await kit.job()).state is JobState.DELIVERING:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    assert (await kit.job()).state is JobState.DELIVERED
    assert len(kit.discord.links.calls) == 1
