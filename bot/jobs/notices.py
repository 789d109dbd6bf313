"""What everybody is told for a while: held in memory for whoever draws cards, read anew from what is kept."""

from collections.abc import Mapping
from datetime import datetime

from bot.jobs.acts import NOTICE, Notice


class NoticeBoard:
    """The notices in force; empty until it is filled. One for all who draw."""

    def __init__(self) -> None:
        """Nothing is told yet."""
        self._notices: dict[str, Notice] = {}

    def fill(self, kept: Mapping[str, str]) -> None:
        """Take over what is kept, by the names it is kept under."""
        found = {name: Notice.parsed(value) for name, value in kept.items()}
        self._notices = {name: notice for name, notice in found.items() if notice is not None}

    def told_in(self, guild_id: int | None, now: datetime) -> list[str]:
        """What is told in this server, or (None) outside of servers: the bot's notice first, then the server's own."""
        names = [NOTICE] if guild_id is None else [NOTICE, f"{NOTICE}:{guild_id}"]
        notices = [self._notices[name] for name in names if name in self._notices]
        return [notice.text for notice in notices if notice.holds(now)]
