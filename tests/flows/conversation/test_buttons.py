"""Every button: what it does, for whom, and that a restart makes no difference."""

import pytest

from bot.errors import Reason
from bot.jobs.model import Job, JobState
from sandbox.discord import Interaction, Message
from tests.flows.conversation.forms import fields_of
from tests.front import LYRICS, SONG, Front, labels_of, unsigned, words_of

MODERATOR = "Moderator"
OTHER = "Member Two"
DAY_SECONDS = 26 * 3600.0


async def answer_to(front: Front, pressed: Interaction) -> Message:
    """The private answer to a press."""
    await front.fake.until(lambda: pressed.answered)
    answer = await front.fake.until(lambda: next(iter(pressed.messages), None))
    assert answer.visible_to == pressed.user.id
    return answer


async def newest_job(front: Front, than: Job) -> Job:
    await front.fake.until(lambda: front.looked_at[-1] != than.id)
    return await front.jobs.get(front.looked_at[-1])


@pytest.fixture(params=[False, True], ids=["at once", "after a restart"])
def restarted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_cancel_in_line_costs_nothing(front: Front, restarted: bool) -> None:
    job = await front.order()
    if restarted:
        await front.restart()
    pressed = await front.fake.click(front.card(job), "Cancel")
    await front.fake.until(lambda: pressed.answered)
    assert (await front.fresh(job)).state is JobState.CANCELLED
    assert "cancelled" in front.card(job).content
    assert "Nothing was charged" in words_of(front.card(job))
    assert labels_of(front.card(job)) == ["Again", "Edit lyrics"]


async def test_cancel_of_a_paid_song_is_honest(front: Front) -> None:
    job = await front.generating(await front.order())
    await front.delivery.show(job, await front.jobs.outlook(job))
    pressed = await front.fake.click(front.card(job), "Cancel (still charged)")
    await front.fake.until(lambda: pressed.answered)
    assert "may still be charged" in words_of(front.card(job))


async def test_others_cannot_cancel_but_moderators_can(front: Front) -> None:
    job = await front.order()
    answer = await answer_to(front, await front.fake.click(front.card(job), "Cancel", member=OTHER))
    assert "or a moderator" in answer.content
    assert (await front.fresh(job)).state is JobState.CHECKING
    pressed = await front.fake.click(front.card(job), "Cancel", member=MODERATOR)
    await front.fake.until(lambda: pressed.answered)
    assert (await front.fresh(job)).state is JobState.CANCELLED


async def test_a_cancel_that_comes_too_late_says_so(front: Front) -> None:
    job = await front.order()
    await front.move(await front.move(job, JobState.QUEUED), JobState.SUBMITTING, attempt=1)
    answer = await answer_to(front, await front.fake.click(front.card(job), "Cancel"))
    assert "no longer possible" in answer.content


async def test_again_is_the_same_song_and_words(front: Front, restarted: bool) -> None:
    job = await front.delivered(await front.order(options={"title": "Mine"}))
    if restarted:
        await front.restart()
    pressed = await front.fake.click(front.track_message(job), "Again")
    card = await front.fake.until(lambda: pressed.original)
    again = await newest_job(front, job)
    assert (again.title, again.lyrics, again.again_of) == ("Mine", LYRICS, job.id)
    assert again.reference.url == job.reference.url
    assert card.visible_to is None
    assert front.fake.violations == []


async def test_again_pressed_twice_in_a_row_is_paid_once(front: Front) -> None:
    job = await front.delivered(await front.order())
    first = await front.fake.click(front.track_message(job), "Again")
    card = await front.fake.until(lambda: first.original)
    answer = await answer_to(front, await front.fake.click(front.track_message(job), "Again"))
    assert "already on its way" in answer.content
    assert str(card.id) in answer.content
    assert len(front.looked_at) == 2
    front.advance(11)
    third = await front.fake.click(front.track_message(job), "Again")
    await front.fake.until(lambda: third.original)
    assert len(front.looked_at) == 3


