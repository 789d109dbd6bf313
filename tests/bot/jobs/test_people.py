"""What members ask about themselves: all that is kept of them, and that it be deleted."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot.jobs.ledger import NOBODY
from bot.jobs.model import Job, JobState
from bot.jobs.people import LEAVING, People
from bot.jobs.usage import MAX_WINDOW
from bot.store.tables import rules
from tests.bot.jobs.kit import Kit
from tests.bot.jobs.orders import GUILD, LYRICS, MEMBER, an_order

OTHER = MEMBER + 1


def people_of(kit: Kit) -> People:
    return kit.service.people


async def members_in_ledger(kit: Kit) -> set[int]:
    found = {MEMBER: await kit.real_store.ledger_of(MEMBER), NOBODY: await kit.real_store.ledger_of(NOBODY)}
    return {member_id for member_id, lines in found.items() if lines}


async def test_resting_songs_go_at_once_with_files_words_and_names(kit: Kit):
    job = await kit.at(JobState.DELIVERED)
    track = kit.files.track(job)
    assert track is not None
    other = await kit.order(an_order(900, member_id=OTHER))
    done = await people_of(kit).forget(MEMBER)
    assert [gone.id for gone in done.deleted] == [job.id]
    assert done.finishing == 0
    assert await kit.real_store.get(job.id) is None
    assert await kit.real_store.get(other.id) is not None
    assert not track.exists()
    assert job.title.encode() not in b"".join(path.read_bytes() for path in kit.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("state", [JobState.CHECKING, JobState.QUEUED])
async def test_an_unpaid_song_ends_frees_its_place_and_goes(kit: Kit, state: JobState):
    job = await kit.at(state)
    done = await people_of(kit).forget(MEMBER)
    assert [gone.id for gone in done.deleted] == [job.id]
    assert [line.kind for line in await kit.real_store.ledger_of(MEMBER)] == ["held", "freed"]
    assert kit.counted("compose_jobs_ended_total", state="cancelled", reason="member_cancelled") == 1


@pytest.mark.parametrize("state", [JobState.SUBMITTING, JobState.GENERATING, JobState.READY, JobState.DELIVERING])
async def test_a_paid_song_is_finished_first_and_goes_when_it_has_arrived(kit: Kit, state: JobState):
    job = await kit.at(state)
    people = people_of(kit)
    done = await people.forget(MEMBER)
    assert (done.deleted, done.finishing) == ([], 1)
    kit.clock.leap(1)
    while job.state is not JobState.DELIVERED:
        job = await kit._onward(job, next_of(job.state))
    await people.carry_on()
    assert await kit.real_store.get(job.id) is not None  # its member is still to be told
    await kit.real_store.update(job.id, notified_state=JobState.DELIVERED)
    await people.carry_on()
    assert await kit.real_store.get(job.id) is None


def next_of(state: JobState) -> JobState:
    order = (JobState.SUBMITTING, JobState.GENERATING, JobState.READY, JobState.DELIVERING, JobState.DELIVERED)
    return order[order.index(state) + 1]


async def test_the_ledger_forgets_the_id_when_no_limit_counts_it_any_more_and_not_before(kit: Kit):
    await kit.at(JobState.DELIVERED)
    people = people_of(kit)
    done = await people.forget(MEMBER)
    assert done.ids_until - kit.clock.now() == MAX_WINDOW + timedelta(hours=1)
    kit.clock.leap(MAX_WINDOW.total_seconds() - 1)
    await people.carry_on()
    assert await members_in_ledger(kit) == {MEMBER}
    kit.clock.leap(2)
    await people.carry_on()
    assert await members_in_ledger(kit) == {NOBODY}
    assert await kit.real_store.values_named(LEAVING) == {}
    assert kit.clock.now() < done.ids_until


async def test_lines_that_no_limit_counts_lose_the_id_at_once(kit: Kit):
    await kit.at(JobState.DELIVERED)
    kit.clock.leap(MAX_WINDOW.total_seconds() + 1)
    await people_of(kit).forget(MEMBER)
    assert await members_in_ledger(kit) == {NOBODY}


async def test_songs_ordered_after_the_wish_are_not_meant(kit: Kit):
    people = people_of(kit)
    await people.forget(MEMBER)
    job = await kit.order()
    await people.carry_on()
    assert await kit.real_store.get(job.id) is not None


async def test_a_wish_outlives_the_process_and_a_file_that_cannot_be_removed(kit: Kit):
    job = await kit.at(JobState.DELIVERED)
    track = kit.files.track(job)
    assert track is not None
    track.unlink()
    track.mkdir()
    done = await people_of(kit).forget(MEMBER)
    assert (done.deleted, done.finishing) == ([], 1)
    track.rmdir()
    await people_of(kit.restarted()).carry_on()
    assert await kit.real_store.get(job.id) is None


async def test_what_another_process_asked_for_is_carried_out_with_the_messages(kit: Kit):
    job = await kit.at(JobState.DELIVERED)
    people = people_of(kit)
    await people.ask(MEMBER, is_begun=False)
    assert not await people.is_begun(MEMBER)
    taken: list[int] = []

    async def take_away(gone: Job) -> None:
        taken.append(gone.id)

    people.take_messages_away = take_away
    await people.carry_on()
    assert await people.is_begun(MEMBER)
    assert taken == [job.id]


async def test_a_busy_database_ends_no_loop(kit: Kit):
    kit.store.busy("values_named")
    kit.supervisor.run_forever("people", people_of(kit).run)
    await kit.clock.settle()
    await kit.clock.advance(60)
    assert not [state for state in kit.supervisor.states() if state.deaths]


async def test_the_data_hold_songs_words_rules_and_ledger_and_no_secret_and_nobody_else(kit: Kit):
    job = await kit.at(JobState.DELIVERED)
    await kit.order(an_order(900, member_id=OTHER))
    rule = {
        "guild_id": GUILD,
        "subject_kind": "member",
        "kind": "block",
        "note": "as Bob said",
        "by": 4711,
        "at": kit.clock.now(),
    }
    async with kit.real_store.database.writing() as connection:
        await connection.execute(insert(rules).values(subject_id=MEMBER, **rule))
        await connection.execute(insert(rules).values(subject_id=OTHER, **rule))
    data = await people_of(kit).data_of(MEMBER)
    values = json.loads(data.as_json())
    (song,) = values["songs"]
    assert (song["song"], song["lyrics"], song["title"]) == (job.id, LYRICS, job.title)
    assert [event["state"] for event in song["history"]][-1] == "delivered"
    assert [rule["kind"] for rule in values["rules"]] == ["block"]
    assert [line["kind"] for line in values["ledger"]] == ["held", "spent"]
    assert job.track is not None
    secrets = [job.place.interaction_token, job.reference.url, job.track.url, job.key, job.generation_id]
    for written in (data.as_json(), data.as_text()):
        assert LYRICS.splitlines()[0] in written
        for secret in (*secrets, "4711", "Bob", str(OTHER), "price"):
            assert str(secret) not in written, secret


async def test_prices_are_told_where_members_are_shown_them(kit: Kit):
    await kit.at(JobState.DELIVERED)
    data = await people_of(kit).data_of(MEMBER, currency="EUR")
    assert {line["price"] for line in json.loads(data.as_json())["ledger"]} == {0.037}


async def test_of_somebody_unknown_there_is_nothing(kit: Kit):
    data = await people_of(kit).data_of(OTHER)
    assert json.loads(data.as_json())["songs"] == []
    assert (await people_of(kit).forget(OTHER)).deleted == []
