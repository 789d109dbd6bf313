"""What the image is put through: a look inside, `check`, hearing a song, making one, its health check, a stop."""

import asyncio
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.bot_process import BotProcess
from sandbox.demo import LYRICS, fetched, heard_seconds, ordered
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration, Settings
from sandbox.generation.sketching import SketchComposer
from sandbox.stage import open_stage, settings_for
from tests.image.engines import Box, Engine, Image, ImageError, Mounts, Say, loads

ROOT = Path(__file__).resolve().parents[2]
_COMMAND_SECONDS = 120
#: As compose.yaml allows.
_STOP_SECONDS = 40
_SONG = "/reference.mp3"
_QUICK = Settings(allow_loopback=True, queued_seconds=1.0, generating_seconds=2.0)
#: What is copied into the image, and from where it is run.
_FOLDERS = ("bot", "cogs")
#: Runs inside the image: who it is there, what it may write, what lies there, and that all of it can be imported.
_LOOK = """
import importlib, importlib.util, json, os, pkgutil, platform, sys, sysconfig
import bot, cogs
lacking = [name for name in ("asyncpg",) if importlib.util.find_spec(name) is None]
strangers = [name for name in ("numpy", "espeakng_loader", "sandbox", "tests") if importlib.util.find_spec(name)]
skipped = {"bot.__main__", "bot.audio.__main__", "bot.store.migrations.env"}
for package in (bot, cogs):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name not in skipped:
            importlib.import_module(module.name)
print(json.dumps({
    "user_id": os.getuid(),
    "python": platform.python_version(),
    "read_only": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
    "data": os.access("/data", os.W_OK),
    "shipped": os.path.realpath("data"),
    "lacking": lacking,
    "strangers": strangers,
    "installers": [name for name in ("pip", "ensurepip") if importlib.util.find_spec(name)]
        + [os.path.join(folder, "pip") for folder in ("/venv/bin", sysconfig.get_path("scripts"), "/usr/local/bin")
           if os.path.exists(os.path.join(folder, "pip"))],
    "files": [os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names],
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of it."""

    user_id: int
    python: str
    read_only: bool
    why_writable: str | None
    check: str = ""
    heard: str = ""
    song: str = ""
    health: str = ""


async def put_through(engine: Engine, image: Image, song: Path, folder: Path, say: Say) -> Seen:
    """Raises ImageError at the first thing that is not as it must be."""
    with _opened(engine, image) as box:
        seen = await _look(box, say)
        async with FakeDiscord() as discord, FakeGeneration(_QUICK) as generation:
            check = await _checked(image, box, settings_for(discord, generation), say)
        heard = await _heard(box, song, say)
    with _opened(engine, image) as box:
        made, health = await _made(image, box, song, folder, say)
    return replace(seen, check=check, heard=heard, song=made, health=health)


@contextmanager
def _opened(engine: Engine, image: Image) -> Iterator[Box]:
    with closing(engine.open(image)) as box:
        yield box


async def _look(box: Box, say: Say) -> Seen:
    say("Looking at what is in it ...")
    found: dict[str, Any] = loads(await answer_of(box, ["python", "-W", "ignore", "-c", _LOOK]))
    if found["user_id"] == 0:
        raise ImageError("it runs as root")
    if not found["data"]:
        raise ImageError("its user may not write to /data")
    if found["shipped"] != "/data":
        raise ImageError("`data`, as .env.example has it, is not the volume")
    if found["lacking"] or found["strangers"]:
        raise ImageError(f"packages it lacks: {found['lacking']}; that it should not have: {found['strangers']}")
    if found["installers"]:
        raise ImageError(f"it can install packages: {', '.join(found['installers'])}")
    lacking, strange = differences(found["files"], ROOT)
    if lacking:
        raise ImageError(f"files of the source tree are not in it: {', '.join(lacking)}")
    if strange:
        raise ImageError(f"files are in it that the source tree does not have: {', '.join(strange)}")
    if box.why_writable is None and not found["read_only"]:
        raise ImageError("its root can be written to, though it was made read-only")
    return Seen(
        user_id=found["user_id"],
        python=found["python"],
        read_only=found["read_only"],
        why_writable=box.why_writable,
    )


