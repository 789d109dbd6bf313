"""Who a message points at, computed from its text and `allowed_mentions` as Discord does."""

import re
from dataclasses import dataclass

from .objects import JSON, Guild, Mentions
from .permissions import ALL, Permission, compute
from .world import World

_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")

#: Docs, "Allowed Mentions": an ordinary message parses everything when the field is missing, an interaction users only.
EVERYTHING: JSON = {"parse": ["users", "roles", "everyone"]}
USERS_ONLY: JSON = {"parse": ["users"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A text with its place and author, and the author it replies to."""

    texts: tuple[str, ...]
    author_id: int
    guild: Guild | None
    channel_id: int
    replied_user_id: int | None = None


def compute_mentions(world: World, writing: Writing, allowed: JSON | None, default: JSON) -> Mentions:
    """The mentions that count. A reply mentions its author only if `replied_user` says so (default: yes)."""
    rules = allowed if allowed is not None else default
    parse: set[str] = set(rules.get("parse") or ())
    text = _CODE.sub(" ", "\n".join(writing.texts))
    users = [int(found) for found in _USER.findall(text)]
    listed = {int(user) for user in rules.get("users") or ()}
    counted = [user for user in users if user in world.users and ("users" in parse or user in listed)]
    if writing.replied_user_id is not None and rules.get("replied_user", allowed is None):
        counted.append(writing.replied_user_id)
    return Mentions(
        user_ids=tuple(dict.fromkeys(counted)),
        role_ids=_roles(world, writing, text, rules, parse),
        everyone=bool("everyone" in parse and re.search(r"@(everyone|here)\b", text) and _may_ping_all(world, writing)),
    )


def _roles(world: World, writing: Writing, text: str, rules: JSON, parse: set[str]) -> tuple[int, ...]:
    if writing.guild is None:
        return ()
    listed = {int(role) for role in rules.get("roles") or ()}
    found = [int(role) for role in _ROLE.findall(text) if int(role) in writing.guild.roles]
    may = _may_ping_all(world, writing)
    return tuple(
        dict.fromkeys(
            role
            for role in found
            if ("roles" in parse or role in listed) and (may or writing.guild.roles[role].mentionable)
        )
    )


def _may_ping_all(world: World, writing: Writing) -> bool:
    if writing.guild is None:
        return False
    place = world.channels[writing.channel_id]
    around = world.channels.get(place.parent_id or 0, place)
    bits = compute(writing.guild, around, writing.author_id, now=world.clock.time())
    return bits == ALL or bool(bits & Permission.MENTION_EVERYONE)


def pinged(world: World, mentions: Mentions, writing: Writing) -> tuple[int, ...]:
    """The users a new message with these mentions notifies (never its author)."""
    people = set(mentions.user_ids)
    if writing.guild is not None:
        for user_id, roles in writing.guild.members.items():
            if mentions.everyone or roles & set(mentions.role_ids):
                people.add(user_id)
    return tuple(sorted(people - {writing.author_id}))
