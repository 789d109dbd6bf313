"""What operators' acts ask of the store. Each method is one transaction, the line in the audit table included."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, Unpack

from bot.jobs.acts import Act, ChargeLine, KeptRule, SpentReport
from bot.jobs.admission import RuleKind, SubjectKind
from bot.jobs.model import Job, JobState
from bot.jobs.ports import Changes, JobStore


class OperatorStore(Protocol):
    """Durable when a method returns; each raises StoreBusyError when nothing was read or written."""

    async def lay_down(self, rule: KeptRule, act: Act, now: datetime) -> None:
        """Write a rule in place of the one that said the same of the same subject."""
        ...

    async def take_back(self, rule: KeptRule, act: Act, now: datetime) -> bool:
        """Remove the rule of this scope, subject and kind. False: there was none, nothing is written."""
        ...

    async def rules_of(self, guild_id: int, subject_kind: SubjectKind, kind: RuleKind) -> Sequence[KeptRule]:
        """A scope's rules of this kind, also those that are over, oldest first."""
        ...

    async def keep(self, name: str, value: str, act: Act, now: datetime) -> None:
        """Keep a value, such as a pause or a notice; empty: none."""
        ...

    async def values_like(self, prefix: str) -> dict[str, str]:
        """The kept values whose names begin so."""
        ...

    async def block(self, rule: KeptRule, act: Act, now: datetime) -> Sequence[Job]:
        """Lay down a block, and end the member's songs in its scope that wait, unpaid; those are given back."""
        ...

    async def give(self, member_id: int, songs: int, act: Act, now: datetime) -> None:
        """Write a gift into the ledger."""
        ...

    async def give_back(self, job: Job, act: Act, now: datetime) -> bool:
        """Give the place of a song back. False: it was free already, nothing is written."""
        ...

    async def move_as_operator(
        self, job: Job, after: JobState, act: Act, now: datetime, **changes: Unpack[Changes]
    ) -> Job | None:
        """`move`, with its line in the audit table. None: somebody else moved it, nothing is written."""
        ...

    async def note_act(self, act: Act, now: datetime) -> None:
        """Write a line into the audit table alone, for an act that no row tells of."""
        ...

    async def charges_of(self, job_id: int) -> Sequence[ChargeLine]:
        """The ledger's lines of one song, oldest first."""
        ...

    async def spent(self, guild_id: int, since: datetime, days: Iterable[str]) -> SpentReport:
        """What was spent in a scope since then; `days`: all that the report names."""
        ...


class OperatedStore(JobStore, OperatorStore, Protocol):
    """The whole store, as it is opened."""
