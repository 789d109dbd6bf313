"""Settings that all processes on one database should have alike: told where they differ, for each keeps to its own."""

import json
from typing import Any, cast

from bot.masking import shown
from bot.settings import Settings

#: No secret, and nothing that rightly differs from one machine to the next.
_ALIKE = (
    "generation_model", "generation_concurrency", "generation_timeout_seconds", "polls_per_second",
    "limit_member_per_day", "limit_member_at_once", "limit_guild_per_day", "price_per_song", "budget_per_day",
    "budget_per_month", "currency", "operators", "allowed_guilds", "allow_direct", "allow_user_install",
    "retention_days", "data_max_bytes", "member_max_bytes", "reference_max_bytes", "track_max_bytes", "track_hosts",
)  # fmt: skip
_MAX_CHARACTERS = 60


def settings_alike(settings: Settings) -> str:
    """As they are written down for the others."""
    return json.dumps({name.upper(): shown(getattr(settings, name))[:_MAX_CHARACTERS] for name in _ALIKE})


def differences(mine: str, theirs: str) -> list[str]:
    """Such as `BUDGET_PER_DAY (here 5, there 10)`; what only one of two versions knows is none."""
    here, there = _read(mine), _read(theirs)
    return [
        f"{name} (here {value}, there {there[name]})"
        for name, value in here.items()
        if name in there and there[name] != value
    ]


def _read(written: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(written or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
