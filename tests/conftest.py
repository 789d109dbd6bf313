"""How many processes share the tests, and what each of them need not look through again and again."""

import gc
import os

import pytest

from tests import warm_sound


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: twice as many as there are cores, for tests of whole processes wait for half of their time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 2 * cores


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: the collector, a fifth of all time, leaves it alone.

    And what decodes sound need not import everything anew each time.
    """
    warm_sound.warm_the_tests()
    gc.collect()
    gc.freeze()
