"""A place that closes while a song is made: the track goes the next best way, or is kept until it is asked for."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from sandbox.discord import Channel, Install, Interaction, Message
from sandbox.discord.lookups import Where, Who
from tests.flows.choir import Choir, open_choir, title
from tests.flows.play import PATIENCE_SECONDS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150)]

#: Long enough for something to happen meanwhile.
WHILE = {"polls": ["generating"] * 8 + ["completed"]}
CLOSED = "Member Two"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def choir(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[Choir]:
    """One bot; one of its members takes no direct messages."""
    async with open_choir(tmp_path_factory.mktemp("places"), song) as choir:
        choir.discord.close_dms(CLOSED)
        yield choir


def new_channel(choir: Choir, name: str) -> Channel:
    """A channel like #general, for one test."""
    world = choir.discord.world
    like = choir.discord.place("general")
    made = Channel(id=world.clock.mint(), type=like.type, name=name, guild_id=like.guild_id)
    world.channels[made.id] = made
    world.send_event("CHANNEL_CREATE", channel=made)
    return made


async def begun(
    choir: Choir, name: str, *, channel: Where = None, member: Who = None, install: Install = Install.GUILD
) -> Interaction:
    """A song that the music API is busy with."""
    asked = await choir.sing(name, channel=channel, member=member, install=install, script=WHILE)
    await choir.reached(name, JobState.GENERATING)
    return asked


async def file_from_tracks(choir: Choir, name: str, member: Who, channel: Where = None) -> Message:
    """What `/tracks` gives: a list, a song, its file."""
    page = await choir.discord.slash("tracks", {"song": title(name)}, member=member, channel=channel)
    await choir.discord.until(lambda: page.messages, PATIENCE_SECONDS)
    pressed = await choir.discord.click(page.messages[0], choir.button(page.messages[0], "file"), member=member)
    await choir.discord.until(lambda: pressed.messages and pressed.messages[0].attachments, PATIENCE_SECONDS)
    return pressed.messages[0]


@pytest.mark.parametrize("lost", ["attach_files", "send_messages", "view_channel"])
async def test_a_permission_that_is_lost_meanwhile_sends_the_track_to_the_member_himself(
    choir: Choir, lost: str
) -> None:
    place = new_channel(choir, f"without-{lost}")
    await begun(choir, f"without {lost.replace(chr(95), chr(32))}", channel=place)
    choir.discord.revoke(lost, channel=place)
    track = await choir.delivered(f"without {lost.replace(chr(95), chr(32))}")
    assert track.channel_id == choir.discord.open_dm().id
    assert "could not post it where you asked" in track.content
    card = choir.card(f"without {lost.replace(chr(95), chr(32))}")
    assert ("direct message" in choir.look_of(card)) is (lost != "view_channel")


async def test_a_channel_that_is_deleted_meanwhile_sends_the_track_to_the_member_himself(choir: Choir) -> None:
    place = new_channel(choir, "deleted")
    await begun(choir, "deleted channel", channel=place)
    choir.discord.delete_channel(place)
    track = await choir.delivered("deleted channel")
    assert track.channel_id == choir.discord.open_dm().id


async def test_a_thread_that_is_locked_meanwhile_sends_the_track_to_the_member_himself(choir: Choir) -> None:
    for name, is_archived in (("locked thread", False), ("locked and archived thread", True)):
        place = choir.discord.start_thread(name)
        await begun(choir, name, channel=place)
        choir.discord.set_thread(place, archived=is_archived, locked=True)
        track = await choir.delivered(name)
        assert track.channel_id == choir.discord.open_dm().id


async def test_an_archived_thread_is_opened_again_by_its_track(choir: Choir) -> None:
    place = choir.discord.start_thread("archived thread")
    await begun(choir, "archived thread", channel=place)
    choir.discord.set_thread(place, archived=True)
    track = await choir.delivered("archived thread")
    assert track.channel_id == place.id


async def test_a_message_that_a_filter_stops_goes_to_the_member_himself(choir: Choir) -> None:
    place = new_channel(choir, "filtered")
    await begun(choir, "filtered", channel=place)
    blocked = {"message": "Message was blocked by automatic moderation", "code": 200000}
    choir.discord.fail("POST", f"^/channels/{place.id}/messages$", status=400, body=blocked, times=None)
    track = await choir.delivered("filtered")
    choir.discord.faults.clear()
    assert track.channel_id == choir.discord.open_dm().id


async def test_a_place_without_files_still_gets_the_link_when_the_member_takes_no_messages(choir: Choir) -> None:
    place = new_channel(choir, "no-files")
    await begun(choir, "no files", channel=place, member=CLOSED)
    choir.discord.revoke("attach_files", channel=place)
    row = await choir.ended("no files")
    assert row["state"] == JobState.DELIVERED
    message = choir.discord.message(row["track_message_id"])
    assert message.channel_id == place.id
    assert not message.attachments
    assert "Open the track ↗" in choir.look_of(message)


