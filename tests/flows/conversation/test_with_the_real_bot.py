"""The same conversations with the whole bot as its own process: engine, ears and music API included."""

from tests.bot.audio.making import mp3
from tests.flows.conftest import OpenPlay
from tests.flows.conversation.forms import fields_of
from tests.flows.play import LYRICS, PATIENCE_SECONDS
from tests.front import labels_of, words_of


async def test_a_song_too_short_is_refused_in_words_and_another_is_asked_for(open_play: OpenPlay, song: bytes) -> None:
    async with open_play() as play:
        await play.order(file=mp3(9))
        card = await play.card_says("seconds")
        assert "more than 15 seconds" in words_of(card)
        assert "Nothing was charged" in words_of(card)
        assert labels_of(card) == ["Another song"]
        pressed = await play.discord.click(card, "Another song")
        form = await play.discord.until(lambda: pressed.modal)
        assert fields_of(form)["lyrics"]["value"] == LYRICS
        await play.discord.submit(form, files={"song": ("longer.mp3", song)})
        await play.track()


async def test_words_by_form_become_a_track_whose_buttons_make_the_next(open_play: OpenPlay, song: bytes) -> None:
    async with open_play() as play:
        asked = await play.discord.slash("compose", files={"reference": ("song.mp3", song)})
        form = await play.discord.until(lambda: asked.modal)
        await play.discord.submit(form, {"title": "Tide", "lyrics": LYRICS})
        track = await play.track()
        assert labels_of(track) == ["Open the track", "Again", "Edit lyrics", "Lyrics", "Delete"]
        await play.discord.click(track, "Again")
        await play.discord.until(lambda: len(play.tracks()) == 2, PATIENCE_SECONDS)
        assert play.discord.violations == []


async def test_neither_tokens_nor_words_nor_signatures_reach_the_log(open_play: OpenPlay) -> None:
    async with open_play() as play:
        asked = await play.order()
        await play.track()
        log = play.stage.bot.log
        assert asked.token not in log
        assert play.discord.token not in log
        assert LYRICS.partition("\n")[0] not in log
        assert "hm=" not in log
