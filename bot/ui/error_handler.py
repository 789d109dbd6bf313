"""Where every error of an interaction ends: a short private sentence for the member, the trace in the log.

One of the two places that catch everything. The member's sentence carries a reference that stands in the log too.
"""

import logging
from collections.abc import Awaitable, Mapping
from typing import Any, cast

import aiohttp
import discord
from discord import app_commands

from bot.errors import DiskError, NoSuchJobError, NotYoursError, OrderError, Reason, StoreBusyError, TooLateError
from bot.texts import text
from bot.ui.formatting import refusal
from bot.ui.forms import typed_in
from bot.ui.replies import locale_of, reply_privately, with_lyrics_note
from bot.ui.requirements import OrderRequirements

log = logging.getLogger(__name__)

#: 10062: too late, or a replay after a reconnect; 40060: answered before; 50027, 10015: its token has ended. Nothing
#: that is sent to such an interaction arrives.
_UNANSWERABLE = frozenset({10062, 40060, 50027, 10015})


async def guarded(interaction: discord.Interaction, work: Awaitable[None], requirements: OrderRequirements) -> None:
    """Do the work of an interaction; whatever goes wrong is reported to who started it."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 -- the one handler of interaction errors
        await report(interaction, error, requirements)


async def report(interaction: discord.Interaction, error: BaseException, requirements: OrderRequirements) -> None:
    """Tell the member what went wrong, give back what they typed, and log what they must not see."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if _is_unanswerable(error):
        log.info("an interaction could not be answered any more (%s)", error.__class__.__name__)
        return
    if isinstance(error, DiskError):
        log.warning("an interaction failed: %s", error)
    locale = locale_of(interaction)
    sentence = _sentence(error, requirements, locale)
    if sentence is None:
        reference = f"{interaction.id:x}"[-10:]
        # aiohttp's errors may print the address they failed at, and an interaction's address holds its token
        trace = None if isinstance(error, aiohttp.ClientError) else error
        log.error("interaction failed (%s), reference %s", error.__class__.__name__, reference, exc_info=trace)
        sentence = text("answer.failed", locale, reference=reference)
    typed = typed_in(cast("Mapping[str, Any] | None", interaction.data))
    note = with_lyrics_note(sentence, typed.lyrics, typed.title, locale)
    try:
        await reply_privately(interaction, note, lyrics=typed.lyrics, title=typed.title)
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as failure:
        log.warning("a member could not be told: %s", failure.__class__.__name__)


def _sentence(error: BaseException, requirements: OrderRequirements, locale: str) -> str | None:
    match error:
        case OrderError():
            return refusal(error, requirements, locale)
        case NotYoursError():
            return text("control.not_yours", locale)
        case TooLateError():
            return text("control.too_late", locale)
        case NoSuchJobError():
            return text("control.gone", locale)
        case StoreBusyError():
            return refusal(OrderError(Reason.STORE_BUSY), requirements, locale)
        case DiskError():
            return text("answer.disk", locale)
        case _:
            return None


def _is_unanswerable(error: BaseException) -> bool:
    return isinstance(error, discord.HTTPException) and error.code in _UNANSWERABLE
