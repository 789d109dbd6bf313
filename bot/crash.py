"""Named points at every gap between an intent, its effect and its confirmation, where a test can let the process die.

Armed by the setting CRASH_AT (`point`, or `point:n` for the n-th time it is reached); else each costs one comparison.
docs/design.md says for each what a restart makes of it.
"""

import os
import signal
from collections import Counter
from enum import StrEnum

from bot.errors import SettingsError


class CrashPoint(StrEnum):
    """Where the process may be killed."""

    BEFORE_ROW = "before_row"  #: an order arrived, nothing is written
    AFTER_ROW = "after_row"  #: the job row is durable, the member has no answer yet
    REFERENCE_HEARD = "reference_heard"  #: checked, not yet queued
    BEFORE_SUBMITTING = "before_submitting"  #: in the submit slot, nothing written
    AFTER_SUBMITTING = "after_submitting"  #: written, POST not begun
    POST_ANSWERED = "post_answered"  #: the provider's id is in memory only
    ID_STORED = "id_stored"  #: the id is durable
    POLL_ANSWERED = "poll_answered"  #: finished, known in memory only
    READY_STORED = "ready_stored"  #: `ready` is durable, the track is not fetched
    TRACK_FETCHED = "track_fetched"  #: the file lies there, the row does not know
    BEFORE_DELIVERING = "before_delivering"  #: the row knows the file
    AFTER_DELIVERING = "after_delivering"  #: `delivering` is durable, nothing sent
    MESSAGE_SENT = "message_sent"  #: Discord answered, the message id is in memory only
    DELIVERED_STORED = "delivered_stored"  #: `delivered` is durable, the card still says otherwise
    CARD_EDITED = "card_edited"  #: the card is right, the row does not know that it is


class _Fuse:
    def __init__(self) -> None:
        self.point: CrashPoint | None = None
        self.at = 1
        self.seen: Counter[CrashPoint] = Counter()


_fuse = _Fuse()


def arm(spec: str | None) -> None:
    """Arm one point, or none. Raises SettingsError for a point that does not exist."""
    name, colon, count = (spec or "").partition(":")
    counts = not colon or (count.isdecimal() and int(count) > 0)
    if (name or colon) and (name not in set(CrashPoint) or not counts):
        raise SettingsError([f"CRASH_AT: no such point: {spec}. Known: {', '.join(CrashPoint)}."])
    _fuse.point = CrashPoint(name) if name else None
    _fuse.at = int(count or 1)
    _fuse.seen.clear()


def reach(point: CrashPoint) -> None:
    """Die here if this point is armed; SIGKILL, so that nothing is tidied up."""
    if point is not _fuse.point:
        return
    _fuse.seen[point] += 1
    if _fuse.seen[point] == _fuse.at:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
