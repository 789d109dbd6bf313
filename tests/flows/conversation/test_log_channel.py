"""A server's log channel: who chooses it, what stands in it, who may press its buttons, and how a song is reported."""

import json
from datetime import timedelta

from bot.delivery import LogMessages
from bot.errors import Reason
from bot.jobs.model import Job, JobState
from bot.operators.alerts import AlertKind
from sandbox.discord import Interaction, Message
from sandbox.discord.objects import Channel
from sandbox.transcript import custom_ids
from tests.client_kit import LYRICS, SONG, ClientKit, text_of

MANAGER, MEMBER, MODERATOR = "Member Two", "Member One", "Moderator"


async def private(kit: ClientKit, asked: Interaction) -> Message:
    answer = await kit.fake.until(lambda: next((one for one in asked.messages if one.ephemeral), None))
    assert answer.visible_to == asked.user.id
    return answer


async def chosen(kit: ClientKit) -> Channel:
    """A log channel, chosen by whoever manages the server."""
    place = kit.fake.add_channel("mod-log")
    await kit.fake.settle()
    kit.fake.grant("MANAGE_GUILD", member=MANAGER)
    kit.fake.grant("MANAGE_GUILD", member=MANAGER, channel=place)
    asked = await kit.fake.slash("compose-admin log-channel", {"channel": place.name}, member=MANAGER)
    assert "gets a line" in (await private(kit, asked)).content
    return place


async def lines(kit: ClientKit, place: Channel) -> list[Message]:
    """What stands in the log channel once everything new was brought."""
    await kit.assembly.guild_log().look(LogMessages(kit.client))
    return [one for one in kit.fake.messages if one.channel_id == place.id]


async def delivered(kit: ClientKit) -> Job:
    return await kit.delivered(await kit.order())


def button(message: Message, action: str) -> str:
    return next(one for one in custom_ids(message.components) if f":{action}:" in one)


async def acts(kit: ClientKit) -> list[str]:
    guild_id = kit.fake.channel.guild_id
    return [f"{one.act.what} {one.act.about}" for one in await kit.store.acts_since(0, guild_id, limit=100)]


async def test_only_whoever_manages_the_server_chooses_the_channel_and_it_must_be_open(client_kit: ClientKit):
    place = client_kit.fake.add_channel("mod-log")
    await client_kit.fake.settle()
    asked = await client_kit.fake.slash("compose-admin log-channel", {"channel": place.name}, member=MEMBER)
    assert "Only whoever may manage this server" in (await private(client_kit, asked)).content
    client_kit.fake.grant("MANAGE_GUILD", member=MANAGER)
    client_kit.fake.revoke("SEND_MESSAGES", channel=place)
    await client_kit.fake.settle()
    asked = await client_kit.fake.slash("compose-admin log-channel", {"channel": place.name}, member=MANAGER)
    assert "I may not write in" in (await private(client_kit, asked)).content
    assert await acts(client_kit) == []
    client_kit.fake.grant("SEND_MESSAGES", channel=place)
    await client_kit.fake.settle()
    for options, said in (({"channel": place.name}, "gets a line"), ({}, "no log channel now")):
        asked = await client_kit.fake.slash("compose-admin log-channel", options, member=MANAGER)
        assert said in (await private(client_kit, asked)).content
    assert await acts(client_kit) == [f"log_channel channel {place.id}", "log_channel none"]


async def test_a_song_a_failure_and_a_refusal_are_a_line_each_without_words_and_only_once(client_kit: ClientKit):
    await client_kit.order()
    place = await chosen(client_kit)
    job = await delivered(client_kit)
    failed = await client_kit.failed(await client_kit.order(), Reason.NO_CREDITS)
    for _ in range(3):
        refused = await client_kit.fake.slash(
            "compose", {"lyrics": "naughty words to sing\n" * 9}, files={"reference": SONG}
        )
        await private(client_kit, refused)
    seen = await lines(client_kit, place)
    assert [line.content for line in seen[1:]] == [
        f"Song {job.id} · <@{job.member_id}> · <#{job.place.channel_id}> · done · 0:20",
        f"Song {failed.id} · <@{job.member_id}> · <#{job.place.channel_id}> · failed · `no_credits`",
        f"<@{job.member_id}> · <#{job.place.channel_id}> · not let in: a word that is not sung here",
    ]
    assert not [line for line in seen if line.mentioned_user_ids or LYRICS[:10] in line.content]
    await client_kit.restart()
    assert len(await lines(client_kit, place)) == 4


async def test_lyrics_are_opened_by_moderators_alone_and_that_is_a_line(client_kit: ClientKit):
    place = await chosen(client_kit)
    job = await delivered(client_kit)
    _, line = await lines(client_kit, place)
    await client_kit.restart()
    answer = await private(client_kit, await client_kit.fake.click(line, button(line, "show"), member=MEMBER))
    assert "Only moderators may do that" in answer.content
    assert not answer.embeds
    answer = await private(client_kit, await client_kit.fake.click(line, button(line, "show"), member=MODERATOR))
    assert LYRICS in text_of(answer)
    *_, told = await lines(client_kit, place)
    assert "opened the lyrics of · Song" in told.content
    assert (await acts(client_kit))[-1] == f"lyrics_shown song {job.id}"


async def reported(kit: ClientKit, on: Message, reason: str, member: str = MODERATOR) -> str:
    asked = await kit.fake.message_command("Report this song", on, member=member)
    form = await kit.fake.until(lambda: asked.modal)
    return (await private(kit, await kit.fake.submit(form, {"reason": reason}))).content


def track_of(kit: ClientKit, job: Job) -> Message:
    return next(one for one in kit.fake.messages if one.id == job.track_message_id)


