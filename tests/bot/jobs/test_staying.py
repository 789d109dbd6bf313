"""A song stays where it began: at its service, at the address that took it, in the words that it was sent."""

from dataclasses import replace

import pytest

from bot.errors import AccountError, Reason, RefusedError
from bot.jobs.context import WITHOUT_A_MODEL, RunAgain
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModels, Repeat
from tests.bot.jobs.kit import Kit, finished

OLD, NEW = "https://old.example", "https://new.example"
LOST = RefusedError("not found", reason=Reason.GENERATION_LOST)


async def begun_elsewhere(kit: Kit) -> Job:
    """A song that the old address has taken; asked now is the new one."""
    job = await kit.at(JobState.GENERATING)
    moved = await kit.real_store.update(job.id, service_address=OLD, card_message_id=500)
    assert moved is not None
    kit.context.models = MusicModels([replace(kit.model, address=NEW)])
    return moved


async def test_a_post_keeps_where_it_went(kit: Kit) -> None:
    kit.context.models = MusicModels([replace(kit.model, address=OLD)])
    job = await kit.order()
    await kit.run_on(job.id)
    assert (await kit.job()).service_address == OLD


@pytest.mark.parametrize("error", [LOST, AccountError("refused", reason=Reason.KEY_REFUSED)])
async def test_an_address_that_does_not_know_a_song_has_not_lost_it(kit: Kit, error: Exception) -> None:
    job = await begun_elsewhere(kit)
    kit.generator.polls.default = error
    for _ in range(6):
        assert await kit.run_step() == WITHOUT_A_MODEL
    assert (await kit.job()).state is JobState.GENERATING
    assert kit.brake.all_held() == {}
    assert kit.context.models.elsewhere == 1
    _, eta = kit.discord.shows.calls[-1]
    assert eta.is_stranded
    # at the former address it goes on where it stood
    kit.context.models = MusicModels([replace(kit.model, address=OLD)])
    kit.generator.polls.default = finished()
    await kit.run_on()
    assert (await kit.job()).state is JobState.DELIVERED
    assert (job.attempt, kit.generator.submits.calls) == (1, [])


async def test_an_address_that_knows_a_song_is_its_own_from_then_on(kit: Kit) -> None:
    await begun_elsewhere(kit)
    kit.generator.polls.then(LOST)
    assert await kit.run_step() == WITHOUT_A_MODEL
    assert isinstance(await kit.run_step(), RunAgain)
    assert ((await kit.job()).service_address, kit.context.models.elsewhere) == (NEW, 0)
    kit.generator.polls.default = LOST
    for _ in range(3):
        await kit.run_on()
    assert (await kit.job()).reason is Reason.GENERATION_LOST


async def test_songs_at_another_address_hold_no_place_at_this_one(kit: Kit) -> None:
    await begun_elsewhere(kit)
    kit.context.models = kit.line._models = MusicModels([replace(kit.model, address=NEW, concurrency=1)])
    mine = await kit.order()
    await kit.run_on(mine.id)
    assert (await kit.job(mine.id)).state is JobState.QUEUED
    kit.generator.polls.then(LOST)
    assert await kit.run_step(1) == WITHOUT_A_MODEL
    kit.line.look()
    await kit.run_on(mine.id)
    assert (await kit.job(mine.id)).state is JobState.GENERATING


async def test_the_same_name_of_another_service_is_another_model(kit: Kit) -> None:
    job = await kit.at(JobState.GENERATING)
    kit.context.models = MusicModels([replace(kit.model, provider="fal")])
    assert await kit.run_step() == WITHOUT_A_MODEL
    assert (await kit.job()) == job
    assert not kit.context.models.is_open("aiml", job.model)


@pytest.mark.heavy
async def test_what_is_free_is_sent_again_twice_over_restarts_too(kit: Kit) -> None:
    free = replace(kit.model, repeat=Repeat.FREE, look_up=None)
    kit.context.models = MusicModels([free])
    job = await kit.order()
    posts = 0
    for _ in range(5):
        await kit.run_on(job.id)
        kit.generator.polls.default = LOST
        for _ in range(4):
            await kit.run_on(job.id)
        posts += len(kit.generator.submits.calls)
        generator = kit.generator
        kit = kit.restarted()
        kit.generator.polls.default = generator.polls.default
        kit.generator.submits.default = lambda request: f"again-{request.client_request_id}"
        kit.context.models = MusicModels([replace(free, generator=kit.generator)])
    ended = await kit.job(job.id)
    assert (ended.state, ended.reason, posts) == (JobState.FAILED, Reason.GENERATION_LOST, 3)
