"""*Give me my data* and *Delete everything of mine*, under `/tracks`."""

import json

from bot.jobs.model import JobState
from sandbox.discord import Interaction, Message
from tests.client_kit import LYRICS, ClientKit, labels_of, text_of

GIVE, FORGET, SURE = "Give me my data", "Delete everything of mine", "Yes, delete everything"
BUSH = "A bush of words that nobody else has typed\nand nobody shall find"


async def pressed(client_kit: ClientKit, message: Message, label: str) -> Interaction:
    done = await client_kit.fake.click(message, label)
    await client_kit.fake.until(lambda: done.answered)
    return done


async def tracks(client_kit: ClientKit) -> Message:
    asked = await client_kit.fake.slash("tracks")
    return await client_kit.shown(asked)


async def asked(client_kit: ClientKit) -> Message:
    """The question that stands between a member and the loss of all their songs."""
    done = await pressed(client_kit, await tracks(client_kit), FORGET)
    return await client_kit.fake.until(lambda: next((each for each in done.messages if each.ephemeral), None))


async def test_a_member_gets_all_that_is_kept_of_them_privately_for_reading_and_for_programs(
    client_kit: ClientKit,
) -> None:
    job = await client_kit.delivered(await client_kit.order(options={"title": "Mine"}))
    done = await pressed(client_kit, await tracks(client_kit), GIVE)
    answer = await client_kit.fake.until(lambda: next((each for each in done.messages if each.attachments), None))
    assert answer.visible_to == done.user.id
    readable, for_programs = answer.attachments
    assert (readable.filename, for_programs.filename) == ("my-data.txt", "my-data.json")
    assert LYRICS in readable.data.decode()
    (song,) = json.loads(for_programs.data)["songs"]
    assert (song["song"], song["title"], song["lyrics"]) == (job.id, "Mine", LYRICS)


async def test_all_is_deleted_only_after_one_question_and_then_to_the_last_byte(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order(BUSH, options={"title": "Mine"}))
    question = await asked(client_kit)
    assert await client_kit.store.get(job.id) is not None
    assert labels_of(question) == [SURE]
    await client_kit.restart()  # the button outlives it
    done = await pressed(client_kit, question, SURE)
    answer = await client_kit.fake.until(lambda: done.original if "Deleted" in text_of(question) else None)
    assert "songs (1)" in text_of(answer)
    assert "<t:" in text_of(answer)
    assert labels_of(answer) == []
    assert await client_kit.store.get(job.id) is None
    await client_kit.fake.until(lambda: client_kit.track_message(job).deleted and client_kit.card(job).deleted)
    words = [line.encode() for line in BUSH.splitlines()]
    found = [
        path.name
        for path in client_kit.folder.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in words)
    ]
    assert found == []
    assert "no songs yet" in text_of(await tracks(client_kit))


async def test_what_is_paid_for_is_said_to_arrive_and_what_is_not_ends(client_kit: ClientKit) -> None:
    paid = await client_kit.generating(await client_kit.order(options={"title": "Paid"}))
    unpaid = await client_kit.order(options={"title": "Unpaid"})
    question = await asked(client_kit)
    await pressed(client_kit, question, SURE)
    await client_kit.fake.until(lambda: "still being made: 1" in text_of(question))
    assert await client_kit.store.get(unpaid.id) is None
    assert (await client_kit.fresh(paid)).state is JobState.GENERATING


async def test_a_press_is_about_whoever_presses(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order(options={"title": "Mine"}))
    asked_by_other = await client_kit.fake.slash("tracks", member="Member Two")
    page = await client_kit.shown(asked_by_other)
    done = await client_kit.fake.click(page, FORGET, member="Member Two")
    question = await client_kit.fake.until(lambda: next((each for each in done.messages if each.ephemeral), None))
    sure = await client_kit.fake.click(question, SURE, member="Member Two")
    await client_kit.fake.until(lambda: sure.answered and "songs (0)" in text_of(question))
    assert await client_kit.store.get(job.id) is not None
