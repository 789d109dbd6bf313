"""What operators watch: money, the age of the line, attempts that nobody knows the end of. Values and a port."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SongsOfModel:
    """Songs under way that one model makes."""

    provider: str
    model: str
    songs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the tables say at one moment; money in millionths of CURRENCY."""

    spent_micros: int  #: ever
    held_micros: int  #: reserved for attempts to come
    day_micros: int  #: spent or unknown within 24 hours
    month_micros: int  #: spent or unknown since the calendar month began, UTC
    queued_since: datetime | None  #: when the song came into the line that has waited longest; None: nobody waits
    under_way: tuple[SongsOfModel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """POSTs that were, or may have been, accepted within a time."""

    all: int
    unknown: int  #: of them: nobody knew, for a while at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What was done to the tables at this start."""

    before: str  #: the revision that was found
    after: str  #: the one that this version works with
    backup: str = ""  #: the name of the copy beside the file; empty on PostgreSQL


class FigureStore(Protocol):
    """Reads alone."""

    async def figures(self, now: datetime) -> Figures:
        """By indexes and kept sums: nothing here grows with the ledger. Raises StoreError."""
        ...

    async def attempts_since(self, since: datetime) -> Attempts:
        """From the ledger, so that neither a restart nor a deleted job changes it. Raises StoreError."""
        ...
