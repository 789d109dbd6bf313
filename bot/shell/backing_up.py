"""`backup`: database, references and tracks as they belong together, beside a running bot or without one."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import __version__
from bot.clock import Clock
from bot.errors import StartError
from bot.jobs.files import JobFiles
from bot.settings import Settings
from bot.shell import archive
from bot.shell.answer import CommandOutput
from bot.store import backups
from bot.store.backups import NamedFile
from bot.store.beside import open_beside
from bot.store.copying import snapshot
from bot.store.jobs import SqlJobStore
from bot.store.migrate import newest


async def back_up(settings: Settings, clock: Clock, to: Path | None) -> CommandOutput:
    """Write a backup to `to`, else into DATA_DIR/backups. Raises StartError, StoreError."""
    now = clock.now()
    place = (to or settings.data_dir / "backups" / f"compose-{now:%Y%m%dT%H%M%SZ}.tar").absolute()
    async with open_beside(settings.database_url) as store:
        values = await _write(settings, store, place, now)
    kept, missing = values["files"], values["missing"]
    text = f"{place}: {values['songs']} songs, {kept} references and tracks, {values['bytes'] / 1e6:.1f} MB."
    if missing:
        text += f"\n{missing} files that songs name are not in DATA_DIR any more; the backup no longer names them."
    text += "\nIt holds lyrics and songs of your members: keep it closed, and no longer than RETENTION_DAYS."
    return CommandOutput(text=text, values={"backup": str(place), **values})


async def _write(settings: Settings, store: SqlJobStore, place: Path, now: datetime) -> dict[str, Any]:
    with archive.new_place(place) as part:
        database = part / archive.DATABASE
        await snapshot(settings.database_url, database)
        files = await asyncio.to_thread(backups.named_files, database)
        missing = await asyncio.to_thread(_copy, files, JobFiles(settings.data_dir), part)
        # the database was first: what it named and is gone since was deleted meanwhile, and stays so
        asked = {file.job_id for file in missing}
        deleted = asked - await store.known_ids(asked)
        await asyncio.to_thread(backups.leave_out, database, deleted, missing)
        songs = await asyncio.to_thread(backups.rows_of, database)
        about = {"version": __version__, "revision": newest(), "made_at": now.isoformat(), "songs": songs}
        size = await asyncio.to_thread(archive.seal, part, about)
    lost = [file for file in missing if file.job_id not in deleted]
    return {
        "made_at": now.isoformat(),
        "revision": newest(),
        "songs": songs,
        "files": len(files) - len(missing),
        "missing": len(lost),
        "bytes": size,
    }


def _copy(files: Sequence[NamedFile], kept: JobFiles, place: Path) -> list[NamedFile]:
    """Copy what is named; what was not there."""
    paths = {"references": kept.reference_path, "tracks": kept.track_path}
    try:
        return [file for file in files if not archive.add_file(paths[file.folder](file.name), place, file.folder)]
    except OSError as error:
        raise StartError(f"{error.filename} cannot be copied ({error.strerror}). No backup was written.") from None
