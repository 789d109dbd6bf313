"""What operators watch, read from the tables: sums that are kept anyway, and the ledger's last hour by its index."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, TextClause, bindparam, case, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs.figures import Attempts, Figures, SongsOfModel
from bot.jobs.ledger import ChargeKind
from bot.store.columns import Instant
from bot.store.counting import money_of
from bot.store.engines import Database, reads
from bot.store.tables import charges, day_sums, is_in_line, is_live

_SPENT = select(func.coalesce(func.sum(day_sums.c.spent_micros), 0))


def _both(columns: Sequence[ColumnElement[Any]], condition: TextClause, index: str) -> dict[str, Select[Any]]:
    """The statement for each kind of database: SQLite would take the index on the state, and look every row up."""
    found = select(*columns).where(condition)
    return {
        "sqlite": found.select_from(text(f"job INDEXED BY {index}")),
        "postgresql": found.select_from(text("job")),
    }


_SINCE = literal_column("moved_at", Instant())
_PROVIDER, _MODEL = literal_column("provider", String()), literal_column("model", String())
_QUEUED_SINCE = _both([func.min(_SINCE)], is_in_line, "job_in_line_since")
_UNDER_WAY = {
    dialect: found.group_by(_PROVIDER, _MODEL).order_by(_PROVIDER, _MODEL)
    for dialect, found in _both([_PROVIDER, _MODEL, func.count()], is_live, "job_live_of_model").items()
}
#: One row for each attempt, however many lines it has. Not by the bare number: SQLite would go through the whole ledger
#: by the index on it, so as not to sort an hour's lines.
_ATTEMPT = (
    select(func.max(case((charges.c.kind == ChargeKind.UNKNOWN, 1), else_=0)).label("unknown"))
    .where(charges.c.at > bindparam("since"), charges.c.kind.in_([ChargeKind.SPENT, ChargeKind.UNKNOWN]))
    .group_by(charges.c.job_id + 0, charges.c.attempt)
    .subquery()
)
_ATTEMPTS = select(func.count().label("number"), func.coalesce(func.sum(_ATTEMPT.c.unknown), 0).label("unknown"))


class FigureReader:
    """`FigureStore` on whatever the jobs are stored on."""

    def __init__(self, database: Database) -> None:
        """`database`: migrated and checked."""
        self.database = database

    @reads
    async def figures(self, connection: AsyncConnection, now: datetime) -> Figures:
        money = await money_of(connection, now)
        spent = (await connection.execute(_SPENT)).scalar_one()
        queued_since = (await connection.execute(_QUEUED_SINCE[self.database.dialect])).scalar_one()
        models: Sequence[Any] = (await connection.execute(_UNDER_WAY[self.database.dialect])).all()
        return Figures(
            spent_micros=int(spent),
            held_micros=money.held,
            day_micros=money.day,
            month_micros=money.month,
            queued_since=queued_since,
            under_way=tuple(SongsOfModel(provider=one, model=other, songs=songs) for one, other, songs in models),
        )

    @reads
    async def attempts_since(self, connection: AsyncConnection, since: datetime) -> Attempts:
        row = (await connection.execute(_ATTEMPTS.select_from(_ATTEMPT), {"since": since})).mappings().one()
        return Attempts(all=int(row["number"]), unknown=int(row["unknown"]))
