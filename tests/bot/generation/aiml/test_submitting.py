from typing import Any

import pytest
from aiohttp import web

from bot.errors import (
    AccountError,
    BusyError,
    GenerationError,
    OutcomeUnknownError,
    Reason,
    RefusedError,
)
from bot.generation.aiml.client import GenerationClient
from bot.generation.transport import Sessions, Timeouts
from sandbox.generation import FakeGeneration, Settings
from tests.bot.generation.answers import (
    MAINTENANCE,
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
from tests.bot.generation.stand_ins import NOWHERE, PROMPT, References, request_for


async def error_of(sessions: Sessions, answer: Any) -> GenerationError:
    """The error of one POST, which must be one POST and give nothing away."""
    async with answering(answer) as (url, asked):
        with pytest.raises(GenerationError) as caught:
            await client_for(url, sessions).submit(request_for(REFERENCE))
    assert len(asked) == 1
    for secret in ("sandbox-key", "hm=", "cdn.discordapp.com", "First line", "127.0.0.1"):
        assert secret not in str(caught.value)
    return caught.value


REFUSED: list[tuple[int, Any, Reason]] = [
    (400, envelope(400, "Body validation error"), Reason.REQUEST_REFUSED),
    (400, envelope(400, "Invalid enum value. Expected 'a' | 'b', received 'x'"), Reason.REQUEST_REFUSED),
    (400, envelope(400, "prompt: String must contain at most 600 character(s)"), Reason.LYRICS_TOO_LONG),
    (400, envelope(400, "reference_audio_url: Invalid url"), Reason.REFERENCE_UNREADABLE),
    (400, {"message": [{"path": ["reference_audio_url"], "code": "custom"}]}, Reason.REFERENCE_UNREADABLE),
    (400, envelope(400, "This request violates our usage policy"), Reason.CONTENT_REFUSED),
    (404, envelope(404, "Failed to download the reference_audio_url"), Reason.REFERENCE_UNREADABLE),
    (413, PAGE, Reason.REQUEST_REFUSED),
    (422, fal("audio_duration_too_short", "Minimum is 10 seconds, provided is 7.2"), Reason.REFERENCE_UNREADABLE),
    (422, fal("audio_duration_too_long", "Maximum"), Reason.REFERENCE_UNREADABLE),
    (422, fal("unsupported_audio_format", "Unsupported"), Reason.REFERENCE_UNREADABLE),
    (422, fal("file_download_error", "Failed to download the file."), Reason.REFERENCE_UNREADABLE),
    (422, fal("file_too_large", "Too large"), Reason.REFERENCE_UNREADABLE),
    (422, fal("content_policy_violation", "Flagged"), Reason.CONTENT_REFUSED),
    (422, fal("sequence_too_long", "Too long"), Reason.LYRICS_TOO_LONG),
    (422, fal("downstream_service_error", "Downstream service error"), Reason.PROVIDER_FAILED),
    (403, envelope(403, "The content was flagged by moderation"), Reason.CONTENT_REFUSED),
]


@pytest.mark.parametrize(("status", "body", "reason"), REFUSED)
async def test_a_definite_no_is_refused_with_its_reason(
    sessions: Sessions, status: int, body: Any, reason: Reason
) -> None:
    error = await error_of(sessions, lambda _: made(status, body))

    assert isinstance(error, RefusedError)
    assert (error.reason, error.status) == (reason, status)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, envelope(401, NO_KEY), Reason.KEY_REFUSED),
        (401, "", Reason.KEY_REFUSED),
        (401, PAGE, Reason.KEY_REFUSED),
        (402, "", Reason.NO_CREDITS),
        (403, envelope(403, NO_CREDITS), Reason.NO_CREDITS),
        (403, "You've run out of credits.", Reason.NO_CREDITS),
        (403, envelope(403, "Forbidden resource"), Reason.KEY_REFUSED),
        (404, envelope(404, "Not Found"), Reason.ADDRESS_WRONG),
        (404, envelope(404, "Cannot POST /v2/v2/generate/audio"), Reason.ADDRESS_WRONG),
        (404, {"error": {"message": "Invalid URL (POST /v1/v2/generate/audio)"}}, Reason.ADDRESS_WRONG),
        (404, PAGE, Reason.ADDRESS_WRONG),
        (404, "", Reason.ADDRESS_WRONG),
        (405, "", Reason.ADDRESS_WRONG),
        (410, envelope(410, "Gone"), Reason.ADDRESS_WRONG),
    ],
)
async def test_key_credits_and_address_are_the_operators(
    sessions: Sessions, status: int, body: Any, reason: Reason
) -> None:
    error = await error_of(sessions, lambda _: made(status, body))

    assert isinstance(error, AccountError)
    assert (error.reason, error.status) == (reason, status)


