"""The ledger's statements: lines and the sums beside them, always in the transaction of the move that they tell of."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs.admission import WINDOW
from bot.jobs.ledger import (
    MAX_GIVEN_BACK,
    Booking,
    ChargeKind,
    Line,
    Standing,
    booking,
    frees_place,
    lines_of_move,
    takes_place,
)
from bot.jobs.model import Job, JobState
from bot.store.inserting import inserting
from bot.store.tables import charges, day_sums, held_sums, is_counted, minute_sums, places

#: Key of PostgreSQL's advisory lock around everything that counts; any number, so long as it never changes.
_COUNTING_KEY = 0x436F6D706F736C

_LINES = select(charges).where(charges.c.job_id == bindparam("job")).order_by(charges.c.id)
_PLACE = select(places).where(places.c.job_id == bindparam("job")).order_by(places.c.id.desc()).limit(1)
_GIVEN_BACK = select(func.count()).where(
    places.c.member_id == bindparam("member"), places.c.given_at.is_not(None), places.c.given_at > bindparam("since")
)
_GIVE_BACK = update(places).where(places.c.id == bindparam("place"), is_counted)
_ADD_LINE = insert(charges)
_ADD_PLACE = insert(places)
_BURN = update(places).where(places.c.job_id == bindparam("job"), places.c.burnt_at.is_(None))
_FORGET_PLACES = delete(places).where(places.c.at < bindparam("before"))


@cache
def _adding(dialect: str, table: Table) -> Any:
    """Add to a row of sums, which comes to be with its first."""
    statement = inserting(dialect, table)
    more = {column.name: column + statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=more)


async def lock(connection: AsyncConnection) -> None:
    """Let nobody else count until this transaction ends. SQLite has it by BEGIN IMMEDIATE.

    Always before any row is locked: two transactions that lock in another order would wait for each other.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COUNTING_KEY})


def is_counted_move(job: Job, after: JobState, attempt: int, *, is_unpaid: bool = False) -> bool:
    """Whether a move writes into the ledger."""
    return bool(lines_of_move(job, after, attempt, is_unpaid=is_unpaid))


async def hold(connection: AsyncConnection, job: Job, now: datetime, *, is_outside: bool = False) -> None:
    """A new job's hold and its place. `is_outside`: of an operator, whose songs no limit counts."""
    line = Line(attempt=1, kind=ChargeKind.HELD)
    await _write(connection, job, line, Booking(held=1, counted_at=now), now)
    await _take_place(connection, job, now, is_outside=is_outside)


async def tell_move(
    connection: AsyncConnection, before: Job, moved: Job, now: datetime, *, is_outside: bool = False
) -> None:
    """Write what a move means for money and places."""
    after = moved.state
    lines = lines_of_move(before, after, moved.attempt, is_unpaid=moved.submit_started_at is None)
    if not lines:
        return
    standings = await standings_of(connection, before.id)
    for line in lines:
        booked = booking(line, standings, now)
        if booked is None or (line.kind is ChargeKind.GIVEN and not await _give_back(connection, before, now)):
            continue
        await _write(connection, before, line, booked, now)
        if takes_place(line, before):
            await _take_place(connection, before, now, is_outside=is_outside)
        elif line.kind is ChargeKind.FREED and frees_place(line, after):
            await _free_place(connection, before, now)


async def tell_accepted(connection: AsyncConnection, job: Job, attempt: int, now: datetime) -> None:
    """An attempt was accepted, be it the job's last one or one that was overtaken."""
    await _accept(connection, await _lines_of(connection, job.id), job, attempt, now)


async def tell_accepted_after_delete(connection: AsyncConnection, job_id: int, attempt: int, now: datetime) -> None:
    """The same, for a job whose row is gone: the ledger itself knows whose it was."""
    lines = await _lines_of(connection, job_id)
    if lines:
        await _accept(connection, lines, lines[-1], attempt, now)


async def standings_of(connection: AsyncConnection, job_id: int) -> dict[int, Standing]:
    """How each attempt of a job stands."""
    return _standings(await _lines_of(connection, job_id))


async def note_burnt(connection: AsyncConnection, job_id: int, now: datetime) -> None:
    """The check of a job's reference has used up its child's limits; told once of each place."""
    await connection.execute(_BURN.values(burnt_at=now), {"job": job_id})


async def give_back_by_hand(connection: AsyncConnection, job: Job, now: datetime) -> bool:
    """Free the place of a song because an operator says so; no rule about failures counts it. False: it was free."""
    place = (await connection.execute(_PLACE, {"job": job.id})).mappings().one_or_none()
    if place is None or place["back_at"] is not None:
        return False
    await connection.execute(_GIVE_BACK.values(back_at=now), {"place": place["id"]})
    line = Line(attempt=job.attempt, kind=ChargeKind.GIVEN, note="given back by an operator")
    await _write(connection, job, line, Booking(counted_at=now), now)
    return True


