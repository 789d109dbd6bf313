"""Three ways to order a track: `/compose` with everything, `/compose` with a form, and a message that has a song."""

from typing import Any

import discord
from discord import app_commands

from bot.audio import FILE_TYPES, may_hold_a_song
from bot.client import ComposeClient
from bot.texts import text
from bot.ui.order_flow import flow_of
from bot.ui.orders import OrderInput, song_of
from bot.ui.replies import locale_of, reply_privately
from bot.ui.translation import worded

#: Discord's limit for a text option; what the model takes is far less, and is said in words with the text given back.
MAX_OPTION_CHARACTERS = 6_000


class AudioCommand(app_commands.Command[Any, ..., Any]):
    """A command whose attachment options offer sound and films only: Discord has it, discord.py 2.7.1 does not."""

    def to_dict(self, tree: app_commands.CommandTree[Any]) -> Any:
        """The command as it is registered, untranslated."""
        return _songs_only(super().to_dict(tree), tree)

    async def get_translated_payload(
        self, tree: app_commands.CommandTree[Any], translator: app_commands.Translator
    ) -> Any:
        """The command as it is registered; discord.py builds its options anew here."""
        return _songs_only(await super().get_translated_payload(tree, translator), tree)


def _songs_only(described: dict[str, Any], tree: app_commands.CommandTree[Any]) -> dict[str, Any]:
    for option in described["options"] if getattr(tree, "filters_files", True) else ():
        if option["type"] == discord.AppCommandOptionType.attachment.value:
            option["file_types"] = [*FILE_TYPES]
    return described


@app_commands.describe(
    reference=worded("command.compose.reference.about"),
    lyrics=worded("command.compose.lyrics.about"),
    title=worded("command.compose.title.about"),
)
@app_commands.rename(
    reference=worded("command.compose.reference"),
    lyrics=worded("command.compose.lyrics"),
    title=worded("command.compose.title"),
)
async def compose(
    interaction: discord.Interaction,
    reference: discord.Attachment,
    lyrics: app_commands.Range[str, 1, MAX_OPTION_CHARACTERS] | None = None,
    title: app_commands.Range[str, 1, MAX_OPTION_CHARACTERS] | None = None,
) -> None:
    """Take the order, or open a form for the words."""
    order_input = OrderInput(lyrics=lyrics or "", title=title or "", song=song_of(reference))
    flow = flow_of(interaction)
    if lyrics is None:
        await flow.open_form(interaction, order_input)
    else:
        await flow.take(interaction, order_input)


async def compose_from_message(interaction: discord.Interaction, message: discord.Message) -> None:
    """Open a form with the message's song already chosen."""
    forwarded = [file for snapshot in message.message_snapshots for file in snapshot.attachments]
    song = next(
        (file for file in [*message.attachments, *forwarded] if may_hold_a_song(file.filename, file.content_type)), None
    )
    if song is None:
        await reply_privately(interaction, text("answer.no_song", locale_of(interaction)))
        return
    await flow_of(interaction).open_form(interaction, OrderInput(song=song_of(song)))


async def setup(bot: ComposeClient) -> None:
    """Add both commands to the tree."""
    bot.tree.add_command(
        AudioCommand(name=worded("command.compose"), description=worded("command.compose.about"), callback=compose)
    )
    bot.tree.add_command(app_commands.ContextMenu(name=worded("command.from_message"), callback=compose_from_message))