@pytest.mark.parametrize(
    ("status", "body", "headers", "seconds"),
    [
        (429, envelope(429, "Too Many Requests"), {}, None),
        (429, PAGE, {"Retry_After": "17"}, 17.0),
        (429, envelope(429, "Free-tier limit: 10 a day"), {"Retry_After": "0.5"}, 0.5),
        (425, "", {}, None),
        (403, PAGE, {}, None),  # a gateway's rule: the API never saw it
        (403, "", {}, None),
        (301, "", {"Location": "https://elsewhere.example/"}, None),
        (308, "", {"Location": "https://elsewhere.example/"}, None),
        (500, envelope(500, MAINTENANCE), {}, None),
        (521, PAGE, {"Server": "cloudflare"}, None),
        (525, PAGE, {"Server": "cloudflare"}, None),
    ],
)
async def test_what_was_certainly_not_taken_is_busy(
    sessions: Sessions, status: int, body: Any, headers: dict[str, str], seconds: float | None
) -> None:
    error = await error_of(sessions, lambda _: made(status, body, **headers))

    assert isinstance(error, BusyError)
    assert (error.status, error.retry_after_seconds) == (status, seconds)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, envelope(500, "Internal server error"), {}),
        (500, envelope(500, "Something wrong with the server. Please, try again later."), {}),
        (502, PAGE, {}),
        (503, envelope(503, "Service unavailable"), {"Retry_After": "5"}),
        (504, envelope(504, "Generation timeout"), {}),
        (520, PAGE, {"Server": "cloudflare"}),
        (521, PAGE, {}),
        (522, PAGE, {"Server": "cloudflare"}),
        (524, PAGE, {"Server": "cloudflare"}),
        (408, PAGE, {}),
        (499, "", {}),
        (302, "", {"Location": "/done"}),
        (303, "", {"Location": "/done"}),
        (200, "", {}),
        (200, PAGE, {}),
        (201, {"status": "queued"}, {}),
        (200, {"id": None, "status": "queued"}, {}),
        (200, {"id": "", "generation_id": "  "}, {}),
        (200, {"id": {"value": 5}}, {}),
        (200, {"id": True}, {}),
        (200, {"id": "x" * 301}, {}),
        (200, {"id": "a\nb"}, {}),
        (200, ["id"], {}),
        (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, {}),
        (204, "", {}),
    ],
)
async def test_what_may_have_been_taken_is_unknown(
    sessions: Sessions, status: int, body: Any, headers: dict[str, str]
) -> None:
    error = await error_of(sessions, lambda _: made(status, body, **headers))

    assert isinstance(error, OutcomeUnknownError)
    assert error.status == status


@pytest.mark.parametrize(
    ("status", "body", "headers", "generation_id"),
    [
        (200, {"id": "906aec79-b0af-40c4-adae-15e6c4410e29:minimax-music", "status": "queued"}, {}, None),
        (201, {"id": "d51032d5:minimax/music-1.5", "status": "generating", "meta": {"usage": {}}}, {}, None),
        (202, {"generation_id": "BV5y0it0TMlupfLEeHc6J"}, {}, "BV5y0it0TMlupfLEeHc6J"),
        (200, {"id": 5}, {}, "5"),
        (200, {"id": "x", "status": "error"}, {}, None),  # it was taken; the poll will say how it ended
        (200, "cut o", {"x_inference_id": "from-the-header"}, "from-the-header"),
    ],
)
async def test_any_2xx_with_an_id_is_accepted(
    sessions: Sessions, status: int, body: Any, headers: dict[str, str], generation_id: str | None
) -> None:
    async with answering(lambda _: made(status, body, **headers)) as (url, _):
        got = await client_for(url, sessions).submit(request_for(REFERENCE))

    assert got == (generation_id or body["id"])


