"""A move as SQL: the compare-and-set, its line of history, and what it means for the ledger, in one transaction."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import RowMapping, Update, bindparam, insert, update
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
_NEW = "new_"


def changing(statement: Update, values: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
    """An update of the jobs that sets these columns, and what it is to be executed with.

    A statement that carries its values is made, and looked for among those that are compiled, anew for each row: a
    quarter of what a move costs.
    """
    return _setting(statement, tuple(values)), {f"{_NEW}{name}": value for name, value in values.items()}


@lru_cache(maxsize=256)  # some dozens are in use
def _setting(statement: Update, names: Collection[str]) -> Update:
    return statement.values({name: bindparam(f"{_NEW}{name}", type_=jobs.c[name].type) for name in names})


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
    statement, given = changing(_MOVE, values)
    row = (await connection.execute(statement, {**was, **given})).mappings().one_or_none()
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