async def test_a_report_reaches_the_log_channel_once_for_each_member(client_kit: ClientKit):
    place = await chosen(client_kit)
    job = await delivered(client_kit)
    track = track_of(client_kit, job)
    assert "moderators have your report" in await reported(client_kit, track, "@everyone **rude**", MANAGER)
    assert "You have reported" in await reported(client_kit, track, "again", MANAGER)
    _, _, report = await lines(client_kit, place)
    assert "🚩 reported · Song" in report.content
    assert not report.mentions.everyone
    assert len(custom_ids(report.components)) == 4


async def test_a_report_is_dismissed_a_member_blocked_and_a_track_removed_that_stays_its_members(client_kit: ClientKit):
    place = await chosen(client_kit)
    job = await delivered(client_kit)
    await reported(client_kit, track_of(client_kit, job), "rude")
    _, _, report = await lines(client_kit, place)
    await client_kit.restart()
    for action, said in (
        ("remove", "Only moderators"),
        ("dismiss", "Only moderators"),
        ("block", "manage this server"),
    ):
        answer = await private(client_kit, await client_kit.fake.click(report, button(report, action), member=MEMBER))
        assert said in answer.content
    assert await client_kit.store.get(job.id) == job

    await client_kit.fake.click(report, button(report, "remove"), member=MODERATOR)
    await client_kit.fake.until(lambda: "Removed by" in report.content)
    assert not [one for one in client_kit.fake.messages if one.id in {job.track_message_id, job.card_message_id}]
    kept = await client_kit.fresh(job)
    assert (kept.state, kept.track_message_id) == (JobState.DELIVERED, None)
    assert client_kit.files.track(kept) is not None
    listed = await private(client_kit, await client_kit.fake.slash("tracks", member=MEMBER))
    assert job.title in text_of(listed) + str(listed.components)

    await client_kit.fake.click(report, button(report, "block"), member=MANAGER)
    await client_kit.fake.until(lambda: "was blocked by" in report.content)
    refused = await private(
        client_kit, await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    )
    assert "You cannot order songs here" in refused.content
    await client_kit.fake.click(report, button(report, "dismiss"), member=MODERATOR)
    await client_kit.fake.until(lambda: "Dismissed by" in report.content)
    assert custom_ids(report.components) == []
    assert (await acts(client_kit))[-3:] == [
        f"remove_track song {job.id}",
        f"block member {job.member_id}",
        f"report_dismissed song {job.id}",
    ]


async def test_without_a_log_channel_the_operator_hears_of_a_report(client_kit: ClientKit):
    job = await delivered(client_kit)
    answer = await reported(client_kit, track_of(client_kit, job), "rude", MANAGER)
    assert "ask a moderator of this server" in answer
    alert = client_kit.assembly.alerts._waiting.get_nowait()
    assert (alert.kind, alert.values) == (AlertKind.REPORT, {"song": job.id})


async def test_what_is_no_song_of_ours_cannot_be_reported(client_kit: ClientKit):
    mine = await client_kit.fake.post("hello")
    asked = await client_kit.fake.message_command("Report this song", mine, member=MANAGER)
    assert "no message of a song of mine" in (await private(client_kit, asked)).content


async def test_a_moderators_delete_leaves_a_paid_song_and_a_members_own_takes_all(client_kit: ClientKit):
    job, own = await delivered(client_kit), await delivered(client_kit)
    for one, member in ((job, MODERATOR), (own, MEMBER)):
        track = track_of(client_kit, one)
        sure = await private(client_kit, await client_kit.fake.click(track, button(track, "delete"), member=member))
        await client_kit.fake.click(sure, button(sure, "delete_sure"), member=member)
        await client_kit.fake.until(lambda sure=sure: not sure.components)  # said when all of it is done
        assert not [it for it in client_kit.fake.messages if it.id == one.track_message_id]
    assert (await client_kit.fresh(job)).track_message_id is None
    assert await client_kit.store.get(own.id) is None
    assert await acts(client_kit) == [f"remove_track song {job.id}"]


async def test_a_channel_that_refuses_is_told_once_and_its_lines_are_counted(client_kit: ClientKit):
    place = await chosen(client_kit)
    client_kit.fake.revoke("SEND_MESSAGES", channel=place)
    await client_kit.fake.settle()
    for _ in range(2):
        await delivered(client_kit)
    assert await lines(client_kit, place) == []
    assert client_kit.assembly.ground.metrics.value("compose_log_lines_total", outcome="dropped") == 3
    waiting = client_kit.assembly.alerts._waiting
    assert (waiting.qsize(), waiting.get_nowait().kind) == (1, AlertKind.LOG_CHANNEL)
    client_kit.fake.grant("SEND_MESSAGES", channel=place)
    await client_kit.fake.settle()
    await delivered(client_kit)
    assert len(await lines(client_kit, place)) == 1  # what came meanwhile was left out
    guild_id = client_kit.fake.channel.guild_id
    assert json.loads(await client_kit.store.get_value(f"log_channel.{guild_id}") or "")["refused"] is False


async def test_an_outage_delays_lines_and_loses_none(client_kit: ClientKit):
    place = await chosen(client_kit)
    await delivered(client_kit)
    client_kit.fake.fail("POST", rf"/channels/{place.id}/messages", status=503, times=9)
    log = client_kit.assembly.guild_log()
    await log.look(LogMessages(client_kit.client))
    assert not [one for one in client_kit.fake.messages if one.channel_id == place.id]
    client_kit.fake.faults.clear()
    client_kit.clock.ahead += timedelta(minutes=1)
    await log.look(LogMessages(client_kit.client))
    assert len([one for one in client_kit.fake.messages if one.channel_id == place.id]) == 2
