"""Notices jobs that their server has forgotten to end: after a restart the one that ran stands still for an hour."""

from dataclasses import dataclass

from bot.generation.acestep.wire import AtWork, Stats

#: After so long without news it is asked whether the server works at anything; a step of a slow card takes longer.
DOUBTED_AFTER_SECONDS = 20.0
#: While the server works at something, which may be another's job, one is given up after so many usual lengths,
#: and not before so long: its own mean begins with 5 s, whatever the card.
_USUAL_LENGTHS = 5.0
_MIN_SECONDS = 900.0
#: Of jobs whose end nobody asked for.
_MAX_REMEMBERED = 1000


@dataclass(slots=True, kw_only=True)
class _Mark:
    mark: tuple[float, str]
    since: float


class Stalling:
    """What each running job last said, and when it last said something new. Nothing in it has to outlive a restart."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._marks: dict[str, _Mark] = {}

    def seconds_since_news(self, task_id: str, seen: AtWork, now: float) -> float:
        """For how long a running job has said the same; 0 while it waits in the server's queue. `now`: monotonic."""
        if not seen.is_running:
            self.forget(task_id)
            return 0.0
        known = self._marks.get(task_id)
        if known is None or known.mark != seen.mark:
            while len(self._marks) >= _MAX_REMEMBERED:
                del self._marks[next(iter(self._marks))]
            self._marks[task_id] = known = _Mark(mark=seen.mark, since=now)
        return now - known.since

    def forget(self, task_id: str) -> None:
        """It ended, or is lost."""
        self._marks.pop(task_id, None)


def is_lost(quiet_seconds: float, stats: Stats | None) -> bool:
    """Whether a running job that has been quiet for so long will never end. `stats`: None when there were none."""
    if quiet_seconds < DOUBTED_AFTER_SECONDS:
        return False
    if stats is not None and stats.running == 0:
        return True
    usual = 0.0 if stats is None else stats.average_seconds
    return quiet_seconds >= max(_MIN_SECONDS, _USUAL_LENGTHS * usual)
