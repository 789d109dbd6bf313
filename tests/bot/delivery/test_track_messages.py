"""A finished track into its channel, once, whatever Discord does."""

import math
import wave
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import DeliveryLaterError, DiskError, UndeliverableError
from bot.jobs.model import Job
from sandbox.discord import Install, Message
from tests.client_kit import ClientKit, labels_of, text_of

CHANNEL_POST = r"/channels/\d+/messages$"


@pytest.fixture
def song(tmp_path: Path) -> bytes:
    """Two seconds of a tone, as WAV."""
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(
            b"".join(int(9000 * math.sin(at / 8)).to_bytes(2, "little", signed=True) for at in range(16000))
        )
    return path.read_bytes()


def tracks_in(client_kit: ClientKit) -> list[Message]:
    """Every message that carries a track."""
    return [message for message in client_kit.fake.messages if "Delete" in labels_of(message)]


async def test_the_track_is_a_reply_that_mentions_the_member_alone(client_kit: ClientKit, song: bytes) -> None:
    job, track = await client_kit.delivering(await client_kit.order(options={"title": "Night / Drive"}), song)
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.reply_to_id == job.card_message_id
    assert message.pinged_user_ids == (job.member_id,)
    assert message.nonce == job.nonce("track")
    assert message.attachments[0].filename == "Night_Drive.mp3"
    assert labels_of(message) == ["Open the track", "Again", "Edit lyrics", "Lyrics", "Delete"]
    assert "Night" in message.content
    assert client_kit.fake.violations == []


async def test_delivering_twice_is_one_message(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    first = await client_kit.delivery.deliver(job, track)
    assert await client_kit.delivery.deliver(job, track) == first
    assert len(tracks_in(client_kit)) == 1


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}])
@pytest.mark.parametrize("after", [False, True])
async def test_an_outage_is_later_and_the_second_try_is_the_same_message(
    client_kit: ClientKit, fault: dict[str, object], after: bool
) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    switched = client_kit.fake.fail("POST", CHANNEL_POST, after=after, **fault)
    try:
        await client_kit.delivery.deliver(job, track)
    except DeliveryLaterError:
        switched.times = switched.hits
        await client_kit.delivery.deliver(job, track)
    assert len(tracks_in(client_kit)) == 1


@pytest.mark.heavy
async def test_sending_three_times_in_vain_makes_the_track_ready_once(
    client_kit: ClientKit, song: bytes, tampered: Callable[[str], None], tmp_path: Path
) -> None:
    started = tmp_path / "started"
    tampered(f"if sys.orig_argv[-1] == 'bot.audio.worker': open({str(started)!r}, 'a').write('x')")
    job, track = await client_kit.delivering(await client_kit.order(), song)
    await client_kit.tracks.prepare(job, track)
    client_kit.fake.fail("POST", CHANNEL_POST, status=503, times=3)
    for _ in range(3):
        with pytest.raises(DeliveryLaterError):
            await client_kit.delivery.deliver(job, track)
    await client_kit.restart()
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert [Path(file.filename).suffix for file in message.attachments] == [".mp3"]
    assert [file.filename for file in message.embedded] == ["waveform.png"], "what members see is no name of ours"
    assert started.read_text() == "x"


