"""What the house promises about its own shape: sizes, names, who may do what where."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import discord
import discord.ext.commands
import pytest

import bot.errors

ROOT = Path(__file__).parents[1]

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
#: A migration is one long statement, written once and never changed.
MIGRATIONS = ROOT / "bot/store/migrations/versions"

#: One for each way to speak to a music service.
CONTRACTS = [ROOT / "bot/generation" / name for name in ("acestep", "aiml", "fal")]

#: Names that say where to look for nothing in particular.
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "constants", "base", "manager", "core", "tools"}

#: Runs only inside Alembic, which gives it what it needs.
RUN_BY_ALEMBIC = {"bot/store/migrations/env.py"}

#: Values that are read from a struct in order, a tally that grows while a file is decoded, and what is remembered of a
#: job while it is worked on.
OTHER_DATACLASSES = {
    ("bot/audio/mpeg.py", "FrameHead"),
    ("bot/audio/decode.py", "Measurement"),
    ("bot/jobs/live_job.py", "LiveJob"),
    ("bot/jobs/making.py", "Making"),
    ("bot/generation/acestep/stalling.py", "_Mark"),
}

#: Where an exception that nobody foresaw ends, and what happens to it there.
CATCH_ALLS = {
    (
        "bot/audio/packaging.py",
        "_attempted",
    ),  # its trace goes to the log of the parent; the track goes out all the same
    ("bot/engine/runner.py", "_step"),  # logged with its trace, counted, the job is looked at again
    ("bot/gateway.py", "run"),  # logged with its trace; a new connection begins behind the event that raised it
    ("bot/ui/error_handler.py", "guarded"),  # logged under a number that the member is told
}

#: Where a refusal is caught and a rate limit is left to the caller, who has more to do with it.
PASSED_ON = {
    ("bot/delivery/card_messages.py", "_unless_refused"),  # all callers stand in outages_are_later
    ("bot/delivery/card_messages.py", "_try"),  # the same
    ("bot/delivery/card_messages.py", "_attach"),  # it comes as DeliveryLaterError already
    ("bot/ui/button_actions.py", "_send_file"),  # the error handler tells the member
    ("bot/ui/render.py", "put_with_link"),  # it looks for refused links, and raises everything else,
    ("bot/command_sync.py", "sync_if_changed"),
}

#: Tasks outside bot.supervisor; each is awaited by the function that makes it.
TASK_MAKERS = {
    "bot/supervisor.py",
    "bot/app.py",  # the connection, which the process waits for
    "bot/stopping.py",  # what must end in time; whoever does not is named and left behind
    "bot/client.py",  # connecting against the first READY, both ended before it returns
    "bot/store/engines.py",  # a transaction that is ended even when its caller is cancelled; closing waits for it
    "bot/download.py",  # a thread that is waited for even when the download is cancelled
    "bot/ui/taking.py",  # an order that is written even where its member is told that it takes too long
}

#: A child that decodes gets a few variables and nothing else; least of all the secrets. Settings are read in one place.
ENVIRONMENT_READERS = {"bot/audio/child.py", "bot/setting_sources.py"}

#: What joins the parts may know all of them, so discord reaches it by way of the client.
COMPOSITION = {"bot.__main__", "bot.app", "bot.assembly", "bot.leading"}

PRINTERS = {"bot/__main__.py", "bot/check.py", "bot/audio/__main__.py"}

TIME = re.compile(r"(datetime\.)?datetime\.(now|utcnow|today)|time\.\w+|asyncio\.sleep|(discord\.)?utils\.utcnow")

SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s.+\sSET|DELETE\s+FROM|CREATE\s+TABLE|ALTER\s+TABLE|PRAGMA\s)",
    re.DOTALL,
)
DATABASE_LIBRARIES = {"sqlalchemy", "alembic", "sqlite3", "aiosqlite", "asyncpg"}


@cache
def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(path: Path) -> Iterator[str]:
    """Every function that is called or handed on, as it is written."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def texts() -> Iterator[Path]:
    """Every file that a person wrote."""
    folders = [ROOT / name for name in ("bot", "cogs", "sandbox", "tests", "docs", "benchmarks", "requirements", ".ci")]
    inside = [path for folder in folders if folder.exists() for path in folder.rglob("*")]
    beside = [path for path in ROOT.iterdir() if path.name != ".env"]
    endings = {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".lock", ".in", ".html", ".js", ".css", ".mako", ""}
    for path in [*inside, *beside]:
        if path.is_file() and path.suffix in endings and "__pycache__" not in path.parts and path.name != ".git":
            yield path


