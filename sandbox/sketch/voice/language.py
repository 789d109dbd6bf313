"""Which language lyrics are in: by script where that decides, else by their commonest small words."""

from __future__ import annotations

import re

_BY_SCRIPT = (
    ("[\u3040-\u30ff]", "ja"),
    ("[\uac00-\ud7af]", "ko"),
    ("[\u4e00-\u9fff]", "cmn"),
    ("[іїєґІЇЄҐ]", "uk"),
    ("[\u0400-\u04ff]", "ru"),
    ("[\u0370-\u03ff]", "el"),
    ("[\u0590-\u05ff]", "he"),
    ("[\u0600-\u06ff]", "ar"),
    ("[\u0900-\u097f]", "hi"),
    ("[\u0e00-\u0e7f]", "th"),
)
_SMALL_WORDS = {
    "en-us": "the and you i me my in of to a is it we on that for with your are be so no all will can this not when",
    "es": "el la los las que y en de mi tu yo no es un una con por se te lo como más está cuando para",
    "fr": "le la les de et je tu mon ma que est un une dans pas pour nous vous sur avec des qui c'est ce moi toi",
    "de": "der die das und ich du ist nicht ein eine mein dein wir in mit auf zu den dem von im es so wie auch",
    "it": "il la che e di un una non mi ti per con sono è io tu gli le del nel questo come più ma se",
    "pt": "o a os as que e de eu você não um uma com por meu minha é se em no na mais quando para",
    "nl": "de het een en ik jij je niet is van mijn in op dat we met voor zijn als maar wat die",
    "pl": "i w na się nie to jest że ja ty mnie mój jak co z do tak za już",
    "sv": "och jag du är det en ett att inte som på med för vi min din har den av",
    "tr": "ve bir bu ben sen seni beni için gibi çok ne var yok da de mi",
}
_VOCABULARY = {name: frozenset(words.split()) for name, words in _SMALL_WORDS.items()}


def guess_language(text: str) -> str:
    """espeak-ng's name of the language; English unless something else is clearly likelier."""
    for script, name in _BY_SCRIPT:
        if re.search(script, text):
            return name
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.lower())
    # Different words, each counted once: a la-la-la is not Spanish yet.
    hits = {name: len(vocabulary.intersection(words)) for name, vocabulary in _VOCABULARY.items()}
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] >= hits["en-us"] + 2 else "en-us"