async def test_a_track_that_reaches_nobody_is_kept_and_delivered_on_request(choir: Choir) -> None:
    place = new_channel(choir, "silenced")
    await begun(choir, "silenced", channel=place, member=CLOSED)
    choir.discord.revoke("send_messages", channel=place)
    card = await choir.told_of("silenced", JobState.UNDELIVERABLE, "You can fetch it with")
    assert len((await file_from_tracks(choir, "silenced", CLOSED)).attachments) >= 1

    choir.discord.grant("send_messages", channel=place)
    await choir.discord.click(card, choir.button(card, "look"), member=CLOSED)
    row = await choir.reached("silenced", JobState.DELIVERED)
    track = choir.discord.message(row["track_message_id"])
    assert track.channel_id == place.id
    assert track.attachments


async def test_a_track_whose_channel_and_member_are_gone_is_found_by_tracks(choir: Choir) -> None:
    place = new_channel(choir, "gone")
    await begun(choir, "gone", channel=place, member=CLOSED)
    choir.discord.delete_channel(place)
    row = await choir.ended("gone")
    assert row["state"] == JobState.UNDELIVERABLE
    given = await file_from_tracks(choir, "gone", CLOSED)
    assert given.ephemeral
    assert given.attachments[0].filename.endswith(".mp3")


async def test_a_bot_that_is_thrown_out_brings_the_track_to_the_member_or_keeps_it(choir: Choir) -> None:
    guild = choir.discord.world.guilds[choir.discord.place("general").guild_id or 0]
    await begun(choir, "thrown out", member="Member One")
    choir.discord.kick_bot(guild)
    row = await choir.ended("thrown out")
    choir.discord.invite_bot(guild)
    assert row["state"] == JobState.UNDELIVERABLE  # without a common server Discord lets no direct message through
    given = await file_from_tracks(choir, "thrown out", "Member One")
    assert given.attachments[0].filename.endswith(".mp3")


async def test_a_song_ordered_where_only_the_member_brought_the_bot_takes_the_place_of_its_card(choir: Choir) -> None:
    asked = await begun(choir, "elsewhere", channel="lounge", install=Install.USER)
    track = await choir.delivered("elsewhere")
    assert asked.messages == [track]
    assert not asked.followups
    assert "is ready" in track.content
    assert choir.button(track, "again")


async def test_a_song_that_outlives_the_token_elsewhere_comes_by_direct_message(choir: Choir) -> None:
    asked = await begun(choir, "elsewhere and long", channel="lounge", install=Install.USER)
    choir.discord.expire_tokens(asked)
    track = await choir.delivered("elsewhere and long")
    assert track.channel_id == choir.discord.open_dm().id


async def test_a_song_that_outlives_the_token_of_a_member_without_messages_is_kept(choir: Choir) -> None:
    asked = await begun(choir, "elsewhere and closed", channel="lounge", member=CLOSED, install=Install.USER)
    choir.discord.expire_tokens(asked)
    row = await choir.ended("elsewhere and closed")
    assert row["state"] == JobState.UNDELIVERABLE
    assert (await file_from_tracks(choir, "elsewhere and closed", CLOSED)).attachments


async def test_a_song_ordered_in_a_direct_message_is_answered_there(choir: Choir) -> None:
    place = choir.discord.open_dm("Moderator")
    asked = await begun(choir, "in private", channel=place, member="Moderator")
    choir.discord.expire_tokens(asked)
    track = await choir.delivered("in private")
    assert track.channel_id == place.id
    assert track.reply_to_id == choir.card("in private").id
    assert "done" in choir.look_of(choir.card("in private"))


async def test_a_link_that_discord_refuses_costs_no_track_anywhere(choir: Choir) -> None:
    choir.discord.world.rules.disliked_hosts = ("127.0.0.1",)
    try:
        muted = new_channel(choir, "muted-links")
        await begun(choir, "refused link")
        await begun(choir, "refused link directly", channel=muted)
        await begun(choir, "refused link elsewhere", channel="lounge", install=Install.USER)
        choir.discord.revoke("send_messages", channel=muted)
        for name in ("refused link", "refused link directly", "refused link elsewhere"):
            track = await choir.delivered(name)
            assert "Open the track" not in choir.look_of(track)
        given = await file_from_tracks(choir, "refused link", "Member One")
        assert "Open the track" not in choir.look_of(given)
    finally:
        choir.discord.world.rules.disliked_hosts = ()


async def test_a_track_whose_address_has_a_blank_in_it_arrives_with_its_link(choir: Choir) -> None:
    done = {"id": "{id}", "status": "completed", "audio_file": {"url": "{track_url}?name=a song"}}
    await choir.sing("blank address", script={"polls": ["generating"] * 8 + [{"status": 200, "body": done}]})
    track = await choir.delivered("blank address")
    assert "Open the track ↗" in choir.look_of(track)
    (address,) = [b["url"] for row in track.components for b in row["components"] if b.get("url")]
    assert address.endswith("?name=a%20song")
