"""What a SQLite database leaves in files beside its own: the log, copies made before migrations, pages once written.

Everything here blocks and is called in a thread. Every trouble is a StartError that says what to do.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bot.store.sqlite_file import connected, told

#: `PRAGMA user_version` of a database all of whose deletions were overwritten; before, words stayed in free pages.
_OVERWRITTEN = 1
_COPY_ENDING = ".backup"


def empty_log(path: Path) -> bool:
    """Move what stands in the write-ahead log into the file and cut the log off; False when a reader is in the way."""
    with told(path), closing(connected(path, "mode=rw")) as connection:
        is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def overwrite_once(path: Path) -> bool:
    """Write the file anew where it was used by a version that did not overwrite what it deleted; whether it was.

    Only for its owner, before anybody else has it open.
    """
    with told(path), closing(connected(path, "mode=rw")) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] >= _OVERWRITTEN:
            return False
        connection.execute("VACUUM")
        connection.execute(f"PRAGMA user_version = {_OVERWRITTEN}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


def copies_of(path: Path) -> list[Path]:
    """The copies that were made of a database before its migrations."""
    return sorted(each for each in path.parent.glob(f"{_escaped(path.name)}.*{_COPY_ENDING}") if each.is_file())


def forget_in_copies(path: Path, keys: Sequence[str]) -> None:
    """Take the jobs of these keys out of the copies, overwritten: what a member deleted would else lie there."""
    if not keys:
        return
    for copy in copies_of(path):
        with told(copy), closing(connected(copy, "mode=rw")) as connection:
            if _is_touched(connection, keys):
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("BEGIN IMMEDIATE")
                for key in keys:
                    connection.execute(
                        "DELETE FROM job_event WHERE job_id IN (SELECT id FROM job WHERE key = ?)", (key,)
                    )
                    connection.execute("DELETE FROM job WHERE key = ?", (key,))
                connection.execute("COMMIT")
                connection.execute("VACUUM")  # it may be of a version that did not overwrite


def remove_copies_before(path: Path, before: datetime) -> list[Path]:
    """Remove the copies that are older: they hold lyrics, and are kept no longer than the songs."""
    old = [copy for copy in copies_of(path) if copy.stat().st_mtime < before.timestamp()]
    for copy in old:
        with told(copy):
            copy.unlink(missing_ok=True)
    return old


def _is_touched(connection: sqlite3.Connection, keys: Sequence[str]) -> bool:
    one = "SELECT 1 FROM job WHERE key = ?"
    return any(connection.execute(one, (key,)).fetchone() is not None for key in keys)


def _escaped(name: str) -> str:
    """A file's name as a pattern that means itself."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
