"""fal's own Python client over TLS, with an authority of the test's own, against the stand-in.

It runs as its own process: it reads its address when it is imported, and trusts what SSL_CERT_FILE names.
"""

import asyncio
import importlib.util
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.generation import FakeGeneration, Settings
from tests.bot.generation.stand_ins import References

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("fal_client") is None, reason="fal-client is not installed"),
]

SCRIPT = """
import json, os, sys
import fal_client

asked = json.loads(sys.argv[1])
client = fal_client.SyncClient(key=os.environ["KEY"])
said = {}
handle = client.submit(asked["endpoint"], asked["arguments"])
said["request_id"] = handle.request_id
said["first"] = repr(handle.status())
if asked["cancels"]:
    handle.cancel()
    said["cancelled"] = True
else:
    said["events"] = sorted({type(event).__name__ for event in handle.iter_events(interval=0.05)})
    again = client.get_handle(asked["endpoint"], handle.request_id)
    said["addresses_agree"] = (again.status_url, again.response_url, again.cancel_url) == (
        handle.status_url, handle.response_url, handle.cancel_url)
    try:
        said["result"] = again.get()
    except Exception as error:
        said["error"] = f"{type(error).__name__}: {error}"
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """The certificate of an authority, and the context of a server at 127.0.0.1 that it vouches for."""
    folder = tmp_path_factory.mktemp("authority")
    own, key, asked, served = (folder / name for name in ("ca.pem", "ca.key", "server.csr", "server.pem"))
    server_key, names = folder / "server.key", folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    uses = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    sign = ["openssl", "x509", "-req", "-days", "2", "-CA", str(own), "-CAkey", str(key), "-CAcreateserial"]
    orders = [
        [*new, "-x509", "-days", "2", "-subj", "/CN=Test authority", *uses, "-keyout", str(key), "-out", str(own)],
        [*new, "-subj", "/CN=127.0.0.1", "-keyout", str(server_key), "-out", str(asked)],
        [*sign, "-in", str(asked), "-extfile", str(names), "-out", str(served)],
    ]
    try:
        for order in orders:
            subprocess.run(order, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl here to make certificates with")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served, server_key)
    return own, context


async def asked(
    api: FakeGeneration, authority: Path, endpoint: str, arguments: dict[str, Any], *, cancels: bool = False
) -> dict[str, Any]:
    order = json.dumps({"endpoint": endpoint, "arguments": arguments, "cancels": cancels})
    host = api.url.removeprefix("https://")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", SCRIPT, order),
        env={**os.environ, "FAL_QUEUE_RUN_HOST": host, "SSL_CERT_FILE": str(authority), "KEY": api.key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()[-2000:]
    found: dict[str, Any] = json.loads(said)
    return found


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("fal-ai/minimax-music", {"prompt": "##some words##", "reference_audio_url": ""}),
        ("fal-ai/ace-step/audio-to-audio", {"lyrics": "words", "audio_url": "", "tags": "x", "original_tags": "x"}),
    ],
)
async def test_it_orders_waits_and_reads_the_result(
    authority: tuple[Path, ssl.SSLContext], references: References, endpoint: str, words: dict[str, str]
) -> None:
    arguments = {name: value or references.url() for name, value in words.items()}
    async with FakeGeneration(speaks="fal", tls=authority[1]) as api:
        api.script(polls=("queued", "generating", "completed"))
        said = await asked(api, authority[0], endpoint, arguments)
        assert said["first"] == "Queued(position=0)"
        assert said["events"] == ["Completed", "InProgress"]
        assert said["addresses_agree"]
        generation = api.ledger.generations[said["request_id"]]
        assert said["result"]["audio"]["url"] == api.world.track_url(generation)
        assert generation.body == arguments


async def test_it_reads_a_failure_from_the_result(
    authority: tuple[Path, ssl.SSLContext], references: References
) -> None:
    arguments = {"prompt": "##some words##", "reference_audio_url": references.url("gone")}
    async with FakeGeneration(speaks="fal", tls=authority[1]) as api:
        said = await asked(api, authority[0], "fal-ai/minimax-music", arguments)
    assert said["error"].startswith("FalClientHTTPError")
    assert "file_download_error" in said["error"]


async def test_it_cancels_what_waits(authority: tuple[Path, ssl.SSLContext], references: References) -> None:
    arguments = {"prompt": "##some words##", "reference_audio_url": references.url()}
    async with FakeGeneration(Settings(queued_seconds=3600), speaks="fal", tls=authority[1]) as api:
        said = await asked(api, authority[0], "fal-ai/minimax-music", arguments, cancels=True)
        assert said["cancelled"]
        assert api.ledger.generations[said["request_id"]].is_removed
