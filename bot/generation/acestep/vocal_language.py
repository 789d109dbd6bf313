"""Which language words are in, as the server wants to be told: by their script, else by their commonest words. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

#: What the server takes for "nobody can say"; its language model then finds out, where one is loaded.
UNKNOWN = "unknown"

_TAG = re.compile(r"\[[^\[\]\n]*\]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_MAX_READ = 4000

#: Of the Unicode name of a letter. Kana comes before Han: Japanese has both.
_SCRIPTS: Mapping[str, str] = MappingProxyType(
    {
        "HIRAGANA": "ja",
        "KATAKANA": "ja",
        "HANGUL": "ko",
        "CJK": "zh",
        "CYRILLIC": "ru",
        "ARABIC": "ar",
        "GREEK": "el",
        "HEBREW": "he",
        "THAI": "th",
        "DEVANAGARI": "hi",
        "BENGALI": "bn",
        "TAMIL": "ta",
        "TELUGU": "te",
    }
)

_COMMONEST = {
    "en": "the and you i to of in my is me that it your for with we don't was are this but",
    "de": "der die das und ich du nicht ist ein eine mir mich wir es zu den mit dir auf wie",
    "fr": "le la les et je tu ne pas est un une que dans mon ma moi toi nous des du pour",
    "es": "el la los y yo tú no es un una que en mi me te de con por para como las",
    "it": "il la che e io tu non è un una di mi ti per con come sono del della nel",
    "pt": "o a os e eu você não é um uma que em meu minha me te de com para como do da",
    "nl": "de het een en ik je niet is van in mijn dat we met voor op jij naar zo maar",
    "pl": "i w nie się na to że ja ty jest mnie mi jak z do co tak moje twoje już",
    "tr": "ve bir bu ben sen için gibi ne da de beni seni çok değil var yok her gece",
    "sv": "och jag du det inte är en ett att som på mig dig vi med för min din har",
}
_COMMON = {language: frozenset(words.split()) for language, words in _COMMONEST.items()}
#: So many of the words at least are among the commonest of their language in any real text.
_MIN_SHARE = 0.12


def language_of(lyrics: str) -> str:
    """The two letters of ISO 639-1, or `unknown`."""
    text = _TAG.sub(" ", lyrics[:_MAX_READ]).lower()
    scripts = Counter(filter(None, map(_script_language, filter(str.isalpha, text))))
    if scripts["ja"] * 10 >= scripts["zh"]:  # a few kana among many signs of the Chinese script make it Japanese
        scripts["ja"] += scripts.pop("zh", 0)
    if scripts:
        language, letters = scripts.most_common(1)[0]
        if letters * 2 > sum(map(str.isalpha, text)):
            return language
    return _by_words(_WORD.findall(text.replace("’", "'")))


def _script_language(letter: str) -> str | None:
    if letter < "\u0250":
        return None
    return _SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0].split("-")[0])


def _by_words(words: list[str]) -> str:
    counts = {language: sum(word in common for word in words) for language, common in _COMMON.items()}
    first, second = sorted(counts, key=lambda language: -counts[language])[:2]
    is_clear = counts[first] > counts[second] and counts[first] >= _MIN_SHARE * len(words)
    return first if words and is_clear else UNKNOWN
