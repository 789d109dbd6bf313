"""Alerts as messages: into OPERATOR_CHANNEL, else directly to whom the application belongs."""

import logging

import discord

from bot.delivery.http_errors import is_final, outages_are_later
from bot.errors import DeliveryLaterError, UndeliverableError
from bot.operators.alerts import Alert, AlertKind
from bot.texts import FALLBACK, text

log = logging.getLogger(__name__)

#: Discord takes no longer message.
_MAX_LENGTH = 2000
#: Kinds whose variants have sentences of their own.
_BY_VARIANT = frozenset({AlertKind.BUDGET_80, AlertKind.BUDGET_100, AlertKind.MIGRATED})


class AlertMessages:
    """Sends; mentions nobody. A direct message rings by itself."""

    def __init__(self, client: discord.Client, channel_id: int | None) -> None:
        """`channel_id`: None, or one that refuses: the application's owner is written to; of a team, its owner."""
        self._client = client
        self._channel_id = channel_id

    async def send(self, alert: Alert) -> None:
        """Raises DeliveryLaterError, UndeliverableError."""
        if self._client.application is None:
            raise DeliveryLaterError("not logged in yet")
        if self._channel_id is not None and await self._sent_to_channel(alert, self._channel_id):
            return
        with outages_are_later():
            try:
                direct = await self._client.create_dm(discord.Object(self._owner_id()))
                await self._send(direct, alert, FALLBACK)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                raise UndeliverableError(f"the application's owner cannot be written to (code {error.code})") from None

    async def _sent_to_channel(self, alert: Alert, channel_id: int) -> bool:
        channel = self._client.get_channel(channel_id)
        guild = getattr(channel, "guild", None)
        locale = guild.preferred_locale.value if isinstance(guild, discord.Guild) else FALLBACK
        with outages_are_later():
            try:
                await self._send(self._client.get_partial_messageable(channel_id), alert, locale)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                log.error(
                    "OPERATOR_CHANNEL %s does not take messages (code %s); the application's owner is written to "
                    "instead. Let the bot see the channel and write there, or name another.",
                    channel_id,
                    error.code,
                )
                return False
        return True

    async def _send(self, to: discord.abc.Messageable, alert: Alert, locale: str) -> None:
        await to.send(alert_text(alert, locale), nonce=alert.nonce, allowed_mentions=discord.AllowedMentions.none())

    def _owner_id(self) -> int:
        application = self._client.application
        assert application is not None
        team = application.team
        return application.owner.id if team is None or team.owner_id is None else team.owner_id


def alert_text(alert: Alert, locale: str) -> str:
    """What happened and what to do, within one message."""
    by_variant = f"alert.{alert.kind}_{alert.variant}"
    key = by_variant if alert.kind in _BY_VARIANT and alert.variant else f"alert.{alert.kind}"
    happened = text(key, locale, **alert.values)
    if "seen_by" in alert.values:
        happened += f" {text('alert.seen_by', locale, **alert.values)}"
    return f"{text('alert.heading', locale)} {happened}\n{text(f'{key}_do', locale, **alert.values)}"[:_MAX_LENGTH]
