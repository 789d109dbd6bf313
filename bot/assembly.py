"""The parts joined, the same way for the bot and for what stands in for a part of it: each is made from what exists.

In order: what everything stands on, then what takes orders and keeps turns, then Discord, then the steps.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from bot.client import ComposeClient
from bot.clock import Clock
from bot.delivery import CardMessages, TrackMessages
from bot.disk import Disk
from bot.engine.runner import JobRunner
from bot.jobs.acting import OperatedStore
from bot.jobs.admitting import Admission
from bot.jobs.answering import AnswerSteps
from bot.jobs.brake import Brake
from bot.jobs.card_updates import CardUpdater
from bot.jobs.context import StepContext
from bot.jobs.eta import EtaEstimator
from bot.jobs.figures import FigureStore, Migration
from bot.jobs.files import JobFiles
from bot.jobs.finishing import FinishSteps
from bot.jobs.line import Line
from bot.jobs.looks import Looks
from bot.jobs.moderation import ModerationService
from bot.jobs.music_models import MusicModels
from bot.jobs.operating import Operating
from bot.jobs.people import People
from bot.jobs.ports import Cards, Delivery
from bot.jobs.schedule import Pace
from bot.jobs.servers import Servers
from bot.jobs.service import JobService
from bot.jobs.sound_ports import References, TrackPreparer
from bot.jobs.space import SpaceLimits
from bot.jobs.steps import JobSteps
from bot.jobs.stop_making import Stopping
from bot.jobs.submitting import SubmitSteps
from bot.metrics import Metrics
from bot.operators.alerts import Alerts
from bot.operators.guild_log import GuildLog, LogChannels, LogStore, ReportRoutes
from bot.packaged_tracks import PackagedTracks
from bot.proxies import STRAIGHT, ProxyRules
from bot.shares import Shares
from bot.supervisor import TaskSupervisor
from bot.ui.interaction_context import ModeratorServices, OperatorServices
from bot.ui.removal import remove_messages
from bot.ui.requirements import OrderRequirements

#: Table of contents of the features; names, because the core never imports a cog.
EXTENSIONS = ("cogs.compose", "cogs.tracks", "cogs.admin", "cogs.owner", "cogs.moderation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What everything stands on: opened first, closed last."""

    store: OperatedStore
    figures: FigureStore
    record: LogStore
    files: JobFiles
    disk: Disk
    clock: Clock
    metrics: Metrics
    supervisor: TaskSupervisor
    migration: Migration | None = None
    space: SpaceLimits = field(default_factory=SpaceLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSide:
    """How jobs are heard of and spoken of on Discord."""

    client: ComposeClient
    cards: Cards
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a job's steps reach beyond this process."""

    references: References
    tracks: TrackPreparer
    cards: Cards
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What takes orders and keeps turns; Discord and the steps are joined to it."""

    ground: Ground
    models: MusicModels
    jobs: JobService
    engine: JobRunner
    brake: Brake
    line: Line
    eta_estimator: EtaEstimator
    looks: Looks | None
    alerts: Alerts
    log_channels: LogChannels
    shares: Shares

    def guild_log(self, is_heard: Callable[[int], bool] = lambda _guild_id: True) -> GuildLog:
        """Brings lines to log channels once it is run with a sender. `is_heard`: whose servers' channels are its."""
        ground = self.ground
        return GuildLog(
            channels=self.log_channels,
            store=ground.record,
            jobs=self.jobs,
            alerts=self.alerts,
            clock=ground.clock,
            metrics=ground.metrics,
            is_heard=is_heard,
        )

    def resumed(self) -> None:
        """A pause is over: whoever has a place looks now, and free places are filled."""
        for job_id in self.line.called_ids():
            self.engine.wake(job_id)
        self.line.look()

    def discord_side(
        self,
        *,
        requirements: OrderRequirements,
        tracks: PackagedTracks,
        proxies: ProxyRules = STRAIGHT,
        operator_guild_ids: frozenset[int] = frozenset(),
    ) -> DiscordSide:
        """A client that takes orders, cards and delivery; needs no network. `tracks`: what is sent.

        `operator_guild_ids`: the servers from which the whole bot is run.
        """
        ground = self.ground
        requirements.notices.is_held = lambda: bool(self.brake.all_held())
        operating = Operating(
            store=ground.store, clock=ground.clock, wake=self.engine.wake, notices=requirements.notices
        )
        operating.resumed = self.resumed
        client = ComposeClient(
            jobs=self.jobs,
            moderators=ModeratorServices(
                moderation=ModerationService(
                    jobs=self.jobs, operating=operating, store=ground.record, clock=ground.clock
                ),
                reports=ReportRoutes(self.log_channels, self.alerts),
            ),
            tracks=tracks,
            requirements=requirements,
            clock=ground.clock,
            extensions=EXTENSIONS,
            proxies=proxies,
            operators=OperatorServices(operating=operating, guild_ids=operator_guild_ids, values=ground.store),
        )
        self.jobs.people.take_messages_away = partial(remove_messages, client)
        return DiscordSide(
            client=client,
            cards=CardMessages(client=client, requirements=requirements, clock=ground.clock),
            delivery=TrackMessages(client=client, requirements=requirements, tracks=tracks, clock=ground.clock),
        )

    def steps(self, outside: Outside) -> JobSteps:
        """What the engine is started with."""
        ground = self.ground
        card_updater = CardUpdater(
            store=ground.store,
            cards=outside.cards,
            eta_estimator=self.eta_estimator,
            clock=ground.clock,
            supervisor=ground.supervisor,
        )
        if self.shares.draws_line:
            self.line.draw = lambda job_id: card_updater.redraw(self.engine.live(job_id))
        context = StepContext(
            store=ground.store,
            card_updater=card_updater,
            clock=ground.clock,
            metrics=ground.metrics,
            models=self.models,
            disk=ground.disk,
            brake=self.brake,
        )
        context.polls_share = self.shares.polls
        finishing = FinishSteps(
            context=context,
            tracks=outside.tracks,
            delivery=outside.delivery,
            files=ground.files,
        )
        return JobSteps(
            context=context,
            references=outside.references,
            cards=outside.cards,
            files=ground.files,
            submitting=SubmitSteps(context=context, files=ground.files, line=self.line, looks=self.looks),
            finishing=finishing,
            answers=AnswerSteps(context=context, look_up=outside.cards, answering=self.jobs.answering),
            looks=self.looks,
        )


def assemble(
    ground: Ground,
    *,
    models: MusicModels,
    pace: Pace,
    engine: Callable[..., JobRunner] = JobRunner,
    admission: Admission | None = None,
    poll_cost_seconds: float | None = None,
    shares: Shares | None = None,
) -> Assembly:
    """The order desk and the engine behind it, which looks at nothing before it is started with steps.

    `pace`: over which the first looks after a start are spread. `admission`: None lets everybody in.
    `poll_cost_seconds`: how much lag one look is worth; None: looks are not learned.
    `shares`: this process's parts of what several may ask for; None: it is alone.
    """
    line = Line(store=ground.store, models=models, clock=ground.clock)
    runner = engine(
        store=ground.store,
        clock=ground.clock,
        supervisor=ground.supervisor,
        metrics=ground.metrics,
        pace=pace,
        line=line,
    )
    people = People(
        store=ground.store, files=ground.files, clock=ground.clock, disk=ground.disk, metrics=ground.metrics
    )
    servers = Servers(store=ground.store, clock=ground.clock, metrics=ground.metrics, wake=runner.wake)
    shares = shares or Shares(ground.clock)
    brake = _brake(ground, models, runner, line, shares)
    jobs = JobService(
        store=ground.store,
        files=ground.files,
        clock=ground.clock,
        metrics=ground.metrics,
        disk=ground.disk,
        space=ground.space,
        wake=runner.wake,
        people=people,
        servers=servers,
        admission=admission,
        held=brake.reason_of,
        stopping=Stopping(models),
    )
    looks = _looks(ground, runner, poll_cost_seconds)
    return Assembly(
        ground=ground,
        models=models,
        jobs=jobs,
        engine=runner,
        brake=brake,
        line=line,
        eta_estimator=_eta_estimator(ground, models, brake, line, looks),
        looks=looks,
        alerts=Alerts(store=ground.store, clock=ground.clock, metrics=ground.metrics),
        log_channels=LogChannels(ground.record, ground.clock),
        shares=shares,
    )


def _brake(ground: Ground, models: MusicModels, runner: JobRunner, line: Line, shares: Shares) -> Brake:
    line.wake, line.is_shared = runner.call_up, shares.is_shared
    brake = Brake(
        store=ground.store,
        models=models,
        clock=ground.clock,
        metrics=ground.metrics,
        wake=runner.wake,
        is_shared=shares.is_shared,
    )
    brake.on_brake(line.brake_changed)
    return brake


def _eta_estimator(ground: Ground, models: MusicModels, brake: Brake, line: Line, looks: Looks | None) -> EtaEstimator:
    return EtaEstimator(
        store=ground.store,
        clock=ground.clock,
        usual_seconds=models.usual_seconds,
        held=brake.reason_of,
        span=None if looks is None else looks.span,
        ahead=line.told_ahead,
        places_for=models.places_for,
    )


def _looks(ground: Ground, runner: JobRunner, poll_cost_seconds: float | None) -> Looks | None:
    if poll_cost_seconds is None:
        return None
    return Looks(
        store=ground.store,
        clock=ground.clock,
        supervisor=ground.supervisor,
        seconds_per_poll=poll_cost_seconds,
        wake_in=runner.wake_in,
    )
