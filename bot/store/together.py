"""Writers that come while another writes share its transaction, and with it one wait for the disk."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StoreBusyError, StoreError
from bot.store.driver_errors import store_error
from bot.store.sqlite_driver import Block, in_its_thread
from bot.store.turns import WriteTurns

Result = TypeVar("Result")


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

    async def written(self, block: Block[Result], *, hurries: bool) -> Result:
        """As `Database.written`; what the driver raises in the block or at its end is left as it is.

        The caller must not be cancelled.
        """
        async with self._turn(hurries=hurries) as shared:
            if shared is None:
                async with self._led() as led:
                    return await in_its_thread(led.connection, partial(_first, led, block))
            return await in_its_thread(shared.connection, partial(_next, shared, block))

    @asynccontextmanager
    async def writing(self, *, hurries: bool) -> AsyncGenerator[AsyncConnection]:
        """The same as `Database.writing`; each statement is an errand of its own, while which others may not write."""
        async with self._turn(hurries=hurries) as shared:
            if shared is None:
                async with self._led() as led:
                    await led.connection.begin()
                    yield led.connection
                return
            async with _beside(shared):
                yield shared.connection

    @asynccontextmanager
    async def _turn(self, *, hurries: bool) -> AsyncGenerator[_Shared | None]:
        """The transaction to join, or None for whoever begins one. Who joined goes on when it has ended.

        Who is refused waits as well: what refused them, such as a twin's row, is durable only then.
        """
        shared: _Shared | None = None
        try:
            async with self._turns.turn(hurries=hurries):
                shared = self._shared
                yield shared
        except BaseException as error:
            if isinstance(error, Exception):
                await _end_of(shared)
            raise
        await _end_of(shared)

    @asynccontextmanager
    async def _led(self) -> AsyncGenerator[_Shared]:
        """The block begins the transaction; before it is ended others may join."""
        async with self._engine.connect() as connection:  # what is not committed when it closes is taken back
            shared = _Shared(connection)
            try:
                yield shared
                self._shared = shared
                await self._turns.let_others_go_first()
                shared.check()
                await connection.commit()
            except BaseException as error:
                shared.trouble = shared.trouble or _trouble_of(error)
                raise
            finally:
                self._shared = None
                shared.is_over.set()


async def _end_of(shared: _Shared | None) -> None:
    """Of a transaction that was joined. Raises StoreError when nothing in it happened."""
    if shared is not None:
        await shared.is_over.wait()
        shared.check()


async def _first(shared: _Shared, block: Block[Result]) -> Result:
    await shared.connection.begin()
    return await block(shared.connection)


async def _next(shared: _Shared, block: Block[Result]) -> Result:
    async with _beside(shared):
        return await block(shared.connection)


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
