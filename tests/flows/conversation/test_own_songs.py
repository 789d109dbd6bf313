"""`/tracks` and `/queue`."""

import pytest

from bot.errors import Reason
from bot.jobs.model import Job, JobState
from bot.jobs.service import Actor
from sandbox.discord import Message
from tests.client_kit import SONG, ClientKit, labels_of, text_of

#: What stands under every list of one's own songs.
MINE = ["Give me my data", "Delete everything of mine"]


async def tracks(client_kit: ClientKit, **more: object) -> Message:
    done = await client_kit.fake.slash("tracks", **more)  # type: ignore[arg-type]
    answer = await client_kit.shown(done)
    assert answer.visible_to == done.user.id
    return answer


async def choose(client_kit: ClientKit, page: Message, job: Job) -> Message:
    menu = next(c for row in page.components for c in row["components"] if c["type"] == 3)
    chosen = await client_kit.fake.select(page, menu["custom_id"], [str(job.id)])
    await client_kit.fake.until(lambda: chosen.answered)
    return page


async def test_nobody_has_songs_before_the_first(client_kit: ClientKit) -> None:
    page = await tracks(client_kit)
    assert "no songs yet" in text_of(page)
    assert labels_of(page) == MINE


async def test_the_list_has_pages_of_ten_and_outlives_a_restart(client_kit: ClientKit) -> None:
    jobs = [await client_kit.order(options={"title": f"Song {number:02}"}) for number in range(12)]
    page = await tracks(client_kit)
    assert "Song 11" in text_of(page)
    assert "Song 01" not in text_of(page)
    assert labels_of(page) == ["Older", *MINE]
    await client_kit.restart()
    turned = await client_kit.fake.click(page, "Older")
    await client_kit.fake.until(lambda: turned.answered)
    assert "Song 01" in text_of(page)
    assert "Song 02" not in text_of(page)
    assert labels_of(page) == ["Newer", *MINE]
    shown = await choose(client_kit, page, jobs[0])
    assert "Side by side" in text_of(shown)
    back = await client_kit.fake.click(shown, "Back")
    await client_kit.fake.until(lambda: back.answered)
    assert "Song 01" in text_of(page)
    assert client_kit.fake.violations == []


async def test_a_done_song_is_linked_and_can_be_heard_posted_and_deleted(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order(options={"title": "Mine"}))
    page = await tracks(client_kit)
    assert f"/{job.track_message_id}" in text_of(page)
    song = await choose(client_kit, page, job)
    assert labels_of(song) == ["Go to it", "Post it here", "Give me the file", "Again", "Edit lyrics", "Delete", "Back"]

    fetched = await client_kit.fake.click(song, "Give me the file")
    private = await client_kit.fake.until(lambda: next((m for m in fetched.messages if m.attachments), None))
    assert private.visible_to == fetched.user.id
    assert private.attachments[0].filename == "Mine.mp3"

    posted = await client_kit.fake.click(song, "Post it here")
    public = await client_kit.fake.until(lambda: next((m for m in posted.messages if m.attachments), None))
    assert public.visible_to is None
    assert public.attachments[0].data == SONG[1]
    assert public.pinged_user_ids == ()
    assert "made for" in public.content
    assert labels_of(public) == ["Open the track", "Lyrics", "Remove"]
    assert labels_of(private) == ["Open the track", "Lyrics"]


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_posted_track_is_removed_by_its_owner_or_a_moderator_alone(
    client_kit: ClientKit, deleted: bool
) -> None:
    job = await client_kit.delivered(await client_kit.order(options={"title": "Mine"}))
    song = await choose(client_kit, await tracks(client_kit), job)
    shared: list[Message] = []
    for _ in range(2):
        posted = await client_kit.fake.click(song, "Post it here")
        shared.append(
            await client_kit.fake.until(lambda p=posted: next((m for m in p.messages if m.attachments), None))
        )
    if deleted:
        await client_kit.jobs.delete(job.id, Actor(member_id=job.member_id))
    await client_kit.restart()
    refused = await client_kit.fake.click(shared[0], "Remove", member="Member Two")
    answer = await client_kit.fake.until(lambda: next(iter(refused.messages), None))
    assert answer.visible_to == refused.user.id
    assert not shared[0].deleted
    await client_kit.fake.click(shared[0], "Remove")
    await client_kit.fake.click(shared[1], "Remove", member="Moderator")
    await client_kit.fake.until(lambda: all(message.deleted for message in shared))
    assert client_kit.fake.violations == []