async def test_a_song_that_hung_on_a_deleted_message_is_brought_back_from_our_copy(front: Front) -> None:
    message = await front.fake.post("listen", files=[SONG], member=OTHER)
    done = await front.fake.message_command("Compose from this", message)
    sent = await front.fake.submit(await front.fake.until(lambda: done.modal), {"lyrics": LYRICS})
    await front.fake.until(lambda: sent.original)
    job = await front.delivered(await with_copy(front, await front.jobs.get(front.looked_at[0])))
    await front.fake.delete_message(message, member=OTHER)
    pressed = await front.fake.click(front.track_message(job), "Again")
    again = await newest_job(front, job)
    assert pressed.original is not None
    assert unsigned(again.reference.url) == unsigned(front.fake.url_of(pressed.original.attachments[0]))


async def with_copy(front: Front, job: Job) -> Job:
    reference = job.reference
    name = f"{job.id}.mp3"
    front.files.reference_path(name).write_bytes(SONG[1])
    kept = type(reference)(
        url=reference.url,
        name=reference.name,
        size_bytes=reference.size_bytes,
        expires_at=reference.expires_at,
        copy_name=name,
    )
    noted = await front.store.note(job.id, reference=kept)
    assert noted is not None
    return noted


async def test_again_a_day_later_brings_our_copy_back(front: Front, restarted: bool) -> None:
    job = await front.delivered(await with_copy(front, await front.order()))
    front.advance(DAY_SECONDS)
    if restarted:
        await front.restart()
    pressed = await front.fake.click(front.track_message(job), "Again")
    again = await newest_job(front, job)
    card = pressed.original
    assert card is not None
    await front.fake.until(lambda: "listening" in card.content)
    assert unsigned(again.reference.url) == unsigned(front.fake.url_of(card.attachments[0]))
    assert card.attachments[0].data == SONG[1]
    assert again.reference.name == "song.mp3"
    assert labels_of(card) == ["Cancel"]


async def test_again_a_day_later_without_a_copy_asks_for_the_song(front: Front) -> None:
    job = await front.delivered(await front.order(options={"title": "Mine"}))
    front.advance(DAY_SECONDS)
    pressed = await front.fake.click(front.track_message(job), "Again")
    form = await front.fake.until(lambda: pressed.modal)
    fields = fields_of(form)
    assert (fields["title"]["value"], fields["lyrics"]["value"]) == ("Mine", LYRICS)
    assert fields["song"]["required"] is True
    await front.restart()
    sent = await front.fake.submit(form, files={"song": SONG})
    await front.fake.until(lambda: sent.original)
    again = await newest_job(front, job)
    assert (again.lyrics, again.again_of) == (LYRICS, job.id)


async def test_edit_opens_the_form_with_the_old_words(front: Front, restarted: bool) -> None:
    job = await front.delivered(await front.order(options={"title": "Mine"}))
    pressed = await front.fake.click(front.track_message(job), "Edit lyrics")
    form = await front.fake.until(lambda: pressed.modal)
    assert fields_of(form)["lyrics"]["value"] == LYRICS
    assert fields_of(form)["song"]["required"] is False
    if restarted:
        await front.restart()
    sent = await front.fake.submit(form, {"lyrics": "Other words to sing"})
    await front.fake.until(lambda: sent.original)
    again = await newest_job(front, job)
    assert (again.lyrics, again.again_of, again.reference.url) == ("Other words to sing", job.id, job.reference.url)


async def test_a_refused_song_asks_for_another_with_the_words_kept(front: Front) -> None:
    job = await front.move(await front.order(), JobState.REFUSED, reason=Reason.FILE_EMPTY)
    await front.delivery.tell(job)
    pressed = await front.fake.click(front.card(job), "Another song")
    form = await front.fake.until(lambda: pressed.modal)
    assert fields_of(form)["lyrics"]["value"] == LYRICS
    assert fields_of(form)["song"]["required"] is True


async def test_lyrics_are_shown_to_whoever_asks_privately(front: Front, restarted: bool) -> None:
    job = await front.delivered(await front.order())
    if restarted:
        await front.restart()
    answer = await answer_to(front, await front.fake.click(front.track_message(job), "Lyrics", member=OTHER))
    assert LYRICS in words_of(answer)


@pytest.mark.parametrize("label", ["Again", "Edit lyrics"])
async def test_only_the_owner_repeats_and_edits(front: Front, label: str) -> None:
    job = await front.delivered(await front.order())
    for member in (OTHER, MODERATOR):
        answer = await answer_to(front, await front.fake.click(front.track_message(job), label, member=member))
        assert "Only the person" in answer.content
    assert front.looked_at == [job.id]


