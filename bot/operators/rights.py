"""Who may act as an operator, and for what: asked of every command and every press, never of what was drawn earlier."""

from dataclasses import dataclass

import discord

from bot.jobs.acts import ActRefusedError
from bot.jobs.admission import EVERYWHERE
from bot.jobs.operating import Operating
from bot.ui.interaction_context import InteractionContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What one operator may do with this one interaction."""

    ctx: InteractionContext
    operating: Operating
    scope: int  #: a server's id, or EVERYWHERE
    guild_id: int  #: where it was typed or pressed
    by: int

    @property
    def currency(self) -> str | None:
        """In which money is shown; None: it is not."""
        return self.ctx.requirements.currency if self.scope == EVERYWHERE else self.ctx.requirements.shown_currency


async def manager_desk(interaction: discord.Interaction) -> Desk:
    """For whoever may manage the server at this moment, and for this server alone. Raises ActRefusedError."""
    guild_id = interaction.guild_id
    if guild_id is None or not interaction.permissions.manage_guild:
        raise ActRefusedError("operators.not_manager")
    return _desk(interaction, scope=guild_id, guild_id=guild_id)


async def owner_desk(interaction: discord.Interaction) -> Desk:
    """For those who run the bot, in the servers that are set for it. Raises ActRefusedError."""
    ctx = InteractionContext.of(interaction)
    guild_id = interaction.guild_id
    await ctx.look_at_rights(claims=True)
    is_operator = interaction.user.id in ctx.jobs.admission.terms.operators
    if guild_id is None or guild_id not in ctx.services.operator_guild_ids or not is_operator:
        raise ActRefusedError("operators.not_operator")
    return _desk(interaction, scope=EVERYWHERE, guild_id=guild_id)


def _desk(interaction: discord.Interaction, *, scope: int, guild_id: int) -> Desk:
    ctx = InteractionContext.of(interaction)
    operators = ctx.services.operators
    if operators is None:
        raise ActRefusedError("operators.not_operator")
    return Desk(ctx=ctx, operating=operators.operating, scope=scope, guild_id=guild_id, by=interaction.user.id)
