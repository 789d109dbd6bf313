"""Discord's request budget with its headers; off unless `Rules.rate_limits` is set, because tests should not wait."""

import re
from collections import defaultdict, deque
from dataclasses import dataclass

from .faults import too_many
from .objects import JSON
from .world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `max_requests` requests in `seconds`."""

    max_requests: int
    seconds: float


#: Observed, not documented: five message creates in five seconds per channel; webhooks five in two.
_ROUTES = (
    (re.compile(r"^POST /channels/(\d+)/messages$"), Window(max_requests=5, seconds=5.0)),
    (re.compile(r"^(?:PATCH|DELETE) /channels/(\d+)/messages/\d+$"), Window(max_requests=5, seconds=5.0)),
    (re.compile(r"^\w+ /webhooks/\d+/([^/]+)"), Window(max_requests=5, seconds=2.0)),
)
#: Docs, "Global Rate Limit"; interaction endpoints are not bound by it.
_GLOBAL = Window(max_requests=50, seconds=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAnswer:
    """What the budget says of one request: headers always, a 429 body when it is refused."""

    headers: dict[str, str]
    refusal: JSON | None = None


class RequestBudget:
    """Sliding windows over the sandbox's clock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._used: dict[str, deque[float]] = defaultdict(deque)

    def ask(self, method: str, path: str) -> BudgetAnswer:
        """Count a request, or refuse it."""
        if not self._world.rules.rate_limits:
            return BudgetAnswer(headers={})
        if not path.startswith(("/interactions/", "/webhooks/")):
            wait_seconds = self._wait("global", _GLOBAL)
            if wait_seconds > 0:
                headers = {"Retry-After": str(round(wait_seconds) + 1), "X-RateLimit-Global": "true"}
                return BudgetAnswer(headers=headers, refusal=too_many(wait_seconds, is_global=True))
            self._count("global")
        for pattern, window in _ROUTES:
            if found := pattern.match(f"{method} {path}"):
                return self._route(f"{pattern.pattern}:{found[1]}", window)
        return BudgetAnswer(headers={})

    def _route(self, key: str, window: Window) -> BudgetAnswer:
        wait_seconds = self._wait(key, window)
        if wait_seconds <= 0:
            self._count(key)
        used = self._used[key]
        reset_after = max(0.0, used[0] + window.seconds - self._world.clock.time())
        headers = {
            "X-RateLimit-Limit": str(window.max_requests),
            "X-RateLimit-Remaining": str(window.max_requests - len(used)),
            "X-RateLimit-Reset": f"{self._world.clock.time() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": f"{abs(hash(key.rpartition(':')[0])):016x}",
        }
        if wait_seconds <= 0:
            return BudgetAnswer(headers=headers)
        headers |= {"Retry-After": str(round(wait_seconds) + 1), "X-RateLimit-Scope": "user"}
        return BudgetAnswer(headers=headers, refusal=too_many(round(wait_seconds, 3)))

    def _wait(self, key: str, window: Window) -> float:
        used = self._used[key]
        now = self._world.clock.time()
        while used and used[0] <= now - window.seconds:
            used.popleft()
        return used[0] + window.seconds - now if len(used) >= window.max_requests else 0.0

    def _count(self, key: str) -> None:
        self._used[key].append(self._world.clock.time())
