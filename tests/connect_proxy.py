"""A small real proxy (CONNECT and absolute addresses, with or without a login), and TLS in front of a plain server."""

import asyncio
import base64
import re
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

Read, Write = asyncio.StreamReader, asyncio.StreamWriter
_FAREWELL_SECONDS = 5.0


@dataclass(kw_only=True)
class ConnectProxy:
    """It looks names up for its clients: `known` maps `host:port` to a port of this machine."""

    known: dict[str, int] = field(default_factory=dict)
    login: str = ""  #: `user:password`; empty: anybody may
    refuses_with: int = 0  #: every request, with this status
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url_with_login(self) -> str:
        return f"http://{self.login}@127.0.0.1:{self.port}"

    async def serve(self, reader: Read, writer: Write) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        self.asked.append(f"{method} {target}")
        status = self._status(head, target)
        if status:
            answer = f"HTTP/1.1 {status} Refused\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
            writer.write(answer.encode())
            await writer.drain()
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.known[target])
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _joined(_pipe(reader, back), _pipe(there, writer), back)

    def _status(self, head: bytes, target: str) -> int:
        if self.refuses_with:
            return self.refuses_with
        given = re.search(rb"Proxy-Authorization: Basic (\S+)", head)
        if self.login and (given is None or base64.b64decode(given[1]).decode() != self.login):
            return 407
        return 0 if target in self.known else 502


async def _pipe(source: Read, into: Write, changed: Callable[[bytes], bytes] = bytes) -> None:
    with suppress(OSError):
        while piece := await source.read(1 << 16):
            into.write(changed(piece))
            await into.drain()
    with suppress(OSError):
        into.close()


async def _joined(there: Awaitable[None], back: Awaitable[None], opened: Write) -> None:
    """Both ways until both end; `opened` is closed also where they are called off before that."""
    try:
        await asyncio.gather(there, back)
    finally:
        opened.close()


async def _closed(writer: Write) -> None:
    """Close it, TLS's farewell included; nobody waits long for a client that does not say its own."""
    writer.close()
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()


@asynccontextmanager
async def _listening(serve: Callable[[Read, Write], object], tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    open_now: set[asyncio.Task[None]] = set()

    async def served(reader: Read, writer: Write) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_now.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)  # type: ignore[misc]
        except asyncio.CancelledError:
            pass
        finally:
            await _closed(writer)
            open_now.discard(task)

    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(open_now):
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)


@asynccontextmanager
async def connect_proxy(**more: object) -> AsyncIterator[ConnectProxy]:
    proxy = ConnectProxy(**more)  # type: ignore[arg-type]
    async with _listening(proxy.serve) as proxy.port:
        yield proxy


@asynccontextmanager
async def behind_tls(certificate: Path, plain_port: int, name: str, agents: list[str]) -> AsyncIterator[int]:
    """TLS for `name` in front of a plain server of this machine; `agents` notes how each request names itself.

    The server is told its own host: it would take no other.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    own = f"Host: 127.0.0.1:{plain_port}".encode()

    def changed(piece: bytes) -> bytes:
        agents.extend(
            f"{found[1].decode()} {found[2].decode()}"
            for found in re.finditer(
                rb"(?m)^((?:GET|POST|PATCH|PUT|DELETE) /\S*) (?s:.*?)User-Agent: ([^\r\n]*)", piece
            )
        )
        return piece.replace(f"Host: {name}".encode(), own)

    async def serve(reader: Read, writer: Write) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", plain_port)
        await _joined(_pipe(reader, back, changed), _pipe(there, writer), back)

    async with _listening(serve, context) as port:
        yield port


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for *.example.com, in one file, signed by themselves."""
    return certificate_for("*.example.com", tmp_path_factory.mktemp("tls"))


def certificate_for(name: str, folder: Path) -> Path:
    """A key and a certificate for `name`, in one file, signed by themselves. Skips where openssl is not."""
    made, key = folder / "cert.pem", folder / "key.pem"
    order = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    names = ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(made)]
    try:
        subprocess.run([*order, *names], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl here to make a certificate with")
    made.write_text(made.read_text() + key.read_text())
    return made
