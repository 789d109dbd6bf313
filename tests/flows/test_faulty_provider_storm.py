"""What takes long: chance that strikes for minutes, calls that hang until they are let go, an API that is not there."""

import array
import math
import wave
from pathlib import Path

import pytest

from bot.jobs.model import JobState
from tests.flows.song_batch import HELD, open_song_batch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_PATIENCE_SECONDS = 200.0
_MANNERS = (
    {"status": 500},
    {"manner": "html", "status": 503},
    {"manner": "drop"},
    {"manner": "truncate"},
    {"manner": "wrong_types", "status": 200},
    {"manner": "huge", "status": 200},
    {"manner": "slow", "delay_seconds": 2.0},
)


@pytest.mark.parametrize("percent", [5, 20])
async def test_forty_songs_survive_a_share_of_failing_polls(tmp_path: Path, song: bytes, percent: int) -> None:
    api = {"generating_seconds": 4.0}
    async with open_song_batch(tmp_path, song, api=api, GENERATION_TIMEOUT_SECONDS="240") as batch:
        for manner in _MANNERS:
            batch.api.fault("poll", rule={"probability": percent / 100 / len(_MANNERS)}, **manner)
        names = [f"storm {number} of forty" for number in range(40)]
        for name in names:
            await batch.order_song(name)
        for name in names:
            await batch.delivered(name, patience_seconds=_PATIENCE_SECONDS)
        ledger = batch.api.ledger
        struck = sum(count for name, count in ledger.struck.items() if name.startswith("poll"))
        polls = sum(len(made.polled_at) for made in ledger.generations.values())
        assert struck > 0
        assert polls > 40
        assert ledger.charges == 40


async def test_what_hangs_is_let_go_in_the_end_and_finished(tmp_path: Path, song: bytes) -> None:
    async with open_song_batch(tmp_path, song, GENERATION_TIMEOUT_SECONDS="240") as batch:
        await batch.order_song("a poll that hangs", script={"polls": [{"manner": "hang"}, "generating", "completed"]})
        hang, sound = {"manner": "hang"}, {"manner": "slow"}
        await batch.order_song("a download that hangs", script={"tracks": [hang, sound]})
        await batch.order_song("a POST that hangs", script={"submit": hang})
        await batch.ended_with("a POST that hangs", JobState.UNKNOWN, "charged twice")
        await batch.delivered("a poll that hangs", patience_seconds=_PATIENCE_SECONDS)
        await batch.delivered("a download that hangs", patience_seconds=_PATIENCE_SECONDS)


async def test_connections_that_are_refused_wait_in_line_until_somebody_listens(tmp_path: Path, song: bytes) -> None:
    async with open_song_batch(tmp_path, song) as batch:
        right = batch.api.url
        assert await batch.stage.bot.stop() == 0
        await batch.restart(GENERATION_API_URL="http://127.0.0.1:9")
        await batch.order_song("nobody there")
        await batch.discord.until(lambda: batch.went_through("nobody there").count("queued") >= 2, _PATIENCE_SECONDS)
        await batch.card_says("waiting in line", "nobody there")
        assert not batch.posts("nobody there")
        assert await batch.stage.bot.stop() == 0

        await batch.restart(GENERATION_API_URL=right)
        await batch.delivered("nobody there")


async def test_a_track_too_large_for_its_channel_is_made_smaller(tmp_path: Path, song: bytes) -> None:
    async with open_song_batch(tmp_path, song, composer=LargeComposer()) as batch:
        await batch.order_song("a large track", script=HELD)
        await batch.reached("a large track", JobState.GENERATING)
        batch.discord.set_upload_limit(10 * 1024 * 1024)
        batch.go_on("a large track")
        track = await batch.delivered("a large track", patience_seconds=_PATIENCE_SECONDS)
        (sound, *_) = track.attachments
        assert sound.filename.endswith(".mp3")
        assert 100_000 < len(sound.data) <= 10 * 1024 * 1024


class LargeComposer:
    """Seventy seconds of stereo as WAV: 12 MiB, less than the interaction promised, more than the channel takes."""

    async def compose(self, reference: Path, lyrics: str, into: Path) -> None:
        """Write the file."""
        assert reference.exists()
        assert lyrics
        with wave.open(str(into), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(44_100)
            second = array.array("h", (int(9000 * math.sin(at * 0.0627)) for at in range(44_100 * 2))).tobytes()
            for _ in range(70):
                file.writeframes(second)
