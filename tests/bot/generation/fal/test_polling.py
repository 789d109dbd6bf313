"""How a request stands: completed may mean failed, by its status or by its result; a gateway's page means nothing."""

from typing import Any

import pytest
from aiohttp import web

from bot.errors import AccountError, BusyError, GenerationError, Reason, RefusedError
from bot.generation.fal.client import FalClient
from bot.generation.transport import Timeouts
from bot.jobs.ports import Cancellation, Finished, GaveUp, Progress, StillWorking
from sandbox.generation import FakeGeneration
from tests.bot.generation.answers import PAGE, answering, fal, made
from tests.bot.generation.fal.conftest import ClientFor
from tests.bot.generation.stand_ins import References, request_for

GENERATION = "fal-ai/ace-step/requests/764cabcf-b745-4b3e-ae38-1200304cf45b"
TRACK = "https://v3.fal.media/files/koala/Oa2XHFE1_output.mp3"
COMPLETED = {"status": "COMPLETED", "logs": None, "metrics": {"inference_time": 3.2}}


async def polled(
    client_for: ClientFor, status: tuple[int, Any], result: tuple[int, Any] = (500, ""), **headers: str
) -> Progress:
    def answer(request: web.Request) -> web.Response:
        return made(*(status if request.path.endswith("/status") else result), **headers)

    async with answering(answer) as (url, asked):
        progress = await client_for(url).poll(GENERATION)
    assert [request.path for request in asked] in (
        [f"/{GENERATION}/status"],
        [f"/{GENERATION}/status", f"/{GENERATION}"],
    )
    return progress


@pytest.mark.parametrize(
    ("status", "body", "progress"),
    [
        (202, {"status": "IN_QUEUE", "queue_position": 3}, StillWorking(status="in_queue", place=3)),
        (202, {"status": "IN_PROGRESS", "logs": []}, StillWorking(status="in_progress")),
        (200, {"status": "IN_PROGRESS", "logs": None}, StillWorking(status="in_progress")),  # by the word, not the code
        (202, {"status": "a new word"}, StillWorking(status="a new word")),
        (200, {"status": "COMPLETED", "error": "Downstream service error"}, Reason.PROVIDER_FAILED),
        (200, {"status": "COMPLETED", "error_type": "request_timeout"}, Reason.PROVIDER_FAILED),
        (200, {"status": "COMPLETED", "error": "x", "error_type": "content_policy_violation"}, Reason.CONTENT_REFUSED),
        (200, {"status": "COMPLETED", "error": "nobody knows this"}, Reason.PROVIDER_FAILED),
        (202, {"status": "COMPLETED", "error": "x", "error_type": "file_download_error"}, Reason.REFERENCE_UNREADABLE),
        (200, {"status": "FAILED"}, Reason.PROVIDER_FAILED),
        (200, {"status": "CANCELLED"}, Reason.PROVIDER_FAILED),
    ],
)
async def test_the_status_says_how_it_stands(
    client_for: ClientFor, status: int, body: Any, progress: Progress | Reason
) -> None:
    found = await polled(client_for, (status, body))
    if isinstance(progress, Reason):
        assert isinstance(found, GaveUp)
        assert found.reason is progress
        assert found.detail
    else:
        assert found == progress


@pytest.mark.parametrize(
    ("body", "progress"),
    [
        ({"audio": {"url": TRACK, "content_type": "audio/mpeg"}, "seed": 1}, Finished(track_url=TRACK)),
        ({"audio": TRACK}, Finished(track_url=TRACK)),
        ({"audio": {"url": "ftp://x/y"}}, StillWorking(status="completed")),
        ({"audio": None}, StillWorking(status="completed")),
        ({}, StillWorking(status="completed")),
    ],
)
async def test_completed_is_finished_when_its_result_names_a_file(
    client_for: ClientFor, body: Any, progress: Progress
) -> None:
    assert await polled(client_for, (200, COMPLETED), (200, body)) == progress


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (422, fal("audio_duration_too_short", "Audio duration is too short."), Reason.REFERENCE_UNREADABLE),
        (422, fal("unsupported_audio_format", "Unsupported audio format."), Reason.REFERENCE_UNREADABLE),
        (422, fal("content_policy_violation", "Flagged."), Reason.CONTENT_REFUSED),
        (422, fal("missing", "Field required"), Reason.REQUEST_REFUSED),
        (400, {"detail": "no such mode"}, Reason.REQUEST_REFUSED),
        (403, {"detail": "content policy"}, Reason.CONTENT_REFUSED),
        (500, {"detail": "Internal Server Error"}, Reason.PROVIDER_FAILED),
        (503, {"detail": "Runner lost", "error_type": "runner_connection_error"}, Reason.PROVIDER_FAILED),
        (504, fal("generation_timeout", "Generation timeout"), Reason.PROVIDER_FAILED),
    ],
)
async def test_completed_with_an_error_as_its_result_has_failed(
    client_for: ClientFor, status: int, body: Any, reason: Reason
) -> None:
    found = await polled(client_for, (200, COMPLETED), (status, body))
    assert isinstance(found, GaveUp)
    assert found.reason is reason
    assert "://" not in found.detail


