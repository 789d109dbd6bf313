"""Where settings come from: the environment, `.env`, files that NAME_FILE names; judged by shape before any is used."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, PydanticBaseSettingsSource

from bot.env_file import EMPTY, ENDLESS, EnvFile, is_endless, look_into, pipe_content
from bot.errors import SettingsError
from bot.model_names import OPTIONAL_KEYS, keys_needed_by
from bot.value_shapes import looks_like_discord_token, objection_to, objection_to_token

_TOKEN = "DISCORD_TOKEN"  # noqa: S105 - a name
#: A password that a container hands out has one line.
_MAX_SECRET_KIB = 64
_MAX_SECRET_BYTES = _MAX_SECRET_KIB << 10
#: A list of words; a dictionary of a whole language is smaller.
_MAX_LIST_MIB = 8
_MAX_LIST_BYTES = _MAX_LIST_MIB << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The settings by kind, in capitals."""

    settings: tuple[str, ...]
    needed: frozenset[str]  #: without a default
    keys: frozenset[str]  #: tokens, keys and passwords: one line without a blank, shown as stars
    in_files: tuple[str, ...]  #: those, and addresses with a password: NAME_FILE may name a file
    paths: frozenset[str]

    @property
    def known(self) -> tuple[str, ...]:
        """Everything that is read."""
        return (*self.settings, *(f"{name}_FILE" for name in self.in_files))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was found."""

    from_files: Mapping[str, object]  #: by name in small letters
    env_file_choice: Mapping[str, object]  #: turns `.env` off where it cannot be read and is not needed
    problems: Mapping[str, str]  #: one sentence for each name
    swallowed: frozenset[str]  #: names of which it is known why they look as if they were not set
    models: str = ""  #: GENERATION_MODEL as it was found; empty where it is left to the default


class EmptyOnPurpose(PydanticBaseSettingsSource):
    """Limits that somebody set to nothing: where no other source has a value for them, that is one."""

    def __init__(
        self, settings_cls: type[BaseSettings], dotenv_settings: PydanticBaseSettingsSource, names: frozenset[str]
    ) -> None:
        super().__init__(settings_cls)
        self._env_file = dotenv_settings.env_file if isinstance(dotenv_settings, DotEnvSettingsSource) else None
        self._names = names

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Not asked: the whole is made at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Each such setting with an empty text."""
        sources: list[PydanticBaseSettingsSource] = [EnvSettingsSource(self.settings_cls, env_ignore_empty=False)]
        if self._env_file is not None:
            sources.append(DotEnvSettingsSource(self.settings_cls, env_file=self._env_file, env_ignore_empty=False))
        empty = {name for source in sources for name, value in source().items() if value == ""}
        return dict.fromkeys(empty & self._names, "")


def gathered(env_file: Path | None, overrides: Mapping[str, object], names: Names) -> Gathered:
    """Look at everything that was set. Raises SettingsError when `.env` is needed and cannot be read."""
    logging.getLogger("dotenv").setLevel(logging.ERROR)  # what it passes over is told by `remarks_on`
    found = _looked_into(env_file, names)
    given = _given(found, overrides, names)
    unreadable = found.problems.get("")
    models = given.get("GENERATION_MODEL", ("", ""))[0]
    needed = (names.needed - OPTIONAL_KEYS) | keys_needed_by(models)
    if unreadable and not all({name, f"{name}_FILE"} & given.keys() for name in needed):
        raise SettingsError([unreadable])
    problems = {name: sentence for name, sentence in found.problems.items() if name}
    from_files: dict[str, object] = {}
    for name in names.in_files:
        _take_from_file(name, given, problems, from_files)
    for name, sentence in _shape_problems({name: value for name, (value, _) in given.items()}, names).items():
        problems.setdefault(name, sentence)
    return Gathered(
        from_files=from_files,
        env_file_choice={"_env_file": None} if unreadable else {},
        problems=problems,
        swallowed=found.swallowed,
        models=models,
    )


def remarks_on(env_file: Path | None, names: Names) -> tuple[str, ...]:
    """What is odd about `.env` and keeps nothing from working."""
    found = _looked_into(env_file, names)
    return (*([found.problems[""]] if "" in found.problems else []), *found.remarks)


