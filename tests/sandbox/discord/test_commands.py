from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from sandbox.discord import ClientRefusedError, FakeDiscord

from .conftest import Bot, Start


def commands_url(fake: FakeDiscord, guild: bool = False) -> str:
    scope = f"/guilds/{fake.guild.id}" if guild else ""
    return f"{fake.api_url}/applications/{fake.world.application_id}{scope}/commands"


def slash(*options: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "compose", "description": "Make a song", "type": 1, "options": list(options), **more}


def option(kind: int = 3, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": "lyrics", "description": "Words", **more}


async def put(http: aiohttp.ClientSession, fake: FakeDiscord, *commands: dict[str, Any]) -> tuple[int, Any]:
    async with http.put(commands_url(fake), json=list(commands)) as answer:
        return answer.status, await answer.json()


class AudioCommand(app_commands.Command[Any, Any, Any]):
    """A command whose files are filtered by the client."""

    def to_dict(self, tree: app_commands.CommandTree[Any]) -> dict[str, Any]:
        body = super().to_dict(tree)
        for row in body["options"]:
            if row["type"] == 11:
                row["file_types"] = ["audio"]
        return body


async def test_commands_are_registered_with_ids_that_stay(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="compose", description="Make a song")
        async def compose(interaction: discord.Interaction, reference: discord.Attachment) -> None: ...

        @bot.tree.context_menu(name="Compose from this")
        async def from_this(interaction: discord.Interaction, message: discord.Message) -> None: ...

    bot = await start(prepare)
    first = await bot.tree.fetch_commands()
    assert {(command.name, command.type) for command in first} == {
        ("compose", discord.AppCommandType.chat_input),
        ("Compose from this", discord.AppCommandType.message),
    }
    again = await bot.tree.sync()
    assert {command.id for command in again} == {command.id for command in first}


async def test_a_guilds_commands_are_offered_there_alone(fake: FakeDiscord, start: Start) -> None:
    bot = await start()

    @bot.tree.command(name="here", description="Here", guild=discord.Object(fake.guild.id))
    async def here(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("x")

    await bot.tree.sync(guild=discord.Object(fake.guild.id))
    done = await fake.slash("here")
    await fake.until(lambda: done.answered)
    with pytest.raises(ClientRefusedError):
        await fake.slash("here", channel=fake.open_dm())


async def test_file_types_are_accepted_and_filter_by_extension_alone(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        async def compose(interaction: discord.Interaction, reference: discord.Attachment) -> None:
            await interaction.response.send_message(reference.content_type)

        bot.tree.add_command(AudioCommand(name="compose", description="Make a song", callback=compose))

    await start(prepare)
    assert fake.violations == []
    with pytest.raises(ClientRefusedError, match=r"photo\.png"):
        await fake.slash("compose", files={"reference": ("photo.png", b"x")})
    done = await fake.slash("compose", files={"reference": ("not really.MP3", b"<html>")})
    await fake.until(lambda: done.answered)
    assert done.messages[0].content == "audio/mpeg"


@pytest.mark.parametrize(
    "command",
    [
        slash(name="Compose"),
        slash(name="two words"),
        slash(name="n" * 33),
        slash(name=""),
        slash(description=""),
        slash(description="d" * 101),
        slash(description=None),
        slash(type=9),
        slash(option(kind=12)),
        slash(option(kind=0)),
        slash(option(name="Lyrics")),
        slash(option(description="")),
        slash(option(max_length=6001)),
        slash(option(min_length=-1)),
        slash(option(kind=4, max_length=5)),
        slash(option(kind=11, choices=[{"name": "x", "value": "x"}])),
        slash(option(file_types=["audio"])),
        slash(option(kind=11, file_types=["sounds"])),
        slash(option(), option()),
        slash(option(name="a"), option(name="b", required=True)),
        slash(option(choices=[{"name": "x", "value": "x"}], autocomplete=True)),
        slash(option(choices=[{"name": str(n), "value": "x"} for n in range(26)])),
        slash(*(option(name=f"o{n}") for n in range(26))),
        slash(option(kind=1, name="sub"), option(name="b")),
        slash(contexts=[3]),
        slash(integration_types=["guild"]),
        slash(name_localizations={"de": "Zwei Worte"}),
        slash(*(option(name=f"o{n}", choices=[{"name": "n" * 100, "value": "v" * 100}] * 2) for n in range(20))),
        {"name": "Compose from this", "type": 3, "description": "not for menus"},
        {"name": "n" * 33, "type": 3},
    ],
)
async def test_a_command_discord_would_refuse_is_refused(
    fake: FakeDiscord, http: aiohttp.ClientSession, command: dict[str, Any]
) -> None:
    status, body = await put(http, fake, command)
    assert (status, body["code"]) == (400, 50035)
    assert body["errors"]
    assert fake.world.commands == {}


@pytest.mark.parametrize(
    "command",
    [
        slash(),
        slash(name="mögen_das-hier"),
        slash(option(max_length=6000, min_length=0)),
        slash(option(kind=11, required=True, file_types=["audio", ".mid"])),
        slash(option(required=True, name="a"), option(name="b")),
        slash(option(kind=1, name="sub", options=[option()])),
        slash(name_localizations={"de": "komponieren"}, contexts=[0, 1, 2], integration_types=[0, 1]),
        {"name": "Compose from this", "type": 3},
    ],
)
async def test_a_command_discord_takes_is_taken(
    fake: FakeDiscord, http: aiohttp.ClientSession, command: dict[str, Any]
) -> None:
    status, body = await put(http, fake, command)
    assert status == 200
    assert body[0]["id"]
    assert fake.violations == []


async def test_two_commands_of_one_name_are_refused(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    assert (await put(http, fake, slash(), slash()))[0] == 400


async def test_sixteen_message_commands_are_too_many(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    many = [{"name": f"Menu {number}", "type": 3} for number in range(16)]
    assert (await put(http, fake, *many[:15]))[0] == 200
    assert (await put(http, fake, *many))[0] == 400


async def test_unknown_fields_of_a_command_are_noticed(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    await put(http, fake, slash(option(requird=True), colour="red"))
    assert {violation.detail for violation in fake.violations} == {"0.colour", "0.options.0.requird"}


async def test_single_commands_are_added_changed_and_removed(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    url = commands_url(fake, guild=True)
    async with http.post(url, json=slash()) as answer:
        command = await answer.json()
    async with http.post(url, json=slash(description="Other")) as answer:
        assert (await answer.json())["id"] == command["id"]
    async with http.patch(f"{url}/{command['id']}", json={"description": "Third"}) as answer:
        assert (await answer.json())["description"] == "Third"
    async with http.get(f"{url}/{command['id']}") as answer:
        assert (await answer.json())["description"] == "Third"
    async with http.delete(f"{url}/{command['id']}") as answer:
        assert answer.status == 204
    async with http.get(f"{url}/{command['id']}") as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, 10063)
    async with http.get(url) as answer:
        assert await answer.json() == []


async def test_commands_of_another_application_or_guild_are_out_of_reach(
    fake: FakeDiscord, http: aiohttp.ClientSession
) -> None:
    async with http.put(f"{fake.api_url}/applications/1/commands", json=[]) as answer:
        assert (await answer.json())["code"] == 10002
    app = fake.world.application_id
    async with http.put(f"{fake.api_url}/applications/{app}/guilds/1/commands", json=[]) as answer:
        assert (await answer.json())["code"] == 50001
