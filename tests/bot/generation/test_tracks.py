from pathlib import Path

import pytest
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.download import DownloadTimeouts
from bot.errors import DiskError, TrackError, TrackLostError, TrackNotReadyError
from bot.generation.aiml.client import GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.tracks import NOT_YET_PAUSES_SECONDS
from bot.generation.transport import HttpLimits, Sessions, Timeouts
from bot.jobs.ports import Finished
from sandbox.generation import FakeGeneration
from tests.bot.generation.stand_ins import FAST, MovedClock, References, request_for


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def hasty(sessions: Sessions, api: FakeGeneration, clock: MovedClock) -> GenerationClient:
    """Its pauses take no time."""
    return client_with(sessions, api, clock, FAST)


def client_with(sessions: Sessions, api: FakeGeneration, clock: MovedClock, timeouts: Timeouts) -> GenerationClient:
    return GenerationClient(
        sessions=sessions,
        base_url=api.url,
        api_key=SecretStr(api.key),
        profile=PROFILES["minimax-music"],
        clock=clock,
        budget=AsyncLimiter(1000, 1),
        limits=HttpLimits(track_bytes=2_000_000, timeouts=timeouts),
    )


async def track_url(client: GenerationClient, references: References) -> str:
    generation_id = await client.submit(request_for(references.url()))
    progress = await client.poll(generation_id)
    assert isinstance(progress, Finished)
    return progress.track_url


async def test_a_file_that_is_not_there_yet_is_waited_for(
    hasty: GenerationClient, api: FakeGeneration, references: References, clock: MovedClock, tmp_path: Path
) -> None:
    missing = {"manner": "empty", "status": 404}
    api.script(polls=["completed"], tracks=[missing, missing, {"manner": "slow"}])

    assert await hasty.fetch(await track_url(hasty, references), tmp_path / "a.mp3") > 0
    assert clock.slept == list(NOT_YET_PAUSES_SECONDS[:2])


async def test_a_file_that_stays_away_is_left_for_later(
    hasty: GenerationClient, api: FakeGeneration, references: References, clock: MovedClock, tmp_path: Path
) -> None:
    api.script(polls=["completed"], tracks=[{"manner": "empty", "status": 404}])

    with pytest.raises(TrackNotReadyError):
        await hasty.fetch(await track_url(hasty, references), tmp_path / "a.mp3")
    assert clock.slept == list(NOT_YET_PAUSES_SECONDS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"manner": "empty", "status": 403}, TrackLostError),
        ({"manner": "empty", "status": 410}, TrackLostError),
        ({"manner": "answer", "status": 400}, TrackLostError),
        ({"manner": "empty", "status": 200}, TrackLostError),
        ({"manner": "endless"}, TrackLostError),
        ({"manner": "answer", "status": 302, "headers": {"Location": "file:///etc/passwd"}}, TrackLostError),
        ({"manner": "truncate"}, TrackNotReadyError),
        ({"manner": "drop"}, TrackNotReadyError),
        ({"manner": "html", "status": 502}, TrackNotReadyError),
        ({"manner": "answer", "status": 503}, TrackNotReadyError),
        ({"manner": "answer", "status": 429}, TrackNotReadyError),
    ],
)
async def test_what_a_file_host_can_do_wrong_is_sorted(
    hasty: GenerationClient,
    api: FakeGeneration,
    references: References,
    tmp_path: Path,
    fault: dict[str, object],
    kind: type[TrackError],
) -> None:
    api.script(polls=["completed"], tracks=[fault])
    url = await track_url(hasty, references)

    with pytest.raises(TrackError) as caught:
        await hasty.fetch(url, tmp_path / "a.mp3")
    assert type(caught.value) is kind
    assert "127.0.0.1" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


async def test_a_file_host_that_falls_silent_is_later(
    sessions: Sessions, api: FakeGeneration, references: References, clock: MovedClock, tmp_path: Path
) -> None:
    brief = Timeouts(track=DownloadTimeouts(connect_seconds=20, read_seconds=0.2, total_seconds=30))
    client = client_with(sessions, api, clock, brief)
    api.script(polls=["completed"], tracks=[{"manner": "hang"}])

    with pytest.raises(TrackNotReadyError):
        await client.fetch(await track_url(client, references), tmp_path / "a.mp3")


async def test_an_address_that_has_expired_is_lost(
    hasty: GenerationClient, api: FakeGeneration, references: References, tmp_path: Path
) -> None:
    api.change(track_expires_seconds=0.0)
    api.script(polls=["completed"])

    with pytest.raises(TrackLostError):
        await hasty.fetch(await track_url(hasty, references), tmp_path / "a.mp3")


async def test_no_place_on_the_disk_is_not_the_providers_fault(
    hasty: GenerationClient, api: FakeGeneration, references: References, tmp_path: Path
) -> None:
    api.script(polls=["completed"])

    with pytest.raises(DiskError, match="the file could not be written: No such file or directory"):
        await hasty.fetch(await track_url(hasty, references), tmp_path / "missing" / "a.mp3")


async def test_the_key_does_not_go_to_the_file_host(
    hasty: GenerationClient, api: FakeGeneration, references: References, tmp_path: Path
) -> None:
    api.script(polls=["completed"], tracks=[{"manner": "answer", "status": 404}, {"manner": "slow"}])
    await hasty.fetch(await track_url(hasty, references), tmp_path / "a.mp3")

    assert api.ledger.keys_leaked == 0
