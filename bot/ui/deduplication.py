"""Which interactions were taken up already: Discord may deliver one twice, and each may be answered but once."""

from collections import OrderedDict

#: Far more than arrive between a delivery and its repetition, which comes with a RESUME.
_MAX_REMEMBERED = 10_000


class InteractionDeduplicator:
    """Remembers the latest interactions of this process; what must hold across a restart stands in the job's row."""

    def __init__(self, max_ids: int = _MAX_REMEMBERED) -> None:
        """`max_ids`: ids that are remembered."""
        self._max_ids = max_ids
        self._known: OrderedDict[int, None] = OrderedDict()

    def is_first(self, interaction_id: int) -> bool:
        """Whether this one arrives for the first time; remembers it."""
        if interaction_id in self._known:
            return False
        self._known[interaction_id] = None
        if len(self._known) > self._max_ids:
            self._known.popitem(last=False)
        return True
