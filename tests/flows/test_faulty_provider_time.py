"""A music API that takes too long: deadlines, the pace of looking, the request budget, places in line."""

from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from sandbox.generation import Script
from tests.flows.choir import Choir, open_choir
from tests.flows.play import PATIENCE_SECONDS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def choir(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[Choir]:
    """Five seconds for each generation, and as many again for an API that does not answer."""
    async with open_choir(tmp_path_factory.mktemp("time"), song, GENERATION_TIMEOUT_SECONDS="5") as choir:
        await choir.sing("never ending", script={"polls": ["generating"]})
        lost = {"status": 200, "body": {"id": "{id}", "status": "completed", "audio_file": None}}
        await choir.sing("completed without a file", script={"polls": [lost]})
        await choir.sing("never answering", script={"polls": [{"status": 503}]})
        await choir.sing("refused to the end", script={"polls": [{"status": 401}]})
        yield choir


@pytest.mark.parametrize("name", ["never ending", "completed without a file"])
async def test_what_is_not_finished_in_time_expires_and_is_found_by_looking_again(choir: Choir, name: str) -> None:
    card = await choir.told_of(name, JobState.EXPIRED, "was not finished in time")
    (made,) = choir.generations(name)
    made.script = Script()

    await choir.discord.click(card, choir.button(card, "look"))
    await choir.reached(name, JobState.DELIVERED)
    await choir.delivered(name)


async def test_looking_again_for_what_is_still_not_there_is_told_again(choir: Choir) -> None:
    await choir.sing("never ever", script={"polls": ["generating"]})
    card = await choir.told_of("never ever", JobState.EXPIRED, "was not finished in time")
    await choir.discord.click(card, choir.button(card, "look"))
    await choir.reached("never ever", JobState.GENERATING)
    await choir.card_says("being made", "never ever")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "words"), [("never answering", "in time"), ("refused to the end", "key")])
async def test_an_api_that_does_not_answer_gets_its_grace_before_a_song_expires(
    choir: Choir, name: str, words: str
) -> None:
    card = await choir.told_of(name, JobState.EXPIRED, words)
    row = choir.row(name)
    assert row["moved_at"] > row["deadline_at"]
    (made,) = choir.generations(name)
    pauses = [later - earlier for earlier, later in pairwise(made.polled_at)]
    assert len(pauses) >= 3
    assert pauses == sorted(pauses), "each pause is longer than the one before"
    assert choir.button(card, "look")


@pytest.mark.slow
async def test_the_request_budget_is_shared_by_all_songs(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> None:
    folder = tmp_path_factory.mktemp("budget")
    async with open_choir(folder, song, POLLS_PER_SECOND="4", GENERATION_TIMEOUT_SECONDS="120") as choir:
        names = [f"budget {number}" for number in range(16)]
        for name in names:
            await choir.sing(name, script={"polls": ["generating", "generating", "completed"]})
        for name in names:
            await choir.delivered(name, patience_seconds=90)
        polled = sorted(at for made in choir.api.ledger.generations.values() for at in made.polled_at)
        # at most a second's burst on top of four a second, whatever sixteen songs would like
        for index, began in enumerate(polled):
            assert sum(at < began + 4.0 for at in polled[index:]) <= 4 * 4 + 4 + 2


@pytest.mark.slow
async def test_more_songs_than_places_wait_in_line_and_are_told_so(
    tmp_path_factory: pytest.TempPathFactory, song: bytes
) -> None:
    folder = tmp_path_factory.mktemp("line")
    api = {"most_at_once": 2, "generating_seconds": 1.0}
    async with open_choir(folder, song, api=api, GENERATION_CONCURRENCY="2") as choir:
        names = [f"line {number}" for number in range(8)]
        for name in names:
            await choir.sing(name)
        await choir.discord.until(lambda: "others go first" in choir.seen(), PATIENCE_SECONDS)
        for name in names:
            await choir.delivered(name, patience_seconds=90)
        assert choir.api.ledger.calls["submit 429"] == 0
