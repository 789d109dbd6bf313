"""Unicode normalisation in linear time: CPython sorts a run of combining marks by insertion. Pure."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

#: Marks on one letter; the rest of a run is left out. Unicode's own measure (UAX #15, "Stream-Safe Text Format"), far
#: more than any language needs.
MAX_MARKS = 30


def normalised(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """`text` in that form, without the marks of a run after its thirtieth."""
    if not text.isascii() and any(map(_is_mark, text)):
        text = "".join(_few_marks(text))
    return unicodedata.normalize(form, text)


@lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    """Whether it is sorted among its neighbours, which a few that are no marks themselves are once taken apart."""
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) != 0


def _few_marks(text: str) -> Iterator[str]:
    run = 0
    for character in text:
        run = run + 1 if _is_mark(character) else 0
        if run <= MAX_MARKS:
            yield character
