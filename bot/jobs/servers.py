"""Servers that the bot was removed from: what waits there ends unpaid, what is paid finds its member another way."""

import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.clock import Clock
from bot.errors import Reason, StoreBusyError
from bot.jobs.model import Job, JobState, Origin
from bot.jobs.people import UNPAID
from bot.jobs.ports import RetentionStore, ServiceStore, ValueStore
from bot.logs import counted
from bot.metrics import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Before a server's id; the value is when the bot was removed from it.
LEFT = "left."
#: A server that takes the bot back within this time finds its rules as they were.
KEEP_RULES_FOR = timedelta(days=7)
_BUSY_SECONDS = 2.0
_MAX_TRIES = 30


class ServersStore(ServiceStore, RetentionStore, ValueStore, Protocol):
    """What this asks of the store."""


class Servers:
    """Hears from the client where the bot is a member, and where no more."""

    def __init__(self, *, store: ServersStore, clock: Clock, metrics: Metrics, wake: Callable[[int], None]) -> None:
        """`wake(job_id)` wakes the engine."""
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self._left: set[int] = set()

    async def removed(self, guild_id: int) -> None:
        """The bot is no member there any more. What waits ends; rules are kept for a week. Raises StoreBusyError."""
        await self._until_written(guild_id, is_certain=True)

    async def joined(self, guild_id: int) -> None:
        """It is a member (again): rules and log channel hold as before. Raises StoreBusyError."""
        await self._patiently(lambda: self._back(guild_id))

    async def _back(self, guild_id: int) -> None:
        if guild_id in self._left:
            await self._store.drop_value(f"{LEFT}{guild_id}")
            self._left.discard(guild_id)
            log.info("the bot is back on server %s", guild_id)

    async def compare(
        self, guild_ids: Callable[[], Collection[int]], *, is_heard: Callable[[int], bool] = lambda _guild_id: True
    ) -> None:
        """After a start: `guild_ids` tells all servers that the bot is a member of. Raises StoreBusyError.

        `is_heard`: whether this process is told of that server at all; others are another's.
        """
        await self._patiently(lambda: self._take_back(guild_ids))
        at_stake = await self._patiently(self._store.guild_ids_at_stake)
        # asked after that: a server may invite the bot and order a song at this very moment
        for guild_id in sorted(filter(is_heard, at_stake - frozenset(guild_ids()))):
            await self._until_written(guild_id, is_certain=False)

    async def _take_back(self, guild_ids: Callable[[], Collection[int]]) -> None:
        self._left.update(map(int, await self._store.values_named(LEFT)))
        for guild_id in self._left.intersection(guild_ids()):
            await self._back(guild_id)

    async def forget_due(self) -> None:
        """Forget the rules of servers that have not come back for a week. Raises StoreBusyError."""
        now = self._clock.now()
        for guild_id, at in (await self._store.values_named(LEFT)).items():
            if now - datetime.fromisoformat(at) >= KEEP_RULES_FOR:
                await self._store.forget_guild(int(guild_id))
                self._left.discard(int(guild_id))
                log.info("the rules of a server that the bot was removed from a week ago are forgotten")

    async def _until_written(self, guild_id: int, *, is_certain: bool) -> None:
        """A database that is busy for a minute must not leave songs waiting for a server that is gone."""
        await self._patiently(lambda: self._leave(guild_id, is_certain=is_certain))

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it, again for a minute while the database is busy. Raises StoreBusyError after that."""
        for _ in range(_MAX_TRIES):
            try:
                return await work()
            except StoreBusyError as error:
                log.warning("where the bot is a member waits for the database: %s", error)
                await self._clock.sleep(_BUSY_SECONDS)
        return await work()

    async def _leave(self, guild_id: int, *, is_certain: bool) -> None:
        name = f"{LEFT}{guild_id}"
        self._left.add(guild_id)
        is_new = await self._store.get_value(name) is None
        if is_new:
            await self._store.set_value(name, self._clock.now().isoformat())
        songs = [job for job in await self._store.in_guild(guild_id, 0) if _was_posted_to(job, is_certain=is_certain)]
        ended = sum([await self._end(job) for job in songs if job.state in UNPAID])
        if is_new or ended:
            log.warning(
                "the bot was removed from server %s: %s ended unpaid; paid ones go to their members: %s",
                guild_id,
                counted(ended, "song"),
                len(songs) - ended,
            )

    async def _end(self, job: Job) -> bool:
        why = "the bot was removed from the server"
        now = self._clock.now()
        ended = await self._store.move(
            job, JobState.FAILED, now, why=why, reason=Reason.GUILD_LEFT, notified_state=None
        )
        if ended is None:
            return False  # it has been sent meanwhile, and goes on
        self._metrics.jobs_ended.labels(ended.state, ended.reason or "").inc()
        self._wake(job.id)
        return True


def _was_posted_to(job: Job, *, is_certain: bool) -> bool:
    """Whether the bot itself was to post there: not for members' own app, nor where only its commands were.

    `is_certain`: the bot was a member; else rows of versions that did not know whether it was are left alone.
    """
    place = job.place
    return place.origin is Origin.GUILD and (place.bot_is_member or (is_certain and place.bot_is_member is None))
