"""How jobs ask to be let in: the terms in force, and the parts of the store that give a verdict and hold to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.jobs.admission import PlaceRequest, Refused, Rules, Taken, Terms, Usage
from bot.jobs.model import Job, Order
from bot.jobs.space import SpaceLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A job that was let in, and what is left to its member."""

    job: Job
    taken: Taken


class Admission:
    """The terms in force; operators become known when Discord says who owns the application."""

    def __init__(self, terms: Terms | None = None) -> None:
        """`terms`: by the settings; None: no limit at all."""
        self.terms = terms or Terms()
        self._named = self.terms.operators

    def trust(self, member_ids: Iterable[int]) -> None:
        """Count these among the operators, besides those of the settings, and nobody who was trusted before."""
        self.terms = replace(self.terms, operators=self._named | frozenset(member_ids))


class AdmittingStore(Protocol):
    """How orders are let in: each method is one transaction, in which nobody else is let in."""

    async def admit(self, order: Order, now: datetime, terms: Terms, *, space: SpaceLimits | None = None) -> Admitted:
        """The verdict, the job's row in state `checking`, and its hold, or none of them.

        Raises OrderError with the verdict's reason, or when `space` has no room for it, DuplicateOrderError if the
        interaction already became a job.
        """
        ...

    async def admit_again(
        self, job: Job, now: datetime, terms: Terms, *, role_ids: Iterable[int] = (), why: str = ""
    ) -> Job | None:
        """The verdict, `unknown` -> `queued`, and a hold for the new attempt. None: somebody else moved it.

        Raises OrderError with the verdict's reason.
        """
        ...

    async def standing_of(self, order: PlaceRequest, now: datetime, terms: Terms) -> tuple[Rules, Usage]:
        """All that a verdict would be made of; takes nothing."""
        ...

    async def live_of_member(self, member_id: int, *, limit: int = 10) -> Sequence[Job]:
        """A member's live jobs, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """Every place at the service is taken."""


FULL = Full()


class StartingStore(Protocol):
    """How an attempt begins."""

    async def begin_attempt(
        self, job: Job, now: datetime, *, address: str | None = None, places: int | None = None
    ) -> Job | Refused | Full | None:
        """`recheck` and `queued` -> `submitting` as one; Refused: it must not go out. None: somebody else moved it.

        `address`: where it goes, kept with the row. `places`: how many songs of its model may be at the service at
        once, over all processes; Full: so many are.
        """
        ...

    async def pause_of(self, job: Job, now: datetime) -> Refused | None:
        """The pause in which it keeps its place; None: it may go out, or would end."""
        ...


class HearingStore(Protocol):
    """How it is remembered whose checks burn."""

    async def note_burnt(self, job_id: int, now: datetime) -> None:
        """The check of this job's reference has used up its child's limits. Once for each job; outlives its row."""
        ...


class PlaceStore(Protocol):
    """How places leave that no window counts any more."""

    async def forget_places(self, now: datetime) -> None:
        """Remove them; the ledger itself stays."""
        ...
