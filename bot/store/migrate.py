"""Brings the tables to this version of the code: all steps and the version number in one transaction, or nothing."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import StartError

FOLDER = Path(__file__).parent / "migrations"

#: Key of PostgreSQL's advisory lock around migrations; any number, so long as it never changes.
_ADVISORY_KEY = 0x436F6D706F7365


def revisions() -> tuple[str, ...]:
    """The steps that this version of the code knows, oldest first."""
    return tuple(sorted(file.name[:4] for file in (FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")))


def newest() -> str:
    """The step that this version of the code works with."""
    return revisions()[-1]


def refuse_newer(database: str, revision: str | None) -> None:
    """Raise StartError for a step that this version of the code does not know: it would not know the tables either."""
    if revision is not None and revision not in revisions():
        raise StartError(
            f"{database} was written by a newer version of Compose (revision {revision}, this one knows up to "
            f"{newest()}). It was left untouched: start the newer version, or put back the backup made before it."
        )


def stored_revision(connection: Connection) -> str | None:
    """The step at which the database stands; None when it has no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


async def migrate(engine: AsyncEngine) -> None:
    """Upgrade to the newest step. Raises SQLAlchemy's errors; the database is then as it was before."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Several processes may start at once. Released with the transaction.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
    stored = stored_revision(connection)
    refuse_newer("The database", stored)
    if stored == newest():
        return
    # Alembic brings a template engine along: megabytes that a start without a migration does without
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        _check_foreign_keys(connection)


def _check_foreign_keys(connection: Connection) -> None:
    """Foreign keys are off while tables are rebuilt (https://www.sqlite.org/lang_altertable.html, section 7)."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"a migration left {len(broken)} rows without their job")
