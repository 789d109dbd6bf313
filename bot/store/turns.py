"""Who writes next, where one writes at a time: orders, for which somebody waits, before what goes on by itself."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.errors import StoreBusyError
from bot.store.patience import to_its_end

#: After so many in a row that hurried, one of the others has its turn.
_MAX_IN_A_ROW = 8
#: Whoever lets others go first waits for so many of them at most.
_MAX_LET_GO_FIRST = 15


class WriteTurns:
    """Each kind in the order of its coming. Of one event loop."""

    def __init__(self, patience_seconds: float) -> None:
        """`patience_seconds`: whoever has no turn by then is told that the database is busy."""
        self.patience_seconds = patience_seconds
        self._is_taken = False
        self._hurried_in_a_row = 0
        self._waiting: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        #: Who let others go first, and how many more.
        self._polite: asyncio.Future[None] | None = None
        self._may_go_first = 0

    @asynccontextmanager
    async def turn(self, *, hurries: bool) -> AsyncGenerator[None]:
        """For as long as the block lasts. Raises StoreBusyError."""
        if self._is_taken:
            await self._wait(hurries=hurries)
        self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def let_others_go_first(self) -> None:
        """Of those who wait by now or come meanwhile. For whoever has the turn, who has it again on return.

        It comes back also if the caller is cancelled, which is raised afterwards.
        """
        polite = self._polite = asyncio.get_running_loop().create_future()
        self._may_go_first = _MAX_LET_GO_FIRST
        self._pass_on()
        await to_its_end(polite)

    async def _wait(self, *, hurries: bool) -> None:
        mine = asyncio.get_running_loop().create_future()
        self._waiting[hurries].append(mine)
        try:
            async with asyncio.timeout(self.patience_seconds):
                await mine
        except BaseException as error:
            if mine.done() and not mine.cancelled():
                self._pass_on()  # it came at the last moment, and nobody takes it
            mine.cancel()
            if isinstance(error, TimeoutError):
                raise StoreBusyError("locked: no turn to write") from None
            raise

    def _pass_on(self) -> None:
        """To the next who still waits; the turn stays taken until nobody does."""
        while (self._polite is None or self._may_go_first) and (waiting := self._next_kind()):
            following = waiting.popleft()
            if not following.done():
                self._may_go_first -= 1
                following.set_result(None)
                return
        if self._polite is None:
            self._is_taken = False
        else:
            self._polite.set_result(None)
            self._polite = None

    def _next_kind(self) -> "deque[asyncio.Future[None]] | None":
        hurried, others = self._waiting[True], self._waiting[False]
        if hurried and (self._hurried_in_a_row < _MAX_IN_A_ROW or not others):
            self._hurried_in_a_row += 1
            return hurried
        self._hurried_in_a_row = 0
        return others or None
