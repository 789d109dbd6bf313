"""What whoever runs a server does: channels and threads, timeouts, AutoMod, slow mode, boosts, the seat of the bot."""

from collections.abc import Iterable

from . import payloads
from .clock import iso
from .lookups import Where, Who
from .member_actions import MemberActions
from .objects import Channel, ChannelType, Guild
from .rest_account import add_thread
from .seed import found_guild

#: In the lower half of ids of servers that are added, which so are nobody else's.
_OF_GUILDS = 0x3F0000


class PlaceSwitches(MemberActions):
    """Places of every kind, and what makes them close."""

    def add_channel(self, name: str, kind: ChannelType = ChannelType.TEXT, *, guild: Guild | None = None) -> Channel:
        """A channel of any kind in a server (the first one unless another is given)."""
        server = guild or next(iter(self.world.guilds.values()))
        inside = [place for place in self.world.channels.values() if place.guild_id == server.id]
        made = Channel(id=self.world.clock.mint(), type=kind, name=name, guild_id=server.id, position=len(inside))
        self.world.channels[made.id] = made
        self.world.announce("channel_create", {"channel": payloads.channel(self.world, made)})
        self.world.send_event("CHANNEL_CREATE", channel=made)
        return made

    def start_thread(self, name: str, *, channel: Where = None, private_to: Iterable[Who] | None = None) -> Channel:
        """A public thread, or a forum's post; with `private_to` a private one that they alone are in."""
        member_ids = None if private_to is None else [self.member(one).id for one in private_to]
        return add_thread(self.world, self.place(channel), name, member_ids=member_ids)

    def set_thread(self, thread: Where, *, archived: bool | None = None, locked: bool | None = None) -> None:
        """Archive, lock or reopen a thread."""
        place = self.place(thread)
        place.archived = place.archived if archived is None else archived
        place.locked = place.locked if locked is None else locked
        self._channel_changed(place)

    def set_channel(
        self, channel: Where, *, age_restricted: bool | None = None, slow_mode_seconds: int | None = None
    ) -> None:
        """Restrict a channel to adults, or let its members write only so often."""
        place = self.place(channel)
        place.age_restricted = place.age_restricted if age_restricted is None else age_restricted
        place.slow_mode_seconds = place.slow_mode_seconds if slow_mode_seconds is None else slow_mode_seconds
        self._channel_changed(place)

    def _channel_changed(self, place: Channel) -> None:
        self.world.announce("channel_update", {"channel": payloads.channel(self.world, place)})
        self.world.send_event("THREAD_UPDATE" if place.is_thread else "CHANNEL_UPDATE", channel=place)

    def time_out(self, seconds: float, *, member: Who = "bot", guild: Guild | None = None) -> None:
        """Somebody (the bot unless a member is named) may neither write nor react for so long; 0 ends it."""
        server = guild or next(iter(self.world.guilds.values()))
        person = self.world.bot if member == "bot" else self.member(member)
        server.timeouts[person.id] = self.world.clock.time() + seconds
        body = payloads.member(self.world, server, person) | {
            "guild_id": str(server.id),
            "communication_disabled_until": iso(server.timeouts[person.id]),
        }
        self.world.send_event("GUILD_MEMBER_UPDATE", body, guild_id=server.id)

    def block_words(self, *words: str, guild: Guild | None = None) -> None:
        """AutoMod lets no message with one of these through (200000), and no thread's name (200001); none: ends it."""
        server = guild or next(iter(self.world.guilds.values()))
        server.blocked_words = tuple(word.casefold() for word in words)

    def boost(self, tier: int, *, guild: Guild | None = None) -> None:
        """A server's boosts: tier 0 to 3."""
        server = guild or next(iter(self.world.guilds.values()))
        server.boost_tier = tier
        self.world.send_event("GUILD_UPDATE", payloads.guild(self.world, server), guild_id=server.id)

    def add_guild(self, name: str, *, shard: tuple[int, int] = (0, 1)) -> Guild:
        """A further server with everybody and the bot in it, and a channel of its name; one that this shard hears."""
        index, count = shard
        guild_id = self.world.clock.mint() | _OF_GUILDS
        while (guild_id >> 22) % count != index:
            guild_id -= 1 << 22
        guild = found_guild(self.world, guild_id, name, (name.lower(),))
        self.invite_bot(guild)
        return guild

    def kick_bot(self, guild: Guild | None = None, *, keep_commands: bool = False) -> None:
        """The bot leaves a guild: GUILD_DELETE, and 50001 in its channels. Its commands go with it unless they stay."""
        left = guild or next(iter(self.world.guilds.values()))
        left.bot_present, left.has_commands = False, keep_commands
        body = {"id": str(left.id), "unavailable": False}
        self.world.announce("guild_delete", {"guild_id": str(left.id)})
        self.world.send_event("GUILD_DELETE", {"id": body["id"]}, guild_id=left.id)

    def install_commands(self, guild: Guild) -> None:
        """A server takes the commands without the bot: the portal's default link, scope `applications.commands`."""
        guild.has_commands = True
        self.world.announce("commands_installed", {"guild_id": str(guild.id)})

    def invite_bot(self, guild: Guild) -> None:
        """The bot joins a guild: GUILD_CREATE."""
        guild.bot_present = guild.has_commands = True
        self.world.announce("guild_create", {"guild_id": str(guild.id)})
        self.world.send_event("GUILD_CREATE", payloads.guild(self.world, guild), guild_id=guild.id)
