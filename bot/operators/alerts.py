"""What whoever runs the bot is told: each kind once an hour, over restarts too, with what to do.

`raise_alert` may be called by anybody, at any time, and returns at once. What is raised is written down before it is
sent and once more when it has been: a restart sends what was not sent, and repeats nothing. Of several processes one
sends (`run`), which alone decides what was told already; the others leave it a line each (`hand_on`).
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from bot.clock import Clock
from bot.errors import DeliveryLaterError, StoreError, UndeliverableError
from bot.jobs.ports import RetentionStore, ValueStore
from bot.metrics import Metrics

log = logging.getLogger(__name__)

#: One kind rings at most so often.
QUIET = timedelta(hours=1)
#: A budget that is used up stays so for most of a day.
_QUIET_BUDGET = timedelta(hours=24)
#: What could not be sent for so long is in the log and in the metrics.
_GIVEN_UP_AFTER = timedelta(hours=24)
_MAX_WAITING = 100
#: Lines that others have left are looked for so often; a database that does not take one is asked again so often.
_LOOK_SECONDS, _AGAIN_SECONDS = 5.0, 5.0
#: Before the name of an alert that another process has left to be told.
_LEFT = "tell."
_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 2.0, 300.0


class AlertKind(StrEnum):
    """What happened. `alert.<kind>` and `alert.<kind>_do` are its sentences."""

    KEY_REFUSED = "key_refused"  #: the music API does not accept the key
    NO_CREDITS = "no_credits"  #: its account is empty
    ADDRESS_WRONG = "address_wrong"  #: it has no such call at its address
    BUDGET_80 = "budget_80"  #: of a budget that much is used; `variant` is `day` or `month`
    BUDGET_100 = "budget_100"  #: no further song fits into it
    DISK = "disk"  #: DATA_DIR does not take what is written to it
    LOOP = "loop"  #: a background loop died
    BRAKE_ON = "brake_on"  #: waiting songs are held, for the account's sake
    BRAKE_OFF = "brake_off"  #: they go on
    MODEL_MISSING = "model_missing"  #: songs wait for one that is not configured; `variant` is its name
    ADDRESS_CHANGED = "address_changed"  #: songs wait for an address of their service that is not configured
    UNKNOWN_OUTCOMES = "unknown_outcomes"  #: too many POSTs whose outcome nobody knows
    MIGRATED = "migrated"  #: the database was brought to this version; `variant` is `file` where a copy was made
    LOG_CHANNEL = "log_channel"  #: a server's log channel does not take its lines; `variant` is the server's id
    REPORT = "report"  #: a song was reported where there is no log channel; `variant` is its id and the reporter's


_QUIET_OF: Mapping[AlertKind, timedelta] = MappingProxyType(
    {AlertKind.BUDGET_80: _QUIET_BUDGET, AlertKind.BUDGET_100: _QUIET_BUDGET}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message to the operator."""

    kind: AlertKind
    variant: str = ""  #: rings apart from other variants of its kind
    at: datetime
    values: Mapping[str, str | int] = field(default_factory=dict[str, str | int])  #: fill the sentence

    @property
    def name(self) -> str:
        """Under which it is remembered: at most 64 characters."""
        return f"alert.{self.kind}.{self.variant}" if self.variant else f"alert.{self.kind}"

    @property
    def nonce(self) -> str:
        """The same for every try at this message; at most 25 characters."""
        return "alert-" + hashlib.sha256(f"{self.name} {self.at.isoformat()}".encode()).hexdigest()[:16]


#: Kinds that are about the very process which has seen them.
_OF_A_PROCESS = frozenset({
    AlertKind.DISK, AlertKind.LOOP, AlertKind.KEY_REFUSED, AlertKind.NO_CREDITS, AlertKind.ADDRESS_WRONG
})  # fmt: skip


class AlertStore(RetentionStore, ValueStore, Protocol):
    """What this asks of the store."""


class AlertSender(Protocol):
    """The way to the operator."""

    async def send(self, alert: Alert) -> None:
        """Raises DeliveryLaterError while Discord is out of reach, UndeliverableError when no way is left."""
        ...


