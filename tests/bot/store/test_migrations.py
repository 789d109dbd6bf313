"""The tables come to be in numbered steps, each whole or not at all, and an existing file is backed up first."""

import hashlib
import logging
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Select, create_engine, func, insert, inspect, make_url, select

from bot.errors import StartError
from bot.generation.traits import TRAITS
from bot.jobs.admission import PlaceRequest, Terms
from bot.jobs.model import Job, JobState
from bot.store import migrate
from bot.store.db import describe, open_store
from bot.store.engines import connect
from bot.store.jobs import SqlJobStore
from bot.store.rows import columns_of_order
from bot.store.tables import charges, is_counted, is_live, is_resting, is_unfinished, job_events, jobs, metadata, places
from tests.bot.store import processes
from tests.bot.store.orders import NOON, SetClock, an_order

#: A step that was released is never edited: databases out there have taken it as it was.
RELEASED = {
    "0001_jobs.py": "9c290bf0c58283f207c22c63fc32d983e14e12e22c0d6d29865db604aa5acc36",
    "0002_music_service.py": "cb1fedbbf3a63f3ab5c48851813a65766058b818d31ef2b8a75c40907e53ab6d",
    "0003_ledger.py": "9c4760bfd2a3156636dd3703f531d6b0e13fe90aa0f4bfae084ddc12b00bec20",
}
#: Steps of the version that is being made: still edited, until it is released.
COMING = [
    "0004_places.py",
    "0005_space.py",
    "0006_line.py",
    "0007_addresses.py",
    "0008_processes.py",
    "0009_live_of_model.py",
    "0010_process_settings.py",
]
NEWEST = max([*RELEASED, *COMING])[:4]

NEXT = """
from alembic import op
import sqlalchemy as sa
import os, signal
revision, down_revision, branch_labels, depends_on = "9000", "{newest}", None, None

def upgrade():
    op.add_column("job", sa.Column("mood", sa.Text()))
    op.create_table("mood", sa.Column("id", sa.Integer(), primary_key=True))
    {then}
"""

MIGRATING = """
import asyncio, pathlib, sys
from bot.clock import SystemClock
from bot.store import migrate
from bot.store.db import open_store

async def main():
    async with open_store(sys.argv[2], clock=SystemClock()):
        pass

migrate.FOLDER = pathlib.Path(sys.argv[1])
asyncio.run(main())
"""


class NextVersion:
    """A version of the code that is one step ahead."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._present = migrate.FOLDER
        self._monkeypatch = monkeypatch

    def install(self, *, then: str = "pass") -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self._present, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        (self.folder / "versions" / "9000_mood.py").write_text(NEXT.format(then=then, newest=NEWEST))
        self._monkeypatch.setattr(migrate, "FOLDER", self.folder)

    def remove(self) -> None:
        self._monkeypatch.setattr(migrate, "FOLDER", self._present)


class PreviousVersion:
    """A version of the code from before some of the steps, and databases as it left them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch

    async def leave(self, url: str, *, newest: str, rows: Sequence[dict[str, Any]]) -> None:
        """A database at step `newest` with these rows of table `job`."""
        shutil.copytree(migrate.FOLDER, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        for step in (self.folder / "versions").glob("[0-9]*.py"):
            if step.name[:4] > newest:
                step.unlink()
        with self._monkeypatch.context() as patched:
            patched.setattr(migrate, "FOLDER", self.folder)
            await _migrated(url)
        database = connect(make_url(url))
        async with database.writing() as connection:
            for row in rows:
                job_id = (await connection.execute(insert(jobs).values(row).returning(jobs.c.id))).scalar_one()
                line = {"job_id": job_id, "at": NOON, "before": None, "after": row["state"], "detail": ""}
                await connection.execute(insert(job_events).values(line))
        await database.close()


@pytest.fixture
def previous_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PreviousVersion:
    return PreviousVersion(tmp_path / "previous", monkeypatch)


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NextVersion:
    return NextVersion(tmp_path / "migrations", monkeypatch)


async def _migrated(url: str) -> None:
    async with open_store(url, clock=SetClock()):
        pass


async def _with_a_job(url: str) -> Job:
    async with open_store(url, clock=SetClock()) as store:
        return await store.add(an_order(), NOON)


def _schema(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sql.replace("(\n", "( ").split()) for name, sql in rows if name != "alembic_version"}