async def test_an_undeliverable_track_is_fetched_from_the_list(client_kit: ClientKit) -> None:
    job, _ = await client_kit.delivering(await client_kit.order(), SONG[1])
    job = await client_kit.move(job, JobState.UNDELIVERABLE, reason=Reason.CHANNEL_GONE)
    page = await tracks(client_kit)
    assert "not delivered" in text_of(page)
    song = await choose(client_kit, page, job)
    fetched = await client_kit.fake.click(song, "Give me the file")
    private = await client_kit.fake.until(lambda: next((m for m in fetched.messages if m.attachments), None))
    assert private.attachments[0].data == SONG[1]
    pressed = await client_kit.fake.click(song, "Deliver again")
    answer = await client_kit.fake.until(lambda: next(iter(pressed.messages), None))
    assert "costs nothing" in answer.content
    assert (await client_kit.fresh(job)).state is JobState.DELIVERING


async def test_a_file_that_is_gone_is_said_to_be(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order())
    song = await choose(client_kit, await tracks(client_kit), job)
    await client_kit.files.remove(job)
    fetched = await client_kit.fake.click(song, "Give me the file")
    answer = await client_kit.fake.until(lambda: next(iter(fetched.messages), None))
    assert "no longer have" in answer.content


async def test_typing_suggests_ones_own_songs(client_kit: ClientKit) -> None:
    job = await client_kit.order(options={"title": "Harbour lights"})
    await client_kit.order(options={"title": "Other"})
    await client_kit.order(options={"title": "Harbour of another"}, member="Member Two")
    asked = await client_kit.fake.autocomplete("tracks", "song", "harb")
    choices = await client_kit.fake.until(lambda: asked.choices)
    assert [choice["value"] for choice in choices] == [str(job.id)]
    assert "Harbour lights" in choices[0]["name"]
    shown = await tracks(client_kit, options={"song": str(job.id)})
    assert "Harbour lights" in text_of(shown)
    assert "Harbour lights" in text_of(await tracks(client_kit, options={"song": "lights"}))


@pytest.mark.parametrize("song", ["nothing like it", "999"])
async def test_a_song_that_is_not_ones_own_does_not_exist(client_kit: ClientKit, song: str) -> None:
    await client_kit.order(options={"title": "Harbour"}, member="Member Two")
    assert "no such song" in (await tracks(client_kit, options={"song": song})).content


async def test_the_queue_shows_this_place_and_counts_the_rest(client_kit: ClientKit) -> None:
    await client_kit.order(options={"title": "Here"})
    await client_kit.order(options={"title": "Secret"}, channel="music", member="Member Two")
    done = await client_kit.fake.slash("queue")
    answer = await client_kit.shown(done)
    assert answer.visible_to == done.user.id
    assert "Here" in text_of(answer)
    assert "Secret" not in text_of(answer)
    assert "1 more elsewhere" in text_of(answer)


async def test_an_empty_queue_says_so(client_kit: ClientKit) -> None:
    done = await client_kit.fake.slash("queue")
    assert "Nothing is being made" in text_of(await client_kit.shown(done))


async def test_titles_in_lists_are_plain(client_kit: ClientKit) -> None:
    await client_kit.order(options={"title": "**x** <@1> [a](https://b.example)"})
    page = await tracks(client_kit)
    assert "<@1>" not in text_of(page)
    assert "](https://b.example)" not in text_of(page)
