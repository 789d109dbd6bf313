import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import SetClock
from tests.bot.store.postgresql import MISSING, PostgresqlServer, postgresql_server
from tests.client_kit import migrated


@pytest.fixture(scope="session")
def postgresql() -> Generator[PostgresqlServer]:
    if MISSING:
        pytest.skip(f"PostgreSQL is not tested here: {' and '.join(MISSING)} not installed")
    # not in pytest's own folder: as root the server drops to another user, and pytest closes its folder to all others
    with tempfile.TemporaryDirectory(prefix="compose-postgresql-") as folder, postgresql_server(Path(folder)) as server:
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
async def url(request: pytest.FixtureRequest, sqlite_url: str, path: Path) -> str:
    """A database of each kind with the tables; a copy, which is quicker than migrating again."""
    if request.param == "sqlite":
        shutil.copy(await migrated(SystemClock()), path)
        return sqlite_url
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return await server.migrated_database()


@pytest.fixture(params=KINDS)
async def new_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """A database of each kind that nobody has opened."""
    if request.param == "sqlite":
        return sqlite_url
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return await server.empty_database()


@pytest.fixture
async def store(url: str) -> AsyncGenerator[SqlJobStore]:
    async with open_store(url, clock=SetClock()) as opened:
        yield opened
