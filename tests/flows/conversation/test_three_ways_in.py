"""`/compose` with everything, `/compose` with a form, a message with a song: each ends in the same job."""

import pytest

from sandbox.discord import ClientRefusedError, Interaction, Modal
from tests.flows.conversation.forms import fields_of
from tests.front import LYRICS, SONG, Front, labels_of, unsigned, words_of

OTHER_SONG = ("other.wav", b"RIFF" + bytes(3000))


async def form_of(front: Front, done: Interaction) -> Modal:
    return await front.fake.until(lambda: done.modal)


async def test_compose_without_lyrics_opens_a_form_whose_song_is_chosen(front: Front) -> None:
    done = await front.fake.slash("compose", {"title": "Mine"}, files={"reference": SONG})
    form = await form_of(front, done)
    fields = fields_of(form)
    assert fields["title"]["value"] == "Mine"
    assert fields["lyrics"]["style"] == 2
    assert "596" in fields["lyrics"]["about"]
    assert "song.mp3" in fields["song"]["about"]
    assert fields["song"]["file_types"] == ["audio"]
    assert (fields["song"]["required"], fields["song"]["min_values"]) == (False, 0)

    sent = await front.fake.submit(form, {"title": "Mine", "lyrics": LYRICS})
    card = await front.fake.until(lambda: sent.original)
    job = await front.jobs.get(front.looked_at[0])
    assert (job.title, job.lyrics, job.reference.name) == ("Mine", LYRICS, "song.mp3")
    assert "Mine" in card.content
    assert card.visible_to is None
    assert front.fake.violations == []


async def test_a_song_in_the_form_takes_the_place_of_the_first(front: Front) -> None:
    form = await form_of(front, await front.fake.slash("compose", files={"reference": SONG}))
    sent = await front.fake.submit(form, {"lyrics": LYRICS}, {"song": OTHER_SONG})
    await front.fake.until(lambda: sent.original)
    assert (await front.jobs.get(front.looked_at[0])).reference.name == "other.wav"


async def test_compose_from_a_message_takes_its_song(front: Front) -> None:
    message = await front.fake.post("listen", files=[("notes.txt", b"x"), SONG], member="Member Two")
    form = await form_of(front, await front.fake.message_command("Compose from this", message))
    assert "song.mp3" in fields_of(form)["song"]["about"]
    sent = await front.fake.submit(form, {"lyrics": LYRICS})
    await front.fake.until(lambda: sent.original)
    job = await front.jobs.get(front.looked_at[0])
    assert unsigned(job.reference.url) == unsigned(front.fake.url_of(message.attachments[1]))
    assert job.member_id == front.fake.member().id


async def test_a_message_without_a_song_is_answered_privately(front: Front) -> None:
    message = await front.fake.post("no song here")
    done = await front.fake.message_command("Compose from this", message)
    answer = await front.fake.until(lambda: done.original)
    assert answer.visible_to == done.user.id
    assert "no song" in answer.content


@pytest.mark.parametrize("restarted", [False, True])
async def test_words_over_the_limit_come_back_in_the_form_with_the_count(front: Front, restarted: bool) -> None:
    long = "la la la la\n" * 60
    form = await form_of(front, await front.fake.slash("compose", {"title": "T"}, files={"reference": SONG}))
    sent = await front.fake.submit(form, {"title": "T", "lyrics": long})
    answer = await front.fake.until(lambda: sent.original)
    assert "723" in answer.content
    assert "600" in answer.content
    if restarted:
        await front.restart()

    again = await front.fake.click(answer, "Change and send again")
    form = await form_of(front, again)
    fields = fields_of(form)
    assert fields["lyrics"]["value"].strip() == long.strip()
    assert fields["title"]["value"] == "T"
    assert fields["song"]["required"] is restarted
    assert front.looked_at == []

    files = {"song": SONG} if restarted else {}
    sent = await front.fake.submit(form, {"lyrics": LYRICS}, files)
    await front.fake.until(lambda: sent.original)
    assert (await front.jobs.get(front.looked_at[0])).lyrics == LYRICS


