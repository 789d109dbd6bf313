"""Bots that need not import everything anew: real processes, forked from one that has, for tests that start many.

Such a process runs the same `bot.__main__.main(["run"])` in its own folder with its own environment, signals and exit
code; what it shares with others is what imports leave behind, and the seed of its hashes. It is forked by a server on a
Unix socket, one for each process that runs tests: a connection is one bot; the order goes in, its pid comes out, then
signals go in, and at the end its exit code comes out. Where there is no fork, and for a bot with a prelude, which runs
before the imports, it starts cold.
"""

import asyncio
import atexit
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.bot_process import ROOT, BotProcess, RunningProcess
from tests import warm_sound

CAN_FORK = hasattr(os, "fork") and hasattr(os, "pidfd_open")
#: What every bot loads, the first of them before it does anything.
_MODULES = ("bot.__main__", "cogs.compose", "cogs.tracks", "aiosqlite", "concurrent.futures.thread")


class WarmBotProcess(BotProcess):
    """A `BotProcess` that is forked where it can be."""

    async def spawn(self, environment: dict[str, str]) -> RunningProcess:
        """Fork it, or start it cold when it is to differ from its first line on."""
        if not CAN_FORK or self.prelude or any(name.startswith("PYTHON") for name in self.settings):
            return await super().spawn(environment)
        reader, writer = await asyncio.open_unix_connection(_server())
        order = {
            "folder": str(self.folder),
            "log": str(self.log_path),
            "environment": environment,
            "arguments": self.arguments,
        }
        writer.write(json.dumps(order).encode() + b"\n")
        try:
            pid = int(await reader.readline())
        except asyncio.CancelledError:
            writer.close()  # nobody will ask for it: it goes, as does one whose order is cut off
            raise
        return _Forked(pid, reader, writer)


class _Forked:
    """Our end of one bot's connection."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self._writer = writer
        self._ended = asyncio.create_task(self._end(reader))

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._ended.result() if self._ended.done() else None

    def send_signal(self, number: int) -> None:
        """By way of its parent, who alone knows whether the pid is still its."""
        self._writer.write(f"{int(number)}\n".encode())

    async def wait(self) -> int:
        """The exit code; negative: the signal that ended it."""
        return await asyncio.shield(self._ended)

    async def _end(self, reader: asyncio.StreamReader) -> int:
        try:
            return int(await reader.readline())
        finally:
            self._writer.close()


@cache
def _server() -> str:
    """Where this process's server listens; it ends with us, as its standard input does."""
    folder = tempfile.TemporaryDirectory(prefix="compose-warm-")
    path = f"{folder.name}/socket"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.warm_bots", path],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def end() -> None:
        server.communicate()
        folder.cleanup()

    atexit.register(end)
    assert server.stdout is not None
    assert server.stdout.readline() == b"listening\n"
    return path


# --- the server -------------------------------------------------------------------------------------------------------


class _Server:
    """All in one thread, so that a fork is whole."""

    def __init__(self, path: str) -> None:
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(sys.stdin, selectors.EVENT_READ)

    def serve(self) -> dict[str, Any] | None:
        """Returns its order in each bot; in the server None, once nobody needs it any more."""
        print("listening", flush=True)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is sys.stdin:
                    return None
                if key.fileobj is self.listener:
                    if (order := self._bear(self.listener.accept()[0])) is not None:
                        return order
                elif isinstance(key.fileobj, socket.socket):
                    self._pass_on(key.fileobj, key.data)
                else:
                    self._bury(key.fd, *key.data)

    def _bear(self, connection: socket.socket) -> dict[str, Any] | None:
        """The order in the new bot, None in the server."""
        line = b""
        with connection.makefile("rb") as lines, suppress(ConnectionError):
            line = lines.readline()
        if not line.endswith(b"\n"):  # whoever came was called off before they had ordered
            connection.close()
            return None
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            self._forget_all()
            connection.close()
            return order
        with suppress(OSError):  # or after that: the bot goes when the end of the connection is read
            connection.sendall(b"%d\n" % pid)
        self.selector.register(connection, selectors.EVENT_READ, pid)
        self.selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))
        return None

    def _forget_all(self) -> None:
        """A bot has no part in the server's business."""
        for key in list(self.selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
            elif key.fileobj is not sys.stdin:
                os.close(key.fd)
        self.selector.close()

    def _pass_on(self, connection: socket.socket, pid: int) -> None:
        """Signals; where whoever asked for the bot is gone, it goes too."""
        if connection.fileno() == -1:
            return  # it was buried in this very turn
        signals = b""
        with suppress(ConnectionError):  # it ended with the pid unread, which is a reset
            signals = connection.recv(1024)
        if not signals:
            self.selector.unregister(connection)
        for number in signals.split() or (signal.SIGKILL,):
            os.kill(pid, int(number))

    def _bury(self, descriptor: int, pid: int, connection: socket.socket) -> None:
        self.selector.unregister(descriptor)
        os.close(descriptor)
        with suppress(KeyError):
            self.selector.unregister(connection)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with connection, suppress(OSError):
            connection.sendall(b"%d\n" % code)


def _become(order: dict[str, Any]) -> None:
    """Take on what a process that was started for this order would have."""
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.path[0] = order["folder"]
    with Path(order["log"]).open("ab") as log, Path(os.devnull).open("rb") as nothing:
        for descriptor, file in enumerate((nothing, log, log)):
            os.dup2(file.fileno(), descriptor)


if __name__ == "__main__":
    first, *_ = [importlib.import_module(name) for name in (*_MODULES, *warm_sound.MODULES)]
    gc.freeze()
    given = _Server(sys.argv[1]).serve()
    if given is not None:
        _become(given)
        if warm_sound.CAN_ORPHAN and warm_sound.open_nursery():
            warm_sound.work()
        else:
            sys.exit(first.main(given["arguments"]))
