"""The server every sandbox starts with; its ids are fixed, so that a restarted sandbox is the same place again."""

from datetime import UTC, datetime

from .clock import snowflake_at
from .objects import Channel, ChannelType, Guild, Role, User
from .permissions import EVERYBODY, MODERATOR, Permission
from .world import World

FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)


def fixed_id(number: int) -> int:
    """The id of the n-th seeded thing."""
    return snowflake_at(FOUNDED, number)


def seed(world: World) -> None:
    """A guild with the bot, two members and a moderator; a second guild where the bot is not."""
    world.application_id = fixed_id(1)
    world.users[fixed_id(1)] = User(id=fixed_id(1), username=world.app_name, display_name=world.app_name, bot=True)
    people = ("Owner", "Member One", "Member Two", "Moderator")
    for number, name in enumerate(people, start=10):
        username = name.lower().replace(" ", ".")
        world.users[fixed_id(number)] = User(id=fixed_id(number), username=username, display_name=name)
    found_guild(world, fixed_id(100), "Sandbox", ("general", "music"))
    found_guild(world, fixed_id(200), "Elsewhere", ("lounge",)).bot_present = False


def found_guild(world: World, guild_id: int, name: str, channels: tuple[str, ...]) -> Guild:
    """A server with everybody in it, the bot included."""
    guild = Guild(id=guild_id, name=name, owner_id=fixed_id(10))
    moderators = Role(id=guild_id + 1, name="Moderators", permissions=int(MODERATOR), position=2, mentionable=True)
    bots = Role(
        id=guild_id + 2, name=world.app_name, permissions=int(EVERYBODY | Permission.MENTION_EVERYONE), managed=True
    )
    everyone = Role(id=guild_id, name="@everyone", permissions=int(EVERYBODY), position=0)
    guild.roles = {role.id: role for role in (everyone, moderators, bots)}
    guild.members = {user.id: set() for user in world.users.values() if not user.bot}
    guild.members[fixed_id(13)] = {moderators.id}
    guild.members[world.application_id] = {bots.id}
    world.guilds[guild_id] = guild
    for position, channel_name in enumerate(channels):
        channel_id = guild_id + 10 + position
        world.channels[channel_id] = Channel(
            id=channel_id, type=ChannelType.TEXT, name=channel_name, guild_id=guild_id, position=position
        )
    return guild
