"""An order is taken within Discord's three seconds, or Discord is told that it takes longer; no stop waits for that."""

import asyncio
import logging
from datetime import timedelta
from functools import partial

import aiohttp
import discord

from bot.errors import StoreBusyError
from bot.jobs.admitting import Admitted
from bot.jobs.model import Order
from bot.jobs.service import JobService
from bot.ui.interaction_context import InteractionContext

log = logging.getLogger(__name__)

#: A database that takes longer is busy: Discord hears of it, so that the member is not told "did not respond".
QUICK_SECONDS = 1.5
#: Discord takes no answer to what is older.
_ACK_SECONDS = 3.0


async def taken(ctx: InteractionContext, order: Order) -> Admitted:
    """`JobService.take`, and its errors; StoreBusyError also where the process stops before that has ended.

    In that case the row may still come to be: nobody answers it, so nothing is paid for it.
    """
    in_flight = ctx.services.in_flight
    taking = asyncio.create_task(ctx.jobs.take(order), name="order")
    try:
        await in_flight.is_done(taking, patience_seconds(ctx.age))
        if not taking.done():
            await _say_that_it_takes_longer(ctx)
        if not await in_flight.is_done(taking):
            raise StoreBusyError("locked, and the bot stops")
        return taking.result()
    finally:
        if not taking.done():
            taking.add_done_callback(partial(_let_go, ctx.jobs))


def patience_seconds(age: timedelta | None) -> float | None:
    """How long an order of this age may take before that is said: half of what is left of Discord's three seconds.

    Most are written within a few hundredths, and one that Discord delivers twice is known as soon: nothing is said to
    that at once, however little is left. None: it is too late for an answer; an age of None is not known.
    """
    if age is None:
        return QUICK_SECONDS
    left = _ACK_SECONDS - age.total_seconds()
    return None if left < 0 else min(QUICK_SECONDS, left / 2)


async def _say_that_it_takes_longer(ctx: InteractionContext) -> None:
    if ctx.interaction.response.is_done():
        return
    try:
        await ctx.interaction.response.defer(thinking=True)
    except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.info("Discord was not told that an order takes longer (%s)", type(error).__name__)


def _let_go(jobs: JobService, taking: asyncio.Task[Admitted]) -> None:
    """Whoever ordered was told that it was not taken."""
    if taking.cancelled() or taking.exception() is not None:
        return
    job = taking.result().job
    log.warning("an order was written after it had been given back: nothing is paid for it", extra={"job": job.id})
    jobs.answer_ended(job.id)
