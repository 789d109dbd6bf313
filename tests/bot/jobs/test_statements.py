"""What one song asks of the database, with the real store: transactions, ledger and answered-mark included."""

from collections import Counter
from dataclasses import replace

from sqlalchemy import event

from bot.jobs.context import DONE, RunAgain
from bot.jobs.model import JobState
from tests.bot.jobs.kit import Kit, finished
from tests.bot.jobs.orders import an_order

_MAX_WRITES = 10
_MAX_READS = 14
_CARD = 500


async def test_a_song_is_ten_writing_and_fourteen_reading_transactions_at_most(kit: Kit) -> None:
    counted = _counted(kit)
    admitted = await kit.service.take(replace(an_order(1), answered_at=None))
    await kit.service.answered(admitted.job, _CARD)
    kit.service.answer_ended(admitted.job.id)
    kit.generator.polls.then(finished())
    while (step := await kit.run_step()) is not DONE:
        assert isinstance(step, RunAgain)
        await kit.clock.advance(step.after_seconds)
    used = dict(counted)
    assert (await kit.job()).state is JobState.DELIVERED
    assert 0 < used["writing"] <= _MAX_WRITES
    assert 0 < used["reading"] <= _MAX_READS


def _counted(kit: Kit) -> Counter[str]:
    """Every transaction from here on, by the engine that it is on."""
    database = kit.real_store.database
    counted: Counter[str] = Counter()
    for kind, engine in (("reading", database._reader), ("writing", database._writer)):
        event.listen(engine.sync_engine, "begin", lambda _connection, kind=kind: counted.update([kind]))
    return counted
