"""A PgBouncer of the test's own before a server of its own; only where Debian's are installed."""

import importlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.bot.store.own_server import OwnServer
from tests.ports import kept_port

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

_INI = """\
[databases]
songs = host={socket} port={server_port} user=postgres
away = host=127.0.0.1 port=1 user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
admin_users = admin
pool_mode = {mode}
default_pool_size = 60
logfile = {folder}/pgbouncer-{port}.log
{more}
"""


class Pooler:
    """One that may be killed and started; its databases are `songs`, and `away`, whose server is not there."""

    def __init__(self, ini: Path, port: int) -> None:
        self._ini = ini
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it takes clients."""
        user = "nobody" if os.geteuid() == 0 else None
        self._process = subprocess.Popen([str(PGBOUNCER), "--quiet", str(self._ini)], user=user, cwd="/")
        _wait_for(self.port, self._process)

    def kill(self) -> None:
        """SIGKILL: whoever is connected is cut off, whoever comes is refused."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def tell(self, command: str) -> None:
        """A command of its own, such as PAUSE, RESUME, RELOAD, KILL."""
        asyncpg = importlib.import_module("asyncpg")
        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user="admin", database="pgbouncer")
        try:
            await connection.execute(command)
        finally:
            connection.terminate()


@contextmanager
def running_pooler(server: OwnServer, folder: Path, mode: str, more: str = "") -> Generator[Pooler]:
    """`folder` must be open to other users; `more`: lines of its configuration, the later ones count."""
    with kept_port() as port:
        ini = folder / f"{port}.ini"
        ini.write_text(
            _INI.format(socket=server.folder, server_port=server.port, port=port, mode=mode, folder=folder, more=more)
        )
        folder.chmod(0o777)
        if os.geteuid() == 0:
            os.chown(ini, pwd.getpwnam("nobody").pw_uid, -1)
        running = Pooler(ini, port)
        running.start()
        try:
            yield running
        finally:
            running.kill()


@contextmanager
def pooler(server: OwnServer, folder: Path, mode: str, more: str = "") -> Generator[int]:
    """The port of one that runs in this mode."""
    with running_pooler(server, folder, mode, more) as running:
        yield running.port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("PgBouncer ended")
