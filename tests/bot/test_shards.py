"""Several connections to Discord's gateway in one process: each hears its servers, and falls and comes back alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import yarl

from bot.crowds import GREETING_SECONDS
from bot.errors import StartError
from bot.shards import OwnTurns
from sandbox.discord import FakeDiscord, Guild
from tests.bot.test_gateway import HurriedClock
from tests.client_kit import SONG, ClientKit, fake, is_answered
from tests.moved_clock import MovedClock

__all__ = ["fake"]

COUNT = 3


@pytest.fixture
def guilds(fake: FakeDiscord) -> list[Guild]:
    """One server for each shard beside the one that is there."""
    return [fake.add_guild(f"Server-{index}", shard=(index, COUNT)) for index in range(COUNT)]


@pytest.fixture
async def kit(
    fake: FakeDiscord, guilds: list[Guild], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ClientKit]:
    """As many shards as Discord recommends, with nothing set."""
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
    fake.rules.recommended_shards, fake.rules.max_concurrency = len(guilds), 2
    kit = ClientKit(fake=fake, folder=tmp_path, clock=HurriedClock())
    await kit.start()
    await fake.until(lambda: all(kit.client.knows_of(guild.id) for guild in guilds))
    yield kit
    await kit.stop()
    assert not fake.violations


async def ordered_in(kit: ClientKit, fake: FakeDiscord, guild: Guild) -> None:
    done = await fake.slash(
        "compose", {"lyrics": "Side by side"}, files={"reference": SONG}, channel=guild.name.lower()
    )
    await fake.until(lambda: is_answered(done))
    assert (await kit.card_known(kit.woken[-1])).place.guild_id == guild.id


async def test_one_process_takes_all_the_shards_that_discord_recommends_and_hears_every_server(
    kit: ClientKit, fake: FakeDiscord, guilds: list[Guild]
) -> None:
    assert sorted(session.shard for session in fake.gateway.connected) == [(index, COUNT) for index in range(COUNT)]
    assert {guild.id for guild in kit.client.guilds} == {fake.guild.id, *(guild.id for guild in guilds)}
    assert [await kit.client._group_of(shard_id) for shard_id in range(COUNT)] == [0, 1, 0]
    for guild in guilds:
        await ordered_in(kit, fake, guild)
    direct = await fake.slash("compose", {"lyrics": "Only for you"}, files={"reference": SONG}, channel=fake.open_dm())
    await fake.until(lambda: is_answered(direct))
    heard = {
        session.shard[0]: [event["d"].get("guild_id") for event in session.events if event["t"] == "INTERACTION_CREATE"]
        for session in fake.gateway.connected
    }
    assert heard[0].count(None) == 1
    for index, guild in enumerate(guilds):
        assert str(guild.id) in heard[index]
        assert {name for name in heard[index] if name} == {str(guild.id)}


async def test_a_shard_that_is_away_leaves_the_others_at_work_and_is_named(
    kit: ClientKit, fake: FakeDiscord, guilds: list[Guild]
) -> None:
    client = kit.client
    await fake.until(lambda: client.gateway.is_well)
    one = next(session for session in fake.gateway.connected if session.shard[0] == 1)
    fake.gateway.refuses = 503
    assert one.socket is not None
    await one.socket.close(code=4000)
    await fake.until(lambda: client.gateway.connected() == {0: True, 1: False, 2: True})
    await fake.until(lambda: client.gateway.trouble)
    assert client.gateway.trouble.startswith("shard 1: no connection to Discord's gateway (")
    assert "shard 2" not in client.gateway.trouble
    await ordered_in(kit, fake, guilds[2])
    fake.gateway.refuses = None
    await fake.until(lambda: client.gateway.connected()[1] and 1 not in client.gateway.lost())
    await ordered_in(kit, fake, guilds[1])


async def test_a_new_session_of_a_shard_forgets_its_servers_that_discord_names_no_more(
    kit: ClientKit, fake: FakeDiscord, guilds: list[Guild]
) -> None:
    one = next(session for session in fake.gateway.connected if session.shard[0] == 1)
    fake.gateway.sessions.pop(one.id)
    guilds[1].bot_present = False
    assert one.socket is not None
    await one.socket.close(code=4000)
    await fake.until(lambda: kit.client.get_guild(guilds[1].id) is None)
    await fake.until(lambda: all(kit.client.gateway.connected().values()))
    assert all(kit.client.get_guild(guild.id) for guild in (fake.guild, guilds[0], guilds[2]))


async def test_more_servers_than_a_shard_takes_end_the_run_with_what_to_do(kit: ClientKit, fake: FakeDiscord) -> None:
    running = next(task for task in asyncio.all_tasks() if task.get_name() == "gateway")
    fake.rules.guilds_per_shard = 0
    fake.gateway.forget()
    await fake.gateway.drop()
    with pytest.raises(StartError, match=r"\(4011\): too many servers.*Leave SHARD_COUNT out and start again"):
        async with asyncio.timeout(20):
            await asyncio.shield(running)


async def test_a_group_greets_once_in_five_seconds_and_groups_do_not_wait_for_each_other() -> None:
    clock = MovedClock()
    turns = OwnTurns(clock)
    greeted: list[tuple[str, float]] = []
    began = clock.monotonic()

    async def greet(name: str, group: int) -> None:
        async with turns.turn(group):
            greeted.append((name, clock.monotonic() - began))

    async def fail(group: int) -> None:
        async with turns.turn(group):
            raise OSError

    async with asyncio.TaskGroup() as tasks:
        for name, group in (("a", 0), ("b", 1), ("c", 0)):
            tasks.create_task(greet(name, group))
        while len(greeted) < 2 or not clock.has_sleepers():  # noqa: ASYNC110 - the clock stands still
            await asyncio.sleep(0)
        await clock.advance(GREETING_SECONDS)
    assert [name for name, _ in greeted] == ["a", "b", "c"]
    assert greeted[0][1] == greeted[1][1] == 0
    assert greeted[2][1] >= 5
    with pytest.raises(OSError):
        await fail(7)
    await greet("d", 7)
    assert greeted[-1][0] == "d", "what never reached Discord costs nobody their turn"
