"""Limits, budgets and `/quota` as members meet them: every way in counts the same, and what was typed comes back."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import insert

from bot.errors import Reason
from bot.jobs.admission import PAUSED, Pause, RuleKind, SubjectKind, Terms
from bot.jobs.model import Job, JobState
from bot.store.jobs import SqlJobStore
from bot.store.tables import rules
from sandbox.discord import Interaction, Message
from tests.client_kit import LYRICS, SONG, ClientKit, labels_of, text_of
from tests.flows.conversation.forms import fields_of

PRICE = 37_000
OWNER = "Owner"
AGAIN = re.compile(r"<t:(\d+):R>")


def set_terms(client_kit: ClientKit, **terms: int) -> None:
    """What a restart with other settings would bring; whom Discord names as owner stays."""
    client_kit.jobs.admission.terms = Terms(operators=client_kit.jobs.admission.terms.operators, **terms)


async def private_answer(client_kit: ClientKit, asked: Interaction) -> Message:
    answers = await client_kit.fake.until(lambda: [one for one in asked.messages if one.ephemeral])
    return answers[0]


async def lay_down(client_kit: ClientKit, **values: object) -> None:
    assert isinstance(client_kit.store, SqlJobStore)
    row = {"note": "", "by": 1, "at": client_kit.clock.now(), **values}
    async with client_kit.store.database.writing() as connection:
        await connection.execute(insert(rules).values(row))


async def quota(client_kit: ClientKit) -> str:
    return text_of(await private_answer(client_kit, await client_kit.fake.slash("quota")))


async def by_command(client_kit: ClientKit, _job: Job) -> Interaction:
    return await client_kit.fake.slash("compose", {"lyrics": LYRICS, "title": "T"}, files={"reference": SONG})


async def ordered(client_kit: ClientKit, member: str | None = None) -> Interaction:
    return await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, member=member)


async def by_command_without_words(client_kit: ClientKit, _job: Job) -> Interaction:
    return await client_kit.fake.slash("compose", {"title": "T"}, files={"reference": SONG})


async def by_message(client_kit: ClientKit, _job: Job) -> Interaction:
    message = await client_kit.fake.post("listen", files=[SONG])
    return await client_kit.fake.message_command("Compose from this", message)


async def by_again(client_kit: ClientKit, job: Job) -> Interaction:
    return await client_kit.fake.click(client_kit.track_message(job), "Again")


WAYS_IN = [by_command, by_command_without_words, by_message, by_again]


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.__name__)
async def test_a_day_that_is_used_up_refuses_every_way_in_and_says_when(
    client_kit: ClientKit, way: Callable[[ClientKit, Job], Awaitable[Interaction]]
) -> None:
    job = await client_kit.delivered(await client_kit.order())
    taken_at = job.created_at.timestamp()
    await client_kit.restart()
    set_terms(client_kit, member_per_day=1)
    client_kit.advance(60)
    answer = await private_answer(client_kit, await way(client_kit, job))
    assert "song of the day is used up" in answer.content
    said = AGAIN.search(answer.content)
    assert said is not None
    assert abs(int(said[1]) - taken_at - 86_400) <= 1
    assert labels_of(answer) == ["Change and send again"]
    pressed = await client_kit.fake.click(answer, "Change and send again")
    form = await client_kit.fake.until(lambda: pressed.modal)
    assert form is not None
    if way is not by_again:
        assert "song.mp3" in fields_of(form)["song"]["about"]
    if way in {by_command, by_again}:
        assert LYRICS in text_of(answer)
    assert len(client_kit.woken) == 1


async def test_a_form_that_was_open_already_is_refused_and_gives_everything_back(client_kit: ClientKit) -> None:
    set_terms(client_kit, member_per_day=1)
    opened = await client_kit.fake.slash("compose", {"title": "Mine"}, files={"reference": SONG})
    form = await client_kit.fake.until(lambda: opened.modal)
    assert form is not None
    job = await client_kit.order()
    sent = await client_kit.fake.submit(form, {"title": "Mine", "lyrics": "other words that are mine"})
    answer = await private_answer(client_kit, sent)
    assert "other words that are mine" in text_of(answer)
    assert f"/{job.card_message_id})" in answer.content
    assert len(client_kit.woken) == 1


async def test_the_last_song_of_the_day_says_so_and_no_other_does(client_kit: ClientKit) -> None:
    set_terms(client_kit, member_per_day=2)
    first = await ordered(client_kit)
    await client_kit.shown(first)
    last = await ordered(client_kit)
    answer = await private_answer(client_kit, last)
    assert "last song for today" in answer.content
    assert AGAIN.search(answer.content)
    assert not [message for message in first.messages if message.ephemeral]
    assert len(client_kit.woken) == 2


async def test_again_says_what_it_took_of_the_day(client_kit: ClientKit) -> None:
    set_terms(client_kit, member_per_day=3)
    job = await client_kit.delivered(await client_kit.order())
    pressed = await by_again(client_kit, job)
    answer = await private_answer(client_kit, pressed)
    assert answer.content == "That took one of your songs for today; one is left."
    assert len(client_kit.woken) == 2


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
async def test_again_asks_before_it_takes_the_last_song_of_the_day(client_kit: ClientKit, restarted: bool) -> None:
    job = await client_kit.delivered(await client_kit.order())
    set_terms(client_kit, member_per_day=2)
    asked = await private_answer(client_kit, await by_again(client_kit, job))
    assert "your last song for today" in asked.content
    assert labels_of(asked) == ["Yes, make it"]
    assert len(client_kit.woken) == 1  # nothing was begun by asking
    if restarted:
        await client_kit.restart()
        set_terms(client_kit, member_per_day=2)
    taken = await client_kit.fake.click(asked, "Yes, make it")
    said = await private_answer(client_kit, taken)
    assert "That was your last song for today" in said.content
    _, count = await client_kit.jobs.tracks_of(job.member_id)
    assert count == 2
    refused = await private_answer(client_kit, await client_kit.fake.click(asked, "Yes, make it"))
    assert "used up" in refused.content or "on its way" in refused.content


@pytest.mark.heavy
async def test_fifty_presses_of_again_make_one_song(client_kit: ClientKit) -> None:
    job = await client_kit.delivered(await client_kit.order())
    message = client_kit.track_message(job)
    client_kit.clock.stop()  # a press counts as the same one for ten seconds, and fifty take as long as they take
    presses = await asyncio.gather(*(client_kit.fake.click(message, "Again") for _ in range(50)))
    for press in presses:
        await client_kit.shown(press)
    assert len(client_kit.woken) == 2
    _, count = await client_kit.jobs.tracks_of(job.member_id)
    assert count == 2


async def test_songs_under_way_are_limited_and_linked(client_kit: ClientKit) -> None:
    set_terms(client_kit, member_at_once=1)
    job = await client_kit.order(options={"title": "First"})
    answer = await private_answer(client_kit, await by_command(client_kit, job))
    assert "only one at a time" in answer.content
    assert f"[First](https://discord.com/channels/{job.place.guild_id}" in answer.content
    pressed = await client_kit.fake.click(client_kit.card(job), "Cancel")
    await client_kit.fake.until(lambda: pressed.answered)
    await client_kit.order()


async def test_a_risked_second_charge_counts_and_its_refusal_leaves_the_decision_open(client_kit: ClientKit) -> None:
    job = await client_kit.move(await client_kit.order(), JobState.QUEUED)
    job = await client_kit.move(job, JobState.SUBMITTING, attempt=1, submit_started_at=client_kit.clock.now())
    job = await client_kit.move(job, JobState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN)
    await client_kit.tell(job)
    set_terms(client_kit, budget_per_day_micros=PRICE)
    pressed = await client_kit.fake.click(client_kit.card(job), "Try again (may be charged twice)")
    answer = await private_answer(client_kit, pressed)
    assert "has spent what it may spend" in answer.content
    assert (await client_kit.fresh(job)).state is JobState.UNKNOWN
    set_terms(client_kit, budget_per_day_micros=2 * PRICE, member_at_once=1, member_per_day=2)
    await client_kit.fake.click(client_kit.card(job), "Try again (may be charged twice)")
    await client_kit.until_state(job, JobState.QUEUED)
    assert "**0 of 2**" in await quota(client_kit)


async def test_deleting_a_song_gives_no_place_back_and_cancelling_in_line_does(client_kit: ClientKit) -> None:
    set_terms(client_kit, member_per_day=3)
    delivered = await client_kit.delivered(await client_kit.order())
    waiting = await client_kit.order()
    pressed = await client_kit.fake.click(client_kit.card(waiting), "Cancel")
    await client_kit.fake.until(lambda: pressed.answered)
    pressed = await client_kit.fake.click(client_kit.track_message(delivered), "Delete")
    asked = await private_answer(client_kit, pressed)
    sure = await client_kit.fake.click(asked, "Yes, delete it")
    await client_kit.fake.until(lambda: sure.answered)
    await client_kit.fake.until(lambda: not labels_of(client_kit.fake.message(asked.id)))
    await client_kit.restart()
    set_terms(client_kit, member_per_day=3)
    assert "**2 of 3**" in await quota(client_kit)


async def test_the_owner_of_the_application_is_outside_limits_but_not_outside_budgets(client_kit: ClientKit) -> None:
    set_terms(client_kit, member_per_day=0, member_at_once=0, guild_per_day=0, budget_per_day_micros=2 * PRICE)
    for _ in range(2):
        await client_kit.order(member=OWNER)
    done = await ordered(client_kit, member=OWNER)
    assert "has spent what it may spend" in (await private_answer(client_kit, done)).content
    answer = await private_answer(client_kit, await ordered(client_kit))
    assert "is 0" in answer.content


async def test_a_paused_bot_and_a_blocked_member_are_told_in_words_and_get_theirs_back(client_kit: ClientKit) -> None:
    await client_kit.store.set_value(PAUSED, Pause(reason="a <@1> concert").written())
    answer = await private_answer(client_kit, await ordered(client_kit))
    assert "I am paused" in answer.content
    assert "concert" in answer.content
    assert "<@1>" not in answer.content
    assert LYRICS in text_of(answer)
    await client_kit.store.set_value(PAUSED, "")
    member_id = client_kit.fake.member().id
    await lay_down(client_kit, guild_id=0, subject_kind=SubjectKind.MEMBER, subject_id=member_id, kind=RuleKind.BLOCK)
    answer = await private_answer(client_kit, await ordered(client_kit))
    assert "cannot order songs here" in answer.content
    assert client_kit.woken == []


async def test_quota_says_what_is_left_what_is_made_and_the_price_only_where_it_may(client_kit: ClientKit) -> None:
    assert "as many songs a day as you like" in await quota(client_kit)
    set_terms(client_kit, member_per_day=5, member_at_once=2)
    job = await client_kit.order(options={"title": "Mine"})
    said = await quota(client_kit)
    assert "**4 of 5**" in said
    assert AGAIN.search(said)
    assert "1 of 2" in said
    assert f"[Mine](https://discord.com/channels/{job.place.guild_id}" in said
    assert "USD" not in said
    services = client_kit.client.services
    priced = replace(services.requirements, shown_currency="USD")
    client_kit.client.services = replace(services, requirements=priced)
    assert "about 0.037 USD" in await quota(client_kit)
