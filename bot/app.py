"""The composition root: opens everything in order, hands it on by name, closes it in reverse."""

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import aiohttp
from aiolimiter import AsyncLimiter

from bot import crash
from bot.assembly import Ground, Outside, assemble
from bot.audio import FILE_TYPES, AudioPool, Needs
from bot.audio.sample import try_sample
from bot.audio.selftest import SelfTest
from bot.client import ComposeClient, TokenRefusedError, point_at, run_client
from bot.clock import Clock, SystemClock
from bot.connections import public_connector
from bot.disk import Disk
from bot.download import remove_leftovers
from bot.engine.runner import JobRunner
from bot.errors import StartError
from bot.generation.client import GenerationClient, Sessions
from bot.generation.profiles import RequestProfile, profile_named
from bot.generation.transport import HttpLimits, Timeouts
from bot.health import Checks, HealthServer, Pulse, serve_health
from bot.jobs.blocklist import Blocklist
from bot.jobs.context import StepLimits
from bot.jobs.files import JobFiles
from bot.jobs.lyrics import PromptRules
from bot.jobs.model import LIVE
from bot.jobs.ports import TallyStore
from bot.jobs.retention import Retention
from bot.jobs.schedule import Pace
from bot.jobs.steps import JobSteps
from bot.metrics import Metrics
from bot.references import ReferenceFetcher
from bot.settings import Settings
from bot.stopping import Stop
from bot.store.db import open_store, sole_runner
from bot.supervisor import TaskSupervisor
from bot.ui.requirements import OrderRequirements

log = logging.getLogger(__name__)

#: Of one session at once.
_MAX_CONNECTIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBot:
    """What is open while the bot runs."""

    client: ComposeClient
    engine: JobRunner
    steps: JobSteps
    supervisor: TaskSupervisor
    selftest: SelfTest


async def run(settings: Settings) -> int:
    """Run until SIGTERM or Ctrl-C. Returns the exit code; raises SettingsError before anything was opened."""
    crash.arm(settings.crash_at)
    profile = profile_named(settings.generation_model)
    requirements = _requirements(settings, profile)
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    stop = Stop(grace_seconds=settings.stop_grace_seconds, clock=SystemClock())
    stop.listen()
    stack = AsyncExitStack()
    try:
        code = await _code_of(_serve(settings, profile, requirements, stop, stack))
    finally:
        stop.begin()
        stop.grace_is_over()
        await stop.within("files and connections", stack.aclose())
    log.info("stopped")
    await stop.leave(code)
    return code


async def _code_of(serving: Awaitable[None]) -> int:
    try:
        await serving
    except TokenRefusedError:
        log.error("Discord refuses DISCORD_TOKEN. Developer portal, your application, Bot, Reset Token.")
        return 3
    except StartError as error:
        log.error("%s", error)
        return 1
    return 0


async def _serve(
    settings: Settings, profile: RequestProfile, requirements: OrderRequirements, stop: Stop, stack: AsyncExitStack
) -> None:
    """Serve until told to stop, then let go in the order that loses nothing: work first, Discord last."""
    running = await stop.unless_asked("opening", _open(settings, profile, requirements, stack))
    if running is None:
        return

    async def on_ready() -> None:
        await running.engine.start(running.steps)
        log.info("ready: commands are taken, jobs are driven")
        running.selftest.begin()

    discord = asyncio.create_task(
        run_client(running.client, settings.discord_token.get_secret_value(), on_ready), name="discord"
    )
    try:
        await stop.asked_or_done(discord)
        if not stop.is_asked:
            discord.result()
            raise StartError("the connection to Discord ended by itself; a supervisor should start the bot again")
        log.info("stopping")
    finally:
        stop.begin()
        await running.engine.stop(settings.stop_grace_seconds)
        stop.grace_is_over()
        await stop.within("background work", running.supervisor.stop())
        await stop.within("Discord's gateway", running.client.close())
        await stop.end("Discord's client", discord)
        await stop.within("Discord's connections", running.client.http.close())


async def _open(
    settings: Settings, profile: RequestProfile, requirements: OrderRequirements, stack: AsyncExitStack
) -> RunningBot:
    ground = await _open_ground(settings, stack)
    assembly = assemble(ground, limits=_limits(settings))
    selftest = SelfTest(clock=ground.clock, metrics=ground.metrics)
    pool = await stack.enter_async_context(
        AudioPool(processes=settings.audio_processes, work_dir=ground.files.work, on_fault=selftest.fault_seen)
    )
    discord_side = assembly.discord_side(requirements=requirements, pool=pool)
    fetcher = await _open_fetcher(settings, profile, pool, ground, stack)
    outside = Outside(
        generator=await _open_generator(settings, profile, ground.clock, stack),
        references=fetcher,
        tracks=fetcher,
        cards=discord_side.cards,
        delivery=discord_side.delivery,
    )
    ground.supervisor.run_forever("retention", _retention(settings, ground).run)
    ground.supervisor.run_forever("sound", partial(selftest.run, partial(try_sample, pool)))
    ground.supervisor.run_forever("disk", ground.disk.run)
    await _open_health(settings, ground, _checks(discord_side.client, ground, selftest), stack)
    return RunningBot(
        client=discord_side.client,
        engine=assembly.engine,
        steps=assembly.steps(outside),
        supervisor=ground.supervisor,
        selftest=selftest,
    )


