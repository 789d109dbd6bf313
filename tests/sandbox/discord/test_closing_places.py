"""Places of every kind, and what closes them, with the codes that Discord gives."""

import io
from collections.abc import Awaitable
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.discord import ClientRefusedError, DiscordControl, FakeDiscord
from sandbox.discord.objects import Channel, ChannelType
from sandbox.discord.refusals import RefusedError

from .conftest import Bot, Start


def send(bot: Bot, place: Channel, content: str = "x", **more: Any) -> Awaitable[discord.Message]:
    return bot.get_partial_messageable(place.id).send(content, **more)


async def refused(sending: Awaitable[Any]) -> tuple[int, int]:
    with pytest.raises(discord.HTTPException) as error:
        await sending
    return error.value.status, error.value.code


@pytest.mark.parametrize("kind", [ChannelType.ANNOUNCEMENT, ChannelType.VOICE, ChannelType.STAGE])
async def test_text_goes_into_every_channel_that_has_some(fake: FakeDiscord, bot: Bot, kind: ChannelType) -> None:
    place = fake.add_channel("hall", kind)
    await fake.until(lambda: bot.get_channel(place.id))
    await send(bot, place)
    assert [message.content for message in fake.seen(place)] == ["x"]


async def test_a_forum_takes_posts_and_no_messages(fake: FakeDiscord, bot: Bot) -> None:
    forum = fake.add_channel("songs", ChannelType.FORUM)
    assert await refused(send(bot, forum)) == (400, 50008)
    await send(bot, fake.start_thread("a post", channel=forum))


async def test_the_text_of_a_voice_channel_is_closed_without_connect(fake: FakeDiscord, bot: Bot) -> None:
    place = fake.add_channel("hall", ChannelType.VOICE)
    fake.revoke("connect", channel=place)
    assert await refused(send(bot, place)) == (403, 50001)


async def test_a_private_thread_is_closed_until_the_bot_is_mentioned_in_it(fake: FakeDiscord, bot: Bot) -> None:
    thread = fake.start_thread("secret", private_to=["Member One"])
    assert await refused(send(bot, thread)) == (403, 50001)
    assert bot.guilds[0].get_thread(thread.id) is None
    with pytest.raises(ClientRefusedError):
        await fake.post("x", channel=thread, member="Member Two")
    await fake.post(f"<@{fake.world.application_id}>", channel=thread)
    await fake.until(lambda: bot.guilds[0].get_thread(thread.id))
    await send(bot, thread)


async def test_a_timeout_takes_writing_away_for_its_time(fake: FakeDiscord, bot: Bot) -> None:
    fake.time_out(60)
    assert await refused(send(bot, fake.channel)) == (403, 50013)
    fake.advance(61)
    await send(bot, fake.channel)
    fake.time_out(60, member="Member One")
    with pytest.raises(ClientRefusedError):
        await fake.post("x")


async def test_automod_stops_words_and_titles(fake: FakeDiscord, bot: Bot) -> None:
    message = await send(bot, fake.channel)
    fake.block_words("Rude")
    assert await refused(send(bot, fake.channel, "how rude")) == (400, 200000)
    assert await refused(send(bot, fake.channel, embed=discord.Embed(description="RUDE"))) == (400, 200000)
    assert await refused(message.edit(content="rude")) == (400, 200000)
    place = await bot.fetch_channel(fake.channel.id)
    assert isinstance(place, discord.TextChannel)
    assert await refused(place.create_thread(name="rude songs", type=discord.ChannelType.public_thread)) == (
        400,
        200001,
    )
    fake.block_words()
    await send(bot, fake.channel, "how rude")


async def test_slow_mode_is_for_members_alone(fake: FakeDiscord, bot: Bot) -> None:
    fake.set_channel("general", slow_mode_seconds=30)
    await fake.post("x")
    with pytest.raises(RefusedError) as error:
        await fake.post("x")
    assert (error.value.status, error.value.code) == (429, 20016)
    await fake.post("x", member="Moderator")
    await fake.post("x", member="Moderator")
    for _ in range(2):
        await send(bot, fake.channel)
    fake.advance(31)
    await fake.post("x")
    await fake.until(lambda: bot.guilds[0].text_channels[0].slowmode_delay == 30)


async def test_an_age_restricted_channel_says_so_and_takes_everything(fake: FakeDiscord, bot: Bot) -> None:
    fake.set_channel("general", age_restricted=True)
    await fake.until(bot.guilds[0].text_channels[0].is_nsfw)
    await send(bot, fake.channel)


