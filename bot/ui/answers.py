"""Private answers: short sentences, and a member's own words handed back to him."""

import io

import discord
from discord import InteractionResponseType, ui

from bot.texts import text
from bot.ui.custom_ids import draft_id
from bot.ui.render import finished
from bot.ui.sentences import clip, fenced, unfenced

#: What fits an embed's description (4096, Discord) together with its fence; longer words come as a file.
_MOST_SHOWN_CHARACTERS = 4_000
#: The same for a title, which stands in a field (1024).
_MOST_SHOWN_TITLE = 1_000

#: What a title too long for a field is called, and words too long for an embed.
_TITLE_FILE, _WORDS_FILE = "title.txt", "lyrics.txt"


def locale_of(interaction: discord.Interaction) -> str:
    """The language of whoever typed or pressed."""
    return str(interaction.locale)


async def whisper(
    interaction: discord.Interaction,
    sentence: str,
    *,
    words: str = "",
    title: str = "",
    view: ui.View | None = None,
) -> None:
    """Answer privately, with `words` and `title` (if any) below for copying, or attached where they are too long.

    Never touches what was answered before; where a public answer is still owed, that becomes this sentence, without
    the words.
    """
    sentence = clip(sentence, 2000)
    response = interaction.response
    if response.type is InteractionResponseType.deferred_channel_message:
        await interaction.edit_original_response(content=sentence, attachments=[])
        return
    embeds, files = _shown(words, title, locale_of(interaction))
    buttons = view or finished()
    if response.is_done():
        await interaction.followup.send(sentence, embeds=embeds, files=files, view=buttons, ephemeral=True)
    else:
        await response.send_message(sentence, embeds=embeds, files=files, view=buttons, ephemeral=True)


def with_words_note(sentence: str, words: str, title: str, locale: str) -> str:
    """The sentence, and where the member finds his text."""
    if not (words.strip() or title.strip()):
        return sentence
    fits = len(words) <= _MOST_SHOWN_CHARACTERS and len(title) <= _MOST_SHOWN_TITLE
    note = "answer.your_words" if fits else "answer.your_words_file"
    return f"{sentence}\n{text(note, locale)}"


def words_shown(message: discord.Message | None) -> tuple[str, str]:
    """Words and title that `whisper` showed for copying; empty what it did not show."""
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


def _shown(words: str, title: str, locale: str) -> tuple[list[discord.Embed], list[discord.File]]:
    embed = discord.Embed()
    files: list[discord.File] = []
    if len(words) > _MOST_SHOWN_CHARACTERS:
        files.append(discord.File(io.BytesIO(words.encode()), filename=_WORDS_FILE))
    elif words.strip():
        embed.description = fenced(words)
    if len(title) > _MOST_SHOWN_TITLE:
        files.append(discord.File(io.BytesIO(title.encode()), filename=_TITLE_FILE))
    elif title.strip():
        embed.add_field(name=text("form.title", locale), value=fenced(title))
    return [embed] if embed else [], files
