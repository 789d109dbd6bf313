"""Makes what a provider wrote fit for an operator's eyes: its errors echo signed URLs, keys and members' words."""

import re
from collections.abc import Iterable

MOST_CHARACTERS = 300
#: Beyond this nothing is looked at.
_MOST_READ = 4000
#: A shorter line of a prompt, such as "la", would tear holes into every sentence.
_LEAST_WORD = 4

_GONE = "…"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# Each runs in linear time on text whose blanks are already single.
_AFTER_A_NAME = re.compile(r"\b(?:bearer|token|key|secret|password|signature)\b ?[:=]? ?[\w.+/=-]{12,}", re.IGNORECASE)
_LONG_RUN = re.compile(r"[A-Za-z0-9_.+/=%~-]{32,}")  # keys, hashes, signatures
_LONG_QUOTATION = re.compile(r'"[^"]{25,}"|“[^”]{25,}”|`[^`]{25,}`|(?<!\w)\'[^\']{25,}\'')


def sanitised(text: str, *, words: Iterable[str] = ()) -> str:
    """One line of at most 300 characters without URLs, keys or long quotations; `words` are removed where they occur.

    `words`: what must not come back, such as the API key, the reference's URL and the lines of the prompt.
    """
    text = text[:_MOST_READ]
    for word in sorted({word.strip() for word in words}, key=len, reverse=True):
        if len(word) >= _LEAST_WORD:
            text = re.sub(re.escape(word), _GONE, text, flags=re.IGNORECASE)
    text = _UNPRINTABLE.sub(" ", text)
    text = " ".join(_GONE if _is_address(part) else part for part in text.split())
    for pattern in (_AFTER_A_NAME, _LONG_QUOTATION, _LONG_RUN):
        text = pattern.sub(_GONE, text)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + _GONE


def _is_address(part: str) -> bool:
    """Whether it is a URL, or looks like what is left of one."""
    if "//" in part or ":/" in part or ":\\" in part:
        return True
    if "=" in part and ("?" in part or "&" in part):
        return True
    host, slash, _ = part.partition("/")
    return bool(slash) and "." in host
