"""Takes away what a song left in channels: its card and its track."""

import logging

import aiohttp
import discord

from bot.jobs.model import Job

log = logging.getLogger(__name__)


async def remove_messages(client: discord.Client, job: Job) -> bool:
    """Remove the track's message and the card; True when neither is left."""
    places = {(job.track_channel_id, job.track_message_id), (job.place.channel_id, job.card_message_id)}
    clean = True
    for channel_id, message_id in places:
        if channel_id is None or message_id is None:
            continue
        try:
            await client.get_partial_messageable(channel_id).get_partial_message(message_id).delete()
        except discord.NotFound:
            continue
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("a deleted job's message stays: %s", _told(error), extra={"job": job.id})
            clean = False
    return clean


def _told(error: BaseException) -> str:
    """The kind alone where it is the connection's: its words hold addresses."""
    return str(error) if isinstance(error, discord.DiscordException) else type(error).__name__
