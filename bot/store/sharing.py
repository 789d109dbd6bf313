"""Statements of processes that are not alone on their database. Promises: bot.jobs.sharing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, case, delete, select, text, update

from bot.jobs.sharing import GONE_AFTER, Process, ProcessKind, Share
from bot.store.engines import Database, to_the_end
from bot.store.inserting import inserting
from bot.store.tables import jobs, processes

#: Key of PostgreSQL's advisory lock around the parts; any number, so long as it never changes.
_SHARES_KEY = 0x436F6D706F7372

#: A part that is nearly fair will do until the next renewal.
_FAIR = 0.8

_CLAIMER = select(jobs.c.claimed_by).where(jobs.c.id == bindparam("was_id")).with_for_update()
#: A job that changes hands gets a new version: what its last process still has in hand loses every compare-and-set.
_CLAIM = (
    update(jobs)
    .where(jobs.c.id == bindparam("was_id"))
    .values(
        version=case(
            (
                and_(jobs.c.claimed_by.is_not(None), jobs.c.claimed_by != bindparam("claimer")),
                jobs.c.version + 1,
            ),
            else_=jobs.c.version,
        ),
        claimed_by=bindparam("claimer"),
    )
)
_THERE = select(processes).where(processes.c.renewed_at >= bindparam("after")).order_by(processes.c.since)
_LEFT = delete(processes).where(processes.c.renewed_at < bindparam("after"))
_SIGN_OFF = delete(processes).where(processes.c.process_id == bindparam("was_id"))


class SharingStatements:
    """This part of the store; SqlJobStore is made of it."""

    database: Database

    @to_the_end
    async def claim(self, job_id: int, process_id: str) -> bool | None:
        async with self.database.writing() as connection:
            row = (await connection.execute(_CLAIMER, {"was_id": job_id})).one_or_none()
            if row is None:
                return None
            before: str | None = row[0]
            if before != process_id:
                await connection.execute(_CLAIM, {"was_id": job_id, "claimer": process_id})
            return before is not None and before != process_id

    @to_the_end
    async def renew(self, process: Process, watched: int, now: datetime) -> Share:
        async with self.database.writing() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SHARES_KEY})
            await connection.execute(_LEFT, {"after": now - GONE_AFTER})
            rows = (await connection.execute(_THERE, {"after": now - GONE_AFTER})).mappings().all()
            others = [row for row in rows if row["process_id"] != process.id]
            all_watched = sum(row["watched"] + 1 for row in others) + watched + 1
            # never more than the others have left; they take less when they renew theirs
            fair_polls, fair_discord = (watched + 1) / all_watched, 1 / (len(others) + 1)
            polls = _part(fair_polls, [row["polls_share"] for row in others])
            discord = _part(fair_discord, [row["discord_share"] for row in others])
            is_fair = polls >= _FAIR * fair_polls and discord >= _FAIR * fair_discord
            load = (watched + 1) * (len(others) + 1) / all_watched if others else 0.0
            share = Share(polls=polls, discord=discord, load=load, is_fair=is_fair)
            values = {
                "process_id": process.id,
                "host": process.host,
                "pid": process.pid,
                "kind": process.kind,
                "shards": process.shards,
                "since": process.since,
                "renewed_at": now,
                "watched": watched,
                "polls_share": share.polls,
                "discord_share": share.discord,
                "settings": process.settings or None,
            }
            statement = inserting(connection.dialect.name, processes).values(values)
            await connection.execute(statement.on_conflict_do_update(index_elements=["process_id"], set_=values))
        return share

    @to_the_end
    async def processes(self, now: datetime) -> Sequence[Process]:
        async with self.database.reading() as connection:
            rows = (await connection.execute(_THERE, {"after": now - GONE_AFTER})).mappings().all()
        return [
            Process(
                id=row["process_id"],
                host=row["host"],
                pid=row["pid"],
                kind=ProcessKind(row["kind"]),
                shards=row["shards"],
                since=row["since"],
                settings=row["settings"] or "",
            )
            for row in rows
        ]

    @to_the_end
    async def sign_off(self, process_id: str) -> None:
        async with self.database.writing() as connection:
            await connection.execute(_SIGN_OFF, {"was_id": process_id})


def _part(fair: float, others: Sequence[float]) -> float:
    return max(0.0, min(fair, 1.0 - sum(others)))
