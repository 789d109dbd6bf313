"""Several music services beside each other: a song is made where it was ordered, whatever is configured later."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.jobs.model import JobState
from sandbox.generation import FakeGeneration, Settings
from sandbox.stage import open_stage
from sandbox.transcript import custom_ids, rendered
from tests.flows.conftest import QUICK
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS, Scenario
from tests.warm_bots import WarmBotProcess

pytestmark = pytest.mark.slow

BOTH = "minimax-music, acestep"
SONGS = 20
OpenSeveral = Callable[..., AbstractAsyncContextManager[Scenario]]


@pytest.fixture
def open_several(tmp_path: Path, song: bytes) -> OpenSeveral:
    @asynccontextmanager
    async def opened(model: str = BOTH, *, api: dict[str, Any] | None = None, **bot: str) -> AsyncIterator[Scenario]:
        settings = Settings.model_validate({"allow_loopback": True, "generating_seconds": 0.3, **(api or {})})
        mine = {**QUICK, **bot}
        async with open_stage(
            tmp_path, generation=settings, bot_settings=mine, make_bot=WarmBotProcess, model=model
        ) as stage:
            yield Scenario(stage, tmp_path, song)

    return opened


def posted(it: Scenario, contract: str) -> int:
    return len(it.stage.services[contract].ledger.submissions)


async def order(it: Scenario, title: str = "Tide", **options: str) -> None:
    given = {"lyrics": LYRICS, "title": title, **options}
    await it.discord.slash("compose", given, files={"reference": ("song.mp3", it.song)})


async def accepted(api: FakeGeneration, it: Scenario, songs: int) -> None:
    await it.discord.until(lambda: len(api.ledger.generations) == songs, PATIENCE_SECONDS)
    # the ids are kept a moment after they were given
    await it.discord.until(lambda: it.seen().count("being made") >= songs, PATIENCE_SECONDS)


async def test_the_model_that_is_chosen_makes_the_song_and_again_keeps_it(open_several: OpenSeveral) -> None:
    async with open_several() as it:
        await order(it)
        await order(it, "Ebb", model="acestep", style="slow folk, a woman's voice")
        await it.track()
        track = await it.track("Ebb")
        assert (posted(it, "aiml"), posted(it, "acestep")) == (1, 1)
        await it.discord.click(track, it.button(track, "again"))
        await it.discord.until(lambda: len(it.tracks("Ebb")) == 2, PATIENCE_SECONDS)
        assert (posted(it, "aiml"), posted(it, "acestep")) == (1, 2)
        jobs = {job.id: job for job in await it.rows()}
    assert [(job.provider, job.model, job.style) for job in jobs.values()] == [
        ("aiml", "minimax-music", None),
        ("acestep", "acestep", "slow folk, a woman's voice"),
        ("acestep", "acestep", "slow folk, a woman's voice"),
    ]
    assert [job.price_micros for job in jobs.values()] == [37_000, 0, 0]
    assert [job.prompt.startswith("##") for job in jobs.values()] == [True, False, False]


async def test_a_failed_song_is_tried_with_another_model_by_a_press_alone(open_several: OpenSeveral) -> None:
    async with open_several() as it:
        it.api.script(polls=("error",))
        await order(it)
        card = await it.card_says("Try again with acestep")
        assert posted(it, "acestep") == 0
        (press,) = [custom_id for custom_id in custom_ids(card.components) if ":with:" in custom_id]
        await it.discord.click(card, press)
        await it.track()
        first, second = await it.rows()
    assert (first.state, second.state) == (JobState.FAILED, JobState.DELIVERED)
    assert (second.model, second.again_of, second.lyrics) == ("acestep", first.id, first.lyrics)
    assert (len(it.api.ledger.submissions), posted(it, "acestep")) == (1, 1)


async def test_a_change_of_models_sends_no_song_that_is_under_way_elsewhere(open_several: OpenSeveral) -> None:
    """Twenty songs at one service; the bot comes back with another model, and that service's key."""
    async with open_several(api={"generating_seconds": 3600}) as it:
        for number in range(SONGS):
            await order(it, f"Song {number}.")
        await accepted(it.api, it, SONGS)
        await it.stage.bot.stop()
        it.api.world.settings = it.api.world.settings.model_copy(update={"generating_seconds": 0.1})
        it.stage.services["acestep"].world.settings = it.api.world.settings
        await it.restart(GENERATION_MODEL="acestep")
        await order(it, "After")
        jobs = await it.rows()
    assert {job.state for job in jobs} == {JobState.DELIVERED}
    assert [job.model for job in jobs] == ["minimax-music"] * SONGS + ["acestep"]
    assert (len(it.api.ledger.submissions), posted(it, "acestep")) == (SONGS, 1)
    assert it.api.ledger.charges == SONGS


async def test_songs_of_a_service_without_a_key_wait_are_told_of_and_go_on(open_several: OpenSeveral) -> None:
    async with open_several(api={"generating_seconds": 3600}) as it:
        await order(it, "Begun")
        await accepted(it.api, it, 1)
        await it.stage.bot.stop()
        it.api.world.settings = it.api.world.settings.model_copy(update={"generating_seconds": 0.1})
        channel = str(it.discord.place(None).id)
        await it.restart(GENERATION_MODEL="acestep", GENERATION_API_KEY="", OPERATOR_CHANNEL=channel)
        card = await it.card_says("is not set up here just now", "Begun")
        assert "Nothing is lost" in rendered(it.discord, card)
        await it.discord.until(
            lambda: any("wait for `minimax-music`" in message.content for message in it.discord.messages),
            PATIENCE_SECONDS,
        )
        await it.stage.bot.stop()
        await it.restart()
        await it.track("Begun")
        (job,) = await it.rows()
    assert (job.state, job.attempt) == (JobState.DELIVERED, 1)
    assert (it.api.ledger.charges, posted(it, "acestep")) == (1, 0)


async def test_another_address_of_the_same_service_loses_no_song(open_several: OpenSeveral) -> None:
    async with (
        open_several("minimax-music", api={"generating_seconds": 3600}) as it,
        FakeGeneration(Settings(allow_loopback=True, generating_seconds=0.1)) as other,
    ):
        await order(it, "Begun")
        await accepted(it.api, it, 1)
        await it.stage.bot.stop()
        it.api.world.settings = it.api.world.settings.model_copy(update={"generating_seconds": 0.1})
        await it.restart(GENERATION_API_URL=other.url, GENERATION_API_KEY=other.key)
        await it.card_says("is not set up here just now", "Begun")
        await order(it, "After")
        await it.track("After")
        await it.stage.bot.stop()
        await it.restart()
        await it.track("Begun")
        jobs = await it.rows()
    assert {job.state for job in jobs} == {JobState.DELIVERED}
    assert (it.api.ledger.charges, other.ledger.charges) == (1, 1)
