"""When to look again: pure functions of what happened, so that every pause can be read off a table in a test."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: No pause that a server asks for is obeyed beyond this: a wrong `Retry-After` must not park a job for a day.
MAX_ASKED_SECONDS = 120.0
#: Nor does back-off grow beyond this: a member is waiting.
MAX_BACKOFF_SECONDS = 60.0
#: A generation that takes longer than this is looked at less often; typical are 20 to 90 s (provider's documents).
PATIENCE_SECONDS = 180.0
#: Rows that are taken up after a start; what each look asks of the provider has its own budget.
_RECOVERIES_PER_SECOND = 100.0
#: Share of a pause that chance takes away, so that jobs begun together do not stay in step.
JITTER_SHARE = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The settings behind the pauses."""

    poll_interval_seconds: float
    polls_per_second: float


def poll_pause_seconds(pace: Pace, *, waited_seconds: float, generating: int, jitter: float) -> float:
    """Seconds until the next look at a job that is still working.

    `waited_seconds`: since the provider took it. `generating`: jobs that share the budget. `jitter`: 0 to 1.
    Never under half the interval, never over four times the interval unless the budget needs it.
    """
    pause = pace.poll_interval_seconds
    if waited_seconds > PATIENCE_SECONDS:
        pause *= min(4.0, waited_seconds / PATIENCE_SECONDS)
    # with very many jobs the interval stretches to what the budget allows
    pause = max(pause, generating / pace.polls_per_second)
    return _jittered(pause, jitter)


def backoff_seconds(
    tries: int, *, jitter: float, asked_seconds: float | None = None, first_seconds: float = 2.0
) -> float:
    """Seconds before the next try after `tries` (>= 1) failures in a row: doubling, bounded, shaken.

    What the server asked for is the least, up to MAX_ASKED_SECONDS.
    """
    pause = min(MAX_BACKOFF_SECONDS, first_seconds * 2.0 ** min(tries - 1, 10))
    jittered = _jittered(pause, jitter)
    if asked_seconds is None:
        return jittered
    return max(jittered, min(asked_seconds, MAX_ASKED_SECONDS))


def spread_seconds(pace: Pace, jitter: float, jobs: int = 0, *, in_the_making: bool = False) -> float:
    """After a start, the first looks of so many jobs are spread over one interval, and no more than the store likes.

    `in_the_making`: no row is read long before its generation can be looked at.
    """
    a_second = pace.polls_per_second if in_the_making else max(_RECOVERIES_PER_SECOND, pace.polls_per_second)
    return max(pace.poll_interval_seconds, jobs / a_second) * jitter


class LookBudget:
    """Looks at one model's service: so many a second, and as many as a second's worth (but 100) at once."""

    def __init__(self, pace: Pace) -> None:
        """`pace` has the rate."""
        self._seconds_each = 1.0 / pace.polls_per_second
        self._saved_seconds = max(100.0, pace.polls_per_second) * self._seconds_each
        self._next_at = float("-inf")

    def reserve(self, now: float, share: float = 1.0) -> float:
        """Take the next look; seconds until it may be made. `now`: on the monotonic clock. `share`: of the rate."""
        saved = self._saved_seconds if share >= 1.0 else self._seconds_each
        self._next_at = max(self._next_at, now - saved) + self._seconds_each / share
        return max(0.0, round(self._next_at - now, 6))


def is_over(deadline_at: datetime | None, now: datetime, *, answered: bool, grace: timedelta) -> bool:
    """Whether a generation has run out of time.

    A provider that does not answer gets `grace` on top: an outage at the deadline must not cost a paid track.
    """
    if deadline_at is None or now < deadline_at:
        return False
    return answered or now >= deadline_at + grace


def _jittered(pause: float, jitter: float) -> float:
    return pause * (1.0 - JITTER_SHARE * jitter)