def test_released_steps_are_never_edited() -> None:
    files = sorted((migrate.FOLDER / "versions").glob("[0-9]*.py"))
    assert [file.name for file in files] == sorted([*RELEASED, *COMING])
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    assert {name: hashes[name] for name in RELEASED} == RELEASED


async def test_the_migrated_tables_are_those_of_the_code(url: str) -> None:
    await _migrated(url)

    def differences(connection: Connection) -> Sequence[Any]:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    database = connect(make_url(url))
    async with database.reading() as connection:
        found = await connection.run_sync(differences)
    await database.close()
    assert found == []


@pytest.mark.heavy
async def test_the_migrated_schema_is_the_codes_to_the_letter(sqlite_url: str, path: Path, tmp_path: Path) -> None:
    """Checks and the conditions of partial indexes too, which the comparison above does not see."""
    await _migrated(sqlite_url)
    engine = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    metadata.create_all(engine)
    engine.dispose()
    migrated, fresh = _schema(path), _schema(tmp_path / "fresh.db")
    assert migrated.keys() == fresh.keys()
    for name, sql in fresh.items():
        assert sorted(_parts(migrated[name])) == sorted(_parts(sql)), name


def _parts(sql: str) -> list[str]:
    """The pieces of a definition, whatever their order and quoting."""
    return [part.strip(" ()\t").replace('"', "") for part in sql.replace("job.", "").split(", ")]


async def test_a_database_of_an_older_version_is_backed_up_and_migrated(
    sqlite_url: str, path: Path, next_version: NextVersion, caplog: pytest.LogCaptureFixture
) -> None:
    job = await _with_a_job(sqlite_url)
    next_version.install()
    assert f"revision {NEWEST}; the bot will migrate it to 9000" in await describe(sqlite_url)
    caplog.set_level(logging.INFO, "bot.store")
    async with open_store(sqlite_url, clock=SetClock(datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC))) as store:
        assert await store.get(job.id) == job
    backup = path.with_name(f"compose.db.{NEWEST}.20260506T070809Z.backup")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert str(backup) in caplog.text
    assert {"mood"} == _schema(path).keys() - _schema(backup).keys()
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEWEST,)]
        assert connection.execute("SELECT lyrics FROM job").fetchall() == [(job.lyrics,)]


async def test_a_backup_put_back_in_its_place_opens(sqlite_url: str, path: Path, next_version: NextVersion) -> None:
    job = await _with_a_job(sqlite_url)
    next_version.install()
    await _migrated(sqlite_url)
    next_version.remove()
    (backup,) = path.parent.glob("*.backup")
    shutil.copy(backup, path)
    async with open_store(sqlite_url, clock=SetClock()) as store:
        assert await store.get(job.id) == job


async def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(
    url: str, path: Path, next_version: NextVersion
) -> None:
    next_version.install()
    await _migrated(url)
    before = path.read_bytes() if path.exists() else b""
    next_version.remove()
    for attempt in (describe(url), _migrated(url)):
        newer = rf"newer version of Compose \(revision 9000, this one knows up to {NEWEST}\)"
        with pytest.raises(StartError, match=newer):
            await attempt
    assert (path.read_bytes() if path.exists() else b"") == before


async def test_a_new_database_is_not_backed_up(sqlite_url: str, path: Path) -> None:
    await _migrated(sqlite_url)
    assert list(path.parent.glob("*.backup")) == []


async def test_a_step_that_fails_leaves_the_database_and_no_backup(
    url: str, path: Path, next_version: NextVersion
) -> None:
    job = await _with_a_job(url)
    next_version.install(then="op.execute('INSERT INTO nowhere VALUES (1)')")
    for _ in range(2):
        with pytest.raises(StartError):
            await _migrated(url)
    assert list(path.parent.glob("*.backup*")) == []
    next_version.remove()
    assert f"revision {NEWEST} (up to date)" in await describe(url)
    if path.exists():
        assert "mood" not in _schema(path)
    async with open_store(url, clock=SetClock()) as store:
        assert await store.get(job.id) == job


