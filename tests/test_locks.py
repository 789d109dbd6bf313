"""Every Python gets the same: no lock gives one version of a package to some Pythons and another to the rest."""

import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))

#: What each lock is made from, apart from the project's own dependencies: its extras and its group.
EXTRAS = {
    "run": (),
    "sandbox": ("sandbox", "voice"),
    "postgres": ("postgres",),
    "dev": ("sandbox", "voice", "postgres", "dev"),
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@cache
def pinned(lock: Path) -> list[Requirement]:
    lines = re.findall(r"^([^\s#].*?)\s*\\?$", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [Requirement(line) for line in lines]


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def wanted(extra: str) -> list[Requirement]:
    asked = project()["project"]["optional-dependencies"] | project()["dependency-groups"]
    return [Requirement(line) for line in asked[extra]]


def dependencies() -> list[Requirement]:
    return [Requirement(line) for line in project()["project"]["dependencies"]]


def judged() -> list[Requirement]:
    lines = (ROOT / "requirements/judge.in").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def on(python: str, requirement: Requirement) -> bool:
    place = {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}
    return requirement.marker is None or requirement.marker.evaluate(place)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_has_one_version_of_a_package_for_every_python(lock: Path):
    counts = Counter(canonicalize_name(requirement.name) for requirement in pinned(lock))
    assert [name for name, count in counts.items() if count > 1] == []


def test_all_locks_have_the_same_version_of_what_the_bot_runs_with():
    run = {requirement.name: str(requirement.specifier) for requirement in pinned(ROOT / "requirements/run.lock")}
    others = {
        (lock.stem, requirement.name, str(requirement.specifier))
        for lock in LOCKS
        if lock.stem in EXTRAS
        for requirement in pinned(lock)
        if requirement.name in run and str(requirement.specifier) != run[requirement.name]
    }
    assert not others


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", [*EXTRAS, "judge"])
def test_a_lock_holds_what_is_asked_for_and_within_its_bounds(lock: str, python: str):
    held = {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in pinned(ROOT / f"requirements/{lock}.lock")
        if on(python, requirement)
    }
    asked = (
        judged() if lock == "judge" else [*dependencies(), *(each for extra in EXTRAS[lock] for each in wanted(extra))]
    )
    unmet = [
        str(requirement)
        for requirement in asked
        if on(python, requirement) and held.get(canonicalize_name(requirement.name), "0") not in requirement.specifier
    ]
    assert not unmet


def test_nothing_is_asked_for_in_two_versions_by_python():
    every = [
        *dependencies(),
        *judged(),
        *(each for extra in ("sandbox", "voice", "postgres", "dev") for each in wanted(extra)),
    ]
    assert not [str(requirement) for requirement in every if "python" in str(requirement.marker or "")]
    assert max(Counter(canonicalize_name(requirement.name) for requirement in dependencies()).values()) == 1


def test_the_judge_hears_with_the_bots_own_decoder():
    def decoder(lock: str) -> str:
        return next(str(each.specifier) for each in pinned(ROOT / f"requirements/{lock}.lock") if each.name == "av")

    assert decoder("judge") == decoder("run")
