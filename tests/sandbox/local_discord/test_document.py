"""docs/local-discord.md as another project would follow it: in a folder of its own, with nothing else of this one."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.discord.doors import TOKEN_HEADER
from tests.ports import kept_port

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs/local-discord.md").read_text(encoding="utf-8")
POLLBOT = Path(__file__).with_name("pollbot.py")

SNIPPETS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
PYTHON = {text.splitlines()[0].removeprefix("# "): text for kind, text in SNIPPETS if kind == "python"}
TAKE, DISCORD, BOT, PAGE = (text for kind, text in SNIPPETS if kind == "sh")


def test_every_snippet_is_run_below() -> None:
    assert {kind for kind, _ in SNIPPETS} == {"python", "sh"}
    assert set(PYTHON) == {"pollbot.py", "conftest.py", "test_pollbot.py", "members.py", "shop_page.py"}


def test_the_lines_of_the_bot_are_those_of_the_example() -> None:
    _, _, lines = PYTHON["pollbot.py"].partition("\n")
    assert lines in POLLBOT.read_text(encoding="utf-8")


class Project:
    """Somebody else's folder, in which the document was followed."""

    def __init__(self, folder: Path, *ports: int) -> None:
        self.folder = folder
        self.ports = dict(zip(("8701", "8702"), ports, strict=True))
        shutil.copy(POLLBOT, folder)
        for name, text in PYTHON.items():
            if name != "pollbot.py":
                (folder / name).write_text(self.here(text), encoding="utf-8")

    def here(self, text: str) -> str:
        """With free ports instead of those of the document."""
        for documented, free in self.ports.items():
            text = text.replace(documented, str(free))
        return text

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['8702']}"

    async def run(self, command: str) -> str:
        """What it wrote; it has to end well."""
        process = await self._started(command)
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    @asynccontextmanager
    async def playing(self, discord: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Discord as this command starts it, with the bot connected to it."""
        async with self._running(discord) as started:
            await self._until(started, lambda state: True)
            async with self._running(BOT) as bot:
                await self._until(bot, lambda state: bool(state["bot_connected"]))
                yield started

    @asynccontextmanager
    async def _running(self, command: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """A program that ends only when it is told to."""
        process = await self._started(command)
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            await process.communicate()

    async def _until(self, process: asyncio.subprocess.Process, is_so: Callable[[Any], bool]) -> None:
        """Ask Discord for its state until it is as wanted; a program that ends instead has failed."""
        async with aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    if (token := await self.token(session)) and is_so(
                        await self.asked(session, "/sandbox/state", token)
                    ):
                        return
                if process.returncode is not None:
                    said, _ = await process.communicate()
                    raise AssertionError(said.decode())
                await asyncio.sleep(0.05)

    async def token(self, session: aiohttp.ClientSession) -> str:
        """As it was printed and kept in a file, or as the page gets it; empty while neither is there."""
        printed = self.folder / "discord.json"
        if not printed.exists():
            found: str = (await self.asked(session, "/token"))["token"]
            return found
        line = printed.read_text(encoding="utf-8")
        return str(json.loads(line)["control_token"]) if line else ""

    async def asked(self, session: aiohttp.ClientSession, path: str, token: str = "") -> Any:
        """What the control API answers."""
        async with session.get(self.control_url + path, headers={TOKEN_HEADER: token}) as answer:
            assert answer.status == 200
            return await answer.json()

    async def _started(self, command: str) -> asyncio.subprocess.Process:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return await asyncio.create_subprocess_exec(
            *("bash", "-euc", self.here(command)),
            cwd=self.folder,
            env={"PATH": path, "COMPOSE": str(ROOT), "PYTHONWARNINGS": "ignore::DeprecationWarning"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )


@pytest.fixture
async def project(tmp_path: Path) -> AsyncIterator[Project]:
    with kept_port() as one, kept_port() as other:
        followed = Project(tmp_path, one, other)
        await followed.run(TAKE)
        assert sorted(path.name for path in (tmp_path / "sandbox").iterdir()) == ["__init__.py", "discord", "page"]
        yield followed


@pytest.mark.heavy
async def test_the_fixture_and_its_tests_pass_in_another_project(project: Project) -> None:
    said = await project.run("python -m pytest -q -p no:cacheprovider")
    assert "2 passed" in said


@pytest.mark.heavy
async def test_a_test_of_another_project_fails_when_its_bot_does(project: Project) -> None:
    bot = project.folder / "pollbot.py"
    broken = bot.read_text(encoding="utf-8").replace('label="Yes"', 'label="No"')
    bot.write_text(broken, encoding="utf-8")
    said = await project.run("! python -m pytest -q -p no:cacheprovider -x")
    assert "ClientRefusedError" in said


@pytest.mark.heavy
async def test_discord_the_bot_and_the_members_are_processes_of_their_own(project: Project) -> None:
    async with project.playing(DISCORD) as process:
        assert process.stdout is not None
        addresses = json.loads(await process.stdout.readline())
        assert f"DISCORD_API_URL={addresses['api_url']}\n" in project.here(BOT)
        assert f"DISCORD_GATEWAY_URL={addresses['gateway_url']}\n" in project.here(BOT)
        assert f"DISCORD_TOKEN={addresses['token']}\n" in project.here(BOT)
        assert addresses["control_url"] == project.control_url
        assert await project.run("python members.py") == "Tea? Yes: 1\n"


@pytest.mark.heavy
async def test_the_page_shows_the_same_bot_and_takes_the_same_members(project: Project) -> None:
    async with project.playing(PAGE), aiohttp.ClientSession() as session:
        async with session.get(f"{project.control_url}/") as answer:
            assert "Sandbox channel" in await answer.text()
        assert await project.run("python members.py") == "Tea? Yes: 1\n"
        state = await project.asked(session, "/sandbox/state", await project.token(session))
        assert state["bot"]["username"] == "Poll Bot"


@pytest.mark.heavy
async def test_the_panel_takes_the_levers_of_another_project(project: Project) -> None:
    async with project.playing("python shop_page.py"), aiohttp.ClientSession() as session:
        url = f"{project.control_url}/backstage/levers/closed"
        headers = {TOKEN_HEADER: await project.token(session)}
        async with session.post(url, json={"channel": None, "value": True}, headers=headers) as answer:
            seen = await answer.json()
    assert seen["groups"][-1]["title"] == "Shop"
    assert seen["groups"][-1]["levers"][0]["value"] is True
    assert seen["notes"] == ["Shop: 3 orders"]
