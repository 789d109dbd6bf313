"""Operators' acts as SQL: each in one transaction with its line in the audit table. See bot.jobs.acting."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import String, and_, bindparam, case, delete, func, insert, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Reason
from bot.jobs.acts import NO_PROVIDER, Act, ChargeLine, KeptRule, Spending, SpentReport
from bot.jobs.admission import EVERYWHERE, RuleKind, SubjectKind
from bot.jobs.ledger import ChargeKind
from bot.jobs.model import Job, JobState, check_move
from bot.jobs.ports import Changes
from bot.store import charges
from bot.store.engines import Database, to_the_end
from bot.store.inserting import inserting
from bot.store.moves import move_row
from bot.store.rows import columns_of_changes, job_of
from bot.store.tables import audits, jobs, kept_values, rules
from bot.store.tables import charges as charge_table

_ADD_AUDIT = insert(audits)
_ADD_RULE = insert(rules)
_ADD_CHARGE = insert(charge_table)
_WAITING = (JobState.CHECKING, JobState.QUEUED)
_CHARGES = select(charge_table).where(charge_table.c.job_id == bindparam("job")).order_by(charge_table.c.id)


class OperatorStatements:
    """The part of the store that operators' acts use."""

    database: Database

    @to_the_end
    async def lay_down(self, rule: KeptRule, act: Act, now: datetime) -> None:
        async with self.database.writing() as connection:
            await _lay_down(connection, rule, now)
            await add_audit(connection, act, now)

    @to_the_end
    async def take_back(self, rule: KeptRule, act: Act, now: datetime) -> bool:
        async with self.database.writing() as connection:
            gone = (await connection.execute(_removing(rule))).rowcount > 0
            if gone:
                await add_audit(connection, act, now)
        return gone

    @to_the_end
    async def rules_of(self, guild_id: int, subject_kind: SubjectKind, kind: RuleKind) -> Sequence[KeptRule]:
        asked = and_(rules.c.guild_id == guild_id, rules.c.subject_kind == subject_kind, rules.c.kind == kind)
        async with self.database.reading() as connection:
            rows = (await connection.execute(select(rules).where(asked).order_by(rules.c.id))).mappings().all()
        return [_rule_of(row) for row in rows]

    @to_the_end
    async def keep(self, name: str, value: str, act: Act, now: datetime) -> None:
        statement = inserting(self.database.dialect, kept_values).values(name=name, value=value)
        statement = statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": statement.excluded["value"]}
        )
        async with self.database.writing() as connection:
            await connection.execute(statement)
            await add_audit(connection, act, now)

    @to_the_end
    async def values_like(self, prefix: str) -> dict[str, str]:
        statement = select(kept_values).where(kept_values.c.name.startswith(prefix, autoescape=True))
        async with self.database.reading() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return {row["name"]: row["value"] for row in rows}

    @to_the_end
    async def block(self, rule: KeptRule, act: Act, now: datetime) -> Sequence[Job]:
        waiting = select(jobs).where(jobs.c.member_id == rule.subject_id, jobs.c.state.in_(_WAITING))
        if rule.guild_id != EVERYWHERE:
            waiting = waiting.where(jobs.c.guild_id == rule.guild_id)
        ended: list[Job] = []
        async with self.database.writing() as connection:
            await charges.lock(connection)
            await _lay_down(connection, rule, now)
            for row in (await connection.execute(waiting.order_by(jobs.c.id))).mappings().all():
                changes: Changes = {"reason": Reason.BLOCKED, "notified_state": None}
                values = columns_of_changes(changes)
                moved = await move_row(connection, job_of(row), JobState.FAILED, now, act.what, values)
                ended += [moved] if moved is not None else []
            await add_audit(connection, act, now)
        return ended

    @to_the_end
    async def give(self, member_id: int, songs: int, act: Act, now: datetime) -> None:
        line = {
            "at": now,
            "member_id": member_id,
            "guild_id": None if act.guild_id == EVERYWHERE else act.guild_id,
            "channel_id": None,
            "job_id": None,
            "attempt": 0,
            "provider": NO_PROVIDER,
            "model": NO_PROVIDER,
            "kind": ChargeKind.GIVEN,
            "songs": songs,
            "price_micros": 0,
            "note": act.note,
        }
        async with self.database.writing() as connection:
            await charges.lock(connection)
            await connection.execute(_ADD_CHARGE, line)
            await add_audit(connection, act, now)

    @to_the_end
    async def give_back(self, job: Job, act: Act, now: datetime) -> bool:
        async with self.database.writing() as connection:
            await charges.lock(connection)
            given = await charges.give_back_by_hand(connection, job, now)
            if given:
                await add_audit(connection, act, now)
        return given

    @to_the_end
    async def move_as_operator(
        self, job: Job, after: JobState, act: Act, now: datetime, **changes: Unpack[Changes]
    ) -> Job | None:
        check_move(job.state, after)
        async with self.database.writing() as connection:
            await charges.lock(connection)
            moved = await move_row(connection, job, after, now, act.what, columns_of_changes(changes))
            if moved is not None:
                await add_audit(connection, act, now)
        return moved

    @to_the_end
    async def note_act(self, act: Act, now: datetime) -> None:
        async with self.database.writing() as connection:
            await add_audit(connection, act, now)

    @to_the_end
    async def charges_of(self, job_id: int) -> Sequence[ChargeLine]:
        async with self.database.reading() as connection:
            rows = (await connection.execute(_CHARGES, {"job": job_id})).mappings().all()
        names = ("at", "attempt", "kind", "price_micros", "note")
        return [ChargeLine(**{name: row[name] for name in names}) for row in rows]

    @to_the_end
    async def spent(self, guild_id: int, since: datetime, days: Iterable[str]) -> SpentReport:
        async with self.database.reading() as connection:
            statement = _spent_statement(self.database.dialect)
            if guild_id != EVERYWHERE:
                statement = statement.where(charge_table.c.guild_id == guild_id)
            rows = (await connection.execute(statement, {"since": since})).mappings().all()
        found = {(row["day"], row["member_id"]): _spending_of(row) for row in rows}
        return SpentReport(days=tuple(days), by_day_and_member=found)


