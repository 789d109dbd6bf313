from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import SetClock
from tests.bot.store.postgresql import MISSING, PostgresqlServer, postgresql_server


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Generator[PostgresqlServer]:
    if MISSING:
        pytest.skip(f"PostgreSQL is not tested here: {' and '.join(MISSING)} not installed")
    with postgresql_server(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "compose.db"


@pytest.fixture
def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


#: Without a server the whole suite runs on SQLite alone, and one test says so.
KINDS = ["sqlite"] if MISSING else ["sqlite", "postgresql"]


@pytest.fixture(params=KINDS)
async def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """A database of each kind; SQLite's is created by the first opener, PostgreSQL's is a copy of a migrated one."""
    if request.param == "sqlite":
        return sqlite_url
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return await server.migrated_database()


@pytest.fixture
async def store(url: str) -> AsyncGenerator[SqlJobStore]:
    async with open_store(url, clock=SetClock()) as opened:
        yield opened