async def test_a_process_killed_within_a_step_leaves_the_database_at_the_step_before(
    sqlite_url: str, path: Path, next_version: NextVersion
) -> None:
    job = await _with_a_job(sqlite_url)
    next_version.install(then="os.kill(os.getpid(), signal.SIGKILL)")
    code, _, errors = await processes.run(MIGRATING, next_version.folder, sqlite_url)
    assert code == -9, errors
    next_version.remove()
    async with open_store(sqlite_url, clock=SetClock()) as store:
        assert await store.get(job.id) == job
    assert "mood" not in _schema(path)


async def test_a_step_that_breaks_the_history_is_taken_back(sqlite_url: str, next_version: NextVersion) -> None:
    job = await _with_a_job(sqlite_url)
    next_version.install(then="op.execute('DELETE FROM job')")
    with pytest.raises(RuntimeError, match="1 rows without their job"):
        await _migrated(sqlite_url)
    next_version.remove()
    async with open_store(sqlite_url, clock=SetClock()) as store:
        assert await store.get(job.id) == job
        assert len(await store.history(job.id)) == 1


async def _bytes_held(store: SqlJobStore) -> int:
    async with store.database.reading() as connection:
        return int((await connection.execute(select(func.sum(jobs.c.reference_copy_bytes)))).scalar_one())


def _row_of_0001(number: int, state: JobState) -> dict[str, Any]:
    """A row as revision 0001 wrote it: no column of a later one is named."""
    order = columns_of_order(an_order(number), key=f"{number:016x}", now=NOON)
    later = {"provider", "model", "style", "price_micros", "bot_is_member", "reference_copy_bytes"}
    row = {name: value for name, value in order.items() if name not in later} | {"state": state}
    if state in {JobState.SUBMITTING, JobState.UNKNOWN, JobState.GENERATING, JobState.READY, JobState.DELIVERING}:
        row |= {"attempt": 1, "submit_started_at": NOON}
    if state in {JobState.GENERATING, JobState.READY, JobState.DELIVERING}:
        row |= {"generation_id": f"gen-{number}:minimax-music", "accepted_at": NOON, "deadline_at": NOON}
    return row


@pytest.mark.heavy
async def test_every_song_in_flight_gets_the_present_service(new_url: str, previous_version: PreviousVersion) -> None:
    rows = [_row_of_0001(number, state) for number, state in enumerate(JobState, start=1)]
    await previous_version.leave(new_url, newest="0001", rows=rows)
    assert f"revision 0001; the bot will migrate it to {NEWEST}" in await describe(new_url)
    traits = TRAITS["minimax-music"]
    async with open_store(new_url, clock=SetClock()) as store:
        for job_id, row in enumerate(rows, start=1):
            job = await store.get(job_id)
            assert job is not None
            assert job.answered_at == job.created_at  # nobody kept whether it was; it must not wait for ever
            assert (job.provider, job.model, job.style, job.price_micros) == ("aiml", traits.model, None, 37_000)
            assert (job.state, job.lyrics, job.generation_id) == (
                row["state"],
                row["lyrics"],
                row.get("generation_id"),
            )
            assert len(await store.history(job.id)) == 1
        # a song that is being fetched counts as large as it was attached, one that has no copy as nothing
        assert await _bytes_held(store) == 4_000_000
        # what is ordered from now on is what its order says
        later = await store.add(an_order(99, model="acestep", style="folk", price_micros=0), NOON)
        assert (later.model, later.style, later.price_micros) == ("acestep", "folk", 0)
        assert await store.get(later.id) == later
        generating = await store.get(1 + list(JobState).index(JobState.GENERATING))
        assert generating is not None
        moved = await store.move(generating, JobState.READY, NOON)
        assert moved is not None
        assert moved.model == traits.model