# --- sizes and names --------------------------------------------------------------------------------------------------


def test_no_module_is_longer_than_a_few_screens():
    long = {
        named(path): lines
        for path in sources("bot", "cogs", "sandbox", "benchmarks")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_MODULE_LINES
    }
    assert not long


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{named(path)}:{function.name}": lines
        for path in sources("bot", "cogs", "sandbox", "benchmarks")
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
        and not path.is_relative_to(MIGRATIONS)
    }
    assert not long


def test_no_module_is_a_drawer():
    drawers = [
        named(path)
        for path in sources("bot", "cogs", "sandbox", "benchmarks", "tests")
        if DRAWERS & {path.stem, *path.relative_to(ROOT).parts[:-1]}
    ]
    assert not drawers


def test_no_module_has_the_name_of_one_in_the_standard_library():
    """Run as a script, its folder heads the search path and the library's own module is not found."""
    shadows = [
        named(path)
        for path in sources("bot", "cogs", "sandbox", "benchmarks", "tests")
        if path.stem in sys.stdlib_module_names
    ]
    assert not shadows


def kinds_in(path: Path) -> Iterator[str]:
    """Public classes, and names that are given to a type as if it were one; what stands for any type is not meant."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and not (
            isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in {"TypeVar", "ParamSpec"}
        ):
            for target in node.targets:
                if isinstance(target, ast.Name) and re.fullmatch(r"[A-Z]+[a-z]\w*", target.id):
                    yield target.id


def test_no_two_kinds_of_the_bot_share_a_name_and_none_has_one_of_discords():
    """But for what the folders of two music services have alike: they do not know each other."""
    names: dict[str, list[str]] = {}
    for path in sources("bot", "cogs"):
        if not any(path.is_relative_to(folder) for folder in CONTRACTS):
            for name in kinds_in(path):
                names.setdefault(name, []).append(named(path))
    assert not {name: paths for name, paths in names.items() if len(paths) > 1}
    assert not names.keys() & {*dir(discord), *dir(discord.ui), *dir(discord.app_commands), *dir(discord.ext.commands)}


BOUND = re.compile(r"_?(most|least)(_\w+)?|\w+_(most|least)", re.IGNORECASE)
#: Levers of the stand-in, which programs outside pull by these names.
OLD_BOUNDS = {
    ("sandbox/generation/config.py", "most_at_once"),
    ("sandbox/generation/config.py", "reference_most_bytes"),
}


def test_bounds_are_called_min_and_max():
    found = {
        (named(path), name)
        for path in sources("bot", "cogs", "sandbox", "benchmarks")
        for node in ast.walk(tree_of(path))
        for name in (node.arg if isinstance(node, ast.arg) else node.id if isinstance(node, ast.Name) else "",)
        if BOUND.fullmatch(name)
    }
    assert found <= OLD_BOUNDS


def test_every_module_says_why_it_exists():
    silent = [
        named(path) for path in sources("bot", "cogs", "sandbox", "benchmarks") if not ast.get_docstring(tree_of(path))
    ]
    assert not silent


def test_every_folder_with_modules_is_a_package():
    folders = {path.parent for path in sources("bot", "cogs", "sandbox", "benchmarks", "tests")}
    assert not [named(folder) for folder in folders if not (folder / "__init__.py").exists()]


# --- importing does nothing -------------------------------------------------------------------------------------------

IMPORT_ALL = """
import asyncio, importlib, sys, threading

def refuse(event, arguments):
    if event.startswith(("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.", "os.fork", "os.spawn")):
        raise SystemExit(f"at import: {event}")
    if event == "open" and isinstance(arguments[0], str) and arguments[0].endswith((".env", ".db")):
        raise SystemExit(f"at import: opens {arguments[0]}")

def refuse_loop(*_, **__):
    raise SystemExit("at import: an event loop")

sys.path.insert(0, sys.argv[1])
sys.addaudithook(refuse)
asyncio.new_event_loop = asyncio.run = refuse_loop
failed = 0
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed += 1
        print(f"{name}: {type(error).__name__}: {error}")
