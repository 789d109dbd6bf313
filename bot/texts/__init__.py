"""Every sentence a person reads, by key and language, so that a translation is one folder and a gap is found by a test.

A key is `subject.name`; the module of that subject (`en/sound.py` for every `sound.*`, which a test holds) has a plain
dict `TEXTS`. Values are `str.format` templates. English is complete; any other
language may lag behind and then falls back to English.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.texts import de, en

FALLBACK = "en"
#: Languages that write 12,3 for 12.3.
_COMMA_LANGUAGES = frozenset({"de"})

#: Language code -> key -> template.
CATALOGS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": en.CATALOG, "de": de.CATALOG})


def language_of(locale: str) -> str:
    """The catalog for a Discord locale such as `de` or `en-GB`; English for every language we do not speak."""
    language = locale.partition("-")[0].lower()
    return language if language in CATALOGS else FALLBACK


def text(key: str, locale: str = FALLBACK, /, **values: object) -> str:
    """The sentence for `key` in the language of `locale`, filled in. Raises KeyError for an unknown key."""
    language = language_of(locale)
    if key not in CATALOGS[language]:
        language = FALLBACK
    if language in _COMMA_LANGUAGES:
        values = {name: _Comma(value) if isinstance(value, float) else value for name, value in values.items()}
    return CATALOGS[language][key].format(**values)


class _Comma(float):
    """A number that formats itself with a decimal comma."""

    __slots__ = ()

    def __format__(self, spec: str, /) -> str:
        return super().__format__(spec).replace(".", ",")
