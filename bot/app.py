"""The composition root: opens everything in order, hands it on by name, closes it in reverse."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

import aiohttp

from bot import crash
from bot.admission_check import ordered_model, price_of, terms_of
from bot.agreement import settings_alike
from bot.assembly import Ground, Outside, assemble
from bot.audio import FILE_TYPES, AudioPool, Needs
from bot.audio.sample import try_sample
from bot.audio.selftest import SelfTest
from bot.client import ComposeClient, TokenRefusedError, point_at, run_client
from bot.clock import Clock, SystemClock
from bot.connections import RoutingConnector, public_connector
from bot.data_folder import clear_leftovers, prepare_files
from bot.delivery import LogMessages
from bot.disk import Disk
from bot.download import USER_AGENT
from bot.engine.runner import JobRunner
from bot.errors import SettingsError, StartError, StoreError
from bot.generation.contracts import Surroundings
from bot.generation.opening import all_traits_in_use, all_traits_opened, drive_of, open_models
from bot.generation.trait_kinds import ModelTraits
from bot.generation.traits import TRAITS
from bot.generation.transport import Sessions
from bot.health import Checks, HealthServer, Pulse, serve_health
from bot.jobs.admission import Terms
from bot.jobs.admitting import Admission
from bot.jobs.blocklist import Blocklist
from bot.jobs.brake import Brake
from bot.jobs.doors import Doors
from bot.jobs.music_models import MusicModels
from bot.jobs.rule_remarks import remarks_on_terms
from bot.jobs.space import SpaceLimits
from bot.jobs.steps import JobSteps
from bot.leading import take_part
from bot.memory import hand_back
from bot.metrics import Metrics
from bot.new_defaults import announce_new_defaults
from bot.operators.gauges import Gauges
from bot.packaged_tracks import PackagedTracks
from bot.processes import Company, ProcessRole, refuse_lonely_database
from bot.proxies import ProxyRules
from bot.references import ReferenceFetcher
from bot.settings import Settings
from bot.shards import OwnTurns
from bot.shares import SharedLimiter, Shares, share_discord
from bot.stopping import Stop
from bot.store.db import open_store, refuse_unusable
from bot.supervisor import TaskSupervisor
from bot.ui.requirements import OrderRequirements

log = logging.getLogger(__name__)

#: Of one session at once.
_MAX_CONNECTIONS = 100
#: After that a start is over: what it has loaded and will not use again goes back to the system.
_SETTLED_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBot:
    """What is open while the bot runs."""

    client: ComposeClient
    engine: JobRunner
    steps: JobSteps
    supervisor: TaskSupervisor
    selftest: SelfTest
    company: Company


async def run(settings: Settings, role: ProcessRole | None = None) -> int:
    """Run until SIGTERM or Ctrl-C. Returns the exit code; raises SettingsError before anything was opened."""
    crash.arm(settings.crash_at)
    traits = all_traits_in_use(settings)
    refuse_unusable(settings.database_url)
    requirements = _requirements(settings, traits)
    if objection := settings.discord_api_objection:
        raise SettingsError([objection])
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    stop = Stop(grace_seconds=settings.stop_grace_seconds, clock=SystemClock())
    stop.listen()
    stack = AsyncExitStack()
    try:
        code = await _code_of(_serve(settings, traits, requirements, role or ProcessRole(), stop, stack))
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
    except StoreError as error:
        log.error("The database did not answer as it should (%s). Start the bot again; nothing is half done.", error)
        return 1
    return 0


async def _serve(
    settings: Settings,
    traits: Sequence[ModelTraits],
    requirements: OrderRequirements,
    role: ProcessRole,
    stop: Stop,
    stack: AsyncExitStack,
) -> None:
    """Serve until told to stop, then let go in the order that loses nothing: work first, Discord last."""
    running = await stop.unless_asked("opening", _open(settings, traits, requirements, role, stack))
    if running is None:
        return

    async def on_ready() -> None:
        if role.hears:
            if running.client.presence is not None:
                running.supervisor.run_forever("presence", running.client.presence.run)
            if running.company.leads:
                running.supervisor.spawn("commands", running.client.command_sync.keep_trying())
        await running.engine.start(running.steps)
        log.info("ready: %sjobs are driven", "commands are taken, " if role.hears else "")
        running.selftest.begin()
        running.supervisor.spawn("memory", _hand_back())

    discord = asyncio.create_task(
        run_client(running.client, settings.discord_token.get_secret_value(), on_ready), name="discord"
    )
    running.supervisor.spawn("place", _stop_when_lost(running.company, stop))
    try:
        await stop.asked_or_done(discord)
        if running.company.lost.is_set():
            raise StartError(
                "another process has taken this one's place on the database while that was out of reach. Nothing is "
                "lost, songs go on there; started again with --standby, this one waits for that one's end."
            )
        if not stop.is_asked:
            discord.result()
            raise StartError("the connection to Discord ended by itself; a supervisor should start the bot again")
        log.info("stopping")
    finally:
        stop.begin()
        await running.engine.stop(settings.stop_grace_seconds)
        stop.grace_is_over()
        await stop.end("Discord's client", discord)  # nothing more is heard; what was heard is answered
        await stop.within("interactions", running.client.services.in_flight.end())
        await stop.within("background work", running.supervisor.stop())
        await stop.within("Discord's gateway", running.client.close())
        await stop.within("Discord's connections", running.client.http.close())


async def _hand_back() -> None:
    await SystemClock().sleep(_SETTLED_SECONDS)
    await asyncio.to_thread(hand_back)


async def _stop_when_lost(company: Company, stop: Stop) -> None:
    await company.lost.wait()
    stop.begin()


async def _open(
    settings: Settings,
    traits: Sequence[ModelTraits],
    requirements: OrderRequirements,
    role: ProcessRole,
    stack: AsyncExitStack,
) -> RunningBot:
    company = _company(settings, role)
    supervisor, metrics = TaskSupervisor(SystemClock()), Metrics()
    health = await _health(settings, supervisor, metrics, company, stack)
    ground = await _open_ground(settings, company, supervisor, metrics, stack)
    models = await _open_models(settings, ground.clock, company.shares, stack)
    await announce_new_defaults(ground.store, settings)
    admission = Admission(_terms_in_force(settings, traits))
    assembly = assemble(
        ground,
        models=models,
        pace=drive_of(traits[0], settings)[0],
        engine=company.engine,
        shares=company.shares,
        admission=admission,
        poll_cost_seconds=settings.poll_cost_seconds if settings.learn_polls == "yes" else None,
    )
    await assembly.brake.load()
    selftest = SelfTest(clock=ground.clock, metrics=ground.metrics)
    pool = await stack.enter_async_context(
        AudioPool(processes=settings.audio_processes, work_dir=ground.files.work, on_fault=selftest.fault_seen)
    )
    tracks = PackagedTracks(pool=pool, files=ground.files, disk=ground.disk)
    discord_side = assembly.discord_side(
        requirements=requirements,
        tracks=tracks,
        proxies=settings.proxy_rules,
        operator_guild_ids=settings.operator_guild_ids,
    )
    outside = Outside(
        references=await _open_fetcher(settings, pool, ground, stack),
        tracks=tracks,
        cards=discord_side.cards,
        delivery=discord_side.delivery,
    )
    _take_place(discord_side.client, company, settings)
    loops = {"sound": partial(selftest.run, partial(try_sample, pool)), "disk": ground.disk.run}
    if role.hears:
        client = discord_side.client
        loops["log channels"] = partial(assembly.guild_log(client.hears).run, LogMessages(client, client.knows_of))
    for name, loop in {**loops, "brake": assembly.brake.run}.items():
        ground.supervisor.run_forever(name, loop)
    take_part(settings, assembly, discord_side.client, admission, requirements, company)
    health.checks = _checks(settings, discord_side.client, ground, selftest, assembly.brake)
    if not role.standby:
        await _open_health(settings, health, stack)
    return RunningBot(
        client=discord_side.client,
        engine=assembly.engine,
        steps=assembly.steps(outside),
        supervisor=ground.supervisor,
        selftest=selftest,
        company=company,
    )


def _company(settings: Settings, role: ProcessRole) -> Company:
    shards = settings.shards if role.hears else ()
    refuse_lonely_database(settings.database_url, role, shards)
    return Company(role, SystemClock(), shards, settings.shard_count, settings_alike(settings))


def _take_place(client: ComposeClient, company: Company, settings: Settings) -> None:
    """What a client is told of the processes beside it, before it is started."""
    client.has_gateway, client.leads = company.role.hears, company.leads
    client.turns = OwnTurns(SystemClock(), company.greeting_turn)
    client.take_shards(settings.shards, settings.shard_count)
    share_discord(client.http.http_trace, company.shares, SystemClock())


async def _open_ground(
    settings: Settings, company: Company, supervisor: TaskSupervisor, metrics: Metrics, stack: AsyncExitStack
) -> Ground:
    clock = SystemClock()
    files = await prepare_files(settings.data_dir)
    disk = Disk((*files.folders, files.work), clock, min_free_bytes=settings.data_min_free_bytes)
    store = await stack.enter_async_context(open_store(settings.database_url, clock=clock, disk=disk))
    await company.join(settings.database_url, store=store, supervisor=supervisor, stack=stack)
    await clear_leftovers(files, clock if company.is_shared else None)
    return Ground(
        store=store,
        figures=store,
        record=store,
        migration=store.migration,
        files=files,
        disk=disk,
        space=SpaceLimits(member_max_bytes=settings.member_max_bytes, data_max_bytes=settings.data_max_bytes),
        clock=clock,
        metrics=metrics,
        supervisor=supervisor,
    )


def _checks(settings: Settings, client: ComposeClient, ground: Ground, selftest: SelfTest, brake: Brake) -> Checks:
    return Checks(
        discord_ready=lambda: client.is_well,
        refresh=_gauges(settings, ground).refresh,
        discord_trouble=lambda: client.trouble or client.gateway.trouble,
        sound=lambda: selftest.result,
        disk_trouble=lambda: ground.disk.trouble,
        clock_trouble=lambda: client.discord_time.trouble,
        held=brake.all_held,
        shards=client.gateway.connected,
    )


async def _open_session(
    stack: AsyncExitStack, rules: ProxyRules, *, force_close: bool = False, only_public: bool = False
) -> aiohttp.ClientSession:
    connector = (
        public_connector(limit=_MAX_CONNECTIONS)
        if only_public
        else RoutingConnector(route=rules, user_agent=USER_AGENT, limit=_MAX_CONNECTIONS, force_close=force_close)
    )
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    return await stack.enter_async_context(session)


async def _open_fetcher(settings: Settings, pool: AudioPool, ground: Ground, stack: AsyncExitStack) -> ReferenceFetcher:
    return ReferenceFetcher(
        session=await _open_session(stack, settings.proxy_rules),
        pool=pool,
        files=ground.files,
        clock=ground.clock,
        hosts=settings.attachment_hosts,
        max_bytes=settings.reference_max_bytes,
        needs={traits.model: _needs(settings, traits) for traits in all_traits_opened(settings)},
    )


async def _open_models(settings: Settings, clock: Clock, shares: Shares, stack: AsyncExitStack) -> MusicModels:
    rules = settings.proxy_rules
    around = Surroundings(
        settings=settings,
        sessions=Sessions(
            calls=await _open_session(stack, rules),
            files=await _open_session(stack, rules, only_public=True),
            submit=await _open_session(stack, rules, force_close=True),
            proxied=await _open_session(stack, rules) if rules.any else None,
            route=rules,
        ),
        clock=clock,
        budget=SharedLimiter(settings.polls_per_second, shares.polls, clock),
    )
    return open_models(settings, around)


def _gauges(settings: Settings, ground: Ground) -> Gauges:
    return Gauges(
        tallies=ground.store,
        figures=ground.figures,
        loops=ground.supervisor.states,
        data_dir=settings.data_dir,
        clock=ground.clock,
        metrics=ground.metrics,
    )


async def _health(
    settings: Settings, supervisor: TaskSupervisor, metrics: Metrics, company: Company, stack: AsyncExitStack
) -> HealthServer:
    """Of a process that is not open yet; whoever looks after one that stands by is answered while it waits."""
    pulse = Pulse(SystemClock(), metrics)
    supervisor.run_forever("pulse", pulse.run)
    health = HealthServer(supervisor=supervisor, pulse=pulse, metrics=metrics, standing_by=lambda: company.standing_by)
    if company.role.standby:
        await _open_health(settings, health, stack)
    return health


async def _open_health(settings: Settings, health: HealthServer, stack: AsyncExitStack) -> None:
    if settings.health_port is not None:
        await stack.enter_async_context(serve_health(health, settings.health_host, settings.health_port))


def _needs(settings: Settings, traits: ModelTraits) -> Needs:
    return Needs(
        min_seconds=traits.reference.over_seconds,
        max_seconds=traits.reference.max_seconds,
        max_bytes=settings.reference_max_bytes,
    )


def _requirements(settings: Settings, offered: Sequence[ModelTraits]) -> OrderRequirements:
    traits = offered[0]
    return OrderRequirements(
        model=ordered_model(settings, traits),
        others=tuple(ordered_model(settings, other) for other in offered[1:]),
        no_longer_offered=tuple(
            ordered_model(settings, other) for other in all_traits_opened(settings)[len(offered) :]
        ),
        stoppable=frozenset(row.model for row in TRAITS.values() if row.cancels),
        prompt=traits.words,
        cover_models=frozenset(row.model for row in all_traits_opened(settings) if row.is_cover),
        reference_max_bytes=settings.reference_max_bytes,
        reference_min_seconds=traits.reference.over_seconds,
        file_types=tuple(FILE_TYPES),
        attachment_hosts=settings.attachment_hosts,
        blocklist=Blocklist.parsed(settings.blocked_words()),
        doors=Doors(
            guild_ids=settings.allowed_guild_ids,
            direct=settings.allow_direct == "on",
            user_install=settings.allow_user_install == "on",
        ),
        opens_loopback=settings.opens_loopback,
        currency=settings.currency,
        shown_currency=settings.currency if settings.show_price == "yes" else None,
    )


def _terms_in_force(settings: Settings, traits: Sequence[ModelTraits]) -> Terms:
    terms, price_micros = terms_of(settings), price_of(settings, traits[0])
    for remark in remarks_on_terms(terms, price_micros=price_micros, currency=settings.currency):
        log.warning("limits and budgets: %s", remark)
    return terms
