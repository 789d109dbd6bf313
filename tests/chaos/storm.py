"""What goes wrong during a storm: the faults and kills, each drawn from one seeded source of chance."""

import asyncio
import itertools
import random
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.crash import CrashPoint
from sandbox.bot_process import BotProcess
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration
from sandbox.stage import wait_until_ready
from tests.bot.store.postgresql import PostgresqlServer

#: (what, probability of striking one call)
_POLL_FAULTS = (
    ({"status": 500}, 0.03),
    ({"status": 503, "manner": "html"}, 0.02),
    ({"manner": "drop"}, 0.02),
    ({"manner": "truncate"}, 0.01),
    ({"manner": "wrong_types"}, 0.01),
    ({"manner": "huge"}, 0.005),
    ({"status": 429}, 0.01),
)
_SUBMIT_FAULTS = (
    ({"manner": "drop"}, 0.02),
    ({"manner": "drop", "after_effect": True}, 0.03),
    ({"status": 502, "manner": "html", "after_effect": True}, 0.02),
    ({"status": 500}, 0.01),
    ({"status": 429}, 0.04),
    ({"manner": "truncate"}, 0.01),
)
_TRACK_FAULTS = (
    ({"status": 404}, 0.05),
    ({"status": 500}, 0.03),
    ({"manner": "truncate"}, 0.03),
    ({"manner": "drop"}, 0.02),
    ({"manner": "empty", "status": 200}, 0.01),
    ({"manner": "noise", "status": 200}, 0.01),
)
_DISCORD_FAULTS = (
    {"method": "POST", "pattern": r"/channels/\d+/messages$", "drop": True, "after": True},
    {"method": "POST", "pattern": r"/channels/\d+/messages$", "drop": True},
    {"method": "POST", "pattern": r"/channels/\d+/messages$", "status": 502, "after": True},
    {"method": "POST", "pattern": r"/channels/\d+/messages$", "status": 503},
    {"method": "PATCH", "pattern": r"/messages/", "status": 500},
    {"method": "PATCH", "pattern": r"/messages/", "drop": True, "after": True},
    {"method": "*", "pattern": r".", "status": 429, "retry_after_seconds": 0.3},
    {"method": "*", "pattern": r".", "status": 429, "retry_after_seconds": 0.5, "is_global": True},
    {"method": "GET", "pattern": r"/messages", "status": 500},
)
#: The rest of the starts are allowed to live until they are killed from outside.
_ARMED_SHARE = 0.45
#: How often it is the database that goes, instead of a process.
_AWAY_SHARE = 0.15
#: The stroke that hits it in every storm.
_FIRST_AWAY = 0


@dataclass(slots=True)
class Toll:
    """How often what struck."""

    kills: int = 0
    pauses: int = 0
    stops: int = 0
    outages: int = 0  #: of the database
    discord_faults: int = 0
    by_point: Counter[str] = field(default_factory=Counter)


