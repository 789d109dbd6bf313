"""A server's log channel: one line for each order that came to rest, each refusal by a rule, each act of a moderator.

Lines are read from what the tables say anyway, so no order waits for them or fails with them, and a restart loses none.
How far each server has come is kept; what Discord does not take is counted and left out.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.clock import Clock
from bot.errors import DeliveryLaterError, StoreError, UndeliverableError
from bot.jobs.ports import ValueStore
from bot.jobs.record import LOG_CHANNEL, Act, KeptAct, Marks, RecordStore, RefusedOrder, Rest
from bot.jobs.service import JobService
from bot.metrics import Metrics
from bot.operators.alerts import AlertKind, Alerts

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
#: Of one server at one look; what is behind by more than the second is left out.
_AT_A_TIME, _MAX_BEHIND = 20, 100
#: Discord is out of reach, or busy: this server's lines wait so long.
_PAUSE = timedelta(seconds=20)
#: The same refusal of the same member is one line for so long.
_SAME_REFUSAL = timedelta(minutes=1)

Entry = Rest | KeptAct | RefusedOrder


class LogStore(RecordStore, ValueStore, Protocol):
    """What is read, and where it is kept how far."""


class LineSender(Protocol):
    """The way to a channel."""

    async def send(self, channel_id: int, guild_id: int, entry: Entry) -> None:
        """One line. Raises DeliveryLaterError, UndeliverableError when the channel refuses."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChannel:
    """One server's, as it is kept."""

    channel: int
    event: int  #: the last line of history that was told
    act: int  #: the last act that was told
    refused: bool = False  #: the channel took no line when last tried

    @classmethod
    def parsed(cls, kept: str | None) -> "LogChannel | None":
        """None where there is none, or what is kept cannot be read."""
        if not kept:
            return None
        try:
            return cls(**json.loads(kept))
        except (ValueError, TypeError):
            return None

    def written(self) -> str:
        """What is kept."""
        return json.dumps(asdict(self))


class LogChannels:
    """Which server has one; durable."""

    def __init__(self, store: LogStore, clock: Clock) -> None:
        """Reads nothing yet."""
        self._store = store
        self._clock = clock

    async def of(self, guild_id: int) -> LogChannel | None:
        """This server's. Raises StoreError."""
        return LogChannel.parsed(await self._store.get_value(f"{LOG_CHANNEL}{guild_id}"))

    async def choose(self, guild_id: int, channel_id: int | None, by: int) -> None:
        """From now on, lines go there; None: nowhere. Raises StoreError."""
        marks = await self._store.marks()
        kept = "" if channel_id is None else _begin(channel_id, marks).written()
        await self._store.set_value(f"{LOG_CHANNEL}{guild_id}", kept)
        about = "none" if channel_id is None else f"channel {channel_id}"
        await self._store.audit(Act(by=by, guild_id=guild_id, what="log_channel", about=about), self._clock.now())

    async def all(self) -> Mapping[int, LogChannel]:
        """By server. Raises StoreError."""
        found: dict[int, LogChannel] = {}
        for name, kept in (await self._store.values_like(LOG_CHANNEL)).items():
            channel, guild = LogChannel.parsed(kept), name.removeprefix(LOG_CHANNEL)
            if channel is not None and guild.isdecimal():
                found[int(guild)] = channel
        return found

    async def keep(self, guild_id: int, channel: LogChannel) -> None:
        """How far it has come, unless another was chosen meanwhile. Raises StoreError."""
        now = await self.of(guild_id)
        if now is not None and now.channel == channel.channel:
            await self._store.set_value(f"{LOG_CHANNEL}{guild_id}", channel.written())


def _begin(channel_id: int, marks: Marks) -> LogChannel:
    return LogChannel(channel=channel_id, event=marks.event, act=marks.act)


