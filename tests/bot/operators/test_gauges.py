"""Gauges say what the tables and the loops say, and money is counted once, over restarts too."""

from pathlib import Path

from bot.jobs.figures import Attempts, Figures
from bot.jobs.model import JobState
from bot.jobs.ports import Tally
from bot.metrics import Metrics
from bot.operators.gauges import Gauges
from bot.supervisor import LoopState
from tests.moved_clock import MovedClock


class World:
    """Tables and loops, set by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = MovedClock()
        self.spent_micros = 74_000
        self.metrics = Metrics()
        self.gauges = Gauges(
            tallies=self,
            figures=self,
            loops=lambda: [LoopState(name=name, running=name == "a", deaths=1, last_error="") for name in "ab"],
            data_dir=folder,
            clock=self.clock,
            metrics=self.metrics,
        )

    async def live_tally(self) -> Tally:
        return Tally(by_state=dict.fromkeys(JobState, 2))

    async def figures(self, now: object) -> Figures:
        since = self.clock._begins
        return Figures(spent_micros=self.spent_micros, held_micros=0, day_micros=0, month_micros=0, queued_since=since)

    async def attempts_since(self, since: object) -> Attempts:
        return Attempts(all=0, unknown=0)


async def test_gauges_say_what_there_is(tmp_path: Path):
    world = World(tmp_path)
    world.clock.leap(90)
    await world.gauges.refresh()
    assert world.metrics.value("compose_queue_age_seconds") == 90
    assert world.metrics.value("compose_loops_dead") == 1
    assert world.metrics.value("compose_live_jobs", state="queued") == 2
    assert world.metrics.value("compose_disk_free_bytes") > 0


async def test_money_begins_with_all_that_was_ever_spent_and_is_counted_once(tmp_path: Path):
    world = World(tmp_path)
    for spent, shown in ((74_000, 0.074), (74_000, 0.074), (111_000, 0.111), (100_000, 0.111)):
        world.spent_micros = spent
        await world.gauges.refresh()
        assert round(world.metrics.value("compose_spent_total"), 6) == shown


async def test_a_folder_that_is_gone_has_no_number(tmp_path: Path):
    world = World(tmp_path / "gone")
    await world.gauges.refresh()
    assert world.metrics.value("compose_disk_free_bytes") != world.metrics.value("compose_disk_free_bytes")
