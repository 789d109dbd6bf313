"""One connection to PostgreSQL that comes back: for a queue that listens, and asks and tells all the time.

Whatever is asked while the server is out of reach waits until it is back; each statement may be run twice.
"""

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bot.clock import Clock
from bot.database_address import PostgresqlAddress
from bot.store.driver_errors import busy_word
from bot.store.engines import BUSY_SECONDS
from bot.store.postgresql import open_connection

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Between two tries to reach the server.
_AGAIN_SECONDS = 1.0

#: Called with the payload of a notification.
Listener = Callable[[str], None]


class SteadyConnection:
    """Serves one question after the other. Of one event loop."""

    def __init__(self, address: PostgresqlAddress, clock: Clock) -> None:
        """Connects at the first question."""
        self._address = address
        self._clock = clock
        self._connection: Any = None
        asyncpg: Any = importlib.import_module("asyncpg")
        #: The driver's view of a connection that broke off at an unlucky moment; only a new one mends it.
        self._muddles: type[Exception] = asyncpg.InternalClientError
        self._troubles = (asyncpg.PostgresError, asyncpg.InterfaceError, self._muddles, OSError)
        self._listeners: list[tuple[str, Listener]] = []
        self._lock = asyncio.Lock()
        self._is_closed = self._was_open = False
        #: Run on a new connection before anything that waits, when an old one was lost.
        self.on_return: Callable[[Any], Awaitable[None]] | None = None

    async def fetch(self, query: str, *values: object) -> list[dict[str, object]]:
        """The rows. Raises ConnectionError when it was closed, and what no waiting can mend."""
        return [dict(row) for row in await self._asked(lambda connection: connection.fetch(query, *values))]

    async def execute(self, query: str, *values: object) -> str:
        """The same, for what gives no rows."""
        return await self._asked(lambda connection: connection.execute(query, *values))

    async def notify(self, channel: str, payload: str) -> None:
        """Tell all who listen there, in whatever process."""
        await self.fetch("SELECT pg_notify($1, $2)", channel, payload)

    async def listen(self, channel: str, heard: Listener) -> None:
        """Have `heard` called, from the event loop, for everything that is told there; on later connections, too."""
        self._listeners.append((channel, heard))
        await self._asked(lambda connection: connection.add_listener(channel, _relay(heard)))

    async def close(self) -> None:
        """Whoever waits gets ConnectionError."""
        self._is_closed = True
        await self._drop()

    async def _asked(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        async with self._lock:
            while True:
                try:
                    return await ask(await self._opened())
                except self._troubles as error:
                    if self._is_closed:
                        raise ConnectionError("closed") from None
                    if not self._is_passing(error):
                        raise
                    log.warning("the queue's connection to the database is lost: %s", type(error).__name__)
                await self._drop()
                await self._clock.sleep(_AGAIN_SECONDS)

    def _is_passing(self, error: Exception) -> bool:
        is_lost = self._connection is None or self._connection.is_closed()
        return is_lost or isinstance(error, OSError | TimeoutError | self._muddles) or busy_word(error) is not None

    async def _opened(self) -> Any:
        if self._is_closed:
            raise ConnectionError("closed")
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self._connection = None
        connection = await open_connection(self._address, busy_seconds=BUSY_SECONDS)
        self._connection = connection
        for channel, heard in self._listeners:
            await connection.add_listener(channel, _relay(heard))
        if self._was_open:
            log.info("the queue's connection to the database is back")
            if self.on_return is not None:
                await self.on_return(connection)
        self._was_open = True
        return connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _relay(heard: Listener) -> Callable[[Any, int, str, Any], None]:
    def told(_connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        heard(str(payload))

    return told