class GuildLog:
    """Brings lines to every log channel; one loop for all of them."""

    def __init__(
        self,
        *,
        channels: LogChannels,
        store: RecordStore,
        jobs: JobService,
        alerts: Alerts,
        clock: Clock,
        metrics: Metrics,
        is_heard: Callable[[int], bool] = lambda _guild_id: True,
    ) -> None:
        """`jobs`: whose refused orders are read. `is_heard`: the servers whose channels are seen to here."""
        self._is_heard = is_heard
        self._channels = channels
        self._store = store
        self._jobs = jobs
        self._alerts = alerts
        self._clock = clock
        self._metrics = metrics
        self._seen: Marks | None = None
        self._waits: dict[int, datetime] = {}
        self._refusals: dict[tuple[int, int, str], datetime] = {}

    async def run(self, sender: LineSender) -> None:
        """For ever."""
        while True:
            try:
                await self.look(sender)
            except StoreError as error:
                log.warning("log channels wait: %s", error)
            await self._clock.sleep(_LOOK_SECONDS)

    async def look(self, sender: LineSender) -> None:
        """Once: whatever is new. Raises StoreError."""
        marks = await self._store.marks()
        refused = self._new_refusals()
        if marks == self._seen and not refused and not self._waits:
            return
        behind = False
        channels: Mapping[int, LogChannel] = await self._channels.all() if marks.has_channels else {}
        for guild_id, channel in channels.items():
            if not self._is_heard(guild_id):
                continue
            behind |= await self._bring(guild_id, channel, refused.get(guild_id, []), sender)
        self._seen = None if behind else marks

    def _new_refusals(self) -> dict[int, list[RefusedOrder]]:
        found: dict[int, list[RefusedOrder]] = {}
        now = self._clock.now()
        self._refusals = {one: at for one, at in self._refusals.items() if now - at < _SAME_REFUSAL}
        while self._jobs.refused_orders:
            order = self._jobs.refused_orders.popleft()
            same = (order.guild_id, order.member_id, order.reason)
            if same not in self._refusals:
                self._refusals[same] = now
                found.setdefault(order.guild_id, []).append(order)
        return found

    async def _bring(self, guild_id: int, channel: LogChannel, refused: list[RefusedOrder], sender: LineSender) -> bool:
        """Whether there is more to bring."""
        until = self._waits.get(guild_id)
        if until is not None and self._clock.now() < until:
            self._count("dropped", len(refused))
            return True
        self._waits.pop(guild_id, None)
        rests = list(await self._store.rests_since(channel.event, guild_id, limit=_MAX_BEHIND))
        acts = list(await self._store.acts_since(channel.act, guild_id, limit=_MAX_BEHIND))
        told = channel
        try:
            in_order = sorted((*rests[:_AT_A_TIME], *acts[:_AT_A_TIME]), key=lambda entry: entry.at)
            for entry in (*in_order, *refused):
                told = await self._told(guild_id, told, entry, sender)
        except DeliveryLaterError as error:
            log.info("a log channel waits (%s)", error, extra={"guild": guild_id})
            self._waits[guild_id] = self._clock.now() + _PAUSE
            told = self._without_what_is_too_old(told, rests, acts)
        if told != channel:
            await self._channels.keep(guild_id, told)
        return guild_id in self._waits or max(len(rests), len(acts)) > _AT_A_TIME

    async def _told(self, guild_id: int, channel: LogChannel, entry: Entry, sender: LineSender) -> LogChannel:
        """The channel after the line; a refusal is told to the operator once. Raises DeliveryLaterError."""
        refused = False
        try:
            await sender.send(channel.channel, guild_id, entry)
        except UndeliverableError as error:
            refused = True
            log.info("a log channel refuses a line: %s", error, extra={"guild": guild_id})
            if not channel.refused:
                self._alerts.raise_alert(
                    AlertKind.LOG_CHANNEL, str(guild_id), channel=channel.channel, server=str(guild_id)
                )
        self._count("dropped" if refused else "sent")
        channel = replace(channel, refused=refused)
        match entry:
            case Rest(id=number):
                return replace(channel, event=number)
            case KeptAct(id=number):
                return replace(channel, act=number)
            case RefusedOrder():
                return channel

    def _without_what_is_too_old(self, channel: LogChannel, rests: list[Rest], acts: list[KeptAct]) -> LogChannel:
        """Discord is away for long: the oldest lines are left out, so that what waits is bounded."""
        if len(rests) == _MAX_BEHIND:
            self._count("dropped", _MAX_BEHIND // 2)
            channel = replace(channel, event=max(channel.event, rests[_MAX_BEHIND // 2].id))
        if len(acts) == _MAX_BEHIND:
            self._count("dropped", _MAX_BEHIND // 2)
            channel = replace(channel, act=max(channel.act, acts[_MAX_BEHIND // 2].id))
        return channel

    def _count(self, outcome: str, number: int = 1) -> None:
        self._metrics.log_lines.labels(outcome).inc(number)


class ReportRoutes:
    """What the controls on Discord ask of this side: bot.ui.interaction_context.ReportRouting."""

    def __init__(self, channels: LogChannels, alerts: Alerts) -> None:
        """Reads nothing yet."""
        self._channels = channels
        self._alerts = alerts

    async def report_goes_to_channel(self, guild_id: int) -> bool:
        """Not where the channel refused its last line. Raises StoreError."""
        channel = await self._channels.of(guild_id)
        return channel is not None and not channel.refused

    def report_to_operator(self, job_id: int, by: int) -> None:
        """As an alert of its own for each song and reporter."""
        self._alerts.raise_alert(AlertKind.REPORT, f"{job_id}.{by}", song=job_id)

    async def choose_log_channel(self, guild_id: int, channel_id: int | None, by: int) -> None:
        """Durable, and an act. Raises StoreError."""
        await self._channels.choose(guild_id, channel_id, by)
