"""Writers that come while another writes share its transaction, and with it one wait for the disk."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StoreBusyError, StoreError
from bot.store.driver_errors import store_error
from bot.store.turns import WriteTurns


class _Shared:
    """One transaction, which its first writer begins and ends."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        #: Why all of it is gone; SQLite itself takes a transaction back when the disk fails.
        self.trouble: StoreError | None = None
        self.is_over = asyncio.Event()

    def check(self) -> None:
        """Raises StoreError when nothing in it happened."""
        if self.trouble is not None:
            raise type(self.trouble)(str(self.trouble))


class SharedWrites:
    """Where one writes at a time. Whoever fails is taken back alone; all others are durable together, or nothing is."""

    def __init__(self, engine: AsyncEngine, turns: WriteTurns) -> None:
        """`engine` has one connection, on which nobody else writes."""
        self._engine = engine
        self._turns = turns
        self._shared: _Shared | None = None

    @asynccontextmanager
    async def writing(self, *, hurries: bool) -> AsyncGenerator[AsyncConnection]:
        """As `Database.writing`; what the driver raises in the block or at its end is left as it is."""
        async with self._turns.turn(hurries=hurries):
            shared = self._shared
            if shared is None:
                async with self._first() as connection:
                    yield connection
                return
            async with _beside(shared):
                yield shared.connection
        await shared.is_over.wait()
        shared.check()

    @asynccontextmanager
    async def _first(self) -> AsyncGenerator[AsyncConnection]:
        async with self._engine.connect() as connection:
            shared = _Shared(connection)
            try:
                async with connection.begin():
                    yield connection
                    self._shared = shared
                    await self._turns.let_others_go_first()
                    shared.check()
            except BaseException as error:
                shared.trouble = shared.trouble or _trouble_of(error)
                raise
            finally:
                self._shared = None
                shared.is_over.set()


@asynccontextmanager
async def _beside(shared: _Shared) -> AsyncGenerator[None]:
    shared.check()
    try:
        # of several with one name the newest is meant, and the commit ends them all
        await shared.connection.exec_driver_sql("SAVEPOINT beside")
    except BaseException as error:
        shared.trouble = _trouble_of(error)
        raise
    try:
        yield
    except BaseException as error:
        shared.trouble = _trouble_of(error)
        with suppress(SQLAlchemyError):
            await shared.connection.exec_driver_sql("ROLLBACK TO beside")
            shared.trouble = None
        raise


def _trouble_of(error: BaseException) -> StoreError:
    return store_error(error) if isinstance(error, DBAPIError) else StoreBusyError("locked: taken back with another's")
