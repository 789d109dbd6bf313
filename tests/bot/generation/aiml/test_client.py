import asyncio
from pathlib import Path

import av
import pytest

from bot.generation.aiml.client import GenerationClient
from bot.jobs.ports import Finished, StillWorking
from sandbox.generation import FakeGeneration
from tests.bot.generation.stand_ins import PROMPT, References, request_for


async def finished(client: GenerationClient, generation_id: str) -> Finished:
    while True:
        progress = await client.poll(generation_id)
        if isinstance(progress, Finished):
            return progress
        assert isinstance(progress, StillWorking)
        await asyncio.sleep(0.02)


async def test_a_song_goes_the_whole_way(
    client: GenerationClient, api: FakeGeneration, references: References, tmp_path: Path
) -> None:
    generation_id = await client.submit(request_for(references.url()))
    done = await finished(client, generation_id)
    size = await client.fetch(done.track_url, tmp_path / "track.mp3")

    assert size == (tmp_path / "track.mp3").stat().st_size > 10_000
    with av.open(str(tmp_path / "track.mp3")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 3 * 22_050
    assert api.ledger.charges == 1
    assert api.ledger.keys_leaked == 0


async def test_the_post_carries_exactly_the_three_documented_fields(
    client: GenerationClient, api: FakeGeneration, references: References
) -> None:
    await client.submit(request_for(references.url()))

    posted = api.ledger.submissions[0]
    assert posted.body == {"model": "minimax-music", "prompt": PROMPT, "reference_audio_url": references.url()}
    assert posted.content_type == "application/json"
    assert posted.client_request_id == "compose-0123456789abcdef-1"
    assert posted.user_agent.startswith("compose-bot/")


@pytest.mark.parametrize("status", ["queued", "GENERATING", " Waiting ", "a word nobody knows", "completed"])
async def test_a_status_that_is_no_end_is_still_working(
    client: GenerationClient, api: FakeGeneration, references: References, status: str
) -> None:
    api.script(polls=[{"manner": "answer", "status": 200, "body": {"id": "{id}", "status": status}}])
    generation_id = await client.submit(request_for(references.url()))

    assert await client.poll(generation_id) == StillWorking(status=status.strip().lower())
