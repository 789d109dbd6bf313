"""What the documents say is what the code does: settings, metrics, commands, modules, crash points, links."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.ext.commands import Bot
from dotenv import dotenv_values
from prometheus_client.metrics import MetricWrapperBase

from bot.audio.song_types import ENDINGS
from bot.crash import CrashPoint
from bot.jobs.model import JobState
from bot.metrics import Metrics
from bot.settings import Settings
from tests import file_index
from tests.bot.audio.hostile import PRIVILEGES, holders

ROOT = Path(__file__).parents[1]
DESIGN = ROOT / "docs/design.md"
OPERATING = ROOT / "docs/operating.md"
README = ROOT / "README.md"
ENV_EXAMPLE = ROOT / ".env.example"

NEEDED = {"DISCORD_TOKEN", "GENERATION_API_KEY"}


def read(path: Path) -> str:
    if not path.exists():
        pytest.skip(f"{path.name} is not written yet")
    return path.read_text(encoding="utf-8")


def rows(text: str, heading: str) -> Iterator[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    body = next(part for part in section if part.startswith(heading))
    lines = [line for line in body.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def default_of(name: str) -> str | None:
    field = Settings.model_fields[name.lower()]
    return None if field.is_required() or field.default is None else str(field.default)


NAMES = [name.upper() for name in Settings.model_fields]


# --- settings ---------------------------------------------------------------------------------------------------------


def test_the_example_has_every_setting_with_the_default_of_the_code():
    example = dotenv_values(stream=None, dotenv_path=ENV_EXAMPLE)
    assert set(example) == set(NAMES)
    assert {name: value or None for name, value in example.items()} == {name: default_of(name) for name in NAMES}


def test_every_setting_of_the_example_is_explained_above_it():
    lines = ENV_EXAMPLE.read_text(encoding="utf-8").splitlines()
    groups = "\n".join(lines).split("#")
    assert not [group for group in groups if group.count("=") > 2], "more than two settings under one comment"


def test_the_operators_page_has_every_setting_with_the_default_of_the_code():
    documented = {cells[0].strip("`"): cells[1] for cells in rows(read(OPERATING), "Settings")}
    assert list(dict.fromkeys([*documented, *NAMES])) == list(documented), "a setting is not described"
    expected = {
        name: "needed" if name in NEEDED else f"`{default_of(name)}`" if default_of(name) else "unset" for name in NAMES
    }
    assert documented == expected


def test_the_needed_settings_are_needed():
    assert {name for name in NAMES if Settings.model_fields[name.lower()].is_required()} == NEEDED


# --- metrics ----------------------------------------------------------------------------------------------------------


def exported() -> dict[str, set[str]]:
    """Name as Prometheus shows it -> labels."""
    metrics = [metric for metric in vars(Metrics()).values() if isinstance(metric, MetricWrapperBase)]
    return {
        metric._name + ("_total" if metric._type == "counter" else ""): set(metric._labelnames) for metric in metrics
    }


def test_every_metric_is_described_with_its_labels_and_no_other_is():
    described: dict[str, set[str]] = {}
    for cells in rows(read(OPERATING), "Health"):
        name, _, labels = cells[0].strip("`").rstrip("}").partition("{")
        described[name] = {label for label in labels.split(",") if label}
        assert cells[1], f"{name} is not described"
    assert described == exported()


# --- commands ---------------------------------------------------------------------------------------------------------


async def commands() -> list[Any]:
    """What the features add to the command tree, each loaded by itself."""
    added: list[Any] = []
    for path in sorted((ROOT / "cogs").glob("[!_]*.py")):
        async with Bot(command_prefix="!", intents=discord.Intents.none()) as bot:
            await bot.load_extension(f"cogs.{path.stem}")
            added += bot.tree.get_commands()
    return added


async def test_every_command_is_in_the_readme_or_in_the_documents():
    text = "\n".join([read(README), *[path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")]])
    found = await commands()
    assert found
    for command in found:
        is_slash = hasattr(command, "parameters")
        shown = rf"`/{command.name}\b" if is_slash else re.escape(command.name)
        assert re.search(shown, text), f"{command.name} is not described"


async def test_no_command_name_is_taken_twice():
    names = [(type(command).__name__, str(command.name)) for command in await commands()]
    assert len(names) == len(set(names))


# --- design -----------------------------------------------------------------------------------------------------------


def test_every_module_of_the_core_appears_in_the_design():
    """Top-level modules and packages, and the modules of the package that everything is about."""
    text = read(DESIGN)
    modules = [path for folder in ("bot", "bot/jobs") for path in (ROOT / folder).glob("[!_]*.py")]
    packages = [path.parent for path in (ROOT / "bot").glob("*/__init__.py")]
    missing = [path.name for path in modules if not re.search(rf"\b{path.stem}\.py\b", text)]
    missing += [path.name for path in packages if not re.search(rf"^  {path.name}/? ", text, flags=re.MULTILINE)]
    assert not missing


def test_every_module_that_the_design_names_exists():
    tree = read(DESIGN).split("## Who lives where")[1].split("```")[1]
    names = set(re.findall(r"\b(\w+\.py)\b", tree)) - {"discord.py"}  # the library
    assert names <= {path.name for path in (ROOT / "bot").rglob("*.py")}


def test_every_crash_point_is_in_the_table_and_no_other_is():
    listed = {cells[0].strip("`") for cells in rows(read(DESIGN), "Crash points") if cells[0].startswith("`")}
    assert listed == set(CrashPoint)


def test_every_state_is_explained():
    listed = {
        name
        for cells in rows(read(DESIGN), "States, and what a restart makes of them")
        for name in re.findall(r"`(\w+)`", cells[0])
    }
    assert listed == set(JobState)


# --- every file -------------------------------------------------------------------------------------------------------


def test_every_file_is_on_the_design_page_once_and_no_other_is():
    assert sorted(file_index.listed(read(DESIGN))) == file_index.modules()


def test_every_file_stands_there_with_the_line_that_it_says_of_itself():
    assert file_index.section() in read(DESIGN), "make docs writes them anew"


def test_a_file_that_is_missing_dead_or_there_twice_would_be_found():
    page = f"# Design\n\n{file_index.section()}\n"
    (line,) = re.findall(r"^- `supervisor\.py`: .+\n", page, flags=re.MULTILINE)
    for spoiled in (
        page.replace(line, ""),
        page.replace(line, line * 2),
        page.replace(line, line + "- `gone.py`: It is.\n"),
    ):
        assert sorted(file_index.listed(spoiled)) != file_index.modules()
    assert file_index.rewritten(page.replace(line, "")) == page


# --- what people type and follow --------------------------------------------------------------------------------------


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def test_every_make_target_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = {
        target
        for path in [*documents(), ROOT / ".ci/run"]
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert named
    assert named <= targets


def test_every_command_for_people_is_in_the_makefiles_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)[1].split())  # type: ignore[index]
    helped = set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE))
    assert phony - helped <= {"lint", "style", "types", "quick"}


def test_every_link_inside_the_project_leads_somewhere():
    broken = [
        f"{path.name}: {target}"
        for path in documents()
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert not broken


# --- files ------------------------------------------------------------------------------------------------------------


def test_the_operators_page_has_every_ending_that_may_hold_a_song():
    page = read(OPERATING)
    assert not [one for endings in ENDINGS.values() for one in endings if f"`{one}`" not in page]


def test_the_page_of_fences_names_every_attack_and_all_that_holds_it_here():
    page = {cells[0]: cells[3] for cells in rows(read(ROOT / "docs/fences.md"), "Code that has taken")}
    held = holders()
    assert list(page) == list(held)
    privileged = {PRIVILEGES}  # what root gives up holds more, for root alone
    assert {name for name, layers in held.items() if not all(one in page[name] for one in layers - privileged)} == set()
