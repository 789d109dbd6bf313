"""Whether Discord has our commands: asked of Discord itself, mended when not, and never in the way of serving.

A refusal (a daily limit, an outage, commands that it does not take) is said and tried again later; until then members
use the commands that Discord has.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, cast

import aiohttp
import discord
from discord import app_commands
from discord.http import Route

from bot.clock import Clock
from bot.errors import StoreBusyError
from bot.jobs.ports import ValueStore

log = logging.getLogger(__name__)

#: How long a start waits for the commands; discord.py itself would sleep through limits and repeat errors for minutes.
_FIRST_TRY_SECONDS = 10.0
#: Pauses before the next try; the last one repeats.
_PAUSES_SECONDS = (60.0, 300.0, 900.0, 3600.0)
#: 30034: 200 new commands a day. A place comes free as the first of them grows a day old; asked for more rarely.
_DAILY_LIMIT, _DAILY_LIMIT_SECONDS = 30034, 3600.0
#: What a limit may have us wait, whatever it says.
_MAX_PAUSE_SECONDS = 86_400.0

#: An application with an Activity has one such command, which a bulk overwrite must keep (50240 otherwise).
_ENTRY_POINT = 4
#: What may be sent back of it.
_ENTRY_POINT_FIELDS = (
    *("id", "type", "name", "name_localizations", "description", "description_localizations"),
    *("default_member_permissions", "integration_types", "contexts", "nsfw", "handler"),
)
#: What Discord adds to a command.
_ADDED_FIELDS = frozenset({
    "id", "application_id", "version", "guild_id", "dm_permission", "default_permission", "name_localized",
    "description_localized",
})  # fmt: skip
#: Lists in which the order says nothing.
_SETS = frozenset({"contexts", "integration_types", "channel_types", "file_types"})

#: The kept value that names the servers with commands of their own, as they were last synced.
_GUILDS = "commands.guilds"

_REFUSED = (StoreBusyError, discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)


class CommandSync:
    """One client's commands at Discord."""

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        clock: Clock,
        guild_ids: frozenset[int] = frozenset(),
        values: ValueStore | None = None,
    ) -> None:
        """`tree`: all features are loaded into it before the first try.

        `guild_ids`: servers with commands of their own; those that had some before are known from `values`.
        """
        self._guild_ids = guild_ids
        self._values = values
        self._tree = tree
        self._client = tree.client
        self._clock = clock
        self._refusals = 0
        self._pause_seconds = 0.0
        self.is_done = False

    async def first_try(self) -> None:
        """Before the gateway; for ten seconds at the most, and whatever goes wrong, the start goes on."""
        await self._try(_FIRST_TRY_SECONDS)

    async def keep_trying(self) -> None:
        """Until Discord has them; returns at once when it does."""
        while not self.is_done:
            await self._clock.sleep(self._pause_seconds)
            await self._try(None)

    async def sync_if_changed(self) -> bool:
        """Make Discord's commands ours unless they are; True if they were not. Raises what Discord answers.

        A sync replaces all commands; new ones count against 200 a day.
        """
        there = await self._there()
        if _compared(await self._payload()) == _compared(each for each in there if each["type"] != _ENTRY_POINT):
            return False
        kept = [_sent_back(each) for each in there if each["type"] == _ENTRY_POINT]
        try:
            await self._put(kept)
        except discord.HTTPException as error:
            if error.code != 50035 or not getattr(self._tree, "filters_files", False):
                raise
            # the newest part of the payload goes first; the content is checked in any case
            log.warning("Discord refuses the commands; trying again without file types")
            cast("Any", self._tree).filters_files = False
            await self._put(kept)
        log.info("commands synced: %s", ", ".join(command.name for command in self._tree.get_commands()))
        return True

    async def sync_guilds(self) -> bool:
        """The same for the commands that single servers have; those that left the list lose them."""
        is_changed = False
        for guild_id in sorted(self._guild_ids | await self._guilds_before()):
            is_changed |= await self._sync_guild(guild_id)
        if self._values is not None:
            await self._values.set_value(_GUILDS, " ".join(map(str, sorted(self._guild_ids))))
        return is_changed

    async def _guilds_before(self) -> frozenset[int]:
        kept = await self._values.get_value(_GUILDS) if self._values is not None else None
        return frozenset(int(one) for one in (kept or "").split() if one.isdecimal())

    async def _sync_guild(self, guild_id: int) -> bool:
        """One server's own commands; none where it has left the list. A server without the bot is only told of."""
        guild = discord.Object(guild_id)
        application_id = self._client.application_id
        route = Route(
            "GET",
            "/applications/{application_id}/guilds/{guild_id}/commands",
            application_id=application_id,
            guild_id=guild_id,
        )
        try:
            there = await self._client.http.request(route, params={"with_localizations": "true"})
            wanted = await self._payload(guild)
            if _compared(wanted) == _compared(there):
                return False
            await self._client.http.bulk_upsert_guild_commands(application_id or 0, guild_id, wanted)
        except (discord.Forbidden, discord.NotFound) as error:
            if guild_id in self._guild_ids:
                log.warning(
                    "OPERATOR_GUILDS names the server %d, which does not take commands of this bot (code %s). Invite "
                    "it there, or take it out.",
                    guild_id,
                    error.code,
                )
            return False
        log.info("commands of the server %d synced: %d", guild_id, len(wanted))
        return True

    async def _try(self, max_seconds: float | None) -> None:
        try:
            async with asyncio.timeout(max_seconds):
                await self.sync_if_changed()
                await self.sync_guilds()
        except _REFUSED as error:
            self._pause_seconds = _pause(error, self._refusals)
            self._refusals += 1
            log.warning(
                "Discord did not take the commands (%s); it goes on with those it has. Next try in %d min.",
                _told(error),
                max(1, round(self._pause_seconds / 60)),
            )
        else:
            self.is_done = True

    async def _there(self) -> list[dict[str, Any]]:
        # without the query, Discord leaves the translations out
        route = Route("GET", "/applications/{application_id}/commands", application_id=self._client.application_id)
        return await self._client.http.request(route, params={"with_localizations": "true"})

    async def _put(self, kept: list[dict[str, Any]]) -> None:
        application_id = self._client.application_id
        if application_id is None:
            raise app_commands.MissingApplicationID
        await self._client.http.bulk_upsert_global_commands(application_id, [*await self._payload(), *kept])

    async def _payload(self, guild: discord.Object | None = None) -> list[dict[str, Any]]:
        commands: list[Any] = self._tree.get_commands(guild=guild)
        translator = self._tree.translator
        if translator is None:
            return [command.to_dict(self._tree) for command in commands]
        return [await command.get_translated_payload(self._tree, translator) for command in commands]


