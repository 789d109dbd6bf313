"""Defaults that close or limit what was open before: said in the log once, at the first start after the upgrade.

A new installation is told nothing: it never knew it otherwise. One line in NEW_DEFAULTS for each.
"""

import logging
from dataclasses import dataclass

from bot.jobs.ports import ValueStore
from bot.settings import Settings

log = logging.getLogger(__name__)

#: Kept since the first start of an installation; versions before it kept the second name instead.
_INSTALLED, _INSTALLED_BEFORE = "installed", "commands.hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDefault:
    """A default that an old `.env`, which says nothing of it, did not have."""

    name: str  #: it is kept under this name that it was said
    settings: tuple[str, ...]  #: whoever set all of them knows
    sentence: str


NEW_DEFAULTS: tuple[NewDefault, ...] = (
    NewDefault(
        name="doors",
        settings=("allow_direct", "allow_user_install"),
        sentence=(
            "new since your last version: songs are no longer ordered in direct messages or by members who added the "
            "app to their own account, unless ALLOW_DIRECT=on or ALLOW_USER_INSTALL=on; songs under way there go on"
        ),
    ),
    NewDefault(
        name="limits",
        settings=("limit_member_per_day", "limit_member_at_once"),
        sentence=(
            "new since your last version: a member may order 5 songs within 24 hours, 2 at the same time, unless "
            "LIMIT_MEMBER_PER_DAY and LIMIT_MEMBER_AT_ONCE say otherwise; empty means no limit"
        ),
    ),
)


async def announce_new_defaults(store: ValueStore, settings: Settings) -> None:
    """Log what an upgrade changed, each thing once for each installation. Raises StoreError."""
    is_upgrade = any([await store.get_value(name) is not None for name in (_INSTALLED, _INSTALLED_BEFORE)])
    for default in NEW_DEFAULTS:
        if await store.get_value(f"told.{default.name}") is not None:
            continue
        if is_upgrade and not settings.model_fields_set.issuperset(default.settings):
            log.warning("%s", default.sentence)
        await store.set_value(f"told.{default.name}", "yes")
    await store.set_value(_INSTALLED, "yes")
