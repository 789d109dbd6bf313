"""A link that Discord does not take never costs the file: in a channel, a direct message, an answer, or `/tracks`."""

from pathlib import Path

import pytest

from bot.errors import UndeliverableError
from bot.jobs.model import Job, JobState
from sandbox.discord import Install, Message
from tests.client_kit import SONG, ClientKit, labels_of, text_of

CHANNEL_POST = r"/channels/\d+/messages$"
BUTTONS = ["Again", "Edit lyrics", "Lyrics", "Delete"]
#: Addresses of tracks, and what their button leads to.
ADDRESSES = {
    "http://127.0.0.1:8700/v2/files/a.mp3?Expires=1": None,  # `make offline`, as in the README
    "http://localhost:8700/a.mp3": None,
    "http://192.168.1.7/a.mp3": None,
    "http://music/a.mp3": None,
    "https://name:word@files.example/a.mp3": None,
    "https://files.example/a\nb.mp3": None,
    "https://files.example/my track.mp3": "https://files.example/my%20track.mp3",
    "https://files.example/歌 [1].mp3": "https://files.example/%E6%AD%8C%20%5B1%5D.mp3",
}
WAYS = ["channel", "direct", "answer"]


@pytest.fixture(autouse=True)
def strict(client_kit: ClientKit) -> None:
    """Discord itself takes no button that leads to this machine."""
    client_kit.fake.rules.loopback_links = False


async def on_its_way(client_kit: ClientKit, way: str, content: bytes = SONG[1]) -> tuple[Job, Path]:
    """A song that is finished, where only this way is open."""
    install = Install.USER if way == "answer" else Install.GUILD
    job, track = await client_kit.delivering(await client_kit.order(install=install), content)
    if way != "answer":
        client_kit.advance(16 * 60)  # else the order's answer would be open as well
    if way == "direct":
        client_kit.fake.revoke("SEND_MESSAGES")
    return job, track


def link_of(message: Message) -> str | None:
    """Where the message's link button leads."""
    buttons = [button for row in message.components for button in row["components"]]
    return next((button["url"] for button in buttons if button.get("url")), None)


def tracks_in(client_kit: ClientKit) -> list[Message]:
    """Every message that carries a track or stands for one, wherever it is."""
    return [message for message in client_kit.fake.messages if "Delete" in labels_of(message)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("url", "link"), ADDRESSES.items())
async def test_the_file_comes_whatever_its_address_looks_like(
    client_kit: ClientKit, way: str, url: str, link: str | None
) -> None:
    client_kit.track_url = url
    job, track = await on_its_way(client_kit, way)
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.attachments[0].data == SONG[1]
    assert link_of(message) == link
    assert labels_of(message)[-4:] == BUTTONS
    assert len(client_kit.fake.calls_to("POST", CHANNEL_POST)) == {"channel": 1, "direct": 2, "answer": 0}[way]


@pytest.mark.parametrize("way", WAYS)
async def test_a_link_that_is_refused_after_all_is_left_out_the_second_time(client_kit: ClientKit, way: str) -> None:
    client_kit.fake.rules.disliked_hosts = ("files.example",)
    job, track = await on_its_way(client_kit, way)
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.attachments[0].data == SONG[1]
    assert labels_of(message) == BUTTONS
    if way != "answer":
        assert message.nonce == job.nonce({"channel": "track", "direct": "dm"}[way])


async def test_a_link_to_this_machine_is_offered_where_discord_is_a_stand_in(client_kit: ClientKit) -> None:
    client_kit.fake.rules.loopback_links = True
    client_kit.track_url = "http://127.0.0.1:8700/a.mp3"
    client_kit.opens_loopback = True
    await client_kit.restart()
    job, track = await on_its_way(client_kit, "channel")
    sent = await client_kit.delivery.deliver(job, track)
    assert link_of(client_kit.fake.message(sent.message_id)) == client_kit.track_url


@pytest.mark.parametrize("way", ["channel", "direct"])
async def test_a_refusal_that_made_the_message_all_the_same_leaves_one_message(client_kit: ClientKit, way: str) -> None:
    job, track = await on_its_way(client_kit, way)
    place = job.place.channel_id if way == "channel" else client_kit.fake.open_dm().id
    client_kit.fake.fail("POST", f"/channels/{place}/messages$", status=400, after=True)
    sent = await client_kit.delivery.deliver(job, track)
    assert [message.id for message in tracks_in(client_kit)] == [sent.message_id]


@pytest.mark.parametrize("way", ["channel", "direct"])
async def test_delivering_again_after_a_crash_finds_the_message_without_the_link(
    client_kit: ClientKit, way: str
) -> None:
    client_kit.fake.rules.disliked_hosts = ("files.example",)
    job, track = await on_its_way(client_kit, way)
    first = await client_kit.delivery.deliver(job, track)
    await client_kit.restart()
    assert await client_kit.delivery.deliver(job, track) == first
    # should Discord look at the words before it looks at the nonce
    place = first.channel_id
    client_kit.fake.fail("POST", f"/channels/{place}/messages$", status=400, body={"message": "Invalid", "code": 50035})
    assert await client_kit.delivery.deliver(job, track) == first
    assert len(tracks_in(client_kit)) == 1


