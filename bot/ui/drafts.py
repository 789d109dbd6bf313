"""Orders that are still being typed: held in memory while a form is open or a refused order is being changed.

They are a convenience, not a promise. The form itself holds what the member types; a refused order shows their text.
"""

import secrets
from collections import OrderedDict

from bot.clock import Clock
from bot.ui.orders import OrderInput

#: Longer than anybody leaves a form open; a form's own interaction ends after 15 minutes, one in typing does not.
_KEPT_SECONDS = 6 * 3600.0


class Drafts:
    """Inputs by a key that a custom_id can carry; each for the member who typed it."""

    def __init__(self, clock: Clock, max_drafts: int = 2_000) -> None:
        """`max_drafts`: the oldest gives way."""
        self._clock = clock
        self._max_drafts = max_drafts
        self._drafts: OrderedDict[str, tuple[float, int, OrderInput]] = OrderedDict()

    def keep(self, member_id: int, order_input: OrderInput) -> str:
        """Remember an input; returns its key."""
        key = secrets.token_hex(6)
        self._drafts[key] = (self._clock.monotonic(), member_id, order_input)
        while len(self._drafts) > self._max_drafts:
            self._drafts.popitem(last=False)
        return key

    def forget(self, member_id: int) -> None:
        """Drop all inputs of a member."""
        for key in [key for key, (_, whose, _) in self._drafts.items() if whose == member_id]:
            del self._drafts[key]

    def find(self, key: str, member_id: int) -> OrderInput | None:
        """The input, for the member who typed it; None when it is forgotten, or was made before a restart."""
        kept = self._drafts.get(key)
        if kept is None or kept[1] != member_id:
            return None
        if self._clock.monotonic() - kept[0] > _KEPT_SECONDS:
            del self._drafts[key]
            return None
        return kept[2]
