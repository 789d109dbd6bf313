"""The kinds of values in answers: what cannot be used counts as missing, and is never guessed at."""

from typing import Annotated, cast

import yarl
from pydantic import BeforeValidator, StringConstraints

from bot.download import has_plausible_host

_MAX_ID = 300
_MAX_URL = 8000


def _usable_id(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.strip()
    return value if value and len(value) <= _MAX_ID and value.isascii() and value.isprintable() else None


def _usable_url(value: object) -> str | None:
    if isinstance(value, dict):
        value = cast("dict[str, object]", value).get("url")
    if not isinstance(value, str) or len(value) > _MAX_URL:
        return None
    value = value.strip()
    if not has_plausible_host(value):
        return None
    try:
        url = yarl.URL(value, encoded=value.isascii())
        is_usable = url.scheme in {"http", "https"} and bool(url.host)
    except ValueError:
        return None
    return value if is_usable else None


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


Id = Annotated[str | None, BeforeValidator(_usable_id)]
Url = Annotated[str | None, BeforeValidator(_usable_url)]
Text = Annotated[str | None, BeforeValidator(_text_or_none)]
StatusWord = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, strict=True)]
