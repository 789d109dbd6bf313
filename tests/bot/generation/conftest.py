from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.generation.aiml.client import GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.transport import HttpLimits, Sessions
from sandbox.generation import FakeGeneration
from tests.bot.generation.stand_ins import FAST, References, make_song, open_sessions


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference that the API takes: 16 seconds."""
    return make_song(tmp_path_factory.mktemp("songs") / "song.mp3", seconds=16)


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    async with open_sessions() as opened:
        yield opened


@pytest.fixture
async def api() -> AsyncIterator[FakeGeneration]:
    async with FakeGeneration() as running:
        yield running


@pytest.fixture
async def references(song: Path) -> AsyncIterator[References]:
    async with References(song) as serving:
        yield serving


@pytest.fixture
def client(sessions: Sessions, api: FakeGeneration) -> GenerationClient:
    return GenerationClient(
        sessions=sessions,
        base_url=api.url,
        api_key=SecretStr(api.key),
        profile=PROFILES["minimax-music"],
        clock=SystemClock(),
        budget=AsyncLimiter(1000, 1),
        limits=HttpLimits(timeouts=FAST),
    )


@pytest.fixture
def session(sessions: Sessions) -> aiohttp.ClientSession:
    return sessions.calls
