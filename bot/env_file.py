"""`.env` as a file: whether it can be read, what in it is no line `NAME=value`, and which names nobody reads."""

import errno
import io
import os
import re
import select
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from bot.value_shapes import looks_like_discord_token, without_unseen

#: How alike two names must be, from 0 to 1, for one to be a slip of the other.
_ALIKE = 0.8
_MAX_MIB = 1
_MAX_BYTES = _MAX_MIB << 20
#: A pipe's other end may take five seconds; a program that asks a person for a password is run beforehand.
_PIPE_TRIES, _PIPE_PAUSE_SECONDS = 250, 0.02
#: What is said of `is_endless`, behind the file's name.
ENDLESS = "is a device or a pipe, which may have no end; name a plain file"
#: What the same thing is called by others.
_OTHER_NAMES: Mapping[str, str] = {
    "TOKEN": "DISCORD_TOKEN",
    "BOT_TOKEN": "DISCORD_TOKEN",
    "API_KEY": "GENERATION_API_KEY",
    "GENERATION_KEY": "GENERATION_API_KEY",
    "GENERATION_TOKEN": "GENERATION_API_KEY",
    "AIML_API_KEY": "GENERATION_API_KEY",
    "AIMLAPI_KEY": "GENERATION_API_KEY",
    "APILAPLAS_API_KEY": "GENERATION_API_KEY",
    "LAPLASAPI_KEY": "GENERATION_API_KEY",
    "FAL_KEY": "FAL_API_KEY",
    "FAL_TOKEN": "FAL_API_KEY",
    "API_URL": "GENERATION_API_URL",
    "DB_URL": "DATABASE_URL",
    "DATABASE": "DATABASE_URL",
}
#: What a token or a key is made of, beside letters and digits.
_SIGNS_OF_A_SECRET = frozenset("_.~+/:-")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFile:
    """What was found. Neither problems nor remarks hold a value."""

    values: Mapping[str, str]  #: by name in capitals; the last of several
    problems: Mapping[str, str]  #: by name in capitals; "" for what concerns the whole file
    remarks: tuple[str, ...]  #: what is odd and may be meant
    #: Names whose line an open quote further up has taken for part of a value: they were set, and cannot be read.
    swallowed: frozenset[str] = frozenset()


EMPTY = EnvFile(values={}, problems={}, remarks=())


def is_endless(path: Path) -> bool:
    """Whether it is neither file nor folder: a device may give bytes without an end, a pipe none while nobody writes.

    Raises OSError.
    """
    return path.exists() and not path.is_file() and not path.is_dir()


def pipe_content(path: Path, max_bytes: int) -> bytes | None:
    """What a pipe gives, such as a shell's `<(pass show token)`, at most so many bytes; None: `path` is no pipe.

    Raises OSError; TimeoutError when nobody has written all of it within some seconds.
    """
    if not path.is_fifo():
        return None
    found = b""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for _ in range(_PIPE_TRIES):
            try:
                part = os.read(handle, max_bytes - len(found))
            except BlockingIOError:
                select.select([handle], [], [], _PIPE_PAUSE_SECONDS)  # somebody has it open, and has not written yet
                continue
            found += part
            if (found and not part) or len(found) == max_bytes:
                return found
            if not part:
                select.select([], [], [], _PIPE_PAUSE_SECONDS)  # nobody has opened it yet
    finally:
        os.close(handle)
    raise TimeoutError(errno.ETIMEDOUT, "a pipe into which nobody writes")


def look_into(path: Path, *, names: Collection[str], secrets: Collection[str]) -> EnvFile:
    """Read the file. `names`: those that mean something, in capitals; `secrets`: those of one line without a blank."""
    text, problem = _text_of(path)
    if problem:
        return EnvFile(values={}, problems={"": problem}, remarks=())
    if not path.exists():
        return EnvFile(values={}, problems={}, remarks=tuple(_misnamed(path)))
    bindings = list(parse_stream(io.StringIO(text)))
    values = {name.upper(): value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value}
    problems = {
        **dict(_unclosed(path, text, names)),
        **dict(_broken(path, bindings, names, secrets)),
    }
    remarks = (
        *_misspelt(path, bindings, names),
        *_repeated(path, bindings, names),
        *_unread(path, bindings, names, problems),
    )
    set_there = {name for _, name, value in _assignments(text) if value and not value.startswith("#")}
    swallowed = set_there - values.keys() if problems else ()
    return EnvFile(values=values, problems=problems, remarks=remarks, swallowed=frozenset(swallowed))


def _text_of(path: Path) -> tuple[str, str]:
    """The text, or what keeps it from being read."""
    try:
        if path.is_symlink() and not path.exists():
            return "", f"{path} is a link that leads nowhere; make it lead to the file, or remove it"
        if path.is_dir():
            return "", (
                f"{path} is a folder; the settings belong into a file of that name (Docker makes a folder where a file "
                "to be mounted is missing)"
            )
        if not path.exists():
            return "", ""
        content = pipe_content(path, _MAX_BYTES + 1)  # some keepers of passwords put one there, and serve it each time
        if content is None:
            if is_endless(path):
                return "", f"{path} is a device; the settings belong into a plain file of that name"
            with path.open("rb") as file:
                content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        return "", f"{path} cannot be read ({error.strerror}); make it readable for the user who runs the bot"
    if len(content) > _MAX_BYTES:
        return "", f"{path} is larger than {_MAX_MIB} MiB, so it is no file of settings; put the settings there alone"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or content[1:2] == b"\0" or content[:1] == b"\0":
        return "", f"{path} is UTF-16 text (an editor may call that Unicode); save it as UTF-8"
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return "", f"{path} is not UTF-8 text (line {line}); save it as UTF-8"


