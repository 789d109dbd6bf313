"""Interactions that are being answered: a stop hears no new ones, lets these end, and hurries those that wait."""

import asyncio
from typing import Any

#: What waits for the database when the process stops is given so long.
_LAST_SECONDS = 0.3


class InFlight:
    """Of one client."""

    def __init__(self) -> None:
        """Nothing is being answered."""
        self._tasks = set[asyncio.Task[Any]]()
        self._is_closing = False
        self._told_of_closing = set[asyncio.Future[None]]()

    def begin(self) -> None:
        """The task that calls is answering an interaction until it ends."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Return when all are answered; whoever comes before that is answered as well."""
        self._is_closing = True
        for told in self._told_of_closing:
            told.set_result(None)
        self._told_of_closing.clear()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def is_done(self, task: asyncio.Task[Any], seconds: float | None = None) -> bool:
        """Whether `task` ends within so many seconds, None: whenever that is, and before the process stops."""
        if not self._is_closing:
            closing = asyncio.get_running_loop().create_future()
            self._told_of_closing.add(closing)
            try:
                await asyncio.wait({task, closing}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._told_of_closing.discard(closing)
        if self._is_closing and not task.done():
            await asyncio.wait({task}, timeout=_LAST_SECONDS)
        return task.done()