async def test_a_long_rate_limit_is_handed_to_the_engine(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    client_kit.fake.fail("POST", CHANNEL_POST, status=429, retry_after_seconds=120)
    with pytest.raises(DeliveryLaterError) as later:
        await client_kit.delivery.deliver(job, track)
    assert (later.value.retry_after_seconds or 0) >= 120


async def test_a_card_that_is_gone_leaves_a_plain_message(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    client_kit.fake.remove_message(client_kit.card(job))
    sent = await client_kit.delivery.deliver(job, track)
    assert client_kit.fake.message(sent.message_id).reply_to_id is None


async def test_without_the_history_permission_it_is_no_reply(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    client_kit.fake.revoke("READ_MESSAGE_HISTORY")
    await client_kit.delivery.deliver(job, track)
    assert len(tracks_in(client_kit)) == 1


@pytest.mark.heavy
async def test_without_the_permissions_of_a_picture_and_a_reply_the_track_still_comes_here(
    client_kit: ClientKit, song: bytes
) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), song)
    client_kit.fake.revoke("READ_MESSAGE_HISTORY", "EMBED_LINKS")
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.channel_id == job.place.channel_id
    assert message.attachments[0].filename.endswith(".mp3")
    assert message.embeds == []
    assert [tracked.id for tracked in tracks_in(client_kit)] == [sent.message_id]


@pytest.mark.parametrize("closed", ["channel", "permission", "kicked"])
async def test_a_closed_channel_leads_to_a_direct_message(client_kit: ClientKit, closed: str) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    client_kit.advance(16 * 60)
    _close(client_kit, closed)
    if closed == "kicked":
        with pytest.raises(UndeliverableError):
            await client_kit.delivery.deliver(job, track)
        return
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.channel_id == client_kit.fake.open_dm().id
    assert "could not post" in message.content
    assert message.nonce == job.nonce("dm")


def _close(client_kit: ClientKit, closed: str) -> None:
    if closed == "channel":
        client_kit.fake.delete_channel(None)
    elif closed == "permission":
        client_kit.fake.revoke("SEND_MESSAGES")
    else:
        client_kit.fake.kick_bot()


async def test_no_way_left_is_undeliverable(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    client_kit.advance(16 * 60)
    client_kit.fake.revoke("SEND_MESSAGES")
    client_kit.fake.close_dms()
    with pytest.raises(UndeliverableError):
        await client_kit.delivery.deliver(job, track)
    assert tracks_in(client_kit) == []


async def test_a_file_too_large_even_when_made_smaller_is_a_link(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(5000))
    client_kit.fake.set_upload_limit(1000)
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.attachments == []
    assert "too large" in message.content
    assert labels_of(message)[0] == "Open the track"


async def test_a_message_deleted_since_counts_as_delivered(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    sent = await client_kit.delivery.deliver(job, track)
    client_kit.fake.remove_message(client_kit.fake.message(sent.message_id))
    await client_kit.delivery.deliver(job, track)
    assert tracks_in(client_kit) == []


async def test_an_earlier_message_is_found_by_its_button(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    since = client_kit.clock.now() - timedelta(seconds=30)
    assert await client_kit.delivery.find(job, since) is None
    sent = await client_kit.delivery.deliver(job, track)
    await client_kit.fake.post("something else")
    assert await client_kit.delivery.find(job, since) == sent
    assert await client_kit.delivery.find(replace(job, id=job.id + 1), since) is None


async def test_a_direct_message_is_found_too(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    client_kit.advance(16 * 60)
    client_kit.fake.revoke("VIEW_CHANNEL")
    since = client_kit.clock.now() - timedelta(seconds=30)
    sent = await client_kit.delivery.deliver(job, track)
    assert await client_kit.delivery.find(job, since) == sent


async def test_looking_during_an_outage_is_later(client_kit: ClientKit) -> None:
    job, _ = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    client_kit.fake.fail("GET", r"/channels/\d+/messages", status=503)
    with pytest.raises(DeliveryLaterError):
        await client_kit.delivery.find(job, client_kit.clock.now() - timedelta(seconds=30))


async def user_installed(client_kit: ClientKit) -> tuple[Job, Path]:
    return await client_kit.delivering(await client_kit.order(install=Install.USER), b"ID3" + bytes(500))


@pytest.mark.heavy
async def test_a_user_installed_app_delivers_into_its_answer(client_kit: ClientKit) -> None:
    job, track = await user_installed(client_kit)
    sent = await client_kit.delivery.deliver(job, track)
    assert sent.message_id == job.card_message_id
    original = client_kit.fake.interactions[0].original
    assert original is not None
    assert len(original.attachments) == 1
    assert "is ready" in original.content


async def test_the_answer_that_became_the_track_stays_the_track(client_kit: ClientKit) -> None:
    await client_kit.delivered(await client_kit.order(install=Install.USER))
    original = client_kit.fake.interactions[0].original
    assert original is not None
    assert labels_of(original) == ["Open the track", "Again", "Edit lyrics", "Lyrics", "Delete"]
    pressed = await client_kit.fake.click(original, "Lyrics")
    answer = await client_kit.fake.until(lambda: pressed.original)
    assert "Side by side" in text_of(answer)


async def test_after_fifteen_minutes_it_comes_directly(client_kit: ClientKit) -> None:
    job, track = await user_installed(client_kit)
    client_kit.advance(16 * 60)
    sent = await client_kit.delivery.deliver(job, track)
    assert sent.channel_id == client_kit.fake.open_dm().id


async def test_the_track_message_is_in_the_members_language(client_kit: ClientKit) -> None:
    client_kit.fake.member().locale = "de"
    job, track = await client_kit.delivering(await client_kit.order(), b"ID3" + bytes(500))
    sent = await client_kit.delivery.deliver(job, track)
    assert "ist fertig" in text_of(client_kit.fake.message(sent.message_id))


async def test_without_a_place_to_dress_it_the_track_comes_as_it_is_and_the_operator_is_told(
    client_kit: ClientKit, song: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), song)
    client_kit.files.work.rmdir()
    await client_kit.delivery.deliver(job, track)
    (message,) = tracks_in(client_kit)
    assert message.attachments[0].data == song
    assert client_kit.disk.trouble.startswith("no room to package the track")
    assert [record.levelname for record in caplog.records if "the disk fails" in record.message] == ["WARNING"]


async def test_a_track_that_cannot_be_read_is_no_outage_of_discord(client_kit: ClientKit, song: bytes) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), song)
    track.unlink()
    with pytest.raises(DiskError, match="the track cannot be read"):
        await client_kit.delivery.deliver(job, track)
    assert tracks_in(client_kit) == []


async def test_a_reference_that_cannot_be_read_is_no_outage_of_discord(client_kit: ClientKit, tmp_path: Path) -> None:
    job = await client_kit.order()
    with pytest.raises(DiskError, match="the copy of the reference cannot be read"):
        await client_kit.cards.publish(job, tmp_path / "missing.mp3", "song.mp3")
