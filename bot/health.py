"""`/healthz` and `/metrics`: whether this process works, at a glance for a supervisor and in figures for a graph."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import bot
from bot.audio.sample import SampleResult
from bot.clock import Clock
from bot.errors import StartError, StoreError
from bot.jobs.brake import Held
from bot.metrics import Metrics
from bot.supervisor import TaskSupervisor

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger(__name__)

#: The pulse beats this often; a beat that comes later by more than _STALLED_SECONDS means a blocked event loop.
_BEAT_SECONDS = 0.5
_STALLED_SECONDS = 5.0
#: In between, a stall shorter than a beat is seen by a timer that costs next to nothing.
_TICK_SECONDS = 0.1
#: A stall is reported for so long, so that a supervisor that asks twice a minute sees it.
_STALL_REMEMBERED_SECONDS = 60.0
#: Of so many machines that read the figures it is known what they have seen.
_MAX_READERS = 16
#: An answer that is under way at a stop gets so long; aiohttp would give it a minute.
_LAST_ANSWER_SECONDS = 1.0


class Pulse:
    """Measures how late the event loop is."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        """`metrics.loop_lag_seconds` shows the worst beat's lag since it was last read, to each reader their own."""
        self._clock = clock
        self._metrics = metrics
        self._last_beat = clock.monotonic()
        self._stalled_at = float("-inf")
        self._worst = self._worst_ever = 0.0
        #: Since each of those who read last did so.
        self._worst_for: dict[str, float] = {}

    async def run(self) -> None:
        """Beat for ever."""
        loop = asyncio.get_running_loop()
        next_tick = loop.call_soon(lambda: None)

        def tick(due: float) -> None:
            nonlocal next_tick
            now = loop.time()
            self._measured(now - due)
            next_tick = loop.call_at(now + _TICK_SECONDS, tick, now + _TICK_SECONDS)

        tick(loop.time())
        try:
            await self._beat()
        finally:
            next_tick.cancel()

    async def _beat(self) -> None:
        while True:
            self._last_beat = self._clock.monotonic()
            await self._clock.sleep(_BEAT_SECONDS)
            lag = self._clock.monotonic() - self._last_beat - _BEAT_SECONDS
            self._measured(lag)
            self._metrics.loop_lag_seconds.set(self._worst)
            if lag > _STALLED_SECONDS:
                self._stalled_at = self._clock.monotonic()
                log.error("the event loop stood still for %.1f s", lag)

    def _measured(self, lag: float) -> None:
        self._worst, self._worst_ever = max(self._worst, lag), max(self._worst_ever, lag)
        for reader, worst in self._worst_for.items():
            self._worst_for[reader] = max(worst, lag)

    def show_to(self, reader: str) -> None:
        """Have the gauge say what this one has not read yet."""
        self._metrics.loop_lag_seconds.set(self._worst_for.get(reader, self._worst_ever))

    def was_read(self, reader: str) -> None:
        """The figures have been handed out: what comes is measured anew, for this one."""
        self._worst_for.pop(reader, None)
        self._worst_for[reader] = self._worst = 0.0
        while len(self._worst_for) > _MAX_READERS:
            del self._worst_for[next(iter(self._worst_for))]
        self._metrics.loop_lag_seconds.set(0.0)

    def is_stalled(self) -> bool:
        """Whether the loop stands still, or did within the last minute."""
        now = self._clock.monotonic()
        late = now - self._last_beat - _BEAT_SECONDS
        return late > _STALLED_SECONDS or now - self._stalled_at < _STALL_REMEMBERED_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What else health asks."""

    discord_ready: Callable[[], bool]
    discord_trouble: Callable[[], str] = str  #: why it is not, where that is known; else empty
    refresh: Callable[[], Awaitable[None]]  #: reads the store for the gauges; raises StoreError
    sound: Callable[[], SampleResult | None]  #: how the built-in sample fared; None while it was not tried
    disk_trouble: Callable[[], str]  #: what DATA_DIR did not take; empty while it takes everything
    clock_trouble: Callable[[], str] = str  #: how far this machine's clock is off; empty while it is right
    held: Callable[[], Mapping[str, Held]] = dict  #: providers whose songs wait for the account's brake
    shards: Callable[[], Mapping[int, bool]] = dict  #: connections to Discord's gateway, and whether each stands


class HealthServer:
    """Answers two paths; green is 200, red is 503 with the reasons."""

    def __init__(
        self,
        *,
        supervisor: TaskSupervisor,
        pulse: Pulse,
        metrics: Metrics,
        checks: Checks | None = None,
        standing_by: Callable[[], str] = str,
    ) -> None:
        """Reads everything at the time of the question.

        `checks`: None while the bot is not open yet. `standing_by`: for what this process waits; empty: for nothing.
        """
        self._supervisor = supervisor
        self._pulse = pulse
        self._metrics = metrics
        self._standing_by = standing_by
        self.checks = checks

    async def healthz(self, _request: "web.Request") -> "web.Response":
        """`{"status": "ok" | "red", "version": …, "problems": […], "sound": …, "disk": …, "brake": …, "loops": […]}`.

        `sound` is "untried", "ok" or "failing"; `disk` is "ok", or what failed; `brake` is "off", or which accounts are
        refused. That is not red: this process works, and a supervisor that starts it again would mend nothing. `clock`
        is there while it is wrong, `shards` where there is a gateway: {"0": "connected", "1": "away"}.

        While it stands by: `{"status": "standing by", "standing_by": "another bot …", …}` and 200.
        """
        from aiohttp import web

        problems = [
            f"loop {loop.name} died: {loop.last_error}" for loop in self._supervisor.states() if not loop.running
        ]
        if self._pulse.is_stalled():
            problems.append("the event loop stands still")
        if self.checks is None:
            return self._not_open(problems)
        problems += await self._found(self.checks)
        body = self._body(self.checks, problems)
        return web.json_response(body, status=503 if problems else 200)

    def _not_open(self, problems: list[str]) -> "web.Response":
        """Whoever stands by works as they should: a supervisor that starts them again would gain nothing."""
        from aiohttp import web

        waits_for = self._standing_by()
        if not waits_for:
            problems = [*problems, "starting"]
        body = {
            "status": "red" if problems else "standing by",
            "version": bot.__version__,
            "problems": problems,
            "standing_by": waits_for,
            "loops": [asdict(loop) for loop in self._supervisor.states()],
        }
        return web.json_response(body, status=503 if problems else 200)

    async def _found(self, checks: Checks) -> list[str]:
        problems: list[str] = []
        if not checks.discord_ready():
            trouble = checks.discord_trouble()
            problems.append(f"not connected to Discord: {trouble}" if trouble else "not connected to Discord")
        try:
            await checks.refresh()
        except StoreError as error:
            problems.append(f"the database does not answer: {error}")
        sound = checks.sound()
        if sound is not None and not sound.good:
            problems.append(f"sound: {sound.sentence}")
        if disk := checks.disk_trouble():
            problems.append(f"the disk of DATA_DIR fails: {disk}")
        return problems

    def _body(self, checks: Checks, problems: list[str]) -> dict[str, Any]:
        sound = checks.sound()
        body: dict[str, Any] = {
            "status": "red" if problems else "ok",
            "version": bot.__version__,
            "problems": problems,
            "sound": "untried" if sound is None else "ok" if sound.good else "failing",
            "disk": checks.disk_trouble() or "ok",
            "brake": "; ".join(held.in_words(name) for name, held in sorted(checks.held().items())) or "off",
            "loops": [asdict(loop) for loop in self._supervisor.states()],
        }
        if shards := checks.shards():
            body["shards"] = {str(number): "connected" if is_there else "away" for number, is_there in shards.items()}
        if clock := checks.clock_trouble():
            body["clock"] = clock
        return body

    async def metrics(self, request: "web.Request") -> "web.Response":
        """The Prometheus text format."""
        from aiohttp import web

        self._metrics.standing_by.set(bool(self._standing_by()))
        if self.checks is not None:
            try:
                await self.checks.refresh()
            except StoreError as error:
                log.warning("gauges are old: %s", error)
            self._metrics.shard_connected.clear()  # a worker has none
            for number, is_there in self.checks.shards().items():
                self._metrics.shard_connected.labels(str(number)).set(is_there)
        reader = request.remote or ""
        self._pulse.show_to(reader)
        figures = self._metrics.exposition()
        self._pulse.was_read(reader)
        return web.Response(body=figures, content_type="text/plain", charset="utf-8")


def _why_not(error: OSError | UnicodeError) -> str:
    """In the system's own words: asyncio's repeat host and port."""
    if isinstance(error, UnicodeError):
        return "not a host name"
    if error.errno is None or error.errno < 0:  # a resolver's numbers are below zero
        return str(error.strerror)
    return os.strerror(error.errno)


@asynccontextmanager
async def serve_health(server: HealthServer, host: str, port: int) -> AsyncGenerator[int]:
    """Listen for as long as the context lasts; yields the port. Raises StartError when it is taken."""
    # a bot without HEALTH_PORT does without a server
    from aiohttp import web

    app = web.Application()
    app.router.add_get("/healthz", server.healthz)
    app.router.add_get("/metrics", server.metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_ANSWER_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except (OSError, UnicodeError) as error:  # a name that no host can have is no OSError
            why = _why_not(error)
            raise StartError(
                f"HEALTH_HOST {host}, HEALTH_PORT {port}: cannot listen there ({why}). Choose another."
            ) from error
        bound = runner.addresses[0][1]
        log.info("health at http://%s:%s/healthz", host, bound)
        yield bound
    finally:
        await runner.cleanup()
