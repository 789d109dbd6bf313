"""`/compose-owner`: the whole bot, from the servers of OPERATOR_GUILDS alone. All of it is in bot.operators."""

import discord
from discord.ext import commands

from bot.client import ComposeClient
from bot.operators.commands import OwnerGroup
from bot.operators.rights import owner_of
from bot.ui.interaction_context import operator_guild_ids_of


class Owner(commands.Cog):
    """One group of commands, which no other server has."""

    def __init__(self, bot: ComposeClient) -> None:
        """`bot`: whose tree gets the group."""
        self._bot = bot
        self._group = OwnerGroup("owner", owner_of)

    async def cog_load(self) -> None:
        """Add it to each of those servers."""
        for guild_id in sorted(operator_guild_ids_of(self._bot)):
            self._bot.tree.add_command(self._group, guild=discord.Object(guild_id))

    async def cog_unload(self) -> None:
        """Remove it again."""
        for guild_id in operator_guild_ids_of(self._bot):
            self._bot.tree.remove_command(self._group.name, guild=discord.Object(guild_id))


async def setup(bot: ComposeClient) -> None:
    """What `load_extension` calls."""
    await bot.add_cog(Owner(bot))