async def test_every_song_in_flight_gets_its_hold(new_url: str, previous_version: PreviousVersion) -> None:
    rows = [_row_of_0001(number, state) for number, state in enumerate(JobState, start=1)]
    await previous_version.leave(new_url, newest="0001", rows=rows)
    held = {JobState.CHECKING, JobState.QUEUED, JobState.SUBMITTING}
    spent = {JobState.GENERATING, JobState.READY, JobState.DELIVERING}
    async with open_store(new_url, clock=SetClock()) as store:
        async with store.database.reading() as connection:
            found = (await connection.execute(select(charges).order_by(charges.c.id))).mappings().all()
        kinds: dict[JobState, list[str]] = {}
        for line in found:
            kinds.setdefault(rows[line["job_id"] - 1]["state"], []).append(line["kind"])
        assert kinds == {
            **{state: ["held"] for state in held},
            **{state: ["held", "spent"] for state in spent},
            JobState.UNKNOWN: ["held", "unknown"],
        }
        asked = PlaceRequest(member_id=77, guild_id=5, price_micros=1)
        _, usage = await store.standing_of(asked, NOON, Terms(member_per_day=99, budget_per_day_micros=10**9))
        assert (usage.member.count, usage.live) == (7, 6)
        money = (usage.money.held, usage.money.day, usage.money.month)
        assert money == (3 * 37_000, 4 * 37_000, 4 * 37_000)
        # and what is done with them next finds its lines
        queued = await store.get(1 + list(JobState).index(JobState.QUEUED))
        assert queued is not None
        assert isinstance(await store.begin_attempt(queued, NOON), Job)
        unknown = await store.get(1 + list(JobState).index(JobState.UNKNOWN))
        assert unknown is not None
        assert await store.resolve_submission(unknown.id, 1, "gen-found", NOON, NOON) is not None
        _, usage = await store.standing_of(asked, NOON, Terms(budget_per_day_micros=10**9))
        assert (usage.money.held, usage.money.day) == money[:2]


async def test_figures_of_songs_under_way_read_live_ones_alone(new_url: str, previous_version: PreviousVersion) -> None:
    row = {**columns_of_order(an_order(), key="0" * 16, now=NOON), "state": JobState.CHECKING}
    await previous_version.leave(new_url, newest="0008", rows=[row])
    async with open_store(new_url, clock=SetClock()) as store:
        async with store.database.reading() as connection:
            indexes = await connection.run_sync(lambda bound: inspect(bound).get_indexes("job"))
        assert "job_live_of_model" in {index["name"] for index in indexes}
        assert [(found.model, found.songs) for found in (await store.figures(NOON)).under_way] == [("minimax-music", 1)]


def _newest(whose: Any) -> Select[Any]:
    return select(places.c.at).where(whose, is_counted, places.c.at > NOON).order_by(places.c.at.desc()).limit(5)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (select(jobs.c.id).where(is_unfinished).order_by(jobs.c.id), "job_to_look_at"),
        (select(jobs).where(is_live, jobs.c.guild_id == 1).order_by(jobs.c.id), "job_live"),
        (select(jobs).where(is_resting, jobs.c.moved_at < NOON).order_by(jobs.c.moved_at).limit(9), "job_resting"),
        (select(jobs.c.ready_at).where(jobs.c.ready_at.is_not(None)).order_by(jobs.c.ready_at.desc()), "job_ready"),
        (select(func.count()).where(jobs.c.state.in_(["queued"]), jobs.c.id < 9), "job_by_state"),
        (select(jobs).where(jobs.c.member_id == 1).order_by(jobs.c.id.desc()), "job_by_member"),
        (select(func.count()).where(jobs.c.member_id == 1, is_live), "job_live_of_member"),
        (select(jobs.c.id).where(jobs.c.again_of == 1, jobs.c.again_of.is_not(None)), "job_again"),
        (select(charges).where(charges.c.job_id == 1).order_by(charges.c.id), "charge_by_job"),
        (select(charges.c.id).where(charges.c.member_id == 1, charges.c.job_id.is_(None)), "charge_gift"),
        (select(charges.c.id).where(charges.c.at > NOON), "charge_by_time"),
        (_newest(places.c.member_id == 1), "place_of_member"),
        (_newest(places.c.guild_id == 1), "place_of_guild"),
        (select(places.c.id).where(places.c.member_id == 1, places.c.given_at.is_not(None)), "place_given"),
        (select(places.c.id).where(places.c.job_id == 1).order_by(places.c.id.desc()), "place_by_job"),
    ],
)
async def test_every_index_serves_its_question(sqlite_url: str, statement: Select[Any], index: str) -> None:
    """SQLite uses a partial index only where the question repeats its condition."""
    await _migrated(sqlite_url)
    database = connect(make_url(sqlite_url))
    async with database.reading() as connection:
        compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")).all()
    await database.close()
    assert index in str(plan)
