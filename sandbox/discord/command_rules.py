"""What Discord accepts as an application command (docs, interactions/application-commands)."""

import re
from typing import Any

from .objects import JSON
from .refusals import Form

CHAT_INPUT, USER_COMMAND, MESSAGE_COMMAND, ENTRY_POINT = 1, 2, 3, 4
SUBCOMMAND, SUBCOMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(
    1, 12
)

OPTIONS = 25
CHOICES = 25
#: Names, descriptions and values of a whole command together.
COMMAND_CHARACTERS = 8000
#: Per scope (docs; message commands 15 since 2026-03).
MAX_COMMANDS = {CHAT_INPUT: 100, USER_COMMAND: 15, MESSAGE_COMMAND: 15, ENTRY_POINT: 1}

_NAME = re.compile(r"^[-_'\w]{1,32}$")
_COMMAND_FIELDS = frozenset({
    "id", "application_id", "version", "name", "name_localizations", "description", "description_localizations",
    "options", "default_member_permissions", "dm_permission", "default_permission", "integration_types", "contexts",
    "type", "nsfw", "handler", "guild_id",
})  # fmt: skip
_OPTION_FIELDS = frozenset({
    "type", "name", "name_localizations", "description", "description_localizations", "required", "choices", "options",
    "channel_types", "min_value", "max_value", "min_length", "max_length", "autocomplete", "file_types",
})  # fmt: skip
#: Fields that only some option types may carry.
_BOUND_FIELDS = {
    "choices": {STRING, INTEGER, NUMBER},
    "autocomplete": {STRING, INTEGER, NUMBER},
    "min_length": {STRING},
    "max_length": {STRING},
    "min_value": {INTEGER, NUMBER},
    "max_value": {INTEGER, NUMBER},
    "channel_types": {CHANNEL},
    "file_types": {ATTACHMENT},
    "options": {SUBCOMMAND, SUBCOMMAND_GROUP},
}
#: Groups of extensions a client filters by; `.xyz` names one extension.
FILE_TYPES = {
    "audio": {"mp3", "m4a", "wav", "ogg", "opus", "flac"},
    "image": {"png", "jpg", "jpeg", "gif", "webp", "avif"},
    "video": {"mp4", "mov", "webm"},
}


