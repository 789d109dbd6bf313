"""A music API that takes too long: deadlines, the pace of looking, the request budget, places in line."""

from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from sandbox.generation import Script
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import SongBatch, open_song_batch

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def batch(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[SongBatch]:
    """Five seconds for each generation, and as many again for an API that does not answer."""
    async with open_song_batch(tmp_path_factory.mktemp("time"), song, GENERATION_TIMEOUT_SECONDS="5") as batch:
        await batch.order_song("never ending", script={"polls": ["generating"]})
        lost = {"status": 200, "body": {"id": "{id}", "status": "completed", "audio_file": None}}
        await batch.order_song("completed without a file", script={"polls": [lost]})
        await batch.order_song("never answering", script={"polls": [{"status": 503}]})
        yield batch


@pytest.mark.parametrize("name", ["never ending", "completed without a file"])
async def test_what_is_not_finished_in_time_expires_and_is_found_by_looking_again(batch: SongBatch, name: str) -> None:
    card = await batch.ended_with(name, JobState.EXPIRED, "was not finished in time")
    (made,) = batch.generations(name)
    made.script = Script()

    await batch.discord.click(card, batch.button(card, "look"))
    await batch.reached(name, JobState.DELIVERED)
    await batch.delivered(name)


async def test_looking_again_for_what_is_still_not_there_is_told_again(batch: SongBatch) -> None:
    await batch.order_song("never ever", script={"polls": ["generating"]})
    card = await batch.ended_with("never ever", JobState.EXPIRED, "was not finished in time")
    await batch.discord.click(card, batch.button(card, "look"))
    await batch.reached("never ever", JobState.GENERATING)
    await batch.card_says("being made", "never ever")


@pytest.mark.slow
async def test_an_api_that_does_not_answer_gets_its_grace_before_a_song_expires(batch: SongBatch) -> None:
    name = "never answering"
    card = await batch.ended_with(name, JobState.EXPIRED, "in time")
    row = batch.row(name)
    assert row["moved_at"] > row["deadline_at"]
    (made,) = batch.generations(name)
    pauses = [later - earlier for earlier, later in pairwise(made.polled_at)]
    assert len(pauses) >= 3
    assert pauses == sorted(pauses), "each pause is longer than the one before"
    assert batch.button(card, "look")


@pytest.mark.slow
async def test_the_request_budget_is_shared_by_all_songs(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> None:
    folder = tmp_path_factory.mktemp("budget")
    async with open_song_batch(folder, song, POLLS_PER_SECOND="4", GENERATION_TIMEOUT_SECONDS="120") as batch:
        names = [f"budget {number}" for number in range(16)]
        for name in names:
            await batch.order_song(name, script={"polls": ["generating", "generating", "completed"]})
        for name in names:
            await batch.delivered(name, patience_seconds=90)
        polled = sorted(at for made in batch.api.ledger.generations.values() for at in made.polled_at)
        # at most a second's burst on top of four a second, whatever sixteen songs would like
        for index, began in enumerate(polled):
            assert sum(at < began + 4.0 for at in polled[index:]) <= 4 * 4 + 4 + 2


@pytest.mark.slow
async def test_more_songs_than_places_wait_in_line_and_are_told_so(
    tmp_path_factory: pytest.TempPathFactory, song: bytes
) -> None:
    folder = tmp_path_factory.mktemp("line")
    api = {"most_at_once": 2, "generating_seconds": 1.0}
    async with open_song_batch(folder, song, api=api, GENERATION_CONCURRENCY="2") as batch:
        names = [f"line {number}" for number in range(8)]
        for name in names:
            await batch.order_song(name)
        await batch.discord.until(lambda: "others go first" in batch.seen(), PATIENCE_SECONDS)
        for name in names:
            await batch.delivered(name, patience_seconds=90)
        assert batch.api.ledger.calls["submit 429"] == 0