async def test_a_form_open_during_a_restart_gives_the_text_back(front: Front) -> None:
    form = await form_of(front, await front.fake.slash("compose", files={"reference": SONG}))
    await front.restart()
    sent = await front.fake.submit(form, {"title": "T", "lyrics": LYRICS})
    answer = await front.fake.until(lambda: sent.original)
    assert answer.visible_to == sent.user.id
    assert "restarted" in answer.content
    assert LYRICS in words_of(answer)
    assert labels_of(answer) == ["Change and send again"]
    assert front.looked_at == []


async def test_a_form_open_during_a_restart_is_taken_when_it_holds_the_song(front: Front) -> None:
    form = await form_of(front, await front.fake.slash("compose", files={"reference": SONG}))
    await front.restart()
    sent = await front.fake.submit(form, {"lyrics": LYRICS}, {"song": OTHER_SONG})
    await front.fake.until(lambda: sent.original)
    assert (await front.jobs.get(front.looked_at[0])).reference.name == "other.wav"


async def test_the_same_form_twice_is_one_job(front: Front) -> None:
    form = await form_of(front, await front.fake.slash("compose", files={"reference": SONG}))
    sent = await front.fake.submit(form, {"lyrics": LYRICS})
    await front.fake.until(lambda: sent.original)
    await front.fake.replay(sent)
    await front.fake.settle(0.3)
    assert len(front.looked_at) == 1


async def test_refused_words_and_empty_words_come_back_from_a_form_too(front: Front) -> None:
    form = await form_of(front, await front.fake.slash("compose", files={"reference": SONG}))
    sent = await front.fake.submit(form, {"lyrics": "so NAUGHTY"})
    answer = await front.fake.until(lambda: sent.original)
    assert "not sung here" in answer.content
    assert "so NAUGHTY" in words_of(answer)


@pytest.mark.parametrize(
    ("permission", "called"),
    [("ATTACH_FILES", "Attach Files"), ("SEND_MESSAGES", "Send Messages")],
)
async def test_a_missing_permission_is_said_before_the_form_opens(front: Front, permission: str, called: str) -> None:
    front.fake.revoke(permission)
    done = await front.fake.slash("compose", files={"reference": SONG})
    answer = await front.fake.until(lambda: done.original)
    assert done.modal is None
    assert called in answer.content


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_form_that_may_not_open_gives_the_title_back(front: Front, restarted: bool) -> None:
    front.fake.revoke("ATTACH_FILES")
    done = await front.fake.slash("compose", {"title": "*Mine* ```"}, files={"reference": SONG})
    answer = await front.fake.until(lambda: done.original)
    assert answer.visible_to == done.user.id
    assert "*Mine* '''" in words_of(answer)
    front.fake.grant("ATTACH_FILES")
    if restarted:
        await front.restart()
    form = await form_of(front, await front.fake.click(answer, "Change and send again"))
    assert fields_of(form)["title"]["value"] == ("*Mine* '''" if restarted else "*Mine* ```")
    assert fields_of(form)["song"]["required"] is restarted


async def test_a_title_of_thousands_of_characters_comes_back_whole(front: Front) -> None:
    for title in ("n" * 900, "n" * 6000):
        sent = await front.fake.slash("compose", {"title": title, "lyrics": LYRICS}, files={"reference": SONG})
        answer = await front.fake.until(lambda sent=sent: sent.original)
        assert str(len(title)) in answer.content
        assert LYRICS in words_of(answer)
        assert title in words_of(answer) or answer.attachments[0].data.decode() == title
    assert front.looked_at == []


async def test_the_form_speaks_german(front: Front) -> None:
    front.fake.member().locale = "de"
    form = await form_of(front, await front.fake.slash("compose", files={"reference": SONG}))
    assert form.title == "Komponieren"
    assert "behalten" in fields_of(form)["song"]["about"]


async def test_files_that_are_no_audio_are_not_offered(front: Front) -> None:
    with pytest.raises(ClientRefusedError):
        await front.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": ("notes.txt", b"hello")})
