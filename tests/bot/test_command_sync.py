"""Commands are compared with what Discord has; what it refuses keeps nobody from using what it has."""

import asyncio
import logging
from typing import Any

import discord
import pytest

from bot.command_sync import CommandSync
from sandbox.discord import FakeDiscord
from tests.client_kit import ClientKit, client_kit, fake
from tests.moved_clock import MovedClock

__all__ = ["client_kit", "fake"]

COMMANDS = r"/applications/\d+/commands$"
OURS = {"compose", "tracks", "queue", "quota", "compose-admin", "Compose from this", "Report this song"}

REFUSALS: dict[str, tuple[dict[str, Any], str, float]] = {
    "a daily limit": (
        {"status": 400, "body": {"code": 30034, "message": "Max number of daily application command creates"}},
        "code 30034",
        3600,
    ),
    "an outage": ({"status": 503}, "503", 60),
    "a long limit": ({"status": 429, "retry_after_seconds": 5000.0}, "a limit of 5000 s", 5000),
    "a reset": ({"drop": True, "times": 2}, "Disconnected", 60),
    "commands it does not take": (
        {"status": 400, "body": {"code": 50035, "message": "Invalid Form Body", "errors": {}}, "times": 2},
        "code 50035",
        60,
    ),
}


def names_at(fake: FakeDiscord) -> set[str]:
    return {each["name"] for each in fake.world.commands[None]}


def add_command(client_kit: ClientKit) -> None:
    @client_kit.client.tree.command(name="new", description="New")
    async def new(interaction: discord.Interaction) -> None: ...


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_discord_refuses_is_said_and_tried_again_when_its_time_has_come(
    client_kit: ClientKit, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.WARNING)
    fault, said, pause_seconds = REFUSALS[name]
    add_command(client_kit)
    clock = MovedClock()
    sync = CommandSync(client_kit.client.tree, clock)
    client_kit.fake.fail("PUT", COMMANDS, **fault)
    await sync.first_try()
    assert not sync.is_done
    assert said in caplog.text
    assert names_at(client_kit.fake) == OURS
    assert (await client_kit.order()).id, "members use what Discord has"
    trying = asyncio.create_task(sync.keep_trying())
    await clock.settle()
    assert clock.asked == [pause_seconds]
    await clock.advance(pause_seconds)
    await trying
    assert names_at(client_kit.fake) == OURS | {"new"}


async def test_a_limit_of_discord_itself_is_waited_for(client_kit: ClientKit) -> None:
    client_kit.fake.rules.command_creates_per_day = len(OURS)
    add_command(client_kit)
    sync = CommandSync(client_kit.client.tree, MovedClock())
    await sync.first_try()
    assert (sync.is_done, names_at(client_kit.fake)) == (False, OURS)
    client_kit.fake.advance(86_401)
    await sync.first_try()
    assert (sync.is_done, names_at(client_kit.fake)) == (True, OURS | {"new"})


async def test_an_outage_while_discord_is_asked_is_no_end_either(client_kit: ClientKit) -> None:
    client_kit.fake.fail("GET", COMMANDS, status=503)
    sync = CommandSync(client_kit.client.tree, MovedClock())
    await sync.first_try()
    assert not sync.is_done
    await sync.first_try()
    assert sync.is_done


async def test_pauses_grow_to_an_hour(client_kit: ClientKit) -> None:
    client_kit.fake.fail("GET", COMMANDS, status=503, times=6)
    clock = MovedClock()
    sync = CommandSync(client_kit.client.tree, clock)
    await sync.first_try()
    trying = asyncio.create_task(sync.keep_trying())
    while not trying.done():
        await clock.advance(3600)
    await trying
    assert clock.asked == [60, 300, 900, 3600, 3600, 3600]


async def test_the_command_of_an_activity_stays(client_kit: ClientKit) -> None:
    client_kit.fake.add_entry_point()
    kept = client_kit.fake.world.commands[None][-1]["id"]
    assert not await client_kit.client.command_sync.sync_if_changed(), "it is nothing of ours"
    add_command(client_kit)
    assert await client_kit.client.command_sync.sync_if_changed()
    assert names_at(client_kit.fake) == OURS | {"new", "launch"}
    assert next(each for each in client_kit.fake.world.commands[None] if each["name"] == "launch")["id"] == kept


async def test_what_somebody_else_changed_or_removed_at_discord_is_put_right(client_kit: ClientKit) -> None:
    sync = client_kit.client.command_sync
    assert not await sync.sync_if_changed()
    commands = client_kit.fake.world.commands[None]
    removed = commands.pop()
    assert await sync.sync_if_changed()
    assert removed["name"] in names_at(client_kit.fake)
    client_kit.fake.world.commands[None][0]["description_localizations"] = None
    assert await sync.sync_if_changed()
    assert not await sync.sync_if_changed()
