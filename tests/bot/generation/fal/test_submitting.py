"""What comes of an order: taken, refused, not now, the operator's, or nobody can tell. It is never sent twice."""

from typing import Any

import pytest

from bot.errors import AccountError, BusyError, GenerationError, OutcomeUnknownError, Reason, RefusedError
from bot.generation.transport import Timeouts
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import PAGE, REFERENCE, answering, fal, made
from tests.bot.generation.fal.conftest import ClientFor
from tests.bot.generation.stand_ins import NOWHERE, References, request_for
from tests.bot.jobs.kit import eventually

LOCKED = {"detail": "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."}


async def error_for(client_for: ClientFor, status: int, body: Any, **headers: str) -> GenerationError:
    async with answering(lambda _: made(status, body, **headers)) as (url, asked):
        with pytest.raises(GenerationError) as caught:
            await client_for(url).submit(request_for(REFERENCE, style="warm folk with a harmonica"))
    assert [request.method for request in asked] == ["POST"]
    said = str(caught.value)
    assert "sandbox-key" not in said
    assert "://" not in said
    assert "First line" not in said
    assert "harmonica" not in said
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, {"detail": "No user found for Key ID and Secret"}, Reason.KEY_REFUSED),
        (401, "", Reason.KEY_REFUSED),
        (402, {"detail": "Payment Required"}, Reason.NO_CREDITS),
        (403, LOCKED, Reason.NO_CREDITS),
        (403, {"detail": "Account locked"}, Reason.NO_CREDITS),
        (403, {"detail": "Forbidden"}, Reason.KEY_REFUSED),
        (404, {"detail": "Application 'x' not found"}, Reason.ADDRESS_WRONG),
        (404, PAGE, Reason.ADDRESS_WRONG),
        (405, {"detail": "Method Not Allowed"}, Reason.ADDRESS_WRONG),
    ],
)
async def test_what_is_the_operators_to_mend_holds_the_line(
    client_for: ClientFor, status: int, body: Any, reason: Reason
) -> None:
    error = await error_for(client_for, status, body)
    assert isinstance(error, AccountError)
    assert error.reason is reason


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (422, fal("audio_duration_too_short", "Audio duration is too short."), Reason.REFERENCE_UNREADABLE),
        (422, fal("content_policy_violation", "Flagged: First line of a song"), Reason.CONTENT_REFUSED),
        (422, fal("sequence_too_long", "Too long"), Reason.LYRICS_TOO_LONG),
        (422, fal("literal_error", "sandbox-key"), Reason.REQUEST_REFUSED),
        (400, {"detail": f"odd: {REFERENCE} warm folk with a harmonica"}, Reason.REQUEST_REFUSED),
    ],
)
async def test_a_definite_no_names_its_reason_and_echoes_nothing(
    client_for: ClientFor, status: int, body: Any, reason: Reason
) -> None:
    error = await error_for(client_for, status, body)
    assert isinstance(error, RefusedError)
    assert error.reason is reason


@pytest.mark.parametrize(
    ("status", "body", "headers", "asked_seconds"),
    [
        (429, {"detail": "Too Many Requests"}, {"Retry_After": "7"}, 7.0),
        (425, "", {}, None),
        (403, PAGE, {}, None),
        (308, "", {"Location": "/elsewhere"}, None),
        (521, PAGE, {"Server": "cloudflare"}, None),
    ],
)
async def test_not_now_may_be_sent_again(
    client_for: ClientFor, status: int, body: Any, headers: dict[str, str], asked_seconds: float | None
) -> None:
    error = await error_for(client_for, status, body, **headers)
    assert isinstance(error, BusyError)
    assert error.retry_after_seconds == asked_seconds
    assert status != 308 or "FAL_API_URL" in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"detail": "Internal Server Error"}),
        (502, PAGE),
        (503, {"detail": "Service Unavailable"}),
        (504, {"detail": "Request timed out", "error_type": "request_timeout"}),
        (408, ""),
        (302, ""),
        (200, ""),
        (200, "<html>"),
        (200, {"status": "IN_QUEUE"}),
        (200, {"request_id": "../../secrets"}),
        (200, {"request_id": "a/b"}),
        (200, {"request_id": {"value": 5}}),
        (200, {"request_id": "x" * 101}),
    ],
)
async def test_what_may_have_been_taken_is_in_doubt(client_for: ClientFor, status: int, body: Any) -> None:
    assert isinstance(await error_for(client_for, status, body), OutcomeUnknownError)


@pytest.mark.parametrize("manner", ["drop", "hang", "truncate", "huge", "wrong_types", "empty", "html", "answer"])
@pytest.mark.parametrize("after_effect", [False, True])
async def test_every_fault_of_the_way_back_is_a_doubt(
    api: FakeGeneration, references: References, client_for: ClientFor, manner: str, after_effect: bool
) -> None:
    api.fault("submit", manner=manner, status=500, after_effect=after_effect)
    hasty = client_for(api.url, timeouts=Timeouts(connect_seconds=20, submit_seconds=0.5))
    with pytest.raises(OutcomeUnknownError):
        await (hasty if manner == "hang" else client_for(api.url)).submit(request_for(references.url()))
    if manner == "hang":  # who did not wait for an answer may be ahead of what was sent
        await eventually(lambda: api.ledger.struck["submit hang"] == 1)
    assert len(api.ledger.submissions) == 1
    assert len(api.ledger.generations) == int(after_effect)


async def test_an_order_that_was_never_sent_is_no_doubt(client_for: ClientFor) -> None:
    with pytest.raises(BusyError, match="no connection"):
        await client_for(NOWHERE).submit(request_for(REFERENCE))


async def test_an_account_without_credit_is_told_by_the_order(
    api: FakeGeneration, references: References, client_for: ClientFor
) -> None:
    api.change(songs_left=0)
    with pytest.raises(AccountError) as caught:
        await client_for(api.url).submit(request_for(references.url()))
    assert caught.value.reason is Reason.NO_CREDITS
