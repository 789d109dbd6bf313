"""Where an order comes from: how its track can get back, and whether it would be let in. Asks Discord only in doubt."""

import asyncio
import logging

import aiohttp
import discord

from bot.errors import OrderError, Reason
from bot.jobs.model import Origin, Place
from bot.ui.orders import Requester, channel_ids_of, role_ids_of
from bot.ui.requirements import OrderRequirements

log = logging.getLogger(__name__)

#: An order is answered within three seconds, so a question about its thread gets one of them.
_ASKING_SECONDS = 1.0
#: What Discord says of a thread that the bot is not in (docs, "Opcodes and Status Codes").
_UNSEEN = frozenset({10003, 50001})
#: Channels of sound, whose text only those read and write who may connect.
_HEARD = frozenset({discord.ChannelType.voice, discord.ChannelType.stage_voice})


def requester_of(interaction: discord.Interaction) -> Requester:
    """Who typed or pressed, and where."""
    return Requester(
        member_id=interaction.user.id,
        member_name=interaction.user.display_name,
        place=Place(
            origin=origin_of(interaction),
            channel_id=interaction.channel_id or 0,
            guild_id=interaction.guild_id,
            interaction_id=interaction.id,
            interaction_token=interaction.token,
            upload_limit_bytes=interaction.filesize_limit,
            locale=str(interaction.locale),
            bot_is_member=is_member(interaction),
        ),
        role_ids=role_ids_of(interaction),
        channel_ids=channel_ids_of(interaction),
    )


def origin_of(interaction: discord.Interaction) -> Origin:
    """Who brought the app to this place."""
    if interaction.guild_id is not None:
        only_the_member = interaction.is_user_integration() and not interaction.is_guild_integration()
        return Origin.USER_INSTALL if only_the_member else Origin.GUILD
    return Origin.USER_INSTALL if interaction.context.private_channel else Origin.DIRECT


def is_member(interaction: discord.Interaction) -> bool | None:
    """Whether the bot itself is in the server: the gateway named it, and the server brought the app. None: no server.

    A server may have the commands without the bot (scope `applications.commands` alone); nothing in the interaction
    says so.
    """
    if interaction.guild_id is None:
        return None
    return interaction.is_guild_integration() and interaction.client.get_guild(interaction.guild_id) is not None


def check_door(interaction: discord.Interaction, requirements: OrderRequirements) -> None:
    """Whether anything new may be ordered there: asked before anybody types, and again with the order itself.

    Raises OrderError.
    """
    requirements.doors.check(origin_of(interaction), interaction.guild_id)


def check_place(interaction: discord.Interaction) -> None:
    """Whether a later delivery would be allowed. Raises OrderError(NO_PERMISSION); its detail names the permission.

    `app_permissions` are ours at the very place of the call, overwrites included; where the bot is no member there is
    nothing to ask for. Embed Links is not asked for: without it a track arrives all the same, only its picture stays
    behind.
    """
    if not is_member(interaction):
        return
    mine = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    heard = interaction.channel is not None and interaction.channel.type in _HEARD
    needed = {
        "connect": mine.connect or not heard,  # first: without it nothing else is granted there
        "view_channel": mine.view_channel,
        "send_messages_in_threads" if in_thread else "send_messages": (
            mine.send_messages_in_threads if in_thread else mine.send_messages
        ),
        "attach_files": mine.attach_files,
    }
    missing = next((name for name, granted in needed.items() if not granted and not mine.administrator), None)
    if missing is not None:
        raise OrderError(Reason.NO_PERMISSION, missing)


async def check_thread(interaction: discord.Interaction) -> None:
    """Whether the bot is in a private thread. Raises OrderError(PRIVATE_THREAD).

    Those that it is in are in its cache, but one that was archived when the bot connected may not be: then Discord is
    asked. An answer that does not come in time counts as yes, for the order's own answer must.
    """
    thread = interaction.channel
    if not isinstance(thread, discord.Thread) or thread.type is not discord.ChannelType.private_thread:
        return
    mine = interaction.app_permissions
    if not is_member(interaction) or mine.manage_threads or mine.administrator:
        return
    guild = interaction.client.get_guild(interaction.guild_id or 0)
    if guild is not None and guild.get_thread(thread.id) is not None:
        return
    try:
        async with asyncio.timeout(_ASKING_SECONDS):
            await interaction.client.fetch_channel(thread.id)
    except discord.HTTPException as error:
        if error.code in _UNSEEN:
            raise OrderError(Reason.PRIVATE_THREAD) from None
        log.info("whether the bot is in a private thread is not known (%s)", error.code)
    except (discord.RateLimited, discord.InvalidData, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.info("whether the bot is in a private thread is not known (%s)", type(error).__name__)
