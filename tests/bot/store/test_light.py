"""What a start does not load, where it has no use for it."""

import subprocess
import sys

import pytest

from bot.clock import SystemClock
from tests.client_kit import migrated

#: Each for another purpose: migrations, another database, sessions of objects, a server's pages, pictures, voices, the
#: shell's commands, services that nobody here asks, misspelt names.
_NOT_NEEDED = (
    "alembic",
    "mako",
    "asyncpg",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.ext.asyncio.session",
    "aiohttp.web",
    "PIL",
    "av",
    "numpy",
    "nacl",
    "bot.check",
    "bot.shell.commands",
    "tarfile",
    "bot.generation.acestep.client",
    "bot.generation.fal.client",
    "difflib",
)
_START = """
import asyncio, pathlib, sys, tempfile
import bot.__main__, cogs.admin, cogs.compose, cogs.moderation, cogs.owner, cogs.tracks
from bot.clock import SystemClock
from bot.store.db import open_store

async def start(url):
    async with open_store(url, clock=SystemClock()) as store:
        await store.tally()

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "compose.db"
    path.write_bytes(pathlib.Path(sys.argv[1]).read_bytes())
    asyncio.run(start(f"sqlite+aiosqlite:///{path}"))
print([name for name in sys.argv[2:] if name in sys.modules])
"""


@pytest.mark.heavy
async def test_an_idle_bot_on_sqlite_loads_nothing_that_it_has_no_use_for() -> None:
    migrated_file = await migrated(SystemClock())
    assert _said(_START, str(migrated_file), *_NOT_NEEDED) == "[]"


@pytest.mark.heavy
def test_a_session_of_the_orm_is_there_for_whoever_asks_for_one() -> None:
    asked = "import bot.store, sqlalchemy.ext.asyncio as package; print(package.AsyncSession.__name__, package.no_such)"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert "has no attribute 'no_such'" in found.stderr
    assert _said(asked.partition(", package.no_such")[0] + ")") == "AsyncSession"


def _said(code: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
