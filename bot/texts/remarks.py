"""Sentences kept in a row: keys and numbers, spelled out later in the language of whoever reads them."""

import json
from collections.abc import Iterable
from typing import Any, cast

from bot.texts import CATALOGS, FALLBACK, text


def noted(key: str, /, **values: float | str) -> str:
    """The form that a row keeps. A value that begins with `@` is a key itself, such as `@sound.kind.ogg`."""
    return json.dumps({"key": key, "values": values}, ensure_ascii=False)


def joined(remarks: Iterable[str]) -> str:
    """Several of `noted`'s forms as one; empty without any."""
    parts: list[Any] = [json.loads(remark) for remark in remarks]
    return json.dumps(parts, ensure_ascii=False) if parts else ""


def spelled(remark: str, locale: str = FALLBACK) -> str | None:
    """The sentences of `noted`'s or `joined`'s form; None for anything else, such as an operator's detail."""
    try:
        parsed: Any = json.loads(remark)
        parts = cast("list[Any]", parsed) if isinstance(parsed, list) else [parsed]
        sentences = [_sentence(part, locale) for part in parts]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return " ".join(sentences) or None


def _sentence(part: Any, locale: str) -> str:
    """Raises KeyError for a key of the past too."""
    return text(part["key"], locale, **{name: _value(value, locale) for name, value in part["values"].items()})


def _value(value: float | str, locale: str) -> float | str:
    if isinstance(value, str) and value.startswith("@") and value[1:] in CATALOGS[FALLBACK]:
        return text(value[1:], locale)
    return value
