"""The README's plain Python commands are the Makefile's, and each of them works."""

import asyncio
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration
from sandbox.stage import settings_for

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PATIENCE_SECONDS = 90


def blocks() -> list[list[str]]:
    section = README.split("### Without make")[1].split("\n### ")[0]
    return [
        [line.split("   #")[0].strip() for line in block.strip().splitlines()]
        for block in re.findall(r"```\n(.*?)```", section, flags=re.DOTALL)
    ]


def commands() -> dict[str, list[str]]:
    """What stands behind `python`, by its first two words."""
    split = [shlex.split(line)[1:] for line in blocks()[1]]
    return {" ".join(words[1:3] if words[1] != "pytest" else words[1:2]): words for words in split}


def test_the_commands_are_those_of_the_makefile():
    assert set(commands()) == {"bot check", "bot run", "sandbox demo", "sandbox up", "sandbox generation", "pytest"}
    for words in commands().values():
        assert " ".join(words[:3]) in MAKEFILE or words[1] == "pytest"
    assert "--port 8700 --key offline" in MAKEFILE
    assert "-m pytest -n auto --dist worksteal" in MAKEFILE
    assert '$(PYTEST) -m "not slow and not heavy and not waits"' in MAKEFILE


def test_what_is_installed_is_there():
    setting_up = blocks()[0]
    assert setting_up[0].startswith("python -m venv ")
    assert setting_up[-1].split()[1:] == ["requirements/install.py", "requirements/dev.lock"]
    section = README.split("### Without make")[1].split("\n### ")[0]
    for path in re.findall(r"requirements/[\w.]+", section):
        assert (ROOT / path).is_file()


async def started(words: list[str], folder: Path, **settings: str) -> asyncio.subprocess.Process:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, *words),
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def read_until(process: asyncio.subprocess.Process, words: str) -> str:
    """What it prints, as far as `words`; then it is told to stop, and does."""
    said = ""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while words not in said and (line := await process.stdout.readline()):
                said += line.decode()
    finally:
        if process.returncode is None:
            process.terminate()
        rest, _ = await process.communicate()
    assert words in said, said + rest.decode()
    return said


@pytest.mark.waits
@pytest.mark.timeout(2 * PATIENCE_SECONDS)
@pytest.mark.parametrize(
    "start", [["-m", "bot"], [str(ROOT / "bot/__main__.py")], [str(ROOT / "bot")]], ids=["module", "file", "folder"]
)
async def test_check_and_run_work_however_the_bot_is_started(tmp_path: Path, start: list[str]) -> None:
    async with FakeDiscord() as discord, FakeGeneration() as api:
        settings = settings_for(discord, api)
        check = await started([*start, *commands()["bot check"][2:]], tmp_path, **settings)
        said, _ = await check.communicate()
        assert check.returncode == 0, said.decode()
        assert b"Everything is in order." in said
        bot = await started([*start, *commands()["bot run"][2:]], tmp_path, **settings)
        log = await read_until(bot, "ready: commands are taken")
        assert bot.returncode == 0
    assert re.match(r"\S+ \S+ INFO \S+: compose-bot \d+\.\d+\.\d+ ", log), "the version is in the first line"


@pytest.mark.waits
@pytest.mark.timeout(2 * PATIENCE_SECONDS)
async def test_the_demo_makes_a_track(tmp_path: Path) -> None:
    demo = await started([*commands()["sandbox demo"], "--out", "made"], tmp_path, PYTHONIOENCODING="cp1252")
    said, _ = await demo.communicate()
    assert demo.returncode == 0, said.decode("cp1252")
    assert list((tmp_path / "made").glob("*.mp3"))


@pytest.mark.waits
@pytest.mark.timeout(2 * PATIENCE_SECONDS)
async def test_the_sandbox_and_the_generator_start_and_stop(tmp_path: Path) -> None:
    up = await started([*commands()["sandbox up"], "--port", "0"], tmp_path)
    assert "http://" in await read_until(up, "The channel:")
    generator = await started([*commands()["sandbox generation"], "--port", "0"], tmp_path)
    assert '"key": "offline"' in await read_until(generator, '"url"')


@pytest.mark.waits
@pytest.mark.timeout(2 * PATIENCE_SECONDS)
async def test_the_tests_run(tmp_path: Path) -> None:
    words = [*commands()["pytest"], "-p", "no:cacheprovider", "tests/bot/test_clock.py"]
    run = await started(words, ROOT)
    said, _ = await run.communicate()
    assert run.returncode == 0, said.decode()
    assert b" passed" in said


@pytest.mark.heavy
@pytest.mark.parametrize("start", [["-m", "bot"], [str(ROOT / "bot/__main__.py")]], ids=["module", "file"])
async def test_the_version_is_told(tmp_path: Path, start: list[str]) -> None:
    process = await started([*start, "--version"], tmp_path)
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert re.fullmatch(rb"compose-bot \d+\.\d+\.\d+\s+", said)


@pytest.mark.heavy
async def test_a_missing_package_is_named_with_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError(\"No module named 'aiohttp'\", name='aiohttp')")
    process = await started(["-m", "bot", "check"], tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    said, _ = await process.communicate()
    assert process.returncode == 1
    assert b"The package aiohttp is not installed" in said
    assert b"requirements/run.lock" in said
    assert b"Traceback" not in said
