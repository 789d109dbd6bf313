"""The card on Discord: true, quiet, and found again."""

import pytest

from bot.errors import DeliveryLaterError, Reason
from bot.jobs.model import JobState, Track
from bot.jobs.ports import Eta
from sandbox.discord import Install
from tests.client_kit import SONG, ClientKit, labels_of, text_of

NOTHING = Eta()
EDIT = r"/channels/\d+/messages/\d+$"


async def test_the_card_follows_the_job_and_is_edited_only_when_it_changes(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    job = await client_kit.move(job, JobState.QUEUED)
    for _ in range(3):
        assert await client_kit.show(job, Eta(ahead=2)) == job.card_message_id
    assert "2 others" in text_of(client_kit.card(job))
    assert len(client_kit.fake.calls_to("PATCH", EDIT)) == 1


async def test_two_states_that_look_alike_are_one_edit(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    for after in (JobState.QUEUED, JobState.SUBMITTING, JobState.GENERATING):
        job = await client_kit.move(job, after)
    for after in (JobState.READY, JobState.DELIVERING):
        job = await client_kit.move(job, after, track=Track(url="https://files.example/track.mp3"))
        await client_kit.show(job, NOTHING)
    assert len(client_kit.fake.calls_to("PATCH", EDIT)) == 1


async def test_the_card_is_edited_by_the_channel_after_the_interaction_has_ended(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    client_kit.advance(16 * 60)
    job = await client_kit.move(job, JobState.QUEUED)
    assert await client_kit.show(job, NOTHING) == job.card_message_id
    assert "waiting" in client_kit.card(job).content


async def test_a_card_whose_message_was_never_stored_is_found_by_the_interaction(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    await client_kit.store.update(job.id, card_message_id=None)
    found = await client_kit.show(await client_kit.fresh(job), NOTHING)
    assert found == job.card_message_id


async def test_a_card_that_was_never_shown_is_made_once(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    client_kit.fake.remove_message(client_kit.card(job))
    await client_kit.store.update(job.id, card_message_id=None)
    client_kit.advance(20 * 60)
    job = await client_kit.fresh(job)
    first = await client_kit.show(job, NOTHING)
    assert first is not None
    assert first != job.card_message_id
    await client_kit.restart()
    assert await client_kit.show(job, NOTHING) == first
    assert len(client_kit.fake.messages) == 1


async def test_an_answer_that_is_still_on_its_way_is_waited_for(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    client_kit.fake.remove_message(client_kit.card(job))
    await client_kit.store.update(job.id, card_message_id=None)
    with pytest.raises(DeliveryLaterError):
        await client_kit.show(await client_kit.fresh(job), NOTHING)


async def test_a_deleted_card_is_gone_for_good(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    client_kit.fake.remove_message(client_kit.card(job))
    assert await client_kit.show(job, NOTHING) is None
    assert client_kit.fake.messages == []


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}])
async def test_an_outage_is_later(client_kit: ClientKit, fault: dict[str, object]) -> None:
    job = await client_kit.order()
    client_kit.fake.fail("PATCH", EDIT, **fault)
    job = await client_kit.move(job, JobState.QUEUED)
    with pytest.raises(DeliveryLaterError):
        await client_kit.show(job, NOTHING)
    assert await client_kit.show(job, NOTHING) == job.card_message_id


async def test_quick_news_stand_on_the_card_alone(client_kit: ClientKit) -> None:
    job = await client_kit.move(await client_kit.order(), JobState.REFUSED, reason=Reason.FILE_EMPTY)
    await client_kit.tell(job)
    assert len(client_kit.fake.messages) == 1
    assert "empty" in text_of(client_kit.card(job))


async def test_late_news_call_the_member_once(client_kit: ClientKit) -> None:
    job = await client_kit.generating(await client_kit.order())
    client_kit.advance(120)
    job = await client_kit.move(job, JobState.FAILED, reason=Reason.PROVIDER_FAILED)
    await client_kit.tell(job)
    await client_kit.tell(job)
    card, news = client_kit.fake.messages
    assert "gave up" in text_of(card)
    assert labels_of(card) == ["Try again", "Edit lyrics"]
    assert news.reply_to_id == card.id
    assert news.pinged_user_ids == (job.member_id,)


async def test_news_without_a_card_have_its_buttons(client_kit: ClientKit) -> None:
    job = await client_kit.generating(await client_kit.order())
    client_kit.fake.remove_message(client_kit.card(job))
    job = await client_kit.move(job, JobState.FAILED, reason=Reason.PROVIDER_FAILED)
    await client_kit.tell(job)
    (news,) = client_kit.fake.messages
    assert labels_of(news) == ["Try again", "Edit lyrics"]


async def test_news_from_a_deleted_channel_come_directly(client_kit: ClientKit) -> None:
    job = await client_kit.generating(await client_kit.order())
    client_kit.fake.delete_channel(None)
    job = await client_kit.move(job, JobState.FAILED, reason=Reason.PROVIDER_FAILED)
    await client_kit.tell(job)
    (news,) = client_kit.fake.seen(client_kit.fake.open_dm())
    assert "gave up" in news.content


async def test_when_nobody_can_be_told_it_gives_up_silently(client_kit: ClientKit) -> None:
    job = await client_kit.generating(await client_kit.order())
    client_kit.fake.delete_channel(None)
    client_kit.fake.close_dms()
    job = await client_kit.move(job, JobState.FAILED, reason=Reason.PROVIDER_FAILED)
    there = [message.id for message in client_kit.fake.messages]
    await client_kit.tell(job)
    assert [message.id for message in client_kit.fake.messages] == there
    assert client_kit.fake.calls_to("POST", r"^/users/@me/channels$"), "it was tried directly as well"


async def test_a_user_installed_app_edits_its_answer_while_it_may(client_kit: ClientKit) -> None:
    job = await client_kit.order(install=Install.USER)
    job = await client_kit.move(job, JobState.QUEUED)
    assert await client_kit.show(job, NOTHING) == job.card_message_id
    client_kit.advance(16 * 60)
    assert await client_kit.show(await client_kit.generating_from(job), NOTHING) is None


async def test_a_converted_song_is_published_on_the_card_and_stays_there(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    song = client_kit.files.reference_path("x.mp3")
    song.write_bytes(SONG[1])
    published = await client_kit.cards.publish(job, song, "converted.mp3")
    assert published.expires_at is not None
    assert [file.filename for file in client_kit.card(job).attachments] == ["converted.mp3"]
    again = await client_kit.cards.publish(job, song, "converted.mp3")
    assert again.url != ""
    assert len(client_kit.card(job).attachments) == 1
    job = await client_kit.move(job, JobState.QUEUED)
    await client_kit.show(job, NOTHING)
    assert len(client_kit.card(job).attachments) == 1


@pytest.mark.parametrize("late", [False, True])
async def test_refused_content_is_told_to_the_member_alone(client_kit: ClientKit, late: bool) -> None:
    job = await client_kit.generating(await client_kit.order())
    if late:
        client_kit.advance(20 * 60)
    job = await client_kit.move(job, JobState.FAILED, reason=Reason.CONTENT_REFUSED)
    await client_kit.tell(job)
    assert "refuses" not in text_of(client_kit.card(job))
    assert "has been told why" in text_of(client_kit.card(job))
    assert labels_of(client_kit.card(job)) == ["Edit lyrics"]
    if late:
        (told,) = client_kit.fake.seen(client_kit.fake.open_dm())
    else:
        (told,) = client_kit.fake.interactions[0].followups
        assert told.visible_to == job.member_id
    assert "refuses these words" in told.content
