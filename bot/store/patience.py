"""Waiting for what has to end before anything else may be done, also by whoever is cancelled meanwhile."""

import asyncio
from typing import TypeVar

Result = TypeVar("Result")


async def to_its_end(future: "asyncio.Future[Result]") -> Result:
    """What `future` came to, which only ends by itself; whoever is cancelled meanwhile hears of that afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not future.cancelled():
            future.exception()  # nobody else asks, and asyncio would complain of that
        raise cancelled
    return future.result()
