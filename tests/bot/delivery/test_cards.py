"""The card on Discord: true, quiet, and found again."""

import pytest

from bot.errors import DeliveryLaterError, Reason
from bot.jobs.model import JobState, Track
from bot.jobs.ports import Outlook
from sandbox.discord import Install
from tests.front import SONG, Front, labels_of, words_of

NOTHING = Outlook()
EDIT = r"/channels/\d+/messages/\d+$"


async def test_the_card_follows_the_job_and_is_edited_only_when_it_changes(front: Front) -> None:
    job = await front.order()
    job = await front.move(job, JobState.QUEUED)
    for _ in range(3):
        assert await front.delivery.show(job, Outlook(ahead=2)) == job.card_message_id
    assert "2 others" in words_of(front.card(job))
    assert len(front.fake.calls_to("PATCH", EDIT)) == 1


async def test_two_states_that_look_alike_are_one_edit(front: Front) -> None:
    job = await front.order()
    for after in (JobState.QUEUED, JobState.SUBMITTING, JobState.GENERATING):
        job = await front.move(job, after)
    for after in (JobState.READY, JobState.DELIVERING):
        job = await front.move(job, after, track=Track(url="https://files.example/track.mp3"))
        await front.delivery.show(job, NOTHING)
    assert len(front.fake.calls_to("PATCH", EDIT)) == 1


async def test_the_card_is_edited_by_the_channel_after_the_interaction_has_ended(front: Front) -> None:
    job = await front.order()
    front.advance(16 * 60)
    job = await front.move(job, JobState.QUEUED)
    assert await front.delivery.show(job, NOTHING) == job.card_message_id
    assert "waiting" in front.card(job).content


async def test_a_card_whose_message_was_never_stored_is_found_by_the_interaction(front: Front) -> None:
    job = await front.order()
    await front.store.note(job.id, card_message_id=None)
    found = await front.delivery.show(await front.fresh(job), NOTHING)
    assert found == job.card_message_id


async def test_a_card_that_was_never_shown_is_made_once(front: Front) -> None:
    job = await front.order()
    front.fake.remove_message(front.card(job))
    await front.store.note(job.id, card_message_id=None)
    front.advance(20 * 60)
    job = await front.fresh(job)
    first = await front.delivery.show(job, NOTHING)
    assert first is not None
    assert first != job.card_message_id
    await front.restart()
    assert await front.delivery.show(job, NOTHING) == first
    assert len(front.fake.messages) == 1


async def test_an_answer_that_is_still_on_its_way_is_waited_for(front: Front) -> None:
    job = await front.order()
    front.fake.remove_message(front.card(job))
    await front.store.note(job.id, card_message_id=None)
    with pytest.raises(DeliveryLaterError):
        await front.delivery.show(await front.fresh(job), NOTHING)


async def test_a_deleted_card_is_gone_for_good(front: Front) -> None:
    job = await front.order()
    front.fake.remove_message(front.card(job))
    assert await front.delivery.show(job, NOTHING) is None
    assert front.fake.messages == []


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}])
async def test_an_outage_is_later(front: Front, fault: dict[str, object]) -> None:
    job = await front.order()
    front.fake.fail("PATCH", EDIT, **fault)
    job = await front.move(job, JobState.QUEUED)
    with pytest.raises(DeliveryLaterError):
        await front.delivery.show(job, NOTHING)
    assert await front.delivery.show(job, NOTHING) == job.card_message_id


async def test_quick_news_stand_on_the_card_alone(front: Front) -> None:
    job = await front.move(await front.order(), JobState.REFUSED, reason=Reason.FILE_EMPTY)
    await front.delivery.tell(job)
    assert len(front.fake.messages) == 1
    assert "empty" in words_of(front.card(job))


async def test_late_news_call_the_member_once(front: Front) -> None:
    job = await front.generating(await front.order())
    front.advance(120)
    job = await front.move(job, JobState.FAILED, reason=Reason.PROVIDER_FAILED)
    await front.delivery.tell(job)
    await front.delivery.tell(job)
    card, news = front.fake.messages
    assert "gave up" in words_of(card)
    assert labels_of(card) == ["Try again", "Edit lyrics"]
    assert news.reply_to_id == card.id
    assert news.pinged_user_ids == (job.member_id,)


async def test_news_without_a_card_have_its_buttons(front: Front) -> None:
    job = await front.generating(await front.order())
    front.fake.remove_message(front.card(job))
    job = await front.move(job, JobState.FAILED, reason=Reason.PROVIDER_FAILED)
    await front.delivery.tell(job)
    (news,) = front.fake.messages
    assert labels_of(news) == ["Try again", "Edit lyrics"]


async def test_news_from_a_deleted_channel_come_directly(front: Front) -> None:
    job = await front.generating(await front.order())
    front.fake.delete_channel(None)
    job = await front.move(job, JobState.FAILED, reason=Reason.PROVIDER_FAILED)
    await front.delivery.tell(job)
    (news,) = front.fake.seen(front.fake.open_dm())
    assert "gave up" in news.content


async def test_when_nobody_can_be_told_it_gives_up_silently(front: Front) -> None:
    job = await front.generating(await front.order())
    front.fake.delete_channel(None)
    front.fake.close_dms()
    job = await front.move(job, JobState.FAILED, reason=Reason.PROVIDER_FAILED)
    await front.delivery.tell(job)


async def test_a_user_installed_app_edits_its_answer_while_it_may(front: Front) -> None:
    job = await front.order(install=Install.USER)
    job = await front.move(job, JobState.QUEUED)
    assert await front.delivery.show(job, NOTHING) == job.card_message_id
    front.advance(16 * 60)
    assert await front.delivery.show(await front.generating_from(job), NOTHING) is None


async def test_a_converted_song_is_published_on_the_card_and_stays_there(front: Front) -> None:
    job = await front.order()
    song = front.files.reference_path("x.mp3")
    song.write_bytes(SONG[1])
    published = await front.delivery.publish(job, song, "converted.mp3")
    assert published.expires_at is not None
    assert [file.filename for file in front.card(job).attachments] == ["converted.mp3"]
    again = await front.delivery.publish(job, song, "converted.mp3")
    assert again.url != ""
    assert len(front.card(job).attachments) == 1
    job = await front.move(job, JobState.QUEUED)
    await front.delivery.show(job, NOTHING)
    assert len(front.card(job).attachments) == 1


@pytest.mark.parametrize("late", [False, True])
async def test_refused_content_is_told_to_the_member_alone(front: Front, late: bool) -> None:
    job = await front.generating(await front.order())
    if late:
        front.advance(20 * 60)
    job = await front.move(job, JobState.FAILED, reason=Reason.CONTENT_REFUSED)
    await front.delivery.tell(job)
    assert "refuses" not in words_of(front.card(job))
    assert "has been told why" in words_of(front.card(job))
    assert labels_of(front.card(job)) == ["Edit lyrics"]
    if late:
        (told,) = front.fake.seen(front.fake.open_dm())
    else:
        (told,) = front.fake.interactions[0].followups
        assert told.visible_to == job.member_id
    assert "refuses these words" in told.content
