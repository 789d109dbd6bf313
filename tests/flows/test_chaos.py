"""A short storm inside the ordinary tests; `make chaos` blows a long one."""

from tests.chaos.run import run


async def test_nothing_is_lost_paid_twice_or_posted_twice_in_a_short_storm() -> None:
    said: list[str] = []
    outcome = await run(seed=7, jobs=8, max_seconds=50, say=said.append)
    assert outcome.score.broken == [], said
    assert outcome.score.delivered > 0, said