@pytest.mark.parametrize(
    ("status", "result"),
    [
        # what stands before the queue says nothing about the song
        ((200, COMPLETED), (502, PAGE)),
        ((200, COMPLETED), (500, "")),
        ((200, COMPLETED), (429, {"detail": "Too Many Requests"})),
        ((200, COMPLETED), (408, {"detail": "x"})),
        ((200, COMPLETED), (200, "<html>")),
        ((200, COMPLETED), (302, "")),
        ((502, PAGE), (500, "")),
        ((429, {"detail": "slow down"}), (500, "")),
        ((500, {"detail": "Internal Server Error"}), (500, "")),
        ((200, "no JSON"), (500, "")),
        ((200, {"no": "status"}), (500, "")),
        ((200, []), (500, "")),
    ],
)
async def test_what_says_nothing_of_the_song_is_asked_again(
    client_for: ClientFor, status: tuple[int, Any], result: tuple[int, Any]
) -> None:
    with pytest.raises(BusyError):
        await polled(client_for, status, result)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ((401, {"detail": "sandbox-key is no key"}), AccountError, Reason.KEY_REFUSED),
        ((403, {"detail": "User is locked"}), AccountError, Reason.NO_CREDITS),
        ((404, {"detail": "Request not found"}), RefusedError, Reason.GENERATION_LOST),
        ((410, {"detail": "gone"}), RefusedError, Reason.GENERATION_LOST),
        ((404, {"message": "Cannot GET /fal-ai"}), AccountError, Reason.ADDRESS_WRONG),
    ],
)
@pytest.mark.parametrize("of_result", [False, True])
async def test_the_account_and_a_lost_request_are_told_apart(
    client_for: ClientFor, answer: tuple[int, Any], kind: type[GenerationError], reason: Reason, of_result: bool
) -> None:
    with pytest.raises(kind) as caught:
        await polled(client_for, *([(200, COMPLETED), answer] if of_result else [answer]))
    assert caught.value.reason is reason  # type: ignore[attr-defined]
    assert "sandbox-key" not in str(caught.value)


@pytest.mark.parametrize("call", ["poll", "result", "cancel"])
@pytest.mark.parametrize("manner", ["drop", "hang", "truncate", "huge", "wrong_types", "empty", "html", "noise"])
async def test_every_fault_of_a_look_is_asked_again(
    api: FakeGeneration, references: References, client_for: ClientFor, call: str, manner: str
) -> None:
    client = client_for(api.url)
    generation_id = await client.submit(request_for(references.url()))
    await until_completed(client, api, generation_id)
    rule = api.fault(call, manner=manner, status=502)
    # what answers is given its time: one that was given up for late would not have been asked at all
    hasty = client_for(api.url, timeouts=Timeouts(connect_seconds=20, read_seconds=0.5))
    asking = hasty if manner == "hang" else client
    with pytest.raises(BusyError):
        await (asking.cancel if call == "cancel" else asking.poll)(generation_id)
    api.heal(rule)
    assert isinstance(await client.poll(generation_id), Finished)


async def until_completed(client: FalClient, api: FakeGeneration, generation_id: str) -> None:
    composing = api.ledger.generations[generation_id.rpartition("/")[2]].composing
    assert composing is not None
    await composing
    api.change(queued_seconds=0, generating_seconds=0)


# --- an end on request ------------------------------------------------------------------------------------------------


async def test_a_cancel_has_four_answers(api: FakeGeneration, references: References, client: FalClient) -> None:
    api.change(most_at_once=1, queued_seconds=0, generating_seconds=3600)
    running = await client.submit(request_for(references.url(), prompt="##one##", name="compose-1-1"))
    waiting = await client.submit(request_for(references.url(), prompt="##two##", name="compose-2-1"))
    assert await client.cancel(waiting) is Cancellation.STOPPED
    assert await client.cancel(running) is Cancellation.ASKED
    assert api.ledger.charges == 1, "what was removed from the queue is not charged"
    await until_completed(client, api, running)
    assert await client.cancel(running) is Cancellation.TOO_LATE
    assert isinstance(await client.poll(running), Finished), "and it can be fetched"
    assert await client.cancel(waiting) is Cancellation.LOST


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, {"status": "OK"}, Cancellation.STOPPED),
        (202, "OK", Cancellation.STOPPED),
        (200, {"status": "CANCELLATION_REQUESTED"}, Cancellation.ASKED),
        (400, {"status": "CANCELLATION_REQUESTED"}, Cancellation.ASKED),
        (200, {"status": "ALREADY_COMPLETED"}, Cancellation.TOO_LATE),
        (400, {"detail": "already_completed"}, Cancellation.TOO_LATE),
        (404, {"status": "NOT_FOUND"}, Cancellation.LOST),
        (200, {"detail": "NOT_FOUND"}, Cancellation.LOST),
        (404, {"detail": "Request not found"}, Cancellation.LOST),
        # taken, in words that nobody knows: nothing may be promised
        (200, {"status": "GREAT"}, Cancellation.ASKED),
        (204, "", Cancellation.ASKED),
    ],
)
async def test_a_cancel_is_judged_by_the_word(
    client_for: ClientFor, status: int, body: Any, said: Cancellation
) -> None:
    async with answering(lambda _: made(status, body)) as (url, asked):
        assert await client_for(url).cancel(GENERATION) is said
    assert [(request.method, request.path) for request in asked] == [("PUT", f"/{GENERATION}/cancel")]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"detail": "no"}, AccountError),
        (500, {"detail": "Internal Server Error"}, BusyError),
        (502, PAGE, BusyError),
        (422, {"detail": "odd"}, BusyError),
        (429, "", BusyError),
    ],
)
async def test_a_cancel_without_an_answer_is_no_answer(
    client_for: ClientFor, status: int, body: Any, kind: type[GenerationError]
) -> None:
    async with answering(lambda _: made(status, body)) as (url, _):
        with pytest.raises(kind):
            await client_for(url).cancel(GENERATION)
