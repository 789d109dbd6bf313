"""Each kind rings once an hour, over restarts too, and whatever was written down arrives."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import DeliveryLaterError, UndeliverableError
from bot.metrics import Metrics
from bot.operators.alerts import Alert, AlertKind, Alerts
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from bot.supervisor import TaskSupervisor
from bot.texts import CATALOGS
from tests.moved_clock import MovedClock


class Operator:
    """Where alerts arrive; `troubles` are raised first, one for each try."""

    def __init__(self, *troubles: Exception) -> None:
        self.told: list[Alert] = []
        self.tries: list[str] = []
        self._troubles = list(troubles)

    async def send(self, alert: Alert) -> None:
        self.tries.append(alert.nonce)
        if self._troubles:
            raise self._troubles.pop(0)
        self.told.append(alert)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the database is a thread
            await asyncio.sleep(0.01)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def store(tmp_path: Path, clock: MovedClock) -> AsyncGenerator[SqlJobStore]:
    async with open_store(f"sqlite+aiosqlite:///{tmp_path}/compose.db", clock=clock, synchronous="OFF") as opened:
        yield opened


@asynccontextmanager
async def running(store: SqlJobStore, clock: MovedClock, operator: Operator) -> AsyncGenerator[Alerts]:
    """A process that alerts."""
    alerts = Alerts(store=store, clock=clock, metrics=Metrics())
    supervisor = TaskSupervisor(clock)
    supervisor.run_forever("alerts", lambda: alerts.run(operator))
    try:
        yield alerts
    finally:
        await supervisor.stop()


async def is_kept_as_sent(store: SqlJobStore, name: str) -> bool:
    return '"sent": true' in (await store.get_value(name) or "")


async def test_what_happens_again_within_the_hour_is_told_once_and_after_it_once_more(
    store: SqlJobStore, clock: MovedClock
):
    operator = Operator()
    async with running(store, clock, operator) as alerts:
        for _ in range(3):
            alerts.raise_alert(AlertKind.NO_CREDITS)
        alerts.raise_alert(AlertKind.DISK, trouble="full")
        await until(lambda: len(operator.told) == 2)
        clock.leap(3599)
        alerts.raise_alert(AlertKind.NO_CREDITS)
        clock.leap(2)
        alerts.raise_alert(AlertKind.NO_CREDITS)
        await until(lambda: len(operator.told) == 3)
    assert [alert.kind for alert in operator.told] == [AlertKind.NO_CREDITS, AlertKind.DISK, AlertKind.NO_CREDITS]


@pytest.mark.heavy
async def test_a_restart_repeats_nothing(store: SqlJobStore, clock: MovedClock):
    first, second = Operator(), Operator()
    async with running(store, clock, first) as alerts:
        alerts.raise_alert(AlertKind.KEY_REFUSED)
        await until(lambda: bool(first.told))
        async with asyncio.timeout(20):
            while not await is_kept_as_sent(store, "alert.key_refused"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    async with running(store, clock, second) as alerts:
        alerts.raise_alert(AlertKind.KEY_REFUSED)
        alerts.raise_alert(AlertKind.DISK, trouble="full")
        await until(lambda: bool(second.told))
    assert [alert.kind for alert in second.told] == [AlertKind.DISK]


async def test_what_was_not_sent_before_a_restart_is_sent_after_it_under_the_same_nonce(
    store: SqlJobStore, clock: MovedClock
):
    away = Operator(*[DeliveryLaterError("away")] * 99)
    async with running(store, clock, away) as alerts:
        alerts.raise_alert(AlertKind.BUDGET_100, "day", percent=100, spent="1.00 USD", budget="1.00 USD")
        await until(lambda: bool(away.tries))
    operator = Operator()
    async with running(store, clock, operator):
        await until(lambda: bool(operator.told))
    assert operator.tries == away.tries[:1]
    assert operator.told[0].values == {"percent": 100, "spent": "1.00 USD", "budget": "1.00 USD"}
    assert operator.told[0].variant == "day"


async def test_an_outage_is_waited_out(store: SqlJobStore, clock: MovedClock):
    operator = Operator(DeliveryLaterError("away"), DeliveryLaterError("away", retry_after_seconds=40))
    async with running(store, clock, operator) as alerts:
        alerts.raise_alert(AlertKind.LOOP, loop="disk", error="OSError")
        for tries, seconds in ((1, 3), (2, 41)):
            await until(lambda tries=tries: len(operator.tries) == tries and clock.has_sleepers())
            await clock.advance(seconds)
        await until(lambda: bool(operator.told))
    assert len(set(operator.tries)) == 1


async def test_who_cannot_be_written_to_holds_up_no_other_alert(
    store: SqlJobStore, clock: MovedClock, caplog: pytest.LogCaptureFixture
):
    operator = Operator(UndeliverableError("closed"))
    async with running(store, clock, operator) as alerts:
        alerts.raise_alert(AlertKind.BRAKE_ON)
        alerts.raise_alert(AlertKind.BRAKE_OFF)
        await until(lambda: bool(operator.told))
    assert operator.told[0].kind is AlertKind.BRAKE_OFF
    assert "Set OPERATOR_CHANNEL" in caplog.text


async def test_the_two_budgets_ring_apart_and_once_a_day(store: SqlJobStore, clock: MovedClock):
    operator = Operator()
    async with running(store, clock, operator) as alerts:
        for hours in (0, 2, 23):
            clock.leap(3600 * (hours and 1))
            for period in ("day", "month"):
                alerts.raise_alert(AlertKind.BUDGET_80, period, percent=80, spent="a", budget="b")
        await until(lambda: len(operator.told) == 2)
        clock.leap(24 * 3600)
        alerts.raise_alert(AlertKind.BUDGET_80, "day", percent=80, spent="a", budget="b")
        await until(lambda: len(operator.told) == 3)
    assert [alert.variant for alert in operator.told] == ["day", "month", "day"]


async def test_a_record_that_no_version_wrote_keeps_no_alert_from_ringing(store: SqlJobStore, clock: MovedClock):
    for nonsense in ("{", "[]", '{"at": 5}', '{"at": "2026-01-31T12:00:00+00:00"}', "x"):
        await store.set_value("alert.disk", nonsense)
        operator = Operator()
        async with running(store, clock, operator) as alerts:
            alerts.raise_alert(AlertKind.DISK, trouble="full")
            await until(lambda operator=operator: bool(operator.told))


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("variant", ["", "1" * 20])
def test_names_and_nonces_fit_where_they_are_kept(kind: AlertKind, variant: str):
    alert = Alert(kind=kind, variant=variant, at=MovedClock().now())
    assert len(alert.name) <= 64
    assert len(alert.nonce) <= 25


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_says_what_to_do(kind: AlertKind):
    found = [key for key in CATALOGS["en"] if key == f"alert.{kind}" or key.startswith(f"alert.{kind}_")]
    assert [key for key in found if key.endswith("_do")]
