"""How the client connects, syncs, and where its errors end."""

import asyncio
import logging
from datetime import timedelta

import discord
import pytest
import yarl
from discord import app_commands

from bot.audio import FILE_TYPES
from bot.client import ComposeClient, point_at, run_client
from bot.errors import Reason, StartError, StoreBusyError, TokenRefusedError
from bot.jobs.model import JobState
from tests.client_kit import LYRICS, SONG, ClientKit, ShiftedClock, client_kit, fake, labels_of, text_of

__all__ = ["client_kit", "fake"]

COMMANDS = r"/applications/\d+/commands"
#: For moderators, and for those who need them.
ADMIN = {"compose-admin", "Report this song"}


def make_client(client_kit: ClientKit) -> ComposeClient:
    return ComposeClient(
        jobs=client_kit.jobs,
        moderators=client_kit.client.services.moderators,
        requirements=client_kit.client.services.requirements,
        clock=ShiftedClock(),
        extensions=("cogs.compose", "cogs.tracks"),
    )


async def never_ready() -> None:
    raise AssertionError("it must not become ready")


async def test_it_hears_of_guilds_alone_and_pings_nobody(client_kit: ClientKit) -> None:
    assert client_kit.client.intents == discord.Intents(guilds=True)
    assert client_kit.client.allowed_mentions is not None
    assert client_kit.client.allowed_mentions.to_dict() == {"parse": []}


async def test_commands_are_synced_once_and_again_only_when_they_change(client_kit: ClientKit) -> None:
    assert len(client_kit.fake.calls_to("PUT", COMMANDS)) == 1
    await client_kit.restart()
    assert len(client_kit.fake.calls_to("PUT", COMMANDS)) == 1
    assert not await client_kit.client.sync_if_changed()

    @client_kit.client.tree.command(name="new", description="New")
    async def new(interaction: discord.Interaction) -> None: ...

    assert await client_kit.client.sync_if_changed()
    assert len(client_kit.fake.calls_to("PUT", COMMANDS)) == 2


async def test_the_commands_ask_for_songs_in_every_language_and_everywhere(
    client_kit: ClientKit,
) -> None:
    (put,) = client_kit.fake.calls_to("PUT", COMMANDS)
    compose = next(command for command in put.payload if command["name"] == "compose")
    assert compose["options"][0]["file_types"] == [*FILE_TYPES]
    assert compose["description_localizations"]["de"].startswith("Mach")
    assert (compose["contexts"], compose["integration_types"]) == ([0, 1, 2], [0, 1])
    assert {command["name"] for command in put.payload} == {
        "compose",
        "tracks",
        "queue",
        "quota",
        "Compose from this",
        *ADMIN,
    }


async def test_when_discord_refuses_file_types_the_commands_are_synced_without(client_kit: ClientKit) -> None:
    client = make_client(client_kit)
    client_kit.fake.world.commands[None] = []
    client_kit.fake.fail(
        "PUT", COMMANDS, status=400, body={"code": 50035, "message": "Invalid Form Body", "errors": {}}
    )
    async with client:
        await client.login(client_kit.fake.token)
        last = client_kit.fake.calls_to("PUT", COMMANDS)[-1]
        assert last.status == 200
        assert "file_types" not in str(last.payload)


async def test_a_wrong_token_is_told_apart(client_kit: ClientKit) -> None:
    async with make_client(client_kit) as client:
        with pytest.raises(TokenRefusedError, match="DISCORD_TOKEN"):
            await run_client(client, "wrong", never_ready)


async def test_intents_that_discord_refuses_end_the_run_with_a_sentence(client_kit: ClientKit) -> None:
    async with make_client(client_kit) as client:
        client._connection._intents = discord.Intents(guilds=True, members=True)
        with pytest.raises(StartError, match="intents"):
            await run_client(client, client_kit.fake.token, never_ready)


async def test_what_fails_at_the_first_ready_ends_the_run(client_kit: ClientKit) -> None:
    async def broken() -> None:
        raise StoreBusyError("locked")

    async with make_client(client_kit) as client:
        with pytest.raises(StoreBusyError):
            await run_client(client, client_kit.fake.token, broken)
        await asyncio.sleep(0.01)


