"""Private answers: short sentences, and a member's own text handed back."""

import io

import discord
from discord import InteractionResponseType, ui

from bot.texts import text
from bot.ui.custom_ids import draft_id
from bot.ui.formatting import clip, fenced, unfenced
from bot.ui.render import finished

#: What fits an embed's description (4096, Discord) together with its fence; longer lyrics come as a file.
_MAX_SHOWN_CHARACTERS = 4_000
#: The same for a title, which stands in a field (1024).
_MAX_SHOWN_TITLE = 1_000

#: What a title too long for a field is called, and lyrics too long for an embed.
_TITLE_FILE, _LYRICS_FILE = "title.txt", "lyrics.txt"


def locale_of(interaction: discord.Interaction) -> str:
    """The language of whoever typed or pressed."""
    return str(interaction.locale)


async def reply_privately(
    interaction: discord.Interaction,
    sentence: str,
    *,
    lyrics: str = "",
    title: str = "",
    view: ui.View | None = None,
) -> None:
    """Answer privately, with `lyrics` and `title` (if any) below for copying, or attached where they are too long.

    Never touches what was answered before; where a public answer is still owed, that becomes this sentence, without
    the lyrics.
    """
    sentence = clip(sentence, 2000)
    response = interaction.response
    if response.type is InteractionResponseType.deferred_channel_message:
        await interaction.edit_original_response(content=sentence, attachments=[])
        return
    embeds, files = _shown(lyrics, title, locale_of(interaction))
    buttons = view or finished()
    if response.is_done():
        await interaction.followup.send(sentence, embeds=embeds, files=files, view=buttons, ephemeral=True)
    else:
        await response.send_message(sentence, embeds=embeds, files=files, view=buttons, ephemeral=True)


def with_lyrics_note(sentence: str, lyrics: str, title: str, locale: str) -> str:
    """The sentence, and where members find their text."""
    if not (lyrics.strip() or title.strip()):
        return sentence
    fits = len(lyrics) <= _MAX_SHOWN_CHARACTERS and len(title) <= _MAX_SHOWN_TITLE
    note = "answer.your_text" if fits else "answer.your_text_file"
    return f"{sentence}\n{text(note, locale)}"


def lyrics_shown(message: discord.Message | None) -> tuple[str, str]:
    """Lyrics and title that `reply_privately` showed for copying; empty what it did not show."""
    if message is None or not message.embeds:
        return "", ""
    embed = message.embeds[0]
    title = embed.fields[0].value if embed.fields else None
    return unfenced(embed.description or ""), unfenced(title or "")


def draft_view(key: str, locale: str) -> ui.View:
    """The button that opens the form again, with everything in it."""
    button: ui.Button[ui.View] = ui.Button(
        label=text("control.edit_draft", locale), style=discord.ButtonStyle.primary, custom_id=draft_id(key)
    )
    return finished(button)


def _shown(lyrics: str, title: str, locale: str) -> tuple[list[discord.Embed], list[discord.File]]:
    embed = discord.Embed()
    files: list[discord.File] = []
    if len(lyrics) > _MAX_SHOWN_CHARACTERS:
        files.append(discord.File(io.BytesIO(lyrics.encode()), filename=_LYRICS_FILE))
    elif lyrics.strip():
        embed.description = fenced(lyrics)
    if len(title) > _MAX_SHOWN_TITLE:
        files.append(discord.File(io.BytesIO(title.encode()), filename=_TITLE_FILE))
    elif title.strip():
        embed.add_field(name=text("form.title", locale), value=fenced(title))
    return [embed] if embed else [], files
