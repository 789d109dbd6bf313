"""Figures that are read when somebody asks for them: from the tables, the disk, and the loops."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.clock import Clock
from bot.jobs.figures import FigureStore
from bot.jobs.model import LIVE
from bot.jobs.ports import TallyStore
from bot.metrics import Metrics
from bot.supervisor import LoopState

_MICROS = 1_000_000


class Gauges:
    """Brought up to date by `refresh`."""

    def __init__(
        self,
        *,
        tallies: TallyStore,
        figures: FigureStore,
        loops: Callable[[], Sequence[LoopState]],
        data_dir: Path,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """Reads nothing yet."""
        self._tallies = tallies
        self._figures = figures
        self._loops = loops
        self._data_dir = data_dir
        self._clock = clock
        self._metrics = metrics
        self._spent_micros = 0
        self._turn = asyncio.Lock()  # two at once would count the same money twice

    async def refresh(self) -> None:
        """Raises StoreError; what needs no database is right all the same."""
        metrics = self._metrics
        metrics.loops_dead.set(sum(not loop.running for loop in self._loops()))
        metrics.disk_free_bytes.set(await asyncio.to_thread(_free_bytes, self._data_dir))
        by_state = (await self._tallies.live_tally()).by_state
        for state in LIVE:
            metrics.live_jobs.labels(state).set(by_state.get(state, 0))
        async with self._turn:
            now = self._clock.now()
            figures = await self._figures.figures(now)
            # over restarts too: a new process begins with all that was ever spent, which Prometheus takes for a reset
            metrics.spent.inc(max(0, figures.spent_micros - self._spent_micros) / _MICROS)
            self._spent_micros = max(self._spent_micros, figures.spent_micros)
            waited = 0.0 if figures.queued_since is None else (now - figures.queued_since).total_seconds()
            metrics.queue_age_seconds.set(max(0.0, waited))


def _free_bytes(folder: Path) -> float:
    """NaN where nobody can say."""
    try:
        return float(shutil.disk_usage(folder).free)
    except OSError:
        return float("nan")
