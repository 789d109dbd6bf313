from collections.abc import AsyncIterator

import pytest

from bot.generation.acestep.client import AceStepClient
from bot.generation.transport import Sessions
from sandbox.generation import FakeGeneration, Settings
from tests.bot.generation.acestep.kit import KEY, client_of


@pytest.fixture
async def server() -> AsyncIterator[FakeGeneration]:
    """One's own server in the sandbox, as quick as it gets."""
    async with FakeGeneration(Settings(key=KEY, queued_seconds=0, generating_seconds=0), speaks="acestep") as running:
        yield running


@pytest.fixture
def own(sessions: Sessions, server: FakeGeneration) -> AceStepClient:
    return client_of(server.url, sessions)
