from pathlib import Path
from typing import Any

import pytest

from bot.errors import AccountError, BusyError, GenerationError, OutcomeUnknownError, Reason, RefusedError
from bot.generation.aiml.client import GenerationClient
from bot.generation.transport import Sessions, Timeouts
from bot.jobs.ports import Finished, GaveUp, Progress, StillWorking
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import (
    NO_CREDITS,
    NO_KEY,
    PAGE,
    REFERENCE,
    answering,
    client_for,
    envelope,
    fal,
    made,
)
from tests.bot.generation.stand_ins import NOWHERE, References, request_for

GENERATION_ID = "906aec79-b0af-40c4-adae-15e6c4410e29:minimax/music-1.5"
TRACK = "https://cdn.aimlapi.com/squirrel/files/koala/Oa2XHFE1hEsUn1qbcAL2s_output.mp3?Expires=1&Signature=a%2Bb%3D"


async def polled(sessions: Sessions, status: int, body: Any, **headers: str) -> Progress:
    async with answering(lambda _: made(status, body, **headers)) as (url, asked):
        progress = await client_for(url, sessions).poll(GENERATION_ID)
    assert [request.query["generation_id"] for request in asked] == [GENERATION_ID]
    return progress


async def poll_error(sessions: Sessions, status: int, body: Any, **headers: str) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        await polled(sessions, status, body, **headers)
    assert "sandbox-key" not in str(caught.value)
    assert "://" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("body", "progress"),
    [
        ({"id": "x", "status": "queued", "audio_file": None, "error": None}, StillWorking(status="queued")),
        ({"id": "x", "status": "GENERATING"}, StillWorking(status="generating")),
        ({"status": " waiting "}, StillWorking(status="waiting")),
        ({"id": "x", "status": "active"}, StillWorking(status="active")),
        ({"id": "x", "status": "a new word"}, StillWorking(status="a new word")),
        # the generated example in the documents: a file beside "queued" is not believed
        ({"audio_file": {"url": "https://example.com"}, "status": "queued"}, StillWorking(status="queued")),
        ({"id": "x", "status": "generating", "error": "will retry"}, StillWorking(status="generating")),
        ({"id": "x", "status": "completed"}, StillWorking(status="completed")),
        ({"id": "x", "status": "completed", "audio_file": None}, StillWorking(status="completed")),
        ({"id": "x", "status": "completed", "audio_file": {"url": ""}}, StillWorking(status="completed")),
        ({"id": "x", "status": "completed", "audio_file": {"url": "ftp://x/y"}}, StillWorking(status="completed")),
        ({"id": "x", "status": "completed", "audio_file": {"url": "http://["}}, StillWorking(status="completed")),
        ({"id": "x", "status": "completed", "audio_file": [TRACK]}, StillWorking(status="completed")),
        ({"id": "x", "status": "completed", "audio_file": {"url": TRACK}}, Finished(track_url=TRACK)),
        ({"id": "x", "status": "Completed", "audio_file": TRACK, "error": None}, Finished(track_url=TRACK)),
        ({"id": "x", "status": "succeeded", "audio_file": {"url": TRACK, "extra": 1}}, Finished(track_url=TRACK)),
        ({"id": 7, "status": "success", "audio_file": {"url": TRACK}}, Finished(track_url=TRACK)),
    ],
)
async def test_a_good_answer_says_how_it_stands(sessions: Sessions, body: Any, progress: Progress) -> None:
    assert await polled(sessions, 200, body) == progress


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        (None, Reason.PROVIDER_FAILED, "error"),
        ("", Reason.PROVIDER_FAILED, "error"),
        (0, Reason.PROVIDER_FAILED, "error"),
        ("Downstream service error", Reason.PROVIDER_FAILED, "Downstream service error"),
        ({"name": "Error", "message": "Downstream service error"}, Reason.PROVIDER_FAILED, "Error; Downstream"),
        ({"name": "Error", "message": "Generation timeout"}, Reason.PROVIDER_FAILED, "Error; Generation timeout"),
        ({"message": "Something nobody has seen"}, Reason.PROVIDER_FAILED, "Something nobody has seen"),
        ({"name": "content_policy_violation", "message": "x"}, Reason.CONTENT_REFUSED, "content_policy_violation"),
        ([{"msg": "Flagged", "type": "content_policy_violation"}], Reason.CONTENT_REFUSED, "content_policy"),
        ("The lyrics contain sensitive content", Reason.CONTENT_REFUSED, "The lyrics contain"),
        (fal("file_download_error", "Failed"), Reason.REFERENCE_UNREADABLE, "file_download_error"),
        (f"Could not fetch the file {REFERENCE}", Reason.REFERENCE_UNREADABLE, "Could not fetch the file …"),
        ({"error": {"message": "Audio duration is too short."}}, Reason.REFERENCE_UNREADABLE, "Audio duration"),
        (["prompt is too long", {"code": "too_big"}], Reason.LYRICS_TOO_LONG, "prompt is too long; too_big"),
        ({"input": "secret words", "ctx": {"a": "b"}}, Reason.PROVIDER_FAILED, "error"),
    ],
)
async def test_an_error_in_any_shape_is_the_end_with_a_reason(
    sessions: Sessions, error: Any, reason: Reason, detail: str
) -> None:
    progress = await polled(sessions, 200, {"id": "x", "status": "error", "audio_file": None, "error": error})

    assert isinstance(progress, GaveUp)
    assert progress.reason is reason
    assert progress.detail.startswith(detail)
    assert "://" not in progress.detail
    assert len(progress.detail) <= 300


