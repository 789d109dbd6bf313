"""Where a job's own copies lie: its reference and its track, two folders beside the database."""

import asyncio
import re
import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from bot.disk import make_private, reaching, warn_if_open
from bot.jobs.model import Job

#: See `own_stem`.
_OWN = re.compile(r"([0-9]{1,18})-[0-9a-f]{16}")


class JobFiles:
    """Names and removes the copies; the rows hold file names, never paths, so that the folder can move."""

    def __init__(self, folder: Path) -> None:
        """`folder`: DATA_DIR; whoever works on the database works in it."""
        self._folder = folder.absolute()
        self._references = self._folder / "references"
        self._tracks = self._folder / "tracks"
        self.work = self._folder / "work"
        """For files that live for the length of one step; emptied at every start."""

    @property
    def folders(self) -> tuple[Path, Path]:
        """Where references and tracks lie."""
        return self._references, self._tracks

    def prepare(self) -> None:
        """Create the folders, readable by this user alone, and close those that are there. Raises OSError.

        DATA_DIR itself may hold other things, for other people: if it stood open before, that is told and left.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        warn_if_open(self._folder)
        for folder in (self._references, self._tracks, self.work):
            make_private(folder)

    def empty_work(self, before: datetime | None = None) -> None:
        """Delete what steps of a killed process left. While one runs, only what is older than anything it works on."""
        for path in self.work.iterdir():
            if before is None or path.stat().st_mtime < before.timestamp():
                shutil.rmtree(path, ignore_errors=True)

    def reference_path(self, name: str) -> Path:
        """Where a reference copy of that name lies or will lie."""
        return self._references / Path(name).name

    def track_path(self, name: str) -> Path:
        """Where a track copy of that name lies or will lie."""
        return self._tracks / Path(name).name

    def reference(self, job: Job) -> Path | None:
        """The job's reference copy, if it was kept and is still there. Raises DiskError when nobody can tell."""
        name = job.reference.copy_name
        return _existing(self.reference_path(name)) if name else None

    def track(self, job: Job) -> Path | None:
        """The job's track copy, if it was fetched and is still there. Raises DiskError when nobody can tell."""
        name = job.track.copy_name if job.track else None
        return _existing(self.track_path(name)) if name else None

    async def remove(self, job: Job) -> None:
        """Delete the job's copies, those included that its row never came to name; files already gone are fine.

        Raises DiskError.
        """
        with reaching("a copy cannot be removed"):
            await asyncio.to_thread(self._remove, job)

    async def job_ids_of_copies(self, before: datetime) -> frozenset[int]:
        """Whose copies lie here that were written before then. Raises DiskError."""
        with reaching("the copies cannot be looked at"):
            return await asyncio.to_thread(self._job_ids, before)

    async def remove_of_jobs(self, job_ids: Collection[int]) -> int:
        """Delete all copies of jobs that are gone; how many. Raises DiskError."""
        with reaching("a copy cannot be removed"):
            return await asyncio.to_thread(self._remove_of_jobs, job_ids)

    def _job_ids(self, before: datetime) -> frozenset[int]:
        old = (
            path
            for folder in self.folders
            for path in folder.iterdir()
            if path.is_file() and path.stat().st_mtime < before.timestamp()
        )
        return frozenset(job_id for path in old if (job_id := _job_id_in(path)) is not None)

    def _remove_of_jobs(self, job_ids: Collection[int]) -> int:
        gone = [path for folder in self.folders for path in folder.iterdir() if _job_id_in(path) in job_ids]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    async def remove_reference(self, job: Job) -> None:
        """Delete the copies of the job's reference, those included that its row never came to name.

        Raises DiskError.
        """
        with reaching("a copy cannot be removed"):
            await asyncio.to_thread(self._remove_reference, job)

    def _remove_reference(self, job: Job) -> None:
        named = self.reference(job)
        for path in {*self._references.glob(f"{own_stem(job)}*"), *([named] if named else [])}:
            path.unlink(missing_ok=True)

    def _remove(self, job: Job) -> None:
        own = f"{own_stem(job)}*"
        named = [path for path in (self.reference(job), self.track(job)) if path is not None]
        for path in [*named, *self._references.glob(own), *self._tracks.glob(own)]:
            path.unlink(missing_ok=True)


def own_stem(job: Job) -> str:
    """What the names of a job's own copies begin with; no other job's do."""
    return f"{job.id}-{job.key}"


def _job_id_in(path: Path) -> int | None:
    """Whose copy a file is by its name, see `own_stem`; None when it is nobody's."""
    found = _OWN.match(path.name)
    return int(found[1]) if found else None


def _existing(path: Path) -> Path | None:
    with reaching("the copies cannot be looked at"):
        if path.is_file():
            return path
        path.parent.stat()  # a folder that is gone, with its disk perhaps, says nothing about the file
    return None
