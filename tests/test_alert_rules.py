"""Prometheus rules ring and keep still as they should, and neither they nor the dashboard ask for what is not there."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.metrics import Metrics

ROOT = Path(__file__).parents[1]
RULES = ROOT / "docs/alerts.yaml"
CASES = ROOT / "docs/alerts_test.yaml"
DASHBOARD = ROOT / "docs/grafana.json"

#: What Prometheus itself adds, and what exists only where /proc does.
NOT_OURS = {"up", "process_resident_memory_bytes"}
#: Gauges whose labels only the settings know: they have no sample before the bot runs.
BY_SETTINGS = {"compose_brake"}

promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian package prometheus)"
)


def told(*words: str | Path) -> str:
    """What promtool says; it must be content."""
    done = subprocess.run(
        ["promtool", *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def alert_names() -> list[str]:
    return re.findall(r"^\s+- alert: (\w+)$", RULES.read_text(encoding="utf-8"), flags=re.MULTILINE)


def expressions() -> Iterator[str]:
    """Of every panel of the dashboard."""
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def exposed() -> dict[str, set[str]]:
    """Each sample of a fresh process, with the names of its labels."""
    found: dict[str, set[str]] = {}
    for family in Metrics().registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_rule_has_a_case_that_fires_and_one_that_is_silent():
    cases = re.findall(r"^  - name: (\w+) (fires|is silent)$", CASES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    names = alert_names()
    assert len(names) == len(set(names)) > 10
    assert sorted(cases) == sorted((name, what) for name in names for what in ("fires", "is silent"))


def test_every_rule_says_what_to_do():
    rules = RULES.read_text(encoding="utf-8").split("- alert: ")[1:]
    assert not [rule for rule in rules if "summary: " not in rule or "description: " not in rule]


@promtool
def test_promtool_takes_the_rules():
    assert f"{len(alert_names())} rules found" in told("check", "rules", RULES)


@promtool
def test_each_rule_fires_and_is_silent_when_it_should_be():
    assert "SUCCESS" in told("test", "rules", CASES)


@pytest.mark.heavy
@promtool
@pytest.mark.parametrize("rule", alert_names())
def test_a_rule_that_never_fires_would_be_found(rule: str, tmp_path: Path):
    text = RULES.read_text(encoding="utf-8")
    begins = text.index(f"- alert: {rule}\n")
    ends = text.index("labels:", begins)
    spoiled = text[:begins] + f"- alert: {rule}\n        expr: vector(0) > 1\n        " + text[ends:]
    (tmp_path / RULES.name).write_text(spoiled, encoding="utf-8")
    shutil.copy(CASES, tmp_path)
    done = subprocess.run(
        ["promtool", "test", "rules", tmp_path / CASES.name], capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode != 0
    assert rule in done.stdout + done.stderr


@promtool
def test_every_expression_of_the_dashboard_is_one(tmp_path: Path):
    found = list(dict.fromkeys(expressions()))
    assert len(found) > 15
    rules = [f"      - record: panel:{number}\n        expr: {json.dumps(one)}" for number, one in enumerate(found)]
    page = tmp_path / "panels.yaml"
    page.write_text("groups:\n  - name: panels\n    rules:\n" + "\n".join(rules) + "\n", encoding="utf-8")
    assert f"{len(found)} rules found" in told("check", "rules", page)


@pytest.mark.parametrize("source", ["rules", "dashboard"])
def test_every_metric_that_is_asked_for_is_in_the_exposition_with_the_labels_asked_for(source: str):
    text = RULES.read_text(encoding="utf-8") if source == "rules" else "\n".join(expressions())
    samples = exposed()
    asked = re.findall(r"\b((?:compose|process)_\w+|up)\b(?:\{([^}]*)\})?", text)
    assert len(asked) > 10
    for name, matchers in asked:
        if name in NOT_OURS | BY_SETTINGS:
            continue
        assert name in samples, name
        assert set(re.findall(r"(\w+)=", matchers)) <= samples[name], name


def test_the_dashboard_shows_every_metric_of_ours():
    text = "\n".join(expressions())
    metrics = {family.name for family in Metrics().registry.collect() if family.name.startswith("compose_")}
    hidden = {name for name in metrics if not re.search(rf"\b{name}(_total|_bucket)?\b", text)}
    assert hidden <= {"compose_orders_refused"}, "compose_limited says the same"
