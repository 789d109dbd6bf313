"""Numbers, money and ids as operators write them in settings, with a sentence for what they are not. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

#: More would be a slip of the finger, and a verdict looks at so many places at most.
MAX_LIMIT = 100_000

_MICROS = 1_000_000
_MONEY = re.compile(r"\d{1,9}(\.\d{1,6})?")


def limit_of(value: object) -> int | None:
    """A limit in songs; None for an empty one: no limit. Raises ValueError with a sentence."""
    if value is None or value == "":
        return None
    text = str(value)
    if text.isascii() and text.isdecimal() and int(text) <= MAX_LIMIT:
        return int(text)
    raise ValueError(
        f"{text[:40]!r} is no number of songs. Wanted is a whole number from 0 to {MAX_LIMIT}; 0 lets nobody order, "
        "empty means no limit."
    )


def money_of(value: object) -> Decimal | None:
    """An amount of money; None for an empty one. Raises ValueError with a sentence."""
    if value is None or value == "":
        return None
    text = str(value)
    if _MONEY.fullmatch(text):
        return Decimal(text)
    raise ValueError(
        f"{text[:40]!r} is no amount of money. Wanted is a number such as 2.50, with a point and without a currency; "
        "empty means none is set."
    )


def micros_of(amount: Decimal) -> int:
    """The amount in millionths."""
    return int(amount * _MICROS)


def money_in_words(micros: int, currency: str) -> str:
    """An amount as people read it: at least two places after the point, more where they say something."""
    whole, rest = divmod(micros, _MICROS)
    places = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{places} {currency}"


def currency_of(value: object) -> str:
    """A currency's three letters. Raises ValueError with a sentence."""
    text = str(value).upper()
    if len(text) == 3 and text.isascii() and text.isalpha():
        return text
    raise ValueError(f"{text[:40]!r} is no currency. Wanted are its three letters, such as USD or EUR.")


def yes_or_no(value: object) -> str:
    """`yes` or `no`, however it is written. Raises ValueError with a sentence."""
    text = str(value).lower()
    if text in {"yes", "on", "true", "1", "y", "t"}:
        return "yes"
    if text in {"no", "off", "false", "0", "n", "f"}:
        return "no"
    raise ValueError(f"{text[:40]!r} is neither yes nor no.")


def switch_of(value: object) -> str:
    """`on` or `off`, however it is written. Raises ValueError with a sentence."""
    try:
        return "on" if yes_or_no(value) == "yes" else "off"
    except ValueError:
        raise ValueError("must be on or off (yes or no, true or false, 1 or 0)") from None


def listed(value: str | None) -> list[str]:
    """Names with commas or blanks between them, in small letters."""
    return [name.lower().rstrip(".") for name in re.split(r"[\s,]+", value or "") if name]


def ids_of(value: str | None) -> frozenset[int]:
    """Discord's ids, with commas or blanks between them. Raises ValueError with a sentence."""
    for name in listed(value):
        if not _is_id(name):
            raise ValueError(
                f"{name[:40]!r} is no id. Wanted are numbers such as 1094206712345678901, with commas between them; "
                "Discord shows them with Settings, Advanced, Developer Mode on: right-click the name, Copy ID."
            )
    return frozenset(map(int, listed(value)))


def guild_ids_of(value: str | None) -> frozenset[int]:
    """Ids of servers; empty for every server. Raises ValueError with a sentence."""
    for name in (listed(value) or [value]) if value else ():
        if not _is_id(name):
            raise ValueError(
                f"{name[:40]!r} is no server's id. Wanted are numbers such as 1094206712345678901, with commas "
                "between them; Discord shows them with Settings, Advanced, Developer Mode on: right-click the "
                "server, Copy Server ID. Leave it empty for every server."
            )
    return frozenset(map(int, listed(value)))


def shards_of(ids: str | None, count: int | None) -> tuple[int, ...]:
    """SHARD_IDS, such as `0,1` or `0-3`, of SHARD_COUNT; empty for all of them. Raises ValueError with a sentence."""
    names = listed(" ".join((ids or "").split()).replace(" -", "-").replace("- ", "-"))
    if not names:
        if (ids or "").strip():
            raise ValueError(f"SHARD_IDS {ids!r:.40} names no shard: {_SHARDS_WANTED}")
        return ()
    if count is None:
        raise ValueError(
            "SHARD_IDS says which shards this process hears, and SHARD_COUNT does not say of how many: set it, the "
            "same for every process, or leave both out"
        )
    found = [number for name in names for number in _range_of(name, count)]
    if doubled := sorted(number for number, times in Counter(found).items() if times > 1):
        raise ValueError(f"SHARD_IDS names twice: {numbers_in_words(doubled)}. Name each once")
    return () if len(found) == count else tuple(sorted(found))


def _range_of(name: str, count: int) -> range:
    ends = name.split("-")
    if len(ends) > 2 or not all(number.isascii() and number.isdecimal() for number in ends):
        raise ValueError(f"SHARD_IDS: {name[:40]!r} is no shard. {_SHARDS_WANTED}")
    if max(len(number) for number in ends) > 5 or max(map(int, ends)) >= count:
        what = "numbers" if len(ends) > 1 else "a number"
        raise ValueError(
            f"SHARD_IDS must be {what} from 0 to {count - 1}: SHARD_COUNT is {count}, and counting begins at 0"
        )
    first, last = int(ends[0]), int(ends[-1])
    if last < first:
        raise ValueError(f"SHARD_IDS: {name} runs backwards; write {last}-{first}")
    return range(first, last + 1)


_SHARDS_WANTED = "Wanted are numbers such as 0,1 or 0-3"


def numbers_in_words(numbers: Sequence[int]) -> str:
    """Sorted numbers, runs of three and more as `0-3`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def channel_id_of(value: object) -> int | None:
    """A channel's id; None for an empty one. Raises ValueError with a sentence."""
    if value is None or value == "":
        return None
    text = str(value)
    if _is_id(text):
        return int(text)
    raise ValueError(
        f"{text[:40]!r} is no channel's id. Wanted is a number such as 1094206712345678901; Discord shows it with "
        "Settings, Advanced, Developer Mode on: right-click the channel, Copy Channel ID. Leave it empty to be "
        "written to directly."
    )


def _is_id(name: str) -> bool:
    """Ids of Discord are positive and have 64 bits."""
    return name.isascii() and name.isdecimal() and len(name) <= 20 and 0 < int(name) < 2**64