def _misnamed(path: Path) -> Iterator[str]:
    """The file under a name that an editor or a file manager has given it."""
    for name in (f"{path.name}.txt", path.name.lstrip("."), f"{path.name.lstrip('.')}.txt"):
        if path.with_name(name).is_file():
            yield f"there is no {path} here, but {name}; rename it (Windows may hide the ending)"


def _unclosed(path: Path, text: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Quotes that open a value and do not close on their line: what follows would be taken for part of it."""
    for number, name, value in _assignments(text):
        if name in names and value[:1] in {'"', "'"} and value[0] not in re.sub(r"\\.", "", value[1:]):
            yield name, f"{name}: {path}, line {number}, opens a quote and does not close it; close or remove it"


def _assignments(text: str) -> Iterator[tuple[int, str, str]]:
    """Number, name in capitals and raw value of each line that looks like NAME=value, whatever stands around it."""
    for number, line in enumerate(text.splitlines(), 1):
        left, equals, value = line.partition("=")
        name = left.strip().removeprefix("export ").strip()
        if equals and name.replace("-", "_").isidentifier():
            yield number, name.upper(), value.strip()


def _broken(
    path: Path, bindings: list[Binding], names: Collection[str], secrets: Collection[str]
) -> Iterator[tuple[str, str]]:
    """A line without `=` right below a secret: the rest of it, by all likelihood."""
    before: Binding | None = None
    for binding in bindings:
        name = (before.key or "").upper() if before else ""
        if before and before.value and name in secrets and _is_rest(binding, names) and not _is_whole(name, before):
            yield name, f"{name}: {path}, line {_line(binding)}, looks like the rest of it; put all of it into one line"
        before = binding


def _is_whole(name: str, binding: Binding) -> bool:
    """Whether nothing can be missing: the last part of a token has 27 signs, or 38 since 2022."""
    value = binding.value or ""
    return name == "DISCORD_TOKEN" and looks_like_discord_token(value) and len(value.rpartition(".")[2]) in {27, 38}


def _is_rest(binding: Binding, names: Collection[str]) -> bool:
    line = binding.original.string.strip()
    rest = line.rstrip("=")
    if not rest or _is_a_name(line) or line.upper() in names:
        return False
    return all((sign.isascii() and sign.isalnum()) or sign in _SIGNS_OF_A_SECRET for sign in rest)


def _is_a_name(line: str) -> bool:
    """`PROXY_URL=` or `PROXY_URL` below a secret is a setting of another program, or of another version."""
    if line.endswith("=") and line[:-1].isidentifier():
        return True
    return line.isidentifier() and line.isupper() and "_" in line.strip("_")


def _misspelt(path: Path, bindings: list[Binding], names: Collection[str]) -> Iterator[str]:
    for binding in bindings:
        written = binding.key or ""
        name = without_unseen(written.partition(":")[0]).upper()
        if not name or written.upper() in names or (binding.value is None and name in names):
            continue
        tidy = name.replace("-", "_").replace(".", "_")
        meant = _OTHER_NAMES.get(tidy) or _alike(tidy, names)
        if meant:
            why = " (it holds a sign that cannot be seen)" if without_unseen(written) != written else ""
            yield f"{path}, line {_line(binding)}: nothing reads {name}{why}; did you mean {meant}?"


def _alike(name: str, names: Collection[str]) -> str | None:
    import difflib  # a quarter of a megabyte for who misspells one

    return next(iter(difflib.get_close_matches(name, names, 1, _ALIKE)), None)


def _repeated(path: Path, bindings: list[Binding], names: Collection[str]) -> Iterator[str]:
    for name in names:
        lines = [binding for binding in bindings if (binding.key or "").upper() == name and binding.value is not None]
        if len({binding.value for binding in lines}) > 1:
            numbers = ", ".join(str(_line(binding)) for binding in lines)
            empty = ", and it is empty" if not lines[-1].value else ""
            yield f"{path}: {name} stands in lines {numbers}; the last one counts{empty}"


def _unread(path: Path, bindings: list[Binding], names: Collection[str], problems: Mapping[str, str]) -> Iterator[str]:
    for binding in bindings:
        words = re.split(r"[\s:]", binding.original.string.strip(), maxsplit=1)
        if binding.value is None and words[0].upper() in names:
            yield f"{path}, line {_line(binding)}: {words[0].upper()} stands there without a =, so it is passed over"
        elif binding.error and not problems:
            yield f"{path}, line {_line(binding)}: not a line NAME=value, so it is passed over"


def _line(binding: Binding) -> int:
    """Of the binding itself: empty lines before it belong to it."""
    string = binding.original.string
    return binding.original.line + string[: len(string) - len(string.lstrip())].count("\n")