async def add_audit(connection: AsyncConnection, act: Act, now: datetime) -> None:
    """One line of the audit table, in the transaction of what it tells."""
    line = {"at": now, "by": act.by, "guild_id": act.guild_id, "what": act.what, "about": act.about, "note": act.note}
    await connection.execute(_ADD_AUDIT, line)


async def _lay_down(connection: AsyncConnection, rule: KeptRule, now: datetime) -> None:
    await connection.execute(_removing(rule))
    values = {
        "guild_id": rule.guild_id,
        "subject_kind": rule.subject_kind,
        "subject_id": rule.subject_id,
        "kind": rule.kind,
        "value": rule.value,
        "until": rule.until,
        "note": rule.note,
        "by": rule.by,
        "at": now,
    }
    await connection.execute(_ADD_RULE, values)


def _removing(rule: KeptRule) -> Any:
    statement = delete(rules).where(
        rules.c.guild_id == rule.guild_id,
        rules.c.subject_kind == rule.subject_kind,
        rules.c.subject_id == rule.subject_id,
        rules.c.kind == rule.kind,
    )
    return statement.where(rules.c.value == rule.value) if rule.subject_kind is SubjectKind.WORD else statement


def _rule_of(row: Any) -> KeptRule:
    return KeptRule(
        guild_id=row["guild_id"],
        subject_kind=SubjectKind(row["subject_kind"]),
        subject_id=row["subject_id"],
        kind=RuleKind(row["kind"]),
        value=row["value"],
        until=row["until"],
        note=row["note"],
        by=row["by"],
        at=row["at"],
    )


def _spent_statement(dialect: str) -> Any:
    """Lines by day and member; an unknown attempt counts until a later line knows, a spent one until it is undone."""
    at = charge_table.c.at
    day = (
        func.substr(type_coerce(at, String), 1, 10)
        if dialect == "sqlite"
        else func.to_char(func.timezone("UTC", at), "YYYY-MM-DD")
    ).label("day")
    later = charge_table.alias("later")
    of_attempt = select(later.c.id).where(
        later.c.job_id == charge_table.c.job_id, later.c.attempt == charge_table.c.attempt
    )
    is_known = of_attempt.where(later.c.kind == ChargeKind.SPENT).exists()
    is_undone = of_attempt.where(later.c.kind == ChargeKind.FREED, later.c.id > charge_table.c.id).exists()
    kinds = {
        "spent": and_(charge_table.c.kind == ChargeKind.SPENT, ~is_undone),
        "unknown": and_(charge_table.c.kind == ChargeKind.UNKNOWN, ~is_known),
        "freed": charge_table.c.kind == ChargeKind.FREED,
        "given": charge_table.c.kind == ChargeKind.GIVEN,
    }
    songs = [func.sum(case((kind, charge_table.c.songs), else_=0)).label(name) for name, kind in kinds.items()]
    money = [
        func.sum(case((kinds[name], charge_table.c.price_micros), else_=0)).label(f"{name}_micros")
        for name in ("spent", "unknown")
    ]
    return (
        select(day, charge_table.c.member_id, *songs, *money)
        .where(at > bindparam("since"))
        .group_by(day, charge_table.c.member_id)
    )


def _spending_of(row: Any) -> Spending:
    return Spending(
        songs=int(row["spent"]),
        micros=int(row["spent_micros"]),
        unknown=int(row["unknown"]),
        unknown_micros=int(row["unknown_micros"]),
        freed=int(row["freed"]),
        given=int(row["given"]),
    )
