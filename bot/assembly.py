"""The parts joined, the same way for the bot and for what stands in for a part of it: each is made from what exists.

In order: what everything stands on, then what takes orders and keeps turns, then Discord, then the steps.
"""

from dataclasses import dataclass, field

from bot.client import ComposeClient
from bot.clock import Clock
from bot.delivery import CardMessages, TrackMessages
from bot.disk import Disk
from bot.engine.runner import JobRunner
from bot.jobs.admitting import Admission
from bot.jobs.brake import Brake
from bot.jobs.card_updates import CardUpdater
from bot.jobs.context import StepContext
from bot.jobs.eta import EtaEstimator
from bot.jobs.files import JobFiles
from bot.jobs.finishing import FinishSteps
from bot.jobs.line import Line
from bot.jobs.music_models import MusicModels
from bot.jobs.ports import Cards, Delivery, JobStore, References, Tracks
from bot.jobs.schedule import Pace
from bot.jobs.service import JobService
from bot.jobs.space import SpaceLimits
from bot.jobs.steps import JobSteps
from bot.jobs.submitting import SubmitSteps
from bot.metrics import Metrics
from bot.packaged_tracks import PackagedTracks
from bot.proxies import STRAIGHT, ProxyRules
from bot.supervisor import TaskSupervisor
from bot.ui.requirements import OrderRequirements

#: Table of contents of the features; names, because the core never imports a cog.
EXTENSIONS = ("cogs.compose", "cogs.tracks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What everything stands on: opened first, closed last."""

    store: JobStore
    files: JobFiles
    disk: Disk
    clock: Clock
    metrics: Metrics
    supervisor: TaskSupervisor
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
    tracks: Tracks
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

    def discord_side(
        self, *, requirements: OrderRequirements, tracks: PackagedTracks, proxies: ProxyRules = STRAIGHT
    ) -> DiscordSide:
        """A client that takes orders, cards and delivery; needs no network. `tracks`: what is sent."""
        ground = self.ground
        client = ComposeClient(
            jobs=self.jobs,
            tracks=tracks,
            requirements=requirements,
            clock=ground.clock,
            extensions=EXTENSIONS,
            proxies=proxies,
        )
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
            submitting=SubmitSteps(context=context, files=ground.files),
            finishing=finishing,
            line=self.line,
        )


def assemble(
    ground: Ground,
    *,
    models: MusicModels,
    pace: Pace,
    engine: type[JobRunner] = JobRunner,
    admission: Admission | None = None,
) -> Assembly:
    """The order desk and the engine behind it, which looks at nothing before it is started with steps.

    `pace`: over which the first looks after a start are spread. `admission`: None lets everybody in.
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
    line.wake = runner.call_up
    brake = Brake(store=ground.store, models=models, clock=ground.clock, metrics=ground.metrics, wake=runner.wake)
    brake.on_brake(line.brake_changed)
    jobs = JobService(
        store=ground.store,
        files=ground.files,
        clock=ground.clock,
        metrics=ground.metrics,
        disk=ground.disk,
        space=ground.space,
        wake=runner.wake,
        admission=admission,
        held=brake.reason_of,
    )
    eta_estimator = EtaEstimator(
        store=ground.store,
        clock=ground.clock,
        usual_seconds=models.usual_seconds,
        held=brake.reason_of,
        place=line.place_of,
    )
    return Assembly(
        ground=ground,
        models=models,
        jobs=jobs,
        engine=runner,
        brake=brake,
        line=line,
        eta_estimator=eta_estimator,
    )
