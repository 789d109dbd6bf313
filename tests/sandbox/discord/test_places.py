import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import discord
import pytest
import yarl

from sandbox.discord import ClientRefusedError, DiscordControl, FakeDiscord, SandboxClock
from sandbox.discord.clock import snowflake_time
from tests.ports import kept_port

from .conftest import Bot, Start, finish, knows_its_servers


def telling(found: list[discord.Interaction]) -> Any:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="go", description="Go")
        async def command(interaction: discord.Interaction) -> None:
            found.append(interaction)
            await interaction.response.send_message("x")

        @bot.tree.context_menu(name="Look")
        async def look(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(message.content)

        @bot.tree.context_menu(name="Wave")
        async def wave(interaction: discord.Interaction, member: discord.Member) -> None:
            await interaction.response.send_message(member.display_name)

    return prepare


async def test_a_command_in_a_thread_knows_it_and_is_answered_there(fake: FakeDiscord, start: Start) -> None:
    found: list[discord.Interaction] = []
    bot = await start(telling(found))
    thread = fake.start_thread("songs", channel="music")
    await fake.until(lambda: bot.guilds[0].get_thread(thread.id))
    fake.revoke("send_messages_in_threads", channel=thread)
    done = await fake.slash("go", channel=thread)
    await fake.until(lambda: done.answered)
    (interaction,) = found
    assert isinstance(interaction.channel, discord.Thread)
    assert interaction.channel.parent_id == fake.place("music").id
    assert interaction.app_permissions.send_messages
    assert not interaction.app_permissions.send_messages_in_threads
    assert [message.content for message in fake.seen(thread)] == ["x"]


async def test_the_bot_starts_threads_of_its_own(fake: FakeDiscord, bot: Bot) -> None:
    place = await bot.fetch_channel(fake.channel.id)
    assert isinstance(place, discord.TextChannel)
    message = await place.send("start")
    thread = await message.create_thread(name="songs")
    await thread.send("inside")
    assert thread.id == message.id
    assert [posted.content for posted in fake.seen(thread.id)] == ["inside"]


async def test_the_locale_of_a_member_comes_with_the_interaction(fake: FakeDiscord, start: Start) -> None:
    found: list[discord.Interaction] = []
    await start(telling(found))
    fake.member("Member Two").locale = "de"
    done = await fake.slash("go", member="Member Two")
    await fake.until(lambda: done.answered)
    assert found[0].locale is discord.Locale.german


async def test_a_member_who_does_not_see_a_channel_sees_and_does_nothing_in_it(fake: FakeDiscord, start: Start) -> None:
    await start(telling([]))
    message = await fake.post("x")
    fake.revoke("view_channel", member="Member Two")
    assert fake.seen(member="Member Two") == []
    with pytest.raises(ClientRefusedError):
        await fake.slash("go", member="Member Two")
    with pytest.raises(ClientRefusedError):
        await fake.message_command("Look", message, member="Member Two")


@pytest.fixture
def port() -> Iterator[int]:
    """Nobody else gets it while one Discord has left it and the next has not come."""
    with kept_port() as kept:
        yield kept


async def test_a_new_sandbox_on_the_same_port_is_the_same_place(pointed: None, port: int) -> None:
    first = FakeDiscord(port=port)
    await first.start()
    ids = (first.world.application_id, first.guild.id, first.channel.id, first.member("Moderator").id)
    await first.stop()
    async with FakeDiscord(port=port) as second:
        assert second.port == first.port
        again = (second.world.application_id, second.guild.id, second.channel.id, second.member("Moderator").id)
        assert again == ids


async def test_a_bot_goes_on_when_its_discord_is_replaced_by_a_new_one(
    monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    first = FakeDiscord(port=port)
    await first.start()
    monkeypatch.setattr(discord.http.Route, "BASE", first.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(first.gateway_url))
    async with Bot() as bot:
        await bot.login(first.token)
        task = asyncio.create_task(bot.connect())
        await first.until(lambda: bot.seen)
        await first.stop()
        async with FakeDiscord(port=port) as second:
            await second.ready()
            assert (second.gateway.resumes, second.gateway.identifies) == (1, 1)
            await second.until(bot.is_ready)
            await bot.get_partial_messageable(second.channel.id).send("still here")
            assert [message.content for message in second.messages] == ["still here"]
            await finish(bot, task)


async def test_the_clock_only_moves_forward_and_its_ids_follow(fake: FakeDiscord) -> None:
    clock = SandboxClock()
    ids = [clock.mint() for _ in range(100)]
    assert ids == sorted(set(ids))
    before = clock.time()
    clock.advance(3600)
    assert snowflake_time(clock.mint()) - before >= 3599.9
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


async def test_every_switch_and_verb_is_reached_over_the_control_api(
    fake: FakeDiscord, start: Start, control: DiscordControl
) -> None:
    await start(telling([]))
    thread = await control.switch("start_thread", name="songs")
    await control.switch("set_thread", thread=thread["id"], archived=True, locked=True)
    assert fake.place(thread["id"]).locked
    await control.switch("set_member", member="Member One", locale="de", upload_limit_bytes=7)
    assert fake.member("Member One").locale == "de"
    dm = await control.switch("open_dm", member="Member Two")
    await control.switch("close_dms", member="Member Two")
    assert not fake.member("Member Two").dms_open
    await control.switch("upload_limit", size_bytes=5, channel="music")
    assert fake.place("music").upload_limit_bytes == 5
    message = await control.post("words", files=[("a.mp3", b"x")], channel="general")
    looked = await control.until_answered((await control.message_command("Look", message["id"]))["id"])
    assert looked["messages"][0]["content"] == "words"
    waved = await control.until_answered((await control.user_command("Wave", "Member Two"))["id"])
    assert waved["messages"][0]["content"] == "Member Two"
    await control.switch("expire_urls", message=message["id"])
    assert fake.message(message["id"]).attachments[0].removed
    await control.switch("replay", interaction=looked["id"])
    await control.switch("expire_tokens")
    await control.switch("advance", seconds=100)
    await control.switch("silence_gateway", on=False)
    await control.switch("refuse_gateway", status=None)
    await control.switch("remove_message", message=message["id"])
    await control.switch("delete_channel", channel=thread["id"])
    await control.switch("kick_bot")
    await control.switch("invite_bot")
    assert fake.guild.bot_present
    asked = await control.post("mine", channel=dm["id"], member="Member Two")
    await control.delete_message(asked["id"], member="Member Two")
    assert await control.messages(dm["id"]) == []
    assert await control.calls("POST", "/callback")
    assert await control.violations() == [violation.view() for violation in fake.violations]


async def test_an_automatically_sharded_bot_asks_how_many_shards_it_needs(fake: FakeDiscord, pointed: None) -> None:
    class Sharded(discord.AutoShardedClient):
        async def before_identify_hook(self, *_: Any, **__: Any) -> None: ...

    async with Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05) as bot:
        await bot.login(fake.token)
        task = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        await fake.until(lambda: knows_its_servers(bot))
        assert bot.shard_count == 1
        assert [guild.name for guild in bot.guilds] == ["Sandbox"]
        await finish(bot, task)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, 0),
        ("GET", "/channels/abc", 400, 50035),
        ("GET", "/guilds/1", 404, 10004),
        ("GET", "/guilds/{elsewhere}", 403, 50001),
        ("GET", "/guilds/{guild}/members/1", 404, 10007),
        ("GET", "/users/1", 404, 10013),
        ("POST", "/users/@me/channels", 400, 50035),
        ("POST", "/attachments/refresh-urls", 400, 50035),
        ("POST", "/channels/{channel}/threads", 400, 50035),
        ("PUT", "/applications/{app}/commands", 400, 50035),
        ("POST", "/webhooks/{app}/unknown-token", 401, 50027),
        ("POST", "/webhooks/1/unknown-token", 404, 10015),
        ("POST", "/interactions/1/unknown-token/callback", 404, 10062),
    ],
)
async def test_what_is_not_there_has_its_code(
    fake: FakeDiscord, http: aiohttp.ClientSession, method: str, path: str, status: int, code: int
) -> None:
    elsewhere = next(guild for guild in fake.world.guilds.values() if not guild.bot_present)
    ids = {"guild": fake.guild.id, "elsewhere": elsewhere.id, "channel": fake.channel.id}
    url = fake.api_url + path.format(**ids, app=fake.world.application_id)
    async with http.request(method, url, json={} if method != "GET" else None) as answer:
        assert (answer.status, (await answer.json())["code"]) == (status, code)


async def test_what_is_no_json_or_has_no_token_is_refused(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    url = f"{fake.api_url}/channels/{fake.channel.id}/messages"
    async with http.post(url, data=b"{", headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50109)
    async with http.post(url, json={"content": "x"}, headers={"Authorization": "Bot wrong"}) as answer:
        assert (answer.status, await answer.json()) == (401, {"message": "401: Unauthorized", "code": 0})
    assert fake.messages == []
