"""GENERATION_MODEL as a list of names, and which keys those need, by their looks alone. Pure."""

from collections import Counter

#: Keys that are needed with certain models only.
GENERATION_API_KEY = "GENERATION_API_KEY"
FAL_API_KEY = "FAL_API_KEY"
OPTIONAL_KEYS = frozenset({GENERATION_API_KEY, FAL_API_KEY})

_OF_FAL = "fal:"
#: Their server needs no account.
_OWN_SERVERS = frozenset({"acestep"})


def listed_names(value: str) -> tuple[str, ...]:
    """What stands between the commas, in small letters, in its order, whatever it is."""
    return tuple(name for part in value.split(",") if (name := part.strip().lower()))


def model_names(value: str) -> tuple[str, ...]:
    """The same as a list of different names. Raises ValueError with a sentence."""
    names = listed_names(value)
    if not names:
        raise ValueError("names no model; write one, such as minimax-music, or several with commas between them")
    if twice := named_twice(names):
        raise ValueError(twice)
    return names


def named_twice(names: tuple[str, ...]) -> str:
    """A sentence about names that stand there more than once; empty when none does."""
    twice = dict.fromkeys(name for name, count in Counter(names).items() if count > 1)
    return f"names {' and '.join(twice)} more than once; keep one of each" if twice else ""


def keys_needed(names: tuple[str, ...]) -> frozenset[str]:
    """The settings with a key that these models cannot do without."""
    needed = {
        FAL_API_KEY if name.startswith(_OF_FAL) else GENERATION_API_KEY for name in names if name not in _OWN_SERVERS
    }
    return frozenset(needed)


def keys_needed_by(value: object) -> frozenset[str]:
    """The same for GENERATION_MODEL as it was found; as for a model of today while nobody can say which."""
    usual = frozenset({GENERATION_API_KEY})
    if not isinstance(value, str) or not value.strip():
        return usual
    try:
        return keys_needed(model_names(value))
    except ValueError:  # told as what it is where it is read
        return usual
