import io
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.discord import CallbackType, FakeDiscord

from .conftest import Bot, Start, handled

SONG = b"ID3" + bytes(997)


def compose(bot: Bot) -> None:
    @bot.tree.command(name="compose", description="Make a song")
    async def command(
        interaction: discord.Interaction, reference: discord.Attachment, lyrics: str | None = None
    ) -> None:
        await interaction.response.defer(thinking=True)
        data = await reference.read()
        await interaction.followup.send(f"Working on {len(data)} bytes: {lyrics}")
        original = await interaction.original_response()
        channel = bot.get_partial_messageable(interaction.channel_id)
        reply = discord.MessageReference(
            message_id=original.id, channel_id=original.channel.id, fail_if_not_exists=False
        )
        sent = await channel.send(
            "Here", file=discord.File(io.BytesIO(data), "track.mp3"), nonce="job-1", reference=reply
        )
        await sent.edit(content="Here it is: track.mp3")


async def test_a_command_with_a_file_comes_back_as_a_reply_with_a_file(fake: FakeDiscord, start: Start) -> None:
    bot = await start(compose)
    done = await fake.slash("compose", {"lyrics": "la la"}, files={"reference": ("song.mp3", SONG)})
    message = await fake.until(lambda: next((m for m in fake.messages if m.content.startswith("Here it is")), None))

    assert bot.errors == []
    assert done.answer_type == CallbackType.DEFERRED_MESSAGE
    assert done.original is not None
    assert done.original.content == "Working on 1000 bytes: la la"
    assert message.reply_to_id == done.original.id
    assert [(file.filename, file.data, file.content_type) for file in message.attachments] == [
        ("track.mp3", SONG, "audio/mpeg")
    ]
    assert fake.violations == []


async def test_every_call_is_recorded_without_tokens_or_signatures(fake: FakeDiscord, start: Start) -> None:
    await start(compose)
    done = await fake.slash("compose", files={"reference": ("song.mp3", SONG)})
    await fake.until(lambda: fake.calls_to("PATCH", "/channels/"))

    recorded = str([call.view() for call in fake.calls])
    assert done.token not in recorded
    assert fake.token not in recorded
    (create,) = fake.calls_to("POST", r"/channels/\d+/messages$")
    assert create.status == 200
    assert create.files == {"track.mp3": 1000}
    assert create.payload["nonce"] == "job-1"
    assert create.payload["message_reference"]["fail_if_not_exists"] is False


async def test_a_button_is_pressed_by_its_label(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="ask", description="Ask")
        async def command(interaction: discord.Interaction) -> None:
            view = discord.ui.View(timeout=None)
            button: discord.ui.Button[Any] = discord.ui.Button(label="Again", custom_id="job:v1:again:7")

            async def pressed(press: discord.Interaction) -> None:
                await press.response.edit_message(content=f"again, {press.user.display_name}", view=None)

            button.callback = pressed  # type: ignore[method-assign]
            view.add_item(button)
            await interaction.response.send_message("Again?", view=view)

    await start(prepare)
    done = await fake.slash("ask")
    message = await fake.until(lambda: done.original)
    await handled(fake)
    pressed = await fake.click(message, "Again", member="Member Two")
    await fake.until(lambda: pressed.answered)
    assert message.content == "again, Member Two"
    assert message.components == []


async def test_what_the_sandbox_does_not_have_is_not_found_and_stands_in_the_books(fake: FakeDiscord, bot: Bot) -> None:
    message = await fake.post("hi")
    with pytest.raises(discord.NotFound):
        await bot.get_partial_messageable(fake.channel.id).get_partial_message(message.id).add_reaction("👍")
    assert (fake.calls[-1].method, fake.calls[-1].status) == ("PUT", 404)


async def test_a_wrong_token_is_a_login_failure(fake: FakeDiscord, pointed: None) -> None:
    async with Bot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")


async def test_the_cdn_serves_signed_urls_until_they_expire(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    message = await fake.post("listen", files=[("song.wav", SONG)])
    url = fake.url_of(message.attachments[0])
    async with http.get(url) as answer:
        assert (answer.status, await answer.read(), answer.content_type) == (200, SONG, "audio/x-wav")
    async with http.get(url, headers={"Range": "bytes=3-9"}) as answer:
        assert (answer.status, await answer.read()) == (206, SONG[3:10])
        assert answer.headers["Content-Range"] == "bytes 3-9/1000"
    async with http.get(url.replace("hm=", "hm=0")) as answer:
        assert answer.status == 404
    fake.advance(fake.rules.cdn_lifetime_seconds + 1)
    async with http.get(url) as answer:
        assert (answer.status, await answer.text()) == (404, "This content is no longer available.")


async def test_an_expired_url_is_refreshed_for_a_message_but_not_for_an_ephemeral_attachment(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession
) -> None:
    await start(compose)
    message = await fake.post("listen", files=[("song.mp3", SONG)])
    done = await fake.slash("compose", files={"reference": ("song.mp3", SONG)})
    (ephemeral,) = done.payload["data"]["resolved"]["attachments"].values()
    assert "/ephemeral-attachments/" in ephemeral["url"]
    assert ephemeral["ephemeral"] is True
    old = fake.url_of(message.attachments[0])
    fake.advance(fake.rules.cdn_lifetime_seconds + 1)
    payload = {"attachment_urls": [old, ephemeral["url"]]}
    async with http.post(f"{fake.api_url}/attachments/refresh-urls", json=payload) as answer:
        first, second = (await answer.json())["refreshed_urls"]
    assert second["refreshed"] == second["original"]
    async with http.get(first["refreshed"]) as answer:
        assert answer.status == 200


async def test_downloads_are_recorded_without_their_signature(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    message = await fake.post("listen", files=[("song.mp3", SONG)])
    async with http.get(fake.url_of(message.attachments[0])) as answer:
        await answer.read()
    (download,) = fake.downloads
    assert download.status == 200
    assert "hm=***" in download.path
    assert fake.calls == []


async def test_a_download_can_fail_in_every_way(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    message = await fake.post("listen", files=[("song.mp3", SONG)])
    url = fake.url_of(message.attachments[0])
    fake.fail("GET", "^/attachments/", status=503)
    async with http.get(url) as answer:
        assert answer.status == 503
    # aiohttp itself repeats a GET once when a connection it had used before was dropped.
    fake.fail("GET", "^/attachments/", drop=True, times=2)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await http.get(url)
    fake.fail("GET", "^/attachments/", drop=True, after=True)
    async with http.get(url) as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    async with http.get(url) as answer:
        assert await answer.read() == SONG


@pytest.mark.parametrize(
    ("given", "stored", "title"),
    [
        ("song.mp3", "song.mp3", None),
        ("my song (2).mp3", "my_song_2.mp3", "my song (2)"),
        ("Sömmer 夏.wav", "Smmer_.wav", "Sömmer 夏"),
        ("夏.mp3", "unknown.mp3", "夏"),
        ("../../etc/passwd", "....etcpasswd", None),
    ],
)
async def test_files_are_stored_under_names_without_special_characters(
    fake: FakeDiscord, http: aiohttp.ClientSession, given: str, stored: str, title: str | None
) -> None:
    message = await fake.post("x", files=[(given, SONG)])
    (attachment,) = message.attachments
    assert attachment.filename == stored
    if title:
        assert attachment.title == title
    async with http.get(fake.url_of(attachment)) as answer:
        assert answer.status == 200
