"""What is written down of members, moderators and operators, and what a server's log channel reads of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.errors import Reason
from bot.jobs.acts import Act
from bot.jobs.model import Job, JobState

#: Kept values: a server's log channel and how far its lines have come.
LOG_CHANNEL = "log_channel."


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAct:
    """The same, as it was read."""

    id: int
    at: datetime
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A job of a server came to rest."""

    id: int  #: of the line of history
    at: datetime
    state: JobState
    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How far somebody has read: the last numbers of both."""

    event: int = 0
    act: int = 0
    has_channels: bool = True  #: whether any server may have a log channel


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedOrder:
    """An order that a rule did not let in."""

    interaction_id: int
    guild_id: int
    channel_id: int
    member_id: int
    reason: Reason


class RecordStore(Protocol):
    """The audit table, and what log channels read."""

    async def audit(self, act: Act, now: datetime) -> None:
        """Write it down. Raises StoreError."""
        ...

    async def audit_once(self, act: Act, now: datetime) -> bool:
        """The same unless this person has done this about this before; False then."""
        ...

    async def marks(self) -> Marks:
        """The newest of both."""
        ...

    async def rests_since(self, event: int, guild_id: int, *, limit: int) -> Sequence[Rest]:
        """What of a server came to rest, oldest first; a deleted job is left out."""
        ...

    async def acts_since(self, act: int, guild_id: int, *, limit: int) -> Sequence[KeptAct]:
        """What was done in a server, oldest first."""
        ...

    async def values_like(self, prefix: str) -> dict[str, str]:
        """All kept values whose name begins so."""
        ...
