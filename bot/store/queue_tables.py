"""The tables of the queue that several processes share: PgQueuer's, which makes them, and what is asked of them.

They can be dropped at any time: the job table says what is to be done, and fills them again.
"""

import importlib
import importlib.util
from collections.abc import Collection
from typing import Any

from bot.database_address import PostgresqlAddress
from bot.errors import StartError, StoreBusyError
from bot.store.driver_errors import busy_word
from bot.store.engines import BUSY_SECONDS
from bot.store.postgresql import open_connection
from bot.store.steady import SteadyConnection

#: Before all names of the queue's tables, types and channels.
PREFIX = "compose_"
#: Key of the advisory lock around their making; any number, so long as it never changes.
_MAKING_KEY = 0x436F6D706F7371

_KEYS = f"SELECT dedupe_key FROM {PREFIX}pgqueuer WHERE status IN ('queued', 'picked')"  # noqa: S608 -- a name of ours
_BEAT = f"UPDATE {PREFIX}pgqueuer SET heartbeat = now() WHERE queue_manager_id = $1"  # noqa: S608 -- the same


def is_there() -> bool:
    """Whether PgQueuer is installed."""
    return importlib.util.find_spec("pgqueuer") is not None


def queries_on(driver: Any) -> Any:
    """PgQueuer's statements over a driver of ours, for tables with our prefix."""
    settings = importlib.import_module("pgqueuer.domain.settings")
    builders = importlib.import_module("pgqueuer.adapters.persistence.qb")
    queries = importlib.import_module("pgqueuer.adapters.persistence.queries")
    names = settings.DBSettings(prefix=PREFIX, queue_table=f"{PREFIX}pgqueuer", durability=settings.Durability.balanced)
    return queries.Queries(
        driver,
        qbe=builders.QueryBuilderEnvironment(names),
        qbq=builders.QueryQueueBuilder(names),
        qbs=builders.QuerySchedulerBuilder(names),
    )


async def remake_queue(address: PostgresqlAddress) -> None:
    """The same as `make_queue`, later on. Raises StoreBusyError while the database is away."""
    asyncpg: Any = importlib.import_module("asyncpg")
    try:
        await make_queue(address)
    except (asyncpg.PostgresError, OSError) as error:
        word = "out of reach" if isinstance(error, OSError) else busy_word(error)
        if word is None:
            raise
        raise StoreBusyError(f"{word}: {type(error).__name__}") from None


async def make_queue(address: PostgresqlAddress) -> None:
    """Create or renew the queue's tables. Raises StartError where that may not be done, and the driver's errors."""
    asyncpg: Any = importlib.import_module("asyncpg")
    driver = importlib.import_module("pgqueuer.adapters.drivers.asyncpg")
    connection = await open_connection(address, busy_seconds=BUSY_SECONDS)
    try:
        queries = queries_on(driver.AsyncpgDriver(connection))
        async with connection.transaction():
            await connection.fetchval("SELECT pg_advisory_xact_lock($1)", _MAKING_KEY)
            if not await queries.schema_is_installed():
                await queries.install()
                return
        await queries.upgrade()
    except asyncpg.InsufficientPrivilegeError:
        raise StartError(
            "The tables of the queue cannot be made (no rights). Let the database's user make tables: GRANT CREATE, "
            "USAGE ON SCHEMA public TO that user, as the database's owner."
        ) from None
    finally:
        await connection.close()


async def queued_ids(connection: SteadyConnection) -> Collection[int]:
    """Jobs that have an entry."""
    rows = await connection.fetch(_KEYS)
    return frozenset(int(key) for row in rows if (key := str(row["dedupe_key"])).isdecimal())


async def beat_all(connection: Any, manager_id: Any) -> None:
    """Say that all entries of this process are being worked on, on a connection that has just come back."""
    await connection.execute(_BEAT, manager_id)
