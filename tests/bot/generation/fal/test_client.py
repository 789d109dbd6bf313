"""The client against fal's queue over real sockets: an order, its place, its end, its track, and what it may not do."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.generation.fal.client import FalClient, history_url
from bot.jobs.ports import Finished, GaveUp, ProbeResult, Progress, StillWorking
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import answering, envelope, made
from tests.bot.generation.fal.conftest import ClientFor
from tests.bot.generation.stand_ins import References, request_for

TAGGED = "[Verse]\nFirst line of a song\n[Chorus]\nsecond line of a song"


async def ended(client: FalClient, generation_id: str) -> Progress:
    while True:
        progress = await client.poll(generation_id)
        if not isinstance(progress, StillWorking):
            return progress
        await asyncio.sleep(0.02)


async def test_a_song_is_ordered_made_and_fetched(
    client: FalClient, api: FakeGeneration, references: References, tmp_path: Path
) -> None:
    generation_id = await client.submit(request_for(references.url()))
    progress = await ended(client, generation_id)
    assert isinstance(progress, Finished)
    assert await client.fetch(progress.track_url, tmp_path / "track.mp3") > 1000
    posted = api.ledger.submissions[0]
    assert posted.body == {"prompt": request_for("").prompt, "reference_audio_url": references.url()}
    assert (posted.client_request_id, posted.content_type) == ("compose-0123456789abcdef-1", "application/json")
    assert api.ledger.keys_leaked == 0


async def test_ace_step_gets_the_style_as_both_of_its_tags_and_is_asked_below_its_application(
    ace: FalClient, api: FakeGeneration, references: References, tmp_path: Path
) -> None:
    generation_id = await ace.submit(request_for(references.url(), prompt=TAGGED, style="folk, harmonica"))
    application, _, request_id = generation_id.partition("/requests/")
    assert application == "fal-ai/ace-step", "without the model's sub-path"
    assert request_id in api.ledger.generations
    progress = await ended(ace, generation_id)
    assert isinstance(progress, Finished)
    assert await ace.fetch(progress.track_url, tmp_path / "track.mp3") > 1000
    assert api.ledger.submissions[0].body == {
        "lyrics": TAGGED,
        "audio_url": references.url(),
        "tags": "folk, harmonica",
        "original_tags": "folk, harmonica",
        "edit_mode": "remix",
    }


async def test_the_place_in_the_queue_is_told_and_then_none(
    client: FalClient, api: FakeGeneration, references: References
) -> None:
    api.change(most_at_once=1, queued_seconds=0, generating_seconds=3600)
    first, second, third = [
        await client.submit(request_for(references.url(), prompt=f"##{number}##", name=f"compose-{number}-1"))
        for number in range(3)
    ]
    assert await client.poll(first) == StillWorking(status="in_progress")
    assert await client.poll(second) == StillWorking(status="in_queue", place=0)
    assert await client.poll(third) == StillWorking(status="in_queue", place=1)


@pytest.mark.parametrize("place", [None, True, -1, 1.5, "2", [1], 10**9])
async def test_a_place_that_is_none_is_not_told(client_for: ClientFor, place: Any) -> None:
    body = {"status": "IN_QUEUE", "queue_position": place}
    async with answering(lambda _: made(202, body)) as (url, _):
        assert await client_for(url).poll("fal-ai/minimax-music/requests/x") == StillWorking(status="in_queue")


async def test_nothing_that_was_named_in_an_answer_gets_the_key(client_for: ClientFor) -> None:
    """The addresses in the answer to an order are a stranger's text: the client asks where it was told to ask."""
    elsewhere = "https://evil.example/requests/x"
    accepted = {"request_id": "abc-1", "response_url": elsewhere, "status_url": elsewhere, "cancel_url": elsewhere}
    async with answering(lambda _: made(200, accepted)) as (url, asked):
        client = client_for(url)
        generation_id = await client.submit(request_for("https://cdn.discordapp.com/a.mp3"))
        await client.cancel(generation_id)
    assert generation_id == "fal-ai/minimax-music/requests/abc-1"
    assert [request.path for request in asked] == [
        "/fal-ai/minimax-music",
        "/fal-ai/minimax-music/requests/abc-1/cancel",
    ]
    assert {request.headers["Authorization"] for request in asked} == {"Key sandbox-key"}


