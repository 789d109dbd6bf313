"""Which interactions were taken up already: Discord may deliver one twice, and each may be answered but once."""

from collections import OrderedDict

#: Far more than arrive between a delivery and its repetition, which comes with a RESUME.
_MOST_REMEMBERED = 10_000


class Arrivals:
    """Remembers the latest interactions of this process; what must hold across a restart stands in the job's row."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        """`most`: ids that are remembered."""
        self._most = most
        self._known: OrderedDict[int, None] = OrderedDict()

    def is_first(self, interaction_id: int) -> bool:
        """Whether this one arrives for the first time; remembers it."""
        if interaction_id in self._known:
            return False
        self._known[interaction_id] = None
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return True
