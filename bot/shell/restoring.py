"""`restore`: a backup in the place of what is there, once all of it was found whole; only while no bot runs."""

import asyncio
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.clock import Clock
from bot.database_address import PostgresqlAddress
from bot.errors import StartError
from bot.settings import Settings
from bot.shell import archive
from bot.shell.answer import CommandOutput
from bot.shell.backing_up import back_up
from bot.store import backups, sqlite_file
from bot.store.beside import owned
from bot.store.copying import into_server, migrate_file
from bot.store.db import address_of, file_of
from bot.store.migrate import newest, refuse_newer

_FOLDERS = ("references", "tracks")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Restored:
    """What was looked through, ready to be put in place."""

    place: Path
    manifest: dict[str, Any]
    songs: int
    doubted: int
    missing: int


async def restore(settings: Settings, clock: Clock, source: Path, *, as_it_was: bool) -> CommandOutput:
    """Check everything, then replace. What was there stays beside it. Raises StartError, StoreError."""
    stamp = f"before-restore-{clock.now():%Y%m%dT%H%M%SZ}"
    async with owned(settings.database_url):
        with _staging(settings.data_dir) as place:
            found = await _looked_through(source, place, as_it_was=as_it_was)
            aside = await _put_in_place(settings, clock, found, stamp)
    text = f"Restored from {source}: {found.songs} songs, as of {found.manifest['made_at']}."
    if found.doubted:
        text += (
            f"\n{found.doubted} songs waited to be sent then. They may have been sent since, so they are not sent "
            "again: the bot asks the music service, else their members."
        )
    if found.missing:
        text += f"\n{found.missing} files that songs name are not in the backup."
    text += f"\nWhat was there before is kept: {', '.join(aside) or 'nothing'}. Delete it when you are content."
    values = {"songs": found.songs, "made_at": found.manifest["made_at"], "doubted": found.doubted, "aside": aside}
    return CommandOutput(text=text, values=values)


async def _looked_through(source: Path, place: Path, *, as_it_was: bool) -> _Restored:
    if not source.exists():
        raise StartError(f"There is no backup at {source}.")
    manifest = await asyncio.to_thread(archive.unpack, source, place)
    database = place / archive.DATABASE
    revision = await asyncio.to_thread(sqlite_file.look_into, database)
    refuse_newer(str(source), revision)
    if revision is None:
        raise StartError(f"{source} is no backup of Compose: its database is empty.")
    if revision != newest():
        await migrate_file(database)
    made_at = _moment(source, manifest)
    files = await asyncio.to_thread(backups.named_files, database)
    missing = [file for file in files if not (place / file.folder / file.name).is_file()]
    return _Restored(
        place=place,
        manifest=manifest,
        songs=await asyncio.to_thread(backups.rows_of, database),
        doubted=0 if as_it_was else await asyncio.to_thread(backups.doubt_what_waited, database, made_at),
        missing=len(missing),
    )


async def _put_in_place(settings: Settings, clock: Clock, found: _Restored, stamp: str) -> list[str]:
    """The database first: should the folders fail, its songs miss files, and no file lacks its song."""
    address = address_of(settings.database_url)
    database = found.place / archive.DATABASE
    if isinstance(address, PostgresqlAddress):
        kept = settings.data_dir.absolute() / "backups" / f"{stamp}.tar"
        await back_up(settings, clock, kept)
        await into_server(database, settings.database_url, replace=True)
        aside = [str(kept)]
    else:
        path = file_of(address)
        old = path.with_name(f"{path.name}.{stamp}")
        aside = [str(old)] if path.exists() else []
        near = path.with_name(f".{path.name}.{stamp}.part")
        await asyncio.to_thread(_move, database, near)
        await asyncio.to_thread(backups.put_in_place, near, path, old)
    return aside + await asyncio.to_thread(_swap_folders, settings.data_dir, found.place, stamp)


def _move(source: Path, to: Path) -> None:
    """Onto another disk too."""
    try:
        shutil.move(source, to)
    except OSError as error:
        raise StartError(f"{to} cannot be written ({error.strerror}). Nothing was changed.") from None


def _swap_folders(data_dir: Path, place: Path, stamp: str) -> list[str]:
    aside: list[str] = []
    try:
        for name in _FOLDERS:
            folder, new = data_dir / name, place / name
            new.mkdir(exist_ok=True, mode=0o700)
            if folder.exists():
                old = folder.with_name(f"{name}.{stamp}")
                folder.rename(old)
                aside.append(str(old))
            new.rename(folder)
    except OSError as error:
        raise StartError(
            f"The database is restored, but {error.filename} is not ({error.strerror}). Put references and tracks "
            f"from the backup into {data_dir} by hand."
        ) from None
    return aside


@contextmanager
def _staging(data_dir: Path) -> Generator[Path]:
    """A folder on the disk where references and tracks will lie; emptied when all is done."""
    place = data_dir / ".restore.part"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
    except OSError as error:
        raise StartError(f"DATA_DIR {data_dir}: {error.strerror}. Make it writable for this user.") from None
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _moment(source: Path, manifest: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(manifest["made_at"])
    except (KeyError, TypeError, ValueError):
        raise StartError(f"{source} is no backup of Compose: it does not say when it was made.") from None
