"""What members see beside the bot's name: whether it takes orders. Read from what is kept, so that a pause shows
whoever wrote it, and after every connection.
"""

import logging

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

    def __init__(self, client: discord.Client, operating: Operating, clock: Clock) -> None:
        """Nothing is shown before `refresh`."""
        self._client = client
        self._operating = operating
        self._clock = clock
        self._shown: str | None = ""

    async def run(self) -> None:
        """Look every few seconds."""
        while True:
            await self.refresh()
            await self._clock.sleep(LOOK_SECONDS)

    async def refresh(self, *, is_new_session: bool = False) -> None:
        """Show what holds now. `is_new_session`: Discord has forgotten what was shown."""
        try:
            await self._operating.refresh_notices()
            wanted = _words(await self._operating.paused())
        except StoreBusyError:
            log.info("whether the bot is paused could not be read")
            return
        if is_new_session:
            self._shown = ""
        if wanted == self._shown or not self._client.is_ready():
            return
        try:
            await self._show(wanted)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("the presence could not be shown (%s)", type(error).__name__)
            return
        self._shown = wanted

    async def _show(self, wanted: str) -> None:
        if wanted:
            activity = discord.CustomActivity(name=wanted)
            await self._client.change_presence(status=discord.Status.dnd, activity=activity)
        else:
            await self._client.change_presence(status=discord.Status.online, activity=None)


def _words(pause: Pause | None) -> str:
    """`paused: reason`; empty while it is not."""
    if pause is None:
        return ""
    reason = cleaned(pause.reason)
    return f"paused: {reason}"[:_MAX_CHARACTERS] if reason else "paused"
