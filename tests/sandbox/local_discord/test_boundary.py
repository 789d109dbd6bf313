"""The local Discord and its page belong to any bot: nothing of this repository is in them, by import or by name."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = (ROOT / "sandbox/discord", ROOT / "sandbox/page")
#: What they stand on beside the standard library; discord.py is what they are for, and is not among it.
LIBRARIES = {"aiohttp"}

#: The product, its provider, and what it is about. The message box of the page is called composer, as in Discord.
OURS = re.compile(
    r"(?<![a-z])(compose|minimax|aiml(?:api)?|songs?|lyrics?|tracks?|music|tunes?|sketch|generations?)(?![a-z])",
    re.IGNORECASE,
)
#: One of the two seeded channels; its name is as good as any.
CHANNEL = re.compile(r'"music"|#music\b')


def files() -> list[Path]:
    return sorted(path for folder in PACKAGES for path in folder.rglob("*") if path.suffix not in {"", ".pyc"})


def imported(path: Path) -> set[str]:
    """Every module that is imported anywhere in it, for types alone as well."""
    package = path.relative_to(ROOT).parent.parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = list(package[: len(package) - node.level + 1]) if node.level else []
            found.add(".".join([*above, *([node.module] if node.module else [])]))
    return found


def foreign(path: Path) -> set[str]:
    own = ("sandbox.discord", "sandbox.page") if path.is_relative_to(PACKAGES[1]) else ("sandbox.discord",)
    return {
        name
        for name in imported(path)
        if name.partition(".")[0] not in sys.stdlib_module_names | LIBRARIES
        and not any(name == package or name.startswith(f"{package}.") for package in own)
    }


def test_nothing_is_imported_but_themselves_the_standard_library_and_aiohttp() -> None:
    python = [path for path in files() if path.suffix == ".py"]
    assert len(python) > 30
    assert {path.name: names for path in python if (names := foreign(path))} == {}


def test_neither_the_products_name_nor_its_trade_stands_in_them() -> None:
    kinds = {path.suffix for path in files()}
    assert kinds == {".py", ".js", ".css", ".html", ".svg"}
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in files()
        for number, line in enumerate([path.name, *path.read_text(encoding="utf-8").splitlines()])
        if OURS.search(CHANNEL.sub("", line))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line", ["the Compose bot", "/compose", "compose-bot", "app_compose", "MiniMax", "music_calls", "<p>A song</p>"]
)
def test_a_line_about_this_product_would_be_found(line: str) -> None:
    assert OURS.search(CHANNEL.sub("", line))


@pytest.mark.parametrize("line", [".composer {", "composer.text.focus()", '("general", "music")', "generationally"])
def test_words_that_belong_to_any_discord_are_not(line: str) -> None:
    assert not OURS.search(CHANNEL.sub("", line))


def test_an_import_from_elsewhere_would_be_found(tmp_path: Path) -> None:
    assert foreign(ROOT / "sandbox/page/server.py") == set()
    assert foreign(ROOT / "sandbox/music_levers.py") == {"sandbox.generation", "sandbox.page"}
