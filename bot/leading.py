"""What one of all processes does: what is kept and forgotten, and what operators are told; and what the others do."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from bot.assembly import Assembly, Ground
from bot.client import ComposeClient
from bot.delivery import AlertMessages
from bot.jobs.admitting import Admission
from bot.jobs.retention import Retention
from bot.jobs.servers import Servers
from bot.operators.watch import Watch, Watched, tell_of_brake, tell_of_migration
from bot.processes import Company
from bot.settings import Settings
from bot.ui.requirements import OrderRequirements


def take_part(
    settings: Settings,
    assembly: Assembly,
    client: ComposeClient,
    admission: Admission,
    requirements: OrderRequirements,
    company: Company,
) -> None:
    """Begin what this process does of it; all look at themselves, and leave what they see to be told by one."""
    ground, alerts = assembly.ground, assembly.alerts
    retention = _retention(settings, ground, assembly.jobs.servers)
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "watch": _watch(settings, ground, assembly, admission, requirements, leads=company.leads).run
    }
    if company.leads:
        sender = AlertMessages(client, settings.operator_channel)
        loops |= {
            "retention": retention.run,
            "people": assembly.jobs.people.run,
            "alerts": partial(alerts.run, sender, for_others=company.is_shared),
        }
    else:
        # its folder may be one of its own, in which nobody else tidies up
        loops["copies"] = retention.run_beside
        loops["alerts"] = partial(alerts.hand_on, f"{company.process.kind}, {company.process.in_words()}")
    for name, run in loops.items():
        ground.supervisor.run_forever(name, run)
    tell_of_migration(alerts, ground.migration)
    assembly.brake.on_brake(partial(tell_of_brake, alerts))


def _retention(settings: Settings, ground: Ground, servers: Servers) -> Retention:
    keep_for = timedelta(days=settings.retention_days)
    return Retention(
        store=ground.store,
        files=ground.files,
        clock=ground.clock,
        keep_for=keep_for,
        disk=ground.disk,
        servers=servers,
    )


def _watch(
    settings: Settings,
    ground: Ground,
    assembly: Assembly,
    admission: Admission,
    requirements: OrderRequirements,
    *,
    leads: bool,
) -> Watch:
    watched = Watched(
        figures=ground.figures,
        loops=ground.supervisor.states,
        disk_trouble=lambda: ground.disk.trouble,
        terms=lambda: admission.terms,
        price_micros=requirements.lowest_price_micros,
        currency=settings.currency,
        is_open=assembly.models.is_open,
        elsewhere=lambda: assembly.models.elsewhere,
    )
    return Watch(watched=watched, alerts=assembly.alerts, clock=ground.clock, metrics=ground.metrics, leads=leads)
