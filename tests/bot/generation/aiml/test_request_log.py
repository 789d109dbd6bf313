from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.errors import BusyError, OutcomeUnknownError
from bot.generation.aiml.client import GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.aiml.request_log import ASK_AGAIN_SECONDS, MAX_PAGES, RequestLog
from bot.generation.transport import Answer, Sessions
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import REFERENCE, made
from tests.bot.generation.stand_ins import MovedClock, References, request_for

SINCE = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)


class Pages:
    """Answers one after the other; remembers what was asked."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = answers
        self.asked: list[dict[str, str | int]] = []

    async def __call__(self, params: dict[str, str | int]) -> Answer:
        self.asked.append(params)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


def page(rows: Sequence[tuple[str, str | None]], *, has_more: bool = False) -> Answer:
    data = [{"inference_id": found, "client_request_id": mine, "status": "succeeded"} for found, mine in rows]
    return answer(200, {"data": data, "pagination": {"has_more": has_more}})


def answer(status: int, body: Any, **headers: str) -> Answer:
    response = made(status, body, **headers)
    assert isinstance(response.body, bytes)
    return Answer(status=status, headers=response.headers, body=response.body, is_whole=True)


async def test_a_lost_post_is_found_by_our_own_id(
    client: GenerationClient, api: FakeGeneration, references: References
) -> None:
    api.change(has_tracing=True)
    api.fault("submit", manner="drop", after_effect=True, rule={"times": 1})
    begun = datetime.now(UTC)
    with pytest.raises(OutcomeUnknownError):
        await client.submit(request_for(references.url(), name="compose-aaaa-1"))
    await client.submit(request_for(references.url(), name="compose-bbbb-1"))

    (found,) = await client.look_up(request_for(REFERENCE, name="compose-aaaa-1"), begun)
    assert api.ledger.generations[found].client_request_id == "compose-aaaa-1"
    assert await client.look_up(request_for(REFERENCE, name="compose-cccc-1"), begun) == []
    assert client.can_look_up


async def test_more_than_one_page_is_read(
    client: GenerationClient, api: FakeGeneration, references: References
) -> None:
    api.change(has_tracing=True)
    first = await client.submit(request_for(references.url(), name="compose-first-1"))
    for number in range(120):
        generation = api.ledger.generations[first]
        copied = type(generation)(
            id=f"x{number}",
            client_request_id=f"compose-{number}-1",
            prompt="",
            reference=generation.reference,
            track=generation.track,
            script=generation.script,
            accepted_at=generation.accepted_at,
        )
        api.ledger.generations[copied.id] = copied

    assert await client.look_up(request_for(REFERENCE, name="compose-first-1"), datetime.now(UTC)) == [first]
    assert api.ledger.calls["logs 200"] == 2


async def test_an_api_without_a_log_is_asked_once_an_hour(sessions: Sessions, api: FakeGeneration) -> None:
    clock = MovedClock()
    client = GenerationClient(
        sessions=sessions,
        base_url=api.url,
        api_key=SecretStr(api.key),
        profile=PROFILES["minimax-music"],
        clock=clock,
        budget=AsyncLimiter(100, 1),
    )
    assert await client.look_up(request_for(REFERENCE, name="x"), SINCE) == []
    assert await client.look_up(request_for(REFERENCE, name="x"), SINCE) == []
    assert api.ledger.calls["logs 404"] == 1
    assert not client.can_look_up

    clock.passed += ASK_AGAIN_SECONDS
    assert client.can_look_up
    assert await client.look_up(request_for(REFERENCE, name="x"), SINCE) == []
    assert api.ledger.calls["logs 404"] == 2


@pytest.mark.parametrize(
    "shown",
    [
        answer(400, {"message": "period is required"}),
        answer(403, {"message": "management key needed"}),
        answer(404, ""),
        answer(405, ""),
        answer(501, ""),
        answer(200, "<html>a web page</html>"),
        answer(200, {"data": "none"}),
    ],
)
async def test_what_shows_that_there_is_no_log_is_remembered(shown: Answer) -> None:
    pages = Pages([shown])
    book = RequestLog(ask=pages, clock=MovedClock())

    assert await book.find("x", SINCE) is None
    assert await book.find("x", SINCE) is None
    assert len(pages.asked) == 1


@pytest.mark.parametrize("shown", [answer(429, "", Retry_After="7"), answer(500, ""), answer(401, ""), answer(302, "")])
async def test_what_may_pass_is_asked_again(shown: Answer) -> None:
    book = RequestLog(ask=Pages([shown]), clock=MovedClock())

    with pytest.raises(BusyError) as caught:
        await book.find("x", SINCE)
    assert caught.value.retry_after_seconds == (7 if shown.status == 429 else None)
    assert book.is_offered


async def test_a_page_that_broke_off_is_asked_again() -> None:
    whole = page([])
    broken = Answer(status=200, headers={}, body=whole.body[:10], is_whole=False)

    with pytest.raises(BusyError):
        await RequestLog(ask=Pages([broken]), clock=MovedClock()).find("x", SINCE)


async def test_the_window_begins_before_the_post_and_ends_after_now() -> None:
    pages = Pages([page([])])
    await RequestLog(ask=pages, clock=MovedClock()).find("x", SINCE)

    assert pages.asked == [
        {"start": "2026-03-01T11:54:00.000Z", "end": "2026-03-01T12:05:00.000Z", "limit": 100, "offset": 0}
    ]


async def test_a_very_old_post_keeps_the_window_within_the_documented_92_days() -> None:
    pages = Pages([page([])])
    clock = MovedClock()
    await RequestLog(ask=pages, clock=clock).find("x", SINCE - timedelta(days=400))

    assert datetime.fromisoformat(str(pages.asked[0]["start"])) > clock.now() - timedelta(days=91)


async def test_rows_without_an_id_of_ours_never_match() -> None:
    pages = Pages([page([("a", None), ("b", "other")], has_more=True), page([("c", "mine")])])

    assert await RequestLog(ask=pages, clock=MovedClock()).find("mine", SINCE) == "c"
    assert [asked["offset"] for asked in pages.asked] == [0, 100]


async def test_an_endless_log_is_left_after_some_pages() -> None:
    pages = Pages([page([("a", "other")], has_more=True)])

    assert await RequestLog(ask=pages, clock=MovedClock()).find("mine", SINCE) is None
    assert len(pages.asked) == MAX_PAGES
