"""A PostgreSQL with a configuration of the test's own: passwords, TLS by a self-made authority, a socket, a standby.

Debian's is taken where it is, since the wheel's speaks no TLS.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import kept_port

_SECONDS = 60.0
_HBA = """\
local all postgres trust
local replication postgres trust
local all all scram-sha-256
hostssl all certified 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
hostnossl open all 127.0.0.1/32 scram-sha-256
"""
_CONFIGURATION = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
port = {port}
fsync = off
max_connections = {most}
password_encryption = 'scram-sha-256'
ssl = on
ssl_ca_file = '{certificates}/authority.crt'
ssl_cert_file = '{certificates}/server.crt'
ssl_key_file = '{certificates}/server.key'
"""


def programs() -> Path | None:
    """Where a PostgreSQL that speaks TLS has its programs; None where there is none, or no openssl for certificates."""
    if shutil.which("openssl") is None or importlib.util.find_spec("asyncpg") is None or os.name != "posix":
        return None
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnServer:
    """Runs for as long as the block in which it was opened."""

    programs: Path
    folder: Path
    port: int
    max_connections: int = 30

    @property
    def certificates(self) -> Path:
        """authority.crt, server.crt (for `localhost`), certified.crt and certified.key (a client's), other.crt."""
        return self.folder.parent / "certificates"

    def stop(self, *, how: str = "immediate") -> None:
        """As after a power cut; `fast`: with a word to whoever is connected. Whoever comes is refused."""
        _ran([*self._control(), "-m", how, "stop"])

    def start(self) -> None:
        """Up again, with what was durable."""
        _ran([*self._control(), "-w", "-t", str(_SECONDS), "start"])

    def start_as_standby(self, *, answers: bool) -> None:
        """Up again as one of two after a failover: read-only, or not letting anybody in yet."""
        (self.folder / "data" / "standby.signal").touch()
        _own(self.folder)
        self.set_for_next_start(f"hot_standby = {'on' if answers else 'off'}")
        self.start()

    def promote(self) -> None:
        """Be the one that takes writes."""
        _ran([*self._control(), "-w", "promote"])

    def set_for_next_start(self, line: str) -> None:
        """One more line of its configuration, for its next start; the last one of a name counts."""
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _control(self) -> list[str]:
        return [str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), "-l", str(self.folder / "log")]

    def psql(self, *statements: str, database: str = "postgres") -> str:
        """Run each as the superuser, over the socket; returns what they print."""
        given = [part for each in statements for part in ("--command", each)]
        command = [self.programs / "psql", "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-d", database]
        return _ran([*map(str, command), "--quiet", "--no-psqlrc", "--tuples-only", *given])


@contextmanager
def own_server(folder: Path, where: Path, *, max_connections: int = 30) -> Generator[OwnServer]:
    """`folder`: must be open to other users, and its path short: a socket lies in it."""
    folder.chmod(0o755)
    with kept_port() as port:
        server = OwnServer(programs=where, folder=folder / "primary", port=port, max_connections=max_connections)
        server.certificates.mkdir()
        _make_certificates(server.certificates)
        server.folder.mkdir()
        _own(folder)
        data = server.folder / "data"
        _ran([str(where / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"])
        (data / "pg_hba.conf").write_text(_HBA)
        with _running(server):
            yield server


@contextmanager
def standby_of(primary: OwnServer) -> Generator[OwnServer]:
    """A hot standby: it answers, and takes no writes."""
    with kept_port() as port:
        standby = OwnServer(programs=primary.programs, folder=primary.folder.parent / "standby", port=port)
        standby.folder.mkdir()
        _own(standby.folder)
        source = f"host={primary.folder} port={primary.port} user=postgres"
        copied = [str(primary.programs / "pg_basebackup"), "-D", str(standby.folder / "data"), "-d", source]
        _ran([*copied, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"])
        with _running(standby):
            yield standby


@contextmanager
def _running(server: OwnServer) -> Generator[None]:
    data = server.folder / "data"
    words = _CONFIGURATION.format(
        folder=server.folder, port=server.port, certificates=server.certificates, most=server.max_connections
    )
    (data / "postgresql.conf").write_text(words)
    server.start()
    try:
        yield
    finally:
        if (data / "postmaster.pid").exists():
            server.stop()


def _make_certificates(folder: Path) -> None:
    for name in ("authority", "other"):
        _ran([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "30", "-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt",
        ])  # fmt: skip
    for name, subject in (("server", "localhost"), ("certified", "certified")):
        _ran([
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={subject}", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.csr",
        ])  # fmt: skip
        (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{subject}\n")
        _ran([
            "openssl", "x509", "-req", "-in", f"{folder}/{name}.csr", "-CA", f"{folder}/authority.crt",
            "-CAkey", f"{folder}/authority.key", "-CAcreateserial", "-days", "30",
            "-extfile", f"{folder}/{name}.ext", "-out", f"{folder}/{name}.crt",
        ])  # fmt: skip


def _own(folder: Path) -> None:
    """PostgreSQL does not run as root."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)


def _ran(command: Sequence[str]) -> str:
    user = "nobody" if os.geteuid() == 0 and command[0] != "openssl" else None
    # the server keeps what it inherits open: a pipe would be waited for until it ends
    quiet = subprocess.DEVNULL if command[0].endswith("pg_ctl") else subprocess.PIPE
    done = subprocess.run(
        command, user=user, stdout=quiet, stderr=quiet, text=True, check=False, cwd="/", timeout=2 * _SECONDS
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stderr}")
    return done.stdout or ""
