"""What Hypothesis takes for code of ours: the modules that its tests import from."""

from pathlib import Path

import pytest
from hypothesis.internal.conjecture import providers

import bot.jobs.lyrics
import bot.supervisor
from tests import known_constants
from tests.bot.jobs import test_lyrics


def test_it_reads_what_its_tests_import_from_and_nothing_else(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr(providers, "is_local_module_file", lambda path: not looked_at.append(path))
    module = pytest.Module.from_parent(request.session, path=Path(test_lyrics.__file__))
    monkeypatch.setattr(module, "obj", test_lyrics)
    properties = [name for name, thing in vars(test_lyrics).items() if getattr(thing, "is_hypothesis_test", False)]
    assert properties
    items = [pytest.Function.from_parent(module, name=name) for name in properties]
    known_constants.only_of_what_is_tested(items)
    assert providers.is_local_module_file(bot.jobs.lyrics.__file__)
    assert not providers.is_local_module_file(bot.supervisor.__file__)
    assert looked_at == [bot.jobs.lyrics.__file__]
