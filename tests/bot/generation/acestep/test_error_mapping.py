"""Every way to say no, sorted by what is done next."""

from datetime import UTC, datetime

import pytest

from bot.errors import AccountError, BusyError, OutcomeUnknownError, Reason, RefusedError
from bot.generation.acestep.error_mapping import query_error, submit_error
from bot.generation.transport import Answer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAGE = "<html><body>413 Request Entity Too Large</body></html>"


def answer(status: int, body: str = "", **headers: str) -> Answer:
    kind = "text/html" if body.startswith("<") else "application/json" if body.startswith("{") else "text/plain"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers={"Content-Type": kind, **named}, body=body.encode(), is_whole=True)


@pytest.mark.parametrize(
    ("said", "kind", "reason"),
    [
        (answer(401, '{"detail":"Missing ai_token or Authorization header"}'), AccountError, Reason.KEY_REFUSED),
        (answer(401, '{"detail":"Invalid API key"}'), AccountError, Reason.KEY_REFUSED),
        (answer(401, PAGE), AccountError, Reason.KEY_REFUSED),
        (answer(403, '{"detail":"forbidden"}'), AccountError, Reason.KEY_REFUSED),
        (answer(404, '{"detail":"Not Found"}'), AccountError, Reason.ADDRESS_WRONG),
        (answer(404, PAGE), AccountError, Reason.ADDRESS_WRONG),
        (answer(405, '{"detail":"Method Not Allowed"}'), AccountError, Reason.ADDRESS_WRONG),
        (answer(400, '{"detail":"JSON payload must be an object"}'), RefusedError, Reason.REQUEST_REFUSED),
        (answer(400, '{"detail":"Malformed JSON payload"}'), RefusedError, Reason.REQUEST_REFUSED),
        (answer(415, '{"detail":"Unsupported Content-Type"}'), RefusedError, Reason.REQUEST_REFUSED),
        (answer(413, PAGE), RefusedError, Reason.REQUEST_REFUSED),
        (answer(422, '{"detail":[{"loc":["body"],"msg":"x"}]}'), RefusedError, Reason.REQUEST_REFUSED),
        (answer(500, "Internal Server Error"), RefusedError, Reason.REQUEST_REFUSED),
    ],
)
def test_what_only_a_change_can_mend(said: Answer, kind: type[AccountError | RefusedError], reason: Reason) -> None:
    error = submit_error(said, NOW, secrets=())
    assert isinstance(error, kind)
    assert error.reason is reason


@pytest.mark.parametrize(
    "said",
    [
        answer(429, '{"detail":"Server busy: queue is full"}'),
        answer(403, PAGE),
        answer(403),
        answer(307, "", Location="https://gpu.example"),
    ],
)
def test_what_was_not_taken_and_may_be_later(said: Answer) -> None:
    assert isinstance(submit_error(said, NOW, secrets=()), BusyError)


@pytest.mark.parametrize(
    "said",
    [
        answer(500, '{"detail":"boom"}'),
        answer(500, PAGE),
        answer(500),
        answer(502, PAGE),
        answer(503),
        answer(504, "Internal Server Error"),
        answer(408),
        answer(302),
    ],
)
def test_what_may_have_been_taken(said: Answer) -> None:
    assert isinstance(submit_error(said, NOW, secrets=()), OutcomeUnknownError)


def test_the_pause_that_is_asked_for_is_handed_on() -> None:
    error = submit_error(answer(429, "{}", Retry_After="7"), NOW, secrets=())
    assert isinstance(error, BusyError)
    assert error.retry_after_seconds == 7


def test_nothing_that_was_typed_comes_back() -> None:
    said = answer(400, '{"detail":"no: took my name, warm folk, close vocals"}')
    message = str(submit_error(said, NOW, secrets=["took my name", "warm folk, close vocals"]))
    assert "name" not in message
    assert "folk" not in message


@pytest.mark.parametrize("status", [400, 408, 413, 415, 422, 429, 500, 502, 503, 302, 418])
def test_no_answer_to_a_question_loses_a_song(status: int) -> None:
    assert isinstance(query_error(answer(status, "Internal Server Error"), NOW), BusyError)


@pytest.mark.parametrize(("status", "reason"), [(401, Reason.KEY_REFUSED), (404, Reason.ADDRESS_WRONG)])
def test_a_question_tells_of_key_and_address(status: int, reason: Reason) -> None:
    error = query_error(answer(status, '{"detail":"x"}'), NOW)
    assert isinstance(error, AccountError)
    assert error.reason is reason
