"""No regular expression of the house can be made slow by a text; and the judge of that knows slow ones from others."""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import bot.ui.custom_ids
from bot.jobs.blocklist import Blocklist
from sandbox.sketch.voice import language
from tests.slow_patterns import faults

ROOT = Path(__file__).parents[1]

#: At a beginning and an end, or as a whole: such a pattern is tried at one place.
ANCHORED = {"match", "fullmatch"}

#: Built while the program runs; each is judged below, or no text from outside reaches it.
BUILT = {
    ("bot/jobs/blocklist.py", "'|'.join(parts)"),
    ("bot/ui/controls.py", "template"),
    ("sandbox/discord/faults.py", "self.pattern"),  # written by whoever tests, and searched in a path
    ("sandbox/sketch/voice/language.py", "script"),
}

#: Slow by the rules, but not in fact: each says why.
EXCUSED = {
    # an opening that is not closed is the last one: any later one would have closed it
    r"```.*?```|`[^`]*`",
}


def _modules() -> Iterator[tuple[str, ast.Module, ModuleType]]:
    for folder in ("bot", "cogs", "sandbox"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if re.search(r"^import re$", source, re.MULTILINE):
                parts = path.relative_to(ROOT).with_suffix("").parts
                module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
                yield path.relative_to(ROOT).as_posix(), ast.parse(source), module


@cache
def _patterns() -> list[tuple[str, Any, int, bool]]:
    """Where it is, the pattern, its flags, whether it is anchored; those built at run time have None for a pattern."""
    found: list[tuple[str, Any, int, bool]] = []
    for name, tree, module in _modules():
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and ast.unparse(call.func).startswith("re.") and call.args):
                continue
            function = ast.unparse(call.func).removeprefix("re.")
            if function == "escape":
                continue
            try:
                pattern = _value(call.args[0], module)
            except NameError:
                found.append((f"{name}\0{ast.unparse(call.args[0])}", None, 0, False))
                continue
            given = [word.value for word in call.keywords if word.arg == "flags"] + call.args[1:] * (
                function == "compile"
            )
            flags = int(_value(given[0], module)) if given else 0
            found.append((f"{name}:{call.lineno}", pattern, flags, function in ANCHORED))
    return found


def _value(node: ast.expr, module: ModuleType) -> Any:
    return eval(compile(ast.Expression(node), "<a pattern>", "eval"), vars(module))


SLOW = [
    r"\s+$",
    r"\s*:",
    r"(?:a+)+b",
    r"(?:a|ab)*c",
    r"(?:x\s*)*y",
    r"(?:ab)++c",
    r"^a*a*b",
    r"^\d*-?\d*b",
    r"^\w+x\w+!",
    r"^.*,.*;",
    r"“[^”]{25,}”",
    r"(?:load|read)\w*\b.x",
    r"verse(?:\s*#?\s*\d)?",
    r"(?m)^(\s*)-",
    r"(?i)x[^Y]*y",
    r"(?:a{300,})+b",
]
LINEAR = [
    r"\*+",
    r"[a-z]{32,}",
    r"\s{1,20}:",
    r"\?[^\s]*",
    r"(?<=://)[^/\s@]+(?=@)",
    r"(?<!\w)\w+!",
    r"\b\d+ characters",
    r"Bearer\s+\S+",
    r"(?m)^([^\S\n]*)(?:[-+]|\d+\.)(?=\s)",
    r"[^\W\d_]+(?:'[^\W\d_]+)?",
    r" ?//+ ?",
    r"“[^“”]{25,}”",
    r"<@!?(\d+)>",
    r"^[a-z]+:[a-z]+$",
    r"^ ?(?:verse ?: ?)++",
]


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_some_text_makes_slow_is_found(pattern: str) -> None:
    assert faults(pattern)


@pytest.mark.parametrize("pattern", LINEAR)
def test_a_pattern_that_no_text_makes_slow_is_let_through(pattern: str) -> None:
    assert not faults(pattern)


@pytest.mark.heavy
def test_no_pattern_of_the_house_can_be_made_slow() -> None:
    slow = {
        f"{place} {pattern!r}": found
        for place, pattern, flags, is_anchored in _patterns()
        if pattern is not None and pattern not in EXCUSED and (found := faults(pattern, flags, anchored=is_anchored))
    }
    assert not slow


def test_every_pattern_of_the_house_was_seen() -> None:
    assert len([pattern for _, pattern, _, _ in _patterns() if pattern is not None]) >= 45
    assert {tuple(place.split("\0")) for place, pattern, _, _ in _patterns() if pattern is None} == BUILT
    assert {pattern for _, pattern, _, _ in _patterns()} >= EXCUSED


def test_what_buttons_and_forms_are_known_by_cannot_be_made_slow() -> None:
    templates = {name: value for name, value in vars(bot.ui.custom_ids).items() if name.endswith("_TEMPLATE")}
    assert len(templates) == 9
    assert not {name: found for name, template in templates.items() if (found := faults(template))}


def test_what_languages_are_told_by_cannot_be_made_slow() -> None:
    assert not [script for script, _ in language._BY_SCRIPT if faults(script)]


@pytest.mark.parametrize(
    "words",
    [
        ["bad"],
        ["very  bad thing", "bad*", "悪い", "a+b", "(("],
        [f"{one}{two}x" for one in "abcdef" for two in "abcdef"],
    ],
)
def test_a_list_of_refused_words_makes_no_slow_pattern(words: list[str]) -> None:
    pattern = Blocklist(words)._pattern
    assert pattern is not None
    assert not faults(pattern.pattern, pattern.flags & ~re.UNICODE)
