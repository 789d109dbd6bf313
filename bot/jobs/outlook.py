"""What a card can say about the time ahead of a song."""

from dataclasses import dataclass
from datetime import datetime

from bot.errors import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Eta:
    """What a card can say about the time ahead."""

    ahead: int | None = None  #: jobs that go first; None unless queued, or checking and waiting to be heard
    expected_at: datetime | None = None  #: from recent jobs of its model, else what is known of it; None without
    earliest_at: datetime | None = None  #: eight of ten are ready between this and `expected_at`; None without a span
    place: int | None = None  #: how many go first in the music service's own queue; None unless it waits there
    usually_at: datetime | None = None  #: the same by what is known of its model alone: a bar's end, told nobody
    in_line: int | None = None  #: while it is heard: how many wait for a place at the provider before it
    is_held_up: bool = False  #: our own disk takes nothing just now
    held: Reason | None = None  #: why the account's brake holds the line in which it waits
    is_stranded: bool = False  #: nothing that is configured can go on with it
