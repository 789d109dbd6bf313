"""Names and descriptions of commands in every language that the texts have."""

from typing import Any

import discord
from discord import app_commands

from bot.texts import CATALOGS, FALLBACK, language_of, text

#: The language of each of Discord's locales that has a catalog beside the English one. discord.py asks for every string
#: of every command in each of thirty locales, seven thousand times at a start.
_LANGUAGES = {locale: language_of(str(locale)) for locale in discord.Locale if language_of(str(locale)) != FALLBACK}


def worded(key: str) -> app_commands.locale_str:
    """The English words for `key`, which the Translator knows how to say in other languages."""
    return app_commands.locale_str(text(key), key=key)


class Translator(app_commands.Translator):
    """Answers discord.py when it describes the commands to Discord."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        """The words in that language; None for a language without a catalog of its own."""
        language = _LANGUAGES.get(locale)
        if language is None:
            return None
        key = string.extras.get("key")
        return CATALOGS[language].get(key) if isinstance(key, str) else None
