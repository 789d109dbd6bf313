"""A SQLite file before the bot writes to it: who owns it, whether it is whole and ours, and its backup.

Everything here blocks and is called in a thread. Every trouble is a StartError that says what to do.
"""

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.disk import advice_for
from bot.errors import StartError
from bot.store.driver_errors import busy_word

#: RETURNING came with it (https://www.sqlite.org/lang_returning.html).
_OLDEST_SQLITE = (3, 35, 0)

#: How every database file begins (https://www.sqlite.org/fileformat.html, section 1.3).
_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100

#: A file up to this size is read as a whole at each start: a fifth of a second.
WHOLE_BYTES = 64 * 2**20

#: Long enough for `describe` to let go of the lock that it only tries.
_OWN_SECONDS = 1.0

_ADVICE = {
    "disk full": "Free some space on that disk",
    "locked": "Close the other programs that have it open",
    "read-only": "Make the file and its folder writable for this user",
    "cannot be opened": "Make the file and its folder readable and writable for this user",
}


def make_folder(path: Path) -> None:
    """Create the folder of the file, readable by this user alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        advice = advice_for(error, "Make the place above it writable for this user")
        raise StartError(
            f"The folder {path.parent} cannot be created ({error.strerror}). {advice}, "
            "or set DATABASE_URL to another one."
        ) from None


def own(path: Path) -> sqlite3.Connection:
    """Become the only bot on this file until the connection that is returned is closed, or the process ends.

    The lock is an exclusive SQLite transaction on an empty file beside the database. SQLite's own locking is the same
    on every system that SQLite runs on, holds against another opener in this very process too (fcntl would not), and
    the system drops it with a killed process; a lock on the database itself would keep `describe` and backups out.
    """
    beside = path.with_name(f"{path.name}.lock")
    with told(beside):
        beside.touch(mode=0o600)
        lock = sqlite3.connect(beside, timeout=_OWN_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            lock.execute("PRAGMA journal_mode = MEMORY")  # else a journal lies beside the lock
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            if busy_word(error) == "locked":
                raise StartError(
                    f"{path} is in use by another running bot. Stop that one first: a database takes one process, or "
                    "set DATABASE_URL to another one for a bot of its own."
                ) from None
            raise
    return lock


def is_owned(path: Path) -> bool:
    """Whether a running bot holds the file. Creates nothing."""
    beside = path.with_name(f"{path.name}.lock")
    if not beside.exists():
        return False
    with told(beside), closing(connected(beside, "mode=rw", wait_seconds=0)) as lock:
        try:
            lock.execute("PRAGMA journal_mode = MEMORY")
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if busy_word(error) == "locked":
                return True
            raise
    return False


def is_large(path: Path) -> bool:
    """Whether to read it as a whole takes longer than a start should."""
    with told(path):
        return path.exists() and path.stat().st_size > WHOLE_BYTES


def look_into(path: Path, *, only_read: bool = False, whole: bool = True) -> str | None:
    """The revision of a database file that is whole and ours; None for a file without tables.

    Writes nothing but what an earlier crash left to be finished. `only_read` leaves even that alone. Without `whole`
    it reads no further than it must to say so, and `WholeCheck` finds damage in the rest.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StartError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed. Use a newer Python.")
    with told(path):
        _check_header(path)
    with told(path), closing(connected(path, _reading_mode(path) if only_read else "mode=rw")) as connection:
        if whole:
            _check_whole(path, connection)
        elif _is_cut(path):
            raise _damaged(path)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        versions = connection.execute("SELECT version_num FROM alembic_version").fetchall() if _is_ours(tables) else []
    if len(versions) != 1:
        raise StartError(
            f"{path} is a SQLite database, but not one of Compose. It was left untouched: set DATABASE_URL to another "
            "file."
        )
    return versions[0][0]


