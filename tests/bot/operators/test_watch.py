"""What is looked at, and from where on it is told."""

from dataclasses import dataclass, field

import pytest

from bot.errors import Reason, StoreBusyError
from bot.jobs.admission import Terms
from bot.jobs.brake import BrakeChange, Held
from bot.jobs.figures import Attempts, Figures, Migration
from bot.metrics import Metrics
from bot.operators.alerts import AlertKind, Alerts
from bot.operators.watch import Watch, Watched, tell_of_brake, tell_of_migration
from bot.supervisor import LoopState
from tests.moved_clock import MovedClock

_NOTHING = Figures(spent_micros=0, held_micros=0, day_micros=0, month_micros=0, queued_since=None)


class Heard(Alerts):
    """Alerts that go no further."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.values: list[dict[str, str | int]] = []

    def raise_alert(self, kind: AlertKind, variant: str = "", **values: str | int) -> None:
        self.kinds.append(f"{kind} {variant}".strip())
        self.values.append(values)


@dataclass
class World:
    """Everything that is watched, set by hand."""

    money: Figures = _NOTHING
    attempts: Attempts = field(default_factory=lambda: Attempts(all=0, unknown=0))
    deaths: int = 0
    disk_trouble: str = ""
    terms: Terms = field(default_factory=Terms)
    is_busy: bool = False
    metrics: Metrics = field(default_factory=Metrics)
    alerts: Heard = field(default_factory=Heard)
    leads: bool = True
    elsewhere: int = 0

    def __post_init__(self) -> None:
        watched = Watched(
            figures=self,
            loops=lambda: [LoopState(name="retention", running=True, deaths=self.deaths, last_error="OSError")],
            disk_trouble=lambda: self.disk_trouble,
            terms=lambda: self.terms,
            price_micros=100_000,
            currency="EUR",
            elsewhere=lambda: self.elsewhere,
        )
        self.watch = Watch(
            watched=watched, alerts=self.alerts, clock=MovedClock(), metrics=self.metrics, leads=self.leads
        )

    async def figures(self, now: object) -> Figures:
        if self.is_busy:
            raise StoreBusyError("busy")
        return self.money

    async def attempts_since(self, since: object) -> Attempts:
        return self.attempts

    async def heard(self) -> list[str]:
        self.alerts.kinds.clear()
        await self.watch.look()
        return list(self.alerts.kinds)


async def test_a_bot_that_is_well_is_told_of_nothing():
    assert await World().heard() == []


@pytest.mark.parametrize("reason", [Reason.KEY_REFUSED, Reason.NO_CREDITS, Reason.ADDRESS_WRONG])
async def test_each_new_refusal_of_the_account_is_told(reason: Reason):
    world = World()
    world.metrics.account_errors.labels(reason).inc()
    assert await world.heard() == [str(reason)]
    assert await world.heard() == []
    world.metrics.account_errors.labels(reason).inc()
    assert await world.heard() == [str(reason)]


async def test_a_loop_that_died_is_told_also_when_it_runs_again():
    world = World()
    world.deaths = 1
    assert await world.heard() == ["loop"]
    assert world.alerts.values[-1] == {"loop": "retention", "error": "OSError"}
    assert await world.heard() == []


async def test_a_disk_that_fails_is_told_and_a_busy_database_hides_nothing_of_that():
    world = World(disk_trouble="the track cannot be written: No space left on device", is_busy=True)
    assert await world.heard() == ["disk"]


def _used(micros: int, *, held: int = 0) -> Figures:
    return Figures(spent_micros=0, held_micros=held, day_micros=micros, month_micros=micros, queued_since=None)


@pytest.mark.parametrize(
    ("used", "heard"),
    [
        (_used(790_000), []),
        (_used(800_000), ["budget_80 day"]),
        (_used(500_000, held=300_000), ["budget_80 day"]),
        (_used(900_000), ["budget_80 day"]),
        (_used(900_001), ["budget_80 day", "budget_100 day"]),
        (_used(1_000_000), ["budget_80 day", "budget_100 day"]),
    ],
)
async def test_a_budget_is_told_from_80_per_cent_on_and_when_no_song_fits(used: Figures, heard: list[str]):
    world = World(terms=Terms(budget_per_day_micros=1_000_000), money=used)
    assert await world.heard() == heard
    share = (used.day_micros + used.held_micros) / 1_000_000
    assert world.metrics.value("compose_budget_used_ratio", period="day") == pytest.approx(share)


async def test_the_months_budget_is_told_apart_and_a_budget_of_nothing_never():
    world = World(terms=Terms(budget_per_month_micros=1_000_000, budget_per_day_micros=0), money=_used(1_000_000))
    assert await world.heard() == ["budget_80 month", "budget_100 month"]
    assert world.alerts.values[-1] == {"percent": 100, "spent": "1.00 EUR", "budget": "1.00 EUR"}


@pytest.mark.parametrize(
    ("unknown", "attempts", "is_told"), [(2, 2, False), (3, 99, True), (3, 100, False), (4, 100, True)]
)
async def test_unknown_outcomes_are_told_above_3_per_cent_and_from_3_on(unknown: int, attempts: int, is_told: bool):
    world = World(attempts=Attempts(all=attempts, unknown=unknown))
    assert (await world.heard() == ["unknown_outcomes"]) is is_told


def test_a_migration_is_told_with_the_name_of_its_copy_and_a_new_database_is_not():
    alerts = Heard()
    tell_of_migration(alerts, None)
    assert not alerts.kinds
    tell_of_migration(alerts, Migration(before="0001", after="0003", backup="compose.db.0001.backup"))
    tell_of_migration(alerts, Migration(before="0001", after="0003"))
    assert alerts.kinds == ["migrated file", "migrated"]


def test_the_brake_is_told_when_it_comes_on_and_goes_off_and_not_when_its_reason_changes():
    alerts = Heard()
    broke = Held(reason=Reason.NO_CREDITS, since=MovedClock().now())
    refused = Held(reason=Reason.KEY_REFUSED, since=MovedClock().now())
    for before, held in ((None, broke), (broke, refused), (refused, None)):
        tell_of_brake(alerts, BrakeChange(provider="aiml", held=held, before=before))
    assert alerts.kinds == ["brake_on", "brake_off"]


async def test_a_process_that_does_not_lead_looks_at_itself_and_not_at_what_all_have_in_common():
    world = World(
        leads=False,
        terms=Terms(budget_per_day_micros=1_000_000),
        money=_used(1_000_000),
        attempts=Attempts(all=4, unknown=4),
        disk_trouble="full",
        deaths=1,
        elsewhere=2,
    )
    world.metrics.account_errors.labels(Reason.KEY_REFUSED).inc()
    assert await world.heard() == ["key_refused", "loop", "disk", "address_changed"]
