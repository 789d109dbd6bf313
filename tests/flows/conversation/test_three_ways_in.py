"""`/compose` with everything, `/compose` with a form, a message with a song: each ends in the same job."""

import pytest

from bot.audio import FILE_TYPES
from bot.jobs.space import SpaceLimits
from sandbox.discord import ClientRefusedError, Interaction, Modal
from tests.client_kit import LYRICS, SONG, ClientKit, labels_of, text_of, unsigned
from tests.flows.conversation.forms import fields_of

OTHER_SONG = ("other.wav", b"RIFF" + bytes(3000))


async def form_of(client_kit: ClientKit, done: Interaction) -> Modal:
    return await client_kit.fake.until(lambda: done.modal)


async def test_compose_without_lyrics_opens_a_form_whose_song_is_chosen(client_kit: ClientKit) -> None:
    done = await client_kit.fake.slash("compose", {"title": "Mine"}, files={"reference": SONG})
    form = await form_of(client_kit, done)
    fields = fields_of(form)
    assert fields["title"]["value"] == "Mine"
    assert fields["lyrics"]["style"] == 2
    assert "596" in fields["lyrics"]["about"]
    assert "song.mp3" in fields["song"]["about"]
    assert fields["song"]["file_types"] == [*FILE_TYPES]
    assert (fields["song"]["required"], fields["song"]["min_values"]) == (False, 0)

    sent = await client_kit.fake.submit(form, {"title": "Mine", "lyrics": LYRICS})
    card = await client_kit.shown(sent)
    job = await client_kit.jobs.get(client_kit.woken[0])
    assert (job.title, job.lyrics, job.reference.name) == ("Mine", LYRICS, "song.mp3")
    assert "Mine" in card.content
    assert card.visible_to is None
    assert client_kit.fake.violations == []


async def test_a_song_in_the_form_takes_the_place_of_the_first(client_kit: ClientKit) -> None:
    form = await form_of(client_kit, await client_kit.fake.slash("compose", files={"reference": SONG}))
    sent = await client_kit.fake.submit(form, {"lyrics": LYRICS}, {"song": OTHER_SONG})
    await client_kit.shown(sent)
    assert (await client_kit.jobs.get(client_kit.woken[0])).reference.name == "other.wav"


async def test_compose_from_a_message_takes_its_song(client_kit: ClientKit) -> None:
    message = await client_kit.fake.post("listen", files=[("notes.txt", b"x"), SONG], member="Member Two")
    form = await form_of(client_kit, await client_kit.fake.message_command("Compose from this", message))
    assert "song.mp3" in fields_of(form)["song"]["about"]
    sent = await client_kit.fake.submit(form, {"lyrics": LYRICS})
    await client_kit.shown(sent)
    job = await client_kit.jobs.get(client_kit.woken[0])
    assert unsigned(job.reference.url) == unsigned(client_kit.fake.url_of(message.attachments[1]))
    assert job.member_id == client_kit.fake.member().id


async def test_a_message_without_a_song_is_answered_privately(client_kit: ClientKit) -> None:
    message = await client_kit.fake.post("no song here")
    done = await client_kit.fake.message_command("Compose from this", message)
    answer = await client_kit.shown(done)
    assert answer.visible_to == done.user.id
    assert "no song" in answer.content


@pytest.mark.parametrize("restarted", [False, True])
async def test_words_over_the_limit_come_back_in_the_form_with_the_count(
    client_kit: ClientKit, restarted: bool
) -> None:
    long = "la la la la\n" * 60
    form = await form_of(client_kit, await client_kit.fake.slash("compose", {"title": "T"}, files={"reference": SONG}))
    sent = await client_kit.fake.submit(form, {"title": "T", "lyrics": long})
    answer = await client_kit.shown(sent)
    assert "723" in answer.content
    assert "600" in answer.content
    if restarted:
        await client_kit.restart()

    again = await client_kit.fake.click(answer, "Change and send again")
    form = await form_of(client_kit, again)
    fields = fields_of(form)
    assert fields["lyrics"]["value"].strip() == long.strip()
    assert fields["title"]["value"] == "T"
    assert fields["song"]["required"] is restarted
    assert client_kit.woken == []

    files = {"song": SONG} if restarted else {}
    sent = await client_kit.fake.submit(form, {"lyrics": LYRICS}, files)
    await client_kit.shown(sent)
    assert (await client_kit.jobs.get(client_kit.woken[0])).lyrics == LYRICS


async def test_a_form_open_during_a_restart_gives_the_text_back(client_kit: ClientKit) -> None:
    form = await form_of(client_kit, await client_kit.fake.slash("compose", files={"reference": SONG}))
    await client_kit.restart()
    sent = await client_kit.fake.submit(form, {"title": "T", "lyrics": LYRICS})
    answer = await client_kit.shown(sent)
    assert answer.visible_to == sent.user.id
    assert "restarted" in answer.content
    assert LYRICS in text_of(answer)
    assert labels_of(answer) == ["Change and send again"]
    assert client_kit.woken == []


