"""Whole ways of songs that fal's queue makes: through its line, with a lost order found again, and stopped in time."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.jobs.model import JobState
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration, Settings
from sandbox.stage import BOT_NAME, NO_LEARNING, NO_LIMITS, OPEN_DOORS, Stage, settings_for, wait_until_ready
from tests.flows.conftest import QUICK
from tests.flows.scenario import PATIENCE_SECONDS, Scenario
from tests.warm_bots import WarmBotProcess

pytestmark = pytest.mark.slow

OpenFal = Callable[..., AbstractAsyncContextManager[Scenario]]


@pytest.fixture
def open_fal(tmp_path: Path, song: bytes) -> OpenFal:
    @asynccontextmanager
    async def opened(
        *, model: str = "fal:minimax-music", crash_at: str = "", **api_settings: Any
    ) -> AsyncIterator[Scenario]:
        settings = Settings.model_validate({"generating_seconds": 0.3, **api_settings})
        async with FakeDiscord(app_name=BOT_NAME) as discord, FakeGeneration(settings, speaks="fal") as api:
            usual = {**settings_for(discord, api), **NO_LIMITS, **OPEN_DOORS, **NO_LEARNING, **QUICK}
            here = {"GENERATION_MODEL": model, "FAL_API_URL": api.url, "FAL_API_KEY": api.key}
            # the other service has neither address nor key: nothing may go there
            nowhere = {"GENERATION_API_URL": "http://127.0.0.1:9", "GENERATION_API_KEY": ""}
            settings = {**usual, **here, **nowhere, "GENERATION_CONCURRENCY": "5", "CRASH_AT": crash_at}
            async with WarmBotProcess(tmp_path, settings) as bot:
                await wait_until_ready(discord, bot)
                yield Scenario(Stage(discord=discord, generation=api, bot=bot), tmp_path, song)

    return opened


@pytest.mark.parametrize("model", ["fal:minimax-music", "fal:ace-step"])
async def test_a_song_comes_back_through_the_queue(open_fal: OpenFal, model: str) -> None:
    async with open_fal(model=model) as it:
        await it.order("[Verse]\nThe tide came in\n[Chorus]\nand took my name")
        await it.track()
        (job,) = await it.rows()
        (posted,) = it.api.ledger.submissions
    assert (job.state, job.provider, job.model) == (JobState.DELIVERED, "fal", model)
    if model == "fal:ace-step":
        assert posted.body["tags"] == posted.body["original_tags"] == job.style
        assert "[Verse]" in posted.body["lyrics"]
    else:
        assert posted.body["prompt"].startswith("##")
    assert (it.api.ledger.charges, it.api.ledger.keys_leaked) == (1, 0)


async def test_the_place_in_the_services_own_line_is_on_the_card(open_fal: OpenFal) -> None:
    async with open_fal(most_at_once=1, generating_seconds=3600, queued_seconds=0) as it:
        await it.order(title="First")
        await it.card_says("being made", "First")
        await it.order(title="Second")
        await it.card_says("the next one there", "Second")
        it.api.change(generating_seconds=0)
        await it.track("First")
        await it.track("Second")


async def test_an_order_whose_answer_was_lost_is_found_by_its_reference(open_fal: OpenFal) -> None:
    async with open_fal() as it:
        it.api.fault("submit", manner="drop", after_effect=True, rule={"times": 1})
        await it.order()
        await it.track()
        (job,) = await it.rows()
    assert job.state is JobState.DELIVERED
    assert (len(it.api.ledger.submissions), it.api.ledger.charges) == (1, 1)


async def test_a_death_after_the_answer_is_settled_by_the_history(open_fal: OpenFal) -> None:
    async with open_fal(crash_at="post_answered") as it:
        await it.order()
        await it.discord.until(lambda: not it.stage.bot.is_running, PATIENCE_SECONDS)
        await it.restart(CRASH_AT="")
        await it.track()
        (job,) = await it.rows()
    assert job.state is JobState.DELIVERED
    assert (len(it.api.ledger.submissions), it.api.ledger.charges) == (1, 1)


async def test_an_order_that_nobody_can_find_is_its_members_to_decide(open_fal: OpenFal) -> None:
    async with open_fal(has_history=False) as it:
        it.api.fault("submit", manner="drop", rule={"times": 1})
        await it.order()
        card = await it.card_says("your decision, please")
        pressed = await it.discord.click(card, it.button(card, "dismiss"))
        await it.discord.until(lambda: pressed.answered, PATIENCE_SECONDS)
        (job,) = await it.rows()
    assert job.state is JobState.CANCELLED
    assert len(it.api.ledger.submissions) == 1, "nothing is sent twice by itself"


async def test_completed_with_an_error_is_told_as_a_failure(open_fal: OpenFal) -> None:
    async with open_fal() as it:
        it.api.script(
            polls=("queued", "error"), error={"name": "content_policy_violation", "message": "The content was flagged."}
        )
        await it.order()
        await it.card_says("no track this time")
        (job,) = await it.rows()
    assert job.state is JobState.FAILED


async def test_what_waits_in_the_line_is_cancelled_free_and_what_is_finished_comes(open_fal: OpenFal) -> None:
    async with open_fal(most_at_once=1, generating_seconds=3600, queued_seconds=0) as it:
        await it.order(title="First")
        first = await it.card_says("being made", "First")
        await it.order(title="Second")
        second = await it.card_says("the next one there", "Second")
        await it.discord.click(second, it.button(second, "cancel"))
        await it.card_says("Nothing was charged", "Second")
        # finished over there, and not looked at since
        it.api.fault("poll", status=503)
        await it.discord.until(lambda: it.api.ledger.struck["poll answer"], PATIENCE_SECONDS)
        it.api.change(generating_seconds=0)
        pressed = await it.discord.click(first, it.button(first, "cancel"))
        assert "too late to stop it" in (await it.private_answer(pressed)).content
        it.api.heal()
        await it.track("First")
        jobs = {job.title: job for job in await it.rows()}
    assert jobs["First"].state is JobState.DELIVERED
    assert (jobs["Second"].state, jobs["Second"].may_be_charged) == (JobState.CANCELLED, False)
    assert it.api.ledger.charges == 1
