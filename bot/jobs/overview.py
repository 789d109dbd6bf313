"""What there is to see of many jobs at once: how many stand where, and what is under way in a place."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.jobs.model import Job, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many jobs stand where, for metrics, `/queue` and the shutdown log."""

    by_state: dict[JobState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What is under way in a place."""

    jobs: Sequence[Job]  #: of the channel, oldest first; the first of them
    here: int  #: in the channel, those among them
    elsewhere: int = 0  #: in other channels of the same guild