async def test_a_form_open_during_a_restart_is_taken_when_it_holds_the_song(client_kit: ClientKit) -> None:
    form = await form_of(client_kit, await client_kit.fake.slash("compose", files={"reference": SONG}))
    await client_kit.restart()
    sent = await client_kit.fake.submit(form, {"lyrics": LYRICS}, {"song": OTHER_SONG})
    await client_kit.shown(sent)
    assert (await client_kit.jobs.get(client_kit.woken[0])).reference.name == "other.wav"


async def test_the_same_form_twice_is_one_job(client_kit: ClientKit) -> None:
    form = await form_of(client_kit, await client_kit.fake.slash("compose", files={"reference": SONG}))
    sent = await client_kit.fake.submit(form, {"lyrics": LYRICS})
    await client_kit.shown(sent)
    await client_kit.fake.replay(sent)
    await client_kit.fake.settle(0.3)
    assert len(client_kit.woken) == 1


async def test_refused_words_and_empty_words_come_back_from_a_form_too(client_kit: ClientKit) -> None:
    form = await form_of(client_kit, await client_kit.fake.slash("compose", files={"reference": SONG}))
    sent = await client_kit.fake.submit(form, {"lyrics": "so NAUGHTY"})
    answer = await client_kit.shown(sent)
    assert "not sung here" in answer.content
    assert "so NAUGHTY" in text_of(answer)


@pytest.mark.parametrize(
    ("permission", "called"),
    [("ATTACH_FILES", "Attach Files"), ("SEND_MESSAGES", "Send Messages")],
)
async def test_a_missing_permission_is_said_before_the_form_opens(
    client_kit: ClientKit, permission: str, called: str
) -> None:
    client_kit.fake.revoke(permission)
    done = await client_kit.fake.slash("compose", files={"reference": SONG})
    answer = await client_kit.shown(done)
    assert done.modal is None
    assert called in answer.content


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_form_that_may_not_open_gives_the_title_back(client_kit: ClientKit, restarted: bool) -> None:
    client_kit.fake.revoke("ATTACH_FILES")
    done = await client_kit.fake.slash("compose", {"title": "*Mine* ```"}, files={"reference": SONG})
    answer = await client_kit.shown(done)
    assert answer.visible_to == done.user.id
    assert "*Mine* '''" in text_of(answer)
    client_kit.fake.grant("ATTACH_FILES")
    if restarted:
        await client_kit.restart()
    form = await form_of(client_kit, await client_kit.fake.click(answer, "Change and send again"))
    assert fields_of(form)["title"]["value"] == ("*Mine* '''" if restarted else "*Mine* ```")
    assert fields_of(form)["song"]["required"] is restarted


async def test_a_title_of_thousands_of_characters_comes_back_whole(client_kit: ClientKit) -> None:
    for title in ("n" * 900, "n" * 6000):
        sent = await client_kit.fake.slash("compose", {"title": title, "lyrics": LYRICS}, files={"reference": SONG})
        answer = await client_kit.shown(sent)
        assert str(len(title)) in answer.content
        assert LYRICS in text_of(answer)
        assert title in text_of(answer) or answer.attachments[0].data.decode() == title
    assert client_kit.woken == []


async def test_the_form_speaks_german(client_kit: ClientKit) -> None:
    client_kit.fake.member().locale = "de"
    form = await form_of(client_kit, await client_kit.fake.slash("compose", files={"reference": SONG}))
    assert form.title == "Komponieren"
    assert "behalten" in fields_of(form)["song"]["about"]


async def test_files_that_are_no_audio_are_not_offered(client_kit: ClientKit) -> None:
    with pytest.raises(ClientRefusedError):
        await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": ("notes.txt", b"hello")})


@pytest.mark.parametrize("short", ["member", "all", "disk"])
async def test_an_order_without_room_on_the_disk_comes_back_with_its_words_and_its_song(
    client_kit: ClientKit, short: str
) -> None:
    client_kit.jobs._space = SpaceLimits(
        member_max_bytes=10 if short == "member" else None, data_max_bytes=10 if short == "all" else None
    )
    client_kit.disk._min_free_bytes = 10**18 if short == "disk" else 0
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    # where the database took its time there is a public line before it
    answer = await client_kit.fake.until(lambda: next((one for one in done.messages if one.ephemeral), None))
    said = {"member": "10 bytes that each member has", "all": "All songs together", "disk": "nearly full"}[short]
    assert said in answer.content
    assert short == "disk" or "*Delete*" in answer.content
    assert LYRICS in text_of(answer)
    assert client_kit.woken == []

    client_kit.jobs._space, client_kit.disk._min_free_bytes = SpaceLimits(), 0
    form = await form_of(client_kit, await client_kit.fake.click(answer, "Change and send again"))
    sent = await client_kit.fake.submit(form)
    await client_kit.shown(sent)
    assert len(client_kit.woken) == 1
