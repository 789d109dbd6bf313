"""Statements about the line: who goes next, who is ahead. Each is answered by indexes that hold only who waits.

Songs of a server that is paused keep their place, and hold up nobody else.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, TextClause, bindparam, func, literal_column, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles

from bot.jobs.admission import EVERYWHERE, RuleKind, SubjectKind
from bot.jobs.line_head import Head, Ids
from bot.jobs.model import Job, JobState
from bot.store.columns import Instant
from bot.store.tables import is_in_line, is_in_the_making, jobs, rules


class _InTheMaking(TextClause):
    """The jobs by the index of those in the making: SQLite would take the one on the state, and look every row up."""

    inherit_cache = True


@compiles(_InTheMaking)
def _of_any_database(_element: _InTheMaking, _compiler: object, **_: object) -> str:
    return "job"


@compiles(_InTheMaking, "sqlite")
def _of_sqlite(_element: _InTheMaking, _compiler: object, **_: object) -> str:
    return "job INDEXED BY job_in_the_making"


#: Without `now` only pauses without an end are seen.
_PAUSED_GUILDS = select(rules.c.subject_id).where(
    rules.c.guild_id.in_([EVERYWHERE, rules.c.subject_id]),
    rules.c.subject_kind == SubjectKind.GUILD,
    rules.c.kind == RuleKind.BLOCK,
    or_(rules.c.until.is_(None), rules.c.until > bindparam("now", type_=Instant())),
)
_MODEL = jobs.c.model == bindparam("model")
_WAITS = (is_in_line, _MODEL, or_(jobs.c.guild_id.is_(None), jobs.c.guild_id.not_in(_PAUSED_GUILDS)))
_CALLED = jobs.c.id.in_(bindparam("called", expanding=True))
#: A name of its own: an empty list is written in another way here, and each name in one way only.
_STANDS = (*_WAITS, jobs.c.id.not_in(bindparam("called_too", expanding=True)))


def _ahead_statement() -> Any:
    holding = select(func.count()).where(is_in_the_making, _MODEL).scalar_subquery()
    # not by the bare number: SQLite would take the index on the state, and look every row up
    before = select(func.count()).where(*_WAITS, jobs.c.id + 0 < bindparam("job_id")).scalar_subquery()
    return select(holding + before)


def _head_statement() -> Any:
    """Level: how many songs a member would have in hand, of whatever model, if all before this one had been taken."""
    columns = literal_column("model", String()), literal_column("member_id", BigInteger())
    held = union_all(
        select(*columns).where(is_in_the_making).select_from(_InTheMaking("job")),
        select(jobs.c.model, jobs.c.member_id).where(_CALLED, is_in_line),
    ).subquery()
    taken = select(func.count()).select_from(held).where(held.c.model == bindparam("model"))
    in_hand = select(held.c.member_id, func.count().label("number")).group_by(held.c.member_id).subquery()
    turn = func.row_number().over(partition_by=jobs.c.member_id, order_by=jobs.c.id).label("turn")
    waiting = select(jobs.c.id, jobs.c.member_id, turn).where(*_STANDS).subquery()
    level = func.coalesce(in_hand.c.number, 0) + waiting.c.turn
    by_time = select(jobs.c.id, jobs.c.moved_at).where(*_STANDS).order_by(jobs.c.moved_at, jobs.c.id)
    longest = by_time.limit(1).subquery()
    middle = select((func.count() - 1) // 2).where(*_STANDS).scalar_subquery()
    median = by_time.limit(1).offset(middle).subquery()
    return (
        select(
            waiting.c.id,
            taken.scalar_subquery().label("taken"),
            select(longest.c.id).scalar_subquery().label("longest"),
            select(longest.c.moved_at).scalar_subquery().label("longest_since"),
            select(median.c.moved_at).scalar_subquery().label("median_since"),
        )
        .select_from(waiting.outerjoin(in_hand, in_hand.c.member_id == waiting.c.member_id))
        .order_by(level, waiting.c.id)
        .limit(bindparam("limit", type_=Integer))
    )


_AHEAD = _ahead_statement()
#: By the index on the state: what came into line lately.
_BETWEEN = select(func.count()).where(
    *_WAITS, jobs.c.state == JobState.QUEUED, jobs.c.id >= bindparam("from_id"), jobs.c.id < bindparam("job_id")
)
_HEAD = _head_statement()


async def ahead_of(connection: AsyncConnection, job: Job, now: datetime | None) -> int:
    """How many of its model hold a place, or wait with a lower number."""
    values = {"job_id": job.id, "model": job.model, "now": now}
    return (await connection.execute(_AHEAD, values)).scalar_one()


async def between(connection: AsyncConnection, from_id: int, job: Job, now: datetime) -> int:
    """How many of its model wait with a lower number, from this one on."""
    values = {"from_id": from_id, "job_id": job.id, "model": job.model, "now": now}
    return (await connection.execute(_BETWEEN, values)).scalar_one()


async def head_of(
    connection: AsyncConnection, model: str, called: Ids, limit: int, now: datetime, *, aside: Ids = ()
) -> Head | None:
    """The head of a model's line, see `HeadStore.head_of_line`."""
    gone = [*called, *aside]
    values = {"model": model, "called": list(called), "called_too": gone, "limit": limit, "now": now}
    rows = (await connection.execute(_HEAD, values)).mappings().all()
    if not rows:
        return None
    first = rows[0]
    return Head(
        ids=[row["id"] for row in rows],
        taken=first["taken"],
        longest=first["longest"],
        longest_since=first["longest_since"],
        median_since=first["median_since"],
    )
