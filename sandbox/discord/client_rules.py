"""What a Discord client lets a member type, choose and upload before anything reaches the bot."""

from collections.abc import Iterable
from typing import Any

from . import command_rules as rules
from .component_rules import (
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    LABEL,
    LINK_STYLE,
    RADIO_GROUP,
    SELECTS,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
    walk,
)
from .objects import JSON, Channel, ChannelType, Install, Message, Modal
from .refusals import ClientRefusedError
from .world import World

_SUBCOMMANDS = (rules.SUBCOMMAND, rules.SUBCOMMAND_GROUP)
_TYPES: dict[int, tuple[type, ...]] = {
    rules.STRING: (str,),
    rules.INTEGER: (int,),
    rules.BOOLEAN: (bool,),
    rules.NUMBER: (int, float),
}


def commands_at(world: World, place: Channel, install: Install) -> list[JSON]:
    """The commands a member sees in a channel: global ones and the guild's, as their contexts allow."""
    context = 0 if place.guild_id else 1 if place.type == ChannelType.DM else 2
    wanted = 1 if install == Install.USER else 0
    found = []
    scopes = [None] if install == Install.USER else [place.guild_id, None]
    for scope in dict.fromkeys(scopes):
        for command in world.commands.get(scope, ()):
            contexts = command.get("contexts")
            if wanted in (command.get("integration_types") or [0]) and (contexts is None or context in contexts):
                found.append(command)
    return found


def find_command(commands: Iterable[JSON], kind: int, name: str) -> JSON:
    """The command of that name and type."""
    for command in commands:
        if command["type"] == kind and command["name"] == name:
            return command
    raise ClientRefusedError(f"there is no command {name!r} here")


def descend(command: JSON, path: list[str]) -> JSON:
    """The sub-command at the end of a path of names."""
    node = command
    for name in path:
        inside = (option for option in node.get("options") or () if option["type"] in _SUBCOMMANDS)
        found = next((option for option in inside if option["name"] == name), None)
        if found is None:
            raise ClientRefusedError(f"/{command['name']} has no sub-command {name!r}")
        node = found
    if any(option["type"] in _SUBCOMMANDS for option in node.get("options") or ()):
        raise ClientRefusedError(f"/{command['name']} needs a sub-command")
    return node


def check_options(options: list[JSON], values: dict[str, Any], files: Iterable[str], *, typing: bool = False) -> None:
    """Refuse what the client would not send. While `typing` (autocomplete) required options may still be missing."""
    known = {option["name"]: option for option in options}
    given = {*values, *files}
    if unknown := given - known.keys():
        raise ClientRefusedError(f"there is no option {min(unknown)!r}")
    for name, option in known.items():
        if option.get("required") and name not in given and not typing:
            raise ClientRefusedError(f"the option {name!r} is required")
        if (option["type"] == rules.ATTACHMENT) != (name in set(files)) and name in given:
            raise ClientRefusedError(f"the option {name!r} takes {'a file' if name in values else 'no file'}")
    for name, value in values.items():
        _check_value(known[name], value, typing=typing)


def _check_value(option: JSON, value: Any, *, typing: bool) -> None:
    name = option["name"]
    expected = _TYPES.get(option["type"])
    if expected and (not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected)):
        if typing:
            return
        raise ClientRefusedError(f"the option {name!r} does not take {value!r}")
    choices = option.get("choices")
    if choices and value not in [choice["value"] for choice in choices] and not typing:
        raise ClientRefusedError(f"the option {name!r} offers only its choices")
    if isinstance(value, str):
        shortest = option.get("min_length") or 0
        if not typing and not shortest <= len(value) <= (option.get("max_length") or 6000):
            raise ClientRefusedError(
                f"the option {name!r} takes {shortest} to {option.get('max_length') or 6000} characters"
            )
    elif not typing and not isinstance(value, bool):
        low, high = option.get("min_value"), option.get("max_value")
        if (low is not None and value < low) or (high is not None and value > high):
            raise ClientRefusedError(f"the option {name!r} takes numbers from {low} to {high}")


def check_file(option: JSON, filename: str, size_bytes: int, limit_bytes: int) -> None:
    """The client's file dialog filters by extension and refuses what is over the member's limit."""
    if not rules.accepts_file(option.get("file_types"), filename):
        raise ClientRefusedError(f"{filename!r} is not one of {option['file_types']}")
    if size_bytes > limit_bytes:
        raise ClientRefusedError(f"{filename!r} is larger than {limit_bytes} bytes")