class Storm:
    """Blows over a stage until it is told to stop."""

    def __init__(
        self,
        *,
        discord: FakeDiscord,
        generation: FakeGeneration,
        bot: BotProcess,
        seed: int,
        workers: Sequence[BotProcess] = (),
        database: PostgresqlServer | None = None,
    ) -> None:
        """`database`: what several processes share; it goes away, too."""
        self._discord = discord
        self._generation = generation
        self._bot = bot
        self._workers = workers
        self._database = database
        self._is_away = False
        self._paused: set[BotProcess] = set()
        self._rng = random.Random(f"storm {seed}")
        self.toll = Toll()

    def begin_provider_faults(self) -> None:
        """From now on a share of the music API's answers is wrong."""
        for call, faults in (("poll", _POLL_FAULTS), ("submit", _SUBMIT_FAULTS), ("track", _TRACK_FAULTS)):
            for fault, probability in faults:
                self._generation.fault(call, rule={"probability": probability}, **fault)

    async def blow(self) -> None:
        """Kill and restart the bot, again and again; for ever."""
        if self._workers:
            return await self._blow_over_all()
        while True:
            await asyncio.sleep(self._rng.uniform(1.0, 6.0))
            if self._bot.is_running and self._rng.random() < 0.15:
                self.toll.stops += 1
                await self._bot.stop()
            elif self._bot.is_running:
                self.toll.kills += 1
                await self._bot.kill()
            else:
                self.toll.kills += 1  # it died at an armed point
            await self._restart()

    async def _blow_over_all(self) -> None:
        """The same of any process and of the database, and pauses, some long enough for others to take over."""
        async with asyncio.TaskGroup() as group:
            for stroke in itertools.count():
                await asyncio.sleep(self._rng.uniform(1.0, 6.0))
                is_its_turn = stroke == _FIRST_AWAY or self._rng.random() < _AWAY_SHARE
                if self._database is not None and not self._is_away and is_its_turn:
                    group.create_task(self._go_away(self._database, self._rng.choice([0.0, 4.0, 15.0])))
                    continue
                process = self._rng.choice([self._bot, *self._workers])
                if process in self._paused:
                    continue
                if process.is_running and self._rng.random() < 0.35:
                    self.toll.pauses += 1
                    group.create_task(self._pause(process, self._rng.choice([2.0, 8.0, 20.0, 30.0])))
                    continue
                if process.is_running and self._rng.random() < 0.25:
                    self.toll.stops += 1
                    await process.stop()
                else:
                    self.toll.kills += 1
                    await process.kill()
                if process is self._bot:
                    await self._restart()
                else:
                    await process.start(**self._armed())

    async def _go_away(self, database: PostgresqlServer, seconds: float) -> None:
        self._is_away = True
        self.toll.outages += 1
        try:
            await _to_its_end(database.stop)
            await asyncio.sleep(seconds)
        finally:
            await _to_its_end(database.start)
            self._is_away = False

    async def _pause(self, process: BotProcess, seconds: float) -> None:
        self._paused.add(process)
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            process.send_signal(signal.SIGCONT)
            self._paused.discard(process)

    def _armed(self) -> dict[str, str]:
        if self._rng.random() >= _ARMED_SHARE:
            return {}
        point = self._rng.choice(list(CrashPoint))
        self.toll.by_point[point] += 1
        return {"CRASH_AT": f"{point}:{self._rng.randint(1, 4)}"}

    async def disturb(self) -> None:
        """Put faults into Discord's answers and break its gateway; for ever."""
        while True:
            await asyncio.sleep(self._rng.uniform(0.1, 0.8))
            if self._rng.random() < 0.08:
                await self._discord.gateway.drop()
            else:
                self._discord.fail(**self._rng.choice(_DISCORD_FAULTS))
            self.toll.discord_faults += 1

    async def _restart(self) -> None:
        while True:
            await self._bot.start(**self._armed())
            if self._rng.random() < 0.25:
                # several in a row: it does not even get to its feet
                await asyncio.sleep(self._rng.uniform(0.2, 2.5))
                self.toll.kills += 1
                await self._bot.kill()
                continue
            try:
                await wait_until_ready(self._discord, self._bot)
            except RuntimeError:
                self.toll.kills += 1  # died at an armed point on its way up, or Discord would not let it in
                continue
            return

    async def calm(self) -> None:
        """Take every fault back and bring the bot up unarmed."""
        self._generation.heal()
        self._discord.faults.clear()
        for process in (self._bot, *self._workers):
            if process.is_running:
                await process.kill()
                self.toll.kills += 1
            await process.start()
        await wait_until_ready(self._discord, self._bot)


async def _to_its_end(errand: Callable[[], None]) -> None:
    """In a thread; whoever is cancelled waits for its end all the same: nothing half stopped is left to the calm."""
    done = asyncio.ensure_future(asyncio.to_thread(errand))
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        await done
        raise