class Alerts:
    """Takes alerts from everybody; `run` sends them, one after the other, or `hand_on` leaves them to who does."""

    def __init__(self, *, store: AlertStore, clock: Clock, metrics: Metrics) -> None:
        """Sends nothing before `run`."""
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._waiting: asyncio.Queue[Alert] = asyncio.Queue(_MAX_WAITING)
        self._raised = asyncio.Event()
        #: For the time in which the database does not answer.
        self._last: dict[str, datetime] = {}

    def raise_alert(self, kind: AlertKind, variant: str = "", **values: str | int) -> None:
        """Tell the operator, soon; at once for the caller. No secret and no member's words in `values`."""
        alert = Alert(kind=kind, variant=variant, at=self._clock.now(), values=values)
        if self._is_quiet(alert, self._last.get(alert.name)):
            return
        try:
            self._waiting.put_nowait(alert)
        except asyncio.QueueFull:
            self._metrics.alerts.labels(kind, "dropped").inc()
            log.error("too many alerts wait; this one is dropped: %s", kind)
            return
        self._last[alert.name] = alert.at
        self._raised.set()

    async def run(self, sender: AlertSender, *, for_others: bool = False) -> None:
        """For ever. First what a process before this one wrote down and did not send.

        `for_others`: what other processes have left as well; of all processes one does so.
        """
        for kind in AlertKind:
            unsent = _unsent(await self._kept(f"alert.{kind}"), kind)
            if unsent is not None and self._clock.now() - unsent.at < _GIVEN_UP_AFTER:
                await self._send(unsent, sender)
        while True:
            self._raised.clear()
            while not self._waiting.empty():
                await self._tell(self._waiting.get_nowait(), sender)
            if for_others:
                await self._tell_for_others(sender)
            await self._clock.wait(self._raised, _LOOK_SECONDS if for_others else None)

    async def hand_on(self, seen_by: str) -> None:
        """For ever, where another process sends. `seen_by`: this one, in words."""
        while True:
            alert = await self._waiting.get()
            if alert.kind in _OF_A_PROCESS:
                alert = replace(alert, values={**alert.values, "seen_by": seen_by})
            while not await self._is_left(alert):
                await self._clock.sleep(_AGAIN_SECONDS)

    async def _is_left(self, alert: Alert) -> bool:
        """The same alert may lie there already, which is told once."""
        try:
            await self._store.replace_value(_LEFT + alert.name.removeprefix("alert."), None, _record_of(alert))
        except StoreError as error:
            log.warning("an alert waits for the database: %s", error)
            return False
        log.info("an alert was left to the process that tells the operator: %s", alert.kind)
        return True

    async def _tell_for_others(self, sender: AlertSender) -> None:
        try:
            for name, kept in (await self._store.values_named(_LEFT)).items():
                alert = _unsent(kept)
                if alert is not None and self._clock.now() - alert.at < _GIVEN_UP_AFTER:
                    await self._tell(alert, sender)
                await self._store.drop_value(_LEFT + name)
        except StoreError as error:
            log.warning("what other processes have left to be told cannot be read: %s", error)

    async def _tell(self, alert: Alert, sender: AlertSender) -> None:
        """Unless the operator knows; what was written down and not sent before a restart is sent now."""
        kept = await self._kept(alert.name)
        before = _unsent(kept)
        if before is None or before.at != alert.at:
            if self._is_quiet(alert, _time_of(kept)) or self._was_told_meanwhile(alert):
                return
            await self._keep(alert, is_sent=False)
        self._last[alert.name] = max(alert.at, self._last.get(alert.name, alert.at))
        await self._send(alert, sender)

    def _was_told_meanwhile(self, alert: Alert) -> bool:
        """By this process, while the database took no note of it."""
        last = self._last.get(alert.name)
        return last is not None and last != alert.at and self._is_quiet(alert, last)

    def _is_quiet(self, alert: Alert, last: datetime | None) -> bool:
        return last is not None and alert.at - last < _QUIET_OF.get(alert.kind, QUIET)

    async def _send(self, alert: Alert, sender: AlertSender) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                await sender.send(alert)
            except DeliveryLaterError as error:
                if self._clock.now() - alert.at > _GIVEN_UP_AFTER:
                    return await self._ended(alert, "dropped")
                await self._clock.sleep(max(pause, error.retry_after_seconds or 0.0))
                pause = min(2 * pause, _MAX_PAUSE_SECONDS)
            except UndeliverableError as error:
                log.error("nobody could be told of %s: %s. Set OPERATOR_CHANNEL.", alert.kind, error)
                return await self._ended(alert, "dropped")
            else:
                log.info("the operator was told: %s", alert.kind)
                return await self._ended(alert, "sent")

    async def _ended(self, alert: Alert, outcome: str) -> None:
        self._metrics.alerts.labels(alert.kind, outcome).inc()
        await self._keep(alert, is_sent=True)

    async def _kept(self, name: str) -> str | None:
        try:
            return await self._store.get_value(name)
        except StoreError as error:
            log.warning("whether the operator knows cannot be read: %s", error)
            return None

    async def _keep(self, alert: Alert, *, is_sent: bool) -> None:
        record = _record_of(alert, is_sent=is_sent)
        try:
            # what is not sent is found again by its kind alone; the time is remembered for each variant
            for name in {alert.name, f"alert.{alert.kind}"}:
                await self._store.set_value(name, record)
        except StoreError as error:
            log.warning("that the operator knows cannot be kept: %s", error)


def _record_of(alert: Alert, *, is_sent: bool = False) -> str:
    record = {"at": alert.at.isoformat(), "variant": alert.variant, "values": dict(alert.values), "sent": is_sent}
    return json.dumps(record | {"kind": alert.kind})


def _time_of(kept: str | None) -> datetime | None:
    record = _record(kept)
    return None if record is None else datetime.fromisoformat(str(record["at"]))


def _unsent(kept: str | None, kind: AlertKind | None = None) -> Alert | None:
    """What waits to be told; of versions that did not write the kind, the caller knows it."""
    record = _record(kept)
    if record is None or record["sent"]:
        return None
    kind = kind or _KINDS.get(str(record.get("kind")))
    if kind is None:
        return None
    at = datetime.fromisoformat(str(record["at"]))
    return Alert(kind=kind, variant=str(record["variant"]), at=at, values=record["values"])


_KINDS = {str(kind): kind for kind in AlertKind}


def _record(kept: str | None) -> dict[str, Any] | None:
    """What `_keep` wrote; None where there is nothing, or what no version knows."""
    try:
        record: dict[str, Any] = json.loads(kept or "null")
        datetime.fromisoformat(record["at"])
        return record if record.keys() >= {"variant", "values", "sent"} else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
