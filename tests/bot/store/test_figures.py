"""What operators watch, on both databases: money, the line, outcomes."""

from datetime import timedelta

from bot.jobs.model import JobState
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import NOON as NOW
from tests.bot.store.orders import an_order as order


async def test_an_empty_database_has_figures_too(store: SqlJobStore):
    figures = await store.figures(NOW)
    assert (figures.spent_micros, figures.held_micros, figures.queued_since) == (0, 0, None)
    attempts = await store.attempts_since(NOW)
    assert (attempts.all, attempts.unknown) == (0, 0)
    assert store.migration is None


async def test_an_attempt_counts_once_however_many_lines_it_has_and_survives_its_job(store: SqlJobStore):
    price = order(1).price_micros
    moments = [NOW + timedelta(minutes=number) for number in range(3)]
    jobs = [await store.add(order(number), moment) for number, moment in enumerate(moments, start=1)]
    queued = [await store.move(job, JobState.QUEUED, moment) for job, moment in zip(jobs, moments, strict=True)]
    figures = await store.figures(moments[-1])
    assert (figures.held_micros, figures.spent_micros, figures.queued_since) == (3 * price, 0, NOW)

    sent = []
    for job in queued[:2]:
        assert job is not None
        sent.append(await store.begin_attempt(job, moments[-1]))
    deadline = moments[-1] + timedelta(hours=1)
    await store.resolve_submission(sent[0].id, 1, "generation-1", moments[-1], deadline)
    await store.move(sent[1], JobState.UNKNOWN, moments[-1])
    attempts = await store.attempts_since(NOW)
    assert (attempts.all, attempts.unknown) == (2, 1)

    await store.resolve_submission(sent[1].id, 1, "generation-2", moments[-1], deadline)
    await store.delete(sent[1].id)
    attempts = await store.attempts_since(NOW)
    assert (attempts.all, attempts.unknown) == (2, 1)
    figures = await store.figures(moments[-1])
    assert (figures.spent_micros, figures.day_micros, figures.held_micros) == (2 * price, 2 * price, price)
    assert figures.queued_since == moments[2]
    assert (await store.attempts_since(moments[-1])).all == 0
