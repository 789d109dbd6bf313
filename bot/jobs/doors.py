"""Where new songs may be ordered: a verdict over a place alone, asked whenever an order is. Pure.

It says nothing of songs under way, which finish where they were ordered, nor of anything else a member does there.
"""

from dataclasses import dataclass

from bot.errors import OrderError, Reason
from bot.jobs.model import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Which places are open to new orders; all of them unless the operator's settings close some."""

    guild_ids: frozenset[int] = frozenset()  #: servers; empty: every server
    direct: bool = True  #: direct messages with the bot
    user_install: bool = True  #: whoever has added the app to their own account, wherever they use it

    def why_closed(self, origin: Origin, guild_id: int | None) -> Reason | None:
        """Why nothing new is ordered there; None where the door is open."""
        match origin:
            case Origin.GUILD:
                is_open = not self.guild_ids or guild_id in self.guild_ids
                return None if is_open else Reason.GUILD_CLOSED
            case Origin.DIRECT:
                return None if self.direct else Reason.DIRECT_CLOSED
            case Origin.USER_INSTALL:
                return None if self.user_install else Reason.USER_INSTALL_CLOSED

    def check(self, origin: Origin, guild_id: int | None) -> None:
        """Raises OrderError where the door is closed."""
        if (reason := self.why_closed(origin, guild_id)) is not None:
            raise OrderError(reason)