def test_pointing_elsewhere_is_two_assignments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL("wss://gateway.discord.gg/"))
    point_at("http://127.0.0.1:1/api/v10/", "ws://127.0.0.1:1/gateway/")
    assert discord.http.Route("GET", "/users/@me").url == "http://127.0.0.1:1/api/v10/users/@me"
    assert yarl.URL("ws://127.0.0.1:1/gateway/") == discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY


async def test_a_broken_command_says_so_with_a_reference_and_gives_the_words_back(
    client_kit: ClientKit, caplog: pytest.LogCaptureFixture
) -> None:
    tree = client_kit.client.tree
    tree.remove_command("compose")

    async def broken(interaction: discord.Interaction, reference: discord.Attachment, lyrics: str) -> None:
        raise RuntimeError("secret inside")

    tree.add_command(app_commands.Command(name="compose", description="x", callback=broken))
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    answer = await client_kit.fake.until(lambda: done.original)
    assert answer.visible_to == done.user.id
    assert "Side by side" in text_of(answer)
    assert "secret" not in text_of(answer)
    (line,) = [record for record in caplog.records if record.exc_info and "reference" in record.getMessage()]
    reference = line.getMessage().rsplit(" ", 1)[-1]
    assert reference in answer.content
    assert LYRICS not in caplog.text


async def test_an_interaction_that_is_too_old_to_answer_makes_no_noise(
    client_kit: ClientKit, caplog: pytest.LogCaptureFixture
) -> None:
    client_kit.excused.add("late answer")
    await client_kit.fake.slash("queue", age_seconds=10)
    await client_kit.fake.settle(0.3)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_an_order_whose_answer_comes_too_late_rests_unpaid_and_is_told_of(client_kit: ClientKit) -> None:
    client_kit.excused |= {"late answer", "unacknowledged"}
    await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, age_seconds=10)
    await client_kit.fake.until(lambda: len(client_kit.woken) == 2)
    job = await client_kit.jobs.get(client_kit.woken[0])
    assert (job.state, job.reason, job.answered_at) == (JobState.FAILED, Reason.UNANSWERED, None)
    await client_kit.tell(job)
    await client_kit.tell(job)  # a crash in between: the nonce makes it one
    (news,) = client_kit.fake.messages
    assert "Make it after all" in labels_of(news)


async def test_an_order_replayed_after_minutes_is_not_taken(client_kit: ClientKit) -> None:
    client_kit.excused.add("unacknowledged")
    await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, age_seconds=120)
    await client_kit.fake.settle(0.3)
    assert client_kit.woken == []
    assert client_kit.fake.messages == []


async def test_the_gateway_may_drop_and_commands_go_on(client_kit: ClientKit) -> None:
    await client_kit.fake.gateway.ask_to_reconnect()
    await client_kit.fake.until(lambda: not client_kit.fake.gateway.connected)
    await client_kit.fake.until(lambda: client_kit.fake.gateway.connected)
    assert (await client_kit.order()).id


@pytest.mark.parametrize("ahead", [timedelta(minutes=1, seconds=5), timedelta(minutes=14)])
async def test_a_machine_whose_clock_is_ahead_takes_orders_and_knows_an_old_one_all_the_same(
    client_kit: ClientKit, ahead: timedelta
) -> None:
    client_kit.excused.add("unacknowledged")
    client_kit.clock.ahead += ahead
    await client_kit.restart()
    job = await client_kit.order()
    assert client_kit.card(job)
    assert "ahead of Discord's" in client_kit.client.discord_time.trouble
    await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, age_seconds=120)
    await client_kit.fake.settle(0.2)
    assert await client_kit.store.get(job.id + 1) is None


async def test_while_discords_time_is_not_known_no_order_is_too_old(client_kit: ClientKit) -> None:
    client_kit.excused |= {"late answer", "unacknowledged"}
    client_kit.client.discord_time._ahead_seconds.clear()
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, age_seconds=120)
    await client_kit.fake.until(lambda: client_kit.fake.calls_to("POST", f"^/interactions/{done.id}/"))
    await client_kit.fake.until(lambda: client_kit.woken)  # it may have been told first that it takes longer
    assert await client_kit.store.get(1) is not None
