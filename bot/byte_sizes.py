"""Sizes as people write and read them: `500MiB`, `2 GB`, or plain bytes (pure)."""

import re

_FORM = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,3})?)\s?([KMGT]?)(I?)(B?)", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def bytes_of(text: str) -> int:
    """The bytes that `text` means: kB, MB, GB, TB are powers of 1000, KiB, MiB, GiB, TiB of 1024. Raises ValueError."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("must be a size in bytes, such as 524288000, 500MiB or 2GB")
    number, unit, binary, byte = found.groups()
    if bool(unit) > bool(byte) or bool(binary) > bool(unit) or ("." in number and not unit):
        raise ValueError("must be a size in bytes, such as 524288000, 500MiB or 2GB")
    return round(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()]) if unit else int(number)


def size_setting(value: object) -> object:
    """A size as a setting has it; None for `none` and for an empty one: no limit. Raises ValueError."""
    if not isinstance(value, str):
        return value
    return None if value.lower() in {"", "none"} else bytes_of(value)


def size_shown(size_bytes: int) -> str:
    """In the unit that reads best, such as `12.5 MiB`."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if abs(size) < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if size >= 100 or unit == "bytes" else f"{size:.1f} {unit}".replace(".0 ", " ")
