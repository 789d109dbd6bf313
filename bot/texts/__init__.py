"""Every sentence a person reads, by key and language, so that a translation is one folder and a gap is found by a test.

A key is `subject.name`; the module of that subject (`en/sound.py` for `sound.*`) holds a plain dict `TEXTS`. Values are
`str.format` templates. English is complete; any other language may lag behind and then falls back to English.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.texts import de, en

FALLBACK = "en"

#: Language code -> key -> template.
CATALOGS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": en.CATALOG, "de": de.CATALOG})


def language_of(locale: str) -> str:
    """The catalog for a Discord locale such as `de` or `en-GB`; English for every language we do not speak."""
    language = locale.partition("-")[0].lower()
    return language if language in CATALOGS else FALLBACK


def text(key: str, locale: str = FALLBACK, /, **values: object) -> str:
    """The sentence for `key` in the language of `locale`, filled in. Raises KeyError for an unknown key."""
    template = CATALOGS[language_of(locale)].get(key) or CATALOGS[FALLBACK][key]
    return template.format(**values)
