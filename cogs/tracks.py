"""A member's own songs and what is being made: `/tracks`, `/queue` and `/quota`, answered privately."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ComposeClient
from bot.jobs.model import Job
from bot.ui.formatting import clip
from bot.ui.interaction_context import InteractionContext
from bot.ui.library import MAX_QUEUE_LINES, choice_label, notices_above, queue_text, show_page, show_song
from bot.ui.limits import quota_text
from bot.ui.orders import asked_by
from bot.ui.translation import worded

#: Discord shows at most so many suggestions.
_MAX_SUGGESTIONS = 25
#: How far back the suggestions look.
_MAX_SEARCHED = 100


class Tracks(commands.Cog):
    """Lists."""

    @app_commands.command(name=worded("command.tracks"), description=worded("command.tracks.about"))
    @app_commands.describe(song=worded("command.tracks.song.about"))
    @app_commands.rename(song=worded("command.tracks.song"))
    async def tracks(
        self, interaction: discord.Interaction, song: app_commands.Range[str, 1, 100] | None = None
    ) -> None:
        """The list, or one song at once."""
        ctx = InteractionContext.of(interaction)
        if song is None:
            await show_page(ctx, 0)
            return
        await show_song(ctx, await _chosen(ctx, song))

    @tracks.autocomplete("song")
    async def suggest_songs(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """The member's own songs whose title holds what they typed so far, newest first."""
        ctx = InteractionContext.of(interaction)
        found = await _own_songs(ctx, typed)
        return [
            app_commands.Choice(name=choice_label(job, ctx.locale), value=str(job.id))
            for job in found[:_MAX_SUGGESTIONS]
        ]

    @app_commands.command(name=worded("command.queue"), description=worded("command.queue.about"))
    async def queue(self, interaction: discord.Interaction) -> None:
        """What is being made here."""
        ctx = InteractionContext.of(interaction)
        channel_id = interaction.channel_id or 0
        running = await ctx.jobs.running_in(interaction.guild_id, channel_id, limit=MAX_QUEUE_LINES)
        embed = discord.Embed(
            title=ctx.text("tracks.queue.heading"),
            description=notices_above(ctx, queue_text(running, ctx.locale, ctx.jobs.held)),
        )
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @app_commands.command(name=worded("command.quota"), description=worded("command.quota.about"))
    async def quota(self, interaction: discord.Interaction) -> None:
        """What may still be ordered."""
        ctx = InteractionContext.of(interaction)
        quota = await ctx.jobs.quota_of(asked_by(interaction, ctx.requirements))
        embed = discord.Embed(
            title=ctx.text("quota.heading"), description=quota_text(quota, ctx.requirements, ctx.locale)
        )
        await interaction.response.send_message(embed=embed, ephemeral=True)


async def _chosen(ctx: InteractionContext, song: str) -> Job | None:
    """A suggestion sends an id; whoever types on instead means a title."""
    found = await _own_songs(ctx, "")
    by_id = next((job for job in found if str(job.id) == song), None)
    return by_id or next((job for job in found if song.casefold() in job.title.casefold()), None)


async def _own_songs(ctx: InteractionContext, typed: str) -> list[Job]:
    jobs, _ = await ctx.jobs.tracks_of(ctx.member_id, limit=_MAX_SEARCHED)
    wanted = clip(typed, 100).strip().casefold()
    return [job for job in jobs if wanted in job.title.casefold()]


async def setup(bot: ComposeClient) -> None:
    """What `load_extension` calls."""
    await bot.add_cog(Tracks())
