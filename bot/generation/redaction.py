"""Makes what a provider wrote fit for an operator's eyes: its errors echo signed URLs, keys and members' words."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from bot.jobs.ports import GenerationRequest

MAX_CHARACTERS = 300
#: Beyond this nothing is looked at.
_MAX_READ = 4000
#: A shorter line of a prompt, such as "la", would tear holes into every sentence.
_MIN_SECRET_CHARACTERS = 4

_GONE = "…"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# Each runs in linear time on text whose blanks are already single.
_AFTER_A_NAME = re.compile(r"\b(?:bearer|token|key|secret|password|signature)\b ?[:=]? ?[\w.+/=-]{12,}", re.IGNORECASE)
_LONG_RUN = re.compile(r"[A-Za-z0-9_.+/=%~-]{32,}")  # keys, hashes, signatures
_LONG_QUOTATION = re.compile(r'"[^"]{25,}"|“[^“”]{25,}”|`[^`]{25,}`|(?<!\w)\'[^\']{25,}\'')


def sanitised(text: str, *, secrets: Iterable[str] = ()) -> str:
    """One line of at most 300 characters without URLs, keys or long quotations; `secrets` are removed where they occur.

    `secrets`: what must not come back, such as the API key, the reference's URL and the lines of the prompt.
    """
    text = _without(text[:_MAX_READ], {secret.strip() for secret in secrets})
    text = _UNPRINTABLE.sub(" ", text)
    text = " ".join(_GONE if _is_address(part) else part for part in text.split())
    for pattern in (_AFTER_A_NAME, _LONG_QUOTATION, _LONG_RUN):
        text = pattern.sub(_GONE, text)
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + _GONE


def secrets_of(request: GenerationRequest) -> list[str]:
    """What of a request must not come back in an error: the reference's address, and everything that was typed."""
    typed = [request.prompt, *request.prompt.replace("#", "\n").splitlines(), request.style or ""]
    return [request.reference_url, *typed]


def _without(text: str, secrets: set[str]) -> str:
    """`text` with an ellipsis for every stretch that one or more of these words cover, whatever their case."""
    folded = _folded(text)
    gone = bytearray(len(text))
    for secret in secrets:
        if len(secret) < _MIN_SECRET_CHARACTERS:
            continue
        wanted = _folded(secret)
        at = folded.find(wanted)
        while at >= 0:
            gone[at : at + len(secret)] = b"\x01" * len(secret)
            at = folded.find(wanted, at + len(secret))
    stretches = groupby(zip(text, gone, strict=True), key=lambda pair: pair[1])
    return "".join(_GONE if is_gone else "".join(letter for letter, _ in stretch) for is_gone, stretch in stretches)


def _folded(text: str) -> str:
    """Lower case, letter for letter: what is found in it is found at the same place in `text`."""
    return "".join(map(_folded_letter, text))


@lru_cache(maxsize=4096)
def _folded_letter(letter: str) -> str:
    lower = letter.lower()
    return next(form for form in (lower.casefold(), lower, letter) if len(form) == 1)


def _is_address(part: str) -> bool:
    """Whether it is a URL, or looks like what is left of one."""
    if "//" in part or ":/" in part or ":\\" in part:
        return True
    if "=" in part and ("?" in part or "&" in part):
        return True
    host, slash, _ = part.partition("/")
    return bool(slash) and "." in host
