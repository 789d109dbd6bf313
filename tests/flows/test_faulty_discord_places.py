"""A place that closes while a song is made: the track goes the next best way, or is kept until it is asked for."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from sandbox.discord import Channel, Install, Interaction, Message
from sandbox.discord.lookups import Where, Who
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import HELD, SongBatch, open_song_batch, title

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]

CLOSED = "Member Two"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def batch(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[SongBatch]:
    """One bot; one of its members takes no direct messages."""
    async with open_song_batch(tmp_path_factory.mktemp("places"), song) as batch:
        batch.discord.close_dms(CLOSED)
        yield batch


def new_channel(batch: SongBatch, name: str) -> Channel:
    """A channel like #general, for one test."""
    world = batch.discord.world
    like = batch.discord.place("general")
    made = Channel(id=world.clock.mint(), type=like.type, name=name, guild_id=like.guild_id)
    world.channels[made.id] = made
    world.send_event("CHANNEL_CREATE", channel=made)
    return made


async def begun(
    batch: SongBatch, name: str, *, channel: Where = None, member: Who = None, install: Install = Install.GUILD
) -> Interaction:
    """A song that the music API is busy with until `go_on`; in a server longer than its order could be answered."""
    asked = await batch.order_song(name, channel=channel, member=member, install=install, script=HELD)
    await batch.reached(name, JobState.GENERATING)
    if install is Install.GUILD:
        await batch.discord.until(lambda: batch.row(name)["card_message_id"], PATIENCE_SECONDS)
        batch.discord.expire_tokens(asked)
    return asked


async def file_from_tracks(batch: SongBatch, name: str, member: Who, channel: Where = None) -> Message:
    """What `/tracks` gives: a list, a song, its file."""
    page = await batch.discord.slash("tracks", {"song": title(name)}, member=member, channel=channel)
    await batch.discord.until(lambda: page.messages and not page.thinking, PATIENCE_SECONDS)
    pressed = await batch.discord.click(page.messages[0], batch.button(page.messages[0], "file"), member=member)
    await batch.discord.until(lambda: pressed.messages and pressed.messages[0].attachments, PATIENCE_SECONDS)
    return pressed.messages[0]


@pytest.mark.parametrize("lost", ["attach_files", "send_messages", "view_channel"])
async def test_a_permission_that_is_lost_meanwhile_sends_the_track_to_the_member_directly(
    batch: SongBatch, lost: str
) -> None:
    place = new_channel(batch, f"without-{lost}")
    name = f"without {lost.replace(chr(95), chr(32))}"
    await begun(batch, name, channel=place)
    batch.discord.revoke(lost, channel=place)
    batch.go_on(name)
    track = await batch.delivered(name)
    assert track.channel_id == batch.discord.open_dm().id
    assert "could not post it where you asked" in track.content
    assert ("direct message" in batch.look_of(batch.card(name))) is (lost != "view_channel")


async def test_a_channel_that_is_deleted_meanwhile_sends_the_track_to_the_member_directly(batch: SongBatch) -> None:
    place = new_channel(batch, "deleted")
    await begun(batch, "deleted channel", channel=place)
    batch.discord.delete_channel(place)
    batch.go_on("deleted channel")
    track = await batch.delivered("deleted channel")
    assert track.channel_id == batch.discord.open_dm().id


async def test_a_thread_that_is_locked_meanwhile_sends_the_track_to_the_member_directly(batch: SongBatch) -> None:
    for name, is_archived in (("locked thread", False), ("locked and archived thread", True)):
        place = batch.discord.start_thread(name)
        await begun(batch, name, channel=place)
        batch.discord.set_thread(place, archived=is_archived, locked=True)
        batch.go_on(name)
        track = await batch.delivered(name)
        assert track.channel_id == batch.discord.open_dm().id


async def test_an_archived_thread_is_opened_again_by_its_track(batch: SongBatch) -> None:
    place = batch.discord.start_thread("archived thread")
    await begun(batch, "archived thread", channel=place)
    batch.discord.set_thread(place, archived=True)
    batch.go_on("archived thread")
    track = await batch.delivered("archived thread")
    assert track.channel_id == place.id


async def test_a_message_that_a_filter_stops_goes_to_the_member_directly(batch: SongBatch) -> None:
    place = new_channel(batch, "filtered")
    await begun(batch, "filtered", channel=place)
    blocked = {"message": "Message was blocked by automatic moderation", "code": 200000}
    batch.discord.fail("POST", f"^/channels/{place.id}/messages$", status=400, body=blocked, times=None)
    batch.go_on("filtered")
    track = await batch.delivered("filtered")
    batch.discord.faults.clear()
    assert track.channel_id == batch.discord.open_dm().id


async def test_a_place_without_files_still_gets_the_link_when_the_member_takes_no_messages(batch: SongBatch) -> None:
    place = new_channel(batch, "no-files")
    await begun(batch, "no files", channel=place, member=CLOSED)
    batch.discord.revoke("attach_files", channel=place)
    batch.go_on("no files")
    row = await batch.ended("no files")
    assert row["state"] == JobState.DELIVERED
    message = batch.discord.message(row["track_message_id"])
    assert message.channel_id == place.id
    assert not message.attachments
    assert "Open the track ↗" in batch.look_of(message)


