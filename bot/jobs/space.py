"""How much of the disk songs may hold, whether one more order fits (pure), and what may go to make room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.errors import OrderError, Reason
from bot.jobs.model import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceLimits:
    """The operator's limits on what lies in DATA_DIR, references and tracks together. None: no limit."""

    member_max_bytes: int | None = None
    data_max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceUsage:
    """What copies hold by their rows; a reference that is not fetched yet counts as large as Discord says it is."""

    member_bytes: int = 0
    data_bytes: int = 0


def check_space(order_bytes: int, usage: SpaceUsage, limits: SpaceLimits) -> None:
    """Raises OrderError unless an order with a song of `order_bytes` fits beside `usage`, which is without it."""
    if limits.member_max_bytes is not None and usage.member_bytes + order_bytes > limits.member_max_bytes:
        raise OrderError(
            Reason.MEMBER_SPACE,
            used_bytes=usage.member_bytes,
            limit_bytes=limits.member_max_bytes,
            size_bytes=order_bytes,
        )
    if limits.data_max_bytes is not None and usage.data_bytes + order_bytes > limits.data_max_bytes:
        raise OrderError(Reason.DATA_SPACE)


class RoomStore(Protocol):
    """How a store names what may go."""

    async def unpaid_with_copies(self, *, limit: int = 100) -> Sequence[Job]:
        """Jobs that ended unpaid (see Job.ended_unpaid) and still name a copy of their reference, oldest first."""
        ...

    async def older_than(self, before: datetime, *, limit: int = 100) -> Sequence[Job]:
        """Resting jobs that last moved before `before`, oldest first."""
        ...
