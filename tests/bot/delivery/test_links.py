"""A link that Discord does not take never costs the file: in a channel, a direct message, an answer, or `/tracks`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Reason, UndeliverableError
from bot.jobs.model import Job, JobState
from bot.texts import text
from sandbox.discord import Install, Message
from tests.bot.audio.sound_files import mp3
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
async def test_a_file_too_large_without_a_link_is_kept_and_no_message_claims_to_bring_it(
    client_kit: ClientKit, way: str, why: str
) -> None:
    if why == "refused":
        client_kit.fake.rules.disliked_hosts = ("files.example",)
    else:
        client_kit.track_url = "http://127.0.0.1:8700/a.mp3"
    job, track = await on_its_way(client_kit, way, b"ID3" + bytes(5000))
    client_kit.fake.set_upload_limit(1000, channel=client_kit.fake.open_dm())
    client_kit.fake.set_upload_limit(1000, channel=client_kit.fake.place(job.place.channel_id))
    with pytest.raises(UndeliverableError) as kept:
        await client_kit.delivery.deliver(job, track)
    assert kept.value.reason is Reason.TRACK_TOO_LARGE
    assert tracks_in(client_kit) == []
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


async def unheard(client_kit: ClientKit, way: str) -> tuple[Job, Path]:
    """A finished song whose track nobody could decide on."""
    job, track = await on_its_way(client_kit, way)
    assert job.track is not None
    stored = await client_kit.store.update(job.id, track=replace(job.track, seconds=None))
    assert stored is not None
    return stored, track


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("locale", ["en-GB", "de"])
async def test_what_was_not_heard_goes_as_its_link_and_says_so(client_kit: ClientKit, way: str, locale: str) -> None:
    client_kit.fake.member().locale = locale
    job, track = await unheard(client_kit, way)
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.attachments == []
    assert link_of(message) == client_kit.track_url
    assert text("track.unheard", locale) in message.content
    assert await client_kit.delivery.deliver(job, track) == sent


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("why", ["not offered", "refused"])
async def test_what_was_not_heard_and_has_no_link_is_kept(client_kit: ClientKit, way: str, why: str) -> None:
    if why == "refused":
        client_kit.fake.rules.disliked_hosts = ("files.example",)
    else:
        client_kit.track_url = "http://127.0.0.1:8700/a.mp3"
    job, track = await unheard(client_kit, way)
    with pytest.raises(UndeliverableError) as kept:
        await client_kit.delivery.deliver(job, track)
    assert kept.value.reason is Reason.TRACK_UNHEARD
    assert tracks_in(client_kit) == []
    assert track.exists()


@pytest.mark.parametrize("way", WAYS)
async def test_a_file_that_cannot_be_fetched_is_handed_over_as_its_link(client_kit: ClientKit, way: str) -> None:
    job, _ = await on_its_way(client_kit, way)
    assert client_kit.delivery.has_link(job)
    sent = await client_kit.delivery.deliver_link(job)
    message = client_kit.fake.message(sent.message_id)
    assert (message.attachments, link_of(message)) == ([], client_kit.track_url)
    assert "could not fetch this file" in message.content


async def given(client_kit: ClientKit, job: Job, button: str) -> Message:
    """What a press in `/tracks` is answered with."""
    await client_kit.move(job, JobState.DELIVERED)
    listed = await client_kit.fake.slash("tracks", {"song": job.title})
    pressed = await client_kit.fake.click(await client_kit.fake.until(lambda: listed.original), button)
    return await client_kit.fake.until(lambda: next((m for m in pressed.messages if text_of(m)), None))


COPIES = ["Give me the file", "Post it here"]


@pytest.mark.parametrize("button", COPIES)
@pytest.mark.parametrize("has_link", [True, False])
async def test_a_copy_that_was_not_heard_is_its_link_or_a_sentence(
    client_kit: ClientKit, button: str, has_link: bool, tampered: Callable[[str], None]
) -> None:
    tampered("opening(lambda real, *_, **__: os.kill(os.getpid(), 24))")
    if not has_link:
        client_kit.track_url = "http://127.0.0.1:8700/a.mp3"
    job, _ = await unheard(client_kit, "channel")
    answer = await given(client_kit, job, button)
    assert answer.attachments == []
    assert link_of(answer) == (client_kit.track_url if has_link else None)
    assert "could not check this" in text_of(answer)


@pytest.mark.parametrize("button", COPIES)
async def test_a_copy_that_was_not_heard_before_is_heard_then_and_sent(client_kit: ClientKit, button: str) -> None:
    job, track = await unheard(client_kit, "channel")
    track.write_bytes(mp3(2))
    answer = await given(client_kit, job, button)
    assert answer.attachments[0].data == track.read_bytes()
    kept = (await client_kit.fresh(job)).track
    assert kept is not None
    assert kept.seconds == pytest.approx(2, abs=0.1)
    assert list(track.parent.glob("*.package.*")) == []


@pytest.mark.parametrize("button", COPIES)
@pytest.mark.parametrize("found_out", ["before", "by Discord"])
async def test_a_copy_too_large_here_is_its_link_while_that_lasts(
    client_kit: ClientKit, button: str, found_out: str
) -> None:
    job, _ = await on_its_way(client_kit, "channel")
    if found_out == "before":
        client_kit.fake.set_upload_limit(1000)
    else:
        refusal = {"message": "Request entity too large", "code": 40005}
        client_kit.fake.fail("PATCH", "/messages/@original$", status=413, body=refusal)
    answer = await given(client_kit, job, button)
    assert answer.attachments == []
    assert link_of(answer) == client_kit.track_url
    assert text("track.link_alone", "en") in text_of(answer)


async def test_a_copy_too_large_here_whose_link_is_over_is_a_sentence(client_kit: ClientKit) -> None:
    job, _ = await on_its_way(client_kit, "channel")
    client_kit.fake.set_upload_limit(1000)
    client_kit.advance(24 * 3600)
    answer = await given(client_kit, job, COPIES[0])
    assert link_of(answer) is None
    assert "too large to be sent here" in text_of(answer)
