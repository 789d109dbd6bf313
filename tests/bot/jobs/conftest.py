import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.store.db import open_store
from tests.bot.jobs.kit import Kit, opened_store
from tests.moved_clock import MovedClock


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database, to be copied."""
    path = tmp_path_factory.mktemp("template") / "compose.db"

    async def create() -> None:
        async with open_store(f"sqlite+aiosqlite:///{path}", clock=MovedClock()):
            pass

    asyncio.run(create())
    return path


@pytest.fixture
async def kit(tmp_path: Path, template: Path) -> AsyncGenerator[Kit]:
    async with opened_store(tmp_path, template) as store:
        kit = Kit(store, tmp_path / "data")
        yield kit
        await kit.supervisor.stop()
