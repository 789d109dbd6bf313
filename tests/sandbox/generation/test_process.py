import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE

import aiohttp

from sandbox.generation import FakeGeneration
from sandbox.generation.remote import RemoteGeneration


async def test_it_runs_as_a_process_of_its_own_and_stops_on_sigterm() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.generation", "--key", "another-key", "--songs", "3", "--control"), stdout=PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
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
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def test_a_port_that_is_taken_is_said_and_ends_it() -> None:
    async with FakeGeneration() as api:
        port = api.url.rpartition(":")[2]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sandbox.generation", "--port", port, stdout=PIPE, stderr=PIPE
        )
        async with asyncio.timeout(30):
            printed, complaint = await process.communicate()

    assert process.returncode == 1
    assert printed == b""
    assert b"cannot listen" in complaint
    assert b"Traceback" not in complaint
