"""Where the bot is no member, is shut out, or meets the edge in front of Discord: the track comes, or is waited for."""

from datetime import timedelta

import pytest

from bot.delivery.http_errors import FINAL
from bot.errors import DeliveryLaterError, UndeliverableError
from bot.jobs.model import Job, JobState, Track
from bot.jobs.ports import DeliveredMessage, Eta
from sandbox.discord import Guild, Message
from tests.client_kit import SONG, ClientKit, labels_of, text_of

CHANNEL_POST = r"^/channels/\d+/messages$"
OWN_EDIT = r"^/channels/\d+/messages/\d+$"
ANSWER_EDIT = r"^/webhooks/"


def elsewhere(client_kit: ClientKit) -> Guild:
    """A server that the bot is not in."""
    return next(guild for guild in client_kit.fake.world.guilds.values() if not guild.bot_present)


async def ordered_by_commands_alone(client_kit: ClientKit) -> Job:
    client_kit.fake.install_commands(elsewhere(client_kit))
    return await client_kit.order(channel="lounge")


def calls_by_ourselves(client_kit: ClientKit, job: Job) -> int:
    return len(client_kit.fake.calls_to("*", f"^/channels/{job.place.channel_id}/"))


async def told(client_kit: ClientKit, job: Job, sent: DeliveredMessage) -> Job:
    """What the engine does after a delivery."""
    changes = {"card_message_id": sent.message_id} if sent.is_card else {}
    job = await client_kit.move(
        job,
        JobState.DELIVERED,
        track_channel_id=sent.channel_id,
        track_message_id=sent.message_id,
        **changes,  # type: ignore[arg-type]
    )
    await client_kit.tell(job)
    return job


def carries_the_track(message: Message) -> bool:
    return "is ready" in message.content and message.attachments[0].data == SONG[1] and "Delete" in labels_of(message)


async def test_a_server_with_the_commands_alone_is_answered_through_the_order(client_kit: ClientKit) -> None:
    job = await ordered_by_commands_alone(client_kit)
    assert job.place.bot_is_member is False
    assert "Only my commands are in this server" in text_of(client_kit.card(job))
    job, track = await client_kit.delivering(job, SONG[1])
    await client_kit.show(job, Eta())
    sent = await client_kit.delivery.deliver(job, track)
    await told(client_kit, job, sent)
    assert sent.message_id == job.card_message_id
    assert carries_the_track(client_kit.card(job))
    assert calls_by_ourselves(client_kit, job) == 0


async def test_a_row_says_where_the_bot_was_a_member_and_where_nobody_asked(client_kit: ClientKit) -> None:
    assert (await client_kit.order()).place.bot_is_member is True
    assert (await client_kit.order(channel=client_kit.fake.open_dm())).place.bot_is_member is None


async def test_an_order_from_before_the_bot_left_still_knows_that_it_was_a_member(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    client_kit.fake.kick_bot(keep_commands=True)
    await client_kit.fake.until(lambda: not client_kit.client.guilds)
    assert (await client_kit.fresh(job)).place.bot_is_member is True
    await client_kit.until_state(job, JobState.FAILED)  # it is let go with the server, and heard of like a new one
    assert (await client_kit.order()).place.bot_is_member is False


@pytest.mark.parametrize("closed", ["kicked", "timeout", "send_messages", "view_channel", "locked"])
async def test_a_place_that_closes_midway_gets_its_track_on_the_card_while_the_answer_lasts(
    client_kit: ClientKit, closed: str
) -> None:
    place = client_kit.fake.start_thread("songs") if closed == "locked" else client_kit.fake.channel
    job, track = await client_kit.delivering(await client_kit.order(channel=place), SONG[1])
    client_kit.fake.close_dms()
    match closed:
        case "kicked":
            client_kit.fake.kick_bot()
        case "timeout":
            client_kit.fake.time_out(600)
        case "locked":
            client_kit.fake.set_thread(place, locked=True)
        case _:
            client_kit.fake.revoke(closed)
    sent = await client_kit.delivery.deliver(job, track)
    assert (sent.message_id, sent.is_card) == (job.card_message_id, True)
    await told(client_kit, job, sent)
    assert carries_the_track(client_kit.card(job))


@pytest.mark.parametrize("closed", ["kicked", "view_channel"])
async def test_the_card_goes_on_through_the_answer_where_the_bot_is_shut_out(
    client_kit: ClientKit, closed: str
) -> None:
    job = await client_kit.generating(await client_kit.order())
    answered = len(client_kit.fake.calls_to("PATCH", ANSWER_EDIT))  # an order that took long is answered by an edit
    if closed == "kicked":
        client_kit.fake.kick_bot()
    else:
        client_kit.fake.revoke(closed)
    for minutes in range(3):
        await client_kit.show(job, Eta(expected_at=client_kit.clock.now() + timedelta(minutes=minutes)))
    assert "being made" in client_kit.card(job).content
    assert len(client_kit.fake.calls_to("PATCH", OWN_EDIT)) == 1
    assert len(client_kit.fake.calls_to("PATCH", ANSWER_EDIT)) == answered + 3


async def test_after_the_answers_time_a_closed_place_leads_to_a_direct_message(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), SONG[1])
    client_kit.fake.time_out(3600)
    client_kit.advance(16 * 60)
    sent = await client_kit.delivery.deliver(job, track)
    assert sent.channel_id == client_kit.fake.open_dm().id


