"""`/tracks` and `/queue`."""

import pytest

from bot.errors import Reason
from bot.jobs.model import Job, JobState
from bot.jobs.service import Actor
from sandbox.discord import Message
from tests.front import SONG, Front, labels_of, words_of


async def tracks(front: Front, **more: object) -> Message:
    done = await front.fake.slash("tracks", **more)  # type: ignore[arg-type]
    answer = await front.fake.until(lambda: done.original)
    assert answer.visible_to == done.user.id
    return answer


async def choose(front: Front, page: Message, job: Job) -> Message:
    menu = next(c for row in page.components for c in row["components"] if c["type"] == 3)
    chosen = await front.fake.select(page, menu["custom_id"], [str(job.id)])
    await front.fake.until(lambda: chosen.answered)
    return page


async def test_nobody_has_songs_before_the_first(front: Front) -> None:
    page = await tracks(front)
    assert "no songs yet" in words_of(page)
    assert page.components == []


async def test_the_list_has_pages_of_ten_and_outlives_a_restart(front: Front) -> None:
    jobs = [await front.order(options={"title": f"Song {number:02}"}) for number in range(12)]
    page = await tracks(front)
    assert "Song 11" in words_of(page)
    assert "Song 01" not in words_of(page)
    assert labels_of(page) == ["Older"]
    await front.restart()
    turned = await front.fake.click(page, "Older")
    await front.fake.until(lambda: turned.answered)
    assert "Song 01" in words_of(page)
    assert "Song 02" not in words_of(page)
    assert labels_of(page) == ["Newer"]
    shown = await choose(front, page, jobs[0])
    assert "Side by side" in words_of(shown)
    back = await front.fake.click(shown, "Back")
    await front.fake.until(lambda: back.answered)
    assert "Song 01" in words_of(page)
    assert front.fake.violations == []


async def test_a_done_song_is_linked_and_can_be_heard_posted_and_deleted(front: Front) -> None:
    job = await front.delivered(await front.order(options={"title": "Mine"}))
    page = await tracks(front)
    assert f"/{job.track_message_id}" in words_of(page)
    song = await choose(front, page, job)
    assert labels_of(song) == ["Go to it", "Post it here", "Give me the file", "Again", "Edit lyrics", "Delete", "Back"]

    fetched = await front.fake.click(song, "Give me the file")
    private = await front.fake.until(lambda: next((m for m in fetched.messages if m.attachments), None))
    assert private.visible_to == fetched.user.id
    assert private.attachments[0].filename == "Mine.mp3"

    posted = await front.fake.click(song, "Post it here")
    public = await front.fake.until(lambda: next((m for m in posted.messages if m.attachments), None))
    assert public.visible_to is None
    assert public.attachments[0].data == SONG[1]
    assert public.pinged_user_ids == ()
    assert "made for" in public.content
    assert labels_of(public) == ["Open the track", "Lyrics", "Remove"]
    assert labels_of(private) == ["Open the track", "Lyrics"]


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_posted_track_is_removed_by_its_owner_or_a_moderator_alone(front: Front, deleted: bool) -> None:
    job = await front.delivered(await front.order(options={"title": "Mine"}))
    song = await choose(front, await tracks(front), job)
    shared: list[Message] = []
    for _ in range(2):
        posted = await front.fake.click(song, "Post it here")
        shared.append(await front.fake.until(lambda p=posted: next((m for m in p.messages if m.attachments), None)))
    if deleted:
        await front.jobs.delete(job.id, Actor(member_id=job.member_id))
    await front.restart()
    refused = await front.fake.click(shared[0], "Remove", member="Member Two")
    answer = await front.fake.until(lambda: next(iter(refused.messages), None))
    assert answer.visible_to == refused.user.id
    assert not shared[0].deleted
    await front.fake.click(shared[0], "Remove")
    await front.fake.click(shared[1], "Remove", member="Moderator")
    await front.fake.until(lambda: all(message.deleted for message in shared))
    assert front.fake.violations == []


async def test_an_undeliverable_track_is_fetched_from_the_list(front: Front) -> None:
    job, _ = await front.delivering(await front.order(), SONG[1])
    job = await front.move(job, JobState.UNDELIVERABLE, reason=Reason.CHANNEL_GONE)
    page = await tracks(front)
    assert "not delivered" in words_of(page)
    song = await choose(front, page, job)
    fetched = await front.fake.click(song, "Give me the file")
    private = await front.fake.until(lambda: next((m for m in fetched.messages if m.attachments), None))
    assert private.attachments[0].data == SONG[1]
    pressed = await front.fake.click(song, "Deliver again")
    answer = await front.fake.until(lambda: next(iter(pressed.messages), None))
    assert "costs nothing" in answer.content
    assert (await front.fresh(job)).state is JobState.DELIVERING


async def test_a_file_that_is_gone_is_said_to_be(front: Front) -> None:
    job = await front.delivered(await front.order())
    song = await choose(front, await tracks(front), job)
    await front.files.remove(job)
    fetched = await front.fake.click(song, "Give me the file")
    answer = await front.fake.until(lambda: next(iter(fetched.messages), None))
    assert "no longer have" in answer.content


async def test_typing_suggests_ones_own_songs(front: Front) -> None:
    job = await front.order(options={"title": "Harbour lights"})
    await front.order(options={"title": "Other"})
    await front.order(options={"title": "Harbour of another"}, member="Member Two")
    asked = await front.fake.autocomplete("tracks", "song", "harb")
    choices = await front.fake.until(lambda: asked.choices)
    assert [choice["value"] for choice in choices] == [str(job.id)]
    assert "Harbour lights" in choices[0]["name"]
    shown = await tracks(front, options={"song": str(job.id)})
    assert "Harbour lights" in words_of(shown)
    assert "Harbour lights" in words_of(await tracks(front, options={"song": "lights"}))


@pytest.mark.parametrize("song", ["nothing like it", "999"])
async def test_a_song_that_is_not_ones_own_does_not_exist(front: Front, song: str) -> None:
    await front.order(options={"title": "Harbour"}, member="Member Two")
    assert "no such song" in (await tracks(front, options={"song": song})).content


async def test_the_queue_shows_this_place_and_counts_the_rest(front: Front) -> None:
    await front.order(options={"title": "Here"})
    await front.order(options={"title": "Secret"}, channel="music", member="Member Two")
    done = await front.fake.slash("queue")
    answer = await front.fake.until(lambda: done.original)
    assert answer.visible_to == done.user.id
    assert "Here" in words_of(answer)
    assert "Secret" not in words_of(answer)
    assert "1 more elsewhere" in words_of(answer)


async def test_an_empty_queue_says_so(front: Front) -> None:
    done = await front.fake.slash("queue")
    assert "Nothing is being made" in words_of(await front.fake.until(lambda: done.original))


async def test_titles_in_lists_are_plain(front: Front) -> None:
    await front.order(options={"title": "**x** <@1> [a](https://b.example)"})
    page = await tracks(front)
    assert "<@1>" not in words_of(page)
    assert "](https://b.example)" not in words_of(page)
