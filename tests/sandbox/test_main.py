import importlib
import inspect
import json
import subprocess
import sys

import pytest

from sandbox import __main__ as door


@pytest.mark.parametrize("name", sorted(door._COMMANDS))
def test_every_command_leads_to_a_main_that_takes_the_arguments(name: str) -> None:
    module = importlib.import_module(door._COMMANDS[name][0])
    (given,) = inspect.signature(module.main).parameters.values()
    assert given.default in (inspect.Parameter.empty, None)


@pytest.mark.heavy
def test_the_discord_alone_starts_and_stops_by_its_command() -> None:
    with subprocess.Popen([sys.executable, "-m", "sandbox", "discord"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "api_url" in json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait() == 0


def test_without_a_command_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main([]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in door._COMMANDS)
