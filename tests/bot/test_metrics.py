"""Every label's known value is there from the start, at 0: an alarm on the first increase would else miss it."""

import ast
import re
from pathlib import Path

import pytest
from prometheus_client import Gauge
from prometheus_client.metrics import MetricWrapperBase

import bot
from bot.audio.model import UNDECIDED
from bot.errors import Reason
from bot.jobs import admission
from bot.jobs.model import LIVE, RESTING
from bot.jobs.ports import Finished, GaveUp, StillWorking
from bot.jobs.service import REFUSED_BEFORE
from bot.metrics import RULES, Metrics
from bot.operators.alerts import AlertKind
from bot.texts import CATALOGS

ROOT = Path(__file__).parents[2]

#: Labels whose values only the settings know.
BY_SETTINGS = {"brake"}


def labelled() -> dict[str, MetricWrapperBase]:
    return {
        name: metric
        for name, metric in vars(Metrics()).items()
        if isinstance(metric, MetricWrapperBase) and metric._labelnames and name not in BY_SETTINGS
    }


def values_of(name: str) -> set[tuple[str, ...]]:
    return set(labelled()[name]._metrics)


def written() -> set[tuple[str, tuple[str, ...]]]:
    """Each `metrics.NAME.labels("...")` in the code whose values are written out."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "labels"):
                continue
            if isinstance(node.func.value, ast.Attribute) and all(isinstance(one, ast.Constant) for one in node.args):
                found.add((node.func.value.attr, tuple(str(ast.literal_eval(one)) for one in node.args)))
    return found


@pytest.mark.parametrize("name", sorted(labelled()))
def test_a_metric_with_labels_has_known_values_from_the_start(name: str):
    assert values_of(name)


@pytest.mark.heavy
def test_every_value_that_the_code_writes_out_is_known():
    assert len(written()) > 8
    assert not [one for one in written() if one[1] not in values_of(one[0])]


def test_every_value_that_comes_from_a_list_is_known():
    assert values_of("live_jobs") == {(state,) for state in LIVE}
    assert {state for state, _ in values_of("jobs_ended")} == set(RESTING)
    assert {reason for _, reason in values_of("jobs_ended")} >= set(Reason)
    assert values_of("alerts") == {(kind, outcome) for kind in AlertKind for outcome in ("sent", "dropped")}
    assert values_of("polls") >= {(kind.__name__,) for kind in (StillWorking, Finished, GaveUp)}
    assert values_of("sound_faults") == {(problem,) for problem in UNDECIDED}
    assert set(RULES) >= REFUSED_BEFORE


def test_everything_that_is_counted_stands_at_0_in_the_exposition():
    page = Metrics().exposition().decode()
    assert 'compose_account_errors_total{reason="key_refused"} 0.0' in page
    assert 'compose_limited_total{rule="member_per_day"} 0.0' in page
    assert 'compose_submissions_total{outcome="unknown"} 0.0' in page
    assert f'version="{bot.__version__}"' in page
    for name, metric in labelled().items():
        if not isinstance(metric, Gauge):
            samples = [one.value for family in metric.collect() for one in family.samples if "created" not in one.name]
            assert not any(samples), name


def test_a_value_is_read_by_its_name_and_is_0_where_there_is_none():
    metrics = Metrics()
    metrics.submissions.labels("unknown").inc(3)
    assert metrics.value("compose_submissions_total", outcome="unknown") == 3
    assert metrics.value("compose_submissions_total", outcome="nothing") == 0


def test_every_rule_that_refuses_an_order_has_a_name_of_its_own() -> None:
    source = (Path(admission.__file__)).read_text(encoding="utf-8")
    reasons = {Reason[name] for name in re.findall(r"Reason\.([A-Z_]+)", source)}
    assert reasons - set(RULES) == {Reason.PLACE_GONE}, "of a song that was let in"
    assert len(set(RULES.values())) == len(RULES)
    for locale in ("en", "de"):
        assert {f"log.rule_{rule}" for rule in RULES.values()} <= set(CATALOGS[locale])
