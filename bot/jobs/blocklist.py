"""The operator's list of words that this bot does not sing, and how one is found in what a member typed. Pure."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from bot.letters import normalised

#: Letters by which a list is sorted into a tree: at each place of a text few words are left to be tried, however many
#: are listed. Deeper than that the words are so few that they are simply tried one by one.
_MAX_DEPTH = 6
_FEW_WORDS = 4


class Blocklist:
    """Words to refuse. Found whole, whatever their case and accents; `word*` also finds what begins with it."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        """`words`: empty ones are skipped; an empty list finds nothing."""
        bounded: set[tuple[str, str]] = set()
        anywhere: set[tuple[str, str]] = set()
        for folded in map(_folded, words):
            if word := folded.rstrip("* "):
                # scripts without spaces have no word boundaries to look for
                has_boundaries = not any("\u3040" <= character <= "\uffdc" for character in word)
                end = "" if folded.endswith("*") or not has_boundaries else r"(?!\w)"
                (bounded if has_boundaries else anywhere).add((word, end))
        parts = [rf"(?<!\w){_tree(sorted(bounded))}"] if bounded else []
        parts += [_tree(sorted(anywhere))] if anywhere else []
        self._pattern = re.compile("|".join(parts)) if parts else None

    @classmethod
    def parsed(cls, content: str) -> "Blocklist":
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
    """Without case, accents and invisible characters; any blanks are one space."""
    decomposed = normalised("NFKD", text.casefold())
    kept = (character for character in decomposed if unicodedata.category(character) not in {"Mn", "Cf"})
    return " ".join("".join(kept).split())


def _tree(words: list[tuple[str, str]], at: int = 0, depth: int = 0) -> str:
    """A pattern for what these words (each with the pattern of its end) have after their first `at` letters."""
    if len(words) <= _FEW_WORDS or depth == _MAX_DEPTH:
        return "(?:" + "|".join(re.escape(word[at:]) + end for word, end in words) + ")"
    branches: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for word, end in words:
        branches[word[at : at + 1]].append((word, end))
    return "(?:" + "|".join(_branch(letter, branch, at, depth) for letter, branch in branches.items()) + ")"


def _branch(letter: str, words: list[tuple[str, str]], at: int, depth: int) -> str:
    if not letter:  # these words end here
        return "|".join(end for _, end in words)
    return re.escape(letter) + _tree(words, at + 1, depth + 1)