def differences(names: Sequence[str], root: Path) -> tuple[list[str], list[str]]:
    """Files of the source tree that are not in the image, and files of the image that are not in the tree."""
    there = {name.removeprefix("./") for name in names if "__pycache__" not in name}
    here = {
        path.relative_to(root).as_posix()
        for folder in _FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(here - there), sorted(there - here)


async def _checked(image: Image, box: Box, settings: Mapping[str, str], say: Say) -> str:
    say("Asking `check` ...")
    said = await answer_of(box, [*image.command[:-1], "check"], settings=settings)
    return f"{said.count('  ok: ')} of {said.count('  ok: ') + said.count('PROBLEM')} in order"


async def _heard(box: Box, song: Path, say: Say) -> str:
    say("Having it hear a song ...")
    said = await answer_of(box, ["python", "-m", "bot.audio", _SONG], mounts={song: _SONG})
    heard: dict[str, Any] = loads(said)
    if heard["verdict"] != "usable":
        raise ImageError(f"it refuses a good song: {said}")
    return f"{heard['seconds']} s of {heard['codec']}, {heard['sample_rate']} Hz: {heard['verdict']}"


async def _made(image: Image, box: Box, song: Path, folder: Path, say: Say) -> tuple[str, str]:
    say("Having it make one: a Discord and a music API on this machine, the bot in the image ...")
    port = _free_port()
    kept = {"DATABASE_URL": "sqlite+aiosqlite:///data/compose.db", "DATA_DIR": "data"}  # as .env.example has it
    more = {"POLL_INTERVAL_SECONDS": "1", "HEALTH_PORT": port, **kept}
    named = _with_its_name(song, folder)

    def make_bot(place: Path, settings: dict[str, str]) -> BotProcess:
        return _ImageBot(place, settings, image=image, box=box)

    async with open_stage(
        folder / "bot", composer=SketchComposer(), generation=_QUICK, bot_settings=more, make_bot=make_bot
    ) as stage:
        track = await ordered(stage, named, LYRICS)
        data = await fetched(stage, track)
        await answer_of(box, image.health, settings={"HEALTH_PORT": port})
        code = await stage.bot.stop()
    if code:
        raise ImageError(f"the bot ended with {code} when it was stopped:\n{stage.bot.log[-2000:]}")
    return f"{heard_seconds(data):.1f} s, {len(data):,} bytes", "its own health check is green; SIGTERM ends it with 0"


def _with_its_name(song: Path, folder: Path) -> Path:
    copy = folder / f"reference{song.suffix}"
    copy.write_bytes(song.read_bytes())
    return copy


class _ImageBot(BotProcess):
    """`run` in the image."""

    def __init__(self, folder: Path, settings: dict[str, str], *, image: Image, box: Box) -> None:
        super().__init__(folder, settings)
        self._image = image
        self._box = box

    async def start(self, **more_settings: str) -> None:
        settings = {**self.settings, **more_settings}
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._box.arguments(self._image.command, settings=settings), stdout=log, stderr=log
            )

    async def stop(self) -> int:
        self._box.send(signal.SIGTERM, self.pid, self._image.command)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                return await self.wait()
        except TimeoutError:
            self._box.send(signal.SIGKILL, self.pid, self._image.command)
            await self.kill()
            raise ImageError(f"a stop took longer than {_STOP_SECONDS} seconds:\n{self.log[-2000:]}") from None


async def answer_of(
    box: Box, command: Sequence[str], *, settings: Mapping[str, str] | None = None, mounts: Mounts | None = None
) -> str:
    """Its standard output. Raises ImageError with everything it printed when it fails or takes too long."""
    process = await asyncio.create_subprocess_exec(
        *box.arguments(command, settings=settings, mounts=mounts),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_COMMAND_SECONDS):
            said, complained = (text.decode("utf-8", "replace") for text in await process.communicate())
    except TimeoutError:
        process.kill()
        raise ImageError(f"`{' '.join(command)}` took longer than {_COMMAND_SECONDS} seconds") from None
    if process.returncode:
        raise ImageError(f"`{' '.join(command)[:200]}` ended with {process.returncode}:\n{said}{complained}"[-3000:])
    return said


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])