async def test_a_connection_that_breaks_after_sending_is_unknown(
    sessions: Sessions, client: GenerationClient, api: FakeGeneration, references: References
) -> None:
    api.fault("submit", manner="drop", after_effect=True)
    with pytest.raises(OutcomeUnknownError):
        await client.submit(request_for(references.url()))

    assert len(api.ledger.submissions) == 1
    assert api.ledger.charges == 1


async def test_a_post_is_never_replayed_on_a_connection_that_the_server_drops(
    client: GenerationClient, api: FakeGeneration, references: References
) -> None:
    api.fault("submit", manner="drop")
    for _ in range(3):
        with pytest.raises(OutcomeUnknownError):
            await client.submit(request_for(references.url()))

    assert len(api.ledger.submissions) == 3


async def test_a_post_goes_out_on_a_fresh_connection(
    sessions: Sessions, client: GenerationClient, references: References, api: FakeGeneration
) -> None:
    await client.submit(request_for(references.url()))

    assert sessions.submit.connector is not None
    assert not sessions.submit.connector._conns


@pytest.mark.parametrize("manner", ["truncate", "huge"])
async def test_an_accepted_post_whose_answer_cannot_be_read_is_unknown(
    client: GenerationClient, api: FakeGeneration, references: References, manner: str
) -> None:
    api.fault("submit", manner=manner, after_effect=True)
    with pytest.raises(OutcomeUnknownError):
        await client.submit(request_for(references.url()))

    assert api.ledger.charges == 1


async def test_an_answer_that_never_comes_is_unknown(
    sessions: Sessions, api: FakeGeneration, references: References
) -> None:
    api.fault("submit", manner="hang")
    patient = Timeouts(connect_seconds=5, submit_seconds=0.2)
    with pytest.raises(OutcomeUnknownError):
        await client_for(api.url, sessions, timeouts=patient).submit(request_for(references.url()))


async def test_no_server_is_busy(sessions: Sessions) -> None:
    with pytest.raises(BusyError):
        await client_for(NOWHERE, sessions).submit(request_for(REFERENCE))


async def test_a_failed_tls_handshake_is_busy(sessions: Sessions) -> None:
    async with answering(web.Response()) as (url, asked):
        with pytest.raises(BusyError):
            await client_for(url.replace("http:", "https:"), sessions).submit(request_for(REFERENCE))
    assert asked == []


async def test_a_redirect_is_not_followed_with_the_key(sessions: Sessions) -> None:
    async with answering(web.Response(text="{}")) as (elsewhere, asked):
        await error_of(sessions, lambda _: web.Response(status=307, headers={"Location": elsewhere}))
    assert asked == []


async def test_the_members_words_do_not_come_back_in_a_message(sessions: Sessions) -> None:
    echo = envelope(400, f"prompt {PROMPT} for {REFERENCE} is bad; key sandbox-key")

    assert str(await error_of(sessions, lambda _: made(400, echo))).startswith("HTTP 400: ")


async def test_the_stand_in_refuses_what_the_api_refuses(sessions: Sessions, references: References) -> None:
    async with FakeGeneration(Settings(songs_left=1, most_at_once=1, retry_after="9")) as api:
        client = client_for(api.url, sessions)
        for wrong, reason in (
            (request_for("not a url"), Reason.REFERENCE_UNREADABLE),
            (request_for(references.url("gone")), Reason.REFERENCE_UNREADABLE),
            (request_for(references.url("text")), Reason.REFERENCE_UNREADABLE),
            (request_for(references.url(), prompt="##" + "x" * 600 + "##"), Reason.LYRICS_TOO_LONG),
        ):
            with pytest.raises(RefusedError) as refused:
                await client.submit(wrong)
            assert refused.value.reason is reason
        await client.submit(request_for(references.url()))
        with pytest.raises(AccountError) as empty:
            await client.submit(request_for(references.url()))
        assert empty.value.reason is Reason.NO_CREDITS
        api.change(songs_left=5)
        with pytest.raises(BusyError) as busy:
            await client.submit(request_for(references.url()))
        assert busy.value.retry_after_seconds == 9
        api.change(is_key_revoked=True)
        with pytest.raises(AccountError) as revoked:
            await client.submit(request_for(references.url()))
        assert revoked.value.reason is Reason.KEY_REFUSED
        assert api.ledger.charges == 1
