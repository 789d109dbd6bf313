"""Three ways to order a track: `/compose` with everything, `/compose` with a form, and a message that has a song."""

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.audio import FILE_TYPES, may_hold_a_song
from bot.client import TAKES_ORDERS, ComposeClient
from bot.ui.forms import MODEL, STYLE, model_label
from bot.ui.interaction_context import InteractionContext, InteractionServices
from bot.ui.order_flow import OrderFlow
from bot.ui.orders import OrderInput, song_of
from bot.ui.requirements import OrderRequirements
from bot.ui.translation import worded

#: Discord's limit for a text option; what the model takes is far less, and is said in words with the text given back.
MAX_OPTION_CHARACTERS = 6_000


class AudioCommand(app_commands.Command[Any, ..., Any]):
    """A command whose attachment options offer sound and films only: Discord has it, discord.py 2.7.1 does not."""

    def to_dict(self, tree: app_commands.CommandTree[Any]) -> Any:
        """The command as it is registered, untranslated."""
        return _as_configured(super().to_dict(tree), tree)

    async def get_translated_payload(
        self, tree: app_commands.CommandTree[Any], translator: app_commands.Translator
    ) -> Any:
        """The command as it is registered; discord.py builds its options anew here."""
        return _as_configured(await super().get_translated_payload(tree, translator), tree)


def _as_configured(described: dict[str, Any], tree: app_commands.CommandTree[Any]) -> dict[str, Any]:
    """Without what no configured model asks for, and with those models to choose from."""
    services: InteractionServices | None = getattr(tree.client, "services", None)
    requirements = OrderRequirements() if services is None else services.requirements
    absent = {STYLE} if not requirements.takes_style else set[str]()
    if not requirements.others:
        absent.add(MODEL)
    described["options"] = [option for option in described["options"] if option["name"] not in absent]
    for option in described["options"]:
        if option["name"] == MODEL:
            option["choices"] = [
                {"name": model_label(model, requirements), "value": model.name} for model in requirements.models
            ]
    return _songs_only(described, tree)


def _songs_only(described: dict[str, Any], tree: app_commands.CommandTree[Any]) -> dict[str, Any]:
    for option in described["options"] if getattr(tree, "filters_files", True) else ():
        if option["type"] == discord.AppCommandOptionType.attachment.value:
            option["file_types"] = [*FILE_TYPES]
    return described


def audio_command(
    *, name: app_commands.locale_str, description: app_commands.locale_str
) -> Callable[[Callable[..., Any]], AudioCommand]:
    """`app_commands.command` for an AudioCommand: discord.py's own decorator always makes its plain Command."""

    def made(callback: Callable[..., Any]) -> AudioCommand:
        return AudioCommand(name=name, description=description, callback=callback, extras={TAKES_ORDERS: True})

    return made


class Compose(commands.Cog):
    """Orders."""

    def __init__(self, bot: ComposeClient) -> None:
        """`bot`: whose tree gets the message command."""
        self._bot = bot
        self._from_message = app_commands.ContextMenu(
            name=worded("command.from_message"), callback=self.compose_from_message, extras={TAKES_ORDERS: True}
        )

    # discord.py has no decorator for a context menu inside a cog: its callback would not be bound to the cog, and a cog
    # carries only slash commands into the tree and out of it again. So this one is carried by hand.

    async def cog_load(self) -> None:
        """Add the message command."""
        self._bot.tree.add_command(self._from_message)

    async def cog_unload(self) -> None:
        """Remove it again."""
        self._bot.tree.remove_command(self._from_message.name, type=self._from_message.type)

    @audio_command(name=worded("command.compose"), description=worded("command.compose.about"))
    @app_commands.describe(
        reference=worded("command.compose.reference.about"),
        lyrics=worded("command.compose.lyrics.about"),
        title=worded("command.compose.title.about"),
        style=worded("command.compose.style.about"),
        model=worded("command.compose.model.about"),
    )
    @app_commands.rename(
        reference=worded("command.compose.reference"),
        lyrics=worded("command.compose.lyrics"),
        title=worded("command.compose.title"),
        style=worded("command.compose.style"),
        model=worded("command.compose.model"),
    )
    async def compose(
        self,
        interaction: discord.Interaction,
        reference: discord.Attachment,
        lyrics: app_commands.Range[str, 1, MAX_OPTION_CHARACTERS] | None = None,
        title: app_commands.Range[str, 1, MAX_OPTION_CHARACTERS] | None = None,
        style: app_commands.Range[str, 1, MAX_OPTION_CHARACTERS] | None = None,
        model: str | None = None,
    ) -> None:
        """Take the order, or open a form for the words."""
        order_input = OrderInput(
            lyrics=lyrics or "", title=title or "", song=song_of(reference), style=style or "", model=model
        )
        flow = OrderFlow(InteractionContext.of(interaction))
        if lyrics is None:
            await flow.open_form(order_input)
        else:
            await flow.take(order_input)

    async def compose_from_message(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Open a form with the message's song already chosen."""
        ctx = InteractionContext.of(interaction)
        forwarded = [file for snapshot in message.message_snapshots for file in snapshot.attachments]
        attached = [*message.attachments, *forwarded]
        song = next((file for file in attached if may_hold_a_song(file.filename, file.content_type)), None)
        if song is None:
            await ctx.reply_privately(ctx.text("answer.no_song"))
            return
        await OrderFlow(ctx).open_form(OrderInput(song=song_of(song)))


async def setup(bot: ComposeClient) -> None:
    """What `load_extension` calls."""
    await bot.add_cog(Compose(bot))
