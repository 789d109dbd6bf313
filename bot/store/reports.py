"""What operators read of the ledger from a shell, and their acts from there; one transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select

from bot.jobs.ledger import NOBODY, ChargeKind
from bot.store.jobs import SqlJobStore
from bot.store.tables import audits, charges, day_sums

_LINES = select(charges).where(charges.c.job_id == bindparam("job")).order_by(charges.c.id)
_DAYS = select(day_sums).where(day_sums.c.day >= bindparam("first")).order_by(day_sums.c.day, day_sums.c.model)
_NUMBER = func.sum(charges.c.songs).label("songs")
_MEMBERS = (
    select(charges.c.member_id, _NUMBER, func.sum(charges.c.price_micros).label("micros"))
    .where(charges.c.at >= bindparam("since"), charges.c.kind == ChargeKind.SPENT, charges.c.member_id != NOBODY)
    .group_by(charges.c.member_id)
    .order_by(_NUMBER.desc(), charges.c.member_id)
    .limit(10)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLine:
    """One line about a song."""

    at: datetime
    attempt: int
    kind: ChargeKind
    price_micros: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpent:
    """One day (UTC) and model."""

    day: str
    model: str
    songs: int
    micros: int
    unknown_songs: int
    unknown_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpent:
    """One member's accepted songs."""

    member_id: int
    songs: int
    micros: int


async def money_of_song(store: SqlJobStore, job_id: int) -> Sequence[MoneyLine]:
    """The ledger's lines about a song, oldest first; they outlive it. Raises StoreBusyError."""
    async with store.database.reading() as connection:
        rows = (await connection.execute(_LINES, {"job": job_id})).mappings().all()
    return [
        MoneyLine(
            at=row["at"],
            attempt=row["attempt"],
            kind=ChargeKind(row["kind"]),
            price_micros=row["price_micros"],
            note=row["note"],
        )
        for row in rows
    ]


async def spent_by_day(store: SqlJobStore, first: datetime) -> Sequence[DaySpent]:
    """From the day of `first` on, UTC. Raises StoreBusyError."""
    async with store.database.reading() as connection:
        rows = (await connection.execute(_DAYS, {"first": f"{first:%Y-%m-%d}"})).mappings().all()
    return [
        DaySpent(
            day=row["day"],
            model=row["model"],
            songs=int(row["spent_songs"]),
            micros=int(row["spent_micros"]),
            unknown_songs=int(row["unknown_songs"]),
            unknown_micros=int(row["unknown_micros"]),
        )
        for row in rows
    ]


async def top_members(store: SqlJobStore, since: datetime) -> Sequence[MemberSpent]:
    """The ten with most accepted songs since then, as far as the ledger still knows them. Raises StoreBusyError."""
    async with store.database.reading() as connection:
        rows = (await connection.execute(_MEMBERS, {"since": since})).mappings().all()
    return [MemberSpent(member_id=row["member_id"], songs=int(row["songs"]), micros=int(row["micros"])) for row in rows]


async def note_act(store: SqlJobStore, now: datetime, *, what: str, about: str, note: str) -> None:
    """Write into the audit table what was done from a shell: by nobody, for a shell has no Discord id."""
    values = {"at": now, "by": NOBODY, "guild_id": None, "what": what, "about": about, "note": note}
    async with store.database.writing() as connection:
        await connection.execute(insert(audits).values(values))
