"""What everybody is told for a while: held in memory for whoever draws cards, read anew from what is kept.

The account's brake tells of itself: from when it comes on until it goes off, and never over an operator's own words.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.jobs.acts import NOTICE, Notice


class NoticeBoard:
    """The notices in force; empty until it is filled. One for all who draw."""

    def __init__(self) -> None:
        """Nothing is told yet."""
        self._notices: dict[str, Notice] = {}
        self.is_held: Callable[[], bool] = lambda: False
        """Whether the account's brake is on; set once there is one."""

    def fill(self, kept: Mapping[str, str]) -> None:
        """Take over what is kept, by the names it is kept under."""
        found = {name: Notice.parsed(value) for name, value in kept.items()}
        self._notices = {name: notice for name, notice in found.items() if notice is not None}

    def told_in(self, guild_id: int | None, now: datetime, *, of_brake: str) -> list[str]:
        """What is told in this server, or (None) outside of servers: the bot's notice first, then the server's own.

        `of_brake`: the bot's own words while the account's brake is on and its operators say nothing themselves.
        """
        everywhere = self._holding(NOTICE, now) or ([of_brake] if self.is_held() else [])
        return everywhere if guild_id is None else [*everywhere, *self._holding(f"{NOTICE}:{guild_id}", now)]

    def _holding(self, name: str, now: datetime) -> list[str]:
        notice = self._notices.get(name)
        return [notice.text] if notice is not None and notice.holds(now) else []
