"""Discord gone for twelve minutes while songs are being made: the same process comes back, and nothing is lost.

Time runs fast in the bot as long as it is told so; whatever else it does is as on any other day.
"""

import asyncio
import os
import signal
from functools import partial

import aiohttp
import pytest

from bot.jobs.model import JobState
from sandbox.discord import Interaction
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS, Scenario
from tests.warm_bots import WarmBotProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SPEED, OUTAGE_SECONDS = 60, 12 * 60
#: Longer than the first two minutes and shorter than the outage: they come to their end while nobody can be told.
MINUTES = {"polls": ["generating"] * 15 + ["completed"]}
PRELUDE = f"""
import asyncio, signal, time
from datetime import UTC, datetime, timedelta
import bot.clock, bot.health

class FastClock(bot.clock.SystemClock):
    speed, passed, began = 1.0, 0.0, datetime.now(UTC)
    read_at = time.monotonic()

    @classmethod
    def monotonic(cls):
        real = time.monotonic()
        cls.passed += (real - cls.read_at) * cls.speed
        cls.read_at = real
        return cls.passed

    def now(self):
        return self.began + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds):
        await self.wait(asyncio.Event(), max(0.0, seconds))
        await asyncio.sleep(0)

    async def wait(self, event, seconds):
        if seconds is None:
            await event.wait()
            return
        until = self.monotonic() + seconds
        while not event.is_set() and (left := until - self.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(left / FastClock.speed, 0.05)):
                    await event.wait()
            except TimeoutError:
                pass

def change_speed(*_):
    FastClock.monotonic()
    FastClock.speed = {SPEED}.0 if FastClock.speed == 1.0 else 1.0

signal.signal(signal.SIGUSR1, change_speed)
bot.clock.SystemClock = FastClock
bot.health._STALLED_SECONDS = 1e9  # a tenth of a second of a loaded machine is six here
"""


async def health_of(scenario: Scenario) -> tuple[int, list[str]]:
    address = scenario.stage.bot.log.split("health at ")[-1].split("/healthz")[0]
    async with aiohttp.ClientSession() as session, session.get(f"{address}/healthz") as answer:
        return answer.status, (await answer.json())["problems"]


async def until_health_is(scenario: Scenario, status: int) -> list[str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (found := await health_of(scenario))[0] != status:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    return found[1]


async def ordered(scenario: Scenario, name: str) -> Interaction:
    words = f"A song about the {name}\nand about nothing else"
    scenario.api.script(when=f"about the {name}", **MINUTES)
    return await scenario.order(words, title=name)


async def test_twelve_minutes_without_discord_lose_no_song_and_end_in_the_same_process(
    open_scenario: OpenScenario,
) -> None:
    settings = {
        "HEALTH_PORT": "0",
        "POLL_INTERVAL_SECONDS": "10",
        "GENERATION_TIMEOUT_SECONDS": "900",
        "GENERATION_CONCURRENCY": "1",
    }
    make_bot = partial(WarmBotProcess, prelude=PRELUDE)
    async with open_scenario(make_bot=make_bot, **settings) as scenario:  # type: ignore[arg-type]
        discord, bot = scenario.discord, scenario.stage.bot
        process, identifies = bot.pid, discord.gateway.identifies
        for name in ("making", "waiting"):
            await ordered(scenario, name)
            await scenario.card_says("being made" if name == "making" else "in line", name)
        assert await until_health_is(scenario, 200) == []
        # files lie elsewhere, and the music API goes on fetching them
        gone = discord.fail("*", r"^/(?!\w*-?attachments/)", drop=True, times=None)
        discord.gateway.refuses = 503
        discord.gateway.cut()
        await discord.until(lambda: "no connection to Discord's gateway" in bot.log, PATIENCE_SECONDS)
        assert await health_of(scenario) == (200, []), "not within the first two minutes"
        os.kill(bot.pid, signal.SIGUSR1)
        problems = await until_health_is(scenario, 503)
        assert problems[0].startswith("not connected to Discord: no connection to Discord's gateway (")
        await asyncio.sleep(OUTAGE_SECONDS / SPEED)
        # whoever waited in line went on
        await discord.until(lambda: len(scenario.api.ledger.submissions) == 2, PATIENCE_SECONDS)
        assert (await health_of(scenario))[0] == 503

        discord.advance(OUTAGE_SECONDS)
        discord.gateway.refuses = None
        discord.faults.faults.remove(gone)
        for name in ("making", "waiting"):
            await scenario.track(name)
            await scenario.card_says("done", name)
        os.kill(bot.pid, signal.SIGUSR1)
        assert await until_health_is(scenario, 200) == []
        assert discord.gateway.identifies == identifies + 1
        scenario.api.script(when="about the next", polls=["completed"])
        await scenario.order("A song about the next\nand about nothing else", title="next")
        await scenario.track("next")
        await scenario.card_says("done", "next")
        assert bot.is_running
        assert bot.pid == process
        assert [job.state for job in await scenario.rows()] == [JobState.DELIVERED] * 3
        assert len(scenario.api.ledger.submissions) == 3
        assert not scenario.api.ledger.repeated_posts
