"""`move-database`: everything into another database, SQLite or PostgreSQL; only while no bot runs on either."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.database_address import PostgresqlAddress, is_postgresql
from bot.errors import SettingsError, StartError
from bot.settings import Settings
from bot.shell.answer import CommandOutput
from bot.store import backups
from bot.store.beside import open_beside, owned
from bot.store.copying import into_server, snapshot
from bot.store.db import address_of, file_of, refuse_unusable


async def move_database(settings: Settings, to: str) -> CommandOutput:
    """Copy all rows; the old database stays as it is. Raises SettingsError, StartError, StoreError."""
    if not is_postgresql(to) and not to.startswith("sqlite+aiosqlite:///"):
        raise SettingsError(["ADDRESS: must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://"])
    refuse_unusable(to)
    source, target = address_of(settings.database_url), address_of(to)
    if source == target:
        raise StartError("That is the database that DATABASE_URL names already. Nothing was changed.")
    async with owned(settings.database_url), owned(to), open_beside(settings.database_url):
        if isinstance(target, PostgresqlAddress):
            songs = await _to_server(settings.database_url, to)
        else:
            songs = await _to_file(settings.database_url, file_of(target))
    text = (
        f"Copied: {songs} songs, with ledger, rules and all that is kept.\n"
        "Now set DATABASE_URL to the new address, try it with `python -m bot check`, and start the bot. The old "
        "database is as it was: delete it when you are content, for it holds lyrics."
    )
    return CommandOutput(text=text, values={"songs": songs})


async def _to_server(source: str, to: str) -> int:
    with TemporaryDirectory(prefix="compose-move-") as folder:  # for this user alone
        copy = Path(folder) / "database.sqlite"
        await snapshot(source, copy)
        counts = await into_server(copy, to, replace=False)
    return counts["job"]


async def _to_file(source: str, path: Path) -> int:
    if path.exists():
        raise StartError(f"{path} is there already. Name a file that is not.")
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        await snapshot(source, part)
        songs = await asyncio.to_thread(backups.rows_of, part)
        part.rename(path)
    except OSError as error:
        raise StartError(f"{path} cannot be written ({error.strerror}). Name another place.") from None
    finally:
        part.unlink(missing_ok=True)
    return songs
