import io
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.discord import ClientRefusedError, FakeDiscord

from .conftest import Bot


def channel(bot: Bot, fake: FakeDiscord) -> discord.PartialMessageable:
    return bot.get_partial_messageable(fake.channel.id)


def song(name: str = "track.mp3", size_bytes: int = 10) -> discord.File:
    return discord.File(io.BytesIO(bytes(size_bytes)), name)


async def refused(awaitable: Any) -> discord.HTTPException:
    with pytest.raises(discord.HTTPException) as caught:
        await awaitable
    return caught.value


async def test_the_same_nonce_gives_the_existing_message_until_its_window_is_over(fake: FakeDiscord, bot: Bot) -> None:
    first = await channel(bot, fake).send("one", nonce="job-7")
    again = await channel(bot, fake).send("two", nonce="job-7")
    assert (again.id, again.content) == (first.id, "one")
    fake.advance(fake.rules.nonce_window_seconds + 1)
    later = await channel(bot, fake).send("three", nonce="job-7")
    assert later.id != first.id
    assert [message.content for message in fake.messages] == ["one", "three"]


async def test_the_nonce_of_a_deleted_message_is_unknown(fake: FakeDiscord, bot: Bot) -> None:
    first = await channel(bot, fake).send("one", nonce="job-7")
    await first.delete()
    assert (await refused(channel(bot, fake).send("two", nonce="job-7"))).code == 10008


