"""What is kept of people and servers beyond their songs: read for them, and forgotten. Promises: bot.jobs.keeping."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StartError
from bot.jobs.admission import EVERYWHERE, RuleKind, SubjectKind
from bot.jobs.keeping import LedgerLine, RuleLine
from bot.jobs.ledger import NOBODY, ChargeKind
from bot.jobs.model import Origin
from bot.store import charges as ledger
from bot.store import sqlite_copies
from bot.store.engines import Database, reads, to_the_end, writes
from bot.store.inserting import inserting
from bot.store.tables import audits, charges, is_live, jobs, kept_values, places, rules

log = logging.getLogger(__name__)

#: Discord's ids have 17 to 20 digits; a song's number never has.
_ID = re.compile(r"[0-9]{15,20}")
#: SQLite takes some thousand values in one statement at the most; asked for in helpings of that size.
_AT_A_TIME = 500
#: The name of a value that is kept of a server; wishes of members and the servers left behind are not among them.
_OF_GUILD = re.compile(r"(?!leaving\.|left\.)[a-z_]{1,32}[.:]([0-9]{1,20})")

_VALUES = select(kept_values).where(
    func.substr(kept_values.c.name, 1, func.length(bindparam("prefix"))) == bindparam("prefix")
)
_VALUES_OF_ONE = select(kept_values.c.name).where(or_(kept_values.c.name.like("%.%"), kept_values.c.name.like("%:%")))
_REPLACE_VALUE = (
    update(kept_values)
    .where(kept_values.c.name == bindparam("was_name"), kept_values.c.value == bindparam("was"))
    .values(value=bindparam("after"))
)
_GET_VALUE = select(kept_values.c.value).where(kept_values.c.name == bindparam("name"))
_DROP_VALUE = delete(kept_values).where(kept_values.c.name == bindparam("value_name"))
#: Those that were told, and those that another process has left to be told.
_REPORTS = select(kept_values.c.name, kept_values.c.value).where(
    or_(kept_values.c.name.startswith("alert.report"), kept_values.c.name.startswith("tell.report"))
)
_LEDGER = select(charges).where(charges.c.member_id == bindparam("member")).order_by(charges.c.id)
_OF_MEMBER = (rules.c.subject_kind == SubjectKind.MEMBER) & (rules.c.subject_id == bindparam("member"))
_RULES = select(rules).where(_OF_MEMBER).order_by(rules.c.id)
_KNOWN = select(jobs.c.id).where(jobs.c.id.in_(bindparam("ids", expanding=True)))
_LIVE_GUILDS = select(jobs.c.guild_id).where(
    is_live, jobs.c.guild_id.is_not(None), jobs.c.origin == Origin.GUILD, jobs.c.bot_is_member == true()
)
_RULED_GUILDS = select(rules.c.guild_id).where(rules.c.guild_id != EVERYWHERE)
_FORGET_RULES = delete(rules).where(rules.c.guild_id == bindparam("guild"))
_ENDED_BLOCKS = delete(rules).where(
    rules.c.subject_kind == SubjectKind.MEMBER, rules.c.until.is_not(None), rules.c.until < bindparam("before")
)
_OLD_AUDITS = select(audits).where(audits.c.at < bindparam("before"))
_SET_AUDIT = update(audits).where(audits.c.id == bindparam("audit"))


class KeepingStatements:
    """This part of the store; SqlJobStore is made of it."""

    database: Database

    @to_the_end
    async def values_named(self, prefix: str) -> Mapping[str, str]:
        async with self.database.reading() as connection:
            rows = (await connection.execute(_VALUES, {"prefix": prefix})).all()
        return {name.removeprefix(prefix): value for name, value in rows}

    @reads
    async def get_value(self, connection: AsyncConnection, name: str) -> str | None:
        return (await connection.execute(_GET_VALUE, {"name": name})).scalar_one_or_none()

    @writes
    async def set_value(self, connection: AsyncConnection, name: str, value: str) -> None:
        statement = inserting(self.database.dialect, kept_values).values(name=name, value=value)
        statement = statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": statement.excluded["value"]}
        )
        await connection.execute(statement)

    @writes
    async def replace_value(self, connection: AsyncConnection, name: str, before: str | None, after: str) -> bool:
        if before is None:
            statement = inserting(self.database.dialect, kept_values).values(name=name, value=after)
            statement = statement.on_conflict_do_nothing(index_elements=["name"])
            return (await connection.execute(statement.returning(kept_values.c.name))).one_or_none() is not None
        written = await connection.execute(_REPLACE_VALUE, {"was_name": name, "was": before, "after": after})
        return written.rowcount > 0

    @to_the_end
    async def drop_value(self, name: str) -> None:
        async with self.database.writing() as connection:
            await connection.execute(_DROP_VALUE, {"value_name": name})

    @to_the_end
    async def ledger_of(self, member_id: int) -> Sequence[LedgerLine]:
        async with self.database.reading() as connection:
            rows = (await connection.execute(_LEDGER, {"member": member_id})).mappings().all()
        names = ("at", "job_id", "songs", "price_micros", "guild_id", "channel_id", "provider", "model")
        return [LedgerLine(kind=ChargeKind(row["kind"]), **{name: row[name] for name in names}) for row in rows]

    @to_the_end
    async def rules_about(self, member_id: int) -> Sequence[RuleLine]:
        async with self.database.reading() as connection:
            rows = (await connection.execute(_RULES, {"member": member_id})).mappings().all()
        names = ("at", "guild_id", "value", "until")
        return [RuleLine(kind=RuleKind(row["kind"]), **{name: row[name] for name in names}) for row in rows]

    @to_the_end
    async def known_ids(self, job_ids: Collection[int]) -> frozenset[int]:
        wanted = sorted(job_ids)
        found: set[int] = set()
        async with self.database.reading() as connection:
            for start in range(0, len(wanted), _AT_A_TIME):
                helping = wanted[start : start + _AT_A_TIME]
                found.update((await connection.execute(_KNOWN, {"ids": helping})).scalars())
        return frozenset(found)

    @to_the_end
    async def forget_member_before(self, member_id: int, before: datetime, job_ids: Collection[int] = ()) -> None:
        async with self.database.writing() as connection:
            await ledger.lock(connection)
            for table in (charges, places):
                old = or_(table.c.at < before, table.c.job_id.in_(sorted(job_ids)))
                await connection.execute(
                    update(table).where(table.c.member_id == member_id, old).values(member_id=NOBODY)
                )
            await _forget_reports(connection, lambda report: report["variant"].endswith(f".{member_id}"))

    @to_the_end
    async def forget_people_before(self, before: datetime) -> None:
        async with self.database.writing() as connection:
            await ledger.lock(connection)
            old = update(charges).where(charges.c.at < before, charges.c.member_id != NOBODY)
            await connection.execute(old.values(member_id=NOBODY))
            await connection.execute(_ENDED_BLOCKS, {"before": before})
            await _forget_reports(connection, lambda report: datetime.fromisoformat(report["at"]) < before)
            await _forget_audits(connection, before)

    @to_the_end
    async def guild_ids_at_stake(self) -> frozenset[int]:
        async with self.database.reading() as connection:
            live = (await connection.execute(_LIVE_GUILDS)).scalars().all()
            ruled = (await connection.execute(_RULED_GUILDS)).scalars().all()
            names = (await connection.execute(_VALUES_OF_ONE)).scalars().all()
        kept = (_OF_GUILD.fullmatch(name) for name in names)
        return frozenset([*live, *ruled, *(int(found[1]) for found in kept if found)])

    @to_the_end
    async def forget_guild(self, guild_id: int) -> None:
        async with self.database.writing() as connection:
            await connection.execute(_FORGET_RULES, {"guild": guild_id})
            for name in (await connection.execute(_VALUES_OF_ONE)).scalars().all():
                if name.endswith((f".{guild_id}", f":{guild_id}")):
                    await connection.execute(_DROP_VALUE, {"value_name": name})

    async def scrub(self, keys: Sequence[str] = ()) -> None:
        file = self.database.file
        if file is None:
            return
        try:
            await asyncio.to_thread(sqlite_copies.forget_in_copies, file, keys)
            is_empty = await asyncio.to_thread(sqlite_copies.empty_log, file)
        except StartError as error:
            log.warning("deleted words may stay in a file of the database for another hour: %s", error)
        else:
            if not is_empty:
                log.info("deleted words stay in the database's log for now: somebody reads there")

    async def forget_copies_before(self, before: datetime) -> None:
        file = self.database.file
        if file is None:
            return
        try:
            removed = await asyncio.to_thread(sqlite_copies.remove_copies_before, file, before)
        except StartError as error:
            log.warning("a copy made before a migration cannot be removed: %s", error)
            return
        for copy in removed:
            log.info("removed %s: copies made before a migration are kept as long as songs", copy.name)


async def _forget_reports(connection: AsyncConnection, is_meant: Callable[[dict[str, Any]], bool]) -> None:
    """What is kept of alerts about reports: the name and the value hold the id of whoever reported."""
    for name, value in (await connection.execute(_REPORTS)).all():
        if is_meant(json.loads(value)):
            await connection.execute(_DROP_VALUE, {"value_name": name})


async def _forget_audits(connection: AsyncConnection, before: datetime) -> None:
    """Who acted, and every id in what it was about and in the note; numbers of songs stay."""
    rows: Any = (await connection.execute(_OLD_AUDITS, {"before": before})).mappings().all()
    for row in rows:
        values = {"by": NOBODY, "about": _ID.sub("0", row["about"]), "note": _ID.sub("0", row["note"])}
        if any(row[name] != value for name, value in values.items()):
            await connection.execute(_SET_AUDIT.values(values), {"audit": row["id"]})
