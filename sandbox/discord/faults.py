"""Failures on request: what the sandbox's Discord answers, drops or delays instead of doing its work."""

import re
from dataclasses import dataclass, field
from typing import Any

from .objects import JSON


@dataclass(slots=True, kw_only=True)
class Fault:
    """One failure for the next `times` matching calls (None: for all until it is removed).

    `pattern` is searched as a regular expression in the path after `/api/v10`, `method` `*` means any. With `status`
    the call is answered so; with `drop` the connection is closed without an answer; with neither it is only late by
    `delay_seconds`. `after` lets the call take effect first, so that only the answer is lost or late.
    A 429 carries `retry_after_seconds` and `is_global`; `via` False makes it look like a Cloudflare ban, which
    discord.py raises at once.
    """

    method: str = "*"
    pattern: str = ".*"
    status: int | None = None
    drop: bool = False
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    times: int | None = 1
    delay_seconds: float = 0.0
    retry_after_seconds: float = 0.1
    is_global: bool = False
    via: bool = True
    hits: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether this fault is for a call and not used up."""
        left = self.times is None or self.hits < self.times
        return left and self.method in ("*", method) and re.search(self.pattern, path) is not None

    @property
    def answers(self) -> bool:
        """Whether it replaces the answer, not only delays it."""
        return self.drop or self.status is not None

    def answer(self) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers of the answer."""
        status = self.status or 500
        if status == 429 and self.body is None:
            return 429, too_many(self.retry_after_seconds, is_global=self.is_global), self._limit_headers()
        body = self.body if self.body is not None else {"message": f"{status}: sandbox fault", "code": 0}
        return status, body, dict(self.headers)

    def _limit_headers(self) -> dict[str, str]:
        headers = {"Retry-After": str(max(1, round(self.retry_after_seconds)))}
        if self.is_global:
            headers["X-RateLimit-Global"] = "true"
        return headers | {"X-RateLimit-Scope": "global" if self.is_global else "user"} | self.headers

    def view(self) -> JSON:
        """As JSON for the control API."""
        return {name: getattr(self, name) for name in self.__slots__}


def too_many(retry_after_seconds: float, *, is_global: bool = False) -> JSON:
    """The body of a 429."""
    return {"message": "You are being rate limited.", "retry_after": retry_after_seconds, "global": is_global}


class FaultBook:
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force."""
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Back to a Discord that works."""
        self.faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, counted as used."""
        for fault in self.faults:
            if fault.matches(method, path):
                fault.hits += 1
                return fault
        return None
