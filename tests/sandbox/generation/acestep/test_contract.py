"""The stand-in for one's own ACE-Step server answers as the real one's HTTP layer was seen to."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.generation import FakeGeneration, Settings

KEY = "a-key-of-ones-own"
AUTH = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
async def server() -> AsyncIterator[FakeGeneration]:
    async with FakeGeneration(Settings(key=KEY, queued_seconds=0, generating_seconds=0), speaks="acestep") as running:
        yield running


def form(song: Path | None = None, *, part: str = "reference_audio", **fields: str) -> aiohttp.FormData:
    made = aiohttp.FormData({"prompt": "warm folk", "lyrics": "[Verse]\nwords", "batch_size": "1", **fields})
    if song is not None:
        made.add_field(part, song.read_bytes(), filename="reference.mp3", content_type="audio/mpeg")
    return made


async def post(session: aiohttp.ClientSession, server: FakeGeneration, path: str, **more: Any) -> tuple[int, Any]:
    headers = {**AUTH, **more.pop("headers", {})}
    async with session.post(server.url + path, headers=headers, **more) as answer:
        said = await answer.text()
        return answer.status, json.loads(said) if "json" in answer.content_type else said


async def taken(session: aiohttp.ClientSession, server: FakeGeneration, **more: Any) -> str:
    status, body = await post(session, server, "/release_task", **more)
    assert status == 200
    found: str = body["data"]["task_id"]
    return found


async def row(session: aiohttp.ClientSession, server: FakeGeneration, task_id: str) -> dict[str, Any]:
    status, body = await post(session, server, "/query_result", json={"task_id_list": [task_id]})
    assert status == 200
    (found,) = body["data"]
    return found


async def ended(session: aiohttp.ClientSession, server: FakeGeneration, task_id: str) -> dict[str, Any]:
    while (found := await row(session, server, task_id))["status"] == 0:  # noqa: ASYNC110 - it moves by itself
        await asyncio.sleep(0.01)
    return found


@pytest.mark.heavy
@pytest.mark.parametrize("changed", [{}, {"part": "src_audio", "task_type": "cover"}, {"part": "ref_audio"}])
async def test_a_form_with_a_song_is_queued_and_made(
    session: aiohttp.ClientSession, server: FakeGeneration, song: Path, changed: dict[str, str]
) -> None:
    status, body = await post(session, server, "/release_task", data=form(song, **changed))
    assert status == 200
    assert set(body) == {"data", "code", "error", "timestamp", "extra"}
    assert (body["code"], body["error"], body["data"]["status"], body["data"]["queue_position"]) == (
        200,
        None,
        "queued",
        1,
    )
    done = await ended(session, server, body["data"]["task_id"])
    assert done["status"] == 1
    (made,) = json.loads(done["result"])
    assert (made["stage"], made["progress"], made["lyrics"]) == ("succeeded", 1.0, "[Verse]\nwords")
    assert made["file"].startswith("/v1/audio?path=%2F")
    async with session.get(server.url + made["file"], headers=AUTH) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/mpeg")
        whole = await answer.read()
    async with session.get(server.url + made["file"], headers={**AUTH, "Range": "bytes=0-99"}) as answer:
        assert (answer.status, await answer.read()) == (206, whole[:100])


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"Authorization": "Bearer wrong"}, "Invalid API key"),
        ({"Authorization": ""}, "Invalid API key"),
    ],
)
async def test_the_wrong_key_is_401(
    session: aiohttp.ClientSession, server: FakeGeneration, headers: dict[str, str], detail: str
) -> None:
    for path in ("/release_task", "/query_result"):
        status, body = await post(session, server, path, json={}, headers=headers)
        assert (status, body) == (401, {"detail": detail})


async def test_no_key_is_401_and_a_key_among_the_fields_is_one(
    session: aiohttp.ClientSession, server: FakeGeneration
) -> None:
    async with session.post(server.url + "/release_task", data=form()) as answer:
        assert answer.status == 401
        assert await answer.json() == {"detail": "Missing ai_token or Authorization header"}
    async with session.post(server.url + "/release_task", data=form(ai_token=KEY)) as answer:
        assert answer.status == 200
    for path in ("/v1/stats", "/v1/models", "/v1/audio?path=x"):
        async with session.get(server.url + path) as answer:
            assert answer.status == 401
    async with session.get(server.url + "/health") as answer:
        assert (await answer.json())["data"]["status"] == "ok"


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (
            {"json": {"reference_audio_path": "/etc/passwd"}},
            400,
            {"detail": "absolute audio file paths are not allowed"},
        ),
        (
            {"data": b"{not json", "headers": {"Content-Type": "application/json"}},
            400,
            {"detail": "Malformed JSON payload"},
        ),
        ({"json": []}, 400, {"detail": "JSON payload must be an object"}),
        ({"json": {"repaint_mode": "zzz"}}, 500, "Internal Server Error"),
        ({"json": {"lm_backend": "zzz"}}, 500, "Internal Server Error"),
    ],
)
async def test_what_is_refused_is_refused_in_its_words(
    session: aiohttp.ClientSession, server: FakeGeneration, sent: dict[str, Any], status: int, said: object
) -> None:
    assert await post(session, server, "/release_task", **sent) == (status, said)
    assert not server.ledger.generations


async def test_a_body_of_another_kind_is_415(session: aiohttp.ClientSession, server: FakeGeneration) -> None:
    headers = {"Content-Type": "application/xml"}
    assert (await post(session, server, "/release_task", data=b"<a/>", headers=headers))[0] == 415


@pytest.mark.parametrize("sent", [{"json": {}}, {"data": {"ai_token": ""}}])
async def test_an_empty_order_queues_an_empty_song(
    session: aiohttp.ClientSession, server: FakeGeneration, sent: dict[str, Any]
) -> None:
    assert (await ended(session, server, await taken(session, server, **sent)))["status"] == 1


async def test_a_full_queue_is_429(session: aiohttp.ClientSession, server: FakeGeneration) -> None:
    server.change(queued_seconds=60, most_at_once=1)
    await taken(session, server, data=form())
    assert await post(session, server, "/release_task", data=form()) == (429, {"detail": "Server busy: queue is full"})


async def test_jobs_run_one_after_another_and_are_counted(
    session: aiohttp.ClientSession, server: FakeGeneration
) -> None:
    server.change(generating_seconds=60)
    first, second = await taken(session, server, data=form()), await taken(session, server, data=form())
    while "running" not in (await row(session, server, first))["result"]:  # noqa: ASYNC110 - it moves by itself
        await asyncio.sleep(0.01)
    waiting = await row(session, server, second)
    assert (waiting["status"], json.loads(waiting["result"])[0]["stage"]) == (0, "queued")
    async with session.get(server.url + "/v1/stats", headers=AUTH) as answer:
        figures = (await answer.json())["data"]
    assert (figures["jobs"]["running"], figures["jobs"]["queued"], figures["queue_size"]) == (1, 1, 1)


async def test_what_is_no_song_fails_without_a_reason(
    session: aiohttp.ClientSession, server: FakeGeneration, tmp_path: Path
) -> None:
    text = tmp_path / "a.mp3"
    text.write_text("no music here")
    done = await ended(session, server, await taken(session, server, data=form(text)))
    (entry,) = json.loads(done["result"])
    assert (done["status"], entry["file"], entry["stage"]) == (2, "", "failed")
    assert "error" not in entry


async def test_an_unknown_job_is_an_empty_list_for_ever(session: aiohttp.ClientSession, server: FakeGeneration) -> None:
    assert await row(session, server, "nobody") == {"task_id": "nobody", "result": "[]", "status": 0}


async def test_many_jobs_are_asked_for_at_once_in_their_order(
    session: aiohttp.ClientSession, server: FakeGeneration
) -> None:
    known = await taken(session, server, data=form())
    for asked in ([known, "nobody"], json.dumps(["nobody", known])):
        _, body = await post(session, server, "/query_result", json={"task_id_list": asked})
        wanted = json.loads(asked) if isinstance(asked, str) else asked
        assert [found["task_id"] for found in body["data"]] == wanted


@pytest.mark.parametrize("asked", ["no list", None, 7, {}])
async def test_a_list_that_is_none_is_answered_with_nothing(
    session: aiohttp.ClientSession, server: FakeGeneration, asked: object
) -> None:
    status, body = await post(session, server, "/query_result", json={"task_id_list": asked})
    assert (status, body["data"]) == (200, [])


async def test_files_outside_its_folder_and_gone_ones_are_refused(
    session: aiohttp.ClientSession, server: FakeGeneration
) -> None:
    gone = server.world.folder / "gone.mp3"
    for path, status in (("/etc/passwd", 403), (f"{gone}/../../x", 403), (str(gone), 404)):
        async with session.get(server.url + "/v1/audio", params={"path": path}, headers=AUTH) as answer:
            assert answer.status == status
    async with session.head(server.url + "/v1/audio", params={"path": str(gone)}, headers=AUTH) as answer:
        assert answer.status == 405


async def test_scripts_say_what_they_are_told(session: aiohttp.ClientSession, server: FakeGeneration) -> None:
    server.script(when="words", polls=["queued", "thinking", {"status": 500}, "lost", "error"])
    task_id = await taken(session, server, data=form())
    assert json.loads((await row(session, server, task_id))["result"])[0]["stage"] == "queued"
    assert json.loads((await row(session, server, task_id))["result"])[0]["stage"] == "thinking"
    asked = {"json": {"task_id_list": [task_id]}}
    assert await post(session, server, "/query_result", **asked) == (500, "Internal Server Error")
    assert (await row(session, server, task_id))["result"] == "[]"
    assert (await row(session, server, task_id))["status"] == 2


async def test_nothing_is_charged(session: aiohttp.ClientSession, server: FakeGeneration) -> None:
    await ended(session, server, await taken(session, server, data=form()))
    assert server.ledger.charges == 0


async def test_a_restart_knows_what_began_and_not_what_waited(
    session: aiohttp.ClientSession, tmp_path: Path, song: Path
) -> None:
    settings = Settings(key=KEY, queued_seconds=0, generating_seconds=60)
    async with FakeGeneration(settings, speaks="acestep", folder=tmp_path) as server:
        server.script(when="quick", generating_seconds=0)
        quick = await taken(session, server, data=form(song, lyrics="quick"))
        await ended(session, server, quick)
        running, waiting = await taken(session, server, data=form()), await taken(session, server, data=form())
        while "running" not in (await row(session, server, running))["result"]:  # noqa: ASYNC110 - it moves by itself
            await asyncio.sleep(0.01)
    async with FakeGeneration(settings, speaks="acestep", folder=tmp_path) as server:
        assert (await row(session, server, quick))["status"] == 1
        stands_still = await row(session, server, running)
        assert (stands_still["status"], json.loads(stands_still["result"])[0]["progress"]) == (0, 0.01)
        assert (await row(session, server, waiting))["result"] == "[]"
