import asyncio
import contextlib
import re
import signal
import socket
import sys

import aiohttp
import pytest

from sandbox import up

pytestmark = pytest.mark.timeout(120)


@pytest.mark.heavy
async def test_one_address_is_printed_and_an_interrupt_closes_everything() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore::DeprecationWarning", "-m", "sandbox", "up", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(90):
            while "bot |" not in said:
                said += (await process.stdout.readline()).decode()
        (address,) = re.findall(r"http://\S+", said)
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            assert "Sandbox channel" in await answer.text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        rest, _ = await process.communicate()
    assert process.returncode == 0
    assert rest.decode().endswith("nothing of it is left.\n")


@pytest.mark.heavy
def test_a_given_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert up.main(["--port", str(taken.getsockname()[1])]) == 1
    assert "address already in use" in capsys.readouterr().err
