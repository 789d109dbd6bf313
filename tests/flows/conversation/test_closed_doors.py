"""Where nothing new is ordered, whatever the way in: a sentence, text and song back; everything else goes on."""

from collections.abc import Awaitable, Callable

import pytest

from bot.errors import Reason
from bot.jobs.doors import Doors
from bot.jobs.model import Job, JobState
from sandbox.discord import Channel, ClientRefusedError, Install, Interaction, Message
from tests.client_kit import LYRICS, SONG, ClientKit, labels_of, text_of
from tests.flows.conversation.forms import fields_of

HERE_IS_CLOSED = Doors(guild_ids=frozenset({1}))
ALL_CLOSED = Doors(guild_ids=frozenset({1}), direct=False, user_install=False)
NOT_HERE = "do not take new songs on this server"


async def close(client_kit: ClientKit, doors: Doors) -> None:
    client_kit.doors = doors
    await client_kit.restart()


async def answer_to(client_kit: ClientKit, asked: Interaction) -> Message:
    answer = await client_kit.shown(asked)
    assert answer.visible_to == asked.user.id
    return answer


async def typed(client_kit: ClientKit, job: Job | None = None) -> Interaction:
    return await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})


async def without_lyrics(client_kit: ClientKit, job: Job) -> Interaction:
    return await client_kit.fake.slash("compose", {"title": "Side by side"}, files={"reference": SONG})


async def from_a_message(client_kit: ClientKit, job: Job) -> Interaction:
    message = await client_kit.fake.post("listen", files=[SONG])
    return await client_kit.fake.message_command("Compose from this", message)


async def pressed_again(client_kit: ClientKit, job: Job) -> Interaction:
    return await client_kit.fake.click(client_kit.card(job), "Again")


async def pressed_edit(client_kit: ClientKit, job: Job) -> Interaction:
    return await client_kit.fake.click(client_kit.card(job), "Edit lyrics")


WAYS_IN = (typed, without_lyrics, from_a_message, pressed_again, pressed_edit)


@pytest.mark.parametrize("way_in", WAYS_IN, ids=lambda way: way.__name__)
async def test_no_way_in_leads_past_a_closed_door(
    client_kit: ClientKit, way_in: Callable[[ClientKit, Job], Awaitable[Interaction]]
) -> None:
    job = await client_kit.order()
    await client_kit.fake.click(client_kit.card(job), "Cancel")
    await client_kit.fake.until(lambda: "Again" in labels_of(client_kit.card(job)))
    await close(client_kit, HERE_IS_CLOSED)
    answer = await answer_to(client_kit, await way_in(client_kit, job))
    assert NOT_HERE in answer.content
    if way_in is not from_a_message:
        assert "Side by side" in text_of(answer)
    assert labels_of(answer) == ["Change and send again"]
    assert set(client_kit.woken) == {job.id}


async def test_a_form_that_was_open_when_the_door_closed_is_given_back_whole(client_kit: ClientKit) -> None:
    asked = await client_kit.fake.slash("compose", files={"reference": SONG})
    form = await client_kit.fake.until(lambda: asked.modal)
    await close(client_kit, HERE_IS_CLOSED)
    answer = await answer_to(client_kit, await client_kit.fake.submit(form, {"lyrics": LYRICS}, {"song": SONG}))
    assert NOT_HERE in answer.content
    assert LYRICS in text_of(answer)
    assert client_kit.woken == []


async def test_an_edit_that_was_open_when_the_door_closed_is_given_back_whole(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order())
    asked = await client_kit.fake.click(client_kit.track_message(job), "Edit lyrics")
    form = await client_kit.fake.until(lambda: asked.modal)
    await close(client_kit, HERE_IS_CLOSED)
    changed = f"{LYRICS}\nand more"
    answer = await answer_to(client_kit, await client_kit.fake.submit(form, {"lyrics": changed}))
    assert NOT_HERE in answer.content
    assert changed in text_of(answer)
    assert set(client_kit.woken) == {job.id}


async def test_the_text_and_the_song_that_came_back_are_taken_once_the_door_is_open(client_kit: ClientKit) -> None:
    await close(client_kit, HERE_IS_CLOSED)
    asked = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    answer = await answer_to(client_kit, asked)
    refused = await client_kit.fake.click(answer, "Change and send again")
    assert NOT_HERE in (await answer_to(client_kit, refused)).content
    requirements = client_kit.client.services.requirements
    object.__setattr__(requirements, "doors", Doors())
    opened = await client_kit.fake.click(answer, "Change and send again")
    fields = fields_of(await client_kit.fake.until(lambda: opened.modal))
    assert fields["lyrics"]["value"] == LYRICS
    assert "song.mp3" in fields["song"]["about"]


