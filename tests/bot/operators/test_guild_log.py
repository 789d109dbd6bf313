"""What log channels ask of the tables while nobody has one, and that the first one is seen at once."""

from collections import deque
from collections.abc import AsyncGenerator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import event

from bot.clock import SystemClock
from bot.jobs.model import JobState
from bot.metrics import Metrics
from bot.operators.alerts import Alerts
from bot.operators.guild_log import Entry, GuildLog, LogChannels
from bot.store.jobs import SqlJobStore
from tests.bot.jobs.kit import Kit, opened_store
from tests.bot.jobs.orders import GUILD
from tests.client_kit import migrated


class Sender:
    def __init__(self) -> None:
        self.sent: list[int] = []

    async def send(self, channel: int, _guild_id: int, _entry: Entry) -> None:
        self.sent.append(channel)


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncGenerator[Kit]:
    async with opened_store(tmp_path, await migrated(SystemClock())) as store:
        kit = Kit(store, tmp_path / "data")
        yield kit
        await kit.supervisor.stop()


@pytest.fixture
def log(kit: Kit) -> GuildLog:
    jobs = cast("Any", SimpleNamespace(refused_orders=deque[Any]()))
    alerts = Alerts(store=kit.real_store, clock=kit.clock, metrics=Metrics())
    channels = LogChannels(kit.real_store, kit.clock)
    return GuildLog(
        channels=channels, store=kit.real_store, jobs=jobs, alerts=alerts, clock=kit.clock, metrics=Metrics()
    )


def reads_of(store: SqlJobStore) -> list[object]:
    counted: list[object] = []
    event.listen(store.database._reader.sync_engine, "begin", counted.append)
    return counted


async def test_while_no_server_has_a_channel_each_look_is_one_read_whatever_happens(kit: Kit, log: GuildLog):
    reads = reads_of(kit.real_store)
    for _ in range(3):
        await kit.at(JobState.DELIVERED)
        await log.look(Sender())
    assert len(reads) == 3


async def test_a_channel_that_was_chosen_hears_of_the_next_song(kit: Kit, log: GuildLog):
    sender = Sender()
    await log.look(sender)
    await LogChannels(kit.real_store, kit.clock).choose(GUILD, 4711, by=1)
    await log.look(sender)
    before = len(sender.sent)
    await kit.at(JobState.DELIVERED)
    await log.look(sender)
    assert sender.sent[before:] == [4711]
