"""Names and descriptions of commands in every language that the texts have."""

from typing import Any

import discord
from discord import app_commands

from bot.texts import CATALOGS, FALLBACK, language_of, text


def worded(key: str) -> app_commands.locale_str:
    """The English words for `key`, which the TextTranslator knows how to say in other languages."""
    return app_commands.locale_str(text(key), key=key)


class TextTranslator(app_commands.Translator):
    """Answers discord.py when it describes the commands to Discord."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        """The words in that language; None for a language without a catalog of its own."""
        key = string.extras.get("key")
        language = language_of(str(locale))
        if not isinstance(key, str) or language == FALLBACK:
            return None
        return CATALOGS[language].get(key)
