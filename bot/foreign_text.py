"""Text of strangers within our sentences: what cannot be seen is none, and nothing in it turns our own words. Pure."""

import re
import unicodedata
from functools import lru_cache

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
#: Shown as a blank, whatever Unicode calls them: Hangul fillers, an empty braille cell, a note without a head.
BLANKS = "\u3164\uffa0\u2800\U0001d159"
_TO_BLANKS = str.maketrans(dict.fromkeys(BLANKS, " "))
#: Letters that are never seen by themselves.
_UNSEEN = frozenset(BLANKS) | frozenset("\u115f\u1160")
#: Code points that are ignored where a font lacks them, without a category that says so yet (DerivedCoreProperties).
_IGNORED = re.compile("[\ufff0-\ufff8\U000e0000-\U000e0fff]")
#: Flags of regions are spelled in tags behind a black flag, and end with one.
_FLAG = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)")
#: No letter up to here is joined to another.
_LAST_LATIN = 0x2FF
_JOINERS = frozenset("\u200c\u200d")
#: Bidirectional classes that are written from the right, or that pull what is beside them there (UAX #9).
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})


def cleaned(text: str) -> str:
    """`text` on one line, without what steers or cannot be seen; empty when nothing in it can be seen.

    Joiners stay between the letters or the emoji that they join (Persian, Hindi, families).
    """
    if text.isascii():
        text = "".join(character if character.isprintable() else " " for character in text)
        return " ".join(text.split())
    parts = _FLAG.split(text.translate(_TO_BLANKS))
    # every second part is a flag
    line = " ".join("".join(part if at % 2 else _without_controls(part) for at, part in enumerate(parts)).split())
    return line if is_seen(line) else ""


def is_seen(text: str) -> bool:
    """Whether anything in it can be seen: marks, selectors and blanks alone cannot."""
    return any(map(_is_seen, text))


def isolated(text: str) -> str:
    """`text` so that what is written from the right in it leaves our words around it where they are."""
    if text.isascii() or not any(unicodedata.bidirectional(character) in _FROM_THE_RIGHT for character in text):
        return text
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def _without_controls(text: str) -> str:
    return "".join(_kept(text, at) for at in range(len(text)))


def _kept(text: str, at: int) -> str:
    character = text[at]
    if character in _JOINERS:
        joins = 0 < at < len(text) - 1 and _is_joined(text[at - 1]) and _is_joined(text[at + 1])
        return character if joins else ""
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cs"} or _IGNORED.match(character) else character


def _is_joined(character: str) -> bool:
    """A letter, a mark on one (selectors of emoji among them), or a picture."""
    return ord(character) > _LAST_LATIN and unicodedata.category(character)[0] in "LMS"


@lru_cache(maxsize=4096)
def _is_seen(character: str) -> bool:
    if character in _UNSEEN or _IGNORED.match(character):
        return False
    category = unicodedata.category(character)
    # not assigned yet, as far as this Python knows: a picture of a newer Unicode, more often than not
    return category[0] in "LNPS" or category in {"Cn", "Co"}
