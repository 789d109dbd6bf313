"""The lines of a server's log channel as messages: in the server's language, mentioning nobody."""

from collections.abc import Callable
from typing import Any

import discord

from bot.delivery.http_errors import is_final, outages_are_later
from bot.errors import DeliveryLaterError, UndeliverableError
from bot.jobs.record import KeptAct, RefusedOrder, Rest
from bot.texts import FALLBACK
from bot.ui.log_cards import line_of, report_buttons, reported_song, song_buttons


class LogMessages:
    """Sends each line under a nonce of its own, so that one that is sent again is the same message."""

    def __init__(self, client: discord.Client, knows_of: Callable[[int], bool] | None = None) -> None:
        """`client` must be logged in before anything arrives. `knows_of`: whether a server would be known by now."""
        self._client = client
        self._knows_of = knows_of

    async def send(self, channel_id: int, guild_id: int, entry: Rest | KeptAct | RefusedOrder) -> None:
        """Raises DeliveryLaterError, UndeliverableError when the channel refuses, or is no channel of the server."""
        if not (self._client.is_ready() if self._knows_of is None else self._knows_of(guild_id)):
            raise DeliveryLaterError("not connected yet")
        guild = self._client.get_guild(guild_id)
        if guild is None:
            raise UndeliverableError("the bot is no member of the server")
        if guild.get_channel_or_thread(channel_id) is None:
            raise UndeliverableError("the channel is gone, or closed to the bot")
        locale = guild.preferred_locale.value or FALLBACK
        with outages_are_later():
            try:
                await self._client.get_partial_messageable(channel_id).send(
                    line_of(entry, locale),
                    nonce=_nonce(entry),
                    allowed_mentions=discord.AllowedMentions.none(),
                    **_buttons(entry, locale),
                )
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                raise UndeliverableError(f"Discord's code {error.code}") from None


def _buttons(entry: Rest | KeptAct | RefusedOrder, locale: str) -> dict[str, Any]:
    if isinstance(entry, Rest):
        return {"view": song_buttons(entry.job.id, locale)}
    song = reported_song(entry)
    return {} if song is None else {"view": report_buttons(song, locale)}


def _nonce(entry: Rest | KeptAct | RefusedOrder) -> str:
    match entry:
        case Rest(id=number):
            return f"log-e-{number}"
        case KeptAct(id=number):
            return f"log-a-{number}"
        case RefusedOrder(interaction_id=number):
            return f"lr-{number}"
