"""DATA_DIR at the start: its folders, and what killed processes left in them."""

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.clock import Clock
from bot.disk import advice_for
from bot.download import remove_leftovers
from bot.errors import StartError
from bot.jobs.files import JobFiles

#: Nobody works on one file for so long.
_OLD = timedelta(days=1)


async def prepare_files(folder: Path) -> JobFiles:
    """The folders, made where they are not there. Raises StartError."""
    files = JobFiles(folder)
    try:
        await asyncio.to_thread(files.prepare)
    except (FileExistsError, NotADirectoryError):
        raise StartError(f"DATA_DIR {folder}: a file stands where a folder is needed. Name another.") from None
    except OSError as error:
        raise StartError(f"DATA_DIR {folder}: {error.strerror}. {advice_for(error)}.") from error
    return files


async def clear_leftovers(files: JobFiles, clock: Clock | None = None) -> None:
    """Remove what was left half done; with a clock only what is old, for others may work there. Raises StartError."""
    before = None if clock is None else clock.now() - _OLD
    try:
        await asyncio.to_thread(files.empty_work, before)
        for folder in files.folders:
            await asyncio.to_thread(remove_leftovers, folder, before)
    except OSError as error:
        raise StartError(f"DATA_DIR: {error.filename}: {error.strerror}. {advice_for(error)}.") from error
