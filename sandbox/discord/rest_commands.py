"""REST: registering application commands, for everywhere or for one guild."""

import copy

from aiohttp import web

from .command_rules import CHAT_INPUT, ENTRY_POINT, check_all
from .objects import JSON
from .posting import notice
from .refusals import RefusedError
from .rest import body_of, number_in, route, world_of
from .world import World

_DAY_SECONDS = 86_400.0


def _scope(request: web.Request) -> int | None:
    world = world_of(request)
    if number_in(request, "app") != world.application_id:
        raise RefusedError(10002)
    if "guild" not in request.match_info:
        return None
    guild_id = number_in(request, "guild")
    if guild_id not in world.guilds or not world.guilds[guild_id].bot_present:
        raise RefusedError(50001)
    return guild_id


def _completed(world: World, command: JSON, scope: int | None, earlier: JSON | None) -> JSON:
    """A command as Discord stores it: with an id that stays, a description even for context menus."""
    given = {name: value for name, value in copy.deepcopy(command).items() if value is not None}
    body: JSON = {
        "type": CHAT_INPUT,
        "description": "",
        "default_member_permissions": None,
        "integration_types": [0],
        "contexts": None,
        "nsfw": False,
        **given,
        "id": earlier["id"] if earlier else str(world.clock.mint()),
        "application_id": str(world.application_id),
        "version": str(world.clock.mint()),
    }
    return body | {"guild_id": str(scope)} if scope else body


def _same(world: World, scope: int | None, command: JSON) -> JSON | None:
    key = (command.get("type", CHAT_INPUT), command.get("name"))
    return next((known for known in world.commands.get(scope, ()) if (known["type"], known["name"]) == key), None)


def _store(world: World, scope: int | None, commands: list[JSON]) -> None:
    world.commands[scope] = commands
    world.announce("commands_registered", {"guild_id": str(scope) if scope else None, "commands": commands})


def _keep_entry_point(world: World, scope: int | None, commands: list[JSON]) -> None:
    is_there = any(known["type"] == ENTRY_POINT for known in world.commands.get(scope, ()))
    if is_there and not any(command.get("type") == ENTRY_POINT for command in commands):
        raise RefusedError(50240)


def _count_creates(world: World, scope: int | None, commands: list[JSON]) -> None:
    now = world.clock.time()
    world.command_creates = [at for at in world.command_creates if at > now - _DAY_SECONDS]
    new = [command for command in commands if _same(world, scope, command) is None]
    if new and len(world.command_creates) + len(new) > world.rules.command_creates_per_day:
        raise RefusedError(30034)
    world.command_creates += [now] * len(new)


async def overwrite(request: web.Request) -> list[JSON]:
    """PUT .../commands: replaces all commands of the scope."""
    world = world_of(request)
    scope = _scope(request)
    commands = body_of(request).payload
    notice(world, check_all(commands))
    _keep_entry_point(world, scope, commands)
    _count_creates(world, scope, commands)
    _store(world, scope, [_completed(world, command, scope, _same(world, scope, command)) for command in commands])
    return world.commands[scope]


async def upsert(request: web.Request) -> JSON:
    """POST .../commands: adds one command or replaces the one of that name."""
    world = world_of(request)
    scope = _scope(request)
    command = body_of(request).payload
    others = [known for known in world.commands.get(scope, []) if known is not _same(world, scope, command)]
    notice(world, check_all([command]))
    stored = _completed(world, command, scope, _same(world, scope, command))
    check_all([*others, command])
    _count_creates(world, scope, [command])
    _store(world, scope, [*others, stored])
    return stored


async def get_all(request: web.Request) -> list[JSON]:
    """GET .../commands: the translations only for who asks for them."""
    commands = world_of(request).commands.get(_scope(request), [])
    if request.query.get("with_localizations", "").lower() in ("true", "1"):
        return commands
    return [_untranslated(command) for command in commands]


def _untranslated(thing: JSON) -> JSON:
    """Without its translations and those of its options; Discord gives null in their place."""
    hidden = {name: None if name.endswith("_localizations") else value for name, value in thing.items()}
    if thing.get("options"):
        hidden["options"] = [_untranslated(option) for option in thing["options"]]
    return hidden


async def get(request: web.Request) -> JSON:
    """GET .../commands/{id}."""
    scope = _scope(request)
    for command in world_of(request).commands.get(scope, ()):
        if command["id"] == request.match_info["command"]:
            return command
    raise RefusedError(10063)


async def edit(request: web.Request) -> JSON:
    """PATCH .../commands/{id}."""
    world = world_of(request)
    command = await get(request)
    changed = {**command, **body_of(request).payload}
    notice(world, check_all([changed]))
    command.update(changed)
    scope = _scope(request)
    _store(world, scope, world.commands[scope])
    return command


async def delete(request: web.Request) -> None:
    """DELETE .../commands/{id}."""
    world = world_of(request)
    scope = _scope(request)
    command = await get(request)
    _store(world, scope, [known for known in world.commands[scope] if known is not command])


def routes() -> list[web.RouteDef]:
    """Everything this module answers."""
    found: list[web.RouteDef] = []
    for scope in ("applications/{app}", "applications/{app}/guilds/{guild}"):
        many = f"/{scope}/commands"
        one = f"{many}/{{command}}"
        found += [
            route("PUT", many, overwrite),
            route("POST", many, upsert),
            route("GET", many, get_all),
            route("GET", one, get),
            route("PATCH", one, edit),
            route("DELETE", one, delete),
        ]
    return found
