import asyncio
from pathlib import Path

import pytest

from bot.errors import BusyError
from bot.generation.aiml.client import GenerationClient
from bot.jobs.ports import Finished, StillWorking
from sandbox.generation import FakeGeneration, Manner
from tests.bot.generation.stand_ins import References, request_for

SONGS = 30
SICK = (
    Manner.DROP,
    Manner.HTML,
    Manner.TRUNCATE,
    Manner.HUGE,
    Manner.WRONG_TYPES,
    Manner.EMPTY,
    Manner.NOISE,
    Manner.ANSWER,
)


@pytest.mark.heavy
@pytest.mark.parametrize("share", [0.05, 0.2])
async def test_every_song_arrives_although_a_share_of_all_polls_fails(
    client: GenerationClient, api: FakeGeneration, references: References, tmp_path: Path, share: float
) -> None:
    for manner in SICK:
        api.fault(
            "poll", manner=manner, status=503 if manner is Manner.ANSWER else 200, rule={"probability": share / 4}
        )
    busy = 0

    async def song(number: int) -> None:
        nonlocal busy
        generation_id = await client.submit(request_for(references.url(), name=f"compose-{number}-1"))
        while True:
            try:
                progress = await client.poll(generation_id)
            except BusyError:
                busy += 1
                continue
            if isinstance(progress, Finished):
                break
            assert isinstance(progress, StillWorking)
        assert await client.fetch(progress.track_url, tmp_path / f"{number}.mp3") > 0

    await asyncio.gather(*(song(number) for number in range(SONGS)))

    assert busy > 0
    assert len(list(tmp_path.iterdir())) == api.ledger.charges == SONGS
    assert api.ledger.repeated_posts == api.ledger.paid_twice == {}
