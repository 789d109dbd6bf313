"""How many processes share the tests, and what each of them need not look through again and again."""

import gc
import importlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import compiled_statements, known_constants, warm_sound

compiled_statements.compile_once()
# A busy machine may pause in any example, and while one is drawn: no property says how long it takes.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
#: Until all tests are collected: hardly anything of that is rubbish, and looking for it took a sixth of the time.
gc.disable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: twice as many as there are cores, for tests of whole processes wait for half of their time.

    Two more for the quick tests alone, which are small and wait as well.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 2 * cores + 2 * ("not slow" in config.option.markexpr)


def pytest_collection(session: pytest.Session) -> None:
    """In a fresh checkout each of several processes compiles its share of the tests and reads what others compiled.

    All need all tests, in one order: each beginning at the beginning, all would compile everything at the same time.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    root = Path(__file__).parents[1]
    asked = [session.config.invocation_params.dir / word.partition("::")[0] for word in session.config.args]
    paths = {path for place in asked for path in (place.rglob("test_*.py") if place.is_dir() else [place])}
    names = [path.relative_to(root).with_suffix("") for path in sorted(paths) if path.is_relative_to(root)]
    for name in names[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        try:
            importlib.import_module(".".join(name.parts))
        except (Exception, pytest.skip.Exception):  # noqa: BLE001 - it is imported again, and then told of
            continue


@pytest.hookimpl(tryfirst=True)  # Hypothesis reads them in the same place
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What its constants are read for is known by now."""
    known_constants.only_of_what_is_tested(items)


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: the collector, a fifth of all time, leaves it alone.

    And what decodes sound need not import everything anew each time.
    """
    warm_sound.warm_the_tests()
    gc.enable()
    gc.collect()
    gc.freeze()
