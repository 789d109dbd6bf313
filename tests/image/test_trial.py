from pathlib import Path

import pytest

from tests.image.engines import image_of
from tests.image.trial import differences


def test_a_file_that_was_not_copied_and_one_that_should_not_have_been_are_named(tmp_path: Path):
    (tmp_path / "bot" / "__pycache__").mkdir(parents=True)
    (tmp_path / "bot" / "__pycache__" / "app.cpython-313.pyc").touch()
    for name in ("bot/app.py", "bot/words.txt"):
        (tmp_path / name).touch()
    assert differences(["./bot/app.py", "./bot/words.txt"], tmp_path) == ([], [])
    assert differences(["./bot/app.py", "./.env"], tmp_path) == (["bot/words.txt"], [".env"])


@pytest.mark.parametrize(
    ("test", "command"),
    [
        (["CMD", "python", "-c", "pass"], ["python", "-c", "pass"]),
        (["CMD-SHELL", "true"], ["sh", "-c", "true"]),
        (["NONE"], []),
    ],
)
def test_the_health_check_is_run_as_the_image_writes_it(test: list[str], command: list[str]):
    config = {"Entrypoint": ["python", "-m", "bot"], "Cmd": ["run"], "User": "compose", "Healthcheck": {"Test": test}}
    image = image_of("an-image", 1, config)
    assert image.health == command
    assert image.command == ["python", "-m", "bot", "run"]


def test_an_image_that_names_no_user_runs_as_root():
    assert image_of("an-image", 1, {"Cmd": ["run"]}).user == "root"
