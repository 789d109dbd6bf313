"""A process that is killed between any two statements leaves whole transactions behind, and nothing else."""

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.jobs.model import JobState
from tests.bot.store import processes

#: One child imports everything once and forks one victim for each place to die at.
AT_EVERY_STATEMENT = """
import asyncio, os, shutil, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from bot.jobs.model import JobState
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import NOON, SetClock, an_order, moved, TO_GENERATING

folder = sys.argv[1]

def url(path):
    return f"sqlite+aiosqlite:///{path}"

async def create(path):
    async with open_store(url(path), clock=SetClock()):
        pass

async def use(path, die_at):
    seen = 0
    def reach(*_):
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
    async with open_store(url(path), clock=SetClock()) as store:
        for name in ("before_cursor_execute", "after_cursor_execute", "commit", "rollback"):
            event.listen(Engine, name, reach)
        job = await store.add(an_order(), NOON)
        job = await moved(store, job, *TO_GENERATING)
        await store.update(job.id, card_message_id=5)
        await store.delete((await moved(store, job, JobState.CANCELLED)).id)

if os.fork() == 0:
    asyncio.run(create(f"{folder}/empty"))
    os._exit(0)
os.wait()
places = 0
while True:
    places += 1
    pid = os.fork()
    if pid == 0:
        shutil.copy(f"{folder}/empty", f"{folder}/{places}.db")
        asyncio.run(use(f"{folder}/{places}.db", places))
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
        break
print(places)
"""

AT_RANDOM_MOMENTS = """
import asyncio, json, sys
from bot.store.db import open_store
from tests.bot.store.orders import NOON, SetClock, an_order, moved, TO_DELIVERED

async def one(store, number):
    job = await store.add(an_order(number), NOON)
    print(json.dumps([job.id, job.version, job.state]), flush=True)
    for state in TO_DELIVERED:
        job = await moved(store, job, state)
        print(json.dumps([job.id, job.version, job.state]), flush=True)

async def main():
    first = int(sys.argv[2])
    async with open_store(sys.argv[1], clock=SetClock()) as store:
        print("[]", flush=True)
        await asyncio.gather(*(one(store, first + number) for number in range(200)))

asyncio.run(main())
"""


def _is_whole(path: Path) -> bool:
    """Whether every row has exactly the history of its moves, and no history lacks its row."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = connection.execute("SELECT id, state, version FROM job").fetchall()
        for job_id, state, version in rows:
            lines = connection.execute("SELECT before, after FROM job_event WHERE job_id = ? ORDER BY id", (job_id,))
            steps = lines.fetchall()
            assert len(steps) == version + 1
            assert steps[0] == (None, "checking")
            assert steps[-1][1] == state
            assert all(steps[n][0] == steps[n - 1][1] for n in range(1, len(steps)))
        orphans = "SELECT count(*) FROM job_event WHERE job_id NOT IN (SELECT id FROM job)"
        return connection.execute(orphans).fetchone() == (0,)


@pytest.mark.slow
async def test_a_kill_between_any_two_statements_leaves_whole_transactions(tmp_path: Path) -> None:
    code, out, errors = await processes.run(AT_EVERY_STATEMENT, tmp_path)
    assert code == 0, errors
    places = int(out)
    assert places > 30, "every statement of eight transactions is a place to die at"
    ends: set[str | None] = set()
    for number in range(1, places + 1):
        path = tmp_path / f"{number}.db"
        assert _is_whole(path)
        with closing(sqlite3.connect(path)) as connection:
            ends |= {state for (state,) in connection.execute("SELECT state FROM job")} or {None}
    assert ends == {
        None,
        JobState.CHECKING,
        JobState.QUEUED,
        JobState.SUBMITTING,
        JobState.GENERATING,
        JobState.CANCELLED,
    }


@pytest.mark.heavy
async def test_what_was_returned_before_a_kill_is_there_after_it(sqlite_url: str, path: Path) -> None:
    rng = random.Random(11)
    told: dict[int, int] = {}
    for first in (1, 10_001):
        with processes.start(AT_RANDOM_MOMENTS, sqlite_url, first) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "[]\n"
            printed = [child.stdout.readline() for _ in range(rng.randrange(250, 500))]
            child.kill()
            # What was printed just before the kill counts too; the last line may be cut.
            printed += [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        for job_id, version, _ in map(json.loads, printed):
            told[job_id] = max(told.get(job_id, 0), version)
        assert _is_whole(path)
        with closing(sqlite3.connect(path)) as connection:
            stored = dict(connection.execute("SELECT id, version FROM job").fetchall())
        assert all(stored[job_id] >= version for job_id, version in told.items())
    assert len(told) >= 250