#: Status, body and whether Discord itself says so; none of it is final.
PASSING = [
    (403, {"message": "internal network error", "code": 40333}, True),
    (403, {"message": "403: Forbidden", "code": 0}, True),
    (400, "<html>400 Bad Request</html>", True),
    (403, "<html>403 Forbidden</html>", True),
    (404, "<html>404 Not Found</html>", True),
    (403, {"message": "Send messages has been temporarily disabled", "code": 40004}, True),
    (400, {"message": "You are opening direct messages too fast", "code": 40003}, True),
    (403, {"message": "something that is new", "code": 999_999}, True),
    (429, "<html>1015</html>", False),
]


@pytest.mark.parametrize("way", ["channel", "direct", "answer"])
async def test_what_no_known_code_calls_final_is_waited_for(client_kit: ClientKit, way: str) -> None:
    if way == "answer":
        job, track = await client_kit.delivering(await ordered_by_commands_alone(client_kit), SONG[1])
        pattern = ANSWER_EDIT
    else:
        job, track = await client_kit.delivering(await client_kit.order(), SONG[1])
        client_kit.advance(16 * 60)
        place = client_kit.fake.channel
        if way == "direct":
            client_kit.fake.revoke("send_messages")
            place = client_kit.fake.open_dm()
        pattern = f"^/channels/{place.id}/messages$"
    for status, body, via in PASSING:
        if not via and way == "answer":
            continue  # there discord.py waits by itself
        client_kit.fake.fail("*", pattern, status=status, body=body, times=None, via=via)
        with pytest.raises(DeliveryLaterError):
            await client_kit.delivery.deliver(job, track)
        client_kit.fake.faults.clear()
    sent = await client_kit.delivery.deliver(job, track)
    assert carries_the_track(client_kit.fake.message(sent.message_id))


async def test_opening_direct_messages_too_fast_is_waited_for(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), SONG[1])
    client_kit.advance(16 * 60)
    client_kit.fake.revoke("send_messages")
    too_fast = {"message": "You are opening direct messages too fast", "code": 40003}
    client_kit.fake.fail("POST", "/users/@me/channels$", status=400, body=too_fast)
    with pytest.raises(DeliveryLaterError):
        await client_kit.delivery.deliver(job, track)
    assert (await client_kit.delivery.deliver(job, track)).channel_id == client_kit.fake.open_dm().id


@pytest.mark.heavy
async def test_a_final_code_is_asked_once_or_without_its_link_and_leads_elsewhere(client_kit: ClientKit) -> None:
    client_kit.track_url = "http://192.168.1.7/a.mp3"  # no link, hence no second try without it
    for code, words in FINAL.items():
        if code in {160002, 10008}:
            continue  # a reply that becomes a plain message; a message that somebody deleted
        job, track = await client_kit.delivering(await client_kit.order(), SONG[1])
        client_kit.fake.expire_tokens()
        client_kit.clock.ahead += timedelta(minutes=16)
        here = f"^/channels/{job.place.channel_id}/messages$"
        fault = client_kit.fake.fail("POST", here, status=403, body={"message": words, "code": code}, times=None)
        sent = await client_kit.delivery.deliver(job, track)
        client_kit.fake.faults.clear()
        client_kit.clock.ahead -= timedelta(minutes=16)
        assert sent.channel_id == client_kit.fake.open_dm().id, code
        assert fault.hits == 1, code


@pytest.mark.parametrize("late", [False, True])
async def test_a_card_that_is_gone_is_edited_once_and_never_again(client_kit: ClientKit, late: bool) -> None:
    job = await client_kit.generating(await client_kit.order())
    answered = len(client_kit.fake.calls_to("PATCH", "/messages/"))
    client_kit.fake.remove_message(client_kit.card(job))
    if late:
        client_kit.advance(16 * 60)

    async def draw_often() -> int:
        for minutes in range(5):
            await client_kit.show(job, Eta(expected_at=client_kit.clock.now() + timedelta(minutes=minutes)))
        return len(client_kit.fake.calls_to("PATCH", "/messages/")) - answered

    assert await draw_often() == 1
    await client_kit.restart()
    assert await draw_often() == 2


@pytest.mark.parametrize("refused", ["send_messages", "archived"])
async def test_a_card_that_was_refused_is_left_alone_until_the_last_word(client_kit: ClientKit, refused: str) -> None:
    place = client_kit.fake.start_thread("songs")
    job = await client_kit.generating(await client_kit.order(channel=place))
    answered = len(client_kit.fake.calls_to("PATCH", "/messages/"))
    client_kit.advance(16 * 60)
    if refused == "archived":
        client_kit.fake.set_thread(place, archived=True)
    else:
        client_kit.fake.revoke("view_channel", channel=place)
    for minutes in range(5):
        await client_kit.show(job, Eta(expected_at=client_kit.clock.now() + timedelta(minutes=minutes)))
    assert len(client_kit.fake.calls_to("PATCH", "/messages/")) == answered + 1
    client_kit.fake.set_thread(place, archived=False)
    client_kit.fake.grant("view_channel", channel=place)
    await told(client_kit, *await _ready(client_kit, job))
    assert "done" in text_of(client_kit.card(job))


