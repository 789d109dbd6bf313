"""Several processes on one database: whose job it is, how many are at the service, and what part each has."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from bot.jobs.admitting import Full
from bot.jobs.model import Job, JobState
from bot.jobs.sharing import GONE_AFTER, Process, ProcessKind, Share
from bot.store.db import open_store
from bot.store.engines import connect
from bot.store.jobs import SqlJobStore
from tests.bot.store.orders import NOON, SetClock, an_order, at, moved

ONE, OTHER = str(uuid4()), str(uuid4())


def a_process(pid: int, shards: str = "") -> Process:
    return Process(id=str(uuid4()), host="here", pid=pid, kind=ProcessKind.RUN, shards=shards, since=at(pid))


@pytest.mark.heavy
async def test_what_a_process_has_in_hand_moves_nothing_once_another_has_claimed_the_job(store: SqlJobStore) -> None:
    job = await store.add(an_order(), NOON)
    assert await store.claim(job.id, ONE) is False
    claimed = await store.get(job.id)
    assert claimed is not None
    assert (claimed.claimed_by, claimed.version) == (ONE, job.version)
    assert await store.claim(job.id, ONE) is False, "its own, once more"
    assert await store.claim(job.id, OTHER) is True
    assert await store.move(claimed, JobState.QUEUED, at(1)) is None
    taken_over = await store.get(job.id)
    assert taken_over is not None
    assert taken_over.claimed_by == OTHER
    assert await store.move(taken_over, JobState.QUEUED, at(1)) is not None
    assert await store.claim(job.id + 1, ONE) is None


@pytest.mark.heavy
async def test_places_at_the_service_are_never_more_than_there_are_whoever_sends(url: str) -> None:
    async with open_store(url, clock=SetClock()) as here:
        elsewhere_database = connect(make_url(url))
        stores = [here, SqlJobStore(elsewhere_database)]
        jobs = [await moved(here, await here.add(an_order(number), NOON), JobState.QUEUED) for number in range(1, 9)]
        other = await moved(here, await here.add(an_order(99, model="music-01"), NOON), JobState.QUEUED)
        begun = await asyncio.gather(
            *(stores[number % 2].begin_attempt(job, at(60), places=3) for number, job in enumerate(jobs)),
            here.begin_attempt(other, at(60), places=3),
        )
        assert sum(isinstance(said, Job) for said in begun[:-1]) == 3
        assert sum(isinstance(said, Full) for said in begun[:-1]) == 5
        assert isinstance(begun[-1], Job), "another model has places of its own"
        await elsewhere_database.close()


async def test_parts_are_never_more_than_the_whole_and_become_fair(store: SqlJobStore) -> None:
    first, second, third = a_process(1), a_process(2), a_process(3)
    assert await store.renew(first, 9, at(0)) == Share(polls=1.0, discord=1.0)
    assert await store.renew(second, 9, at(1)) == Share(polls=0.0, discord=0.0, load=1.0, is_fair=False)
    assert await store.renew(first, 9, at(2)) == Share(polls=0.5, discord=0.5, load=1.0)
    assert await store.renew(second, 9, at(3)) == Share(polls=0.5, discord=0.5, load=1.0)
    shares = {one.id: Share(polls=0.5, discord=0.5) for one in (first, second)}
    for turn in range(3):
        for one, watched in ((third, 19), (first, 9), (second, 9)):
            shares[one.id] = await store.renew(one, watched, at(4 + turn))
            assert sum(share.polls for share in shares.values()) <= 1.000001
            assert sum(share.discord for share in shares.values()) <= 1.000001
    assert round(shares[third.id].polls, 3) == 0.5, "by how much they look at"
    assert round(shares[third.id].discord, 3) == round(1 / 3, 3)
    assert [one.pid for one in await store.processes(at(10))] == [1, 2, 3]
    await store.sign_off(third.id)
    gone = at(8) + GONE_AFTER + timedelta(seconds=1)
    assert await store.renew(first, 9, gone) == Share(polls=1.0, discord=1.0), "the others are gone"
    assert [one.id for one in await store.processes(gone)] == [first.id]


async def test_a_value_is_replaced_only_where_nobody_was_quicker(store: SqlJobStore) -> None:
    assert await store.replace_value("a", None, "1")
    assert not await store.replace_value("a", None, "2")
    assert not await store.replace_value("a", "2", "3")
    assert await store.replace_value("a", "1", "4")
    assert await store.get_value("a") == "4"
