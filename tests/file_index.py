"""Writes "Every file" in docs/design.md from what each module says of itself first. `python -m tests.file_index`."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs/design.md"
HEADING = "## Every file"
PACKAGES = ("bot", "cogs", "sandbox", "benchmarks")

_QUOTES = '"""'
_ABOUT = "One line for each, in its own words; `make docs` writes them here, and a test holds them to the files."


def modules() -> list[str]:
    """Every module that this page speaks of, as a path from the root; empty `__init__` files have nothing to say."""
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(
        path.relative_to(ROOT).as_posix() for path in paths if path.name != "__init__.py" or path.stat().st_size
    )


@cache
def line_of(module: str) -> str:
    """What a module says of itself before the first empty line of its docstring."""
    source = (ROOT / module).read_text(encoding="utf-8")
    if source.startswith(_QUOTES):
        source = _QUOTES.join([*source.split(_QUOTES, 2)[:2], ""])  # all of it takes a hundred times as long to parse
    said = ast.get_docstring(ast.parse(source)) or ""
    return " ".join(said.split("\n\n")[0].split())


def section() -> str:
    """The whole section, one list for each folder."""
    folders: dict[str, list[str]] = {}
    for module in modules():
        folder, _, name = module.rpartition("/")
        folders.setdefault(folder, []).append(f"- `{name}`: {line_of(module)}")
    lists = [f"### {folder}/\n\n" + "\n".join(lines) for folder, lines in folders.items()]
    return "\n\n".join([HEADING, _ABOUT, *lists])


def listed(page: str) -> list[str]:
    """The modules that a page's section names, in its order; the same path twice when it stands there twice."""
    body = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    found: list[str] = []
    for part in (part for part in body if part.startswith(HEADING)):
        for folder in re.split(r"^### ", part, flags=re.MULTILINE)[1:]:
            name = folder.split("\n", 1)[0].rstrip("/ ")
            found += [f"{name}/{module}" for module in re.findall(r"^- `(\w+\.py)`: \S", folder, flags=re.MULTILINE)]
    return found


def rewritten(page: str) -> str:
    """The page with its section made anew; put at the end where there is none."""
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    kept = [part for part in parts if not part.startswith(HEADING)]
    return "".join(kept).rstrip("\n") + "\n\n" + section() + "\n"


def main() -> None:
    """Write it."""
    TARGET.write_text(rewritten(TARGET.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
