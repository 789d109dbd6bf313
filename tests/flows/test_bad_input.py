"""Songs that cannot be used: a sentence each, nothing paid, the words kept; and those that only need converting."""

import av
import pytest

from bot.jobs.model import JobState
from tests.bot.audio.sound_files import encoded, mp3, music, silence, wav
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import LYRICS


@pytest.mark.heavy
async def test_each_bad_song_gets_its_sentence_and_none_is_paid_for(open_scenario: OpenScenario) -> None:
    songs = {
        "A picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 4000, "not a song"),
        "A page": (b"<!doctype html><html><body>404</body></html>" * 40, "MP3 or WAV"),
        "A short one": (mp3(12), "12."),
        "Fifteen seconds": (mp3(15), "more than 15"),
        "Silence": (wav(silence(20)), "silent"),
    }
    async with open_scenario(REFERENCE_MAX_BYTES="8000000") as scenario:
        for title, (data, _) in songs.items():
            await scenario.order(title=title, file=data)
        for title, (_, words) in songs.items():
            card = await scenario.card_says(words, title)
            assert scenario.button(card, "edit")
        jobs = await scenario.rows()
        assert {job.state for job in jobs} == {JobState.REFUSED}
        assert {job.lyrics for job in jobs} == {LYRICS}
        assert not scenario.api.ledger.submissions


@pytest.mark.waits
async def test_a_song_over_the_cap_is_refused_before_it_is_fetched(open_scenario: OpenScenario) -> None:
    async with open_scenario(REFERENCE_MAX_BYTES="100000") as scenario:
        asked = await scenario.order()
        answer = await scenario.private_answer(asked)
        assert "MB" in answer.content or "KB" in answer.content or "kB" in answer.content
        assert LYRICS.splitlines()[0] in scenario.seen()
        assert await scenario.rows() == []


@pytest.mark.heavy
async def test_an_ogg_file_is_converted_published_and_used(open_scenario: OpenScenario) -> None:
    async with open_scenario() as scenario:
        await scenario.order(file=encoded(music(20, 48_000), "ogg", "libopus", 48_000, kbps=96), name="take_two.ogg")
        await scenario.track()
        (job,) = await scenario.rows()
        assert job.state is JobState.DELIVERED
        assert job.reference.name == "take_two.mp3"
        (generation,) = scenario.api.ledger.generations.values()
        with av.open(str(generation.reference)) as heard:
            assert heard.format.name == "mp3"
