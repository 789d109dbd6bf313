"""Every text in one place, in every language, within Discord's limits."""

import ast
import re
import string
from importlib import import_module
from pathlib import Path

import pytest

from bot.errors import Reason
from bot.jobs.model import JobState
from bot.texts import CATALOGS, FALLBACK, language_of, text
from bot.ui.buttons import JobAction

ROOT = Path(__file__).parents[3]
ENGLISH = CATALOGS[FALLBACK]
LANGUAGES = sorted(CATALOGS)

#: What Discord allows: labels of buttons 80, descriptions of commands and fields 100; names are tested below.
LIMITS = {"control.": 80, "command.": 100, "form.": 100}
SHORT_FORM_TEXTS = ("form.compose", "form.edit", "form.other_song", "form.title", "form.lyrics", "form.song")
LONGEST_VALUES = {"min_seconds": "15", "limit": "596", "name": "n" * 50}


def values_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_and_no_other(language: str) -> None:
    assert sorted(CATALOGS[language]) == sorted(ENGLISH)


def _texts_of(language: str) -> list[tuple[str, dict[str, str]]]:
    """Each module of a language, by name, with what it holds."""
    folder = ROOT / "bot/texts" / language
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return [(name, import_module(f"bot.texts.{language}.{name}").TEXTS) for name in names]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_lies_in_the_file_that_its_key_begins_with(language: str) -> None:
    astray = [
        f"{key} in {name}.py" for name, texts in _texts_of(language) for key in texts if not key.startswith(f"{name}.")
    ]
    assert astray == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_file_of_a_language_is_left_out_of_its_catalog(language: str) -> None:
    assert {key for _, texts in _texts_of(language) for key in texts} == set(CATALOGS[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_asks_for_the_same_values(language: str) -> None:
    more = {key: values_of(template) - values_of(ENGLISH[key]) for key, template in CATALOGS[language].items()}
    assert {key: values for key, values in more.items() if values} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_keep_discords_limits(language: str) -> None:
    for key, template in CATALOGS[language].items():
        for prefix, most in LIMITS.items():
            if key.startswith(prefix) and not _is_sentence(key):
                filled = template.format(**{name: LONGEST_VALUES.get(name, "x") for name in values_of(template)})
                assert 1 <= len(filled) <= most, key
        assert len(template) <= 1000, key
    for key in SHORT_FORM_TEXTS:
        assert len(CATALOGS[language][key]) <= 45, key


def _is_sentence(key: str) -> bool:
    """Answers to presses are messages, not labels."""
    return key.startswith("control.") and ENGLISH[key].rstrip().endswith((".", "?", "!"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_commands_and_options_are_names(language: str) -> None:
    names = [key for key in ENGLISH if key.startswith("command.") and not key.endswith(".about")]
    for key in names:
        name = CATALOGS[language][key]
        assert 1 <= len(name) <= 32
        assert key in {"command.from_message", "command.report"} or (name == name.lower() and " " not in name)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence(reason: Reason) -> None:
    assert f"reason.{reason}" in ENGLISH


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_a_headline_and_a_word(state: JobState) -> None:
    assert f"card.headline.{state}" in ENGLISH
    assert f"state.{state}" in ENGLISH


def test_no_text_is_orphaned() -> None:
    """Every key is named somewhere in the code, whole or by the prefix that a value completes."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in _sources())
    made = ("alert.", "log.", "reason.", "state.", "card.headline.", "permission.", "sound.")
    orphans = [key for key in ENGLISH if f'"{key}"' not in sources and not key.startswith(made)]
    states = {f"card.state.{state}" for state in JobState}
    assert [key for key in orphans if key not in states] == []


#: Strings that are no sentences: Discord's markup, separators, docstrings and what logs say.
_NO_SENTENCE = re.compile(r"[\w.\[\], |\"]*\[[\w\[\], |.]+\][\w |]*|\(\?.*")  # a type, or a regular expression


@pytest.mark.parametrize("path", sorted([*(ROOT / "bot/ui").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]), ids=str)
def test_no_sentence_for_members_stands_outside_the_texts(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    apart = _docstrings(tree) | _logged_or_raised(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            is_sentence = len(node.value.split()) > 2 and not _NO_SENTENCE.fullmatch(node.value)
            assert not is_sentence, f"{path.name}:{node.lineno}: {node.value!r}"


def _docstrings(tree: ast.AST) -> set[int]:
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _logged_or_raised(tree: ast.AST) -> set[int]:
    apart: set[int] = set()
    for node in ast.walk(tree):
        is_log = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_log(node.func.value)
        if is_log or isinstance(node, ast.Raise):
            apart |= {id(child) for child in ast.walk(node)}
    return apart


def _is_log(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "log"


def _sources() -> list[Path]:
    everything = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]
    return [path for path in everything if "texts" not in path.relative_to(ROOT).parts]


@pytest.mark.parametrize(("locale", "language"), [("de", "de"), ("en-GB", "en"), ("ja", "en"), ("", "en")])
def test_a_locale_without_a_catalog_reads_english(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_an_unknown_key_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        text("no.such.key")


def test_every_verb_is_short_enough_for_a_custom_id() -> None:
    assert all(len(f"job:v1:{verb}:{2**63}") <= 100 for verb in JobAction)
