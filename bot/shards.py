"""Several connections to Discord's gateway in one process, one for each shard: each stands on its own feet.

discord.AutoShardedClient knows several shards; how each is dialled and kept is bot.gateway's, as for a single one.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.state import AutoShardedConnectionState

from bot.clock import Clock
from bot.crowds import GREETING_SECONDS
from bot.gateway import GatewayKeeper

#: Where discord.py looks up the connection of a shard.
_THEIRS = "_AutoShardedClient__shards"

#: A turn to greet Discord, of a group of shards, over all processes.
Turn = Callable[[int], AbstractAsyncContextManager[None]]


class OwnTurns:
    """Turns to greet Discord within this process: a group's next comes GREETING_SECONDS after its last."""

    def __init__(self, clock: Clock, among_all: Turn | None = None) -> None:
        """`among_all`: what else must be waited for, where several processes greet."""
        self._clock = clock
        self._among_all = among_all
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[int, float] = {}

    @asynccontextmanager
    async def turn(self, group: int) -> AsyncGenerator[None]:
        """Hold it; a greeting that failed leaves it to the next at once."""
        async with self._locks[group]:
            if self._among_all is not None:
                async with self._among_all(group):
                    yield
                return
            await self._clock.sleep(max(0.0, self._free_at.get(group, 0.0) - self._clock.monotonic()))
            yield
            self._free_at[group] = self._clock.monotonic() + GREETING_SECONDS


class KnownGuilds(AutoShardedConnectionState[Any]):
    """What discord.py remembers. Of several shards it would keep the servers that a new session names no more."""

    def parse_ready(self, data: Any) -> None:
        """As discord.py's for a single shard: what Discord told of this one before counts no more."""
        shard_id = int(data["shard"][0])
        for guild in [guild for guild in self._guilds.values() if guild.shard_id == shard_id]:
            self._remove_guild(guild)
        super().parse_ready(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """What discord.py asks of a shard."""

    id: int
    ws: DiscordWebSocket

    async def close(self) -> None:
        """Say goodbye."""
        with suppress(OSError, aiohttp.ClientError, RuntimeError):  # it may be torn, or its loop about to end
            if self.ws.open:
                await self.ws.close(code=1000)


class Gateways:
    """All connections of one client."""

    def __init__(self, client: discord.AutoShardedClient, clock: Clock) -> None:
        """There are none before `begin`. `client` tells it by `session_began` of each READY and RESUMED."""
        self._client = client
        self._clock = clock
        self._keepers: dict[int, GatewayKeeper] = {}

    def begin(self, shard_ids: Sequence[int], *, turns: OwnTurns, group_of: Callable[[int], Awaitable[int]]) -> None:
        """Which shards; before `run`. `group_of`: of a shard, whose greetings Discord takes one after the other."""

        @asynccontextmanager
        async def turn(shard_id: int) -> AsyncGenerator[None]:
            async with turns.turn(await group_of(shard_id)):
                yield

        def opened(shard_id: int, ws: DiscordWebSocket) -> None:
            theirs: dict[int, Any] = vars(self._client)[_THEIRS]
            theirs[shard_id] = _Connection(id=shard_id, ws=ws)
            if shard_id == shard_ids[0]:
                self._client.ws = ws

        for shard_id in shard_ids:
            self._keepers[shard_id] = GatewayKeeper(
                self._client,
                self._clock,
                shard_id,
                turn=lambda shard_id=shard_id: turn(shard_id),
                opened=lambda ws, shard_id=shard_id: opened(shard_id, ws),
            )

    @property
    def is_well(self) -> bool:
        """Whether each of them is."""
        return bool(self._keepers) and all(keeper.is_well for keeper in self._keepers.values())

    @property
    def trouble(self) -> str:
        """Why some have no session just now, for operators; empty while all have one."""
        if len(self._keepers) == 1:
            return "".join(keeper.trouble for keeper in self._keepers.values())
        lost = self.lost()
        return "; ".join(
            f"shard {shard_id}: {keeper.trouble or 'nothing heard'}"
            for shard_id, keeper in sorted(self._keepers.items())
            if keeper.trouble or shard_id in lost
        )

    def connected(self) -> Mapping[int, bool]:
        """Of each shard, whether it has a session at this moment."""
        return {shard_id: keeper.has_session for shard_id, keeper in self._keepers.items()}

    def lost(self) -> Sequence[int]:
        """Shards that nothing was heard of for too long, or never."""
        return [shard_id for shard_id, keeper in sorted(self._keepers.items()) if not keeper.is_well]

    def session_began(self, shard_id: int) -> None:
        """READY or RESUMED has come."""
        self._keepers[shard_id].session_began()

    def keepers(self) -> Mapping[int, GatewayKeeper]:
        """By shard; each is to be run."""
        return self._keepers
