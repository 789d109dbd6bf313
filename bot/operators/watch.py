"""Looks every few seconds at what an operator must hear of, and raises it: the one place that knows the thresholds.

What happens is counted or remembered where it happens; so nothing here can hold up or break a job.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.amounts import money_in_words
from bot.clock import Clock
from bot.errors import Reason, StoreError
from bot.jobs.admission import Terms
from bot.jobs.brake import BrakeChange
from bot.jobs.figures import Figures, FigureStore, Migration
from bot.metrics import Metrics
from bot.operators.alerts import AlertKind, Alerts
from bot.supervisor import LoopState

log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
#: Of a budget: from here on its operator is warned.
_WARNED_SHARE = 0.8
#: Unknown outcomes within an hour are told when they are more than this share of all attempts, and at least so many.
_UNKNOWN_SHARE, _MIN_UNKNOWN = 0.03, 3
_UNKNOWN_WITHIN = timedelta(hours=1)

_ACCOUNT = {
    Reason.KEY_REFUSED: AlertKind.KEY_REFUSED,
    Reason.NO_CREDITS: AlertKind.NO_CREDITS,
    Reason.ADDRESS_WRONG: AlertKind.ADDRESS_WRONG,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where to look, asked anew each time."""

    figures: FigureStore
    loops: Callable[[], Sequence[LoopState]]
    disk_trouble: Callable[[], str]
    terms: Callable[[], Terms]
    price_micros: int  #: of the next song
    currency: str
    is_open: Callable[[str, str], bool] = lambda _provider, _model: True  #: whether that model can be asked
    elsewhere: Callable[[], int] = lambda: 0  #: songs that the service's present address does not know


class Watch:
    """One loop over everything that is watched."""

    def __init__(self, *, watched: Watched, alerts: Alerts, clock: Clock, metrics: Metrics, leads: bool = True) -> None:
        """Nothing is looked at before `run`. `leads`: at what is the same for all processes, too."""
        self._leads = leads
        self._watched = watched
        self._alerts = alerts
        self._clock = clock
        self._metrics = metrics
        self._account_errors: dict[Reason, float] = {}
        self._deaths: dict[str, int] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await self._clock.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Once. A database that does not answer keeps nothing else from being seen."""
        self._look_at_account()
        self._look_at_loops()
        if trouble := self._watched.disk_trouble():
            self._alerts.raise_alert(AlertKind.DISK, trouble=trouble)
        if songs := self._watched.elsewhere():
            self._alerts.raise_alert(AlertKind.ADDRESS_CHANGED, songs=songs)
        if self._leads:
            await self._look_at_tables()

    async def _look_at_tables(self) -> None:
        try:
            figures = await self._watched.figures.figures(self._clock.now())
            self._look_at_budgets(figures)
            self._look_at_models(figures)
            await self._look_at_outcomes()
        except StoreError as error:
            log.warning("money and outcomes cannot be looked at: %s", error)

    def _look_at_account(self) -> None:
        for reason, kind in _ACCOUNT.items():
            counted = self._metrics.value("compose_account_errors_total", reason=reason)
            if counted > self._account_errors.get(reason, 0.0):
                self._alerts.raise_alert(kind)
            self._account_errors[reason] = counted

    def _look_at_loops(self) -> None:
        for loop in self._watched.loops():
            if loop.deaths > self._deaths.get(loop.name, 0):
                self._alerts.raise_alert(AlertKind.LOOP, loop=loop.name, error=loop.last_error)
            self._deaths[loop.name] = loop.deaths

    def _look_at_budgets(self, figures: Figures) -> None:
        terms = self._watched.terms()
        for period, budget, counted in (
            ("day", terms.budget_per_day_micros, figures.day_micros),
            ("month", terms.budget_per_month_micros, figures.month_micros),
        ):
            used = figures.held_micros + counted
            self._metrics.budget_used_ratio.labels(period).set(used / budget if budget else 0.0)
            if budget:
                self._told_of_budget(period, used=used, budget=budget)

    def _look_at_models(self, figures: Figures) -> None:
        """Songs that nothing can go on with until the operator configures what they were ordered with."""
        for one in figures.under_way:
            if not self._watched.is_open(one.provider, one.model):
                values = {"model": one.model, "provider": one.provider, "songs": one.songs}
                self._alerts.raise_alert(AlertKind.MODEL_MISSING, one.model[:40], **values)

    def _told_of_budget(self, period: str, *, used: int, budget: int) -> None:
        values = {
            "percent": 100 * used // budget,
            "spent": money_in_words(used, self._watched.currency),
            "budget": money_in_words(budget, self._watched.currency),
        }
        if used >= _WARNED_SHARE * budget:
            self._alerts.raise_alert(AlertKind.BUDGET_80, period, **values)
        if used + self._watched.price_micros > budget:
            self._alerts.raise_alert(AlertKind.BUDGET_100, period, **values)

    async def _look_at_outcomes(self) -> None:
        attempts = await self._watched.figures.attempts_since(self._clock.now() - _UNKNOWN_WITHIN)
        if attempts.unknown >= _MIN_UNKNOWN and attempts.unknown > _UNKNOWN_SHARE * attempts.all:
            self._alerts.raise_alert(AlertKind.UNKNOWN_OUTCOMES, unknown=attempts.unknown, attempts=attempts.all)


def tell_of_brake(alerts: Alerts, change: BrakeChange) -> None:
    """That waiting songs are held, or go on."""
    if change.held is None:
        alerts.raise_alert(AlertKind.BRAKE_OFF)
    elif change.before is None:
        alerts.raise_alert(AlertKind.BRAKE_ON)


def tell_of_migration(alerts: Alerts, migration: Migration | None) -> None:
    """That the tables were brought to this version, where they were."""
    if migration is None:
        return
    variant = "file" if migration.backup else ""
    alerts.raise_alert(
        AlertKind.MIGRATED, variant, before=migration.before, after=migration.after, backup=migration.backup
    )
