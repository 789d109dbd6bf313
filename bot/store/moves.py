"""A move as SQL: the compare-and-set, its line of history, and what it means for the ledger, in one transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs.model import Job, JobState
from bot.store import charges
from bot.store.rows import job_of
from bot.store.tables import job_events, jobs

_MOVE = (
    update(jobs)
    .where(
        jobs.c.id == bindparam("was_id"),
        jobs.c.state == bindparam("was_state"),
        jobs.c.version == bindparam("was_version"),
    )
    .returning(jobs)
)
_ADD_EVENT = insert(job_events)


async def move_row(
    connection: AsyncConnection,
    job: Job,
    after: JobState,
    now: datetime,
    why: str,
    values: dict[str, Any],
    *,
    is_outside: bool = False,
) -> Job | None:
    """Move it and set these columns. None: somebody else moved it meanwhile, and nothing was written."""
    values |= {"state": after, "version": job.version + 1, "moved_at": now}
    if after is JobState.READY and job.moved_at == job.accepted_at:
        values["ready_at"] = now
    was = {"was_id": job.id, "was_state": job.state, "was_version": job.version}
    row = (await connection.execute(_MOVE.values(values), was)).mappings().one_or_none()
    if row is None:
        return None
    await add_event(connection, row, job.state, now, why)
    moved = job_of(row)
    await charges.tell_move(connection, job, moved, now, is_outside=is_outside)
    return moved


async def add_event(connection: AsyncConnection, row: RowMapping, before: str | None, now: datetime, why: str) -> None:
    """One line of history, in the transaction of what it tells."""
    line = {"job_id": row["id"], "at": now, "before": before, "after": row["state"], "detail": why}
    await connection.execute(_ADD_EVENT, line)
