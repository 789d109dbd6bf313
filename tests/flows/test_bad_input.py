"""Songs that cannot be used: a sentence each, nothing paid, the words kept; and those that only need converting."""

import av

from bot.jobs.model import JobState
from tests.bot.audio.making import encoded, mp3, music, silence, wav
from tests.flows.conftest import OpenPlay
from tests.flows.play import LYRICS


async def test_each_bad_song_gets_its_sentence_and_none_is_paid_for(open_play: OpenPlay) -> None:
    songs = {
        "A picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 4000, "not a song"),
        "A page": (b"<!doctype html><html><body>404</body></html>" * 40, "MP3 or WAV"),
        "A short one": (mp3(12), "12."),
        "Fifteen seconds": (mp3(15), "more than 15"),
        "Silence": (wav(silence(20)), "silent"),
    }
    async with open_play(REFERENCE_MAX_BYTES="8000000") as play:
        for title, (data, _) in songs.items():
            await play.order(title=title, file=data)
        for title, (_, words) in songs.items():
            card = await play.card_says(words, title)
            assert play.button(card, "edit")
        jobs = await play.rows()
        assert {job.state for job in jobs} == {JobState.REFUSED}
        assert {job.lyrics for job in jobs} == {LYRICS}
        assert not play.api.ledger.submissions


async def test_a_song_over_the_cap_is_refused_before_it_is_fetched(open_play: OpenPlay) -> None:
    async with open_play(REFERENCE_MAX_BYTES="100000") as play:
        asked = await play.order()
        answer = await play.told(asked)
        assert "MB" in answer.content or "KB" in answer.content or "kB" in answer.content
        assert LYRICS.splitlines()[0] in play.seen()
        assert await play.rows() == []


async def test_an_ogg_file_is_converted_published_and_used(open_play: OpenPlay) -> None:
    async with open_play() as play:
        await play.order(file=encoded(music(20, 48_000), "ogg", "libopus", 48_000, kbps=96), name="take_two.ogg")
        await play.track()
        (job,) = await play.rows()
        assert job.state is JobState.DELIVERED
        assert job.reference.name == "take_two.mp3"
        (generation,) = play.api.ledger.generations.values()
        with av.open(str(generation.reference)) as heard:
            assert heard.format.name == "mp3"
