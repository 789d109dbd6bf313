"""The database inside a backup: which files it names, and what is put right in it; a file that nobody has open.

Everything here blocks and is called in a thread.
"""

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.store.sqlite_file import connected, told

#: What a song that waited is said to have gone through, in its history.
_WHY = "restored from a backup: it may have been sent since"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A copy that a song's row names."""

    job_id: int
    folder: str  #: `references` or `tracks`
    name: str


#: By the folder: which files are named there, and how one is named no longer.
_NAMED = {
    "references": "SELECT id, reference_copy_name FROM job WHERE reference_copy_name IS NOT NULL",
    "tracks": "SELECT id, track_copy_name FROM job WHERE track_copy_name IS NOT NULL",
}
_UNNAME = {
    "references": "UPDATE job SET reference_copy_name = NULL WHERE id = ? AND reference_copy_name = ?",
    "tracks": "UPDATE job SET track_copy_name = NULL WHERE id = ? AND track_copy_name = ?",
}
_NOTE_DOUBT = (
    "INSERT INTO job_event (job_id, at, before, after, detail) "
    "SELECT id, ?, state, 'submitting', ? FROM job WHERE state IN ('checking', 'queued')"
)
_DOUBT = (
    "UPDATE job SET state = 'submitting', version = version + 1, attempt = attempt + 1, submit_started_at = ?, "
    "moved_at = ? WHERE state IN ('checking', 'queued')"
)


def named_files(path: Path) -> Sequence[NamedFile]:
    """All of them."""
    with told(path), closing(connected(path, "mode=rw")) as connection:
        return [
            NamedFile(job_id=job_id, folder=folder, name=name)
            for folder, statement in _NAMED.items()
            for job_id, name in connection.execute(statement)
        ]


def leave_out(path: Path, deleted_job_ids: Collection[int], missing: Collection[NamedFile]) -> None:
    """Take songs out that were deleted meanwhile, and no longer name files that are not there."""
    if not missing:
        return
    with told(path), closing(connected(path, "mode=rw")) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        for job_id in deleted_job_ids:
            connection.execute("DELETE FROM job_event WHERE job_id = ?", (job_id,))
            connection.execute("DELETE FROM job WHERE id = ?", (job_id,))
        for file in missing:
            connection.execute(_UNNAME[file.folder], (file.job_id, file.name))
        connection.execute("COMMIT")


def doubt_what_waited(path: Path, made_at: datetime) -> int:
    """Leave songs that waited to be sent as a crash in their POST would have: they may have been sent since. How many.

    The bot then asks the music service for them, else their members; sent again blindly, they would be paid twice.
    """
    made = made_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    with told(path), closing(connected(path, "mode=rw")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        count = connection.execute(_NOTE_DOUBT, (made, _WHY)).rowcount
        connection.execute(_DOUBT, (made, made))
        connection.execute("COMMIT")
    return count


def rows_of(path: Path) -> int:
    """How many songs are in it."""
    with told(path), closing(connected(path, "mode=rw")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM job").fetchone()
    return count


def put_in_place(new: Path, path: Path, aside: Path) -> None:
    """Make `new` the database at `path`; what was there lies at `aside` then, whole in one file."""
    with told(path):
        if path.exists():
            with closing(connected(path, "mode=rw")) as connection:
                connection.execute("PRAGMA journal_mode = DELETE")  # what stands in the log goes into the file
            path.rename(aside)
        try:
            new.rename(path)
        except OSError:
            if aside.exists():
                aside.rename(path)
            raise
