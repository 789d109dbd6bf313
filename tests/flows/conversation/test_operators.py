"""`/compose-admin` and `/compose-owner` as operators meet them: each act holds at once. Who may: test_rights.py."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from bot.errors import Reason
from bot.jobs.admission import Terms
from bot.jobs.model import Job, JobState
from bot.store.jobs import SqlJobStore
from bot.store.tables import audits
from sandbox.discord import Interaction, Message
from tests.client_kit import LYRICS, SONG, ClientKit, labels_of, text_of

MANAGER, STRANGER, OWNER = "Moderator", "Member Two", "Owner"


@pytest.fixture
async def kit(client_kit: ClientKit) -> ClientKit:
    """A bot in two servers, each with a manager of its own."""
    fake = client_kit.fake
    here = fake.place("general").guild_id
    elsewhere = next(guild for guild in fake.world.guilds.values() if guild.id != here)
    fake.invite_bot(elsewhere)
    fake.grant("manage_guild", member=MANAGER, channel="general")
    fake.grant("manage_guild", member=STRANGER, channel="lounge")
    client_kit.operator_guild_ids = frozenset({here or 0})
    await client_kit.restart()
    return client_kit


async def private(kit: ClientKit, asked: Interaction) -> Message:
    answers = await kit.fake.until(lambda: [one for one in asked.messages if one.ephemeral and text_of(one)])
    return answers[-1]


async def admin(kit: ClientKit, command: str, by: str = MANAGER, place: str = "general", **options: Any) -> str:
    done = await kit.fake.slash(f"compose-admin {command}", options, member=by, channel=place)
    return text_of(await private(kit, done))


async def owner(kit: ClientKit, command: str, by: str = OWNER, **options: Any) -> str:
    return text_of(await private(kit, await kit.fake.slash(f"compose-owner {command}", options, member=by)))


async def refused(kit: ClientKit, channel: str = "general", lyrics: str = LYRICS) -> Message:
    """What a member reads who cannot order; their words and their song come back."""
    done = await kit.fake.slash("compose", {"lyrics": lyrics}, files={"reference": SONG}, channel=channel)
    answer = await private(kit, done)
    assert lyrics in text_of(answer)
    assert labels_of(answer) == ["Change and send again"]
    return answer


async def audited(kit: ClientKit) -> list[tuple[str, str, int]]:
    assert isinstance(kit.store, SqlJobStore)
    async with kit.store.database.reading() as connection:
        rows = (await connection.execute(select(audits).order_by(audits.c.id))).mappings().all()
    return [(row["what"], row["about"], row["guild_id"]) for row in rows]


def guild_id(kit: ClientKit, channel: str = "general") -> int:
    return kit.fake.place(channel).guild_id or 0


# --- where ---------------------------------------------------------------------------------------------------------


async def test_the_commands_for_the_whole_bot_are_in_the_operators_servers_alone_and_leave_with_them(
    kit: ClientKit,
) -> None:
    def names(server: int) -> list[str]:
        return [command["name"] for command in kit.fake.world.commands.get(server, [])]

    assert names(guild_id(kit)) == ["compose-owner"]
    assert names(guild_id(kit, "lounge")) == []
    kit.operator_guild_ids = frozenset({guild_id(kit, "lounge")})
    await kit.restart()
    assert names(guild_id(kit)) == []
    assert names(guild_id(kit, "lounge")) == ["compose-owner"]


# --- what it does -----------------------------------------------------------------------------------------------------


async def test_a_pause_of_a_server_refuses_with_its_reason_and_ends_with_resume(kit: ClientKit) -> None:
    assert "Paused until <t:" in await admin(kit, "pause", reason="a concert", until="2h")
    answer = await refused(kit)
    assert "I am paused" in answer.content
    assert "a concert" in answer.content
    await kit.order(channel="lounge")
    assert "taken again" in await admin(kit, "resume")
    await kit.order()
    assert [what for what, _, _ in await audited(kit)] == ["pause", "resume"]


async def test_a_pause_of_the_bot_shows_beside_its_name_and_survives_a_restart(kit: ClientKit) -> None:
    await owner(kit, "pause", reason="new strings")
    await kit.fake.until(lambda: (kit.fake.gateway.presence or {}).get("status") == "dnd")
    assert kit.fake.gateway.presence is not None
    assert "paused: new strings" in str(kit.fake.gateway.presence)
    kit.fake.gateway.presence = None
    await kit.restart()
    await kit.fake.until(lambda: (kit.fake.gateway.presence or {}).get("status") == "dnd")
    assert "new strings" in (await refused(kit)).content
    assert "whole bot is paused" in await admin(kit, "resume")
    await owner(kit, "resume")
    await kit.fake.until(lambda: (kit.fake.gateway.presence or {}).get("status") == "online")
    await kit.order()


async def test_a_waiting_song_keeps_its_place_while_its_server_is_paused(kit: ClientKit) -> None:
    job = await kit.move(await kit.order(), JobState.QUEUED)
    await admin(kit, "pause")
    said = await kit.store.begin_attempt(job, kit.clock.now())
    assert getattr(said, "reason", None) is Reason.PAUSED
    await admin(kit, "resume")
    assert isinstance(await kit.store.begin_attempt(job, kit.clock.now()), Job)


async def test_a_block_ends_what_waits_unpaid_and_lets_what_is_paid_arrive(kit: ClientKit) -> None:
    paid = await kit.generating(await kit.order())
    waiting = await kit.order()
    assert "unpaid: 1" in await admin(kit, "block", member="Member One", note="spam")
    ended = await kit.fresh(waiting)
    assert (ended.state, ended.reason) == (JobState.FAILED, Reason.BLOCKED)
    assert kit.woken[-1] == waiting.id
    await kit.tell(ended)
    assert "cannot order songs here" in text_of(kit.card(ended))
    assert (await kit.fresh(paid)).state is JobState.GENERATING
    assert "cannot order songs here" in (await refused(kit)).content
    shown = await admin(kit, "blocked")
    assert "spam" in shown
    assert "may order again" in await admin(kit, "unblock", member="Member One")
    await kit.order()


async def test_nonsense_for_a_time_gets_a_sentence_and_changes_nothing(kit: ClientKit) -> None:
    for typed, told in (("soonish", "do not understand"), ("2020-01-01", "over already"), ("9999d", "ten years")):
        assert told in await admin(kit, "pause", until=typed)
    assert await audited(kit) == []
    await kit.order()


async def test_limits_of_a_member_a_role_and_the_server_hold_and_are_taken_back(kit: ClientKit) -> None:
    member = {"member": "Member One"}
    role_id = guild_id(kit)
    for options in (member, {"role": role_id}, {}):
        assert "0 a day" in await admin(kit, "limit", **{**options, "per_day": 0})
        assert "is 0" in (await refused(kit)).content
        assert "without a rule" in await admin(kit, "limit", **options)
        await kit.order()


async def test_a_server_cannot_allow_itself_more_than_the_operators_do(kit: ClientKit) -> None:
    assert "server" in await owner(kit, "limit", server=str(guild_id(kit)), per_day=5)
    assert "5 songs a day" in await admin(kit, "limit", per_day=6)
    assert "4 a day" in await admin(kit, "limit", per_day=4)


async def test_a_gift_counts_in_its_own_server(kit: ClientKit) -> None:
    kit.jobs.admission.terms = Terms(operators=kit.jobs.admission.terms.operators, member_per_day=1)
    await kit.order()
    assert "song of the day is used up" in (await refused(kit)).content
    assert "1 more" in await admin(kit, "give", member="Member One", songs=1)
    assert "used up" in (await refused(kit, channel="lounge")).content
    await kit.order()


async def test_orders_in_another_channel_are_sent_to_the_right_one_and_threads_count_as_their_channel(
    kit: ClientKit,
) -> None:
    await admin(kit, "channels add", channel="music")
    music = kit.fake.place("music")
    assert f"Please use <#{music.id}>" in (await refused(kit)).content
    assert [one.reason for one in kit.jobs.refused_orders] == [Reason.WRONG_CHANNEL], "the log channel has a line"
    await kit.order(channel="music")
    thread = kit.fake.start_thread("songs", channel="music")
    await kit.order(channel=thread)
    assert f"<#{music.id}>" in await admin(kit, "channels list")
    assert "every channel" in await admin(kit, "channels remove", channel="music")
    await kit.order()


async def test_a_word_is_refused_from_the_next_order_on_and_only_where_it_is_listed(kit: ClientKit) -> None:
    await admin(kit, "words add", word="  THICK  and ")
    assert "word that is not sung" in (await refused(kit)).content
    await kit.order(channel="lounge")
    assert "||thick and||" in await admin(kit, "words list")
    assert kit.assembly.ground.metrics.value("compose_limited_total", rule="words") == 1
    await admin(kit, "words remove", word="thick and")
    await kit.order()
    await owner(kit, "words add", word="thick")
    assert "word that is not sung" in (await refused(kit, channel="lounge")).content


async def test_a_notice_stands_on_live_cards_and_in_the_queue_until_it_is_cleared(kit: ClientKit) -> None:
    await admin(kit, "notice", text="The *service* is slow today")
    job = await kit.order()
    assert "service" in text_of(kit.card(job))
    queue = await kit.fake.slash("queue")
    assert "slow today" in text_of(await private(kit, queue))
    await kit.restart()
    assert kit.client.presence is not None
    await kit.client.presence.refresh()
    assert "slow today" in text_of(kit.card(await kit.order()))
    assert "cleared" in await admin(kit, "notice")
    assert "slow today" not in text_of(kit.card(await kit.order()))


async def test_a_song_is_told_with_its_money_only_where_prices_are_shown(kit: ClientKit) -> None:
    job = await kit.generating(await kit.order())
    told = await admin(kit, "song", id=job.id)
    assert f"gen-{job.id}" in told
    assert "USD" not in told
    assert LYRICS.split("\n", maxsplit=1)[1] not in told
    assert "0.037 USD spent" in await owner(kit, "song", id=job.id)
    assert "no such song here" in await admin(kit, "song", id=999)


async def test_the_buttons_of_a_song_do_what_they_say(kit: ClientKit) -> None:
    job = await kit.failed(await kit.order(), Reason.DEADLINE)
    report = await private(kit, await kit.fake.slash("compose-admin song", {"id": job.id}, member=MANAGER))
    assert labels_of(report) == ["Look again", "Give back", "Delete"]
    pressed = await kit.fake.click(report, "Look again", member=MANAGER)
    assert "asked once more" in text_of(await private(kit, pressed))
    assert (await kit.fresh(job)).state is JobState.GENERATING
    pressed = await kit.fake.click(report, "Give back", member=MANAGER)
    assert "cannot be done" in text_of(await private(kit, pressed))
    delivered = await kit.delivered(await kit.order())
    report = await private(kit, await kit.fake.slash("compose-admin song", {"id": delivered.id}, member=MANAGER))
    pressed = await kit.fake.click(report, "Give back", member=MANAGER)
    assert "given back" in text_of(await private(kit, pressed))
    pressed = await kit.fake.click(report, "Give back", member=MANAGER)
    assert "free already" in text_of(await private(kit, pressed))
    pressed = await kit.fake.click(report, "Delete", member=MANAGER)
    asked = await private(kit, pressed)
    pressed = await kit.fake.click(asked, "Yes, delete it", member=MANAGER)
    assert "taken away" in text_of(await private(kit, pressed))
    assert kit.track_message(delivered).deleted
    whats = [what for what, _, _ in await audited(kit)]
    assert whats == ["look_again", "give_back", "delete"]


async def test_what_reached_nobody_is_delivered_again(kit: ClientKit) -> None:
    job, _ = await kit.delivering(await kit.order(), SONG[1])
    job = await kit.move(job, JobState.UNDELIVERABLE, reason=Reason.CHANNEL_GONE)
    report = await private(kit, await kit.fake.slash("compose-admin song", {"id": job.id}, member=MANAGER))
    await private(kit, await kit.fake.click(report, "Deliver again", member=MANAGER))
    assert (await kit.fresh(job)).state is JobState.DELIVERING
    assert kit.woken[-1] == job.id


async def test_what_was_spent_comes_as_sums_a_picture_and_a_table(kit: ClientKit) -> None:
    await kit.generating(await kit.order())
    waiting = await kit.order()
    await kit.move(waiting, JobState.CANCELLED)
    done = await kit.fake.slash("compose-owner spent", {"days": 7}, member=OWNER)
    answer = await private(kit, done)
    told = text_of(answer)
    assert "Songs: 1" in told
    assert "0.037 USD" in told
    assert "Never accepted: 1" in told
    picture, table = answer.attachments
    assert Image.open(io.BytesIO(picture.data)).format == "PNG"
    rows = list(csv.DictReader(io.StringIO(table.data.decode())))
    assert [(row["songs"], row["never_accepted"], row["spent_USD"]) for row in rows] == [("1", "1", "0.037")]
    managers = await kit.fake.slash("compose-admin spent", member=MANAGER)
    assert "USD" not in text_of(await private(kit, managers))


async def test_why_names_the_rule_and_what_is_left(kit: ClientKit) -> None:
    kit.jobs.admission.terms = Terms(operators=kit.jobs.admission.terms.operators, member_per_day=5)
    await kit.order()
    asked = {"member": "Member One"}
    told = await admin(kit, "why", **asked)
    assert "may order here now" in told
    assert "1 of 5 used" in told
    await private(kit, await kit.fake.slash("compose-owner block", {**asked, "until": "3d"}, member=OWNER))
    told = await admin(kit, "why", **asked)
    assert "may not order here" in told
    assert "by those who run the bot" in told


async def test_a_pause_that_is_over_by_the_clock_needs_no_resume(kit: ClientKit) -> None:
    await admin(kit, "pause", until="1h")
    kit.advance(timedelta(hours=1, seconds=5).total_seconds())
    await kit.order()


async def test_songs_of_a_paused_server_hold_up_nobody_elsewhere(kit: ClientKit) -> None:
    await kit.move(await kit.order(), JobState.QUEUED)
    behind = await kit.move(await kit.order(channel="lounge"), JobState.QUEUED)
    now = kit.clock.now()
    assert await kit.store.ahead_of(behind, now) == 1
    await admin(kit, "pause", until="1h")
    assert await kit.store.ahead_of(behind, now) == 0
    assert await kit.store.ahead_of(behind, now + timedelta(hours=2)) == 1


async def test_whoever_left_the_team_runs_the_bot_no_more_and_whoever_joined_it_does(kit: ClientKit) -> None:
    fake = kit.fake
    fake.set_team(OWNER, MANAGER)
    await kit.restart()
    job = await kit.delivered(await kit.order())
    assert "Nobody is blocked" in await owner(kit, "blocked", by=MANAGER)
    report = await private(kit, await fake.slash("compose-owner song", {"id": job.id}, member=MANAGER))
    kit.jobs.admission.terms = replace(kit.jobs.admission.terms, member_per_day=0)
    await kit.order(member=MANAGER)
    asked = len(fake.calls_to("GET", "^/oauth2/applications/@me$"))
    fake.set_team(OWNER, STRANGER)
    assert "Nobody is blocked" in await owner(kit, "blocked", by=MANAGER), "what Discord said a moment ago holds"
    assert len(fake.calls_to("GET", "^/oauth2/applications/@me$")) == asked
    kit.advance(301)
    answer = await private(
        kit, await fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, member=MANAGER)
    )
    assert "is 0" in answer.content, "no more outside the limits"
    assert "run this bot" in await owner(kit, "blocked", by=MANAGER)
    for label in labels_of(report):
        assert "run this bot" in text_of(await private(kit, await fake.click(report, label, member=MANAGER)))
    assert "Nobody is blocked" in await owner(kit, "blocked", by=STRANGER)
    assert len(fake.calls_to("GET", "^/oauth2/applications/@me$")) == asked + 1
    kit.advance(301)
    fake.fail("GET", "^/oauth2/applications/@me$", status=403, times=None)
    assert "Nobody is blocked" in await owner(kit, "blocked", by=STRANGER), "what Discord said last holds"
