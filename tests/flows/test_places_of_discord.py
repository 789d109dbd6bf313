"""Every kind of place on Discord: what the member sees there, what was paid; docs/discord.md shows the table."""

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from sandbox.discord import Channel, Guild, Install, Interaction
from sandbox.discord.objects import ChannelType
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import HELD, SongBatch, open_song_batch, title

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]

PAGE = Path(__file__).parents[2] / "docs" / "discord.md"
ROW = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", re.MULTILINE)

REPLY = "the track, as a reply to its card"
ON_CARD = "the track, in place of its card"
DIRECTLY = "the track, as a direct message"
KEPT = "the card as it was when its answer ended; `/tracks` has the track"
SAID = "a private sentence that says why, with their words"
ONE, NOTHING = "one song", "nothing"


def _nothing(_: SongBatch, __: Channel) -> None:
    """The place stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a song is ordered, and what happens to that place while the song is made."""

    open: Callable[[SongBatch], Channel]
    close: Callable[[SongBatch, Channel], None] = _nothing
    install: Install = Install.GUILD
    member: str = "Member One"
    outlives_answer: bool = False  #: the song takes longer than the order can be answered


def a_channel(kind: ChannelType, **settings: int) -> Callable[[SongBatch], Channel]:
    def opened(batch: SongBatch) -> Channel:
        made = batch.discord.add_channel(f"place-{len(batch.discord.world.channels)}", kind)
        if settings:
            batch.discord.set_channel(made, **settings)
        return made

    return opened


def a_server(batch: SongBatch, *, bot: bool = True) -> Channel:
    """A channel of a server of its own, which has the commands; with the bot or without."""
    world = batch.discord.world
    like = batch.discord.guild
    guild = Guild(id=world.clock.mint(), name=f"Server {len(world.guilds)}", owner_id=like.owner_id)
    guild.roles = {guild.id: type(like.roles[like.id])(**_fields(like.roles[like.id]) | {"id": guild.id})}
    guild.members = {user: set() for user in like.members}
    guild.bot_present, guild.has_commands = False, True
    world.guilds[guild.id] = guild
    if bot:
        batch.discord.invite_bot(guild)
    return batch.discord.add_channel(f"hall-{len(world.guilds)}", guild=guild)


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in type(value).__slots__}  # type: ignore[attr-defined]


def without_the_bot(batch: SongBatch) -> Channel:
    return a_server(batch, bot=False)


def guild_of(batch: SongBatch, place: Channel) -> Guild:
    return batch.discord.world.guilds[place.guild_id or 0]


def a_thread(kind: ChannelType = ChannelType.TEXT) -> Callable[[SongBatch], Channel]:
    return lambda batch: batch.discord.start_thread("thread", channel=a_channel(kind)(batch))


def a_private_thread(batch: SongBatch) -> Channel:
    return batch.discord.start_thread("private", channel=a_channel(ChannelType.TEXT)(batch), private_to=["Member One"])


def a_thread_with_the_bot(batch: SongBatch) -> Channel:
    thread = a_private_thread(batch)
    thread.thread_member_ids.add(batch.discord.world.application_id)
    batch.discord.world.send_event("THREAD_CREATE", channel=thread)
    return thread


def revoked(permission: str) -> Callable[[SongBatch, Channel], None]:
    return lambda batch, place: batch.discord.revoke(permission, channel=place)


def kicked(batch: SongBatch, place: Channel) -> None:
    batch.discord.kick_bot(guild_of(batch, place))


def in_timeout(batch: SongBatch, place: Channel) -> None:
    batch.discord.time_out(3600, guild=guild_of(batch, place))


def filtered(batch: SongBatch, place: Channel) -> None:
    batch.discord.block_words("song of", "“", guild=guild_of(batch, place))


def a_closed_voice(batch: SongBatch) -> Channel:
    place = a_channel(ChannelType.VOICE)(batch)
    batch.discord.revoke("connect", channel=place)
    return place


def a_direct_message(batch: SongBatch) -> Channel:
    return batch.discord.open_dm("Moderator")


def a_boosted_server(batch: SongBatch) -> Channel:
    place = a_server(batch)
    batch.discord.boost(2, guild=guild_of(batch, place))
    return place


def the_lounge(batch: SongBatch) -> Channel:
    return batch.discord.place("lounge")


