"""A member's own text handed back with a private answer, and read from there again."""

import io

import discord
from discord import ui

from bot.texts import text
from bot.ui.custom_ids import draft_id
from bot.ui.formatting import fenced, unfenced
from bot.ui.render import finished

#: What fits an embed's description (4096, Discord) together with its fence; longer lyrics come as a file.
_MAX_SHOWN_CHARACTERS = 4_000
#: The same for a title, which stands in a field (1024).
_MAX_SHOWN_TITLE = 1_000

#: What a title too long for a field is called, and lyrics too long for an embed.
_TITLE_FILE, _LYRICS_FILE = "title.txt", "lyrics.txt"


def with_lyrics_note(sentence: str, lyrics: str, title: str, locale: str) -> str:
    """The sentence, and where members find their text."""
    if not (lyrics.strip() or title.strip()):
        return sentence
    fits = len(lyrics) <= _MAX_SHOWN_CHARACTERS and len(title) <= _MAX_SHOWN_TITLE
    note = "answer.your_text" if fits else "answer.your_text_file"
    return f"{sentence}\n{text(note, locale)}"


def lyrics_shown(message: discord.Message | None) -> tuple[str, str]:
    """Lyrics and title that `text_to_copy` showed for copying; empty what it did not show."""
    if message is None or not message.embeds:
        return "", ""
    embed = message.embeds[0]
    title = embed.fields[0].value if embed.fields else None
    return unfenced(embed.description or ""), unfenced(title or "")


def draft_view(key: str, model: str | None, locale: str) -> ui.View:
    """The button that opens the form again, with everything in it; `model` also after a restart."""
    button: ui.Button[ui.View] = ui.Button(
        label=text("control.edit_draft", locale),
        style=discord.ButtonStyle.primary,
        custom_id=draft_id(key, model or ""),
    )
    return finished(button)


def text_to_copy(lyrics: str, title: str, locale: str) -> tuple[list[discord.Embed], list[discord.File]]:
    """Lyrics and title as embed and files: what is too long to be shown is attached; empty lists without any."""
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
