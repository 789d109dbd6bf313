"""Staying on Discord's gateway: as discord.py's own loop does, with short waits, and afresh where resuming fails.

discord.py 2.7.1 dials the address at which it would resume for ever, also when nobody is there any more (its issue
10511), and waits for up to 1,024 s between two tries. This loop takes its place; all else is discord.py's.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.clock import Clock
from bot.proxies import ProxyError

log = logging.getLogger(__name__)

#: After so long without a gateway health is red, and what is dialled is the gateway's own address, for a new session.
LOST_SECONDS = 120.0
#: Between two tries, doubled from one to the next.
_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS, _MAX_DOUBLED = 2.0, 60.0, 10
#: Dialling, the greeting, and the answer to where the gateway is.
_DIAL_SECONDS = 60.0
#: Close codes (Discord, "Gateway Close Event Codes").
_NORMAL, _DISALLOWED_INTENTS = 1000, 4014
#: Before a new greeting where Discord refused a session (its documentation, "Invalid Session"): one to five seconds.
_REFUSED_SECONDS = (1.0, 5.0)

_LOST = (
    OSError,
    TimeoutError,
    aiohttp.ClientError,
    discord.HTTPException,
    discord.RateLimited,
    discord.GatewayNotFound,
    discord.ConnectionClosed,
)


def pause_seconds(tries: int) -> float:
    """Before the next try, after so many in vain: doubled from one to the next, a minute at most, never in step."""
    return random.uniform(0.5, 1.0) * min(_MAX_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS ** min(tries, _MAX_DOUBLED))


class GatewayKeeper:
    """One shard's connection to the gateway."""

    def __init__(
        self,
        client: discord.AutoShardedClient,
        clock: Clock,
        shard_id: int,
        *,
        turn: Callable[[], AbstractAsyncContextManager[None]],
        opened: Callable[[DiscordWebSocket], None],
    ) -> None:
        """`client` tells it by `session_began` of each READY and RESUMED.

        `turn`: held around each greeting. `opened` hears of each new connection.
        """
        self._client = client
        self._clock = clock
        self._shard_id = shard_id
        self._turn = turn
        self._opened = opened
        self._ws: DiscordWebSocket | None = None
        self._has_session = False
        self._was_connected = False
        self._alive_at = clock.monotonic()
        self._tries = 0
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why there is no session just now, for operators; empty while there is one, and before the first try."""
        return "" if self._has_session else self._trouble

    @property
    def has_session(self) -> bool:
        """Whether there is one at this moment."""
        return self._has_session

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
            log.info("back on Discord's gateway%s", self._which())
        self._has_session = self._was_connected = True
        self._alive_at = self._clock.monotonic()
        self._tries = 0

    async def run(self) -> None:
        """Until the client is closed, for as long as it takes. Raises what the gateway refuses for good."""
        session: dict[str, Any] = {"initial": True}
        while not self._client.is_closed():
            try:
                await self._listen(session)
            except ReconnectWebSocket as error:
                self._lost()
                session = self._resumed() if error.resume else {"initial": False}
                if not error.resume:
                    await self._clock.sleep(random.uniform(*_REFUSED_SECONDS))
            except _LOST as error:
                self._lost()
                await self._hang_up()
                if self._client.is_closed():
                    return
                await self._check_mendable(error)
                await self._pause(error)
                session = self._resumed()
            except Exception as error:
                # an event that discord.py cannot read ends this connection; the next one begins behind that event
                log.exception("Discord's gateway%s: a fault of ours", self._which())
                self._lost()
                await self._hang_up()
                await self._pause(error)
                session = self._resumed()

    async def _listen(self, session: dict[str, Any]) -> None:
        if self._was_connected and self.silent_seconds >= LOST_SECONDS:
            log.info("beginning a new session at the gateway's own address%s", self._which())
            session = {"initial": True, "gateway": await self._own_address()}
        if session.get("resume"):
            ws = await self._dialled(session)
        else:
            async with self._turn():
                ws = await self._dialled(session)
        while True:
            await ws.poll_event()
            if self._has_session:
                self._alive_at = self._clock.monotonic()

    async def _dialled(self, session: dict[str, Any]) -> DiscordWebSocket:
        """Connected, and greeted, or what to resume was said."""
        async with asyncio.timeout(_DIAL_SECONDS):
            self._ws = ws = await DiscordWebSocket.from_client(self._client, shard_id=self._shard_id, **session)
        self._opened(ws)
        return ws

    async def _own_address(self) -> yarl.URL | None:
        """Where Discord says that its gateway is; None: it answers and does not say, and what is set counts.

        Dialled all the same: a token that was renewed in the meantime is refused there by a code of its own.
        """
        try:
            async with asyncio.timeout(_DIAL_SECONDS):
                _, address, _ = await self._client.http.get_bot_gateway()
        except (discord.GatewayNotFound, discord.RateLimited) as error:
            log.info("Discord does not say where its gateway is (%s)", type(error).__name__)
            return None
        return yarl.URL(address)

    async def _hang_up(self) -> None:
        """Nobody listens on that connection any more; left open, its heartbeat would go on in a thread of its own."""
        if self._ws is not None:
            with suppress(OSError, aiohttp.ClientError, RuntimeError):  # it may be torn, or its loop about to end
                await self._ws.close()

    def _lost(self) -> None:
        self._has_session = False
        if not self._client.is_closed():  # a closed one has no loop to dispatch on
            self._client.dispatch("disconnect")
            self._client.dispatch("shard_disconnect", self._shard_id)

    async def _check_mendable(self, error: BaseException) -> None:
        """Raises the error where no further try can help."""
        if isinstance(error, discord.ConnectionClosed) and error.code != _NORMAL:
            if error.code == _DISALLOWED_INTENTS:
                raise discord.PrivilegedIntentsRequired(error.shard_id) from None
            await self._client.close()
            raise error

    async def _pause(self, error: BaseException) -> None:
        self._tries += 1
        self._trouble = self._in_words(error)
        pause = pause_seconds(self._tries)
        log.warning("%s%s; next try in %.0f s", self._trouble, self._which(), pause)
        await self._clock.sleep(pause)

    def _resumed(self) -> dict[str, Any]:
        """Where and what to resume; a session that Discord has forgotten is begun anew by its own answer."""
        ws = self._ws  # before the first dial there is none
        if ws is None or ws.session_id is None:
            return {"initial": True}
        return {
            "initial": False,
            "resume": True,
            "gateway": ws.gateway,
            "sequence": ws.sequence,
            "session": ws.session_id,
        }

    def _in_words(self, error: BaseException) -> str:
        if isinstance(error, ProxyError):
            return f"Discord's gateway could not be reached: {error.sentence}"
        what = type(error).__name__
        if isinstance(error, discord.ConnectionClosed):
            what += f" {error.code}"
        if self._was_connected:
            return f"no connection to Discord's gateway ({what})"
        return f"Discord's gateway could not be reached ({what}); check the network and DISCORD_GATEWAY_URL"

    def _which(self) -> str:
        """For the log; of one shard alone nothing is said."""
        count = self._client.shard_count or 1
        return f" (shard {self._shard_id} of {count})" if count > 1 else ""