async def test_a_track_that_reaches_nobody_is_kept_and_delivered_on_request(batch: SongBatch) -> None:
    place = new_channel(batch, "silenced")
    await begun(batch, "silenced", channel=place, member=CLOSED)
    batch.discord.revoke("send_messages", channel=place)
    batch.go_on("silenced")
    card = await batch.ended_with("silenced", JobState.UNDELIVERABLE, "You can fetch it with")
    assert len((await file_from_tracks(batch, "silenced", CLOSED)).attachments) >= 1

    batch.discord.grant("send_messages", channel=place)
    await batch.discord.click(card, batch.button(card, "look"), member=CLOSED)
    row = await batch.reached("silenced", JobState.DELIVERED)
    track = batch.discord.message(row["track_message_id"])
    assert track.channel_id == place.id
    assert track.attachments


async def test_a_track_whose_channel_and_member_are_gone_is_found_by_tracks(batch: SongBatch) -> None:
    place = new_channel(batch, "gone")
    await begun(batch, "gone", channel=place, member=CLOSED)
    batch.discord.delete_channel(place)
    batch.go_on("gone")
    row = await batch.ended("gone")
    assert row["state"] == JobState.UNDELIVERABLE
    given = await file_from_tracks(batch, "gone", CLOSED)
    assert given.ephemeral
    assert given.attachments[0].filename.endswith(".mp3")


async def test_a_bot_that_is_thrown_out_brings_the_track_to_the_member_or_keeps_it(batch: SongBatch) -> None:
    guild = batch.discord.world.guilds[batch.discord.place("general").guild_id or 0]
    await begun(batch, "thrown out", member="Member One")
    batch.discord.kick_bot(guild)
    batch.go_on("thrown out")
    row = await batch.ended("thrown out")
    batch.discord.invite_bot(guild)
    assert row["state"] == JobState.UNDELIVERABLE  # without a common server Discord lets no direct message through
    given = await file_from_tracks(batch, "thrown out", "Member One")
    assert given.attachments[0].filename.endswith(".mp3")


async def test_a_song_ordered_where_only_the_member_brought_the_bot_takes_the_place_of_its_card(
    batch: SongBatch,
) -> None:
    asked = await begun(batch, "elsewhere", channel="lounge", install=Install.USER)
    batch.go_on("elsewhere")
    track = await batch.delivered("elsewhere")
    assert asked.messages == [track]
    assert not asked.followups
    assert "is ready" in track.content
    assert batch.button(track, "again")


async def test_a_song_that_outlives_the_token_elsewhere_comes_by_direct_message(batch: SongBatch) -> None:
    asked = await begun(batch, "elsewhere and long", channel="lounge", install=Install.USER)
    batch.discord.expire_tokens(asked)
    batch.go_on("elsewhere and long")
    track = await batch.delivered("elsewhere and long")
    assert track.channel_id == batch.discord.open_dm().id


async def test_a_song_that_outlives_the_token_of_a_member_without_messages_is_kept(batch: SongBatch) -> None:
    asked = await begun(batch, "elsewhere and closed", channel="lounge", member=CLOSED, install=Install.USER)
    batch.discord.expire_tokens(asked)
    batch.go_on("elsewhere and closed")
    row = await batch.ended("elsewhere and closed")
    assert row["state"] == JobState.UNDELIVERABLE
    assert (await file_from_tracks(batch, "elsewhere and closed", CLOSED)).attachments


async def test_a_song_ordered_in_a_direct_message_is_answered_there(batch: SongBatch) -> None:
    place = batch.discord.open_dm("Moderator")
    asked = await begun(batch, "in private", channel=place, member="Moderator")
    batch.discord.expire_tokens(asked)
    batch.go_on("in private")
    track = await batch.delivered("in private")
    assert track.channel_id == place.id
    assert track.reply_to_id == batch.card("in private").id
    assert "done" in batch.look_of(batch.card("in private"))


async def test_a_link_that_discord_refuses_costs_no_track_anywhere(batch: SongBatch) -> None:
    batch.discord.world.rules.disliked_hosts = ("127.0.0.1",)
    try:
        muted = new_channel(batch, "muted-links")
        await begun(batch, "refused link")
        await begun(batch, "refused link directly", channel=muted)
        await begun(batch, "refused link elsewhere", channel="lounge", install=Install.USER)
        batch.discord.revoke("send_messages", channel=muted)
        for name in ("refused link", "refused link directly", "refused link elsewhere"):
            batch.go_on(name)
            track = await batch.delivered(name)
            assert "Open the track" not in batch.look_of(track)
        given = await file_from_tracks(batch, "refused link", "Member One")
        assert "Open the track" not in batch.look_of(given)
    finally:
        batch.discord.world.rules.disliked_hosts = ()


async def test_a_track_whose_address_has_a_blank_in_it_arrives_with_its_link(batch: SongBatch) -> None:
    done = {"id": "{id}", "status": "completed", "audio_file": {"url": "{track_url}?name=a song"}}
    await batch.order_song("blank address", script={"polls": ["generating"] * 8 + [{"status": 200, "body": done}]})
    track = await batch.delivered("blank address")
    assert "Open the track ↗" in batch.look_of(track)
    (address,) = [b["url"] for row in track.components for b in row["components"] if b.get("url")]
    assert address.endswith("?name=a%20song")
