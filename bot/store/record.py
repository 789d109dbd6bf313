"""The audit table's statements, rules that moderators make, and what log channels read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs.admission import RuleKind, SubjectKind
from bot.jobs.model import RESTING, JobState
from bot.jobs.record import Act, KeptAct, Marks, Rest
from bot.store import charges
from bot.store.engines import Database
from bot.store.rows import job_of
from bot.store.tables import audits, job_events, jobs, kept_values, rules

_ADD = insert(audits)
_SAME = select(func.count()).where(
    audits.c.by == bindparam("person"), audits.c.what == bindparam("deed"), audits.c.about == bindparam("thing")
)
_BLOCKED = select(func.count()).where(
    rules.c.guild_id == bindparam("guild"),
    rules.c.subject_kind == SubjectKind.MEMBER,
    rules.c.subject_id == bindparam("member"),
    rules.c.kind == RuleKind.BLOCK,
    rules.c.until.is_(None),
)
_MARKS = select(
    select(func.coalesce(func.max(job_events.c.id), 0)).scalar_subquery().label("event"),
    select(func.coalesce(func.max(audits.c.id), 0)).scalar_subquery().label("act"),
)
_RESTS = (
    select(
        job_events.c.id.label("line"), job_events.c.after.label("came_to"), job_events.c.at.label("happened_at"), jobs
    )
    .join(jobs, jobs.c.id == job_events.c.job_id)
    .where(
        job_events.c.id > bindparam("mark"),
        job_events.c.after.in_(sorted(RESTING)),
        # a late answer is written down without a move
        job_events.c.before.is_distinct_from(job_events.c.after),
        jobs.c.guild_id == bindparam("guild"),
    )
    .order_by(job_events.c.id)
)
_ACTS = (
    select(audits).where(audits.c.id > bindparam("mark"), audits.c.guild_id == bindparam("guild")).order_by(audits.c.id)
)


class RecordKeeper:
    """`RecordStore` on whatever the jobs are stored on."""

    database: Database

    async def audit(self, act: Act, now: datetime) -> None:
        await self.database.finish(self._audit(act, now))

    async def audit_once(self, act: Act, now: datetime) -> bool:
        return await self.database.finish(self._audit_once(act, now))

    async def block_member(self, member_id: int, act: Act, now: datetime) -> None:
        await self.database.finish(self._block_member(member_id, act, now))

    async def marks(self) -> Marks:
        async with self.database.reading() as connection:
            row = (await connection.execute(_MARKS)).mappings().one()
        return Marks(event=row["event"], act=row["act"])

    async def rests_since(self, event: int, guild_id: int, *, limit: int) -> Sequence[Rest]:
        statement = _RESTS.limit(limit)
        async with self.database.reading() as connection:
            rows = (await connection.execute(statement, {"mark": event, "guild": guild_id})).mappings().all()
        return [
            Rest(id=row["line"], at=row["happened_at"], state=JobState(row["came_to"]), job=job_of(row)) for row in rows
        ]

    async def acts_since(self, act: int, guild_id: int, *, limit: int) -> Sequence[KeptAct]:
        async with self.database.reading() as connection:
            rows = (await connection.execute(_ACTS.limit(limit), {"mark": act, "guild": guild_id})).mappings().all()
        return [KeptAct(id=row["id"], at=row["at"], act=_act_of(row)) for row in rows]

    async def values_under(self, prefix: str) -> Mapping[str, str]:
        statement = select(kept_values).where(kept_values.c.name.startswith(prefix, autoescape=True))
        async with self.database.reading() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return {row["name"]: row["value"] for row in rows}

    async def _audit(self, act: Act, now: datetime) -> None:
        async with self.database.writing() as connection:
            await _add(connection, act, now)

    async def _audit_once(self, act: Act, now: datetime) -> bool:
        async with self.database.writing() as connection:
            await charges.lock(connection)  # two presses at once
            same = {"person": act.by, "deed": act.what, "thing": act.about}
            if (await connection.execute(_SAME, same)).scalar_one():
                return False
            await _add(connection, act, now)
            return True

    async def _block_member(self, member_id: int, act: Act, now: datetime) -> None:
        async with self.database.writing() as connection:
            await charges.lock(connection)
            values = {"guild": act.guild_id, "member": member_id}
            if not (await connection.execute(_BLOCKED, values)).scalar_one():
                await connection.execute(insert(rules), _block(member_id, act, now))
            await _add(connection, act, now)


def _block(member_id: int, act: Act, now: datetime) -> dict[str, Any]:
    return {
        "guild_id": act.guild_id,
        "subject_kind": SubjectKind.MEMBER,
        "subject_id": member_id,
        "kind": RuleKind.BLOCK,
        "value": None,
        "until": None,
        "note": act.note,
        "by": act.by,
        "at": now,
    }


async def _add(connection: AsyncConnection, act: Act, now: datetime) -> None:
    values = {
        "at": now,
        "by": act.by,
        "guild_id": act.guild_id,
        "what": act.what,
        "about": act.about,
        "note": act.note,
    }
    await connection.execute(_ADD, values)


def _act_of(row: Any) -> Act:
    return Act(by=row["by"], guild_id=row["guild_id"], what=row["what"], about=row["about"], note=row["note"])
