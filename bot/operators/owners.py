"""Whose application it is, by Discord's word: heard at the login, and asked again when it is used and has grown old."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp
import discord

from bot.clock import Clock
from bot.jobs.admitting import Admission

log = logging.getLogger(__name__)

#: Whoever was taken out of the team has no rights after so long at the most.
GOOD_FOR = timedelta(minutes=5)
#: Discord did not say: asked again no sooner.
_PAUSE = timedelta(seconds=30)
#: An interaction has three seconds for its answer.
_ASKED_SECONDS = 1.5


class Owners:
    """The owner, or the members of the team. OPERATORS come from the settings and are not asked for."""

    def __init__(self, *, admission: Admission, read: Callable[[], Awaitable[discord.AppInfo]], clock: Clock) -> None:
        """`read` asks Discord. Nobody is known before `told`."""
        self._admission = admission
        self._read = read
        self._clock = clock
        self._ids: frozenset[int] = frozenset()
        self._due = clock.monotonic()
        self._asking = asyncio.Lock()

    def told(self, application: discord.AppInfo) -> None:
        """What Discord has just said."""
        members = application.team.members if application.team else [application.owner]
        self._ids = frozenset(
            member.id
            for member in members
            if getattr(member, "membership_state", discord.TeamMembershipState.accepted)
            is discord.TeamMembershipState.accepted
        )
        self._admission.trust(self._ids)
        self._due = self._clock.monotonic() + GOOD_FOR.total_seconds()

    async def look(self, member_id: int, *, claims: bool = False) -> None:
        """Before a member's rights count: what Discord said of them is no older than five minutes.

        Those of whom it said nothing are not asked about, unless they claim a right. While Discord does not answer,
        what it said last holds.
        """
        if not claims and member_id not in self._ids:
            return
        async with self._asking:
            if self._clock.monotonic() < self._due:
                return
            try:
                async with asyncio.timeout(_ASKED_SECONDS):
                    self.told(await self._read())
            except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
                log.info("whose application it is could not be asked (%s)", type(error).__name__)
                self._due = self._clock.monotonic() + _PAUSE.total_seconds()
