"""A bot that shows everything the page can show; it has nothing in common with the project's own bot but discord.py."""

import asyncio
import io
from typing import Any

import discord
from discord import app_commands, ui

from sandbox.generation.composer import write_mp3

SONG_SECONDS = 3.2
CITIES = ("Bergen", "Berlin", "Bern", "Lisbon", "London", "Lyon")


def song() -> bytes:
    """A real MP3 of eight notes."""
    encoded = io.BytesIO()
    write_mp3(encoded, [220.0 * 2 ** (step / 12) for step in (0, 4, 7, 12, 7, 4, 2, 0)])
    return encoded.getvalue()


class Order(ui.Modal, title="Order something"):
    """One field of each kind a form can have, within its five."""

    intro = ui.TextDisplay("Fill **everything** that has a star.")
    name = ui.Label(text="Name", component=ui.TextInput(custom_id="name", max_length=20))
    words = ui.Label(
        text="Words",
        description="As many lines as you like",
        component=ui.TextInput(custom_id="words", style=discord.TextStyle.paragraph, max_length=200, required=False),
    )
    size = ui.Label(
        text="Size",
        component=ui.Select(
            custom_id="size", options=[discord.SelectOption(label=name, value=name) for name in ("small", "large")]
        ),
    )
    file = ui.Label(text="File", component=ui.FileUpload(custom_id="file", min_values=0, max_values=2, required=False))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        name, words = self.name.component, self.words.component
        size, file = self.size.component, self.file.component
        assert isinstance(name, ui.TextInput)
        assert isinstance(words, ui.TextInput)
        assert isinstance(size, ui.Select)
        assert isinstance(file, ui.FileUpload)
        files = ", ".join(f"{one.filename}" for one in file.values) or "no file"
        await interaction.response.send_message(f"{name.value}: {words.value!r}, {size.values[0]}, {files}")


class Buttons(ui.View):
    """Every style, an answer of every kind."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Button(label="Docs", url="https://example.org/docs"))

    @ui.button(label="Count", style=discord.ButtonStyle.primary, custom_id="count")
    async def count(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
        button.label = f"Count {int((button.label or 'Count 0').partition(' ')[2] or 0) + 1}"
        await interaction.response.edit_message(content=f"pressed: {button.label}", view=self)

    @ui.button(label="Whisper", style=discord.ButtonStyle.secondary, custom_id="whisper")
    async def whisper(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    @ui.button(label="Form", style=discord.ButtonStyle.success, custom_id="form")
    async def form(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        await interaction.response.send_modal(Order(timeout=60))

    @ui.button(label="Sulk", style=discord.ButtonStyle.danger, custom_id="sulk")
    async def sulk(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        """Never answers."""

    @ui.button(label="Off", disabled=True, custom_id="off")
    async def off(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        """Cannot be pressed."""

    @ui.select(
        placeholder="A colour", custom_id="colour", options=[discord.SelectOption(label=one) for one in ("red", "blue")]
    )
    async def colour(self, interaction: discord.Interaction, select: ui.Select[Any]) -> None:
        await interaction.response.edit_message(content=f"colour: {select.values[0]}")


class Layout(ui.LayoutView):
    """Components V2."""

    box = ui.Container(
        ui.TextDisplay("## A layout\nwith text"),
        ui.Separator(),
        ui.Section(ui.TextDisplay("beside a button"), accessory=ui.Button(label="Aside", custom_id="aside")),
        accent_colour=discord.Colour(0x3366CC),
    )


class Showcase(discord.Client):
    """Commands with an option of each kind."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05, max_messages=None)
        self.tree = app_commands.CommandTree(self)
        for command in (everything, card, song_for, buttons, order, layout, think, city, hand):
            self.tree.add_command(command)
        self.tree.add_command(app_commands.ContextMenu(name="Quote this", callback=quote))
        self.ready = asyncio.Event()
        self.thought = asyncio.Event()  #: cleared: it has not come to one
        self.thought.set()

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.ready.set()

    async def before_identify_hook(self, *_: Any, **__: Any) -> None:
        """No five seconds between identifies."""


@app_commands.command(description="An option of each kind")
@app_commands.choices(mood=[app_commands.Choice(name="Merry", value="m"), app_commands.Choice(name="Sad", value="s")])
async def everything(
    interaction: discord.Interaction,
    text: app_commands.Range[str, 2, 30],
    count: app_commands.Range[int, 1, 9],
    mood: str | None = None,
    loud: bool | None = None,
    speed: float | None = None,
    who: discord.User | None = None,
    file: discord.Attachment | None = None,
) -> None:
    given = {"text": text, "count": count, "mood": mood, "loud": loud, "speed": speed}
    given |= {"who": who.id if who else None, "file": file.filename if file else None}
    await interaction.response.send_message(" ".join(f"{name}={value!r}" for name, value in given.items()))


@app_commands.command(description="A card with markdown")
async def card(interaction: discord.Interaction) -> None:
    embed = discord.Embed(title="A *title*", description="**bold** and `code`\n> quoted", colour=0xCC6633)
    embed.add_field(name="One", value="1").add_field(name="Two", value="2").set_footer(text="small print")
    soon = int(discord.utils.utcnow().timestamp()) + 90
    text = f"<@{interaction.user.id}> ends <t:{soon}:R> <b>not bold</b> https://example.org/a_b_c"
    await interaction.response.send_message(text, embed=embed)


@app_commands.command(name="song", description="A sound file as a reply")
async def song_for(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.edit_original_response(content="Here it comes")
    original = await interaction.original_response()
    assert isinstance(interaction.channel, discord.TextChannel)
    reply = discord.MessageReference(message_id=original.id, channel_id=original.channel.id, fail_if_not_exists=False)
    await interaction.channel.send("The song", file=discord.File(io.BytesIO(song()), "song.mp3"), reference=reply)


@app_commands.command(description="Buttons and a select")
async def buttons(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("Press something", view=Buttons())


@app_commands.command(description="A form")
async def order(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Order(timeout=60))


@app_commands.command(description="Components V2")
async def layout(interaction: discord.Interaction) -> None:
    await interaction.response.send_message(view=Layout())


@app_commands.command(description="Thinks, and tells you alone")
async def think(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True, ephemeral=True)
    assert isinstance(interaction.client, Showcase)
    await interaction.client.thought.wait()
    await interaction.edit_original_response(content="a thought")


@app_commands.command(description="Takes a file, without which there is nothing")
async def hand(interaction: discord.Interaction, file: discord.Attachment, note: str | None = None) -> None:
    await interaction.response.send_message(f"{file.filename}: {file.size} bytes, {note}")


@app_commands.command(description="Completes while you type")
async def city(interaction: discord.Interaction, name: str) -> None:
    await interaction.response.send_message(f"to {name}")


@city.autocomplete("name")
async def cities(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=one, value=one.upper()) for one in CITIES if one.lower().startswith(typed.lower())]


async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"> {message.content} ({len(message.attachments)} files)")