def home_expanded(path: Path) -> Path:
    """`~` as a shell would read it, but for a folder of that name that an earlier version has made here.

    Raises ValueError for a home that nobody knows.
    """
    if not path.parts or not path.parts[0].startswith("~") or Path(path.parts[0]).exists():
        return path
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("begins with ~, and no such home folder is known; write the whole path") from None


def list_in(path: Path) -> str:
    """The text of a file that holds a list. Raises ValueError with what is wrong with it."""
    try:
        if is_endless(path):
            raise ValueError(ENDLESS)
        with path.open("rb") as file:
            content = file.read(_MAX_LIST_BYTES + 1)
        if len(content) > _MAX_LIST_BYTES:
            raise ValueError(f"is larger than {_MAX_LIST_MIB} MiB; name the file with the list, or shorten it")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"cannot be read as text ({error.strerror}); look at its path and who may read it") from None
    except UnicodeDecodeError:
        raise ValueError("cannot be read as UTF-8 text; save it as UTF-8") from None


def _looked_into(env_file: Path | None, names: Names) -> EnvFile:
    return EMPTY if env_file is None else look_into(env_file, names=names.known, secrets=names.keys)


def _given(found: EnvFile, overrides: Mapping[str, object], names: Names) -> dict[str, tuple[str, str]]:
    """What was set, by name: the value, and where it stands; the last source wins."""
    sources: tuple[tuple[str, Mapping[str, object]], ...] = (
        (".env", found.values),
        ("the environment", os.environ),
        ("the call", overrides),
    )
    known = frozenset(names.known)
    return {
        name.upper(): (value.strip(), place)
        for place, values in sources
        for name, value in values.items()
        if isinstance(value, str) and value.strip() and name.upper() in known
    }


def _take_from_file(
    name: str, given: dict[str, tuple[str, str]], problems: dict[str, str], from_files: dict[str, object]
) -> None:
    path, named_in = given.get(f"{name}_FILE", ("", ""))
    if not path:
        return
    if name in given:
        place = given[name][1]
        places = "" if place == named_in else f" (the one in {place}, the other in {named_in})"
        problems[name] = f"{name} and {name}_FILE are both set{places}; keep one of them."
        return
    value, objection = _text_in(path)
    if objection:
        problems[name] = f"{name}_FILE: {path} {objection}"
        return
    from_files[name.lower()] = value
    given[name] = (value, path)


def _text_in(path: str) -> tuple[str, str]:
    """What stands in a file, without line ends and blanks around it; or what keeps it from being read."""
    try:
        found = home_expanded(Path(path))
        content = pipe_content(found, _MAX_SECRET_BYTES + 1)
        if content is None:
            if is_endless(found):
                return "", ENDLESS
            with found.open("rb") as file:
                content = file.read(_MAX_SECRET_BYTES + 1)
        if len(content) > _MAX_SECRET_BYTES:
            return "", f"is larger than {_MAX_SECRET_KIB} KiB; name the file that holds the value, and nothing else"
        value = content.decode("utf-8-sig").strip()
    except OSError as error:
        return "", f"cannot be read ({error.strerror}); look at its path and who may read it"
    except UnicodeDecodeError:
        return "", "is not UTF-8 text; save it as UTF-8"
    except ValueError as error:
        return "", str(error)
    return value, "" if value else "is empty; write the value into it"


def _shape_problems(values: Mapping[str, str], names: Names) -> dict[str, str]:
    problems: dict[str, str] = {}
    for name, value in values.items():
        objection = objection_to(name, value, is_secret=name in names.keys, is_path=name in names.paths)
        if name == _TOKEN:
            objection = objection or objection_to_token(value)
        elif name in names.keys and not objection and looks_like_discord_token(value):
            if _TOKEN in values and not looks_like_discord_token(values[_TOKEN]):
                problems[_TOKEN] = f"{_TOKEN} and {name} are swapped: {name} holds a Discord bot token. Exchange them."
            else:
                objection = f"holds a Discord bot token, which nobody but Discord may see; it belongs into {_TOKEN}"
        if objection:
            problems.setdefault(name, f"{name}: {objection}")
    return problems
