"""What members have used of their limits at one moment, as the verdict about one more song asks it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: Members' and servers' limits and the day's budget count what happened since so long ago.
WINDOW = timedelta(hours=24)
#: The longest time over which any limit counts what one person did: no id leaves the ledger sooner.
MAX_WINDOW = WINDOW
#: Presses of *Again* closer together than this are one.
DOUBLE_PRESS = timedelta(seconds=10)
#: A check is burnt when it used up the CPU, the time or the memory of its child. After so many within the first time a
#: member waits for the second, counted from the last one.
MAX_BURNT = 3
BURNT_WITHIN = timedelta(hours=1)
BURNT_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Places taken within WINDOW; looked at no further than the limit."""

    count: int = 0
    oldest_at: datetime | None = None  #: of those that count: the next place comes WINDOW after it

    @property
    def next_at(self) -> datetime | None:
        """When the next place comes free."""
        return None if self.oldest_at is None else self.oldest_at + WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Burnt:
    """A member's burnt checks within BURNT_WITHIN and BURNT_WAIT; the newest MAX_BURNT of them looked at."""

    count: int = 0
    oldest_at: datetime | None = None
    newest_at: datetime | None = None

    @property
    def waits_until(self) -> datetime | None:
        """When they are heard again; None: nothing is in the way."""
        if self.count < MAX_BURNT or self.oldest_at is None or self.newest_at is None:
            return None
        return self.newest_at + BURNT_WAIT if self.newest_at - self.oldest_at <= BURNT_WITHIN else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Millionths of a US dollar. `held` waits for its POST and will count whenever that is."""

    held: int = 0
    day: int = 0  #: spent or unknown within WINDOW
    month: int = 0  #: spent or unknown since the calendar month began, UTC
    day_frees_at: datetime | None = None  #: when enough of `day` is over for this request; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What is used at this moment."""

    member: Window = field(default_factory=Window)
    guild: Window = field(default_factory=Window)
    live: int = 0  #: the member's songs under way
    twin: int | None = None  #: the job that the same button began within DOUBLE_PRESS
    burnt: Burnt = field(default_factory=Burnt)
    money: Money = field(default_factory=Money)
