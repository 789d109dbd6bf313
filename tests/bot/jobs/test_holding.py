"""References whose address ends while their song waits: renewed from our copy, no reason to fail while it is held."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import (
    AccountError,
    BusyError,
    DeliveryLaterError,
    DiskError,
    HearingFaultError,
    Reason,
    ReferenceRefusedError,
)
from bot.jobs.admission import PAUSED, Pause
from bot.jobs.context import RunAgain
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModels, ReferenceForm
from bot.jobs.ports import Published
from bot.jobs.sound_ports import CheckedReference
from tests.bot.jobs.kit import Kit
from tests.bot.jobs.orders import an_order

FRESH = "https://cdn.discordapp.com/ours.mp3?ex=2"
NO_CREDITS = AccountError("403", reason=Reason.NO_CREDITS)
HELD = RunAgain(after_seconds=15)


async def waiting(kit: Kit, *, expires_in: timedelta) -> Job:
    """A queued song whose copy lies there, and whose address ends so soon."""
    job = await kit.order(an_order(1, expires_in=expires_in))
    reference = replace(job.reference, copy_name="1-copy.mp3", seconds=61.5, format="mp3")
    moved = await kit.real_store.move(job, JobState.QUEUED, kit.clock.now(), reference=reference)
    assert moved is not None
    kit.fetcher.checks.default = lambda job: CheckedReference(reference=job.reference, must_be_published=True)
    later = kit.clock.now() + timedelta(days=30)
    kit.discord.publications.default = Published(url=FRESH, expires_at=later)
    return moved


async def test_an_address_that_ends_while_the_line_is_held_is_renewed(kit: Kit):
    await waiting(kit, expires_in=timedelta(hours=24))
    kit.brake.refused("aiml", NO_CREDITS)
    assert await kit.run_step() == HELD
    assert not kit.discord.publications.calls
    await kit.clock.advance(23.8 * 3_600)
    assert await kit.run_step() == HELD
    assert (await kit.job()).reference.url == FRESH
    await kit.clock.advance(10 * 24 * 3_600)
    assert await kit.run_step() == HELD
    assert len(kit.discord.publications.calls) == 1
    kit.brake._set("aiml", None)
    await kit.run_step()
    assert kit.generator.submits.calls[0].reference_url == FRESH


async def test_an_address_that_ends_while_the_bot_is_paused_is_renewed(kit: Kit):
    await waiting(kit, expires_in=timedelta(hours=24))
    await kit.real_store.set_value(PAUSED, Pause(reason="new strings").written())
    for _ in range(3):
        assert await kit.run_step() == HELD
        await kit.clock.advance(11.9 * 3_600)
    assert (await kit.job()).reference.url == FRESH
    assert (await kit.job()).state is JobState.QUEUED
    await kit.real_store.set_value(PAUSED, "")
    await kit.run_step()
    assert kit.generator.submits.calls[0].reference_url == FRESH


async def test_an_address_that_ended_while_the_bot_was_down_is_renewed_before_the_post(kit: Kit):
    await waiting(kit, expires_in=timedelta(hours=1))
    kit.clock.leap(48 * 3_600)
    await kit.run_step()
    assert (await kit.job()).state is JobState.GENERATING
    assert kit.generator.submits.calls[0].reference_url == FRESH


@pytest.mark.parametrize(
    "error",
    [
        ReferenceRefusedError(Reason.NO_PERMISSION),
        BusyError("502"),
        DiskError("gone"),
        HearingFaultError("ours", detail="", is_lasting=True),
    ],
)
async def test_a_renewal_that_fails_ends_no_song_while_it_is_held(kit: Kit, error: Exception):
    await waiting(kit, expires_in=timedelta(minutes=10))
    kit.fetcher.checks.default, good = error, kit.fetcher.checks.default
    kit.brake.refused("aiml", NO_CREDITS)
    for _ in range(40):
        assert await kit.run_step() == HELD
        await kit.clock.advance(60)
    assert len(kit.fetcher.checks.calls) == 8, "once in five minutes"
    kit.fetcher.checks.default = good
    kit.brake._set("aiml", None)
    await kit.run_step()
    assert (await kit.job()).state is JobState.GENERATING


async def test_an_address_that_cannot_be_renewed_yet_is_used_while_it_lasts(kit: Kit):
    await waiting(kit, expires_in=timedelta(minutes=10))
    kit.discord.publications.default = DeliveryLaterError("500")
    await kit.run_step()
    assert (await kit.job()).state is JobState.GENERATING


async def test_a_renewal_that_fails_for_long_when_the_song_could_go_ends_it_unpaid(kit: Kit):
    await waiting(kit, expires_in=timedelta(minutes=1))
    kit.discord.publications.default = DeliveryLaterError("500")
    while (await kit.job()).state is JobState.QUEUED:
        step = await kit.run_step()
        await kit.clock.advance(step.after_seconds if isinstance(step, RunAgain) else 0)
    job = await kit.job()
    assert (job.state, job.reason, job.may_be_charged) == (JobState.FAILED, Reason.REFERENCE_GONE, False)
    assert kit.clock.now() - job.created_at > kit.context.limits.check_timeout


@pytest.mark.parametrize("error", [DeliveryLaterError("500"), ReferenceRefusedError(Reason.NO_PERMISSION)])
async def test_a_song_whose_address_cannot_be_renewed_keeps_its_place_in_a_pause_and_goes_on_after_it(
    kit: Kit, error: Exception
):
    job = await waiting(kit, expires_in=timedelta(minutes=1))
    await kit.real_store.set_value(PAUSED, Pause(reason="new strings").written())
    kit.discord.publications.default, good = error, kit.discord.publications.default
    for _ in range(30):
        step = await kit.run_step()
        assert isinstance(step, RunAgain)
        await kit.clock.advance(max(60, step.after_seconds))
    assert kit.clock.now() - job.created_at > kit.context.limits.check_timeout
    assert (await kit.job()).state is JobState.QUEUED
    kit.discord.publications.default = good
    await kit.real_store.set_value(PAUSED, "")
    await kit.run_step()
    assert kit.generator.submits.calls[0].reference_url == FRESH


async def test_a_full_disk_is_waited_for_and_not_counted(kit: Kit):
    await waiting(kit, expires_in=timedelta(minutes=1))
    kit.fetcher.checks.default, good = DiskError("full"), kit.fetcher.checks.default
    for _ in range(8):
        await kit.run_step()
        await kit.clock.advance(600)
    assert (await kit.job()).state is JobState.QUEUED
    assert kit.disk.trouble
    kit.fetcher.checks.default = good
    await kit.run_step()
    assert (await kit.job()).state is JobState.GENERATING


async def test_a_model_that_takes_bytes_needs_no_address(kit: Kit):
    job = await waiting(kit, expires_in=timedelta(minutes=1))
    kit.context.models = MusicModels([replace(kit.model, reference_form=ReferenceForm.BYTES)])
    kit.files.reference_path("1-copy.mp3").write_bytes(b"ID3")
    await kit.run_step()
    assert not kit.discord.publications.calls
    assert kit.generator.submits.calls[0].reference_file == kit.files.reference(job)
