"""Hypothesis tries the constants of the code that is tested: here that of the modules its tests import from, no others.

By itself it reads all modules that are loaded, in each process anew: three quarters of a second, and two where nobody
has read them before. Where a later Hypothesis goes about it in another way, it does so again.
"""

import sys
from collections.abc import Iterable
from types import ModuleType

import pytest
from hypothesis.internal.conjecture import providers


def only_of_what_is_tested(items: Iterable[pytest.Item]) -> None:
    """Leave it the modules that those of `items` import from which Hypothesis runs."""
    is_local = getattr(providers, "is_local_module_file", None)
    if is_local is None:
        return
    modules = {item.module for item in items if isinstance(item, pytest.Function) and _is_a_property(item)}
    files = {file for module in modules for file in _imported_from(module)}
    providers.is_local_module_file = lambda path: path in files and is_local(path)


def _is_a_property(item: pytest.Function) -> bool:
    return getattr(item.obj, "is_hypothesis_test", False)


def _imported_from(module: ModuleType) -> set[str]:
    names = {
        thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
        for thing in vars(module).values()
    }
    loaded = [sys.modules[name] for name in names if isinstance(name, str) and name in sys.modules]
    return {file for one in loaded if (file := getattr(one, "__file__", None)) is not None}
