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
from bot.store.sqlite_driver import Block, in_its_thread, is_in_transaction
from bot.store.turns import WriteTurns

Result = TypeVar("Result")


class _Shared:
    """One transaction, which its first writer begins and ends."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        #: Why all of it is gone; SQLite itself takes a transaction back when the disk fails.
        self.trouble: StoreError | None = None
        self.is_ending = False  #: nobody can hold up its commit any more
        self.is_durable = False
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
        #: From one transaction to the next: to give it back to the pool and take it again is a tenth of what one costs.
        self._kept: AsyncConnection | None = None
        self._is_closed = False

    async def close(self) -> None:
        """Give the connection back; whoever writes yet does so when they have ended."""
        self._is_closed = True
        await self.give_back()

    async def give_back(self) -> None:
        """Have whoever writes next take a connection from the pool again."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.close()

    async def written(self, block: Block[Result], *, hurries: bool) -> Result:
        """As `Database.write`; what the driver raises in the block or at its end is left as it is.

        Whoever is cancelled meanwhile hears of it when nothing of it runs any more.
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

        Who is refused waits as well: what refused them, such as a twin's row, is durable only then. Nobody waits longer
        than for a turn.
        """
        shared: _Shared | None = None
        try:
            async with self._turns.turn(hurries=hurries):
                shared = self._shared
                yield shared
        except BaseException as error:
            if isinstance(error, Exception):
                await self._end_of(shared)
            raise
        await self._end_of(shared)

    async def _end_of(self, shared: _Shared | None) -> None:
        """Of a transaction that was joined. Raises StoreError when nothing in it happened.

        Where it does not end, nothing in it shall happen: whoever leads it finds that out. A disk that is slow to take
        its commit may have taken it by now, or may do so yet: then it is not known what happened.
        """
        if shared is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._turns.patience_seconds):
                await shared.is_over.wait()
        if not shared.is_over.is_set():
            if shared.is_ending:
                raise StoreBusyError("locked: the commit takes too long, and may happen yet")
            shared.trouble = shared.trouble or StoreBusyError("locked: a shared transaction took too long")
        shared.check()

    @asynccontextmanager
    async def _led(self) -> AsyncGenerator[_Shared]:
        """The block begins the transaction; before it is ended others may join."""
        async with self._own() as connection:
            shared = _Shared(connection)
            try:
                yield shared
                self._shared = shared
                await self._turns.let_others_go_first()
                shared.check()
                shared.is_ending = True
                await in_its_thread(connection, partial(_commit, shared))
            except BaseException as error:
                if not shared.is_durable:  # whoever is cancelled during the commit hears of that afterwards
                    shared.trouble = shared.trouble or _trouble_of(error)
                raise
            finally:
                self._shared = None
                shared.is_over.set()

    @asynccontextmanager
    async def _own(self) -> AsyncGenerator[AsyncConnection]:
        """The one connection, for one transaction; after whatever fails in it, the next is on another."""
        kept, self._kept = self._kept, None
        connection = await self._engine.connect() if kept is None else kept
        try:
            yield connection
        except BaseException:
            await connection.__aexit__(None, None, None)  # in a task of its own; what is not committed is taken back
            raise
        if self._is_closed:
            await connection.invalidate()  # the pool is gone, and would close it no more
            await connection.close()
        else:
            self._kept = connection


async def _first(shared: _Shared, block: Block[Result]) -> Result:
    await shared.connection.begin()
    return await block(shared.connection)


async def _commit(shared: _Shared) -> None:
    _check_open(shared)
    await shared.connection.commit()
    shared.is_durable = True


async def _next(shared: _Shared, block: Block[Result]) -> Result:
    async with _beside(shared):
        return await block(shared.connection)


@asynccontextmanager
async def _beside(shared: _Shared) -> AsyncGenerator[None]:
    shared.check()
    try:
        _check_open(shared)
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


def _check_open(shared: _Shared) -> None:
    """Raises StoreBusyError. SQLAlchemy would commit nothing without a word, and a savepoint begin what nobody ends."""
    if not is_in_transaction(shared.connection):
        raise StoreBusyError("locked: taken back by the database")


def _trouble_of(error: BaseException) -> StoreError:
    return store_error(error) if isinstance(error, DBAPIError) else StoreBusyError("locked: taken back with another's")
