"""What members see beside the bot's name: whether it takes orders. Read from what is kept, so that a pause shows
whoever wrote it, and after every connection.
"""

import logging
from collections.abc import Callable, Mapping

import aiohttp
import discord

from bot.clock import Clock
from bot.errors import StoreBusyError
from bot.foreign_text import cleaned
from bot.jobs.admission import Pause
from bot.jobs.operating import Operating

log = logging.getLogger(__name__)

#: A pause or a notice that another process wrote is seen after so long at the most.
LOOK_SECONDS = 10.0
#: Discord's limit for an activity.
_MAX_CHARACTERS = 128


class Presence:
    """One client's."""

    def __init__(
        self,
        client: discord.AutoShardedClient,
        operating: Operating,
        clock: Clock,
        connected: Callable[[], Mapping[int, bool]],
    ) -> None:
        """Nothing is shown before `refresh`. `connected`: of each shard, whether it has a session."""
        self._client = client
        self._operating = operating
        self._clock = clock
        self._connected = connected
        self._shown: dict[int, str] = {}

    async def run(self) -> None:
        """Look every few seconds."""
        while True:
            await self.refresh()
            await self._clock.sleep(LOOK_SECONDS)

    async def refresh(self, *, new_session: int | None = None) -> None:
        """Show what holds now. `new_session`: of this shard, Discord has forgotten what was shown."""
        try:
            await self._operating.refresh_notices()
            wanted = _words(await self._operating.paused())
        except StoreBusyError:
            log.info("whether the bot is paused could not be read")
            return
        if new_session is not None:
            self._shown.pop(new_session, None)
        for shard_id, is_there in self._connected().items():
            if is_there and wanted != self._shown.get(shard_id, ""):
                await self._show(wanted, shard_id)

    async def _show(self, wanted: str, shard_id: int) -> None:
        status = discord.Status.dnd if wanted else discord.Status.online
        activity = discord.CustomActivity(name=wanted) if wanted else None
        try:
            await self._client.change_presence(status=status, activity=activity, shard_id=shard_id)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("the presence could not be shown (%s)", type(error).__name__)
            return
        self._shown[shard_id] = wanted


def _words(pause: Pause | None) -> str:
    """`paused: reason`; empty while it is not."""
    if pause is None:
        return ""
    reason = cleaned(pause.reason)
    return f"paused: {reason}"[:_MAX_CHARACTERS] if reason else "paused"