async def _ready(client_kit: ClientKit, job: Job) -> tuple[Job, DeliveredMessage]:
    name = f"{job.id}.mp3"
    track = client_kit.files.track_path(name)
    track.write_bytes(SONG[1])
    kept = Track(url=client_kit.track_url, copy_name=name, size_bytes=len(SONG[1]), seconds=20.0)
    job = await client_kit.move(job, JobState.READY, track=kept)
    job = await client_kit.move(job, JobState.DELIVERING, deliver_started_at=client_kit.clock.now())
    return job, await client_kit.delivery.deliver(job, track)


async def test_a_card_that_could_never_be_posted_is_not_tried_every_ten_seconds(client_kit: ClientKit) -> None:
    job = await client_kit.generating(await client_kit.order())
    client_kit.fake.remove_message(client_kit.card(job))
    await client_kit.store.update(job.id, card_message_id=None)
    job = await client_kit.fresh(job)
    client_kit.advance(16 * 60)
    client_kit.fake.revoke("send_messages")
    for minutes in range(5):
        assert await client_kit.show(job, Eta(expected_at=client_kit.clock.now() + timedelta(minutes=minutes))) is None
    assert len(client_kit.fake.calls_to("POST", CHANNEL_POST)) == 2  # with its embed, and without


async def test_a_track_that_automod_stops_says_so(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), SONG[1])
    client_kit.advance(16 * 60)
    client_kit.fake.close_dms()
    blocked = {"message": "Message was blocked by automatic moderation", "code": 200000}
    here = f"^/channels/{job.place.channel_id}/messages$"
    client_kit.fake.fail("POST", here, status=400, body=blocked, times=2)  # with its link, and without
    sent = await client_kit.delivery.deliver(job, track)
    content = client_kit.fake.message(sent.message_id).content
    assert "AutoMod did not let the message with the file through" in content
    assert "too large" not in content


async def test_automod_that_stops_the_words_leaves_the_track_with_the_member(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(options={"title": "Rude"}), SONG[1])
    client_kit.fake.block_words("rude")
    sent = await client_kit.delivery.deliver(job, track)
    assert sent.channel_id == client_kit.fake.open_dm().id
    client_kit.fake.close_dms()
    client_kit.fake.remove_message(sent.message_id)
    client_kit.advance(600)
    with pytest.raises(UndeliverableError):
        await client_kit.delivery.deliver(job, track)


@pytest.mark.parametrize("tier", [2, 3])
async def test_a_boosted_server_takes_larger_files_up_to_what_one_request_holds(
    client_kit: ClientKit, tier: int
) -> None:
    client_kit.fake.boost(tier)
    job = await client_kit.order()
    assert job.place.upload_limit_bytes == {2: 50, 3: 100}[tier] * 1024 * 1024
    client_kit.fake.rules.request_limit_bytes = 4_000
    job, track = await client_kit.delivering(job, SONG[1])
    sent = await client_kit.delivery.deliver(job, track)
    message = client_kit.fake.message(sent.message_id)
    assert message.attachments == []
    assert "too large" in message.content


async def test_an_answer_that_comes_late_is_edited_all_the_same(client_kit: ClientKit) -> None:
    job = await ordered_by_commands_alone(client_kit)
    await client_kit.store.update(job.id, card_message_id=None)
    job = await client_kit.generating(job)
    done = client_kit.fake.interactions[-1]
    done.answer_type, answered = None, done.answer_type
    assert await client_kit.show(job, Eta()) is None
    done.answer_type = answered
    assert await client_kit.show(job, Eta()) == done.messages[0].id


async def test_a_track_that_took_its_cards_place_is_found_there_and_not_sent_again(client_kit: ClientKit) -> None:
    job, track = await client_kit.delivering(await client_kit.order(), SONG[1])
    client_kit.fake.revoke("send_messages")
    assert await client_kit.delivery.find(job, client_kit.clock.now()) is None
    sent = await client_kit.delivery.deliver(job, track)
    client_kit.advance(16 * 60)
    assert await client_kit.delivery.find(job, client_kit.clock.now()) == sent


async def test_a_file_too_large_for_one_request_is_said_where_it_was_asked_for(client_kit: ClientKit) -> None:
    await client_kit.delivered(await client_kit.order(options={"title": "Mine"}))
    listed = await client_kit.fake.slash("tracks", {"song": "Mine"})
    song = await client_kit.fake.until(lambda: listed.original)
    client_kit.fake.rules.request_limit_bytes = 4_000
    pressed = await client_kit.fake.click(song, "Give me the file")
    await client_kit.fake.until(lambda: pressed.messages and "too large" in pressed.messages[0].content)
