"""Finds a lost POST in fal's history of requests by what it asked for: the reference's address is the bot's own.

GET /v1/models/requests/by-endpoint lists an account's requests with what was sent (fal's platform API). Whether it
shows one that has not ended is not documented, so that not finding one proves nothing. An account may have its payloads
switched off, and a key may not be allowed to read it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import BusyError
from bot.generation.fal.profiles import RequestProfile
from bot.generation.fal.wire import HistoryPage, HistoryRow, history_page_in, usable_request_id
from bot.generation.transport import Answer
from bot.jobs.ports import GenerationRequest

PATH = "v1/models/requests/by-endpoint"
#: With what was sent and what came back a row may have 5 kB; a page must stay below what is read of an answer.
PAGE_ROWS = 25
MAX_PAGES = 20
#: Clocks differ; and a row is dated by fal's.
SKEW = timedelta(minutes=5)
#: How long a "no such call" is believed before it is tried again.
ASK_AGAIN_SECONDS = 3600.0

#: What a key without the right to it, or a server without this call, answers.
_NO_SUCH_CALL = frozenset({400, 403, 404, 405, 410, 422, 501})

#: Performs GET PATH with these parameters, within the shared request budget. Raises BusyError.
Ask = Callable[[dict[str, str | int]], Awaitable[Answer]]


class History:
    """Finds request ids by what was sent; remembers when there is no such call."""

    def __init__(self, *, ask: Ask, clock: Clock, profile: RequestProfile) -> None:
        """`ask` performs one GET."""
        self._ask = ask
        self._clock = clock
        self._profile = profile
        self._closed_until = float("-inf")

    @property
    def is_offered(self) -> bool:
        """False once fal has shown that there is no such call for this key; for ASK_AGAIN_SECONDS."""
        return self._clock.monotonic() >= self._closed_until

    async def find(self, request: GenerationRequest, since: datetime) -> list[str]:
        """Ids of what asked for exactly this since then, newest first; empty without one. Raises BusyError."""
        if not self.is_offered:
            return []
        found: list[HistoryRow] = []
        sought = self._profile.body(request)
        params: dict[str, str | int] = {
            "endpoint_id": self._profile.endpoint,
            "start": _iso(since - SKEW),
            "limit": PAGE_ROWS,
            "expand": "payloads",
        }
        for _ in range(MAX_PAGES):
            page = self._page(await self._ask(params))
            if page is None:
                return []
            found += [row for row in page.items if _is_it(row, sought, since)]
            if not page.has_more or not page.next_cursor:
                break
            params["cursor"] = page.next_cursor
        found.sort(key=lambda row: row.sent_at or since, reverse=True)
        return [row.request_id for row in found if row.request_id is not None]

    def _page(self, answer: Answer) -> HistoryPage | None:
        if answer.status in _NO_SUCH_CALL:
            return self._close()
        if not answer.is_good:
            # also a refused key: the operator can mend it, and then the history can be read
            raise BusyError(
                f"the history answered HTTP {answer.status}",
                retry_after_seconds=answer.retry_after_seconds(self._clock.now()),
                status=answer.status,
            )
        if not answer.is_whole:
            raise BusyError("the history broke off", status=answer.status)
        return history_page_in(answer.data) or self._close()

    def _close(self) -> None:
        self._closed_until = self._clock.monotonic() + ASK_AGAIN_SECONDS


def _is_it(row: HistoryRow, sought: dict[str, str], since: datetime) -> bool:
    if usable_request_id(row.request_id) is None or (row.sent_at is not None and row.sent_at < since - SKEW):
        return False
    return all(row.json_input.get(name) == value for name, value in sought.items())


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
