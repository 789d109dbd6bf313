"""Two openers of one database, in any order of any calls: a job never moves twice from one version."""

import asyncio
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule
from sqlalchemy import make_url

from bot.jobs.model import Job, JobState, moves_from
from bot.store.db import open_store
from bot.store.engines import Database, connect
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import NOON, SetClock, an_order, at

LATER = timedelta(minutes=15)


@pytest.fixture(scope="module", autouse=True)
def _empty_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Migrated once; every example works on a copy."""
    TwoProcesses.template = tmp_path_factory.mktemp("template") / "compose.db"

    async def create() -> None:
        async with open_store(f"sqlite+aiosqlite:///{TwoProcesses.template}", clock=SetClock()):
            pass

    asyncio.run(create())


class TwoProcesses(RuleBasedStateMachine):
    """What each opener has seen of a job may be old; the row decides."""

    template: Path
    seen: Bundle[Job] = Bundle("seen")
    opener = st.sampled_from([0, 1])

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name, "compose.db")
        shutil.copy(self.template, path)
        self.runner = asyncio.Runner()
        self.databases: list[Database] = [connect(make_url(f"sqlite+aiosqlite:///{path}")) for _ in range(2)]
        self.stores = [SqlJobStore(database) for database in self.databases]
        self.rows: dict[int, Job] = {}
        self.lines: dict[int, int] = {}

    @rule(target=seen, opener=opener)
    def add(self, opener: int) -> Job:
        job = self.runner.run(self.stores[opener].add(an_order(len(self.lines) + 1), NOON))
        self.rows[job.id], self.lines[job.id] = job, 1
        return job

    @rule(target=seen, opener=opener, old=seen)
    def look(self, opener: int, old: Job) -> Job:
        now = self.runner.run(self.stores[opener].get(old.id))
        assert now == self.rows.get(old.id)
        return now or old

    @rule(target=seen, opener=opener, job=seen, data=st.data())
    def move(self, opener: int, job: Job, data: st.DataObject) -> Job:
        ways = sorted(moves_from(job.state))
        if not ways:
            return job
        after = data.draw(st.sampled_from(ways))
        attempt = job.attempt + (after is JobState.SUBMITTING)
        moved = self.runner.run(self.stores[opener].move(job, after, at(self.lines[job.id]), attempt=attempt))
        row = self.rows.get(job.id)
        is_present = row is not None and (row.state, row.version) == (job.state, job.version)
        assert (moved is not None) == is_present
        if moved is None:
            return job
        assert (moved.state, moved.version, moved.attempt) == (after, job.version + 1, attempt)
        self.rows[job.id] = moved
        self.lines[job.id] += 1
        return moved

    @rule(target=seen, opener=opener, job=seen)
    def settle(self, opener: int, job: Job) -> Job:
        """The answer to the attempt that this opener saw, however late."""
        answer = f"gen-{job.id}-{job.attempt}"
        settled = self.runner.run(
            self.stores[opener].resolve_submission(job.id, job.attempt, answer, NOON, NOON + LATER)
        )
        row = self.rows.get(job.id)
        if row is None:
            assert settled is None
            return job
        if row.attempt == job.attempt and row.state in {JobState.SUBMITTING, JobState.UNKNOWN}:
            assert settled is not None
            assert (settled.state, settled.version) == (JobState.GENERATING, row.version + 1)
            self.rows[job.id] = settled
        elif (row.state, row.attempt, row.generation_id) == (JobState.GENERATING, job.attempt, answer):
            assert settled == row
            return row
        else:
            assert settled is None
        self.lines[job.id] += 1
        return settled or job

    @rule(opener=opener, job=seen, message_id=st.integers(1, 2**62))
    def note(self, opener: int, job: Job, message_id: int) -> None:
        noted = self.runner.run(self.stores[opener].update(job.id, card_message_id=message_id))
        if noted is not None:
            self.rows[job.id] = noted
            assert noted.card_message_id == message_id

    @rule(opener=opener, job=seen)
    def forget(self, opener: int, job: Job) -> None:
        assert self.runner.run(self.stores[opener].delete(job.id)) == (self.rows.pop(job.id, None) is not None)

    def teardown(self) -> None:
        for store in self.stores:
            for job_id, row in self.rows.items():
                assert self.runner.run(store.get(job_id)) == row
                lines = self.runner.run(store.history(job_id))
                assert len(lines) == self.lines[job_id]
                assert lines[-1].after is row.state
            assert sum(self.runner.run(store.tally()).by_state.values()) == len(self.rows)
        for database in self.databases:
            self.runner.run(database.close())
        self.runner.close()
        self.folder.cleanup()


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(
    max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.heavy
async def test_of_two_openers_moving_the_same_job_at_once_one_wins_every_time(url: str) -> None:
    async with open_store(url, clock=SetClock()) as here:
        elsewhere_database = connect(make_url(url))
        elsewhere = SqlJobStore(elsewhere_database)
        for number in range(1, 11):
            job = await here.add(an_order(number), NOON)
            ways = [JobState.QUEUED, JobState.CANCELLED] * 5
            racers = [store.move(job, way, at(1)) for way in ways for store in (here, elsewhere)]
            winners = [moved for moved in await asyncio.gather(*racers) if moved is not None]
            assert winners == [await elsewhere.get(job.id)]
            assert len(await here.history(job.id)) == 2
        await elsewhere_database.close()


@pytest.mark.heavy
async def test_of_two_openers_taking_the_same_interaction_one_makes_the_job(url: str) -> None:
    async with open_store(url, clock=SetClock()) as here:
        elsewhere_database = connect(make_url(url))
        elsewhere = SqlJobStore(elsewhere_database)
        for number in range(1, 11):
            takers = [store.add(an_order(number), NOON) for store in (here, elsewhere) * 3]
            results = await asyncio.gather(*takers, return_exceptions=True)
            (made,) = [result for result in results if isinstance(result, Job)]
            assert {result.job_id for result in results if isinstance(result, Exception)} == {made.id}
        await elsewhere_database.close()
