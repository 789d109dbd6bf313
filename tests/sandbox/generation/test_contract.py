import io
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest

from sandbox.generation import FakeGeneration, Settings
from tests.bot.generation.stand_ins import References
from tests.sandbox.generation.caller import Caller


async def test_a_song_is_queued_then_generating_then_completed(caller: Caller) -> None:
    caller.api.change(queued_seconds=3600)
    generation_id = await caller.submit()
    assert (await caller.poll(generation_id))["status"] == "queued"
    caller.api.change(queued_seconds=0, generating_seconds=3600)
    assert (await caller.poll(generation_id))["status"] == "generating"
    caller.api.change(generating_seconds=0)
    done = await caller.end(generation_id)

    assert done["status"] == "completed"
    assert done["audio_file"]["content_type"] == "audio/mpeg"
    status, body = await caller.track(done["audio_file"]["url"])
    assert status == 200
    assert len(body) == done["audio_file"]["file_size"]
    with av.open(io.BytesIO(body)) as track:
        assert track.format.name == "mp3"
        assert sum(frame.samples for frame in track.decode(audio=0)) > 22_050


async def test_an_id_has_a_colon_and_is_no_path(caller: Caller) -> None:
    assert (await caller.submit()).endswith(":minimax-music")


async def test_two_requests_have_two_tracks(caller: Caller) -> None:
    bodies = set()
    for words in ("one", "two", "three"):
        done = await caller.end(await caller.submit(prompt=f"##{words}##"))
        bodies.add((await caller.track(done["audio_file"]["url"]))[1])

    assert len(bodies) == 3


@pytest.mark.parametrize("key", ["wrong", "sandbox-key "])
async def test_a_wrong_key_is_401_with_the_documented_envelope(caller: Caller, key: str) -> None:
    status, body = await caller.post(key=key + "x")

    assert status == 401
    assert set(body) == {"message", "path", "requestId", "statusCode", "timestamp"}
    assert body["message"].startswith("This request requires a valid API key")
    assert body["path"] == "/v2/generate/audio"
    assert body["statusCode"] == "401"
    assert (await caller.get("/v2/generate/audio", key="x", generation_id="y"))[0] == 401


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"model": None}, "model: Invalid enum value"),
        ({"model": "minimax/music-01"}, "received 'minimax/music-01'"),
        ({"prompt": None}, "prompt: Required"),
        ({"prompt": 5}, "prompt: Expected string"),
        ({"prompt": "####"}, "prompt: String must contain at least 1"),
        ({"prompt": "x" * 601}, "prompt: String must contain at most 600"),
        ({"reference_audio_url": None}, "reference_audio_url: Required"),
        ({"reference_audio_url": "song.mp3"}, "reference_audio_url: Invalid url"),
        ({"reference_audio_url": 7}, "reference_audio_url: Invalid url"),
        ({"reference_audio_url": "file:///etc/passwd"}, "reference_audio_url: Invalid url"),
    ],
)
async def test_a_wrong_body_is_400(caller: Caller, changed: dict[str, Any], line: str) -> None:
    body = {"model": "minimax-music", "prompt": "words", "reference_audio_url": caller.references.url(), **changed}
    headers = {"Authorization": f"Bearer {caller.api.key}"}
    body = {name: value for name, value in body.items() if value is not None}
    async with caller.session.post(caller.api.url + "/v2/generate/audio", json=body, headers=headers) as answer:
        assert answer.status == 400
        message = (await answer.json())["message"]

    assert message.startswith("Body validation error")
    assert line in message
    assert caller.api.ledger.charges == 0


async def test_600_characters_are_taken(caller: Caller) -> None:
    assert await caller.submit(prompt="##" + "x" * 596 + "##")