#: Each row of docs/discord.md.
PLACES = {
    "text channel": Place(open=a_channel(ChannelType.TEXT)),
    "announcement channel": Place(open=a_channel(ChannelType.ANNOUNCEMENT)),
    "text of a voice channel": Place(open=a_channel(ChannelType.VOICE)),
    "text of a voice channel that the bot may not connect to": Place(open=a_closed_voice),
    "text of a stage": Place(open=a_channel(ChannelType.STAGE)),
    "post of a forum": Place(open=a_thread(ChannelType.FORUM)),
    "thread": Place(open=a_thread()),
    "thread, archived meanwhile": Place(
        open=a_thread(), close=lambda batch, place: batch.discord.set_thread(place, archived=True)
    ),
    "thread, locked meanwhile": Place(
        open=a_thread(), close=lambda batch, place: batch.discord.set_thread(place, locked=True)
    ),
    "thread, archived and locked meanwhile": Place(
        open=a_thread(), close=lambda batch, place: batch.discord.set_thread(place, archived=True, locked=True)
    ),
    "private thread with the bot": Place(open=a_thread_with_the_bot),
    "private thread without the bot": Place(open=a_private_thread),
    "age-restricted channel": Place(open=a_channel(ChannelType.TEXT, age_restricted=True)),
    "channel in slow mode": Place(open=a_channel(ChannelType.TEXT, slow_mode_seconds=21_600)),
    "server with boosts": Place(open=a_boosted_server),
    "channel, deleted meanwhile": Place(
        open=a_channel(ChannelType.TEXT), close=lambda batch, place: batch.discord.delete_channel(place)
    ),
    "channel, Send Messages taken away meanwhile": Place(
        open=a_channel(ChannelType.TEXT), close=revoked("send_messages")
    ),
    "the same, and the song takes longer than 15 minutes": Place(
        open=a_channel(ChannelType.TEXT), close=revoked("send_messages"), outlives_answer=True
    ),
    "bot in timeout meanwhile": Place(open=a_server, close=in_timeout),
    "the same, longer than 15 minutes": Place(open=a_server, close=in_timeout, outlives_answer=True),
    "AutoMod stops the words meanwhile": Place(open=a_server, close=filtered),
    "bot thrown out meanwhile": Place(open=a_server, close=kicked),
    "server with the commands alone": Place(open=without_the_bot),
    "server with the commands alone, longer than 15 minutes": Place(open=without_the_bot, outlives_answer=True),
    "the same, and the member takes no direct messages": Place(
        open=without_the_bot, outlives_answer=True, member="Member Two"
    ),
    "server where only the member brought the bot": Place(open=the_lounge, install=Install.USER),
    "direct message": Place(open=a_direct_message, member="Moderator"),
}
#: Names of songs are plain words, none the beginning of another.
NAMES = {place: f"number {number:02d}" for number, place in enumerate(PLACES)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(
    tmp_path_factory: pytest.TempPathFactory, song: bytes
) -> AsyncGenerator[tuple[SongBatch, dict[str, Interaction]]]:
    """One bot with a song under way in every place."""
    async with open_song_batch(tmp_path_factory.mktemp("places"), song) as batch:
        batch.discord.close_dms("Member Two")
        orders = {name: await ordered(batch, name) for name in PLACES}
        yield batch, orders


async def ordered(batch: SongBatch, name: str) -> Interaction:
    """Order it, wait until it is made or was refused, then close the place."""
    place, song = PLACES[name], NAMES[name]
    channel = place.open(batch)
    done = await batch.order_song(song, channel=channel, member=place.member, install=place.install, script=HELD)
    await batch.discord.until(lambda: done.messages and not done.thinking, PATIENCE_SECONDS)
    if not done.messages[0].ephemeral:
        await batch.reached(song, JobState.GENERATING)
        await batch.discord.until(lambda: batch.row(song)["card_message_id"], PATIENCE_SECONDS)
        if place.outlives_answer:
            batch.discord.expire_tokens(done)
        place.close(batch, channel)
        batch.go_on(song)
    return done


async def what_is_seen(batch: SongBatch, name: str, done: Interaction) -> str:
    """In the words of the table."""
    song = NAMES[name]
    if done.messages and done.messages[0].ephemeral:
        assert batch.row(song) == {}
        assert f"{song} alone" in str(done.messages[0].embeds), "the words come back"
        return SAID
    row = await batch.ended(song)
    if row["state"] == JobState.UNDELIVERABLE:
        assert not batch.tracks(title(song))
        return KEPT
    assert row["state"] == JobState.DELIVERED, (row["state"], row["reason"], row["detail"])
    (track,) = batch.tracks(title(song))
    assert track.id == row["track_message_id"]
    if track.id == row["card_message_id"]:
        return ON_CARD
    if track.channel_id != row["channel_id"]:
        return DIRECTLY
    assert track.reply_to_id == row["card_message_id"]
    return REPLY


@pytest.mark.parametrize("name", PLACES)
async def test_what_a_member_sees_and_what_was_paid_is_what_the_page_says(
    asked: tuple[SongBatch, dict[str, Interaction]], name: str
) -> None:
    batch, orders = asked
    seen = await what_is_seen(batch, name, orders[name])
    paid = {0: NOTHING, 1: ONE}[len(batch.generations(NAMES[name]))]
    assert (name, seen, paid) in ROW.findall(PAGE.read_text(encoding="utf-8"))


async def test_every_place_has_its_row() -> None:
    rows = [name for name, _, paid in ROW.findall(PAGE.read_text(encoding="utf-8")) if paid in {ONE, NOTHING}]
    assert rows == list(PLACES)
