"""`/healthz` and `/metrics`, asked over a real socket."""

import asyncio
import re
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

import bot
from bot.audio.model import Problem
from bot.audio.sample import SampleResult, SampleStep
from bot.errors import Reason, StartError, StoreBusyError, StoreError
from bot.health import Checks, HealthServer, Pulse, serve_health
from bot.jobs.brake import Held
from bot.metrics import Metrics
from bot.supervisor import TaskSupervisor
from tests.moved_clock import MovedClock


@dataclass
class World:
    """A process that can be made ill in every way that health looks for."""

    clock: MovedClock = field(default_factory=MovedClock)
    metrics: Metrics = field(default_factory=Metrics)
    discord_ready: bool = True
    discord_trouble: str = ""
    store_trouble: StoreError | None = None
    disk_trouble: str = ""
    held: dict[str, Held] = field(default_factory=dict)
    refreshed: int = 0
    sample: SampleResult | None = None
    url: str = ""
    http: aiohttp.ClientSession | None = None

    def __post_init__(self) -> None:
        self.supervisor = TaskSupervisor(self.clock)
        self.pulse = Pulse(self.clock, self.metrics)
        checks = Checks(
            discord_ready=lambda: self.discord_ready,
            discord_trouble=lambda: self.discord_trouble,
            refresh=self.refresh,
            sound=lambda: self.sample,
            disk_trouble=lambda: self.disk_trouble,
            held=lambda: self.held,
        )
        self.server = HealthServer(supervisor=self.supervisor, pulse=self.pulse, metrics=self.metrics, checks=checks)

    async def refresh(self) -> None:
        if self.store_trouble is not None:
            raise self.store_trouble
        self.refreshed += 1
        self.metrics.live_jobs.labels("queued").set(self.refreshed)

    async def health(self) -> tuple[int, dict[str, Any]]:
        assert self.http is not None
        async with self.http.get(f"{self.url}/healthz") as answer:
            assert answer.content_type == "application/json"
            return answer.status, await answer.json()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.supervisor.run_forever("pulse", world.pulse.run)
    await world.clock.settle()
    async with (
        serve_health(world.server, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http,
    ):
        world.http = http
        world.url = f"http://127.0.0.1:{port}"
        yield world
        await world.supervisor.stop()


async def test_a_process_that_works_is_green_and_names_its_loops(world: World):
    await world.clock.advance(10)
    status, body = await world.health()
    assert status == 200
    assert body == {
        "status": "ok",
        "version": bot.__version__,
        "problems": [],
        "sound": "untried",
        "disk": "ok",
        "brake": "off",
        "loops": [{"name": "pulse", "running": True, "deaths": 0, "last_error": ""}],
    }


async def test_an_account_that_is_refused_is_named_and_is_not_red(world: World):
    world.held["aiml"] = Held(reason=Reason.NO_CREDITS, since=world.clock.now())
    status, body = await world.health()
    assert (status, body["problems"]) == (200, [])
    assert body["brake"] == "aiml refuses the account (no_credits) since 2026-01-31 12:00 UTC"


async def test_a_loop_that_died_is_red_until_it_runs_again(world: World):
    async def die() -> None:
        raise KeyError("oh")

    world.supervisor.run_forever("engine", die)
    await world.clock.settle()
    status, body = await world.health()
    assert status == 503
    assert body["status"] == "red"
    assert body["problems"] == ["loop engine died: KeyError"]
    assert body["loops"][1] == {"name": "engine", "running": False, "deaths": 1, "last_error": "KeyError"}


async def test_an_event_loop_that_stood_still_is_red_for_a_minute(world: World):
    world.clock.leap(30)
    await world.clock.advance(1)
    status, body = await world.health()
    assert (status, body["problems"]) == (503, ["the event loop stands still"])
    await world.clock.advance(50)
    assert (await world.health())[0] == 503
    await world.clock.advance(15)
    assert (await world.health())[0] == 200


async def test_an_event_loop_that_stands_still_now_is_red_before_the_next_beat(world: World):
    world.clock.leap(6)
    assert (await world.health())[0] == 503


async def test_a_short_hiccup_is_measured_and_stays_green(world: World):
    world.clock.leap(5)  # longer than any that this machine has meanwhile
    await world.clock.advance(0.1)
    assert (await world.health())[0] == 200
    assert world.metrics.loop_lag_seconds._value.get() == pytest.approx(4.5)


async def test_the_worst_moment_is_shown_until_the_figures_were_read(world: World):
    world.clock.leap(3000)
    await world.clock.advance(0.1)
    await world.clock.advance(30)
    assert world.http is not None
    shown: list[bool] = []
    for _ in range(2):
        async with world.http.get(f"{world.url}/metrics") as answer:
            shown.append("compose_loop_lag_seconds 2999.5" in await answer.text())
    assert shown == [True, False]


async def test_a_stall_between_two_beats_is_seen(world: World):
    assert world.http is not None
    for _ in range(2):  # what the start took is read, and gone
        async with world.http.get(f"{world.url}/metrics") as answer:
            await answer.read()
    time.sleep(0.3)  # noqa: ASYNC251 - that is the stall
    async with world.http.get(f"{world.url}/metrics") as answer:
        text = await answer.text()
    shown = re.search(r"^compose_loop_lag_seconds (\S+)$", text, re.MULTILINE)
    assert shown is not None
    assert float(shown[1]) > 0.15


async def test_each_machine_that_reads_the_figures_sees_the_worst_moment_once(world: World):
    world.clock.leap(3000)
    await world.clock.advance(30)
    shown: list[bool] = []
    for machine in ("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"):
        connector = aiohttp.TCPConnector(local_addr=(machine, 0))
        async with aiohttp.ClientSession(connector=connector) as http, http.get(f"{world.url}/metrics") as answer:
            shown.append("compose_loop_lag_seconds 2999.5" in await answer.text())
    assert shown == [True, True, False, False]


async def test_no_connection_to_discord_is_red(world: World):
    world.discord_ready = False
    status, body = await world.health()
    assert (status, body["problems"]) == (503, ["not connected to Discord"])
    world.discord_trouble = "banned for 900 s"
    assert (await world.health())[1]["problems"] == ["not connected to Discord: banned for 900 s"]


async def test_sound_is_red_only_while_the_built_in_sample_fails(world: World):
    world.sample = SampleResult(failed=SampleStep.CONVERTED, problem=Problem.INTERNAL)
    status, body = await world.health()
    assert (status, body["sound"]) == (503, "failing")
    assert body["problems"][0].startswith("sound: The built-in sample cannot be converted (internal).")
    world.sample = SampleResult()
    status, body = await world.health()
    assert (status, body["sound"], body["problems"]) == (200, "ok", [])


@pytest.mark.parametrize("trouble", [StoreBusyError("locked"), StoreError("malformed")])
async def test_a_database_that_does_not_answer_is_red(world: World, trouble: StoreError):
    world.store_trouble = trouble
    status, body = await world.health()
    assert (status, body["problems"]) == (503, [f"the database does not answer: {trouble}"])


async def test_a_disk_that_fails_is_red_and_green_again_when_it_works(world: World):
    assert (await world.health())[1]["disk"] == "ok"
    world.disk_trouble = "the file could not be written: No space left on device"
    status, body = await world.health()
    assert (status, body["disk"]) == (503, world.disk_trouble)
    assert body["problems"] == [f"the disk of DATA_DIR fails: {world.disk_trouble}"]
    world.disk_trouble = ""
    assert (await world.health())[0] == 200


async def test_every_problem_is_named_at_once(world: World):
    world.store_trouble, world.discord_ready = StoreBusyError("locked"), False
    world.disk_trouble = "gone"
    world.clock.leap(60)
    _, body = await world.health()
    assert len(body["problems"]) == 4


async def test_metrics_are_in_the_prometheus_text_format_and_fresh(world: World):
    world.metrics.jobs_taken.inc()
    assert world.http is not None
    async with world.http.get(f"{world.url}/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    assert "compose_jobs_taken_total 1.0" in text
    assert 'compose_live_jobs{state="queued"} 1.0' in text


async def test_metrics_are_served_even_when_the_database_is_busy(world: World):
    world.store_trouble = StoreBusyError("locked")
    assert world.http is not None
    async with world.http.get(f"{world.url}/metrics") as answer:
        assert answer.status == 200


async def test_two_bots_in_one_process_do_not_count_together():
    one, other = Metrics(), Metrics()
    one.jobs_taken.inc()
    assert b"compose_jobs_taken_total 1.0" in one.exposition()
    assert b"compose_jobs_taken_total 0.0" in other.exposition()


async def test_a_port_that_is_taken_is_named_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as caught:
            async with serve_health(World().server, "127.0.0.1", port):
                pytest.fail("it listens on a port that is taken")
    assert f"HEALTH_HOST 127.0.0.1, HEALTH_PORT {port}: cannot listen there" in str(caught.value)


async def test_an_address_that_is_not_ours_is_named_with_what_to_do():
    with pytest.raises(StartError, match=r"HEALTH_HOST 192\.0\.2\.1, HEALTH_PORT \d+: cannot listen there"):
        async with serve_health(World().server, "192.0.2.1", 0):
            pytest.fail("it listens on somebody else's address")


async def test_the_port_is_free_again_afterwards():
    # on Linux alone loopback has addresses where nobody else listens, who could take the port in between
    host = "127.0.0.3" if sys.platform == "linux" else "127.0.0.1"
    async with serve_health(World().server, host, 0) as port:
        pass
    await asyncio.sleep(0)
    async with serve_health(World().server, host, port) as again:
        assert again == port
