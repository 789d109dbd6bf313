"""Permission bits and how Discord computes them for a member in a channel (docs, topics "Permissions")."""

from enum import IntFlag

from .objects import HEARD, Channel, Guild


class Permission(IntFlag):
    """The bits the sandbox looks at."""

    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


ALL = (1 << 53) - 1

#: What a fresh server gives everybody, as far as the sandbox looks at it.
EVERYBODY = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CONNECT
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.USE_EXTERNAL_APPS
)

MODERATOR = EVERYBODY | Permission.MANAGE_MESSAGES | Permission.MANAGE_THREADS | Permission.MENTION_EVERYONE

#: What an app may do in a DM, and where only the member installed it.
WITHOUT_MEMBERSHIP = (
    Permission.EMBED_LINKS | Permission.ATTACH_FILES | Permission.MENTION_EVERYONE | Permission.USE_EXTERNAL_EMOJIS
)

_NEEDS_SENDING = (
    Permission.MENTION_EVERYONE | Permission.SEND_TTS_MESSAGES | Permission.ATTACH_FILES | Permission.EMBED_LINKS
)


def named(name: str) -> Permission:
    """The bit called `attach_files` or `ATTACH_FILES`."""
    return Permission[name.upper()]


#: What is left to a member in timeout (docs, "Permissions for Timed Out Members").
_IN_TIMEOUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY


def everywhere(guild: Guild, user_id: int) -> int:
    """Bits of one member by their roles alone."""
    if user_id == guild.owner_id:
        return ALL
    bits = 0
    for role_id in guild.members.get(user_id, set()) | {guild.id}:
        bits |= guild.roles[role_id].permissions
    return ALL if bits & Permission.ADMINISTRATOR else bits


def compute(guild: Guild, channel: Channel, user_id: int, *, now: float) -> int:
    """Bits of one member in a channel; for a thread, `channel` is its parent. `now`: for timeouts."""
    if user_id not in guild.members:
        return 0
    if user_id == guild.owner_id:
        return ALL
    roles = guild.members[user_id] | {guild.id}
    bits = everywhere(guild, user_id)
    if bits & Permission.ADMINISTRATOR:
        return ALL
    bits = _implied(_overwritten(bits, channel, guild.id, roles, user_id))
    if channel.type in HEARD and not bits & Permission.CONNECT:
        return 0
    return bits & _IN_TIMEOUT if guild.timeouts.get(user_id, 0.0) > now else bits


def _overwritten(bits: int, channel: Channel, everyone_id: int, roles: set[int], user_id: int) -> int:
    everyone = channel.overwrites.get(everyone_id)
    if everyone:
        bits = bits & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role_id in roles - {everyone_id}:
        if overwrite := channel.overwrites.get(role_id):
            allow |= overwrite.allow
            deny |= overwrite.deny
    bits = bits & ~deny | allow
    own = channel.overwrites.get(user_id)
    return bits & ~own.deny | own.allow if own else bits


def _implied(bits: int) -> int:
    if not bits & Permission.VIEW_CHANNEL:
        return 0
    if not bits & (Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS):
        bits &= ~_NEEDS_SENDING
    return bits
