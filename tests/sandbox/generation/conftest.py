import wave
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.generation import FakeGeneration
from tests.bot.generation.stand_ins import References, make_song
from tests.sandbox.generation.caller import Caller


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_song(tmp_path_factory.mktemp("songs") / "song.mp3", seconds=16)


@pytest.fixture(scope="session")
def short_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_song(tmp_path_factory.mktemp("songs") / "short.mp3", seconds=14)


@pytest.fixture(scope="session")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("songs") / "song.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\1" * 8000 * 17)
    return path


@pytest.fixture
async def references(song: Path) -> AsyncIterator[References]:
    async with References(song) as serving:
        yield serving


@pytest.fixture
async def api() -> AsyncIterator[FakeGeneration]:
    async with FakeGeneration() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as opened:
        yield opened


@pytest.fixture
def caller(session: aiohttp.ClientSession, api: FakeGeneration, references: References) -> Caller:
    return Caller(session, api, references)