async def forget_places(connection: AsyncConnection, before: datetime) -> None:
    """Remove places that no window counts any more."""
    await connection.execute(_FORGET_PLACES, {"before": before})


async def _lines_of(connection: AsyncConnection, job_id: int) -> Sequence[Any]:
    return (await connection.execute(_LINES, {"job": job_id})).mappings().all()


def _standings(lines: Sequence[Any]) -> dict[int, Standing]:
    found: dict[int, Standing] = {}
    for line in lines:
        kind = ChargeKind(line["kind"])
        if kind is ChargeKind.GIVEN:
            continue
        before = found.get(line["attempt"])
        was_counted = before is not None and before.kind is ChargeKind.UNKNOWN
        found[line["attempt"]] = Standing(kind=kind, at=before.at if before and was_counted else line["at"])
    return found


async def _accept(connection: AsyncConnection, lines: Sequence[Any], whose: Any, attempt: int, now: datetime) -> None:
    line = Line(attempt=attempt, kind=ChargeKind.SPENT)
    booked = booking(line, _standings(lines), now)
    if booked is not None:
        await _write(connection, whose, line, booked, now)


async def _write(connection: AsyncConnection, whose: Any, line: Line, booked: Booking, now: datetime) -> None:
    """`whose`: a Job, or a line of it."""
    owner = _owner_of(whose)
    price = 0 if line.kind is ChargeKind.GIVEN else owner["price_micros"]
    values = owner | {
        "at": now,
        "attempt": line.attempt,
        "kind": line.kind,
        "songs": 1,
        "price_micros": price,
        "note": line.note,
    }
    await connection.execute(_ADD_LINE, values)
    await _book(connection, owner["model"], owner["price_micros"], booked)


def _owner_of(whose: Any) -> dict[str, Any]:
    if isinstance(whose, Job):
        return {
            "member_id": whose.member_id,
            "guild_id": whose.place.guild_id,
            "channel_id": whose.place.channel_id,
            "job_id": whose.id,
            "provider": whose.provider,
            "model": whose.model,
            "price_micros": whose.price_micros,
        }
    names = ("member_id", "guild_id", "channel_id", "job_id", "provider", "model", "price_micros")
    return {name: whose[name] for name in names}


async def _book(connection: AsyncConnection, model: str, price: int, booked: Booking) -> None:
    if booked.held:
        await _add(connection, held_sums, {"model": model}, {"songs": booked.held, "micros": booked.held * price})
    if not (booked.spent or booked.unknown):
        return
    moment = booked.counted_at.astimezone(UTC)
    sums = {
        "spent_songs": booked.spent,
        "spent_micros": booked.spent * price,
        "unknown_songs": booked.unknown,
        "unknown_micros": booked.unknown * price,
    }
    await _add(connection, day_sums, {"day": f"{moment:%Y-%m-%d}", "model": model}, sums)
    if micros := (booked.spent + booked.unknown) * price:
        await _add(connection, minute_sums, {"at": moment.replace(second=0, microsecond=0)}, {"micros": micros})


async def _add(connection: AsyncConnection, table: Table, key: dict[str, Any], sums: dict[str, int]) -> None:
    await connection.execute(_adding(connection.dialect.name, table), key | sums)


async def _take_place(connection: AsyncConnection, job: Job, now: datetime, *, is_outside: bool) -> None:
    values = {
        "job_id": job.id,
        "member_id": job.member_id,
        "guild_id": job.place.guild_id,
        "at": now,
        "back_at": now if is_outside else None,
    }
    await connection.execute(_ADD_PLACE, values)


async def _free_place(connection: AsyncConnection, job: Job, now: datetime) -> None:
    place = (await connection.execute(_PLACE, {"job": job.id})).mappings().one_or_none()
    if place is not None:
        await connection.execute(_GIVE_BACK.values(back_at=now), {"place": place["id"]})


async def _give_back(connection: AsyncConnection, job: Job, now: datetime) -> bool:
    """Give a place back although it was paid for, if it still counts and the member has not had that too often."""
    place = (await connection.execute(_PLACE, {"job": job.id})).mappings().one_or_none()
    if place is None or place["back_at"] is not None:
        return False
    if job.price_micros == 0:
        await connection.execute(_GIVE_BACK.values(back_at=now), {"place": place["id"]})
        return True
    since = now - WINDOW
    given = (await connection.execute(_GIVEN_BACK, {"member": job.member_id, "since": since})).scalar_one()
    if given >= MAX_GIVEN_BACK:
        return False
    await connection.execute(_GIVE_BACK.values(back_at=now, given_at=now), {"place": place["id"]})
    return True