async def _open_ground(settings: Settings, stack: AsyncExitStack) -> Ground:
    clock = SystemClock()
    files = await _prepare_files(settings)
    store = await stack.enter_async_context(open_store(settings.database_url, clock=clock))
    await stack.enter_async_context(sole_runner(settings.database_url))
    await _remove_leftovers(files)
    return Ground(
        store=store,
        files=files,
        disk=Disk((*files.folders, files.work), clock),
        clock=clock,
        metrics=Metrics(),
        supervisor=TaskSupervisor(clock),
    )


def _checks(client: ComposeClient, ground: Ground, selftest: SelfTest) -> Checks:
    return Checks(
        discord_ready=client.is_ready,
        refresh=partial(_refresh_gauges, ground.store, ground.metrics),
        sound=lambda: selftest.result,
        disk_trouble=lambda: ground.disk.trouble,
    )


def _retention(settings: Settings, ground: Ground) -> Retention:
    keep_for = timedelta(days=settings.retention_days)
    return Retention(store=ground.store, files=ground.files, clock=ground.clock, keep_for=keep_for, disk=ground.disk)


async def _prepare_files(settings: Settings) -> JobFiles:
    files = JobFiles(settings.data_dir)
    try:
        await asyncio.to_thread(files.prepare)
    except OSError as error:
        raise StartError(f"DATA_DIR {settings.data_dir}: {error.strerror}. Make it writable for this user.") from error
    return files


async def _remove_leftovers(files: JobFiles) -> None:
    """What a killed process left half done; only once it is certain that none runs on these folders."""
    try:
        await asyncio.to_thread(files.empty_work)
        for folder in files.folders:
            await asyncio.to_thread(remove_leftovers, folder)
    except OSError as error:
        raise StartError(f"DATA_DIR: {error.filename}: {error.strerror}. Make it writable for this user.") from error


async def _open_session(
    stack: AsyncExitStack, *, force_close: bool = False, only_public: bool = False
) -> aiohttp.ClientSession:
    connector = (
        public_connector(limit=_MAX_CONNECTIONS)
        if only_public
        else aiohttp.TCPConnector(limit=_MAX_CONNECTIONS, force_close=force_close)
    )
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    return await stack.enter_async_context(session)


async def _open_fetcher(
    settings: Settings, profile: RequestProfile, pool: AudioPool, ground: Ground, stack: AsyncExitStack
) -> ReferenceFetcher:
    return ReferenceFetcher(
        session=await _open_session(stack),
        pool=pool,
        files=ground.files,
        clock=ground.clock,
        hosts=settings.attachment_hosts,
        max_bytes=settings.reference_max_bytes,
        needs=_needs(settings, profile),
    )


async def _open_generator(
    settings: Settings, profile: RequestProfile, clock: Clock, stack: AsyncExitStack
) -> GenerationClient:
    return GenerationClient(
        sessions=Sessions(
            calls=await _open_session(stack),
            files=await _open_session(stack, only_public=True),
            submit=await _open_session(stack, force_close=True),
        ),
        base_url=settings.generation_api_url,
        api_key=settings.generation_api_key,
        profile=profile,
        clock=clock,
        budget=AsyncLimiter(max(1.0, settings.polls_per_second), max(1.0, 1 / settings.polls_per_second)),
        limits=HttpLimits(
            timeouts=Timeouts(submit_seconds=settings.submit_timeout_seconds),
            track_bytes=settings.track_max_bytes,
            track_hosts=settings.track_host_names,
        ),
    )


async def _refresh_gauges(store: TallyStore, metrics: Metrics) -> None:
    by_state = (await store.tally()).by_state
    for state in LIVE:
        metrics.live_jobs.labels(state).set(by_state.get(state, 0))


async def _open_health(settings: Settings, ground: Ground, checks: Checks, stack: AsyncExitStack) -> None:
    pulse = Pulse(ground.clock, ground.metrics)
    ground.supervisor.run_forever("pulse", pulse.run)
    if settings.health_port is not None:
        server = HealthServer(supervisor=ground.supervisor, pulse=pulse, metrics=ground.metrics, checks=checks)
        await stack.enter_async_context(serve_health(server, settings.health_host, settings.health_port))


def _needs(settings: Settings, profile: RequestProfile) -> Needs:
    return Needs(
        shortest_seconds=profile.reference_over_seconds,
        longest_seconds=profile.reference_max_seconds,
        largest_bytes=settings.reference_max_bytes,
    )


def _limits(settings: Settings) -> StepLimits:
    return StepLimits(
        pace=Pace(poll_interval_seconds=settings.poll_interval_seconds, polls_per_second=settings.polls_per_second),
        generation_timeout=timedelta(seconds=settings.generation_timeout_seconds),
        generation_concurrency=settings.generation_concurrency,
    )


def _requirements(settings: Settings, profile: RequestProfile) -> OrderRequirements:
    return OrderRequirements(
        prompt=PromptRules(max_characters=profile.max_characters, warn_characters=profile.warn_above_characters),
        reference_max_bytes=settings.reference_max_bytes,
        reference_min_seconds=profile.reference_over_seconds,
        file_types=tuple(FILE_TYPES),
        attachment_hosts=settings.attachment_hosts,
        blocklist=Blocklist.parsed(settings.blocked_words()),
        opens_loopback=settings.opens_loopback,
    )
