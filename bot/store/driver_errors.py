"""What a database says when it fails, turned into StoreBusyError or StoreError before it leaves.

The new error names neither statement nor values, and is not chained to the old one: PostgreSQL quotes whole rows.
"""

import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import exc

from bot.errors import StoreBusyError, StoreDiskError, StoreError

#: Primary result codes (https://www.sqlite.org/rescode.html) after which the same call may succeed.
_SQLITE_WORDS = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_FULL: "disk full",
    sqlite3.SQLITE_IOERR: "input/output error",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_INTERRUPT: "interrupted",
}

#: SQLSTATE codes and classes (PostgreSQL manual, appendix A) after which the same call may succeed.
_POSTGRESQL_WORDS = {
    "53100": "disk full",
    "55P03": "locked",
    "25006": "read-only",
    "25P03": "out of reach",  # the server ended a transaction in which too much time had passed
    "08": "out of reach",
    "40": "locked",
    "53": "out of resources",
    "57": "out of reach",
    "58": "input/output error",
}

#: Those of the disk under the database, which an operator must look at.
_DISK_WORDS = frozenset({"disk full", "read-only", "input/output error", "cannot be opened"})

#: SQLSTATE codes that an operator meets at the start; the same call will fail again.
_POSTGRESQL_REFUSALS = {"28000": "user refused", "28P01": "password refused", "3D000": "no such database"}


@contextmanager
def driver_errors_mapped() -> Generator[None]:
    """Let nothing of the driver or of SQLAlchemy's DBAPI errors out."""
    try:
        yield
    except exc.DBAPIError as error:
        raise store_error(error) from None
    except exc.TimeoutError:
        raise StoreBusyError("locked: no free connection") from None
    except OSError as error:  # asyncpg's connect, and its TimeoutError
        raise StoreBusyError(f"out of reach: {type(error).__name__}") from None


def busy_word(error: BaseException | None) -> str | None:
    """One word for a passing trouble of the database; None for anything else. Takes the driver's own error."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)  # missing on errors of the module itself
        return None if code is None else _SQLITE_WORDS.get(code & 0xFF)
    sqlstate = sqlstate_of(error)
    return _POSTGRESQL_WORDS.get(sqlstate) or _POSTGRESQL_WORDS.get(sqlstate[:2])


def store_error(error: exc.DBAPIError) -> StoreError:
    """What it is here."""
    if word := busy_word(error.orig):
        return StoreDiskError(word) if word in _DISK_WORDS else StoreBusyError(word)
    if error.connection_invalidated:
        return StoreBusyError("out of reach: connection lost")
    return StoreError(word_of(error))


def word_of(error: exc.DBAPIError) -> str:
    """A word or a code for any trouble of the database; no statement, no values."""
    name = getattr(error.orig, "sqlite_errorname", None) or sqlstate_of(error.orig)
    return busy_word(error.orig) or _POSTGRESQL_REFUSALS.get(name) or f"{type(error).__name__} {name}".rstrip()


def sqlstate_of(error: BaseException | None) -> str:
    """PostgreSQL's code for what happened; empty where there is none."""
    return str(getattr(error, "sqlstate", None) or "")


def drivers_own() -> tuple[type[Exception], ...]:
    """What PostgreSQL's driver raises itself, with nothing of SQLAlchemy around it; nothing where it is not in use."""
    driver: Any = sys.modules.get("asyncpg")
    return () if driver is None else (driver.PostgresError, driver.InterfaceError)
