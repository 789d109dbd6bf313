"""What a browser sends for a page from elsewhere, and what programs send, byte by byte over a real socket."""

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

#: Of a page that is not ours; `{port}` is the server's own.
FOREIGN_ORIGINS = (
    "https://evil.example",
    "http://evil.example:{port}",
    "null",  # a sandboxed frame, or a form on a page that sends no referrer
    "",
    "http://127.0.0.1:1",  # what somebody else serves on this machine
    "http://localhost:{other_port}",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:{port}.evil.example",
    "http://evil.example@127.0.0.1:{port}",
    "http://127.0.0.1:{port}, https://evil.example",
    "file://",
    "chrome-extension://abcdefgh",
)
#: How such a page's own name looks when it was pointed at this machine, and what only looks like this machine.
REBOUND_HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "localhost.evil.example:{port}",
    "evil.example@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "0.0.0.0:{port}",
    "[::]:{port}",
    "[::1]evil.example:{port}",
    "192.168.0.1:{port}",
    "127.0.0.1:{port}, evil.example",
    "",
)
#: What programs and people call this machine.
OWN_HOSTS = ("127.0.0.1:{port}", "127.0.0.2:{port}", "localhost:{port}", "LocalHost:{port}", "[::1]:{port}")


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def filled(text: str, url: str) -> str:
    port = port_of(url)
    return text.format(port=port, other_port=port - 1)


async def knock(
    url: str, method: str, target: str, headers: Mapping[str, str | None] | None = None, body: bytes | None = None
) -> tuple[int, bytes]:
    """Status and all that came back; `Host` is that of `url` unless given, and None sends none."""
    parts = urlsplit(url)
    sent = {"Host": parts.netloc}
    if body is not None:
        sent["Content-Length"] = str(len(body))
    all_headers = {**sent, **(headers or {})}
    lines = [f"{name}: {value}" for name, value in all_headers.items() if value is not None]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write("\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode() + (body or b""))
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
        rest = await reader.readexactly(int(length[1])) if length else b""
        return int(head.split(b" ", 2)[1]), head + rest
    finally:
        writer.close()
