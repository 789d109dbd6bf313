"""What is kept of people and servers beyond their songs, and how it is forgotten: the store's part in it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.jobs.admission import RuleKind
from bot.jobs.ledger import ChargeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One line of the ledger, as far as it is its member's to read."""

    at: datetime
    job_id: int | None  #: None: a gift
    kind: ChargeKind
    songs: int
    price_micros: int
    guild_id: int | None
    channel_id: int | None
    provider: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule about a member; whose it is and why stays with whoever made it."""

    at: datetime
    guild_id: int  #: 0: everywhere
    kind: RuleKind
    value: str | None
    until: datetime | None


class KeepingStore(Protocol):
    """What outlives songs; each method is one transaction, but for `scrub`."""

    async def values_named(self, prefix: str) -> Mapping[str, str]:
        """The kept values whose names begin so, by the rest of their names."""
        ...

    async def drop_value(self, name: str) -> None:
        """Keep a value no longer."""
        ...

    async def ledger_of(self, member_id: int) -> Sequence[LedgerLine]:
        """The lines of the ledger that still bear this member's id, oldest first."""
        ...

    async def rules_about(self, member_id: int) -> Sequence[RuleLine]:
        """The rules that name this member, oldest first."""
        ...

    async def known_ids(self, job_ids: Collection[int]) -> frozenset[int]:
        """Which of these jobs there are."""
        ...

    async def forget_member_before(self, member_id: int, before: datetime, job_ids: Collection[int] = ()) -> None:
        """Take one member's id out of the ledger's and the places' lines older than `before`, and of these jobs.

        What is kept of alerts about their reports goes at once.
        """
        ...

    async def forget_people_before(self, before: datetime) -> None:
        """Take everybody's ids out of lines of ledger and audit older than `before`.

        Blocks that ended, and what is kept of alerts about reports, are removed.
        """
        ...

    async def guild_ids_at_stake(self) -> frozenset[int]:
        """The servers of live songs that were ordered while the bot was a member, and those of which anything is kept.

        That is rules, and values whose names end with `.` or `:` and the server's id, such as its notice.
        """
        ...

    async def forget_guild(self, guild_id: int) -> None:
        """Remove the rules that stand for this server alone, and the values whose names end with its id."""
        ...

    async def scrub(self, keys: Sequence[str] = ()) -> None:
        """Let deleted words leave the database's own files: its log is emptied, its copies lose the jobs of these keys.

        Copies are those made before migrations. Best effort: what is in the way is logged, and the next call tries
        again. PostgreSQL clears up by itself.
        """
        ...

    async def forget_copies_before(self, before: datetime) -> None:
        """Remove the copies that were made before migrations, if they are older: they hold lyrics. Best effort."""
        ...
