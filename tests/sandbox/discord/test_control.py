import asyncio
import contextlib
import json
import sys

import aiohttp
import discord
import pytest
import yarl

from sandbox.discord import ControlError, DiscordControl, FakeDiscord
from sandbox.discord.doors import TOKEN_HEADER

from .conftest import Bot, Start, finish, handled

SONG = b"ID3" + bytes(997)


def form_bot(bot: Bot) -> None:
    class Form(discord.ui.Modal, title="Compose"):
        lyrics = discord.ui.Label(text="Lyrics", component=discord.ui.TextInput(custom_id="lyrics"))
        song = discord.ui.Label(
            text="Song", component=discord.ui.FileUpload(custom_id="song", min_values=1, max_values=1)
        )

        async def on_submit(self, interaction: discord.Interaction) -> None:
            (file,) = self.song.component.values  # type: ignore[attr-defined]
            text = self.lyrics.component.value  # type: ignore[attr-defined]
            await interaction.response.send_message(f"{text} over {file.filename}", ephemeral=True)

    @bot.tree.command(name="compose", description="Make a song")
    async def command(interaction: discord.Interaction, reference: discord.Attachment | None = None) -> None:
        if reference is None:
            await interaction.response.send_modal(Form(timeout=60))
        else:
            await interaction.response.send_message(f"{reference.filename}: {reference.size}")


async def test_a_command_with_a_file_is_typed_over_the_control_api(start: Start, control: DiscordControl) -> None:
    await start(form_bot)
    done = await control.slash("compose", files={"reference": ("song.mp3", SONG)}, member="Member Two")
    answered = await control.until_answered(done["id"])
    assert [message["content"] for message in answered["messages"]] == ["song.mp3: 1000"]


async def test_a_form_is_filled_over_the_control_api_and_its_private_answer_is_seen_by_one_member(
    fake: FakeDiscord, start: Start, control: DiscordControl
) -> None:
    await start(form_bot)
    asked = await control.until_answered((await control.slash("compose"))["id"])
    await handled(fake)
    assert asked["modal"]["title"] == "Compose"
    assert [form["id"] for form in (await control.state("Member One"))["modals"]] == [asked["modal"]["id"]]
    assert (await control.state("Member Two"))["modals"] == []

    sent = await control.submit(asked["modal"]["id"], {"lyrics": "la"}, {"song": ("song.mp3", SONG)})
    answered = await control.until_answered(sent["id"])
    assert answered["messages"][0]["content"] == "la over song.mp3"
    channel = answered["channel_id"]
    assert [message["content"] for message in await control.messages(channel, "Member One")] == ["la over song.mp3"]
    assert await control.messages(channel, "Member Two") == []


async def test_the_stream_tells_everything_and_a_member_only_what_is_theirs(
    fake: FakeDiscord, start: Start, control: DiscordControl
) -> None:
    before = (await control.state())["sequence"]
    await start(form_bot)
    asked = await control.until_answered((await control.slash("compose"))["id"])
    await handled(fake)
    sent = await control.submit(asked["modal"]["id"], {"lyrics": "la"}, {"song": ("song.mp3", SONG)})
    await control.until_answered(sent["id"])
    await control.post("the end")

    async def kinds(member: str | None) -> list[str]:
        found = []
        async for change in control.events(after=before, member=member):
            found.append(change["kind"])
            if change["kind"] == "message_create" and change["message"]["content"] == "the end":
                break
        return found

    everything = await kinds(None)
    expected = {"call", "commands_registered", "interaction_created", "modal_opened", "message_create", "gateway"}
    assert expected <= set(everything)
    assert await kinds("Member Two") == ["commands_registered", "message_create"]
    assert (await kinds("Member One")).count("message_create") == 2


async def test_a_members_stream_may_also_tell_whether_the_bot_is_there(
    fake: FakeDiscord, start: Start, control_url: str
) -> None:
    before = fake.world.changes[-1].sequence if fake.world.changes else 0
    await start(form_bot)
    url = f"{control_url}/sandbox/events?member=Member+Two&also=gateway&after={before}"
    kinds: list[str] = []
    headers = {TOKEN_HEADER: fake.control_token}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as stream:
        async for line in stream.content:
            if line.startswith(b"event: "):
                kinds.append(line[7:].decode().strip())
            if "gateway" in kinds:
                break
    assert set(kinds) == {"commands_registered", "gateway"}


async def test_a_stream_says_that_it_is_alive_to_who_asks(fake: FakeDiscord, control_url: str) -> None:
    headers = {TOKEN_HEADER: fake.control_token}
    url = f"{control_url}/sandbox/events?alive=0.1"
    lines: list[bytes] = []
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as stream:
        async for line in stream.content:
            lines.append(line)
            if lines.count(b"event: alive\n") == 2:
                break
    assert not any(line.startswith(b"id: ") for line in lines)  # it is no change, and nothing goes on after it


async def test_what_a_client_refuses_is_a_sentence(start: Start, control: DiscordControl) -> None:
    await start(form_bot)
    with pytest.raises(ControlError, match="there is no option 'lyric'") as caught:
        await control.slash("compose", {"lyric": "la"})
    assert caught.value.status == 422
    with pytest.raises(ControlError, match="not found"):
        await control.slash("compose", member="Nobody")
    with pytest.raises(ControlError, match="there are"):
        await control.switch("explode")


async def test_faults_and_switches_work_over_the_control_api(
    fake: FakeDiscord, start: Start, control: DiscordControl
) -> None:
    await start(form_bot)
    await control.fault("POST", "/callback", status=500, times=None)
    assert fake.faults.faults[0].status == 500
    await control.clear_faults()
    assert fake.faults.faults == []
    await control.switch("drop_gateway", code=4000)
    await fake.until(lambda: fake.gateway.resumes == 1 and fake.gateway.connected)
    assert fake.gateway.identifies == 1
    await control.switch("revoke", permissions=["attach_files"])
    await control.switch("rules", nonce_window_seconds=1)
    assert fake.rules.nonce_window_seconds == 1
    await control.switch("refuse_connections")
    await control.switch("accept_connections")
    await fake.ready()


@pytest.mark.heavy
async def test_it_runs_as_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.discord", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            addresses = json.loads(await process.stdout.readline())
        monkeypatch.setattr(discord.http.Route, "BASE", addresses["api_url"])
        gateway = yarl.URL(addresses["gateway_url"])
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
        control_token = addresses["control_token"]
        async with Bot() as bot, DiscordControl(addresses["control_url"], token=control_token) as control:
            form_bot(bot)
            await bot.login(addresses["token"])
            await bot.tree.sync()
            task = asyncio.create_task(bot.connect())
            await bot.wait_until_ready()
            done = await control.slash("compose", files={"reference": ("song.mp3", SONG)})
            answered = await control.until_answered(done["id"])
            assert answered["messages"][0]["content"] == "song.mp3: 1000"
            await finish(bot, task)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        assert await process.wait() == 0


async def test_a_message_is_waited_for_until_it_says_what_it_should(
    fake: FakeDiscord, start: Start, control: DiscordControl
) -> None:
    bot = await start(form_bot)
    sent = await bot.get_partial_messageable(fake.channel.id).send("working")
    waiting = asyncio.create_task(control.until_message("general", lambda message: message["content"] == "done"))
    await asyncio.sleep(0.05)
    await sent.edit(content="done")
    assert (await waiting)["id"] == str(sent.id)
    with pytest.raises(TimeoutError):
        await control.until_message("general", lambda _: False, timeout_seconds=0.1)
