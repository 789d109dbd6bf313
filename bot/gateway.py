"""Staying on Discord's gateway: as discord.py's own loop does, with short waits, and afresh where resuming fails.

discord.py 2.7.1 dials the address at which it would resume for ever, also when nobody is there any more (its issue
10511), and waits for up to 1,024 s between two tries. This loop takes its place; all else is discord.py's.
"""

import asyncio
import logging
import random
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.clock import Clock

log = logging.getLogger(__name__)

#: After so long without a gateway health is red, and what is dialled is the gateway's own address, for a new session.
LOST_SECONDS = 120.0
#: Between two tries, doubled from one to the next.
_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 2.0, 60.0
#: Dialling, the greeting, and the answer to where the gateway is.
_DIAL_SECONDS = 60.0
#: Close codes (Discord, "Gateway Close Event Codes").
_NORMAL, _DISALLOWED_INTENTS = 1000, 4014

_LOST = (
    OSError,
    TimeoutError,
    aiohttp.ClientError,
    discord.HTTPException,
    discord.RateLimited,
    discord.GatewayNotFound,
    discord.ConnectionClosed,
)


class GatewayKeeper:
    """One client's connection to the gateway."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        """`client` tells it by `session_began` of each READY and RESUMED."""
        self._client = client
        self._clock = clock
        self._has_session = False
        self._was_connected = False
        self._alive_at = clock.monotonic()
        self._tries = 0

    @property
    def silent_seconds(self) -> float:
        """How long ago a session was last heard of; heartbeats are answered every 41 s."""
        return self._clock.monotonic() - self._alive_at

    @property
    def is_well(self) -> bool:
        """Whether there was a session at all, and is one, or was less than two minutes ago."""
        return self._was_connected and self.silent_seconds < LOST_SECONDS

    def session_began(self) -> None:
        """READY or RESUMED has come."""
        if self._was_connected and not self._has_session:
            log.info("back on Discord's gateway")
        self._has_session = self._was_connected = True
        self._alive_at = self._clock.monotonic()
        self._tries = 0

    async def run(self) -> None:
        """Until the client is closed. Raises what the gateway refuses for good, and why the first dial failed."""
        session: dict[str, Any] = {"initial": True}
        while not self._client.is_closed():
            try:
                await self._listen(session)
            except ReconnectWebSocket as error:
                self._lost()
                session = self._resumed() if error.resume else {"initial": False}
            except _LOST as error:
                self._lost()
                if self._client.is_closed():
                    return
                await self._check_mendable(error)
                await self._pause(error)
                session = self._resumed()

    async def _listen(self, session: dict[str, Any]) -> None:
        client = self._client
        if self._was_connected and self.silent_seconds >= LOST_SECONDS:
            async with asyncio.timeout(_DIAL_SECONDS):
                _, address, _ = await client.http.get_bot_gateway()
            log.info("beginning a new session at the gateway's own address")
            session = {"initial": True, "gateway": yarl.URL(address)}
        async with asyncio.timeout(_DIAL_SECONDS):
            client.ws = await DiscordWebSocket.from_client(client, shard_id=client.shard_id, **session)
        while True:
            await client.ws.poll_event()
            if self._has_session:
                self._alive_at = self._clock.monotonic()

    def _lost(self) -> None:
        self._has_session = False
        if not self._client.is_closed():  # a closed one has no loop to dispatch on
            self._client.dispatch("disconnect")

    async def _check_mendable(self, error: BaseException) -> None:
        """Raises the error where no further try can help."""
        if isinstance(error, discord.ConnectionClosed) and error.code != _NORMAL:
            if error.code == _DISALLOWED_INTENTS:
                raise discord.PrivilegedIntentsRequired(error.shard_id) from None
            await self._client.close()
            raise error
        if not self._was_connected:
            raise error

    async def _pause(self, error: BaseException) -> None:
        self._tries += 1
        pause = random.uniform(0.5, 1.0) * min(_MAX_PAUSE_SECONDS, 2.0**self._tries)
        log.warning("no connection to Discord's gateway (%s); next try in %.0f s", type(error).__name__, pause)
        await self._clock.sleep(pause)

    def _resumed(self) -> dict[str, Any]:
        """Where and what to resume; a session that Discord has forgotten is begun anew by its own answer."""
        ws = self._client.ws
        return {
            "initial": False,
            "resume": True,
            "gateway": ws.gateway,
            "sequence": ws.sequence,
            "session": ws.session_id,
        }
