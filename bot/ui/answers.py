"""Private answers: short sentences, and a member's own words handed back to him."""

import io

import discord
from discord import InteractionResponseType, ui

from bot.texts import text
from bot.ui.custom_ids import draft_id
from bot.ui.render import finished
from bot.ui.sentences import clip, fenced

#: What fits an embed's description (4096, Discord) together with its fence; longer words come as a file.
_MOST_SHOWN_CHARACTERS = 4_000


def locale_of(interaction: discord.Interaction) -> str:
    """The language of whoever typed or pressed."""
    return str(interaction.locale)


async def whisper(
    interaction: discord.Interaction, sentence: str, *, words: str = "", view: ui.View | None = None
) -> None:
    """Answer privately, with `words` (if any) shown below for copying, or attached where they are too long.

    Never touches what was answered before; where a public answer is still owed, that becomes this sentence, without
    the words.
    """
    sentence = clip(sentence, 2000)
    response = interaction.response
    if response.type is InteractionResponseType.deferred_channel_message:
        await interaction.edit_original_response(content=sentence, attachments=[])
        return
    embeds, files = _shown(words)
    buttons = view or finished()
    if response.is_done():
        await interaction.followup.send(sentence, embeds=embeds, files=files, view=buttons, ephemeral=True)
    else:
        await response.send_message(sentence, embeds=embeds, files=files, view=buttons, ephemeral=True)


def with_words_note(sentence: str, words: str, locale: str) -> str:
    """The sentence, and where the member finds his text."""
    if not words.strip():
        return sentence
    note = "answer.your_words" if len(words) <= _MOST_SHOWN_CHARACTERS else "answer.your_words_file"
    return f"{sentence}\n{text(note, locale)}"


def draft_view(key: str, locale: str) -> ui.View:
    """The button that opens the form again, with everything in it."""
    button: ui.Button[ui.View] = ui.Button(
        label=text("control.edit_draft", locale), style=discord.ButtonStyle.primary, custom_id=draft_id(key)
    )
    return finished(button)


def _shown(words: str) -> tuple[list[discord.Embed], list[discord.File]]:
    if not words.strip():
        return [], []
    if len(words) <= _MOST_SHOWN_CHARACTERS:
        return [discord.Embed(description=fenced(words))], []
    return [], [discord.File(io.BytesIO(words.encode()), filename="lyrics.txt")]
