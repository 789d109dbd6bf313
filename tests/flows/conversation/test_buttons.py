"""Every button: what it does, for whom, and that a restart makes no difference."""

from typing import Any

import pytest

from bot.errors import Reason, StoreBusyError
from bot.jobs.model import Job, JobState
from bot.texts import text
from bot.ui.buttons import BUTTONS, MayPress
from bot.ui.custom_ids import OURS, job_id
from sandbox.discord import Interaction, Message
from tests.client_kit import LYRICS, SONG, ClientKit, labels_of, text_of, unsigned
from tests.flows.conversation.forms import fields_of

MODERATOR = "Moderator"
OTHER = "Member Two"
DAY_SECONDS = 26 * 3600.0


async def answer_to(client_kit: ClientKit, pressed: Interaction) -> Message:
    """The private answer to a press."""
    answer = await client_kit.shown(pressed)
    assert answer.visible_to == pressed.user.id
    return answer


async def with_a_file(client_kit: ClientKit, pressed: Interaction) -> Message:
    """The answer to a press, once it carries its song."""

    def found() -> Message | None:
        return pressed.original if pressed.original and pressed.original.attachments else None

    return await client_kit.fake.until(found)


async def newest_job(client_kit: ClientKit, than: Job) -> Job:
    await client_kit.fake.until(lambda: client_kit.woken[-1] != than.id)
    return await client_kit.jobs.get(client_kit.woken[-1])


@pytest.fixture(params=[False, True], ids=["at once", "after a restart"])
def restarted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_cancel_in_line_costs_nothing(client_kit: ClientKit, restarted: bool) -> None:
    job = await client_kit.order()
    if restarted:
        await client_kit.restart()
    pressed = await client_kit.fake.click(client_kit.card(job), "Cancel")
    await client_kit.fake.until(lambda: pressed.answered)
    assert (await client_kit.fresh(job)).state is JobState.CANCELLED
    assert "cancelled" in client_kit.card(job).content
    assert "Nothing was charged" in text_of(client_kit.card(job))
    assert labels_of(client_kit.card(job)) == ["Again", "Edit lyrics"]


async def test_cancel_of_a_paid_song_is_honest(client_kit: ClientKit) -> None:
    job = await client_kit.generating(await client_kit.order())
    await client_kit.show(job, await client_kit.eta_estimator.estimate(job))
    pressed = await client_kit.fake.click(client_kit.card(job), "Cancel (still charged)")
    await client_kit.fake.until(lambda: pressed.answered)
    assert "may still be charged" in text_of(client_kit.card(job))


