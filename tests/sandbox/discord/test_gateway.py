import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.discord import FakeDiscord

from .conftest import Bot, Start, finish

GUILDS, GUILD_MESSAGES, MEMBERS, CONTENT = 1 << 0, 1 << 9, 1 << 1, 1 << 15


class Line:
    """A bare gateway connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, token: str) -> None:
        self.socket = socket
        self.token = token
        self.sequence = 0

    async def receive(self) -> dict[str, Any]:
        frame = await self.socket.receive(timeout=60)
        assert frame.type is aiohttp.WSMsgType.TEXT, f"closed with {self.socket.close_code}"
        body = frame.json()
        self.sequence = body["s"] or self.sequence
        return body

    async def event(self, name: str) -> dict[str, Any]:
        while (frame := await self.receive())["t"] != name:
            pass
        return frame["d"]

    async def closed(self) -> int | None:
        while (await self.socket.receive(timeout=60)).type is aiohttp.WSMsgType.TEXT:
            pass
        return self.socket.close_code

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def identify(self, intents: int = GUILDS, **more: Any) -> dict[str, Any]:
        await self.send(2, {"token": self.token, "intents": intents, "properties": {}, **more})
        return await self.event("READY")

    async def resume(self, session_id: str, sequence: int) -> None:
        await self.send(6, {"token": self.token, "session_id": session_id, "seq": sequence})


@asynccontextmanager
async def line(fake: FakeDiscord) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session, session.ws_connect(fake.gateway_url) as socket:
        one = Line(socket, fake.token)
        assert (await one.receive())["op"] == 10
        yield one


async def test_a_session_begins_with_hello_ready_and_the_guilds(fake: FakeDiscord) -> None:
    async with line(fake) as one:
        await one.send(1, None)
        assert (await one.receive())["op"] == 11
        ready = await one.identify()
        assert ready["resume_gateway_url"] == fake.gateway_url
        guild = await one.event("GUILD_CREATE")
        assert guild["name"] == "Sandbox"
        assert {channel["name"] for channel in guild["channels"]} == {"general", "music"}


async def test_without_the_guilds_intent_no_guild_is_sent_but_interactions_are(fake: FakeDiscord) -> None:
    fake.world.commands[None] = [{"id": "1", "name": "go", "type": 1, "description": "Go"}]
    async with line(fake) as one:
        await one.identify(0)
        await fake.slash("go")
        assert (await one.receive())["t"] == "INTERACTION_CREATE"


async def test_messages_are_sent_only_to_those_who_asked_for_them(fake: FakeDiscord) -> None:
    async with line(fake) as quiet, line(fake) as listening:
        await quiet.identify()
        await quiet.event("GUILD_CREATE")
        await listening.identify(GUILDS | GUILD_MESSAGES)
        message = await fake.post("a secret")
        assert (await listening.event("MESSAGE_CREATE"))["content"] == ""
        fake.remove_message(message)
        assert (await listening.event("MESSAGE_DELETE"))["id"] == str(message.id)
        fake.revoke("send_messages")
        assert (await quiet.receive())["t"] == "CHANNEL_UPDATE"


async def test_resume_replays_what_was_missed_in_order(fake: FakeDiscord) -> None:
    async with line(fake) as one:
        session = (await one.identify(GUILDS | GUILD_MESSAGES))["session_id"]
        await one.event("GUILD_CREATE")
        sequence = one.sequence
        await one.socket.close(code=4000)
    await fake.until(lambda: not fake.gateway.connected)
    for text in ("one", "two"):
        await fake.post(text)
    async with line(fake) as two:
        await two.resume(session, sequence)
        frames = [await two.receive() for _ in range(3)]
        assert [(frame["t"], frame["s"]) for frame in frames] == [
            ("MESSAGE_CREATE", sequence + 1),
            ("MESSAGE_CREATE", sequence + 2),
            ("RESUMED", sequence + 3),
        ]
        assert isinstance(frames[2]["d"], dict)


@pytest.mark.parametrize("how", ["unknown", "closed with 1000", "too long ago", "from the future"])
async def test_a_session_that_is_over_cannot_be_resumed(fake: FakeDiscord, how: str) -> None:
    async with line(fake) as one:
        session = (await one.identify())["session_id"]
        sequence = one.sequence
        await one.socket.close(code=1000 if how == "closed with 1000" else 4000)
    await fake.until(lambda: not fake.gateway.connected)
    if how == "too long ago":
        fake.advance(fake.rules.session_lifetime_seconds + 1)
    async with line(fake) as two:
        await two.resume("x" if how == "unknown" else session, sequence + (100 if how == "from the future" else 0))
        frame = await two.receive()
        assert (frame["op"], frame["d"]) == (9, False)


async def test_bad_tokens_and_intents_have_their_close_codes(fake: FakeDiscord) -> None:
    async with line(fake) as one:
        await one.send(2, {"token": "wrong", "intents": 0})
        assert await one.closed() == 4004
    async with line(fake) as one:
        await one.send(2, {"token": fake.token, "intents": CONTENT})
        assert await one.closed() == 4014
    async with line(fake) as one:
        await one.send(77, None)
        assert await one.closed() == 4001
    async with line(fake) as one:
        await one.send(6, {"token": "wrong", "session_id": "x", "seq": 1})
        assert await one.closed() == 4004


async def test_privileged_intents_that_are_switched_on_show_content(fake: FakeDiscord) -> None:
    fake.rules.privileged_intents = CONTENT
    async with line(fake) as one:
        await one.identify(GUILDS | GUILD_MESSAGES | CONTENT)
        await fake.post("not a secret")
        assert (await one.event("MESSAGE_CREATE"))["content"] == "not a secret"


async def test_a_silent_gateway_does_not_answer_heartbeats(fake: FakeDiscord) -> None:
    async with line(fake) as one:
        fake.gateway.silent = True
        await one.send(1, None)
        await one.send(3, {"status": "idle"})
        await fake.until(lambda: fake.gateway.presence)  # one after the other: the heartbeat was heard
        fake.gateway.silent = False
        await one.send(1, None)
        assert (await one.receive())["op"] == 11
        await one.send(2, {"token": one.token, "intents": GUILDS, "properties": {}})
        assert (await one.receive())["t"] == "READY", "two heartbeats, one answer"


async def test_a_heartbeat_is_answered_after_a_moment_as_over_a_real_line(fake: FakeDiscord) -> None:
    """discord.py notes when it sent a heartbeat after sending it: a faster answer would count from the one before."""
    async with line(fake) as one:
        began = asyncio.get_running_loop().time()
        await one.send(1, None)
        assert (await one.receive())["op"] == 11
        assert asyncio.get_running_loop().time() - began > 0.01


async def test_a_connection_that_is_cut_before_its_heartbeat_is_answered_is_no_fault(
    fake: FakeDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    async with line(fake) as one:
        await one.identify()
        await one.send(1, None)
        await asyncio.sleep(0.005)
        fake.gateway.cut()
        await fake.until(lambda: not fake.gateway.sockets)
    assert [record.getMessage() for record in caplog.records] == []


async def test_each_shard_gets_its_own_guilds(fake: FakeDiscord) -> None:
    index = (fake.guild.id >> 22) % 2
    async with line(fake) as mine, line(fake) as other:
        assert (await mine.identify(shard=[index, 2]))["shard"] == [index, 2]
        assert (await other.identify(shard=[1 - index, 2]))["guilds"] == []
        await mine.event("GUILD_CREATE")
        fake.revoke("send_messages")
        await mine.event("CHANNEL_UPDATE")
        await other.send(1, None)
        assert (await other.receive())["op"] == 11


@pytest.mark.parametrize("shard", [[2, 2], [-1, 2], [0, 0], [0], ["0", "1"], "0", 3, [1, 2, 3]])
async def test_a_shard_that_does_not_exist_is_refused(fake: FakeDiscord, shard: Any) -> None:
    async with line(fake) as one:
        await one.send(2, {"token": fake.token, "intents": GUILDS, "properties": {}, "shard": shard})
        assert await one.closed() == 4010


async def test_a_group_of_shards_greets_once_in_so_many_seconds_and_a_connection_takes_so_many_servers(
    fake: FakeDiscord,
) -> None:
    fake.rules.identify_seconds, fake.rules.max_concurrency = 60.0, 2
    added = [fake.add_guild(f"Server {index}", shard=(index, 3)) for index in range(3)]
    async with line(fake) as first, line(fake) as second, line(fake) as third:
        named = [(await one.identify(shard=[index, 3]))["guilds"] for index, one in enumerate((first, second))]
        for index, guilds in enumerate(named):
            assert str(added[index].id) in {guild["id"] for guild in guilds}
            assert str(added[2].id) not in {guild["id"] for guild in guilds}
        await third.send(2, {"token": fake.token, "intents": GUILDS, "properties": {}, "shard": [2, 3]})
        assert (await third.receive())["op"] == 9
        fake.advance(60)
        fake.rules.guilds_per_shard = 0
        await third.send(2, {"token": fake.token, "intents": GUILDS, "properties": {}, "shard": [2, 3]})
        assert await third.closed() == 4011


# -- with discord.py -------------------------------------------------------------------------------------------------


def go(bot: Bot) -> None:
    @bot.tree.command(name="go", description="Go")
    async def command(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("x")


async def test_the_bot_resumes_after_a_drop_and_answers_what_it_missed(fake: FakeDiscord, start: Start) -> None:
    await start(go)
    fake.gateway.refuses = 503
    await fake.gateway.drop()
    await fake.until(lambda: not fake.gateway.connected)
    done = await fake.slash("go")
    fake.gateway.refuses = None
    await fake.until(lambda: done.answered, 60)
    assert (fake.gateway.identifies, fake.gateway.resumes) == (1, 1)


async def test_the_bot_resumes_when_it_is_asked_to_reconnect(fake: FakeDiscord, start: Start) -> None:
    bot = await start(go)
    await fake.gateway.ask_to_reconnect()
    await fake.until(lambda: ("resumed", None) in bot.seen)
    assert fake.gateway.identifies == 1


async def test_the_bot_identifies_anew_after_an_invalid_session(fake: FakeDiscord, start: Start) -> None:
    await start(go)
    await fake.gateway.invalidate()
    await fake.until(lambda: fake.gateway.identifies == 2 and fake.gateway.connected, 60)
    done = await fake.slash("go")
    await fake.until(lambda: done.answered)


async def test_the_bot_identifies_anew_after_a_drop_that_forgot_its_session(fake: FakeDiscord, start: Start) -> None:
    await start(go)
    await fake.gateway.drop(4000, resumable=False)
    await fake.until(lambda: fake.gateway.identifies == 2 and fake.gateway.connected, 60)


async def test_a_connection_cut_without_a_word_is_resumed(fake: FakeDiscord, start: Start) -> None:
    bot = await start(go)
    fake.gateway.cut()
    await fake.until(lambda: ("resumed", None) in bot.seen, 60)


async def test_a_bot_that_hears_no_heartbeats_connects_anew(fake: FakeDiscord, start: Start) -> None:
    fake.rules.heartbeat_interval_seconds = 0.1
    await start(go, heartbeat_timeout=0.3)
    fake.gateway.silent = True
    await fake.until(lambda: fake.gateway.resumes, 60)
    fake.gateway.silent = False
    fake.rules.heartbeat_interval_seconds = 41.25


async def test_a_bot_whose_token_was_replaced_stops_with_4004(fake: FakeDiscord, pointed: None) -> None:
    async with Bot() as bot:
        await bot.login(fake.token)
        task = asyncio.create_task(bot.connect())
        await fake.until(lambda: bot.seen)
        fake.set_token("another")
        await fake.gateway.drop(4004)
        with pytest.raises(discord.ConnectionClosed) as caught:
            await task
        assert caught.value.code == 4004
        await finish(bot, task)


async def test_a_discord_that_went_away_comes_back_on_its_port_with_all_it_knew(
    fake: FakeDiscord, start: Start
) -> None:
    bot = await start(go)
    port = fake.port
    message = await fake.post("still there")
    await fake.refuse_connections()
    with pytest.raises(aiohttp.ClientConnectorError):
        await bot.fetch_user(bot.application_id or 0)
    with socket.socket() as somebody:
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            somebody.bind((fake.host, port))
    await fake.accept_connections()
    assert fake.port == port
    await fake.ready()
    assert fake.gateway.identifies == 1
    assert fake.message(message.id).content == "still there"
    done = await fake.slash("go")
    await fake.until(lambda: done.answered)
