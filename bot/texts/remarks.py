"""A sentence kept in a row: its key and its numbers, spelled out later in the language of whoever reads it."""

import json

from bot.texts import CATALOGS, FALLBACK, text


def noted(key: str, /, **values: float | str) -> str:
    """The form that a row keeps. A value that begins with `@` is a key itself, such as `@sound.kind.ogg`."""
    return json.dumps({"key": key, "values": values}, ensure_ascii=False)


def spelled(remark: str, locale: str = FALLBACK) -> str | None:
    """The sentence of `noted`'s form; None for anything else, such as an operator's detail or a key of the past."""
    try:
        parsed = json.loads(remark)
        key, values = parsed["key"], parsed["values"]
    except (ValueError, KeyError, TypeError):
        return None
    if key not in CATALOGS[FALLBACK]:
        return None
    return text(key, locale, **{name: _value(value, locale) for name, value in values.items()})


def _value(value: float | str, locale: str) -> float | str:
    if isinstance(value, str) and value.startswith("@") and value[1:] in CATALOGS[FALLBACK]:
        return text(value[1:], locale)
    return value
