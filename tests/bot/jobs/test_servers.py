"""Servers that the bot was removed from."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot.errors import Reason
from bot.jobs.model import Job, JobState, Origin
from bot.jobs.servers import KEEP_RULES_FOR, LEFT, Servers
from bot.store.tables import rules
from tests.bot.jobs.kit import STRAIGHT, Kit
from tests.bot.jobs.orders import GUILD, an_order

KEPT = ("log_channel.", "notice:")


def servers_of(kit: Kit) -> Servers:
    return Servers(store=kit.store, clock=kit.clock, metrics=kit.metrics, wake=kit.engine.wake)


async def ordered(
    kit: Kit, number: int = 1, *, origin: Origin = Origin.GUILD, bot_is_member: bool | None = True
) -> Job:
    order = an_order(number)
    return await kit.order(replace(order, place=replace(order.place, origin=origin, bot_is_member=bot_is_member)))


async def add_rule(kit: Kit, guild_id: int = GUILD) -> None:
    values = {"guild_id": guild_id, "subject_kind": "role", "subject_id": 1, "kind": "limit_day", "value": "3"}
    async with kit.real_store.database.writing() as connection:
        await connection.execute(insert(rules).values(note="", by=1, at=kit.clock.now(), **values))


@pytest.mark.parametrize("queued", [False, True])
async def test_what_waits_there_ends_unpaid_gives_back_and_its_member_is_told(kit: Kit, queued: bool):
    job = await ordered(kit)
    if queued:
        job = await kit._onward(job, JobState.QUEUED)
    await servers_of(kit).removed(GUILD)
    ended = await kit.job(job.id)
    assert (ended.state, ended.reason) == (JobState.FAILED, Reason.GUILD_LEFT)
    assert [line.kind for line in await kit.real_store.ledger_of(job.member_id)] == ["held", "freed"]
    assert kit.woken == [job.id]
    await kit.run_on(job.id)
    assert (await kit.job(job.id)).notified_state is JobState.FAILED


@pytest.mark.parametrize("state", [state for state in STRAIGHT if state not in {JobState.QUEUED, JobState.DELIVERED}])
async def test_what_is_paid_goes_on(kit: Kit, state: JobState):
    job = await ordered(kit)
    for after in STRAIGHT:
        if job.state is not state:
            job = await kit._onward(job, after)
    await servers_of(kit).removed(GUILD)
    assert (await kit.job(job.id)).state is state


async def test_songs_elsewhere_and_songs_that_were_never_posted_there_go_on(kit: Kit):
    elsewhere = await ordered(kit, 1)
    own_app = await ordered(kit, 2, origin=Origin.USER_INSTALL)
    without_the_bot = await ordered(kit, 3, bot_is_member=False)
    await servers_of(kit).removed(GUILD + 1)
    await servers_of(kit).removed(GUILD)
    assert (await kit.job(elsewhere.id)).state is JobState.FAILED
    assert (await kit.job(own_app.id)).state is JobState.CHECKING
    assert (await kit.job(without_the_bot.id)).state is JobState.CHECKING


async def test_a_start_finds_out_that_the_bot_was_removed_meanwhile(kit: Kit):
    job = await ordered(kit)
    await servers_of(kit).compare(lambda: {GUILD})
    assert (await kit.job(job.id)).state is JobState.CHECKING
    await servers_of(kit).compare(lambda: {GUILD + 1})
    assert (await kit.job(job.id)).state is JobState.FAILED


async def test_a_start_leaves_songs_alone_of_which_nobody_knows_whether_the_bot_was_there(kit: Kit):
    job = await ordered(kit, bot_is_member=None)
    await add_rule(kit)
    await servers_of(kit).compare(frozenset)
    assert (await kit.job(job.id)).state is JobState.CHECKING
    await servers_of(kit).removed(GUILD)
    assert (await kit.job(job.id)).state is JobState.FAILED


async def test_rules_and_log_channel_are_forgotten_after_a_week_and_not_before(kit: Kit):
    await add_rule(kit)
    await add_rule(kit, GUILD + 1)
    for kept in KEPT:
        await kit.real_store.set_value(f"{kept}{GUILD}", "6")
        await kit.real_store.set_value(f"{kept}{GUILD + 1}", "6")
    servers = servers_of(kit)
    await servers.compare(lambda: {GUILD + 1})
    kit.clock.leap((KEEP_RULES_FOR - timedelta(seconds=1)).total_seconds())
    await servers.compare(lambda: {GUILD + 1})  # a further start does not begin the week anew
    await servers.forget_due()
    assert await kit.real_store.guild_ids_at_stake() == {GUILD, GUILD + 1}
    kit.clock.leap(1)
    await servers.forget_due()
    assert await kit.real_store.guild_ids_at_stake() == {GUILD + 1}
    for kept in KEPT:
        assert await kit.real_store.values_named(kept) == {f"{GUILD + 1}": "6"}
    assert await kit.real_store.values_named(LEFT) == {}


@pytest.mark.parametrize("by_event", [False, True])
async def test_a_server_that_comes_back_in_time_finds_its_rules(kit: Kit, by_event: bool):
    await add_rule(kit)
    servers = servers_of(kit)
    await servers.removed(GUILD)
    await (servers.joined(GUILD) if by_event else servers.compare(lambda: {GUILD}))
    kit.clock.leap(2 * KEEP_RULES_FOR.total_seconds())
    await servers.forget_due()
    assert await kit.real_store.guild_ids_at_stake() == {GUILD}


async def test_a_song_that_was_sent_meanwhile_goes_on(kit: Kit):
    job = await ordered(kit)
    job = await kit._onward(job, JobState.QUEUED)

    async def send() -> None:
        await kit._onward(job, JobState.SUBMITTING)

    kit.store.before["move"] = send
    await servers_of(kit).removed(GUILD)
    assert (await kit.job(job.id)).state is JobState.SUBMITTING


async def test_a_busy_database_is_asked_again(kit: Kit):
    job = await ordered(kit)
    kit.store.busy("move")
    await kit.patiently(kit.supervisor.spawn("removed", servers_of(kit).removed(GUILD)))
    assert (await kit.job(job.id)).state is JobState.FAILED


@pytest.mark.parametrize("busy", ["values_named", "guild_ids_at_stake"])
async def test_a_start_that_finds_the_database_busy_compares_all_the_same(kit: Kit, busy: str):
    job = await ordered(kit)
    kit.store.busy(busy)
    await kit.patiently(kit.supervisor.spawn("compare", servers_of(kit).compare(frozenset)))
    assert (await kit.job(job.id)).state is JobState.FAILED


async def test_a_server_that_is_back_is_noted_although_the_database_was_busy(kit: Kit):
    servers = servers_of(kit)
    await servers.removed(GUILD)
    kit.store.busy("drop_value")
    await kit.patiently(kit.supervisor.spawn("joined", servers.joined(GUILD)))
    assert await kit.real_store.values_named(LEFT) == {}


async def test_a_server_that_invites_the_bot_while_a_start_compares_is_not_taken_for_gone(kit: Kit):
    members: set[int] = set()

    async def invite() -> None:
        members.add(GUILD)
        await ordered(kit)

    kit.store.before["guild_ids_at_stake"] = invite
    await servers_of(kit).compare(lambda: members)
    assert (await kit.job(1)).state is JobState.CHECKING
