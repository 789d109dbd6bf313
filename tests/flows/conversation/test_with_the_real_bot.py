"""The same conversations with the whole bot as its own process: engine, ears and music API included."""

import pytest

from tests.bot.audio.sound_files import mp3
from tests.client_kit import labels_of, text_of
from tests.flows.conftest import OpenScenario
from tests.flows.conversation.forms import fields_of
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS

pytestmark = pytest.mark.waits


async def test_a_song_too_short_is_refused_in_words_and_another_is_asked_for(
    open_scenario: OpenScenario, song: bytes
) -> None:
    async with open_scenario() as scenario:
        await scenario.order(file=mp3(9))
        card = await scenario.card_says("seconds")
        assert "more than 15 seconds" in text_of(card)
        assert "Nothing was charged" in text_of(card)
        assert labels_of(card) == ["Another song"]
        pressed = await scenario.discord.click(card, "Another song")
        form = await scenario.discord.until(lambda: pressed.modal)
        assert fields_of(form)["lyrics"]["value"] == LYRICS
        await scenario.discord.submit(form, files={"song": ("longer.mp3", song)})
        await scenario.track()


async def test_words_by_form_become_a_track_whose_buttons_make_the_next(
    open_scenario: OpenScenario, song: bytes
) -> None:
    async with open_scenario() as scenario:
        asked = await scenario.discord.slash("compose", files={"reference": ("song.mp3", song)})
        form = await scenario.discord.until(lambda: asked.modal)
        await scenario.discord.submit(form, {"title": "Tide", "lyrics": LYRICS})
        track = await scenario.track()
        assert labels_of(track) == ["Open the track", "Again", "Edit lyrics", "Lyrics", "Delete"]
        await scenario.discord.click(track, "Again")
        await scenario.discord.until(lambda: len(scenario.tracks()) == 2, PATIENCE_SECONDS)
        assert scenario.discord.violations == []


async def test_neither_tokens_nor_words_nor_signatures_reach_the_log(open_scenario: OpenScenario) -> None:
    async with open_scenario() as scenario:
        asked = await scenario.order()
        await scenario.track()
        log = scenario.stage.bot.log
        assert asked.token not in log
        assert scenario.discord.token not in log
        assert LYRICS.partition("\n")[0] not in log
        assert "hm=" not in log
