from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import Clock, SystemClock
from bot.generation.fal.client import FalClient
from bot.generation.fal.profiles import PROFILES
from bot.generation.transport import HttpLimits, Sessions, Timeouts
from sandbox.generation import FakeGeneration
from tests.bot.generation.stand_ins import FAST

ClientFor = Callable[..., FalClient]


@pytest.fixture
async def api() -> AsyncIterator[FakeGeneration]:
    async with FakeGeneration(speaks="fal") as running:
        yield running


@pytest.fixture
def client_for(sessions: Sessions) -> ClientFor:
    """`client_for(url, model=…, key=…)`."""

    def made(
        url: str,
        *,
        model: str = "fal:minimax-music",
        key: str = "sandbox-key",
        timeouts: Timeouts = FAST,
        clock: Clock | None = None,
        **more: Any,
    ) -> FalClient:
        return FalClient(
            sessions=sessions,
            base_url=url,
            api_key=SecretStr(key),
            profile=PROFILES[model],
            clock=clock or SystemClock(),
            budget=AsyncLimiter(1000, 1),
            limits=HttpLimits(timeouts=timeouts, **more),
        )

    return made


@pytest.fixture
def client(api: FakeGeneration, client_for: ClientFor) -> FalClient:
    return client_for(api.url)


@pytest.fixture
def ace(api: FakeGeneration, client_for: ClientFor) -> FalClient:
    return client_for(api.url, model="fal:ace-step")