if threading.active_count() != 1:
    failed += 1
    print("a thread was started")
sys.exit(bool(failed))
"""


def module_names() -> list[str]:
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sources("bot", "cogs", "sandbox", "benchmarks")
        if named(path) not in RUN_BY_ALEMBIC
    ]


def test_every_module_imports_without_environment_loop_or_network(tmp_path: Path):
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows cannot do without
    child = subprocess.run(
        [sys.executable, "-I", "-W", "ignore::DeprecationWarning", "-c", IMPORT_ALL, str(ROOT), *module_names()],
        env=kept,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert child.returncode == 0, child.stdout + child.stderr
    assert (child.stdout, child.stderr) == ("", "")
    assert not list(tmp_path.iterdir())


# --- values -----------------------------------------------------------------------------------------------------------


def dataclasses_in(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            name = ast.unparse(call.func if call else decorator)
            if name in {"dataclass", "dataclasses.dataclass"}:
                given = call.keywords if call else []
                yield node.name, {one.arg or "": ast.literal_eval(one.value) for one in given}


def test_values_are_frozen_slotted_and_named():
    loose = {
        (named(path), name)
        for path in sources("bot", "cogs")
        for name, options in dataclasses_in(path)
        if not (options.get("frozen") and options.get("slots") and options.get("kw_only"))
    }
    assert loose == OTHER_DATACLASSES


# --- who may do what --------------------------------------------------------------------------------------------------


def test_only_the_clock_reads_the_time_or_sleeps():
    others = {
        f"{named(path)}: {call}"
        for path in sources("bot", "cogs")
        if named(path) != "bot/clock.py"
        for call in calls(path)
        if TIME.fullmatch(call)
    }
    assert not others


def test_only_the_store_speaks_sql():
    speaking: set[str] = set()
    for path in sources("bot", "cogs"):
        if path.is_relative_to(ROOT / "bot/store"):
            continue
        for node in ast.walk(tree_of(path)):
            imported: list[str] = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported = [node.module or ""]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
                speaking.add(f"{named(path)}: {node.value[:40]}")
            if DATABASE_LIBRARIES & {name.partition(".")[0] for name in imported}:
                speaking.add(f"{named(path)}: {imported}")
    assert not speaking


def handlers(path: Path) -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Every `except`, with the function it stands in."""
    for function in functions(path):
        for node in ast.walk(function):
            if isinstance(node, ast.ExceptHandler):
                yield function.name, node


def test_an_unforeseen_exception_ends_at_the_named_places_only():
    caught: set[tuple[str, str]] = set()
    for path in sources("bot", "cogs"):
        for function, handler in handlers(path):
            kinds = ast.unparse(handler.type).strip("()").split(", ") if handler.type else ["everything"]
            raises_again = any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))
            if {"Exception", "everything"} & set(kinds) or ("BaseException" in kinds and not raises_again):
                caught.add((named(path), function))
    assert caught == CATCH_ALLS


def _named_in(node: ast.AST | None) -> set[str]:
    """The last names in an expression such as `(discord.HTTPException, OSError)`."""
    inside = list(ast.walk(node)) if node else []
    return {one.attr for one in inside if isinstance(one, ast.Attribute)} | {
        one.id for one in inside if isinstance(one, ast.Name)
    }


def tries_for_refusals(path: Path) -> Iterator[tuple[str, ast.Try, bool]]:
    """Every `try` that catches Discord's refusals: its function, and whether it stands in `outages_are_later()`."""
    for function in functions(path):
        sheltered = {
            inner
            for node in ast.walk(function)
            if isinstance(node, ast.With) and "outages_are_later" in _named_in(node.items[0].context_expr)
            for inner in ast.walk(node)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Try) and any("HTTPException" in _named_in(one.type) for one in node.handlers):
                yield function.name, node, node in sheltered


def test_a_rate_limit_is_caught_wherever_a_refusal_is():
    """discord.RateLimited is no HTTPException, and comes from the very same calls."""
    open_to_it = {
        (named(path), function)
        for path in sources("bot", "cogs")
        for function, caught, is_sheltered in tries_for_refusals(path)
        if not is_sheltered
        and not any({"RateLimited", "DiscordException"} & _named_in(one.type) for one in caught.handlers)
    }
    assert open_to_it == PASSED_ON


