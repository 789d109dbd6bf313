"""The features come and go as every extension of discord.py does."""

from discord import app_commands
from discord.ext import commands

from tests.client_kit import SONG, ClientKit


def names(client_kit: ClientKit) -> list[str]:
    return sorted(command.name for command in client_kit.client.tree.get_commands())


async def test_every_slash_command_belongs_to_a_cog(client_kit: ClientKit) -> None:
    owners = [
        command.binding
        for command in client_kit.client.tree.get_commands()
        if isinstance(command, app_commands.Command)
    ]
    assert len(owners) == 4
    assert all(isinstance(owner, commands.Cog) for owner in owners)
    assert sorted(client_kit.client.cogs) == ["Admin", "Compose", "Moderation", "Owner", "Tracks"]


async def test_a_feature_that_is_unloaded_leaves_nothing_and_comes_back_whole_twice(client_kit: ClientKit) -> None:
    client, before = client_kit.client, names(client_kit)
    features = list(client.extensions)
    for _ in range(2):
        for extension in features:
            await client.unload_extension(extension)
        assert names(client_kit) == []
        assert not client.cogs
        for extension in features:
            await client.load_extension(extension)
        assert names(client_kit) == before
    assert not await client.sync_if_changed(), "Discord is told nothing new"


async def test_commands_that_were_loaded_anew_work(client_kit: ClientKit) -> None:
    for extension in list(client_kit.client.extensions):
        await client_kit.client.reload_extension(extension)
    await client_kit.order()
    listed = await client_kit.fake.slash("tracks")
    assert (await client_kit.shown(listed)).visible_to == listed.user.id
    message = await client_kit.fake.post("mine", files=[SONG])
    pressed = await client_kit.fake.message_command("Compose from this", message)
    form = await client_kit.fake.until(lambda: pressed.modal)
    assert form.title == "Compose"