async def test_a_result_is_kept_for_two_days_whatever_the_account_says(client_for: ClientFor) -> None:
    async with answering(lambda _: made(200, {"request_id": "a"})) as (url, asked):
        await client_for(url).submit(request_for("https://cdn.discordapp.com/a.mp3"))
    preference = asked[0].headers["X-Fal-Object-Lifecycle-Preference"]
    assert preference == '{"expiration_duration_seconds": 172800}'


async def test_a_check_lets_the_right_key_in_and_spends_nothing(api: FakeGeneration, client_for: ClientFor) -> None:
    for model in ("fal:minimax-music", "fal:ace-step"):
        report = await client_for(api.url, model=model).probe()
        assert report.result is ProbeResult.KEY_ACCEPTED
        assert "without a key" not in report.detail
    assert (await client_for(api.url, key="wrong").probe()).result is ProbeResult.KEY_REFUSED
    api.change(is_key_revoked=True)
    assert (await client_for(api.url).probe()).result is ProbeResult.KEY_REFUSED
    assert api.ledger.submissions == []


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (403, {"detail": "User is locked. Reason: Exhausted balance."}, ProbeResult.NO_CREDITS),
        (403, {"detail": "Account is locked"}, ProbeResult.NO_CREDITS),
        (402, {"detail": "Payment required"}, ProbeResult.NO_CREDITS),
        (404, "<html>nothing here", ProbeResult.NOT_THE_API),
        (404, envelope(404, "Cannot GET /fal-ai/minimax-music"), ProbeResult.NOT_THE_API),
        (200, "<html>welcome", ProbeResult.NOT_THE_API),
        (503, {"detail": "Service Unavailable"}, ProbeResult.IN_TROUBLE),
    ],
)
async def test_a_check_judges_what_answers(client_for: ClientFor, status: int, body: Any, result: ProbeResult) -> None:
    async with answering(lambda _: made(status, body)) as (url, _):
        assert (await client_for(url).probe()).result is result


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://queue.fal.run", "https://api.fal.ai"),
        (" https://queue.falrun.com/ ", "https://api.fal.ai"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://gateway.example/fal", "https://gateway.example/fal"),
        ("http://[", "http://["),
    ],
)
def test_the_history_is_fals_only_beside_fals_queue(base: str, expected: str) -> None:
    assert history_url(base) == expected


@pytest.mark.parametrize(
    ("url", "key", "named"),
    [
        ("https://user:word@queue.fal.run", "a-key-of-mine", "FAL_API_URL: must be an address alone"),
        ("queue.fal.run", "a-key-of-mine", "https://queue.fal.run"),
        ("https://queue.fal.run", "", "FAL_API_KEY: empty"),
        ("https://queue.fal.run", "two words", "FAL_API_KEY: empty, or with characters that no key has"),
    ],
)
async def test_an_unusable_address_or_key_is_named_by_its_own_setting(
    client_for: ClientFor, url: str, key: str, named: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        client_for(url, key=key)
    assert named in str(caught.value)
    assert "GENERATION" not in str(caught.value)
    assert not key or key not in str(caught.value)


async def test_a_reference_that_cannot_be_fetched_is_completed_and_no_success(
    api: FakeGeneration, client: FalClient, references: References
) -> None:
    progress = await ended(client, await client.submit(request_for(references.url("gone"))))
    assert isinstance(progress, GaveUp)
    assert "file_download_error" in progress.detail
    assert references.base not in progress.detail
    assert api.ledger.charges == 0
