"""What is kept of people and servers, and how it is forgotten: to the last byte of the files where that can be seen."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from bot.clock import SystemClock
from bot.jobs.admission import WINDOW
from bot.jobs.ledger import NOBODY
from bot.jobs.model import JobState
from bot.metrics import Metrics
from bot.operators.alerts import Alert, AlertKind, Alerts
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from bot.store.tables import audits, charges, places, rules
from tests.bot.store.orders import NOON, SetClock, an_order, at, moved

WORDS = "quince marmalade under the harbour lamp"
MEMBER = 700_000_000_000_000_077
OTHER = 700_000_000_000_000_078
LATER = NOON + WINDOW + timedelta(hours=1)


def left_over(folder: Path, words: str = WORDS) -> list[str]:
    """The files beside a database, and the database itself, in which these words can be read."""
    return [path.name for path in sorted(folder.iterdir()) if words.encode() in path.read_bytes()]


async def rows(store: SqlJobStore, table: Any) -> list[Any]:
    async with store.database.reading() as connection:
        return list((await connection.execute(select(table).order_by(table.c.id))).mappings())


async def add(store: SqlJobStore, table: Any, **values: Any) -> None:
    async with store.database.writing() as connection:
        await connection.execute(insert(table).values(values))


async def test_deleted_words_leave_the_file_and_its_log(sqlite_url: str, path: Path):
    async with open_store(sqlite_url, clock=SetClock()) as store:
        job = await store.add(an_order(lyrics=WORDS, title=WORDS), NOON)
        other = await store.add(an_order(2, lyrics="these stay where they are"), NOON)
        job = await moved(store, job, JobState.CANCELLED)
        assert "compose.db-wal" in left_over(path.parent)
        assert await store.delete(job.id)
        await store.scrub([job.key])
        assert left_over(path.parent) == []
        assert await store.get(other.id) is not None


async def test_words_that_a_version_left_in_free_pages_are_overwritten_at_the_first_start(sqlite_url: str, path: Path):
    async with open_store(sqlite_url, clock=SetClock()) as store:
        await store.add(an_order(lyrics=WORDS * 500), NOON)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:  # as versions before did it
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("DELETE FROM job_event")
        connection.execute("DELETE FROM charge")
        connection.execute("DELETE FROM job")
        connection.execute("PRAGMA user_version = 0")
    assert left_over(path.parent) == ["compose.db"]
    async with open_store(sqlite_url, clock=SetClock()):
        assert left_over(path.parent) == []


async def test_copies_made_before_a_migration_lose_what_is_deleted_and_nothing_else(sqlite_url: str, path: Path):
    async with open_store(sqlite_url, clock=SetClock()) as store:
        job = await store.add(an_order(lyrics=WORDS), NOON)
        other = await store.add(an_order(2, lyrics="these stay where they are"), NOON)
        copy = path.with_name("compose.db.0002.20260131T120000Z.backup")
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        assert copy.name in left_over(path.parent)
        await store.delete(job.id)
        await store.scrub([job.key])
        assert left_over(path.parent) == []
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT id FROM job").fetchall() == [(other.id,)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_copies_made_before_a_migration_go_when_songs_of_their_age_go(sqlite_url: str, path: Path):
    async with open_store(sqlite_url, clock=SetClock()) as store:
        copy = path.with_name("compose.db.0002.20260131T120000Z.backup")
        copy.touch()
        made = copy.stat().st_mtime
        await store.forget_copies_before(NOON.fromtimestamp(made - 1, NOON.tzinfo))
        assert copy.exists()
        await store.forget_copies_before(NOON.fromtimestamp(made + 1, NOON.tzinfo))
        assert not copy.exists()
        assert path.exists()


async def test_a_members_id_leaves_old_lines_and_those_of_named_jobs_and_nobody_elses(store: SqlJobStore):
    await store.add(an_order(1, member_id=MEMBER), NOON)
    young = await store.add(an_order(2, member_id=MEMBER), LATER)
    await store.add(an_order(3, member_id=MEMBER), LATER)
    await store.add(an_order(4, member_id=OTHER), NOON)
    await store.forget_member_before(MEMBER, at(1), [young.id])
    for table in (charges, places):
        assert [row["member_id"] for row in await rows(store, table)] == [NOBODY, NOBODY, MEMBER, OTHER]
    assert len(await store.ledger_of(MEMBER)) == 1


async def test_everybodys_id_leaves_old_lines_of_ledger_and_audit(store: SqlJobStore):
    await store.add(an_order(1, member_id=MEMBER), NOON)
    await store.add(an_order(2, member_id=MEMBER), LATER)
    for when in (NOON, LATER):
        await add(
            store,
            audits,
            at=when,
            by=OTHER,
            guild_id=5,
            what="block",
            about=f"member {MEMBER}",
            note=f"<@{OTHER}> song 17",
        )
    await store.forget_people_before(at(1))
    assert [row["member_id"] for row in await rows(store, charges)] == [NOBODY, MEMBER]
    old, young = await rows(store, audits)
    assert (old["by"], old["about"], old["note"]) == (NOBODY, "member 0", "<@0> song 17")
    assert (young["by"], young["about"]) == (OTHER, f"member {MEMBER}")


async def test_a_block_keeps_its_id_until_it_is_lifted(store: SqlJobStore):
    common = {"guild_id": 5, "subject_kind": "member", "kind": "block", "note": "why", "by": OTHER, "at": NOON}
    await add(store, rules, subject_id=MEMBER, until=None, **common)
    await add(store, rules, subject_id=OTHER, until=NOON, **common)
    await store.forget_people_before(LATER)
    (left,) = await rows(store, rules)
    assert left["subject_id"] == MEMBER
    (told,) = await store.rules_about(MEMBER)
    assert (told.kind, told.guild_id, told.until) == ("block", 5, None)


async def test_the_rules_of_one_server_are_forgotten_and_no_others(store: SqlJobStore):
    common = {
        "subject_kind": "role",
        "subject_id": 9,
        "kind": "limit_day",
        "value": "3",
        "note": "",
        "by": 1,
        "at": NOON,
    }
    for guild_id in (0, 5, 6):
        await add(store, rules, guild_id=guild_id, **common)
    assert await store.guild_ids_at_stake() == {5, 6}
    await store.forget_guild(5)
    assert [row["guild_id"] for row in await rows(store, rules)] == [0, 6]


async def test_what_is_kept_of_reports_goes_with_whoever_reported_and_with_its_age(store: SqlJobStore):
    alerts = Alerts(store=store, clock=SystemClock(), metrics=Metrics())
    sent = Alert(kind=AlertKind.REPORT, variant=f"17.{MEMBER}", at=NOON, values={"song": 17})
    other = Alert(kind=AlertKind.REPORT, variant=f"18.{OTHER}", at=LATER, values={"song": 18})
    for alert in (other, sent):
        await alerts._keep(alert, is_sent=True)
        assert await alerts._is_left(alert)
    assert MEMBER in reporters(await store.values_named("alert.report"))
    await store.forget_member_before(MEMBER, NOON)
    assert reporters(await store.values_named("alert.report")) == {OTHER}
    assert list(await store.values_named("tell.report.")) == [f"18.{OTHER}"]
    await store.forget_people_before(at(1))
    assert reporters(await store.values_named("alert.report")) == {OTHER}
    await store.forget_people_before(LATER + timedelta(seconds=1))
    assert reporters(await store.values_named("alert.report")) == set()


def reporters(kept: Mapping[str, str]) -> set[int]:
    return {int(json.loads(value)["variant"].partition(".")[2]) for value in kept.values()}


async def test_kept_values_are_found_by_how_their_names_begin(store: SqlJobStore):
    await store.set_value("left.5", "then")
    await store.set_value("left_5", "other")
    assert await store.values_named("left.") == {"5": "then"}
    await store.drop_value("left.5")
    assert await store.values_named("left.") == {}
    assert await store.get_value("left_5") == "other"


async def test_which_jobs_there_are_is_known_for_very_many_at_once(store: SqlJobStore):
    job = await store.add(an_order(), NOON)
    assert await store.known_ids(range(1, 40_000)) == {job.id}
    assert await store.known_ids([]) == frozenset()
