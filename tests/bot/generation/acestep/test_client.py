"""The contract over real sockets, against the sandbox's server and against servers that answer badly."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
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
    SettingsError,
    TrackLostError,
    TrackNotReadyError,
)
from bot.generation.acestep.asking import ReferenceUse
from bot.generation.acestep.client import AceStepClient
from bot.generation.transport import Sessions, Timeouts
from bot.jobs.ports import Finished, GaveUp, StillWorking
from sandbox.generation import FakeGeneration, Settings
from tests.bot.generation.acestep.kit import (
    FAILED,
    FINISHED,
    KEY,
    LYRICS,
    QUEUED,
    RUNNING,
    STYLE,
    TASK,
    UNKNOWN,
    client_of,
    entry,
    envelope,
    request_of,
    row,
    taken,
)
from tests.bot.generation.answers import answering, made
from tests.bot.generation.stand_ins import FAST, NOWHERE, MovedClock


async def end_of(client: AceStepClient, task_id: str) -> Finished | GaveUp:
    while True:
        progress = await client.poll(task_id)
        if not isinstance(progress, StillWorking):
            return progress
        await asyncio.sleep(0.01)


# --- the whole way ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "part", "task"),
    [(ReferenceUse.STYLE, "reference_audio", "text2music"), (ReferenceUse.COVER, "src_audio", "cover")],
)
async def test_a_song_is_sent_along_made_and_fetched(
    sessions: Sessions, server: FakeGeneration, song: Path, tmp_path: Path, use: ReferenceUse, part: str, task: str
) -> None:
    client = client_of(server.url, sessions, use=use)
    done = await end_of(client, await client.submit(request_of(song)))
    assert isinstance(done, Finished)
    size = await client.fetch(done.track_url, tmp_path / "track.mp3")

    assert (tmp_path / "track.mp3").stat().st_size == size > 1000
    (posted,) = server.ledger.submissions
    assert posted.content_type == "multipart/form-data"
    assert (posted.body["lyrics"], posted.body["prompt"], posted.body["task_type"]) == (LYRICS, STYLE, task)
    assert (posted.body["batch_size"], posted.body["audio_format"], posted.body["vocal_language"]) == ("1", "mp3", "en")
    assert Path(posted.body[part]["path"]).read_bytes() == song.read_bytes()
    assert (posted.body[part]["filename"], posted.body[part]["content_type"]) == ("reference.mp3", "audio/mpeg")
    assert set(posted.body) & {"reference_audio", "src_audio"} == {part}


async def test_a_wav_keeps_its_ending(own: AceStepClient, server: FakeGeneration, tmp_path: Path) -> None:
    copy = tmp_path / "17-0123456789abcdef"
    copy.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    await own.submit(request_of(copy))
    assert server.ledger.submissions[0].body["reference_audio"]["filename"] == "reference.wav"


@pytest.mark.parametrize("key", [None, KEY])
async def test_a_server_without_a_key_is_as_good(
    sessions: Sessions, song: Path, tmp_path: Path, key: str | None
) -> None:
    settings = Settings(key="", queued_seconds=0, generating_seconds=0)
    async with FakeGeneration(settings, speaks="acestep") as server:
        client = client_of(server.url, sessions, key=key)
        done = await end_of(client, await client.submit(request_of(song)))
        assert isinstance(done, Finished)
        assert await client.fetch(done.track_url, tmp_path / "a.mp3") > 0


@pytest.mark.parametrize("key", ["k", "data", "task_id", "file", "1"])
async def test_a_key_that_is_a_word_of_the_servers_own_takes_nothing_from_its_answers(
    sessions: Sessions, song: Path, tmp_path: Path, key: str
) -> None:
    settings = Settings(key=key, queued_seconds=0, generating_seconds=0)
    async with FakeGeneration(settings, speaks="acestep") as server:
        client = client_of(server.url, sessions, key=key)
        done = await end_of(client, await client.submit(request_of(song)))
        assert isinstance(done, Finished)
        assert await client.fetch(done.track_url, tmp_path / "a.mp3") > 0


async def test_without_a_key_no_header_is_sent(sessions: Sessions, song: Path) -> None:
    async with answering(lambda _: made(200, taken())) as (url, asked):
        await client_of(url, sessions, key=None).submit(request_of(song))
    assert "Authorization" not in asked[0].headers


async def test_lines_and_other_scripts_arrive_as_they_are(
    own: AceStepClient, server: FakeGeneration, song: Path
) -> None:
    lyrics = '[Strophe 1]\nGrüße, 世界 & «жизнь»\n\nzweite "Zeile"'
    await own.submit(request_of(song, lyrics=lyrics, style="chanson, très doux"))
    body = server.ledger.submissions[0].body
    assert (body["lyrics"], body["prompt"]) == (lyrics, "chanson, très doux")


@pytest.mark.parametrize("key", ["two words", "schlüssel", "", " "])
def test_a_key_that_no_header_can_carry_is_a_settings_error(sessions: Sessions, key: str) -> None:
    with pytest.raises(SettingsError, match="ACESTEP_API_KEY"):
        client_of("http://127.0.0.1:8001", sessions, key=key)


def test_an_address_with_more_than_an_address_is_a_settings_error(sessions: Sessions) -> None:
    with pytest.raises(SettingsError, match=r"ACESTEP_API_URL.*http://127\.0\.0\.1:8001"):
        client_of("http://ada@gpu.local:8001", sessions)


# --- songs that are not taken -----------------------------------------------------------------------------------------


async def error_of(sessions: Sessions, answer: Any, song: Path, *, timeouts: Timeouts = FAST) -> GenerationError:
    """The error of one song, which must be one POST and give nothing away."""
    async with answering(answer) as (url, asked):
        with pytest.raises(GenerationError) as caught:
            await client_of(url, sessions, timeouts=timeouts).submit(request_of(song))
    assert [request.path for request in asked] == ["/release_task"]
    for secret in (KEY, "took my name", STYLE, "cdn.discordapp.com", "127.0.0.1"):
        assert secret not in str(caught.value)
    return caught.value


async def test_a_wrong_key_is_the_operators(sessions: Sessions, server: FakeGeneration, song: Path) -> None:
    for key in (None, "another"):
        with pytest.raises(AccountError) as caught:
            await client_of(server.url, sessions, key=key).submit(request_of(song))
        assert caught.value.reason is Reason.KEY_REFUSED
    assert not server.ledger.generations


async def test_a_key_that_comes_back_in_an_error_is_not_told(sessions: Sessions, song: Path) -> None:
    error = await error_of(sessions, lambda _: made(401, {"detail": f"Invalid API key {KEY}"}), song)
    assert "Invalid API key" in str(error)


async def test_what_was_typed_and_comes_back_is_not_told(sessions: Sessions, song: Path) -> None:
    error = await error_of(sessions, lambda _: made(400, {"detail": f"bad: {LYRICS} / {STYLE}"}), song)
    assert isinstance(error, RefusedError)


async def test_a_field_it_cannot_read_ends_the_song(own: AceStepClient, server: FakeGeneration, song: Path) -> None:
    server.fault("submit", status=500)
    with pytest.raises(RefusedError) as caught:
        await own.submit(request_of(song))
    assert (caught.value.reason, caught.value.status) == (Reason.REQUEST_REFUSED, 500)


async def test_a_full_queue_is_for_later(sessions: Sessions, song: Path) -> None:
    async with FakeGeneration(Settings(key=KEY, queued_seconds=60, most_at_once=1), speaks="acestep") as server:
        client = client_of(server.url, sessions)
        await client.submit(request_of(song))
        with pytest.raises(BusyError, match="queue is full"):
            await client.submit(request_of(song))


async def test_no_server_is_for_later(sessions: Sessions, song: Path) -> None:
    with pytest.raises(BusyError, match="no connection"):
        await client_of(NOWHERE, sessions).submit(request_of(song))


@pytest.mark.parametrize(
    "fault",
    [
        {"manner": "drop"},
        {"manner": "drop", "after_effect": True},
        {"manner": "truncate", "after_effect": True},
        {"manner": "wrong_types", "status": 200, "after_effect": True},
        {"manner": "empty", "status": 200, "after_effect": True},
        {"manner": "html", "status": 502, "after_effect": True},
        {"manner": "huge", "status": 200, "after_effect": True},
    ],
    ids=str,
)
async def test_a_lost_answer_leaves_it_open(
    own: AceStepClient, server: FakeGeneration, song: Path, fault: dict[str, Any]
) -> None:
    server.fault("submit", **fault)
    with pytest.raises(OutcomeUnknownError):
        await own.submit(request_of(song))
    assert len(server.ledger.submissions) == 1
    assert len(server.ledger.generations) == int(fault.get("after_effect", False))


async def test_an_answer_that_does_not_come_leaves_it_open(
    sessions: Sessions, server: FakeGeneration, song: Path
) -> None:
    server.fault("submit", manner="hang")
    hasty = Timeouts(connect_seconds=20, submit_seconds=0.3)
    with pytest.raises(OutcomeUnknownError, match="no answer"):
        await client_of(server.url, sessions, timeouts=hasty).submit(request_of(song))


@pytest.mark.parametrize("data", [None, {}, {"task_id": ""}, [], "x"])
async def test_an_acceptance_without_an_id_leaves_it_open(sessions: Sessions, song: Path, data: object) -> None:
    assert isinstance(await error_of(sessions, lambda _: made(200, envelope(data)), song), OutcomeUnknownError)


# --- how it stands ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def said(sessions: Sessions, body: object, **more: Any) -> AsyncIterator[AceStepClient]:
    async with answering(lambda _: made(200, body)) as (url, _):
        yield client_of(url, sessions, **more)


async def test_it_is_asked_by_its_id_with_the_key(sessions: Sessions) -> None:
    bodies: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        bodies.append(await request.json())
        return made(200, QUEUED)

    async with answering(answer) as (url, asked):
        assert await client_of(url, sessions).poll(TASK) == StillWorking(status="queued")
    assert (asked[0].method, asked[0].path, bodies) == ("POST", "/query_result", [{"task_id_list": [TASK]}])
    assert asked[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_a_failed_job_is_over(sessions: Sessions) -> None:
    async with said(sessions, FAILED) as client:
        assert await client.poll(TASK) == GaveUp(reason=Reason.PROVIDER_FAILED, detail="the server gives no reason")


async def test_a_job_that_is_not_known_is_lost_at_once(sessions: Sessions) -> None:
    async with said(sessions, UNKNOWN) as client:
        with pytest.raises(RefusedError) as caught:
            await client.poll(TASK)
    assert caught.value.reason is Reason.GENERATION_LOST


@pytest.mark.parametrize("body", [None, [], {}, "null", envelope([]), envelope([row(0, [entry()], task_id="other")])])
async def test_an_answer_that_says_nothing_is_asked_for_again(sessions: Sessions, body: object) -> None:
    async with said(sessions, body) as client:
        with pytest.raises(BusyError):
            await client.poll(TASK)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 429},
        {"manner": "html", "status": 502},
        {"manner": "html", "status": 200},
        {"manner": "drop"},
        {"manner": "truncate"},
        {"manner": "huge"},
        {"manner": "noise", "status": 200},
        {"manner": "wrong_types", "status": 200},
        {"manner": "empty", "status": 200},
    ],
    ids=str,
)
async def test_one_bad_answer_costs_nothing_but_time(
    own: AceStepClient, server: FakeGeneration, song: Path, fault: dict[str, Any]
) -> None:
    task_id = await own.submit(request_of(song))
    server.fault("poll", rule={"times": 1}, **fault)
    with pytest.raises(BusyError):
        await own.poll(task_id)
    assert isinstance(await end_of(own, task_id), Finished)


async def test_a_slow_answer_is_waited_for_and_one_that_never_comes_is_not(
    sessions: Sessions, server: FakeGeneration, song: Path
) -> None:
    client = client_of(server.url, sessions)
    task_id = await client.submit(request_of(song))
    server.fault("poll", rule={"times": 1}, manner="slow", delay_seconds=0.2)
    assert await client.poll(task_id)
    server.fault("poll", rule={"times": 1}, manner="hang")
    hasty = client_of(server.url, sessions, timeouts=Timeouts(connect_seconds=20, read_seconds=1))
    with pytest.raises(BusyError):
        await hasty.poll(task_id)


async def test_a_key_that_ends_is_the_operators(own: AceStepClient, server: FakeGeneration, song: Path) -> None:
    task_id = await own.submit(request_of(song))
    server.change(is_key_revoked=True)
    with pytest.raises(AccountError) as caught:
        await own.poll(task_id)
    assert caught.value.reason is Reason.KEY_REFUSED


# --- a restart of the server ------------------------------------------------------------------------------------------


async def test_a_restart_keeps_what_was_made_and_loses_what_waited(
    sessions: Sessions, song: Path, tmp_path: Path
) -> None:
    quick = Settings(key=KEY, queued_seconds=0, generating_seconds=0)
    # on Linux alone loopback has addresses where nobody else listens, who could take the port in between
    host = "127.0.0.4" if sys.platform == "linux" else "127.0.0.1"
    async with FakeGeneration(quick, speaks="acestep", folder=tmp_path / "acestep", host=host) as server:
        client, port = client_of(server.url, sessions), server.world.url.port
        made_before = await client.submit(request_of(song))
        assert isinstance(await end_of(client, made_before), Finished)
        server.change(generating_seconds=600)
        ran = await client.submit(request_of(song))
        while await client.poll(ran) == StillWorking(status="queued"):  # noqa: ASYNC110 - it moves by itself
            await asyncio.sleep(0.01)
        waited = await client.submit(request_of(song))
        assert await client.poll(waited) == StillWorking(status="queued")
    async with FakeGeneration(quick, speaks="acestep", folder=tmp_path / "acestep", host=host, port=port or 0):
        done = await client.poll(made_before)
        assert isinstance(done, Finished)
        assert await client.fetch(done.track_url, tmp_path / "a.mp3") > 0
        assert isinstance(await client.poll(ran), StillWorking)
        with pytest.raises(RefusedError) as caught:
            await client.poll(waited)
        assert caught.value.reason is Reason.GENERATION_LOST


@pytest.mark.parametrize(("running", "is_lost_after"), [(0, 21), (1, 901)])
async def test_the_job_that_ran_at_a_restart_is_given_up_when_it_has_stood_still(
    sessions: Sessions, running: int, is_lost_after: float
) -> None:
    figures = envelope({"jobs": {"running": running}, "avg_job_seconds": 12})
    clock = MovedClock()

    def answer(request: web.Request) -> web.Response:
        return made(200, figures if request.path == "/v1/stats" else RUNNING)

    async with answering(answer) as (url, asked):
        client = client_of(url, sessions, clock=clock)
        assert await client.poll(TASK)
        clock.passed = is_lost_after - 2
        assert await client.poll(TASK)
        clock.passed = is_lost_after
        with pytest.raises(RefusedError) as caught:
            await client.poll(TASK)
    assert caught.value.reason is Reason.GENERATION_LOST
    assert {request.headers["Authorization"] for request in asked} == {f"Bearer {KEY}"}


async def test_a_job_that_ends_while_it_is_doubted_is_not_lost(sessions: Sessions) -> None:
    clock, said_of_it = MovedClock(), [RUNNING, RUNNING, FINISHED]
    idle = envelope({"jobs": {"running": 0}, "avg_job_seconds": 12})

    def answer(request: web.Request) -> web.Response:
        return made(200, idle if request.path == "/v1/stats" else said_of_it.pop(0))

    async with answering(answer) as (url, _):
        client = client_of(url, sessions, clock=clock)
        assert await client.poll(TASK)
        clock.passed = 30
        assert isinstance(await client.poll(TASK), StillWorking)
    assert said_of_it == []


# --- the track --------------------------------------------------------------------------------------------------------


async def finished(client: AceStepClient, song: Path) -> str:
    done = await end_of(client, await client.submit(request_of(song)))
    assert isinstance(done, Finished)
    return done.track_url


async def test_a_track_is_behind_the_key(
    own: AceStepClient, server: FakeGeneration, sessions: Sessions, song: Path, tmp_path: Path
) -> None:
    url = await finished(own, song)
    assert url.startswith("/v1/audio?path=%2F")
    with pytest.raises(TrackLostError, match="401"):
        await client_of(server.url, sessions, key=None).fetch(url, tmp_path / "a.mp3")
    assert not list(tmp_path.glob("*.mp3"))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 500}, TrackNotReadyError),
        ({"manner": "drop"}, TrackNotReadyError),
        ({"manner": "truncate"}, TrackNotReadyError),
        ({"manner": "empty", "status": 200}, TrackLostError),
        ({"manner": "endless"}, TrackLostError),
        ({"manner": "empty", "status": 403}, TrackLostError),
        ({"manner": "empty", "status": 404}, TrackNotReadyError),
    ],
    ids=str,
)
async def test_a_track_that_cannot_be_had_leaves_no_file(
    sessions: Sessions, server: FakeGeneration, song: Path, tmp_path: Path, fault: dict[str, Any], kind: type[Exception]
) -> None:
    client = client_of(server.url, sessions, clock=MovedClock(), track_bytes=200_000)
    url = await finished(client, song)
    server.fault("track", **fault)
    with pytest.raises(kind):
        await client.fetch(url, tmp_path / "a.mp3")
    assert list(tmp_path.iterdir()) == []


async def test_a_path_in_the_servers_address_stands_before_all_its_own(
    sessions: Sessions, song: Path, tmp_path: Path
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/ace/v1/audio":
            return web.Response(body=b"ID3 a track")
        return made(200, taken() if request.path == "/ace/release_task" else FAILED)

    async with answering(answer) as (url, asked):
        client = client_of(f"{url}/ace", sessions)
        await client.submit(request_of(song))
        await client.poll(TASK)
        assert await client.fetch("/v1/audio?path=%2Ftmp%2Fa%20b.mp3", tmp_path / "a.mp3") == 11
    assert [request.path for request in asked] == ["/ace/release_task", "/ace/query_result", "/ace/v1/audio"]
    assert asked[2].raw_path == "/ace/v1/audio?path=%2Ftmp%2Fa%20b.mp3"


@pytest.mark.parametrize(
    "file",
    [
        "{other}/a.mp3",
        "//{host}/a.mp3",
        "/\\{host}/a.mp3",
        "https://{host}/a.mp3",
        "a.mp3",
        "",
        "file:///etc/passwd",
        "http://[",
    ],
)
async def test_a_track_elsewhere_is_not_asked_for(sessions: Sessions, tmp_path: Path, file: str) -> None:
    async with answering(web.Response(body=b"x")) as (other, theirs), answering(web.Response(body=b"y")) as (url, ours):
        named = file.format(other=other, host=other.removeprefix("http://"))
        with pytest.raises(TrackLostError) as caught:
            await client_of(url, sessions).fetch(named, tmp_path / "a.mp3")
    assert (theirs, ours) == ([], [])
    assert not caught.value.may_open


async def test_a_redirect_takes_the_key_nowhere_else(sessions: Sessions, tmp_path: Path) -> None:
    async with answering(web.Response(body=b"x")) as (other, theirs):
        away = web.Response(status=302, headers={"Location": f"{other}/a.mp3"})
        async with answering(lambda _: away) as (url, _):
            with pytest.raises(TrackLostError):
                await client_of(url, sessions).fetch("/v1/audio?path=a", tmp_path / "a.mp3")
    assert theirs == []


async def test_an_absolute_address_of_the_server_itself_is_good(sessions: Sessions, tmp_path: Path) -> None:
    async with answering(lambda _: web.Response(body=b"ID3 x")) as (url, asked):
        assert await client_of(url, sessions).fetch(f"{url}/v1/audio?path=a", tmp_path / "a.mp3") == 5
    assert asked[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_a_page_in_place_of_a_track_is_fetched_and_judged_by_ear(
    own: AceStepClient, server: FakeGeneration, song: Path, tmp_path: Path
) -> None:
    url = await finished(own, song)
    server.fault("track", manner="html", status=200)
    assert await own.fetch(url, tmp_path / "a.mp3") > 0
    assert (tmp_path / "a.mp3").read_text().startswith("<!DOCTYPE")
