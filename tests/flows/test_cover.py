"""Whole ways of songs that minimax/music-cover makes, on the two calls of minimax-music."""

import pytest

from bot.jobs.model import JobState
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

COVER = "minimax/music-cover"
LYRICS = "Strophe 1:\nThe tide came in and took my name\n(Refrain)\nand brought it back as someone else"


async def test_a_cover_has_its_words_its_style_and_its_tags_in_fields_of_their_own(open_scenario: OpenScenario) -> None:
    async with open_scenario(api={"generating_seconds": 1.0}, GENERATION_MODEL=COVER) as it:
        await it.order(LYRICS)
        await it.card_says("This model makes a cover")
        await it.track()
        (job,) = await it.rows()
        (posted,) = it.api.ledger.submissions
    assert (job.state, job.model, job.price_micros) == (JobState.DELIVERED, COVER, 150_000)
    assert posted.body["model"] == COVER
    assert posted.body["lyrics"] == job.prompt
    assert posted.body["prompt"] == job.style
    assert [line for line in job.prompt.splitlines() if line.startswith("[")] == ["[Verse 1]", "[Chorus]"]
    assert it.api.ledger.charges == 1


@pytest.mark.parametrize("has_tracing", [True, False])
async def test_a_post_that_was_cut_after_it_was_taken_is_looked_up_or_asked_about_and_never_repeated(
    open_scenario: OpenScenario, has_tracing: bool
) -> None:
    async with open_scenario(api={"has_tracing": has_tracing}, GENERATION_MODEL=COVER) as it:
        it.api.fault("submit", manner="drop", after_effect=True, rule={"times": 1})
        await it.order(LYRICS)
        if has_tracing:
            await it.track()
        else:
            card = await it.card_says("your decision, please")
            pressed = await it.discord.click(card, it.button(card, "dismiss"))
            await it.discord.until(lambda: pressed.answered, PATIENCE_SECONDS)
        (job,) = await it.rows()
    assert job.state is (JobState.DELIVERED if has_tracing else JobState.CANCELLED)
    assert (len(it.api.ledger.submissions), it.api.ledger.charges) == (1, 1)


async def test_a_service_without_the_model_ends_the_song_unpaid(open_scenario: OpenScenario) -> None:
    async with open_scenario(api={"without_models": [COVER]}, GENERATION_MODEL=COVER) as it:
        await it.order(LYRICS)
        await it.card_says("no track this time")
        (job,) = await it.rows()
    assert (job.state, it.api.ledger.charges) == (JobState.FAILED, 0)
    assert job.lyrics == LYRICS