@pytest.mark.parametrize(
    ("data", "content_type"), [(b"{not json", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain")]
)
async def test_what_is_no_json_object_is_400(caller: Caller, data: bytes, content_type: str) -> None:
    headers = {"Authorization": f"Bearer {caller.api.key}", "Content-Type": content_type}
    async with caller.session.post(caller.api.url + "/v2/generate/audio", data=data, headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(("name", "kind"), [("gone", "file_download_error"), ("text", "unsupported_audio_format")])
async def test_a_reference_that_cannot_be_used_is_422_and_echoes_its_address(
    caller: Caller, name: str, kind: str
) -> None:
    url = caller.references.url(name)
    status, body = await caller.post(reference_audio_url=url)

    assert status == 422
    assert body["detail"][0]["type"] == kind
    assert body["detail"][0]["input"] == url
    assert caller.api.ledger.charges == 0


async def test_a_reference_of_15_seconds_or_less_ends_in_an_error_that_costs_nothing(
    session: aiohttp.ClientSession, short_song: Path
) -> None:
    async with FakeGeneration(Settings(songs_left=1)) as api, References(short_song) as references:
        caller = Caller(session, api, references)
        done = await caller.end(await caller.submit())
        assert done["status"] == "error"
        assert done["error"]["name"] == "audio_duration_too_short"
        assert api.ledger.charges == 0
        assert api.world.settings.songs_left == 1


async def test_a_wav_is_a_reference_too(session: aiohttp.ClientSession, api: FakeGeneration, wav: Path) -> None:
    async with References(wav) as references:
        caller = Caller(session, api, references)
        assert (await caller.end(await caller.submit()))["status"] == "completed"


async def test_only_discords_hosts_are_asked_unless_loopback_is_allowed(caller: Caller) -> None:
    caller.api.change(allow_loopback=False)
    for url in (
        caller.references.url(),
        caller.references.url().replace("127.0.0.1", "localhost"),
        "http://169.254.169.254/latest",
        "https://cdn.discordapp.com.evil.example/a.mp3",
        "http://cdn.discordapp.com/not/over/tls.mp3",
    ):
        status, body = await caller.post(reference_audio_url=url)
        assert status == 422
        assert body["detail"][0]["type"] == "file_download_error"


async def test_refused_words_end_in_an_error(caller: Caller) -> None:
    caller.api.change(refused_words=["Voldemort"])
    done = await caller.end(await caller.submit(prompt="##oh voldemort##"))

    assert done["error"]["name"] == "content_policy_violation"


async def test_credits_run_out_with_403(caller: Caller) -> None:
    caller.api.change(songs_left=1)
    await caller.submit()
    status, body = await caller.post()

    assert status == 403
    assert "run out of credits" in body["message"]
    assert caller.api.ledger.charges == 1


async def test_a_failed_song_gives_its_credit_back(caller: Caller) -> None:
    caller.api.change(songs_left=1)
    caller.api.script(polls=["error"])
    done = await caller.poll(await caller.submit())

    assert done["error"] == {"name": "Error", "message": "Downstream service error"}
    assert caller.api.world.settings.songs_left == 1
    assert caller.api.ledger.charges == 0


async def test_too_many_at_once_are_429_until_one_ends(caller: Caller) -> None:
    caller.api.change(most_at_once=1, retry_after="3")
    caller.api.script(polls=["generating", "completed"])
    generation_id = await caller.submit()
    assert (await caller.post())[0] == 429
    assert (await caller.poll(generation_id))["status"] == "generating"
    assert (await caller.post())[0] == 429
    assert (await caller.poll(generation_id))["status"] == "completed"
    assert (await caller.post())[0] == 201


async def test_an_unknown_id_is_404_and_none_is_400(caller: Caller) -> None:
    assert (await caller.get("/v2/generate/audio", generation_id="x"))[0] == 404
    assert (await caller.get("/v2/generate/audio"))[0] == 400
    assert (await caller.get("/v2/logs", period="1h"))[0] == 404


@pytest.mark.parametrize("path", ["/v3/other", "/v2/v2/generate/audio", "/v2/generate/audio/v2/generate/audio"])
@pytest.mark.parametrize("key", [None, "wrong"])
async def test_where_nothing_is_served_the_path_is_named_and_no_key_is_looked_at(
    caller: Caller, path: str, key: str | None
) -> None:
    status, body = await caller.get(path, key=key or caller.api.key)
    assert (status, body["message"]) == (404, f"Cannot GET {path}")
    assert (await caller.get("/v2/generate/audio", generation_id="x"))[1]["message"] == "Generation not found"


async def test_a_signed_address_holds_for_its_time_and_cannot_be_made_up(caller: Caller) -> None:
    caller.api.change(track_expires_seconds=60)
    url: str = (await caller.end(await caller.submit()))["audio_file"]["url"]

    assert (await caller.track(url))[0] == 200
    assert (await caller.track(url.split("?", maxsplit=1)[0]))[0] == 403
    assert (await caller.track(url.replace("Expires=", "Expires=9")))[0] == 403
    caller.api.change(track_expires_seconds=0)
    late: str = caller.api.world.track_url(next(iter(caller.api.ledger.generations.values())))
    assert (await caller.track(late))[0] == 403


async def test_the_file_lies_at_the_address_by_which_the_api_was_asked(caller: Caller) -> None:
    generation_id = await caller.submit()
    await caller.end(generation_id)
    for host in ("localhost", "127.0.0.1"):
        base = caller.api.url.replace("127.0.0.1", host)
        key = {"Authorization": f"Bearer {caller.api.key}"}
        async with caller.session.get(f"{base}/v2/generate/audio?generation_id={generation_id}", headers=key) as answer:
            url = (await answer.json())["audio_file"]["url"]
        assert url.startswith(f"{base}/files/")
        assert (await caller.track(url))[0] == 200


async def test_a_key_that_reaches_the_file_host_is_counted(caller: Caller) -> None:
    url: str = (await caller.end(await caller.submit()))["audio_file"]["url"]
    async with caller.session.get(url, headers={"Authorization": "Bearer x"}):
        pass

    assert caller.api.ledger.keys_leaked == 1


async def test_tracing_shows_ids_and_the_log(caller: Caller) -> None:
    caller.api.change(has_tracing=True)
    ids = [await caller.submit(name=f"compose-{number}-1") for number in range(3)]
    window = {"start": "2020-01-01T00:00:00Z", "end": "2020-02-01T00:00:00Z"}
    assert (await caller.get("/v2/logs", **window))[1]["data"] == []
    assert (await caller.get("/v2/logs", period="1h"))[0] == 400
    assert (await caller.get("/v2/logs", **window, limit="101"))[0] == 400

    first = caller.api.ledger.generations[ids[0]]
    first.client_request_id = None
    rows = caller.api.world.ledger.generations
    assert len(rows) == 3
    headers = {"Authorization": f"Bearer {caller.api.key}", "X-Client-Request-Id": "not valid!"}
    body = {"model": "minimax-music", "prompt": "x", "reference_audio_url": caller.references.url()}
    async with caller.session.post(caller.api.url + "/v2/generate/audio", json=body, headers=headers) as answer:
        assert answer.headers["x-inference-id"] == (await answer.json())["id"]
        assert "x-client-request-id" not in answer.headers