async def test_a_message_that_is_refused_without_its_link_too_is_not_sent_a_third_time(client_kit: ClientKit) -> None:
    job, track = await on_its_way(client_kit, "channel")
    client_kit.fake.close_dms()
    refused = {"message": "Invalid Form Body", "code": 50035}
    client_kit.fake.fail("POST", f"/channels/{job.place.channel_id}/messages$", status=400, body=refused, times=None)
    with pytest.raises(UndeliverableError):
        await client_kit.delivery.deliver(job, track)
    tries = client_kit.fake.calls_to("POST", f"/channels/{job.place.channel_id}/messages$")
    assert len(tries) == 3  # with it, without it, and the link alone
    assert tracks_in(client_kit) == []


@pytest.mark.parametrize(("code", "tries"), [(160005, 1), (50083, 1), (50035, 2), (200000, 2)])
async def test_a_place_that_is_closed_is_not_asked_twice(client_kit: ClientKit, code: int, tries: int) -> None:
    job, track = await on_its_way(client_kit, "channel")
    here = f"/channels/{job.place.channel_id}/messages$"
    client_kit.fake.fail("POST", here, status=400, body={"message": "no", "code": code}, times=None)
    sent = await client_kit.delivery.deliver(job, track)
    assert sent.channel_id == client_kit.fake.open_dm().id
    assert len(client_kit.fake.calls_to("POST", here)) == tries


async def test_a_message_without_a_link_is_sent_once(client_kit: ClientKit) -> None:
    client_kit.track_url = "http://127.0.0.1:8700/a.mp3"
    job, track = await on_its_way(client_kit, "channel")
    here = f"/channels/{job.place.channel_id}/messages$"
    refused = {"message": "Invalid Form Body", "code": 50035}
    client_kit.fake.fail("POST", here, status=400, body=refused, times=None)
    await client_kit.delivery.deliver(job, track)
    assert len(client_kit.fake.calls_to("POST", here)) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("why", ["not offered", "refused"])
async def test_a_file_too_large_without_a_link_is_said_and_kept(client_kit: ClientKit, way: str, why: str) -> None:
    if why == "refused":
        client_kit.fake.rules.disliked_hosts = ("files.example",)
    else:
        client_kit.track_url = "http://127.0.0.1:8700/a.mp3"
    job, track = await on_its_way(client_kit, way, b"ID3" + bytes(5000))
    client_kit.fake.set_upload_limit(1000, channel=client_kit.fake.open_dm())
    client_kit.fake.set_upload_limit(1000, channel=client_kit.fake.place(job.place.channel_id))
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.attachments == []
    assert "too large for this channel. Fetch it with `/tracks`" in message.content
    assert labels_of(message) == BUTTONS
    assert track.exists()
    assert client_kit.jobs.track_file(job) == track


@pytest.mark.parametrize("why", ["not offered", "refused"])
async def test_a_place_without_files_and_a_link_that_cannot_be_had_is_undeliverable_and_kept(
    client_kit: ClientKit, why: str
) -> None:
    if why == "refused":
        client_kit.fake.rules.disliked_hosts = ("files.example",)
    else:
        client_kit.track_url = "http://127.0.0.1:8700/a.mp3"
    job, track = await on_its_way(client_kit, "channel")
    client_kit.fake.revoke("ATTACH_FILES")
    client_kit.fake.close_dms()
    with pytest.raises(UndeliverableError):
        await client_kit.delivery.deliver(job, track)
    assert tracks_in(client_kit) == []
    assert track.exists()


@pytest.mark.parametrize("button", ["Give me the file", "Post it here"])
@pytest.mark.parametrize("why", ["not offered", "refused"])
@pytest.mark.parametrize("state", [JobState.DELIVERED, JobState.UNDELIVERABLE])
async def test_tracks_gives_the_file_without_the_link(
    client_kit: ClientKit, button: str, why: str, state: JobState
) -> None:
    if why == "not offered":
        client_kit.track_url = "http://127.0.0.1:8700/a.mp3"
    job, _ = await client_kit.delivering(await client_kit.order(options={"title": "Mine"}), SONG[1])
    await client_kit.move(job, state)
    client_kit.fake.rules.disliked_hosts = ("files.example",)
    listed = await client_kit.fake.slash("tracks", {"song": "Mine"})
    song = await client_kit.fake.until(lambda: listed.original)
    pressed = await client_kit.fake.click(song, button)
    given = await client_kit.fake.until(lambda: next((m for m in pressed.messages if m.attachments), None))
    assert given.attachments[0].data == SONG[1]
    assert "Open the track" not in labels_of(given)
    assert "made for" in text_of(given)
