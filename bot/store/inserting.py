"""INSERT as each dialect writes it, with ON CONFLICT; a dialect is loaded when its first statement is made."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def inserting(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert | Any":
    """An INSERT into `table` that knows `on_conflict_do_update`; `dialect`: `sqlite` or `postgresql`."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    # a bot on SQLite would carry it for nothing: two megabytes and four drivers' modules
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