@pytest.mark.parametrize("status", ["failed", "CANCELLED", "canceled", "timeout", "timed_out", "expired"])
async def test_other_words_for_failure_are_ends_too(sessions: Sessions, status: str) -> None:
    assert await polled(sessions, 200, {"id": "x", "status": status}) == GaveUp(
        reason=Reason.PROVIDER_FAILED, detail=status.lower()
    )


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, fal("audio_duration_too_short", "Minimum is 10 seconds"), Reason.REFERENCE_UNREADABLE),
        (422, fal("content_policy_violation", "Flagged"), Reason.CONTENT_REFUSED),
        (422, {"detail": "Downstream service error"}, Reason.PROVIDER_FAILED),
        (403, envelope(403, "flagged by moderation"), Reason.CONTENT_REFUSED),
    ],
)
async def test_a_failed_generation_may_also_show_as_an_http_error(
    sessions: Sessions, status: int, body: Any, reason: Reason
) -> None:
    progress = await polled(sessions, status, body)

    assert isinstance(progress, GaveUp)
    assert progress.reason is reason


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, envelope(404, "Generation not found")),
        (404, {}),
        (410, envelope(410, "Gone")),
        (400, envelope(400, "generation_id: Invalid")),
        (422, {}),
    ],
)
async def test_an_id_that_the_api_does_not_know_is_lost(sessions: Sessions, status: int, body: Any) -> None:
    error = await poll_error(sessions, status, body)

    assert isinstance(error, RefusedError)
    assert (error.reason, error.status) == (Reason.GENERATION_LOST, status)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, envelope(401, NO_KEY), Reason.KEY_REFUSED),
        (401, PAGE, Reason.KEY_REFUSED),
        (403, envelope(403, NO_CREDITS), Reason.NO_CREDITS),
        (403, envelope(403, "Forbidden"), Reason.KEY_REFUSED),
        (402, "", Reason.NO_CREDITS),
        (404, envelope(404, "Cannot GET /v2/v2/generate/audio"), Reason.ADDRESS_WRONG),
        (404, {"error": {"message": "Invalid URL (GET /v1/v2/generate/audio)"}}, Reason.ADDRESS_WRONG),
    ],
)
async def test_key_credits_and_address_are_the_operators(
    sessions: Sessions, status: int, body: Any, reason: Reason
) -> None:
    error = await poll_error(sessions, status, body)

    assert isinstance(error, AccountError)
    assert error.reason is reason


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, ""),
        (200, PAGE),
        (200, "not json"),
        (200, "[" * 100_000),
        (200, [1, 2]),
        (200, {}),
        (200, {"id": "x"}),
        (200, {"id": "x", "status": None}),
        (200, {"id": "x", "status": ["queued"]}),
        (200, {"id": "x", "status": ""}),
        (200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
        (204, ""),
        (301, ""),
        (302, ""),
        (403, PAGE),
        (404, PAGE),
        (405, envelope(405, "Method Not Allowed")),
        (408, ""),
        (429, envelope(429, "Too Many Requests")),
        (500, envelope(500, "Internal server error")),
        (502, PAGE),
        (503, envelope(503, "Service unavailable")),
        (504, envelope(504, "Generation timeout")),
        (520, PAGE),
    ],
)
async def test_everything_else_is_asked_again_later(sessions: Sessions, status: int, body: Any) -> None:
    error = await poll_error(sessions, status, body)

    assert isinstance(error, BusyError)
    assert error.status == status


async def test_what_a_busy_server_asks_for_is_handed_on(sessions: Sessions) -> None:
    error = await poll_error(sessions, 429, envelope(429, "Too Many Requests"), Retry_After="30")

    assert isinstance(error, BusyError)
    assert error.retry_after_seconds == 30


@pytest.mark.parametrize("manner", ["drop", "truncate", "huge", "html", "wrong_types", "empty", "noise", "endless"])
async def test_a_sick_answer_is_asked_again_later_and_the_song_still_ends(
    client: GenerationClient, api: FakeGeneration, references: References, tmp_path: Path, manner: str
) -> None:
    api.change(queued_seconds=0, generating_seconds=0)
    generation_id = await client.submit(request_for(references.url()))
    api.fault("poll", manner=manner, status=200)
    for _ in range(2):
        with pytest.raises(BusyError):
            await client.poll(generation_id)
    api.heal()

    progress = await client.poll(generation_id)
    while isinstance(progress, StillWorking):
        progress = await client.poll(generation_id)
    assert isinstance(progress, Finished)
    assert await client.fetch(progress.track_url, tmp_path / "track.mp3") > 0


async def test_an_answer_that_never_comes_is_asked_again_later(sessions: Sessions, api: FakeGeneration) -> None:
    api.fault("poll", manner="hang")
    patient = Timeouts(connect_seconds=5, read_seconds=0.2)
    with pytest.raises(BusyError):
        await client_for(api.url, sessions, timeouts=patient).poll("x")


async def test_no_poll_is_ever_an_unknown_outcome(sessions: Sessions) -> None:
    with pytest.raises(GenerationError) as caught:
        await client_for(NOWHERE, sessions).poll("x")
    assert not isinstance(caught.value, OutcomeUnknownError)
