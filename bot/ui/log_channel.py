"""The answer to `/compose-admin log-channel`: whether the bot may write there is asked before it is chosen."""

import discord

from bot.ui.interaction_context import InteractionContext


async def choose_log_channel(ctx: InteractionContext, channel: discord.TextChannel | discord.Thread | None) -> None:
    """Choose it, or none; privately. Rights are checked here too: Discord's own gate can be loosened by a server."""
    interaction = ctx.interaction
    guild_id = interaction.guild_id
    if guild_id is None or not interaction.permissions.manage_guild:
        await ctx.reply_privately(ctx.text("log.not_allowed_channel"))
        return
    if channel is None:
        await ctx.services.moderators.reports.choose_log_channel(guild_id, None, ctx.member_id)
        await ctx.reply_privately(ctx.text("log.channel_off"))
        return
    if not _may_write(interaction, channel):
        await ctx.reply_privately(ctx.text("log.channel_closed", channel=channel.mention))
        return
    await ctx.services.moderators.reports.choose_log_channel(guild_id, channel.id, ctx.member_id)
    await ctx.reply_privately(ctx.text("log.channel_chosen", channel=channel.mention))


def _may_write(interaction: discord.Interaction, channel: discord.TextChannel | discord.Thread) -> bool:
    guild = interaction.guild
    if guild is None or guild.me is None:  # pyright: ignore[reportUnnecessaryComparison] -- None while it is not cached
        return True  # the first line will tell
    permissions = channel.permissions_for(guild.me)
    sends = permissions.send_messages_in_threads if isinstance(channel, discord.Thread) else permissions.send_messages
    return permissions.view_channel and sends
