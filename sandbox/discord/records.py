"""What the sandbox writes down while it runs: calls, violations and changes, with every token masked."""

import re
from dataclasses import dataclass, field
from typing import Any

from .objects import JSON

#: Interaction tokens of the sandbox begin like this so that they can be found wherever they turn up.
TOKEN_PREFIX = "sbx-"  # noqa: S105 - a prefix, no secret
_SECRETS = (
    (re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]+"), "***"),
    (re.compile(r"(?<=hm=)[0-9a-f]+"), "***"),
)


def masked(value: Any) -> Any:
    """The same text or JSON value without interaction tokens and URL signatures."""
    if isinstance(value, str):
        for pattern, replacement in _SECRETS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    return value


@dataclass(slots=True, kw_only=True)
class Call:
    """One request of the bot. `path` begins after `/api/v10`; `status` is 0 when the connection was dropped.

    `applied` tells whether Discord's state may have changed, also when the answer never arrived.
    """

    method: str
    path: str
    at: float
    query: dict[str, str] = field(default_factory=dict)
    payload: Any = None
    files: dict[str, int] = field(default_factory=dict)
    status: int = 0
    code: int | None = None
    applied: bool = False
    fault: bool = False
    seconds: float = 0.0

    def view(self) -> JSON:
        """As JSON for the control API."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something Discord would let pass or punish later, that a good bot never does."""

    kind: str
    detail: str
    at: float

    def view(self) -> JSON:
        """As JSON for the control API."""
        return {"kind": self.kind, "detail": self.detail, "at": self.at}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed, as streamed to pages; `visible_to` names the only member who may see it."""

    sequence: int
    kind: str
    at: float
    data: JSON
    visible_to: int | None = None

    def view(self) -> JSON:
        """As JSON for the control API; ids are strings, as everywhere in Discord's JSON."""
        visible_to = str(self.visible_to) if self.visible_to else None
        return {"sequence": self.sequence, "kind": self.kind, "at": self.at, "visible_to": visible_to, **self.data}
