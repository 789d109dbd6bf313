"""How an operator is answered: always privately."""

import discord
from discord import ui

from bot.operators.answers import OperatorReply
from bot.ui.formatting import clip
from bot.ui.interaction_context import InteractionContext
from bot.ui.render import finished

_COLOUR = 0x5865F2


def embeds_of(answer: OperatorReply) -> list[discord.Embed]:
    """The answer as an embed."""
    embed = discord.Embed(title=answer.heading or None, description=clip(answer.body, 4096) or None, colour=_COLOUR)
    for name, value in answer.lines:
        embed.add_field(name=name, value=value or "–", inline=len(value) < 40)
    return [embed]


async def reply(
    ctx: InteractionContext,
    answer: OperatorReply,
    *,
    view: ui.View | None = None,
    files: list[discord.File] | None = None,
) -> None:
    """Answer privately, whether or not that was deferred."""
    response = ctx.interaction.response
    embeds = embeds_of(answer)
    if response.is_done():
        await ctx.interaction.edit_original_response(embeds=embeds, attachments=files or [], view=view or finished())
    else:
        await response.send_message(embeds=embeds, files=files or [], view=view or finished(), ephemeral=True)