@pytest.mark.parametrize(("tier", "limit_mb"), [(0, 20), (1, 20), (2, 50), (3, 100)])
async def test_boosts_raise_the_size_of_a_file(fake: FakeDiscord, tier: int, limit_mb: int) -> None:
    fake.boost(tier)
    assert fake.world.upload_limit(fake.channel) == limit_mb * 1024 * 1024


async def test_a_request_is_too_large_as_a_whole_whatever_the_boosts(
    fake: FakeDiscord, bot: Bot, http: aiohttp.ClientSession
) -> None:
    fake.boost(3)
    assert fake.rules.request_limit_bytes == 25 * 1024 * 1024
    fake.rules.request_limit_bytes = 1_000
    files = [discord.File(io.BytesIO(bytes(600)), f"{name}.mp3") for name in "ab"]
    assert await refused(send(bot, fake.channel, files=files)) == (413, 40005)
    await send(bot, fake.channel, file=discord.File(io.BytesIO(bytes(600)), "a.mp3"))
    async with http.post(f"{fake.api_url}/users/@me/channels", json={"x": "x" * 1_000}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (413, 40005)


async def test_a_file_that_an_embed_shows_is_no_attachment(fake: FakeDiscord, bot: Bot) -> None:
    picture = discord.Embed().set_image(url="attachment://wave.png")
    files = [discord.File(io.BytesIO(b"x"), name) for name in ("song.mp3", "wave.png")]
    sent = await send(bot, fake.channel, embed=picture, files=files)
    assert [file.filename for file in sent.attachments] == ["song.mp3"]
    url = sent.embeds[0].image.url
    assert url is not None
    assert "/wave.png?" in url
    stored = fake.message(sent.id)
    assert [file.filename for file in stored.embedded] == ["wave.png"]
    await sent.edit(content="y")
    assert [file.filename for file in stored.embedded] == ["wave.png"]
    await sent.edit(embeds=sent.embeds)
    assert not stored.embedded[0].removed
    wave = stored.embedded[0]
    await sent.edit(embeds=[])
    assert stored.embedded == []
    assert wave.removed
    assert [file.filename for file in stored.attachments] == ["song.mp3"]


async def test_commands_work_without_the_bot_and_its_token_does_not(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="go", description="Go")
        async def command(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("x")

    bot = await start(prepare)
    lounge = fake.place("lounge")
    with pytest.raises(ClientRefusedError):
        await fake.slash("go", channel=lounge)
    fake.install_commands(fake.world.guilds[lounge.guild_id or 0])
    done = await fake.slash("go", channel=lounge)
    await fake.until(lambda: done.answered)
    assert done.payload["authorizing_integration_owners"] == {"0": str(lounge.guild_id)}
    assert [guild.name for guild in bot.guilds] == ["Sandbox"]
    assert await refused(send(bot, lounge)) == (403, 50001)


async def test_an_answer_in_an_archived_thread_is_not_edited_nor_one_in_a_channel_that_is_gone(
    fake: FakeDiscord, start: Start
) -> None:
    found: list[discord.Interaction] = []

    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="go", description="Go")
        async def command(interaction: discord.Interaction) -> None:
            found.append(interaction)
            await interaction.response.send_message("x")

    await start(prepare)
    thread = fake.start_thread("songs")
    done = await fake.slash("go", channel=thread)
    await fake.until(lambda: done.answered)
    fake.set_thread(thread, archived=True)
    assert await refused(found[0].edit_original_response(content="y")) == (400, 50083)
    fake.delete_channel(thread)
    assert await refused(found[0].edit_original_response(content="y")) == (404, 10003)


async def test_what_closes_a_place_is_reached_over_the_control_api(
    fake: FakeDiscord, start: Start, control: DiscordControl
) -> None:
    await start()
    forum = await control.switch("add_channel", name="songs", type=int(ChannelType.FORUM))
    secret = await control.switch("start_thread", name="secret", channel="general", private_to=["Member One"])
    assert (forum["type"], secret["type"]) == (15, 12)
    await control.switch("set_channel", channel="general", age_restricted=True, slow_mode_seconds=5)
    assert (fake.channel.age_restricted, fake.channel.slow_mode_seconds) == (True, 5)
    await control.switch("time_out", seconds=60)
    await control.switch("block_words", words=["rude"])
    await control.switch("boost", tier=3)
    assert (len(fake.guild.timeouts), fake.guild.blocked_words, fake.guild.boost_tier) == (1, ("rude",), 3)
    await control.switch("kick_bot", keep_commands=True)
    assert (fake.guild.bot_present, fake.guild.has_commands) == (False, True)
    elsewhere = fake.world.guilds[fake.place("lounge").guild_id or 0]
    await control.switch("install_commands", guild=str(elsewhere.id))
    assert elsewhere.has_commands
