"""When a track may be expected, learned from how long the last ones took. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.jobs.model import Job, JobState

#: Three of four songs are done by the time that is promised: people forgive early, not late.
_PROMISED_SHARE = 0.75


def expected_at(job: Job, recent_seconds: Sequence[float]) -> datetime | None:
    """When this generation should be done; None while it has not begun or nothing was learned. May lie in the past."""
    if job.state is not JobState.GENERATING or job.accepted_at is None or not recent_seconds:
        return None
    ordered = sorted(recent_seconds)
    usual = ordered[min(len(ordered) - 1, int(len(ordered) * _PROMISED_SHARE))]
    return job.accepted_at + timedelta(seconds=usual)