async def test_others_cannot_cancel_but_moderators_can(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    answer = await answer_to(client_kit, await client_kit.fake.click(client_kit.card(job), "Cancel", member=OTHER))
    assert "or a moderator" in answer.content
    assert (await client_kit.fresh(job)).state is JobState.CHECKING
    pressed = await client_kit.fake.click(client_kit.card(job), "Cancel", member=MODERATOR)
    await client_kit.fake.until(lambda: pressed.answered)
    assert (await client_kit.fresh(job)).state is JobState.CANCELLED


async def test_a_cancel_that_comes_too_late_says_so(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    await client_kit.move(await client_kit.move(job, JobState.QUEUED), JobState.SUBMITTING, attempt=1)
    answer = await answer_to(client_kit, await client_kit.fake.click(client_kit.card(job), "Cancel"))
    assert "no longer possible" in answer.content


async def test_again_is_the_same_song_and_words(client_kit: ClientKit, restarted: bool) -> None:
    job = await client_kit.delivered(await client_kit.order(options={"title": "Mine"}))
    if restarted:
        await client_kit.restart()
    pressed = await client_kit.fake.click(client_kit.track_message(job), "Again")
    card = await client_kit.shown(pressed)
    again = await newest_job(client_kit, job)
    assert (again.title, again.lyrics, again.again_of) == ("Mine", LYRICS, job.id)
    assert again.reference.url == job.reference.url
    assert card.visible_to is None
    assert client_kit.fake.violations == []


async def test_again_pressed_twice_in_a_row_is_paid_once(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order())
    first = await client_kit.fake.click(client_kit.track_message(job), "Again")
    card = await client_kit.shown(first)
    await client_kit.card_known(client_kit.woken[-1])
    answer = await answer_to(client_kit, await client_kit.fake.click(client_kit.track_message(job), "Again"))
    assert "already on its way" in answer.content
    assert str(card.id) in answer.content
    assert len(client_kit.woken) == 2
    client_kit.advance(11)
    third = await client_kit.fake.click(client_kit.track_message(job), "Again")
    await client_kit.shown(third)
    assert len(client_kit.woken) == 3


async def test_a_song_that_hung_on_a_deleted_message_is_brought_back_from_our_copy(client_kit: ClientKit) -> None:
    message = await client_kit.fake.post("listen", files=[SONG], member=OTHER)
    done = await client_kit.fake.message_command("Compose from this", message)
    sent = await client_kit.fake.submit(await client_kit.fake.until(lambda: done.modal), {"lyrics": LYRICS})
    await client_kit.shown(sent)
    job = await client_kit.delivered(await with_copy(client_kit, await client_kit.jobs.get(client_kit.woken[0])))
    await client_kit.fake.delete_message(message, member=OTHER)
    pressed = await client_kit.fake.click(client_kit.track_message(job), "Again")
    again = await newest_job(client_kit, job)
    card = await with_a_file(client_kit, pressed)
    assert unsigned(again.reference.url) == unsigned(client_kit.fake.url_of(card.attachments[0]))


async def with_copy(client_kit: ClientKit, job: Job) -> Job:
    reference = job.reference
    name = f"{job.id}.mp3"
    client_kit.files.reference_path(name).write_bytes(SONG[1])
    kept = type(reference)(
        url=reference.url,
        name=reference.name,
        size_bytes=reference.size_bytes,
        expires_at=reference.expires_at,
        copy_name=name,
    )
    noted = await client_kit.store.update(job.id, reference=kept)
    assert noted is not None
    return noted


async def test_again_a_day_later_brings_our_copy_back(client_kit: ClientKit, restarted: bool) -> None:
    job = await client_kit.delivered(await with_copy(client_kit, await client_kit.order()))
    client_kit.advance(DAY_SECONDS)
    if restarted:
        await client_kit.restart()
    pressed = await client_kit.fake.click(client_kit.track_message(job), "Again")
    again = await newest_job(client_kit, job)
    card = await with_a_file(client_kit, pressed)
    await client_kit.fake.until(lambda: "listening" in card.content)
    assert unsigned(again.reference.url) == unsigned(client_kit.fake.url_of(card.attachments[0]))
    assert card.attachments[0].data == SONG[1]
    assert again.reference.name == "song.mp3"
    assert labels_of(card) == ["Cancel", "Lyrics"]


async def test_an_order_that_was_given_back_as_busy_is_not_made_although_it_was_kept(
    client_kit: ClientKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a commit takes longer than anybody waits; while its copy is posted for it the answer stands."""
    job = await client_kit.delivered(await with_copy(client_kit, await client_kit.order()))
    client_kit.advance(DAY_SECONDS)
    kept, promised, admit = list[Job](), list[bool](), client_kit.store.admit

    async def kept_and_told_busy(*arguments: Any, **more: Any) -> None:
        kept.append((await admit(*arguments, **more)).job)
        promised.append(await client_kit.cards.is_answered(kept[0]))
        raise StoreBusyError("locked")

    monkeypatch.setattr(client_kit.store, "admit", kept_and_told_busy)
    pressed = await client_kit.fake.click(client_kit.track_message(job), "Again")
    await client_kit.fake.until(lambda: pressed.original and "could not write" in pressed.original.content)
    assert promised == [True]
    assert kept[0].answered_at is None
    assert pressed.original is not None
    assert not pressed.original.attachments
    assert not await client_kit.cards.is_answered(kept[0])


async def test_again_a_day_later_without_a_copy_asks_for_the_song(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order(options={"title": "Mine"}))
    client_kit.advance(DAY_SECONDS)
    pressed = await client_kit.fake.click(client_kit.track_message(job), "Again")
    form = await client_kit.fake.until(lambda: pressed.modal)
    fields = fields_of(form)
    assert (fields["title"]["value"], fields["lyrics"]["value"]) == ("Mine", LYRICS)
    assert fields["song"]["required"] is True
    await client_kit.restart()
    sent = await client_kit.fake.submit(form, files={"song": SONG})
    await client_kit.shown(sent)
    again = await newest_job(client_kit, job)
    assert (again.lyrics, again.again_of) == (LYRICS, job.id)


async def test_edit_opens_the_form_with_the_old_words(client_kit: ClientKit, restarted: bool) -> None:
    job = await client_kit.delivered(await client_kit.order(options={"title": "Mine"}))
    pressed = await client_kit.fake.click(client_kit.track_message(job), "Edit lyrics")
    form = await client_kit.fake.until(lambda: pressed.modal)
    assert fields_of(form)["lyrics"]["value"] == LYRICS
    assert fields_of(form)["song"]["required"] is False
    if restarted:
        await client_kit.restart()
    sent = await client_kit.fake.submit(form, {"lyrics": "Other words to sing"})
    await client_kit.shown(sent)
    again = await newest_job(client_kit, job)
    assert (again.lyrics, again.again_of, again.reference.url) == ("Other words to sing", job.id, job.reference.url)


async def test_a_refused_song_asks_for_another_with_the_words_kept(client_kit: ClientKit) -> None:
    job = await client_kit.move(await client_kit.order(), JobState.REFUSED, reason=Reason.FILE_EMPTY)
    await client_kit.tell(job)
    pressed = await client_kit.fake.click(client_kit.card(job), "Another song")
    form = await client_kit.fake.until(lambda: pressed.modal)
    assert fields_of(form)["lyrics"]["value"] == LYRICS
    assert fields_of(form)["song"]["required"] is True


async def test_lyrics_are_shown_to_whoever_asks_privately(client_kit: ClientKit, restarted: bool) -> None:
    job = await client_kit.delivered(await client_kit.order())
    if restarted:
        await client_kit.restart()
    answer = await answer_to(
        client_kit, await client_kit.fake.click(client_kit.track_message(job), "Lyrics", member=OTHER)
    )
    assert LYRICS in text_of(answer)


async def test_others_read_what_is_sung_and_the_member_what_they_typed(client_kit: ClientKit) -> None:
    typed = f"[Verse: for M., sing it sadly]\n{LYRICS}"
    job = await client_kit.delivered(await client_kit.order(typed))
    track = client_kit.track_message(job)
    theirs = await answer_to(client_kit, await client_kit.fake.click(track, "Lyrics", member=OTHER))
    own = await answer_to(client_kit, await client_kit.fake.click(track, "Lyrics"))
    assert LYRICS in text_of(theirs)
    assert "sadly" not in text_of(theirs)
    assert typed in text_of(own)


@pytest.mark.parametrize("label", ["Again", "Edit lyrics"])
async def test_only_the_owner_repeats_and_edits(client_kit: ClientKit, label: str) -> None:
    job = await client_kit.delivered(await client_kit.order())
    for member in (OTHER, MODERATOR):
        answer = await answer_to(
            client_kit, await client_kit.fake.click(client_kit.track_message(job), label, member=member)
        )
        assert "Only the person" in answer.content
    assert client_kit.woken == [job.id]


@pytest.mark.parametrize("member", [None, MODERATOR])
async def test_delete_asks_once_and_removes_everything_or_for_a_moderator_the_messages_alone(
    client_kit: ClientKit, member: str | None, restarted: bool
) -> None:
    job = await client_kit.delivered(await client_kit.order())
    track, card = client_kit.track_message(job), client_kit.card(job)
    question = await answer_to(client_kit, await client_kit.fake.click(track, "Delete", member=member))
    assert ("for good" if member is None else "stays its member's own") in question.content
    if restarted:
        await client_kit.restart()
    pressed = await client_kit.fake.click(question, "Yes, delete it", member=member)
    await client_kit.fake.until(lambda: pressed.answered and "Deleted" in question.content)
    is_kept = member is not None  # by a moderator; what was paid for stays its member's
    assert (await client_kit.store.get(job.id) is not None) is is_kept
    assert (client_kit.files.track(job) is not None) is is_kept
    assert track.deleted
    assert card.deleted


async def test_others_cannot_delete(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order())
    answer = await answer_to(
        client_kit, await client_kit.fake.click(client_kit.track_message(job), "Delete", member=OTHER)
    )
    assert "or a moderator" in answer.content
    assert labels_of(answer) == []


async def test_buttons_of_a_deleted_song_say_so(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order())
    await client_kit.store.delete(job.id)
    answer = await answer_to(client_kit, await client_kit.fake.click(client_kit.track_message(job), "Lyrics"))
    assert "no longer know this song" in answer.content


async def unknown(client_kit: ClientKit) -> Job:
    job = await client_kit.move(await client_kit.order(), JobState.QUEUED)
    job = await client_kit.move(job, JobState.SUBMITTING, attempt=1, submit_started_at=client_kit.clock.now())
    job = await client_kit.move(job, JobState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN)
    await client_kit.tell(job)
    return job


async def test_an_unknown_outcome_is_decided_by_the_member(client_kit: ClientKit, restarted: bool) -> None:
    job = await unknown(client_kit)
    if restarted:
        await client_kit.restart()
    assert labels_of(client_kit.card(job)) == ["Try again (may be charged twice)", "Dismiss"]
    answer = await answer_to(client_kit, await client_kit.fake.click(client_kit.card(job), "Dismiss", member=MODERATOR))
    assert "Only the person" in answer.content
    pressed = await client_kit.fake.click(client_kit.card(job), "Try again (may be charged twice)")
    await client_kit.until_state(job, JobState.QUEUED)
    await client_kit.fake.until(lambda: "waiting" in client_kit.card(job).content)
    assert pressed.answered


async def test_an_unknown_outcome_can_be_dismissed(client_kit: ClientKit) -> None:
    job = await unknown(client_kit)
    pressed = await client_kit.fake.click(client_kit.card(job), "Dismiss")
    await client_kit.fake.until(lambda: pressed.answered)
    assert (await client_kit.fresh(job)).reason is Reason.DISMISSED
    assert "may still be charged" in text_of(client_kit.card(job))


async def test_a_track_that_came_too_late_can_be_looked_for_again(client_kit: ClientKit, restarted: bool) -> None:
    job = await client_kit.generating(await client_kit.order())
    job = await client_kit.move(job, JobState.EXPIRED, reason=Reason.DEADLINE)
    await client_kit.tell(job)
    if restarted:
        await client_kit.restart()
    pressed = await client_kit.fake.click(client_kit.card(job), "Look again")
    await client_kit.fake.until(lambda: pressed.answered)
    assert (await client_kit.fresh(job)).state is JobState.GENERATING


async def test_a_failed_job_is_tried_again_as_a_new_one(client_kit: ClientKit, restarted: bool) -> None:
    job = await client_kit.failed(await client_kit.order(), Reason.PROVIDER_FAILED)
    assert "gave up" in text_of(client_kit.card(job))
    if restarted:
        await client_kit.restart()
    pressed = await client_kit.fake.click(client_kit.card(job), "Try again")
    await client_kit.shown(pressed)
    assert (await newest_job(client_kit, job)).again_of == job.id


async def posted_button(client_kit: ClientKit, custom_id: str) -> Message:
    """A message with one button, as any version of this bot may have posted it."""
    import discord  # only here

    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Press", custom_id=custom_id))
    view.stop()
    sent = await client_kit.client.get_partial_messageable(client_kit.fake.channel.id).send("this", view=view)
    return client_kit.fake.message(sent.id)


@pytest.mark.parametrize("member", [OTHER, MODERATOR])
async def test_nobody_presses_what_the_table_does_not_let_them(client_kit: ClientKit, member: str) -> None:
    may = {MayPress.ANYONE} | (
        {MayPress.OWNER_OR_MODERATOR, MayPress.POSTER_OR_MODERATOR} if member == MODERATOR else set()
    )
    job = await client_kit.delivered(await client_kit.order())
    refused = {action: row.may_press for action, row in BUTTONS.items() if row.may_press not in may}
    for action, whom in refused.items():
        button = await posted_button(client_kit, job_id(action, job.id))
        answer = await answer_to(client_kit, await client_kit.fake.click(button, "Press", member=member))
        owner_alone = whom is MayPress.OWNER
        assert answer.content == text("control.not_yours" if owner_alone else "control.not_yours_moderator"), action
    assert await client_kit.fresh(job) == job
    assert client_kit.woken == [job.id]


@pytest.mark.parametrize(
    "custom_id",
    [
        *("job:v0:retry:17", "job:v1:nonsense:17", "job:17", "operator:v1:delete:x:17"),
        *(f"{prefix}v9:x" for prefix in OURS if prefix not in {"form:", "report:"}),  # those are of forms
    ],
)
async def test_buttons_of_other_versions_are_answered(client_kit: ClientKit, custom_id: str) -> None:
    button = await posted_button(client_kit, custom_id)
    answer = await answer_to(client_kit, await client_kit.fake.click(button, "Press"))
    assert "older version" in answer.content


async def test_answers_are_in_the_language_of_whoever_presses(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order())
    client_kit.fake.member(OTHER).locale = "de"
    answer = await answer_to(
        client_kit, await client_kit.fake.click(client_kit.track_message(job), "Again", member=OTHER)
    )
    assert "bestellt hat" in answer.content