def check_all(commands: Any) -> list[str]:
    """Refuse a bulk overwrite with 50035 if anything is wrong; gives the unknown fields back."""
    form = Form()
    rows = form.rows("commands", commands, sum(MAX_COMMANDS.values()))
    seen: set[tuple[int, str]] = set()
    counts = dict.fromkeys(MAX_COMMANDS, 0)
    for index, command in enumerate(rows):
        kind = command.get("type", CHAT_INPUT)
        _check_command(form, str(index), command)
        key = (kind, str(command.get("name")))
        if key in seen:
            form.add(f"{index}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
        seen.add(key)
        if kind in counts:
            counts[kind] += 1
    for kind, count in counts.items():
        if count > MAX_COMMANDS[kind]:
            form.add("commands", "BASE_TYPE_BAD_LENGTH", f"Must be {MAX_COMMANDS[kind]} or fewer in length.")
    form.close()
    return form.unknown


def _check_command(form: Form, path: str, command: JSON) -> None:
    form.fields(path, command, _COMMAND_FIELDS)
    kind = command.get("type", CHAT_INPUT)
    if kind not in MAX_COMMANDS:
        form.add(f"{path}.type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4}.")
        return
    _check_translations(form, path, command, slash=kind == CHAT_INPUT)
    _check_places(form, path, command)
    if kind == CHAT_INPUT:
        _check_name(form, f"{path}.name", command.get("name"))
        form.text(f"{path}.description", command.get("description"), 100)
        _check_options(form, path, command.get("options"), depth=0)
        if characters(command) > COMMAND_CHARACTERS:
            form.add(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({COMMAND_CHARACTERS})")
        return
    form.text(f"{path}.name", command.get("name"), 32)
    for name in ("description", "options"):
        if command.get(name) and kind != ENTRY_POINT:
            form.add(f"{path}.{name}", f"APPLICATION_COMMAND_{name.upper()}_NOT_ALLOWED", "Not for this command type")


def _check_name(form: Form, path: str, name: Any) -> None:
    form.text(path, name, 32)
    if isinstance(name, str) and (not _NAME.match(name) or name != name.lower()):
        form.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_translations(form: Form, path: str, thing: JSON, *, slash: bool) -> None:
    for locale, name in (thing.get("name_localizations") or {}).items():
        if slash:
            _check_name(form, f"{path}.name_localizations.{locale}", name)
        else:
            form.text(f"{path}.name_localizations.{locale}", name, 32)
    for locale, description in (thing.get("description_localizations") or {}).items():
        form.text(f"{path}.description_localizations.{locale}", description, 100)


def _check_places(form: Form, path: str, command: JSON) -> None:
    for name, allowed in (("integration_types", {0, 1}), ("contexts", {0, 1, 2})):
        values = command.get(name)
        if values is not None and (not isinstance(values, list) or not set(values) <= allowed):
            form.add(f"{path}.{name}", "BASE_TYPE_CHOICES", f"Values must be among {sorted(allowed)}.")


def _check_options(form: Form, path: str, options: Any, *, depth: int) -> None:
    rows = form.rows(f"{path}.options", options, OPTIONS)
    optional_seen = False
    names: set[str] = set()
    for index, option in enumerate(rows):
        here = f"{path}.options.{index}"
        form.fields(here, option, _OPTION_FIELDS)
        _check_name(form, f"{here}.name", option.get("name"))
        form.text(f"{here}.description", option.get("description"), 100)
        _check_translations(form, here, option, slash=True)
        if option.get("name") in names:
            form.add(f"{here}.name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")
        names.add(str(option.get("name")))
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            form.add(f"{here}.required", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional_seen |= not option.get("required")
        _check_option(form, here, option, depth)
    kinds = {option.get("type") in (SUBCOMMAND, SUBCOMMAND_GROUP) for option in rows}
    if len(kinds) > 1:
        form.add(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-commands and options do not mix")


def _check_option(form: Form, path: str, option: JSON, depth: int) -> None:
    kind = option.get("type")
    if isinstance(kind, bool) or not isinstance(kind, int) or not SUBCOMMAND <= kind <= ATTACHMENT:
        form.add(f"{path}.type", "BASE_TYPE_CHOICES", "Value must be one of {1, ..., 11}.")
        return
    for name, kinds in _BOUND_FIELDS.items():
        if option.get(name) and kind not in kinds:
            form.add(f"{path}.{name}", "APPLICATION_COMMAND_OPTION_FIELD_INVALID", f"{name} is not for type {kind}")
    if kind in (SUBCOMMAND, SUBCOMMAND_GROUP):
        if depth > 1 or (depth == 1 and kind == SUBCOMMAND_GROUP):
            form.add(f"{path}.type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-commands nest too deep")
        _check_options(form, path, option.get("options"), depth=depth + 1)
        return
    form.number(f"{path}.min_length", option.get("min_length"), 0, 6000)
    form.number(f"{path}.max_length", option.get("max_length"), 1, 6000)
    if option.get("autocomplete") and option.get("choices"):
        form.add(f"{path}.autocomplete", "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", "Not with choices")
    for index, choice in enumerate(form.rows(f"{path}.choices", option.get("choices"), CHOICES)):
        form.text(f"{path}.choices.{index}.name", choice.get("name"), 100)
    _check_file_types(form, path, option.get("file_types"))


def _check_file_types(form: Form, path: str, file_types: Any) -> None:
    if file_types is None:
        return
    for name in file_types if isinstance(file_types, list) else [None]:
        if not isinstance(name, str) or (name not in FILE_TYPES and not name.startswith(".")):
            form.add(f"{path}.file_types", "BASE_TYPE_CHOICES", f"{name!r} is no group of file types or .extension")


def accepts_file(file_types: list[str] | None, filename: str) -> bool:
    """Whether a client lets a member choose this file: by extension alone."""
    if not file_types:
        return True
    extension = filename.rpartition(".")[2].lower()
    return any(extension in FILE_TYPES.get(name, {name.lstrip(".").lower()}) for name in file_types)


def characters(thing: JSON) -> int:
    """What counts towards the 8000 characters of one command."""
    total = sum(len(thing[name]) for name in ("name", "description") if isinstance(thing.get(name), str))
    for choice in thing.get("choices") or ():
        total += len(str(choice.get("name", ""))) + len(str(choice.get("value", "")))
    return total + sum(characters(option) for option in thing.get("options") or ())