def _pause(error: BaseException, refusals: int) -> float:
    """How long to wait before the next try, in seconds."""
    pause = _PAUSES_SECONDS[min(refusals, len(_PAUSES_SECONDS) - 1)]
    if isinstance(error, discord.RateLimited):
        pause = max(pause, error.retry_after)
    if isinstance(error, discord.HTTPException) and error.code == _DAILY_LIMIT:
        pause = max(pause, _DAILY_LIMIT_SECONDS)
    return min(pause, _MAX_PAUSE_SECONDS)


def _told(error: BaseException) -> str:
    match error:
        case discord.RateLimited():
            return f"a limit of {error.retry_after:.0f} s"
        case discord.HTTPException():
            return f"{error.status}, code {error.code}: {' '.join(error.text.split())[:300]}"
        case TimeoutError():
            return "no answer in time"
        case _:
            return type(error).__name__


def _sent_back(command: Mapping[str, Any]) -> dict[str, Any]:
    return {name: command[name] for name in _ENTRY_POINT_FIELDS if command.get(name) is not None}


def _compared(commands: Any) -> dict[tuple[int, str], Any]:
    """By type and name, without what Discord adds or leaves out."""
    return {(each["type"], each["name"]): _normal(each) for each in commands}


def _normal(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        parts = {str(key): _normal(part, str(key)) for key, part in cast("dict[Any, Any]", value).items()}
        return {
            key: part
            for key, part in parts.items()
            if key not in _ADDED_FIELDS and part not in (None, False, [], {}, "")
        }
    if isinstance(value, list):
        items = [_normal(part) for part in cast("list[Any]", value)]
        return sorted(items) if name in _SETS else items
    return getattr(value, "value", value)