@pytest.mark.parametrize(
    ("place", "install", "sentence"),
    [
        ("dm", Install.GUILD, "do not take new songs in direct messages"),
        ("channel", Install.USER, "apps that somebody has added to their own account"),
    ],
    ids=["direct", "user install"],
)
async def test_a_command_that_discord_still_shows_is_refused_all_the_same(
    client_kit: ClientKit, place: str, install: Install, sentence: str
) -> None:
    before = client_kit.fake.world.commands[None]
    await close(client_kit, Doors(direct=False, user_install=False))
    client_kit.fake.world.commands[None] = before
    where: Channel = client_kit.fake.open_dm() if place == "dm" else client_kit.fake.channel
    asked = await client_kit.fake.slash(
        "compose", {"lyrics": LYRICS}, files={"reference": SONG}, channel=where, install=install
    )
    answer = await answer_to(client_kit, asked)
    assert sentence in answer.content
    assert LYRICS in text_of(answer)
    assert client_kit.woken == []


async def test_discord_is_told_where_orders_are_taken_and_lists_are_shown_everywhere(client_kit: ClientKit) -> None:
    await close(client_kit, Doors(direct=False, user_install=False))
    shown = {
        each["name"]: (each["contexts"], each["integration_types"]) for each in client_kit.fake.world.commands[None]
    }
    assert shown["compose"] == shown["Compose from this"] == ([0], [0])
    assert shown["tracks"] == shown["queue"] == ([0, 1, 2], [0, 1])
    with pytest.raises(ClientRefusedError):
        await client_kit.order(channel=client_kit.fake.open_dm())
    await client_kit.fake.slash("tracks", channel=client_kit.fake.open_dm())
    for doors, expected in ((Doors(user_install=False), ([0, 1], [0])), (Doors(direct=False), ([0, 2], [0, 1]))):
        await close(client_kit, doors)
        compose = next(each for each in client_kit.fake.world.commands[None] if each["name"] == "compose")
        assert (compose["contexts"], compose["integration_types"]) == expected


async def test_what_was_ordered_before_the_door_closed_is_finished_listed_and_deleted_there(
    client_kit: ClientKit,
) -> None:
    job = await client_kit.order()
    await close(client_kit, ALL_CLOSED)
    job = await client_kit.delivered(job)
    listed = await answer_to(client_kit, await client_kit.fake.slash("tracks"))
    assert "Side by side" in text_of(listed)
    asked = await answer_to(client_kit, await client_kit.fake.click(client_kit.track_message(job), "Delete"))
    await client_kit.fake.click(asked, "Yes, delete it")
    await client_kit.fake.until(lambda: client_kit.track_message(job).deleted)


async def test_what_may_have_been_paid_is_not_paid_again_there_but_can_be_let_go(client_kit: ClientKit) -> None:
    job = await client_kit.move(await client_kit.order(), JobState.QUEUED)
    job = await client_kit.move(job, JobState.SUBMITTING, attempt=1, submit_started_at=client_kit.clock.now())
    job = await client_kit.move(job, JobState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN)
    await client_kit.tell(job)
    await close(client_kit, HERE_IS_CLOSED)
    answer = await answer_to(
        client_kit, await client_kit.fake.click(client_kit.card(job), "Try again (may be charged twice)")
    )
    assert NOT_HERE in answer.content
    assert LYRICS in text_of(answer)
    assert (await client_kit.fresh(job)).state is JobState.UNKNOWN
    pressed = await client_kit.fake.click(client_kit.card(job), "Dismiss")
    await client_kit.fake.until(lambda: pressed.answered)
    assert (await client_kit.fresh(job)).state is JobState.CANCELLED


async def test_a_german_member_is_told_in_german(client_kit: ClientKit) -> None:
    await close(client_kit, HERE_IS_CLOSED)
    client_kit.fake.member().locale = "de"
    answer = await answer_to(client_kit, await typed(client_kit))
    assert "Auf diesem Server nehme ich keine neuen Songs an" in answer.content


async def test_a_server_that_is_named_and_that_the_bot_does_not_know_is_told_in_the_log(
    client_kit: ClientKit, caplog: pytest.LogCaptureFixture
) -> None:
    await close(client_kit, Doors(guild_ids=frozenset({client_kit.fake.guild.id, 4711})))
    await client_kit.fake.until(lambda: "no member of: 4711." in caplog.text)
