"""The audit table's statements, rules that moderators make, and what log channels read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select

from bot.jobs.model import RESTING, JobState
from bot.jobs.record import LOG_CHANNEL, Act, KeptAct, Marks, Rest
from bot.store import charges
from bot.store.engines import Database
from bot.store.operating import add_audit
from bot.store.rows import job_of
from bot.store.tables import audits, job_events, jobs, kept_values

_SAME = select(func.count()).where(
    audits.c.by == bindparam("person"), audits.c.what == bindparam("deed"), audits.c.about == bindparam("thing")
)
_MARKS = select(
    select(func.coalesce(func.max(job_events.c.id), 0)).scalar_subquery().label("event"),
    select(func.coalesce(func.max(audits.c.id), 0)).scalar_subquery().label("act"),
    exists().where(kept_values.c.name.startswith(LOG_CHANNEL, autoescape=True)).label("has_channels"),
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

    async def marks(self) -> Marks:
        async with self.database.reading() as connection:
            row = (await connection.execute(_MARKS)).mappings().one()
        return Marks(event=row["event"], act=row["act"], has_channels=bool(row["has_channels"]))

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

    async def _audit(self, act: Act, now: datetime) -> None:
        async with self.database.writing() as connection:
            await add_audit(connection, act, now)

    async def _audit_once(self, act: Act, now: datetime) -> bool:
        async with self.database.writing() as connection:
            await charges.lock(connection)  # two presses at once
            same = {"person": act.by, "deed": act.what, "thing": act.about}
            if (await connection.execute(_SAME, same)).scalar_one():
                return False
            await add_audit(connection, act, now)
            return True


def _act_of(row: Any) -> Act:
    return Act(by=row["by"], guild_id=row["guild_id"], what=row["what"], about=row["about"], note=row["note"])
