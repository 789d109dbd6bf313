"""The job table as `bot.jobs.ports.JobStore`: every statement by name, every move a compare-and-set."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import DuplicateOrderError, Reason
from bot.jobs.admission import WINDOW, PlaceRequest, Refused, Rules, Taken, Terms, Usage, recheck, verdict
from bot.jobs.admitting import FULL, Admitted, Full
from bot.jobs.figures import Migration
from bot.jobs.ledger import stands
from bot.jobs.line_head import Head, Ids
from bot.jobs.model import ENDS_WITHOUT_A_TRACK, LIVE, Job, JobEvent, JobState, Order, check_move
from bot.jobs.overview import Running, Tally
from bot.jobs.ports import Changes
from bot.jobs.space import SpaceLimits
from bot.store import charges, counting, space_used, waiting
from bot.store.engines import Database, reads, to_the_end, writes, writes_first
from bot.store.figures import FigureReader
from bot.store.inserting import inserting
from bot.store.keeping import KeepingStatements
from bot.store.moves import add_event, changing, move_row
from bot.store.operating import OperatorStatements
from bot.store.record import RecordKeeper
from bot.store.rows import columns_of_changes, columns_of_order, event_of, job_of
from bot.store.sharing import SharingStatements
from bot.store.tables import is_in_line, is_live, is_resting, is_unfinished, job_events, jobs

_BY_ID = select(jobs).where(jobs.c.id == bindparam("job_id"))
_ID_BY_INTERACTION = select(jobs.c.id).where(jobs.c.interaction_id == bindparam("interaction"))
_FOR_UPDATE = _BY_ID.with_for_update()  # SQLite has it by BEGIN IMMEDIATE
_UPDATE = update(jobs).where(jobs.c.id == bindparam("was_id")).returning(jobs)
_UPDATE_CLAIMED = _UPDATE.where(jobs.c.claimed_by == bindparam("was_claimed_by"))
#: Whoever holds the job: only the attempt counts.
_RESOLVE = (
    update(jobs)
    .where(
        jobs.c.id == bindparam("was_id"),
        jobs.c.attempt == bindparam("was_attempt"),
        jobs.c.state.in_([JobState.SUBMITTING, JobState.UNKNOWN]),
    )
    .values(
        state=JobState.GENERATING,
        version=jobs.c.version + 1,
        generation_id=bindparam("new_generation_id"),
        accepted_at=bindparam("new_accepted_at"),
        moved_at=bindparam("new_accepted_at"),
        deadline_at=bindparam("new_deadline_at"),
        reason=None,
        # what was changed in the song is still told; what was said of an unknown outcome is not
        detail=case((jobs.c.state == JobState.UNKNOWN, ""), else_=jobs.c.detail),
    )
    .returning(jobs)
)
_UNKNOWN = select(jobs.c.id).where(jobs.c.state == JobState.UNKNOWN).order_by(jobs.c.id)
_MAKING = select(jobs.c.id).where(jobs.c.state == JobState.GENERATING).order_by(jobs.c.id)
#: Who stands in the line of a model that is in use is looked at when it is their turn.
_NEEDING_A_LOOK = (
    select(jobs.c.id)
    .where(is_unfinished, ~and_(is_in_line, jobs.c.model.in_(bindparam("models", expanding=True))))
    .order_by(case((jobs.c.state == JobState.CHECKING, 1), else_=0), jobs.c.id)
)
_TAKEN = select(func.count()).where(
    jobs.c.model == bindparam("model"), jobs.c.state.in_([JobState.SUBMITTING, JobState.GENERATING])
)
_OF_MEMBER = select(jobs).where(jobs.c.member_id == bindparam("member")).order_by(jobs.c.id.desc())
_COUNT_OF_MEMBER = select(func.count()).where(jobs.c.member_id == bindparam("member"))
_LIVE = select(jobs).where(is_live).order_by(jobs.c.id)
_RECENT = (
    select(jobs.c.accepted_at, jobs.c.ready_at)
    .where(jobs.c.ready_at.is_not(None), jobs.c.model == bindparam("model"))
    .order_by(jobs.c.ready_at.desc())
)
_HISTORY = select(job_events).where(job_events.c.job_id == bindparam("job_id")).order_by(job_events.c.id)
_TALLY = select(jobs.c.state, func.count().label("number")).group_by(jobs.c.state)
_LIVE_TALLY = select(jobs.c.state, func.count().label("number")).where(jobs.c.state.in_(LIVE)).group_by(jobs.c.state)
_DELETE = delete(jobs).where(jobs.c.id == bindparam("was_id"))
_OLDER = select(jobs).where(is_resting, jobs.c.moved_at < bindparam("before")).order_by(jobs.c.moved_at, jobs.c.id)
_UNPAID_WITH_COPIES = (
    select(jobs)
    .where(
        jobs.c.reference_copy_name.is_not(None),
        jobs.c.state.in_(ENDS_WITHOUT_A_TRACK),
        jobs.c.generation_id.is_(None),
        or_(
            jobs.c.submit_started_at.is_(None),
            jobs.c.price_micros <= 0,
            and_(jobs.c.state == JobState.FAILED, jobs.c.attempt <= 1),
        ),
    )
    .order_by(jobs.c.id)
)


class SqlJobStore(KeepingStatements, OperatorStatements, FigureReader, RecordKeeper, SharingStatements):
    """`JobStore` on SQLite or PostgreSQL; what each method promises stands in bot.jobs.ports."""

    def __init__(self, database: Database) -> None:
        """`database`: migrated and checked, see `bot.store.db.open_store`."""
        super().__init__(database)
        #: What `open_store` did to the tables; None: nothing, or they were new.
        self.migration: Migration | None = None

    @writes
    async def add(
        self, connection: AsyncConnection, order: Order, now: datetime, *, space: SpaceLimits | None = None
    ) -> Job:
        await charges.lock(connection)
        taken = replace(order, answered_at=order.answered_at or now)
        return await self._added(connection, taken, now, is_outside=False, space=space)

    @writes_first
    async def admit(
        self,
        connection: AsyncConnection,
        order: Order,
        now: datetime,
        terms: Terms,
        *,
        space: SpaceLimits | None = None,
    ) -> Admitted:
        asked = PlaceRequest.of_order(order)
        await charges.lock(connection)
        said = await _verdict(connection, asked, now, terms)
        if isinstance(said, Refused):
            first = await connection.execute(_ID_BY_INTERACTION, {"interaction": order.place.interaction_id})
            if (job_id := first.scalar_one_or_none()) is not None:
                raise DuplicateOrderError(job_id)  # told as what it is, whatever the limits say by now
            raise said.error()
        is_outside = order.member_id in terms.operators
        job = await self._added(connection, order, now, is_outside=is_outside, space=space)
        return Admitted(job=job, taken=said)

    @writes_first
    async def admit_again(
        self,
        connection: AsyncConnection,
        job: Job,
        now: datetime,
        terms: Terms,
        *,
        role_ids: Iterable[int] = (),
        why: str = "",
    ) -> Job | None:
        asked = PlaceRequest.of_job(job, role_ids)
        await charges.lock(connection)
        said = await _verdict(connection, asked, now, terms)
        if isinstance(said, Refused):
            raise said.error()
        is_outside = job.member_id in terms.operators
        return await move_row(connection, job, JobState.QUEUED, now, why, {"reason": None}, is_outside=is_outside)

    @writes
    async def begin_attempt(
        self,
        connection: AsyncConnection,
        job: Job,
        now: datetime,
        *,
        address: str | None = None,
        places: int | None = None,
    ) -> Job | Refused | Full | None:
        asked = PlaceRequest.of_job(job)
        attempt = job.attempt + 1
        await charges.lock(connection)
        taken = 0 if places is None else (await connection.execute(_TAKEN, {"model": job.model})).scalar_one()
        if places is not None and taken >= places:
            return FULL
        rules = await counting.rules_for(connection, asked, now, Terms())
        is_held = stands(await charges.standings_of(connection, job.id), attempt)
        refused = recheck(asked, rules, is_held=is_held, now=now)
        if refused is not None:
            return refused
        changes: Changes = {"attempt": attempt, "submit_started_at": now, "service_address": address}
        return await move_row(connection, job, JobState.SUBMITTING, now, "", columns_of_changes(changes))

    @reads
    async def pause_of(self, connection: AsyncConnection, job: Job, now: datetime) -> Refused | None:
        return await counting.pause_of(connection, job, now)

    @reads
    async def standing_of(
        self, connection: AsyncConnection, order: PlaceRequest, now: datetime, terms: Terms
    ) -> tuple[Rules, Usage]:
        rules = await counting.rules_for(connection, order, now, terms)
        return rules, await counting.usage_of(connection, order, rules, now)

    @to_the_end
    async def live_of_member(self, member_id: int, *, limit: int = 10) -> Sequence[Job]:
        return await self._jobs(_LIVE.where(jobs.c.member_id == member_id).limit(limit))

    @reads
    async def get(self, connection: AsyncConnection, job_id: int) -> Job | None:
        row = (await connection.execute(_BY_ID, {"job_id": job_id})).mappings().one_or_none()
        return job_of(row) if row else None

    @writes
    async def move(
        self,
        connection: AsyncConnection,
        job: Job,
        after: JobState,
        now: datetime,
        *,
        why: str = "",
        **changes: Unpack[Changes],
    ) -> Job | None:
        check_move(job.state, after)
        is_unpaid = changes.get("submit_started_at", job.submit_started_at) is None
        if charges.is_counted_move(job, after, changes.get("attempt", job.attempt), is_unpaid=is_unpaid):
            await charges.lock(connection)
        return await move_row(connection, job, after, now, why, columns_of_changes(changes))

    @writes
    async def update(
        self, connection: AsyncConnection, job_id: int, *, claim: str | None = None, **changes: Unpack[Changes]
    ) -> Job | None:
        values = columns_of_changes(changes)
        if values:
            statement, given = changing(_UPDATE if claim is None else _UPDATE_CLAIMED, values)
            was = {"was_id": job_id} if claim is None else {"was_id": job_id, "was_claimed_by": claim}
            found = await connection.execute(statement, {**was, **given})
        else:
            found = await connection.execute(_BY_ID, {"job_id": job_id})
        row = found.mappings().one_or_none()
        return job_of(row) if row else None

    @writes
    async def wish_to_stop(self, connection: AsyncConnection, job: Job, *, wished: bool) -> Job | None:
        reason = Reason.MEMBER_CANCELLED if wished else None
        statement = _UPDATE.where(jobs.c.state == JobState.GENERATING).values(reason=reason)
        row = (await connection.execute(statement, {"was_id": job.id})).mappings().one_or_none()
        return job_of(row) if row else None

    @reads
    async def is_generation_known(self, connection: AsyncConnection, generation_id: str) -> bool:
        found = select(jobs.c.id).where(jobs.c.generation_id == generation_id)
        return (await connection.execute(found)).first() is not None

    @writes
    async def resolve_submission(
        self,
        connection: AsyncConnection,
        job_id: int,
        attempt: int,
        generation_id: str,
        now: datetime,
        deadline_at: datetime,
    ) -> Job | None:
        values = {"new_generation_id": generation_id, "new_accepted_at": now, "new_deadline_at": deadline_at}
        was = {"was_id": job_id, "was_attempt": attempt}
        await charges.lock(connection)
        row = (await connection.execute(_FOR_UPDATE, {"job_id": job_id})).mappings().one_or_none()
        if row is None:
            await charges.tell_accepted_after_delete(connection, job_id, attempt, now)
            return None
        await charges.tell_accepted(connection, job_of(row), attempt, now)
        settled = (await connection.execute(_RESOLVE, {**was, **values})).mappings().one_or_none()
        if settled is not None:
            await add_event(connection, settled, row["state"], now, f"attempt {attempt} was accepted")
            return job_of(settled)
        before = job_of(row)
        if (before.state, before.attempt, before.generation_id) == (JobState.GENERATING, attempt, generation_id):
            return before
        why = f"late answer to attempt {attempt}: generation {generation_id}"
        await add_event(connection, row, before.state, now, why)
        return None

    @reads
    async def needing_a_look(self, connection: AsyncConnection, in_line_of: Collection[str]) -> Sequence[int]:
        return (await connection.execute(_NEEDING_A_LOOK, {"models": list(in_line_of)})).scalars().all()

    @reads
    async def head_of_line(
        self, connection: AsyncConnection, model: str, called: Ids, limit: int, now: datetime, *, aside: Ids = ()
    ) -> Head | None:
        return await waiting.head_of(connection, model, called, limit, now, aside=aside)

    @reads
    async def making_ids(self, connection: AsyncConnection) -> Sequence[int]:
        return (await connection.execute(_MAKING)).scalars().all()

    @reads
    async def unknown_ids(self, connection: AsyncConnection) -> Sequence[int]:
        return (await connection.execute(_UNKNOWN)).scalars().all()

    @reads
    async def ahead_of(self, connection: AsyncConnection, job: Job, now: datetime | None = None) -> int:
        return await waiting.ahead_of(connection, job, now)

    @reads
    async def waiting_between(self, connection: AsyncConnection, from_id: int, job: Job, now: datetime) -> int:
        return await waiting.between(connection, from_id, job, now)

    @to_the_end
    async def of_member(self, member_id: int, *, limit: int = 10, offset: int = 0) -> Sequence[Job]:
        return await self._jobs(_OF_MEMBER.limit(limit).offset(offset), member=member_id)

    @reads
    async def count_of_member(self, connection: AsyncConnection, member_id: int) -> int:
        return (await connection.execute(_COUNT_OF_MEMBER, {"member": member_id})).scalar_one()

    @to_the_end
    async def in_guild(self, guild_id: int | None, channel_id: int) -> Sequence[Job]:
        if guild_id is None:
            return await self._jobs(_LIVE.where(jobs.c.guild_id.is_(None), jobs.c.channel_id == channel_id))
        return await self._jobs(_LIVE.where(jobs.c.guild_id == guild_id))

    @reads
    async def running_in(
        self, connection: AsyncConnection, guild_id: int | None, channel_id: int, *, limit: int
    ) -> Running:
        guild = jobs.c.guild_id.is_(None) if guild_id is None else jobs.c.guild_id == guild_id
        here = jobs.c.channel_id == channel_id
        number = select(func.count()).where(is_live, guild)
        rows = (await connection.execute(_LIVE.where(guild, here).limit(limit))).mappings().all()
        count = (await connection.execute(number.where(here))).scalar_one() if len(rows) == limit else len(rows)
        everywhere = count if guild_id is None else (await connection.execute(number)).scalar_one()
        return Running(jobs=[job_of(row) for row in rows], here=count, elsewhere=everywhere - count)

    @reads
    async def recent_seconds(self, connection: AsyncConnection, model: str, limit: int = 20) -> Sequence[float]:
        rows = (await connection.execute(_RECENT.limit(limit), {"model": model})).all()
        return [(ready_at - accepted_at).total_seconds() for accepted_at, ready_at in rows]

    @reads
    async def history(self, connection: AsyncConnection, job_id: int) -> Sequence[JobEvent]:
        rows = (await connection.execute(_HISTORY, {"job_id": job_id})).mappings().all()
        return [event_of(row) for row in rows]

    @reads
    async def tally(self, connection: AsyncConnection) -> Tally:
        rows = (await connection.execute(_TALLY)).mappings().all()
        counts = {row["state"]: row["number"] for row in rows}
        return Tally(by_state={state: counts.get(state, 0) for state in JobState})

    @reads
    async def live_tally(self, connection: AsyncConnection) -> Tally:
        rows = (await connection.execute(_LIVE_TALLY)).mappings().all()
        counts = {row["state"]: row["number"] for row in rows}
        return Tally(by_state={state: counts.get(state, 0) for state in LIVE})

    @to_the_end
    async def delete(self, job_id: int) -> bool:
        async with self.database.writing() as connection:
            return (await connection.execute(_DELETE, {"was_id": job_id})).rowcount > 0

    @to_the_end
    async def older_than(self, before: datetime, *, limit: int = 100) -> Sequence[Job]:
        return await self._jobs(_OLDER.limit(limit), before=before)

    @to_the_end
    async def unpaid_with_copies(self, *, limit: int = 100) -> Sequence[Job]:
        return await self._jobs(_UNPAID_WITH_COPIES.limit(limit))

    @writes
    async def note_burnt(self, connection: AsyncConnection, job_id: int, now: datetime) -> None:
        await charges.note_burnt(connection, job_id, now)

    @to_the_end
    async def forget_places(self, now: datetime) -> None:
        async with self.database.writing() as connection:
            await charges.forget_places(connection, now - 2 * WINDOW)

    async def _added(
        self, connection: AsyncConnection, order: Order, now: datetime, *, is_outside: bool, space: SpaceLimits | None
    ) -> Job:
        values = columns_of_order(order, key=secrets.token_hex(8), now=now)
        statement = inserting(self.database.dialect, jobs).values(values)
        statement = statement.on_conflict_do_nothing(index_elements=["interaction_id"])
        row = (await connection.execute(statement.returning(jobs))).mappings().one_or_none()
        if row is None:
            first = await connection.execute(_ID_BY_INTERACTION, {"interaction": order.place.interaction_id})
            raise DuplicateOrderError(first.scalar_one())
        if space is not None:
            await space_used.check(connection, order, space)
        await add_event(connection, row, None, now, "")
        job = job_of(row)
        await charges.hold(connection, job, now, is_outside=is_outside)
        return job

    async def _jobs(self, statement: Any, **values: object) -> Sequence[Job]:
        async with self.database.reading() as connection:
            rows = (await connection.execute(statement, values)).mappings().all()
        return [job_of(row) for row in rows]


async def _verdict(connection: AsyncConnection, asked: PlaceRequest, now: datetime, terms: Terms) -> Taken | Refused:
    rules = await counting.rules_for(connection, asked, now, terms)
    return verdict(asked, rules, await counting.usage_of(connection, asked, rules, now), now)
