"""The real bot as its own process, pointed at the sandbox by settings alone: for demos, tests and chaos."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

ROOT = Path(__file__).resolve().parent.parent
#: From the start to "ready": imports, database, login, gateway; a loaded machine needs several seconds.
READY_SECONDS = 60.0
_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class RunningProcess(Protocol):
    """What is needed of a process, however it came to be."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def send_signal(self, signal: int, /) -> None: ...
    async def wait(self) -> int: ...


class BotProcess:
    """`python -m bot run` in a folder of its own; the same folder again is a restart with the same data."""

    def __init__(
        self, folder: Path, settings: dict[str, str], *, prelude: str = "", arguments: Sequence[str] = ("run",)
    ) -> None:
        """`settings`: by their names in the environment; database, files and log go into `folder`.

        `prelude`: Python that runs in the process before the bot does, for faults that no server can play.
        `arguments`: of `python -m bot`.
        """
        self.folder = folder
        self.settings = settings
        self.prelude = prelude
        self.arguments = tuple(arguments)
        self.log_path = folder / "bot.log"
        self._process: RunningProcess | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        """Everything it has written so far, over all starts."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    async def start(self, **more_settings: str) -> None:
        """Start it; `more_settings` hold for this start alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
            "DATABASE_URL": "sqlite+aiosqlite:///data/compose.db",
            "DATA_DIR": "data",
            **self.settings,
            **more_settings,
        }
        self._process = await self.spawn(environment)

    async def spawn(self, environment: dict[str, str]) -> RunningProcess:
        """The process with this environment, in its folder, writing into its log. Others may start it otherwise."""
        with self.log_path.open("ab") as log:
            # the folder is the working directory, so that no .env of the source tree is read
            return await asyncio.create_subprocess_exec(
                *(sys.executable, *self._program()), cwd=self.folder, env=environment, stdout=log, stderr=log
            )

    def _program(self) -> tuple[str, ...]:
        if not self.prelude:
            return ("-m", "bot", *self.arguments)
        arguments = list(self.arguments)
        return ("-c", f"{self.prelude}\nimport sys, bot.__main__\nsys.exit(bot.__main__.main({arguments!r}))")

    async def wait(self) -> int:
        """Wait until it has ended; its exit code (negative: the signal that ended it)."""
        if self._process is None:
            raise RuntimeError("not started")
        return await self._process.wait()

    def send_signal(self, number: int) -> None:
        """Whatever the system knows; nothing happens when it is gone."""
        if self.is_running and self._process is not None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        await self._signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    async def stop(self) -> int:
        """SIGTERM, and its exit code."""
        await self._signal(signal.SIGTERM)
        return await self.wait()

    async def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop politely; nothing to do when it is gone already."""
        if self.is_running:
            await self.stop()
