"""For moderators and those who need them: `/compose-admin log-channel`, and the message command that reports a song."""

from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ComposeClient
from bot.ui.interaction_context import InteractionContext
from bot.ui.log_actions import ask_for_report
from bot.ui.log_channel import choose_log_channel
from bot.ui.translation import worded

#: The group is whoever's cog is loaded first; both add to it.
ADMIN_GROUP = "compose-admin"


_HERE = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_INSTALLED = app_commands.AppInstallationType(guild=True, user=False)


def log_channel_command() -> app_commands.Command[Any, ..., Any]:
    """A command of its own for each cog: it knows the one group that it is in."""

    @app_commands.command(name=worded("command.log_channel"), description=worded("command.log_channel.about"))
    @app_commands.describe(channel=worded("command.log_channel.channel.about"))
    @app_commands.rename(channel=worded("command.log_channel.channel"))
    async def log_channel(
        interaction: discord.Interaction, channel: discord.TextChannel | discord.Thread | None = None
    ) -> None:
        """Choose the channel, or none."""
        await choose_log_channel(InteractionContext.of(interaction), channel)

    return cast("app_commands.Command[Any, ..., Any]", log_channel)


class Moderation(commands.Cog):
    """Log channel and reports."""

    def __init__(self, bot: ComposeClient) -> None:
        """`bot`: whose tree gets the commands."""
        self._bot = bot
        self._report = app_commands.ContextMenu(
            name=worded("command.report"), callback=self.report, allowed_contexts=_HERE, allowed_installs=_INSTALLED
        )
        self._log_channel = log_channel_command()
        self._group: app_commands.Group | None = None

    async def cog_load(self) -> None:
        """Join the group of the admins' commands, or begin it; a cog carries only commands of its own class."""
        self._bot.tree.add_command(self._report)
        group = self._bot.tree.get_command(ADMIN_GROUP)
        if not isinstance(group, app_commands.Group):
            group = self._group = app_commands.Group(
                name=worded("command.operator.admin"),
                description=worded("command.operator.admin.about"),
                allowed_contexts=_HERE,
                allowed_installs=_INSTALLED,
                default_permissions=discord.Permissions(manage_guild=True),
            )
            self._bot.tree.add_command(group)
        group.add_command(self._log_channel)

    async def cog_unload(self) -> None:
        """Leave nothing behind."""
        self._bot.tree.remove_command(self._report.name, type=self._report.type)
        group = self._bot.tree.get_command(ADMIN_GROUP)
        if isinstance(group, app_commands.Group):
            group.remove_command(self._log_channel.name)
        if self._group is not None:
            self._bot.tree.remove_command(ADMIN_GROUP)

    async def report(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Ask why."""
        await ask_for_report(InteractionContext.of(interaction), message)


async def setup(bot: ComposeClient) -> None:
    """What `load_extension` calls."""
    await bot.add_cog(Moderation(bot))
