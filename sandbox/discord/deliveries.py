"""INTERACTION_CREATE as Discord delivers it."""

from typing import Any

from . import payloads
from .command_rules import ATTACHMENT, CHANNEL, ROLE, USER
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
    """The members and channels that options name, as `resolved` carries them."""
    resolved: JSON = {}
    guild = world.guild_of(place)
    for option in node.get("options") or ():
        value = values.get(option["name"])
        if value is None:
            continue
        if option["type"] == USER:
            person = world.users[int(value)]
            resolved.setdefault("users", {})[value] = payloads.user(person)
            if guild is not None and person.id in guild.members:
                member = payloads.member(world, guild, person, place)
                resolved.setdefault("members", {})[value] = {k: v for k, v in member.items() if k != "user"}
        elif option["type"] == CHANNEL:
            target = world.channels[int(value)]
            resolved.setdefault("channels", {})[value] = payloads.channel(world, target, world.application_id)
        elif option["type"] == ROLE and guild is not None:
            resolved.setdefault("roles", {})[value] = payloads.role(guild.roles[int(value)])
    return resolved


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