async def test_a_message_without_a_nonce_is_noticed(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    url = f"{fake.api_url}/channels/{fake.channel.id}/messages"
    async with http.post(url, json={"content": "hi"}) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Via"]
    async with http.post(url, json={"content": "hi", "nonce": "x"}) as answer:
        assert answer.status == 200
    assert [violation.kind for violation in fake.violations] == ["no nonce", "no nonce"]
    fake.rules.wants_nonces = False
    async with http.post(url, json={"content": "hi"}) as answer:
        assert answer.status == 200
    assert len(fake.violations) == 2


async def test_a_nonce_longer_than_25_characters_is_refused(fake: FakeDiscord, bot: Bot) -> None:
    assert (await refused(channel(bot, fake).send("x", nonce="n" * 26))).code == 50035


async def test_content_over_2000_characters_is_refused(fake: FakeDiscord, bot: Bot) -> None:
    await channel(bot, fake).send("x" * 2000)
    error = await refused(channel(bot, fake).send("x" * 2001))
    assert (error.status, error.code) == (400, 50035)
    assert "Must be 2000 or fewer in length" in error.text


async def test_an_empty_message_is_refused(fake: FakeDiscord, bot: Bot) -> None:
    assert (await refused(channel(bot, fake).send(" "))).code == 50006


@pytest.mark.parametrize(
    "embed",
    [
        discord.Embed(title="t" * 257),
        discord.Embed(description="d" * 4097),
        discord.Embed().set_footer(text="f" * 2049),
        discord.Embed().add_field(name="n" * 257, value="v"),
        discord.Embed().add_field(name="n", value="v" * 1025),
        discord.Embed(title="t").set_image(url="ftp://somewhere"),
    ],
)
async def test_an_embed_over_its_limits_is_refused(fake: FakeDiscord, bot: Bot, embed: discord.Embed) -> None:
    assert (await refused(channel(bot, fake).send(embed=embed))).code == 50035


async def test_embeds_over_6000_characters_together_are_refused(fake: FakeDiscord, bot: Bot) -> None:
    embeds = [discord.Embed(description="d" * 3001), discord.Embed(description="d" * 3000)]
    error = await refused(channel(bot, fake).send(embeds=embeds))
    assert "6000" in error.text
    await channel(bot, fake).send(embeds=[discord.Embed(description="d" * 3000), discord.Embed(description="d" * 3000)])


async def test_a_field_discord_does_not_know_is_noticed(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    url = f"{fake.api_url}/channels/{fake.channel.id}/messages"
    body = {"content": "x", "contents": "y", "nonce": "1", "enforce_nonce": True}
    async with http.post(url, json=body) as answer:
        assert answer.status == 200
    assert [(violation.kind, violation.detail) for violation in fake.violations] == [("unknown field", "contents")]


async def test_a_reply_to_a_deleted_message_fails_unless_it_need_not_exist(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.post("please")
    reference = discord.MessageReference(message_id=asked.id, channel_id=fake.channel.id)
    reply = await channel(bot, fake).send("done", reference=reference)
    assert fake.message(reply.id).reply_to_id == asked.id
    fake.remove_message(asked)
    error = await refused(channel(bot, fake).send("done", reference=reference))
    assert error.code == 50035
    assert "Unknown message" in error.text
    reference.fail_if_not_exists = False
    plain = await channel(bot, fake).send("done", reference=reference)
    assert fake.message(plain.id).reply_to_id is None


async def test_an_edit_keeps_the_attachments_it_does_not_name(fake: FakeDiscord, bot: Bot) -> None:
    sent = await channel(bot, fake).send("x", file=song("one.mp3"))
    await sent.edit(content="y")
    assert [file.filename for file in fake.message(sent.id).attachments] == ["one.mp3"]
    await sent.edit(attachments=[*sent.attachments, song("two.mp3")])
    assert [file.filename for file in fake.message(sent.id).attachments] == ["one.mp3", "two.mp3"]
    replaced = await sent.edit(attachments=[song("three.mp3")])
    assert [file.filename for file in replaced.attachments] == ["three.mp3"]
    await replaced.edit(attachments=[])
    assert fake.message(sent.id).attachments == []


async def test_a_file_that_was_taken_off_a_message_is_gone_from_the_cdn(
    fake: FakeDiscord, bot: Bot, http: aiohttp.ClientSession
) -> None:
    sent = await channel(bot, fake).send("x", file=song("one.mp3"))
    async with http.get(sent.attachments[0].url) as answer:
        assert answer.status == 200
    await sent.edit(attachments=[])
    async with http.get(sent.attachments[0].url) as answer:
        assert answer.status == 404


async def test_a_file_over_the_limit_is_413_with_40005(fake: FakeDiscord, bot: Bot) -> None:
    fake.set_upload_limit(1000, channel=fake.channel)
    await channel(bot, fake).send(file=song(size_bytes=1000))
    error = await refused(channel(bot, fake).send(file=song(size_bytes=1001)))
    assert (error.status, error.code) == (413, 40005)
    fake.set_upload_limit(None, channel=fake.channel)
    fake.set_upload_limit(2000, guild=fake.guild)
    await channel(bot, fake).send(file=song(size_bytes=2000))
    assert (await refused(channel(bot, fake).send(file=song(size_bytes=2001)))).status == 413


async def test_the_history_is_read_before_after_and_with_a_limit(fake: FakeDiscord, bot: Bot) -> None:
    sent = [await channel(bot, fake).send(str(number)) for number in range(6)]
    place = await bot.fetch_channel(fake.channel.id)
    assert isinstance(place, discord.TextChannel)

    async def contents(**how: Any) -> list[str]:
        return [message.content async for message in place.history(**how)]

    assert await contents(limit=2) == ["5", "4"]
    assert await contents(limit=2, before=sent[3]) == ["2", "1"]
    assert await contents(limit=2, after=sent[2], oldest_first=True) == ["3", "4"]
    assert (await place.fetch_message(sent[1].id)).content == "1"
    await sent[1].delete()
    assert (await refused(place.fetch_message(sent[1].id))).code == 10008


async def test_messages_of_others_are_blank_in_the_history(fake: FakeDiscord, bot: Bot) -> None:
    await fake.post("a secret", files=[("song.mp3", b"x")])
    await fake.post(f"for <@{fake.world.application_id}>")
    place = await bot.fetch_channel(fake.channel.id)
    assert isinstance(place, discord.TextChannel)
    found = [(message.content, len(message.attachments)) async for message in place.history()]
    assert found == [(f"for <@{fake.world.application_id}>", 0), ("", 0)]


async def test_only_own_messages_are_edited(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.post("mine")
    assert (await refused(channel(bot, fake).get_partial_message(asked.id).edit(content="y"))).code == 50005
    assert (await refused(channel(bot, fake).get_partial_message(asked.id).delete())).code == 50013
    fake.grant("manage_messages")
    await channel(bot, fake).get_partial_message(asked.id).delete()
    assert fake.message(asked.id).deleted


async def test_edits_are_counted_with_their_times(fake: FakeDiscord, bot: Bot) -> None:
    sent = await channel(bot, fake).send("x")
    await sent.edit(content="y")
    fake.advance(10)
    await sent.edit(content="z")
    first, second = fake.message(sent.id).edit_times
    assert second - first >= 10


async def test_unknown_channels_and_messages_have_their_codes(fake: FakeDiscord, bot: Bot) -> None:
    assert (await refused(bot.get_partial_messageable(1).send("x"))).code == 10003
    assert (await refused(channel(bot, fake).get_partial_message(1).edit(content="x"))).code == 10008


async def test_a_deleted_channel_is_unknown_and_told_to_the_bot(fake: FakeDiscord, bot: Bot) -> None:
    await channel(bot, fake).send("x")
    place = fake.channel
    assert bot.get_channel(place.id) is not None
    fake.delete_channel(place)
    assert (await refused(bot.get_partial_messageable(place.id).send("x"))).code == 10003
    await fake.until(lambda: bot.get_channel(place.id) is None)


async def test_a_guild_that_was_left_gives_no_access(fake: FakeDiscord, bot: Bot) -> None:
    assert len(bot.guilds) == 1
    fake.kick_bot()
    assert (await refused(channel(bot, fake).send("x"))).code == 50001
    await fake.until(lambda: not bot.guilds)
    fake.invite_bot(fake.guild)
    await channel(bot, fake).send("x")
    await fake.until(lambda: bot.guilds)


# -- permissions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "sends", "code"),
    [
        ("view_channel", {"content": "x"}, 50001),
        ("send_messages", {"content": "x"}, 50013),
        ("attach_files", {"file": song}, 50013),
        ("embed_links", {"embed": discord.Embed(title="x")}, 50013),
    ],
)
async def test_a_missing_permission_has_its_code(
    fake: FakeDiscord, bot: Bot, permission: str, sends: dict[str, Any], code: int
) -> None:
    message = {name: value() if callable(value) else value for name, value in sends.items()}
    fake.revoke(permission)
    error = await refused(channel(bot, fake).send(**message))
    assert (error.status, error.code) == (403, code)
    fake.grant(permission)
    message = {name: value() if callable(value) else value for name, value in sends.items()}
    await channel(bot, fake).send(**message)


async def test_a_reply_needs_the_history(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.post("please")
    fake.revoke("read_message_history")
    reference = discord.MessageReference(message_id=asked.id, channel_id=fake.channel.id)
    assert (await refused(channel(bot, fake).send("x", reference=reference))).code == 160002
    place = await bot.fetch_channel(fake.channel.id)
    assert isinstance(place, discord.TextChannel)
    assert [message async for message in place.history()] == []


async def test_revoked_permissions_reach_the_bots_cache(fake: FakeDiscord, bot: Bot) -> None:
    place = bot.get_channel(fake.channel.id)
    assert isinstance(place, discord.TextChannel)
    assert place.permissions_for(place.guild.me).attach_files
    fake.revoke("attach_files")
    await fake.until(lambda: not place.permissions_for(place.guild.me).attach_files)


# -- mentions --------------------------------------------------------------------------------------------------------


async def test_nobody_is_pinged_without_allowed_mentions(fake: FakeDiscord, bot: Bot) -> None:
    one = fake.member("Member One")
    text = f"<@{one.id}> @everyone <@&{fake.guild.id + 1}>"
    quiet = fake.message((await channel(bot, fake).send(text)).id)
    assert (quiet.mentioned_user_ids, quiet.pinged_user_ids) == ((), ())


async def test_a_listed_user_alone_is_pinged(fake: FakeDiscord, bot: Bot) -> None:
    one, two = fake.member("Member One"), fake.member("Member Two")
    allowed = discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(one.id)])
    sent = await channel(bot, fake).send(f"<@{one.id}> <@{two.id}> @everyone", allowed_mentions=allowed)
    assert fake.message(sent.id).mentioned_user_ids == (one.id,)
    assert fake.message(sent.id).pinged_user_ids == (one.id,)


async def test_everything_is_parsed_by_default_in_messages(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    one = fake.member("Member One")
    url = f"{fake.api_url}/channels/{fake.channel.id}/messages"
    body = {
        "content": f"<@{one.id}> @everyone `<@{fake.member('Member Two').id}>`",
        "nonce": "1",
        "enforce_nonce": True,
    }
    async with http.post(url, json=body) as answer:
        sent = fake.message((await answer.json())["id"])
    assert sent.mentioned_user_ids == (one.id,)
    assert sent.mentions.everyone
    assert set(sent.pinged_user_ids) == {person.id for person in fake.members}
    fake.revoke("mention_everyone")
    async with http.post(url, json=body | {"nonce": "2"}) as answer:
        sent = fake.message((await answer.json())["id"])
    assert sent.pinged_user_ids == (one.id,)


async def test_a_reply_pings_its_author_only_if_it_says_so(fake: FakeDiscord, bot: Bot) -> None:
    asked = await fake.post("please", member="Member Two")
    reference = discord.MessageReference(message_id=asked.id, channel_id=fake.channel.id)
    quiet = await channel(bot, fake).send("x", reference=reference, mention_author=False)
    loud = await channel(bot, fake).send("x", reference=reference, mention_author=True)
    assert fake.message(quiet.id).pinged_user_ids == ()
    assert fake.message(loud.id).pinged_user_ids == (asked.author.id,)


async def test_a_moderators_role_is_pinged_through_its_members(fake: FakeDiscord, bot: Bot) -> None:
    role = discord.Object(fake.guild.id + 1)
    sent = await channel(bot, fake).send(f"<@&{role.id}>", allowed_mentions=discord.AllowedMentions(roles=[role]))
    assert fake.message(sent.id).pinged_user_ids == (fake.member("Moderator").id,)


async def test_parse_and_a_list_of_the_same_kind_exclude_each_other(
    fake: FakeDiscord, http: aiohttp.ClientSession
) -> None:
    url = f"{fake.api_url}/channels/{fake.channel.id}/messages"
    body = {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}
    async with http.post(url, json=body) as answer:
        assert (await answer.json())["code"] == 50035


# -- direct messages and threads -------------------------------------------------------------------------------------


async def test_the_bot_writes_a_direct_message_unless_it_is_closed(fake: FakeDiscord, bot: Bot) -> None:
    one = await bot.fetch_user(fake.member("Member One").id)
    await one.send("hello")
    assert [message.content for message in fake.seen(fake.open_dm("Member One"))] == ["hello"]
    assert fake.seen(fake.open_dm("Member One"), "Member Two") == []
    fake.close_dms("Member One")
    assert (await refused(one.send("hello"))).code == 50007
    fake.close_dms("Member One", closed=False)
    fake.kick_bot()
    assert (await refused(one.send("hello"))).code == 50278


async def test_a_thread_takes_messages_unless_it_is_locked(fake: FakeDiscord, bot: Bot) -> None:
    thread = fake.start_thread("songs")
    place = bot.get_partial_messageable(thread.id)
    sent = await place.send("x")
    fake.set_thread(thread, archived=True)
    assert (await refused(sent.edit(content="y"))).code == 50083
    await place.send("opens it again")
    assert not thread.archived
    fake.set_thread(thread, locked=True)
    assert (await refused(place.send("x"))).code == 160005
    fake.set_thread(thread, archived=True)
    assert (await refused(place.send("x"))).code == 50083


async def test_writing_in_a_thread_is_a_permission_of_its_own(fake: FakeDiscord, bot: Bot) -> None:
    thread = fake.start_thread("songs")
    place = bot.get_partial_messageable(thread.id)
    fake.revoke("send_messages")
    await place.send("x")
    fake.revoke("send_messages_in_threads")
    assert (await refused(place.send("x"))).code == 50013
    assert (await refused(channel(bot, fake).send("x"))).code == 50013


async def test_a_member_writes_only_where_they_may(fake: FakeDiscord) -> None:
    fake.revoke("send_messages", member="Member One")
    with pytest.raises(ClientRefusedError):
        await fake.post("x")
    assert (await fake.post("x", member="Member Two")).content == "x"


async def test_a_moderator_deletes_what_a_member_may_not(fake: FakeDiscord, bot: Bot) -> None:
    sent = await channel(bot, fake).send("x")
    with pytest.raises(ClientRefusedError):
        await fake.delete_message(sent.id, member="Member One")
    await fake.delete_message(sent.id, member="Moderator")
    assert fake.messages == []


async def test_an_edit_without_allowed_mentions_uses_the_default_again_and_notifies_nobody(
    fake: FakeDiscord, bot: Bot, http: aiohttp.ClientSession
) -> None:
    one = fake.member("Member One")
    sent = await channel(bot, fake).send(f"<@{one.id}>")
    assert fake.message(sent.id).mentioned_user_ids == ()
    url = f"{fake.api_url}/channels/{fake.channel.id}/messages/{sent.id}"
    async with http.patch(url, json={"content": f"now <@{one.id}>"}) as answer:
        assert answer.status == 200
    assert fake.message(sent.id).mentioned_user_ids == (one.id,)
    assert fake.message(sent.id).pinged_user_ids == ()


async def test_an_attachment_that_was_not_sent_is_refused(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    url = f"{fake.api_url}/channels/{fake.channel.id}/messages"
    async with http.post(url, json={"content": "x", "attachments": [{"id": 0, "filename": "a.mp3"}]}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50035)
    assert fake.messages == []
