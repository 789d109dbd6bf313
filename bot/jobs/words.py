"""The operator's list of words that this bot does not sing, and how one is found in what a member typed. Pure."""

import re
import unicodedata
from collections.abc import Iterable


class WordList:
    """Words to refuse. Found whole, whatever their case and accents; `word*` also finds what begins with it."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        """`words`: empty ones are skipped; an empty list finds nothing."""
        patterns = [_pattern(word) for word in map(_folded, words) if word.strip("* ")]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    @classmethod
    def parsed(cls, content: str) -> "WordList":
        """The list in a text file: one word or phrase a line; empty lines and lines that begin with # are skipped."""
        lines = (line.strip() for line in content.splitlines())
        return cls(line for line in lines if line and not line.startswith("#"))

    def find(self, *texts: str) -> str | None:
        """The first listed word that occurs in these texts, folded; None when there is none."""
        if self._pattern is None:
            return None
        found = self._pattern.search(_folded("\n".join(texts)))
        return found.group() if found else None


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if unicodedata.category(character) not in {"Mn", "Cf"})


def _pattern(word: str) -> str:
    word, begins = word.strip().rstrip("*"), word.strip().endswith("*")
    body = r"\s+".join(map(re.escape, word.split()))
    if any("\u3040" <= character <= "\uffdc" for character in word):
        return body  # scripts without spaces have no word boundaries to look for
    return rf"(?<!\w){body}" + ("" if begins else r"(?!\w)")
