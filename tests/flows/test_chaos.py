"""A short storm inside the ordinary tests; `make chaos` blows a long one."""

import pytest

from tests.bot.store.postgresql import LACKING
from tests.chaos.run import run


@pytest.mark.heavy
async def test_nothing_is_lost_paid_twice_or_posted_twice_in_a_short_storm() -> None:
    said: list[str] = []
    outcome = await run(seed=7, jobs=8, max_seconds=50, say=said.append)
    assert outcome.score.broken == [], said
    assert outcome.score.delivered > 0, said


@pytest.mark.slow
async def test_the_same_holds_for_several_processes_that_are_killed_and_paused() -> None:
    if LACKING:
        pytest.skip(f"several processes are not tested here: {' and '.join(LACKING)} not installed")
    said: list[str] = []
    outcome = await run(seed=3, jobs=24, max_seconds=130, say=said.append, processes=3)
    assert outcome.score.broken == [], said
    assert outcome.score.delivered > 0, said