class WholeCheck:
    """Reads a large file as a whole while the bot runs on it."""

    def __init__(self, path: Path) -> None:
        """Reads nothing yet."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._is_stopped = False

    def run(self) -> None:
        """Until the end, or until it is stopped. Raises StartError where the file is damaged."""
        with told(self._path), closing(connected(self._path, "mode=ro", check_same_thread=False)) as connection:
            self._connection = connection
            try:
                if not self._is_stopped:
                    _check_whole(self._path, connection)
            except sqlite3.OperationalError:
                if not self._is_stopped:
                    raise
            finally:
                self._connection = None

    def stop(self) -> None:
        """From another thread."""
        self._is_stopped = True
        connection = self._connection
        if connection is not None:
            with suppress(sqlite3.ProgrammingError):  # it has come to its end
                connection.interrupt()


def read(path: Path, table: str, statement: str) -> list[tuple[Any, ...]]:
    """What a statement reads, beside a running bot too; empty where there is no file or no such table."""
    if not path.exists():
        return []
    with told(path), closing(connected(path, _reading_mode(path))) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return connection.execute(statement).fetchall() if table in tables else []


def enter_wal(path: Path) -> None:
    """Create the file if there is none, readable by this user alone, and put it into WAL mode for good.

    In that mode readers and the writer do not wait for each other (https://www.sqlite.org/wal.html).
    """
    with told(path):
        path.touch(mode=0o600)
        with closing(connected(path, "mode=rw")) as connection:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StartError(
            f"The file system of {path} cannot share memory between processes, which SQLite needs (WAL mode). "
            "Set DATABASE_URL to a file on a local disk."
        )


def back_up(path: Path, revision: str, now: datetime) -> Path:
    """Copy the database beside itself, named after its revision and the time; nobody deletes that copy but people."""
    backup = path.with_name(f"{path.name}.{revision}.{now:%Y%m%dT%H%M%SZ}.backup")
    part = backup.with_name(f"{backup.name}.part")
    try:
        with told(backup):
            part.touch(mode=0o600)
            with closing(connected(path, "mode=rw")) as source, closing(sqlite3.connect(part)) as target:
                source.backup(target)
            part.replace(backup)
    finally:
        part.unlink(missing_ok=True)
    return backup


def start_error(path: Path, error: BaseException | None) -> StartError:
    """What an operator can do about a failing file. Takes the sqlite3 module's error."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return _no_database(path)
    if code == sqlite3.SQLITE_CORRUPT:
        return _damaged(path)
    word = busy_word(error) or "error"
    return StartError(f"{path} cannot be used ({word}). {_ADVICE.get(word, 'Check the disk')}, then start again.")


def is_writable(path: Path) -> bool:
    """Whether this user may write the file (or create it) and its neighbours."""
    nearest = path.parent
    while not nearest.exists():
        nearest = nearest.parent
    return os.access(nearest, os.W_OK | os.X_OK) and (not path.exists() or os.access(path, os.W_OK))


@contextmanager
def told(path: Path) -> Generator[None]:
    """Turn what SQLite or the disk says into a StartError with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise start_error(path, error) from None
    except OSError as error:
        raise StartError(
            f"{path} cannot be used ({error.strerror}). "
            f"{advice_for(error, 'Make the file and its folder writable for this user')}, then start again."
        ) from None


def connected(
    path: Path, mode: str, *, wait_seconds: float = _OWN_SECONDS, check_same_thread: bool = True
) -> sqlite3.Connection:
    """A connection that commits each statement by itself, to a file that is there; `mode`: how, as SQLite's address."""
    return sqlite3.connect(
        f"{path.as_uri()}?{mode}",
        uri=True,
        timeout=wait_seconds,
        isolation_level=None,
        check_same_thread=check_same_thread,
    )


def _reading_mode(path: Path) -> str:
    """Without a journal the file alone is the whole truth, and `immutable` keeps SQLite from creating one."""
    has_journal = any(path.with_name(path.name + ending).exists() for ending in ("-wal", "-journal"))
    return "mode=ro" if has_journal else "mode=ro&immutable=1"


def _check_header(path: Path) -> None:
    """SQLite takes a file that is shorter than a page for an empty one, and would write over it."""
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start not in {b"", _MAGIC}:
        raise _no_database(path)


def _check_whole(path: Path, connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise _damaged(path)


def _is_cut(path: Path) -> bool:
    """Whether it ends before its header says; one with a log beside it may, until that is read."""
    if path.with_name(f"{path.name}-wal").exists():
        return False
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if header[24:28] != header[92:96]:
        return False  # written by something so old that the number of pages is not kept
    page_bytes = int.from_bytes(header[16:18]) or 1
    return path.stat().st_size < int.from_bytes(header[28:32]) * (65_536 if page_bytes == 1 else page_bytes)


def _is_ours(tables: set[str]) -> bool:
    return {"alembic_version", "job"} <= tables


def _no_database(path: Path) -> StartError:
    return StartError(
        f"{path} is not a SQLite database. It was left untouched: move it away, or set DATABASE_URL to another file."
    )


def _damaged(path: Path) -> StartError:
    return StartError(
        f"{path} is damaged. It was left untouched: put a backup in its place (files that end in .backup lie beside "
        "it), or try `sqlite3 FILE .recover`."
    )
