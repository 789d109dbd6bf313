"""Several processes of the bot on one PostgreSQL: one on the gateway, any number beside it."""

import asyncio
import re
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot import texts
from bot.jobs.model import LIVE, RESTING
from sandbox.bot_process import READY_SECONDS, BotProcess
from sandbox.stage import Stage
from sandbox.transcript import rendered
from tests.bot.store.postgresql import LACKING, PostgresqlServer, postgresql_server
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS, Scenario
from tests.warm_bots import WarmBotProcess

_TRY_AGAIN = texts.text("reason.store_busy").partition(".")[0]


@pytest.fixture(scope="module")
def own_postgresql() -> Generator[PostgresqlServer]:
    if LACKING:
        pytest.skip(f"several processes are not tested here: {' and '.join(LACKING)} not installed")
    with tempfile.TemporaryDirectory(prefix="compose-postgresql-") as folder, postgresql_server(Path(folder)) as server:
        yield server


class Several:
    """A scenario whose bot has company."""

    def __init__(self, scenario: Scenario, url: str, stack: AsyncExitStack) -> None:
        self.scenario = scenario
        self.url = url
        self.stage: Stage = scenario.stage
        self._stack = stack
        self._engine = create_async_engine(make_url(url).difference_update_query(["sslmode"]), poolclass=NullPool)
        self.workers: list[BotProcess] = []

    async def worker(self, *arguments: str, ready: bool = True, prelude: str = "", **settings: str) -> BotProcess:
        """One more process, once it works; `arguments` in place of `worker`. `prelude`: of `BotProcess`."""
        number = len(self.workers) + 1
        process = WarmBotProcess(
            self.scenario.folder / f"worker-{number}",
            {**self.stage.bot.settings, "DATABASE_URL": self.url, **settings},
            arguments=arguments or ("worker",),
            prelude=prelude,
        )
        self.workers.append(process)
        await self._stack.enter_async_context(process)
        if ready:
            await until_it_says(process, "jobs are driven")
        return process

    async def order(self, title: str) -> None:
        """Order a song and wait until it is taken: a burst on a busy machine would be told to try again.

        Who stands still within a transaction may keep the database from orders for a while: then it is ordered again.
        """
        before = len(await self.states())
        asked = await self.scenario.order(title=title)

        async def is_taken() -> bool:
            nonlocal asked
            if any(_TRY_AGAIN in rendered(self.stage.discord, message) for message in asked.messages):
                asked = await self.scenario.order(title=title)
            return len(await self.states()) > before

        await self.until(is_taken)

    async def query(self, sql: str, **values: Any) -> list[Any]:
        async with self._engine.connect() as connection:
            return list(await connection.execute(text(sql), values))

    async def execute(self, sql: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(text(sql))

    async def holders(self) -> dict[str, int]:
        """How many live jobs each process has, by its pid."""
        rows = await self.query(
            "SELECT p.pid, count(*) FROM job j JOIN process p ON p.process_id = j.claimed_by "
            f"WHERE j.state IN ({_listed(LIVE)}) GROUP BY p.pid"
        )
        return {int(pid): count for pid, count in rows}

    async def of_worker_at(self, number: int, state: str) -> list[int]:
        """Songs in this state that a worker works on."""
        rows = await self.query(
            "SELECT j.id FROM job j JOIN process p ON p.process_id = j.claimed_by "
            "WHERE p.pid = :pid AND j.state = :state",
            pid=self.workers[number].pid,
            state=state,
        )
        return [row[0] for row in rows]

    async def all_are_made(self) -> bool:
        """Whether every song is being made."""
        return set(await self.states()) == {"generating"}

    def finish_all(self) -> None:
        """The music service, which took for ever until now, has finished what it makes."""
        self.stage.generation.change(generating_seconds=0)

    async def states(self) -> list[str]:
        return [row[0] for row in await self.query("SELECT state FROM job ORDER BY id")]

    async def until(self, there: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait for what a coroutine function says to be true."""
        async with asyncio.timeout(seconds):
            while not (found := await there()):  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(0.05)
        return found

    async def rest(self) -> None:
        """Wait until every job rests and its member knows."""
        unrested = f"state NOT IN ({_listed(RESTING)}) OR told IS NULL OR told <> state"

        async def is_at_rest() -> bool:
            return (await self.query(f"SELECT count(*) FROM job WHERE {unrested}"))[0][0] == 0

        try:
            await self.until(is_at_rest)
        except TimeoutError:
            held = await self.query(f"SELECT id, state, told, claimed_by FROM job WHERE {unrested}")
            locks = await self.query(
                "SELECT pid, state, wait_event, now() - xact_start, left(query, 120) FROM pg_stat_activity "
                "WHERE datname = current_database() AND xact_start IS NOT NULL"
            )
            log = self.stage.bot.log[-4000:]
            raise AssertionError(f"jobs do not come to rest: {held}; transactions: {locks}; log:\n{log}") from None

    async def moves_of(self, job_id: int) -> list[str]:
        return [
            row[0]
            for row in await self.query("SELECT after FROM job_event WHERE job_id = :job ORDER BY id", job=job_id)
        ]


async def until_it_says(process: BotProcess, words: str) -> None:
    """Raises AssertionError with its log when it ends without."""
    async with asyncio.timeout(READY_SECONDS):
        while words not in process.log:
            assert process.is_running, process.log[-3000:]
            await asyncio.sleep(0.05)


def pause(process: BotProcess) -> None:
    process.send_signal(signal.SIGSTOP)


def go_on(process: BotProcess) -> None:
    process.send_signal(signal.SIGCONT)


@pytest.fixture
def open_several(own_postgresql: PostgresqlServer, open_scenario: OpenScenario, tmp_path: Path) -> Any:
    """`async with open_several(workers=2, GENERATION_CONCURRENCY="5") as it`."""

    @asynccontextmanager
    async def opened(
        workers: int = 0, api: dict[str, Any] | None = None, url: str = "", **settings: str
    ) -> AsyncIterator[Several]:
        url = url or await own_postgresql.migrated_database()
        mine = {"DATA_DIR": str(tmp_path / "shared"), **settings}
        async with AsyncExitStack() as stack:
            scenario = await stack.enter_async_context(open_scenario(api=api, DATABASE_URL=url, **mine))
            several = Several(scenario, url, stack)
            stack.push_async_callback(several._engine.dispose)
            await until_it_says(scenario.stage.bot, "jobs are driven")
            for _ in range(workers):
                await several.worker(**mine)
            yield several

    return opened


async def health(process: BotProcess, path: str = "healthz") -> tuple[int, str]:
    """Status and body, of a process with HEALTH_PORT=0: whichever port it got, nobody else has it."""
    address = re.findall(r"health at (http://127\.0\.0\.1:[0-9]+)/", process.log)[-1]
    async with aiohttp.ClientSession() as session, session.get(f"{address}/{path}") as answer:
        return answer.status, await answer.text()


def _listed(states: Any) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))
