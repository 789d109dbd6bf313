"""The real bot learns how long songs take, keeps it over a restart, and looks when one is likely to be ready."""

from statistics import mean

import pytest

from bot.clock import SystemClock
from bot.jobs.lengths import Memory
from bot.jobs.making import MIN_LENGTHS
from bot.store.db import open_store
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS

pytestmark = pytest.mark.waits

_SECONDS = 3.0


async def test_after_a_dozen_songs_and_a_restart_a_song_takes_fewer_looks(open_scenario: OpenScenario) -> None:
    api = {"generating_seconds": _SECONDS, "queued_seconds": 0}
    learning = {"LEARN_POLLS": "yes", "POLL_INTERVAL_SECONDS": "0.1", "GENERATION_TIMEOUT_SECONDS": "60"}
    async with open_scenario(api=api, **learning) as it:
        for number in range(MIN_LENGTHS + 2):
            await it.order(title=f"Tide {number}")
        for number in range(MIN_LENGTHS + 2):
            await it.track(f"Tide {number}")
        before = [len(made.polled_at) for made in it.api.world.ledger.generations.values()]
        await it.stage.bot.stop()
        address = f"sqlite+aiosqlite:///{it.stage.bot.folder / 'data' / 'compose.db'}"
        async with open_store(address, clock=SystemClock()) as store:
            text = await store.get_value("lengths.aiml.minimax-music")
        assert text is not None
        assert Memory.read(text).count >= MIN_LENGTHS
        await it.restart()
        await it.order(title="Learned")
        await it.discord.until(lambda: it.tracks("Learned"), PATIENCE_SECONDS)
        last = list(it.api.world.ledger.generations.values())[-1]
        # on a machine under load looks come late and are fewer; on a quiet one it is 3 against 30
        assert len(last.polled_at) <= mean(before)
