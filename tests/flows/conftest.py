"""What flows start from: the real bot as its own process between two stand-ins, and a song that is quick to hear."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.bot_process import BotProcess
from sandbox.generation import Settings
from sandbox.stage import open_stage
from tests.bot.audio.sound_files import mp3
from tests.flows.scenario import Scenario
from tests.warm_bots import WarmBotProcess

#: Everything quick, nothing skipped; patience with a music service is longer than a loaded machine stands still.
QUICK = {
    "POLL_INTERVAL_SECONDS": "0.2",
    "POLLS_PER_SECOND": "100",
    "GENERATION_TIMEOUT_SECONDS": "600",
    "SUBMIT_TIMEOUT_SECONDS": "15",
    "AUDIO_PROCESSES": "2",
    "STOP_GRACE_SECONDS": "5",
    "LOG_LEVEL": "DEBUG",
}

OpenScenario = Callable[..., AbstractAsyncContextManager[Scenario]]


@pytest.fixture(scope="session")
def song() -> bytes:
    """Seventeen seconds that sound."""
    return mp3(17)


@pytest.fixture
def open_scenario(tmp_path: Path, song: bytes) -> OpenScenario:
    """`async with open_scenario(GENERATION_TIMEOUT_SECONDS="5") as it`; further settings of the music API by `api=`."""

    @asynccontextmanager
    async def opened(
        api: dict[str, Any] | None = None, make_bot: type[BotProcess] = WarmBotProcess, **bot_settings: str
    ) -> AsyncIterator[Scenario]:
        settings = Settings.model_validate({"allow_loopback": True, "generating_seconds": 0.3, **(api or {})})
        mine = {**QUICK, **bot_settings}
        async with open_stage(tmp_path, generation=settings, bot_settings=mine, make_bot=make_bot) as stage:
            yield Scenario(stage, tmp_path, song)

    return opened
