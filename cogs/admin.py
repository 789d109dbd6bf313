"""`/compose-admin`: what the managers of a server do with its songs. All of it is in bot.operators."""

import discord
from discord.ext import commands

from bot.client import ComposeClient
from bot.operators.commands import OperatorGroup
from bot.operators.rights import manager_of


class Admin(commands.Cog):
    """One group of commands, shown to those who may manage the server."""

    def __init__(self, bot: ComposeClient) -> None:
        """`bot`: whose tree gets the group."""
        self._bot = bot
        self._group = OperatorGroup(
            "admin", manager_of, guild_only=True, default_permissions=discord.Permissions(manage_guild=True)
        )

    async def cog_load(self) -> None:
        """Add it."""
        self._bot.tree.add_command(self._group)

    async def cog_unload(self) -> None:
        """Remove it again."""
        self._bot.tree.remove_command(self._group.name)


async def setup(bot: ComposeClient) -> None:
    """What `load_extension` calls."""
    await bot.add_cog(Admin(bot))
