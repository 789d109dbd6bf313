"""INTERACTION_CREATE as Discord delivers it."""

from collections.abc import Iterable
from typing import Any

from . import payloads
from .command_rules import ATTACHMENT, CHANNEL, MENTIONABLE, ROLE, USER
from .objects import JSON, Attachment, Channel, ChannelType, Interaction
from .world import World


def interaction_payload(world: World, done: Interaction, data: JSON) -> JSON:
    """INTERACTION_CREATE's `d`."""
    place, person, guild = done.channel, done.user, done.guild
    body: JSON = {
        "id": str(done.id),
        "application_id": str(world.application_id),
        "type": int(done.type),
        "token": done.token,
        "version": 1,
        "locale": person.locale,
        "channel_id": str(place.id),
        "channel": payloads.channel(world, place, person.id),
        "app_permissions": str(world.app_permissions(place)),
        "attachment_size_limit": world.upload_limit(place, person),
        "entitlements": [],
        "authorizing_integration_owners": payloads.authorizing_owners(done),
        "context": 0 if guild else 1 if place.type == ChannelType.DM else 2,
        "data": data,
    }
    if guild is not None:
        body |= {
            "guild_id": str(guild.id),
            "guild_locale": guild.locale,
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "member": payloads.member(world, guild, person, place),
        }
    else:
        body["user"] = payloads.user(person)
    if done.message is not None:
        body["message"] = payloads.message(world, done.message)
    return body


def command_data(command: JSON) -> JSON:
    """Which command it is; a guild's own command names its guild."""
    return {name: command[name] for name in ("id", "name", "type", "guild_id") if name in command}


def option_rows(node: JSON, values: dict[str, Any], stored: dict[str, Attachment]) -> list[JSON]:
    rows: list[JSON] = []
    for option in node.get("options") or ():
        name = option["name"]
        if name in stored:
            rows.append({"name": name, "type": ATTACHMENT, "value": str(stored[name].id)})
        elif name in values:
            rows.append({"name": name, "type": option["type"], "value": values[name]})
    return rows


def resolved_entities(world: World, place: Channel, node: JSON, values: dict[str, Any]) -> JSON:
    """The members, channels and roles that options name, as `resolved` carries them."""
    named = ((option["type"], values.get(option["name"])) for option in node.get("options") or ())
    return resolved(world, place, ((kind, value) for kind, value in named if value is not None))


def resolved(world: World, place: Channel, entities: Iterable[tuple[int, str]]) -> JSON:
    """The same of ids, each with the type of option that takes it; what is no person, channel or role is left out."""
    found: JSON = {}
    guild = world.guild_of(place)
    for kind, value in entities:
        if kind == USER or (kind == MENTIONABLE and int(value) in world.users):
            person = world.users[int(value)]
            found.setdefault("users", {})[value] = payloads.user(person)
            if guild is not None and person.id in guild.members:
                member = payloads.member(world, guild, person, place)
                found.setdefault("members", {})[value] = {k: v for k, v in member.items() if k != "user"}
        elif kind == CHANNEL:
            target = world.channels[int(value)]
            found.setdefault("channels", {})[value] = payloads.channel(world, target, world.application_id)
        elif kind in (ROLE, MENTIONABLE) and guild is not None:
            found.setdefault("roles", {})[value] = payloads.role(guild.roles[int(value)])
    return found


def nested(command: JSON, path: list[str], rows: list[JSON]) -> list[JSON]:
    """Wrap options into the sub-commands they belong to."""
    kinds = []
    node = command
    for name in path:
        node = next(option for option in node["options"] if option["name"] == name)
        kinds.append((node["name"], node["type"]))
    for name, kind in reversed(kinds):
        rows = [{"name": name, "type": kind, "options": rows}]
    return rows
