"""Where every error of an interaction ends: a short private sentence for the member, the trace in the log.

One of the two places that catch everything. The member's sentence carries a reference that stands in the log too.
"""

import logging
from collections.abc import Awaitable, Mapping
from typing import Any, cast

import aiohttp
import discord
from discord import app_commands

from bot.errors import (
    DiskError,
    NoSuchJobError,
    NotYoursError,
    OrderError,
    Reason,
    StoreBusyError,
    StoreDiskError,
    TooLateError,
)
from bot.jobs.acts import ActRefusedError
from bot.ui.formatting import foreign
from bot.ui.forms import typed_in
from bot.ui.given_answers import ALREADY_ANSWERED, UNANSWERABLE, report_second_instance
from bot.ui.interaction_context import InteractionContext
from bot.ui.replies import with_lyrics_note

log = logging.getLogger(__name__)


async def guarded(ctx: InteractionContext, work: Awaitable[None]) -> None:
    """Do the work of an interaction; whatever goes wrong is reported to who started it."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 -- the one handler of interaction errors
        await report(ctx, error)


async def report(ctx: InteractionContext, error: BaseException) -> None:
    """Tell the member what went wrong, give back what they typed, and log what they must not see."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if _is_unanswerable(error):
        log.info("an interaction could not be answered any more (%s)", error.__class__.__name__)
        if isinstance(error, discord.HTTPException) and error.code == ALREADY_ANSWERED:
            report_second_instance()
        return
    if isinstance(error, DiskError | StoreDiskError):
        log.warning("an interaction failed: %s", error)
    sentence = _sentence(ctx, error)
    if sentence is None:
        reference = f"{ctx.interaction.id:x}"[-10:]
        # aiohttp's errors may print the address they failed at, and an interaction's address holds its token
        trace = None if isinstance(error, aiohttp.ClientError) else error
        log.error("interaction failed (%s), reference %s", error.__class__.__name__, reference, exc_info=trace)
        sentence = ctx.text("answer.failed", reference=reference)
    typed = typed_in(cast("Mapping[str, Any] | None", ctx.interaction.data))
    note = with_lyrics_note(sentence, typed.lyrics, typed.title, ctx.locale)
    try:
        await ctx.reply_privately(note, lyrics=typed.lyrics, title=typed.title)
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as failure:
        log.warning("a member could not be told: %s", failure.__class__.__name__)


def _sentence(ctx: InteractionContext, error: BaseException) -> str | None:
    match error:
        case OrderError():
            return ctx.refusal(error)
        case ActRefusedError():
            return ctx.text(error.key, **{name: _shown(value) for name, value in error.values.items()})
        case NotYoursError():
            return ctx.text("control.not_yours")
        case TooLateError():
            return ctx.text("control.too_late")
        case NoSuchJobError():
            return ctx.text("control.gone")
        case DiskError() | StoreDiskError():
            return ctx.text("answer.disk")
        case StoreBusyError():
            return ctx.refusal(OrderError(Reason.STORE_BUSY))
        case _:
            return None


def _shown(value: object) -> object:
    return foreign(value) if isinstance(value, str) else value


def _is_unanswerable(error: BaseException) -> bool:
    return isinstance(error, discord.HTTPException) and error.code in UNANSWERABLE
