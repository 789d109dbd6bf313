"""What a command of the shell says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOutput:
    """One answer, for people and for scripts."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    code: int = 0

    def written(self, *, as_json: bool) -> str:
        """What is printed."""
        return json.dumps(self.values, ensure_ascii=False, indent=2) if as_json else self.text