def test_no_exception_is_swallowed_without_a_word():
    silent = {
        f"{named(path)}:{handler.lineno}"
        for path in sources("bot", "cogs")
        for _, handler in handlers(path)
        if all(isinstance(node, ast.Pass) for node in handler.body)
    }
    assert not silent


def test_background_work_is_supervised():
    makers = {
        named(path)
        for path in sources("bot", "cogs")
        if any(call.split(".")[-1] in {"create_task", "ensure_future", "Thread", "TaskGroup"} for call in calls(path))
    }
    assert makers <= TASK_MAKERS


def test_only_commands_for_people_print():
    assert {named(path) for path in sources("bot", "cogs") if "print" in calls(path)} == PRINTERS


def test_only_the_settings_and_a_childs_start_read_the_environment():
    readers = {
        named(path)
        for path in sources("bot", "cogs")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert readers == ENVIRONMENT_READERS


def contract(kind: str) -> dict[str, list[str]]:
    """The import contract of this kind about discord alone."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (found,) = (
        one
        for one in contracts
        if one["type"] == kind and ["discord"] in (one.get("protected_modules"), one.get("forbidden_modules"))
    )
    return found


def test_every_part_of_the_bot_may_import_discord_or_is_kept_from_it():
    parts = {
        f"bot.{path.stem}"
        for path in (ROOT / "bot").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }
    may = set(contract("protected")["allowed_importers"])
    kept_from_it = set(contract("forbidden")["source_modules"])
    assert may | kept_from_it | COMPOSITION == parts | {"cogs"}
    assert not (may | COMPOSITION) & kept_from_it


def test_no_test_talks_to_a_mock():
    mocking = [
        named(path)
        for path in sources("tests")
        if "unittest" in path.read_text(encoding="utf-8")
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("unittest") for alias in node.names))
    ]
    assert not mocking


# --- errors -----------------------------------------------------------------------------------------------------------


def drawn_tree() -> dict[str, str]:
    """Class -> parent, as the docstring of bot/errors.py draws it."""
    drawn: dict[str, str] = {}
    above: list[str] = ["ComposeError"]
    for line in (bot.errors.__doc__ or "").splitlines():
        if found := re.match(r"(?P<indent>[│ ]*)[├└]── (?P<name>\w+)", line):
            depth = len(found["indent"]) // 4
            above[depth + 1 :] = [found["name"]]
            drawn[found["name"]] = above[depth]
    return drawn


def public_parent(kind: type) -> str:
    return next(parent.__name__ for parent in kind.__mro__[1:] if not parent.__name__.startswith("_"))


def test_the_drawn_tree_of_errors_is_the_tree_of_errors():
    kinds = {
        name: kind
        for name, kind in vars(bot.errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception) and not name.startswith("_")
    }
    kinds.pop("ComposeError")
    assert drawn_tree() == {name: public_parent(kind) for name, kind in kinds.items()}


def test_every_exception_is_called_an_error():
    others = [
        f"{named(path)}: {node.name}"
        for path in sources("bot", "cogs", "sandbox", "benchmarks")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases)
        and not node.name.endswith("Error")
    ]
    assert not others


# --- leftovers --------------------------------------------------------------------------------------------------------

#: Written in pieces, so that this file does not find itself.
LEFTOVERS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
MACHINE = re.compile(r"(?<![\w.~-])/(?:work|root|home|Users|mnt|tmp)/[\w.]")


def test_nothing_is_left_to_be_done():
    found = [
        f"{named(path)}:{number}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if LEFTOVERS.search(line)
    ]
    assert not found


def test_nothing_knows_the_machine_it_was_written_on():
    found = [
        f"{named(path)}:{number}: {line.strip()[:80]}"
        for path in texts()
        if path.suffix != ".lock" and not path.is_relative_to(ROOT / "tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if MACHINE.search(line)
    ]
    assert not found


@pytest.mark.parametrize("path", ["/wo" + "rk/main", "cp x /tm" + "p/y", "'/ro" + "ot/.cache'"])
def test_a_path_of_a_machine_would_be_found(path: str):
    assert MACHINE.search(path)