@pytest.mark.parametrize("member", [None, MODERATOR])
async def test_delete_asks_once_and_removes_everything(front: Front, member: str | None, restarted: bool) -> None:
    job = await front.delivered(await front.order())
    track, card = front.track_message(job), front.card(job)
    question = await answer_to(front, await front.fake.click(track, "Delete", member=member))
    assert "for good" in question.content
    if restarted:
        await front.restart()
    pressed = await front.fake.click(question, "Yes, delete it", member=member)
    await front.fake.until(lambda: pressed.answered and "Deleted" in question.content)
    assert await front.store.get(job.id) is None
    assert front.files.track(job) is None
    assert track.deleted
    assert card.deleted


async def test_others_cannot_delete(front: Front) -> None:
    job = await front.delivered(await front.order())
    answer = await answer_to(front, await front.fake.click(front.track_message(job), "Delete", member=OTHER))
    assert "or a moderator" in answer.content
    assert labels_of(answer) == []


async def test_buttons_of_a_deleted_song_say_so(front: Front) -> None:
    job = await front.delivered(await front.order())
    await front.store.forget(job.id)
    answer = await answer_to(front, await front.fake.click(front.track_message(job), "Lyrics"))
    assert "no longer know this song" in answer.content


async def unknown(front: Front) -> Job:
    job = await front.move(await front.order(), JobState.QUEUED)
    job = await front.move(job, JobState.SUBMITTING, attempt=1, submit_started_at=front.clock.now())
    job = await front.move(job, JobState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN)
    await front.delivery.tell(job)
    return job


async def test_an_unknown_outcome_is_decided_by_the_member(front: Front, restarted: bool) -> None:
    job = await unknown(front)
    if restarted:
        await front.restart()
    assert labels_of(front.card(job)) == ["Try again (may be charged twice)", "Dismiss"]
    answer = await answer_to(front, await front.fake.click(front.card(job), "Dismiss", member=MODERATOR))
    assert "Only the person" in answer.content
    pressed = await front.fake.click(front.card(job), "Try again (may be charged twice)")
    await front.fake.until(lambda: pressed.answered)
    assert (await front.fresh(job)).state is JobState.QUEUED
    assert "waiting" in front.card(job).content


async def test_an_unknown_outcome_can_be_dismissed(front: Front) -> None:
    job = await unknown(front)
    pressed = await front.fake.click(front.card(job), "Dismiss")
    await front.fake.until(lambda: pressed.answered)
    assert (await front.fresh(job)).reason is Reason.DISMISSED
    assert "may still be charged" in words_of(front.card(job))


async def test_a_track_that_came_too_late_can_be_looked_for_again(front: Front, restarted: bool) -> None:
    job = await front.generating(await front.order())
    job = await front.move(job, JobState.EXPIRED, reason=Reason.DEADLINE)
    await front.delivery.tell(job)
    if restarted:
        await front.restart()
    pressed = await front.fake.click(front.card(job), "Look again")
    await front.fake.until(lambda: pressed.answered)
    assert (await front.fresh(job)).state is JobState.GENERATING


async def test_a_failed_job_is_tried_again_as_a_new_one(front: Front, restarted: bool) -> None:
    job = await front.failed(await front.order(), Reason.PROVIDER_FAILED)
    assert "gave up" in words_of(front.card(job))
    if restarted:
        await front.restart()
    pressed = await front.fake.click(front.card(job), "Try again")
    await front.fake.until(lambda: pressed.original)
    assert (await newest_job(front, job)).again_of == job.id


@pytest.mark.parametrize("custom_id", ["job:v0:retry:17", "job:v1:nonsense:17", "job:17", "tracks:v9:x"])
async def test_buttons_of_other_versions_are_answered(front: Front, custom_id: str) -> None:
    import discord  # only here: a message as an older version would have posted it

    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Old", custom_id=custom_id))
    view.stop()
    sent = await front.client.get_partial_messageable(front.fake.channel.id).send("old", view=view)
    answer = await answer_to(front, await front.fake.click(front.fake.message(sent.id), "Old"))
    assert "older version" in answer.content


async def test_answers_are_in_the_language_of_whoever_presses(front: Front) -> None:
    job = await front.delivered(await front.order())
    front.fake.member(OTHER).locale = "de"
    answer = await answer_to(front, await front.fake.click(front.track_message(job), "Again", member=OTHER))
    assert "bestellt hat" in answer.content
