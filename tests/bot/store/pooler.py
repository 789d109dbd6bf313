"""A PgBouncer of the test's own before a server of its own; only where Debian's are installed."""

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

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

_INI = """\
[databases]
* = host={socket} port={server_port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 60
logfile = {folder}/pgbouncer.log
"""


@contextmanager
def pooler(server: OwnServer, folder: Path, mode: str) -> Generator[int]:
    """The port of one that runs in this mode; `folder` must be open to other users."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ini = folder / f"{mode}.ini"
    ini.write_text(_INI.format(socket=server.folder, server_port=server.port, port=port, mode=mode, folder=folder))
    folder.chmod(0o777)
    user = None
    if os.geteuid() == 0:
        user = "nobody"
        os.chown(ini, pwd.getpwnam(user).pw_uid, -1)
    process = subprocess.Popen([str(PGBOUNCER), "--quiet", str(ini)], user=user, cwd="/")
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("PgBouncer ended")
