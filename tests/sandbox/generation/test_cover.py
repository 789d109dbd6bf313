"""The second model of the two calls: a cover, with words and style in fields of their own."""

from typing import Any

import aiohttp
import pytest

from sandbox.generation import FakeGeneration, Settings
from tests.bot.generation.stand_ins import References
from tests.sandbox.generation.caller import Caller

COVER = {"model": "minimax/music-cover", "prompt": "warm folk, close vocals", "lyrics": "[Verse]\nwords to sing"}


async def test_a_cover_is_made_and_charged_and_named_by_its_model(caller: Caller) -> None:
    generation_id = await caller.submit(**COVER)
    assert generation_id.endswith(":minimax/music-cover")
    done = await caller.end(generation_id)
    assert (await caller.track(done["audio_file"]["url"]))[0] == 200
    assert caller.api.ledger.charges == 1
    assert caller.api.ledger.generations[generation_id].prompt == COVER["lyrics"]


async def test_without_words_it_sings_those_of_the_reference(caller: Caller) -> None:
    assert (await caller.end(await caller.submit(**{**COVER, "lyrics": None})))["status"] == "completed"


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"prompt": None}, "prompt: Required"),
        ({"prompt": "short"}, "prompt: String must contain at least 10"),
        ({"prompt": "x" * 2001}, "prompt: String must contain at most 2000"),
        ({"lyrics": "short"}, "lyrics: String must contain at least 10"),
        ({"lyrics": "x" * 3001}, "lyrics: String must contain at most 3000"),
        ({"lyrics": 5}, "lyrics: Expected string"),
    ],
)
async def test_a_wrong_body_is_400(caller: Caller, changed: dict[str, Any], line: str) -> None:
    status, body = await caller.post(**{**COVER, **changed})
    assert status == 400
    assert line in body["message"]
    assert caller.api.ledger.charges == 0


async def test_a_short_song_that_minimax_music_refuses_is_enough(
    session: aiohttp.ClientSession, short_song: Any
) -> None:
    async with FakeGeneration() as api, References(short_song) as references:
        caller = Caller(session, api, references)
        assert (await caller.end(await caller.submit(**COVER)))["status"] == "completed"


async def test_the_catalogue_lists_what_is_there_where_there_is_one(
    session: aiohttp.ClientSession, references: References
) -> None:
    async with FakeGeneration(Settings(has_tracing=True, without_models=("minimax/music-cover",))) as api:
        caller = Caller(session, api, references)
        status, listed = await caller.get("/v1/models", key="none")
        assert (status, [row["id"] for row in listed]) == (200, ["minimax-music"])
        assert await caller.get("/v1/models", id="minimax/music-cover") == (200, [])
        status, body = await caller.post(**COVER)
        assert (status, "Invalid enum value" in body["message"]) == (400, True)


async def test_without_a_catalogue_there_is_no_such_call(caller: Caller) -> None:
    assert (await caller.get("/v1/models"))[0] == 404
