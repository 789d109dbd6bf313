"""What operators watch, read from the tables: sums that are kept anyway, and the ledger's last hour by its index."""

from datetime import datetime

from sqlalchemy import bindparam, case, func, select

from bot.jobs.figures import Attempts, Figures, SongsOfModel
from bot.jobs.ledger import ChargeKind
from bot.store.counting import money_of
from bot.store.engines import Database
from bot.store.tables import charges, day_sums, is_in_line, is_live, jobs

_SPENT = select(func.coalesce(func.sum(day_sums.c.spent_micros), 0))
#: SQLite would take the index on the state, and look every row up.
_QUEUED_SINCE = (
    select(func.min(jobs.c.moved_at)).where(is_in_line).with_hint(jobs, "INDEXED BY job_in_line_since", "sqlite")
)
_UNDER_WAY = (
    select(jobs.c.provider, jobs.c.model, func.count())
    .where(is_live)
    .group_by(jobs.c.provider, jobs.c.model)
    .order_by(jobs.c.provider, jobs.c.model)
    .with_hint(jobs, "INDEXED BY job_live_of_model", "sqlite")
)
#: One row for each attempt, however many lines it has.
_ATTEMPT = (
    select(func.max(case((charges.c.kind == ChargeKind.UNKNOWN, 1), else_=0)).label("unknown"))
    .where(charges.c.at > bindparam("since"), charges.c.kind.in_([ChargeKind.SPENT, ChargeKind.UNKNOWN]))
    .group_by(charges.c.job_id, charges.c.attempt)
    .subquery()
)
_ATTEMPTS = select(func.count().label("number"), func.coalesce(func.sum(_ATTEMPT.c.unknown), 0).label("unknown"))


class FigureReader:
    """`FigureStore` on whatever the jobs are stored on."""

    def __init__(self, database: Database) -> None:
        """`database`: migrated and checked."""
        self.database = database

    async def figures(self, now: datetime) -> Figures:
        return await self.database.finish(self._figures(now))

    async def attempts_since(self, since: datetime) -> Attempts:
        return await self.database.finish(self._attempts_since(since))

    async def _figures(self, now: datetime) -> Figures:
        async with self.database.reading() as connection:
            money = await money_of(connection, now)
            spent = (await connection.execute(_SPENT)).scalar_one()
            queued_since = (await connection.execute(_QUEUED_SINCE)).scalar_one()
            models = (await connection.execute(_UNDER_WAY)).all()
        return Figures(
            spent_micros=int(spent),
            held_micros=money.held,
            day_micros=money.day,
            month_micros=money.month,
            queued_since=queued_since,
            under_way=tuple(SongsOfModel(provider=one, model=other, songs=songs) for one, other, songs in models),
        )

    async def _attempts_since(self, since: datetime) -> Attempts:
        async with self.database.reading() as connection:
            row = (await connection.execute(_ATTEMPTS.select_from(_ATTEMPT), {"since": since})).mappings().one()
        return Attempts(all=int(row["number"]), unknown=int(row["unknown"]))
