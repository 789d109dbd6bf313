"""The gateway lost for long: the same process comes back by itself, and health says so in the meantime."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import yarl

from bot.errors import TokenRefusedError
from bot.gateway import LOST_SECONDS, pause_seconds
from sandbox.discord import FakeDiscord
from tests.client_kit import ClientKit, ShiftedClock, fake

__all__ = ["fake"]

NOBODY = yarl.URL("ws://127.0.0.1:9/gateway/")


class HurriedClock(ShiftedClock):
    """Whoever sleeps on it wakes almost at once, and the time has passed all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_seconds = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped_seconds

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await super().sleep(0.01)
        self.skipped_seconds += seconds


@pytest.fixture
async def kit(fake: FakeDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClientKit]:
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
    kit = ClientKit(fake=fake, folder=tmp_path, clock=HurriedClock())
    await kit.start()
    yield kit
    await kit.stop()


def clock_of(kit: ClientKit) -> HurriedClock:
    assert isinstance(kit.clock, HurriedClock)
    return kit.clock


def next_ready(kit: ClientKit) -> asyncio.Event:
    """Set once discord.py has told of the next new session; a client that is closed before that leaves it untold."""
    ready = asyncio.Event()

    async def on_ready() -> None:
        ready.set()

    kit.client.add_listener(on_ready, "on_ready")
    return ready


async def test_twelve_minutes_without_discord_end_in_a_new_session_and_nothing_is_lost(
    kit: ClientKit, fake: FakeDiscord
) -> None:
    job = await kit.order()
    client, clock, ready = kit.client, clock_of(kit), next_ready(kit)
    assert client.gateway.is_well
    identifies = fake.gateway.identifies
    await fake.refuse_connections()
    began = clock.monotonic()
    await fake.until(lambda: clock.monotonic() - began > LOST_SECONDS, 20)
    assert not client.gateway.is_well
    assert client.is_ready(), "what discord.py says of itself"
    await fake.until(lambda: clock.monotonic() - began > 12 * 60, 20)
    assert max(clock.pauses) <= 60
    fake.advance(12 * 60)
    await fake.accept_connections()
    await fake.until(lambda: client.gateway.is_well, 20)
    assert fake.gateway.identifies == identifies + 1
    assert fake.calls_to("GET", "^/gateway/bot$")
    assert (await kit.order()).id != job.id
    assert kit.client is client
    await ready.wait()


async def test_an_address_to_resume_at_where_nobody_is_any_more_is_given_up_after_two_minutes(
    kit: ClientKit, fake: FakeDiscord
) -> None:
    clock, began, identifies = clock_of(kit), clock_of(kit).monotonic(), fake.gateway.identifies
    ready = next_ready(kit)
    kit.client.ws.gateway = NOBODY
    fake.gateway.cut()
    await fake.until(lambda: fake.gateway.identifies > identifies and kit.client.gateway.is_well, 20)
    assert clock.monotonic() - began >= LOST_SECONDS
    assert (await kit.order()).id
    await ready.wait()


async def test_a_short_drop_is_resumed_and_never_red(kit: ClientKit, fake: FakeDiscord) -> None:
    identifies, resumes = fake.gateway.identifies, fake.gateway.resumes
    await fake.gateway.drop()
    assert kit.client.gateway.is_well
    await fake.until(lambda: fake.gateway.resumes > resumes and fake.gateway.connected, 20)
    assert (await kit.order()).id
    assert fake.gateway.identifies == identifies


async def test_a_gateway_that_falls_silent_is_red_after_two_minutes(kit: ClientKit) -> None:
    clock_of(kit).skipped_seconds += LOST_SECONDS
    assert not kit.client.gateway.is_well


async def test_a_token_that_was_renewed_meanwhile_ends_the_run(kit: ClientKit, fake: FakeDiscord) -> None:
    fake.set_token("renewed.meanwhile")
    fake.gateway.forget()
    await fake.gateway.drop()
    running = next(task for task in asyncio.all_tasks() if task.get_name() == "gateway")
    with pytest.raises(TokenRefusedError):
        async with asyncio.timeout(20):
            await asyncio.shield(running)


async def test_what_discord_py_cannot_read_costs_one_connection_and_nothing_else(
    kit: ClientKit, fake: FakeDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    resumes = fake.gateway.resumes
    fake.world.send_event("CHANNEL_CREATE", {"id": "none", "type": 0, "guild_id": f"{fake.guild.id}"})
    await fake.until(lambda: fake.gateway.resumes > resumes and fake.gateway.connected, 20)
    assert "a fault of ours" in caplog.text
    assert (await kit.order()).id


async def test_a_token_that_was_renewed_during_a_long_outage_ends_the_run(kit: ClientKit, fake: FakeDiscord) -> None:
    clock = clock_of(kit)
    running = next(task for task in asyncio.all_tasks() if task.get_name() == "gateway")
    await fake.refuse_connections()
    fake.set_token("renewed.meanwhile")
    began = clock.monotonic()
    await fake.until(lambda: clock.monotonic() - began > LOST_SECONDS, 20)
    await fake.accept_connections()
    with pytest.raises(TokenRefusedError):
        async with asyncio.timeout(20):
            await asyncio.shield(running)


def test_pauses_stay_within_a_minute_however_long_it_takes() -> None:
    assert 1 <= pause_seconds(1) <= 2
    assert all(30 <= pause_seconds(tries) <= 60 for tries in (10, 1_000, 100_000))