def find_component(message: Message, wanted: str, kinds: frozenset[int]) -> JSON:
    """An enabled button or select of a message, by custom_id or label."""
    there = [component for component in walk(message.components) if component["type"] in kinds]
    found = next((c for c in there if c.get("custom_id") == wanted), None)
    found = found or next((c for c in there if c.get("label") == wanted), None)
    if found is None:
        names = [component.get("label") or component.get("custom_id") for component in there]
        raise ClientRefusedError(f"the message has no {wanted!r}, only {names}")
    if found.get("disabled"):
        raise ClientRefusedError(f"{wanted!r} is disabled")
    if found.get("style") == LINK_STYLE:
        raise ClientRefusedError(f"{wanted!r} is a link: the client opens it without asking the bot")
    return found


def check_selection(select: JSON, values: list[str]) -> None:
    """Refuse values a select does not offer, or too few or many of them."""
    if select["type"] == STRING_SELECT or select["type"] in (RADIO_GROUP, CHECKBOX_GROUP):
        offered = {option["value"] for option in select["options"]}
        if unknown := set(values) - offered:
            raise ClientRefusedError(f"{min(unknown)!r} is not offered")
    min_values = select.get("min_values")
    max_values = select.get("max_values") or 1
    if not (1 if min_values is None else min_values) <= len(values) <= max_values:
        raise ClientRefusedError(f"{len(values)} values chosen, {min_values} to {max_values} are possible")


def fill_modal(modal: Modal, values: dict[str, Any], files: dict[str, list[str]]) -> list[JSON]:
    """The `components` of a form's submission. `values` by custom_id, `files` attachment ids by custom_id.

    A text field that is not named keeps what the bot put in.
    """
    inputs = {c["custom_id"] for c in walk(modal.components) if c.get("custom_id")}
    if unknown := {*values, *files} - inputs:
        raise ClientRefusedError(f"the form has no field {min(unknown)!r}, only {sorted(inputs)}")
    return [_filled_top(component, values, files) for component in modal.components]


def _filled_top(component: JSON, values: dict[str, Any], files: dict[str, list[str]]) -> JSON:
    body: JSON = {"type": component["type"], "id": component["id"]}
    if component["type"] == LABEL:
        return body | {"component": _filled(component["component"], values, files)}
    if component["type"] == TEXT_DISPLAY:
        return body
    return body | {"components": [_filled(inner, values, files) for inner in component["components"]]}


def _filled(field: JSON, values: dict[str, Any], files: dict[str, list[str]]) -> JSON:
    custom_id = field["custom_id"]
    body: JSON = {"type": field["type"], "id": field["id"], "custom_id": custom_id}
    required = field.get("required")
    if field["type"] == TEXT_INPUT:
        return body | {"value": _text(field, values.get(custom_id, field.get("value") or ""))}
    if field["type"] == CHECKBOX:
        return body | {"value": bool(values.get(custom_id, field.get("default", False)))}
    chosen = files.get(custom_id, []) if field["type"] == FILE_UPLOAD else values.get(custom_id)
    chosen = _preselected(field) if chosen is None else chosen
    listed = [chosen] if isinstance(chosen, str) else list(chosen)
    if listed or required is not False:
        check_selection(field, listed)
    if field["type"] == RADIO_GROUP:
        return body | {"value": listed[0] if listed else None}
    return body | {"values": listed}


def _preselected(field: JSON) -> list[str]:
    if field["type"] in SELECTS - {STRING_SELECT}:
        return [default["id"] for default in field.get("default_values") or ()]
    return [option["value"] for option in field.get("options") or () if option.get("default")]


def _text(field: JSON, text: Any) -> str:
    shortest = field.get("min_length")
    shortest = shortest if shortest is not None else 0
    if field.get("required", True):
        shortest = max(1, shortest)
    longest = field.get("max_length") or 4000
    if text == "" and not field.get("required", True):
        return ""
    if not isinstance(text, str) or not shortest <= len(text) <= longest:
        raise ClientRefusedError(f"the field {field['custom_id']!r} takes {shortest} to {longest} characters")
    return text
