"""The commands as they are typed: where the answer goes, and with which exit code."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.bot.shell.conftest import Place

ROOT = Path(__file__).parents[3]


async def typed(place: Place, *arguments: str) -> tuple[int | None, str, str]:
    settings = {
        "DISCORD_TOKEN": "a.token.of-some-length-that-is-long",
        "GENERATION_API_KEY": "key-0123456789",
        "DATABASE_URL": place.settings.database_url,
        "DATA_DIR": str(place.settings.data_dir),
        "PYTHONPATH": str(ROOT),
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        env=kept | settings,
        cwd=place.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()


@pytest.mark.heavy
async def test_answers_go_where_people_and_scripts_look(sqlite_place: Place) -> None:
    await sqlite_place.filled()
    async with sqlite_place.bot():
        code, out, errors = await typed(sqlite_place, "song", "1", "--json")
        assert (code, json.loads(out)["state"], errors) == (0, "delivered", "")
        code, out, errors = await typed(sqlite_place, "song", "999")
        assert (code, out, errors) == (1, "", "There is no song 999.\n")
        code, out, errors = await typed(sqlite_place, "backup", "copy.tar")
        assert code == 0, errors
        assert (sqlite_place.folder / "copy.tar").stat().st_mode & 0o777 == 0o600
