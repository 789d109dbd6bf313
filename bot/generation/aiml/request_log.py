"""Looks a lost POST up in the provider's request log, where there is one: the way out of an unknown outcome.

AIML documents GET /v2/logs since August 2026 (docs.aimlapi.com, "Usage Logs"); Apilaplas does not. A row may appear
some time after its request, so that not finding one proves nothing.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import BusyError
from bot.generation.aiml.wire import LogPage, log_page_in
from bot.generation.transport import Answer

PATH = "v2/logs"
PAGE_ROWS = 100  #: the documented maximum
MAX_PAGES = 10
#: Clocks differ; and a row is dated by the provider's.
SKEW = timedelta(minutes=5)
#: The documented maximum is 92 days; older requests are settled by people.
MAX_AGE = timedelta(days=90)
#: How long a "no such call" is believed before it is tried again.
ASK_AGAIN_SECONDS = 3600.0

#: What a provider without this call, or a key without the right to it, answers.
_NO_SUCH_CALL = frozenset({400, 403, 404, 405, 410, 422, 501})

#: Performs GET PATH with these parameters, within the shared request budget. Raises BusyError.
Ask = Callable[[dict[str, str | int]], Awaitable[Answer]]


class RequestLog:
    """Finds generation ids by our own client request ids; remembers when the provider has no such call."""

    def __init__(self, *, ask: Ask, clock: Clock) -> None:
        """`ask` performs one GET."""
        self._ask = ask
        self._clock = clock
        self._closed_until = float("-inf")

    @property
    def is_offered(self) -> bool:
        """False once the provider has shown that it has no such call; for ASK_AGAIN_SECONDS."""
        return self._clock.monotonic() >= self._closed_until

    async def find(self, client_request_id: str, since: datetime) -> str | None:
        """The newest generation that carries this id; None without one, or without such a call. Raises BusyError."""
        if not self.is_offered:
            return None
        now = self._clock.now()
        window: dict[str, str | int] = {
            "start": _iso(max(since - SKEW, now - MAX_AGE)),
            "end": _iso(now + SKEW),
            "limit": PAGE_ROWS,
        }
        for page_number in range(MAX_PAGES):
            page = self._page(await self._ask({**window, "offset": page_number * PAGE_ROWS}))
            if page is None:
                return None
            for row in page.data:
                if row.client_request_id == client_request_id and row.inference_id:
                    return row.inference_id
            if not page.pagination.has_more or not page.data:
                return None
        return None

    def _page(self, answer: Answer) -> LogPage | None:
        if answer.status in _NO_SUCH_CALL:
            return self._close()
        if not answer.is_good:
            # also a refused key: the operator can mend it, and then the log can be read
            raise BusyError(
                f"the request log answered HTTP {answer.status}",
                retry_after_seconds=answer.retry_after_seconds(self._clock.now()),
                status=answer.status,
            )
        if not answer.is_whole:
            raise BusyError("the request log broke off", status=answer.status)
        return log_page_in(answer.data) or self._close()

    def _close(self) -> None:
        self._closed_until = self._clock.monotonic() + ASK_AGAIN_SECONDS


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
