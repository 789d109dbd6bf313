import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE

import aiohttp
import pytest

from sandbox.generation import FakeGeneration
from sandbox.generation.remote import RemoteGeneration


@pytest.mark.heavy
async def test_it_runs_as_a_process_of_its_own_and_stops_on_sigterm() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.generation", "--key", "another-key", "--songs", "3", "--control"), stdout=PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            printed = json.loads(await process.stdout.readline())
        assert printed["key"] == "another-key"
        async with aiohttp.ClientSession() as session:
            remote = RemoteGeneration(session, printed["url"], token=printed["control_token"])
            await remote.script(polls=["queued"])
            await remote.fault("poll", status=502, rule={"times": 1})
            await remote.change(is_key_revoked=True)
            state = await remote.state()
            headers = {"Authorization": "Bearer another-key"}
            address = printed["url"] + "/v2/generate/audio?generation_id=x"
            statuses = []
            for _ in range(2):
                async with session.get(address, headers=headers) as answer:
                    statuses.append(answer.status)
        assert statuses == [502, 401]
        assert state["settings"]["songs_left"] == 3
        assert state["settings"]["allow_loopback"] is False
        assert state["scripts_left"] == 1
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await process.wait() == 0


@pytest.mark.heavy
async def test_in_a_container_it_listens_for_others_and_answers_by_its_name_alone() -> None:
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "sandbox.generation",
            "--host",
            "0.0.0.0",
            "--host-name",
            "offline",
            "--key",
            "offline",
        ),
        stdout=PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            printed = json.loads(await process.stdout.readline())
        port = printed["url"].rpartition(":")[2]
        assert printed["url"] == f"http://127.0.0.1:{port}"
        address = f"http://127.0.0.2:{port}/v2/generate/audio?generation_id=x"  # reached as from elsewhere
        statuses = []
        async with aiohttp.ClientSession(headers={"Authorization": "Bearer offline"}) as session:
            for host in (f"offline:{port}", f"elsewhere:{port}"):
                async with session.get(address, headers={"Host": host}) as answer:
                    statuses.append(answer.status)
        assert statuses == [404, 403]
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await process.wait() == 0


@pytest.mark.heavy
async def test_a_port_that_is_taken_is_said_and_ends_it() -> None:
    async with FakeGeneration() as api:
        port = api.url.rpartition(":")[2]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sandbox.generation", "--port", port, stdout=PIPE, stderr=PIPE
        )
        async with asyncio.timeout(60):
            printed, complaint = await process.communicate()

    assert process.returncode == 1
    assert printed == b""
    assert b"cannot listen" in complaint
    assert b"Traceback" not in complaint
