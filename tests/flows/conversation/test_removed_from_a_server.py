"""The bot is removed from a server: what its events and a start make of the songs there."""

import asyncio
from types import SimpleNamespace

from bot.errors import Reason
from bot.jobs.model import JobState
from bot.jobs.servers import LEFT
from tests.client_kit import ClientKit, text_of
from tests.flows.test_places_of_discord import a_server


async def ended(client_kit: ClientKit, job_id: int) -> None:
    async with asyncio.timeout(20):
        while (await client_kit.jobs.get(job_id)).state is not JobState.FAILED:  # noqa: ASYNC110 - the client moves it
            await asyncio.sleep(0.01)


async def noted(client_kit: ClientKit, expected: bool) -> None:
    async with asyncio.timeout(20):
        while bool(await client_kit.store.values_named(LEFT)) is not expected:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def test_a_waiting_song_ends_unpaid_and_its_member_is_told_directly(client_kit: ClientKit) -> None:
    hall = a_server(SimpleNamespace(discord=client_kit.fake))  # type: ignore[arg-type]
    job = await client_kit.order(options={"title": "Waits"}, channel=hall)
    paid = await client_kit.generating(await client_kit.order(options={"title": "Paid"}, channel=hall))
    elsewhere = await client_kit.order(options={"title": "Elsewhere"})
    client_kit.advance(16 * 60)  # the orders' own answers have ended
    client_kit.fake.kick_bot(client_kit.fake.world.guilds[hall.guild_id or 0])
    await ended(client_kit, job.id)
    told = await client_kit.fresh(job)
    assert told.reason is Reason.GUILD_LEFT
    assert (await client_kit.fresh(paid)).state is JobState.GENERATING
    assert (await client_kit.fresh(elsewhere)).state is JobState.CHECKING
    await client_kit.fake.until(lambda: client_kit.woken[-1] == job.id)  # what is to be told is written first
    await client_kit.tell(told)
    news = await client_kit.fake.until(
        lambda: next((each for each in client_kit.fake.messages if "I was removed" in text_of(each)), None)
    )
    assert "Waits" in text_of(news)
    assert news.channel_id == client_kit.fake.open_dm().id


async def test_an_outage_of_the_server_ends_nothing(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    guild = client_kit.fake.guild
    client_kit.fake.world.send_event("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild_id=guild.id)
    other = client_kit.fake.add_channel("after")  # an event behind it: once it is known, so is the outage
    await client_kit.fake.until(lambda: client_kit.client.get_guild(guild.id) is None or _unavailable(client_kit))
    assert other.guild_id == guild.id
    assert (await client_kit.fresh(job)).state is JobState.CHECKING
    assert await client_kit.store.values_named(LEFT) == {}


def _unavailable(client_kit: ClientKit) -> bool:
    guild = client_kit.client.get_guild(client_kit.fake.guild.id)
    return guild is not None and guild.unavailable


async def test_a_start_finds_that_the_bot_was_removed_and_an_invitation_that_it_is_back(client_kit: ClientKit) -> None:
    client_kit.excused |= {"missing_access"}
    job = await client_kit.order()
    guild = client_kit.fake.guild
    await client_kit.stop()
    client_kit.fake.kick_bot()
    await client_kit.start()
    await ended(client_kit, job.id)
    await noted(client_kit, True)
    client_kit.fake.invite_bot(guild)
    await noted(client_kit, False)
