"""Who may: every command and every button of operators, as a manager of another server and after a right was lost.

Commands are those that Discord was given, and buttons those that are drawn, so that none can be forgotten here.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery import LogMessages
from bot.errors import Reason
from bot.jobs.model import Job, JobState
from bot.operators.buttons import LABELS
from bot.store.jobs import SqlJobStore
from bot.store.tables import audits, charges, job_events, jobs, kept_values, rules
from bot.texts import text
from bot.ui.custom_ids import LOG_TEMPLATE
from bot.ui.log_cards import LogAction
from sandbox.discord import Interaction, Message
from sandbox.discord.objects import Channel
from sandbox.transcript import custom_ids
from tests.client_kit import LYRICS, ClientKit, labels_of, text_of

MANAGER, STRANGER, OWNER, MEMBER = "Moderator", "Member Two", "Owner", "Member One"
SECRET = "kept between us"
REFUSALS = ("Manage Server", "may manage this server", "Only moderators", "run this bot")
GROUP, SUB_COMMAND = 2, 1


@pytest.fixture
async def kit(client_kit: ClientKit) -> ClientKit:
    """A bot in two servers, each with a manager of its own."""
    fake = client_kit.fake
    fake.invite_bot(fake.world.guilds[lounge(client_kit).guild_id or 0])
    fake.grant("manage_guild", member=MANAGER, channel="general")
    fake.grant("manage_guild", member=STRANGER, channel="lounge")
    client_kit.operator_guild_ids = frozenset({here(client_kit)})
    await client_kit.restart()
    return client_kit


def here(kit: ClientKit) -> int:
    return kit.fake.place("general").guild_id or 0


def lounge(kit: ClientKit) -> Channel:
    return kit.fake.place("lounge")


def leaves(options: list[dict[str, Any]], path: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for option in options:
        name = f"{path} {option['name']}"
        if option["type"] == GROUP:
            yield from leaves(option["options"], name)
        elif option["type"] == SUB_COMMAND:
            yield name, option.get("options") or []


def commands_of(kit: ClientKit, group: str, guild_id: int | None = None) -> dict[str, list[dict[str, Any]]]:
    """Every command of a group that Discord was given, with its options."""
    (given,) = [one for one in kit.fake.world.commands[guild_id] if one["name"] == group]
    return dict(leaves(given["options"], group))


def values_for(kit: ClientKit, options: list[dict[str, Any]], job: Job, place: Channel) -> dict[str, Any]:
    """Something for each option, about this song and its member where that can be."""
    texts = {"until": "2h", "server": str(here(kit)), "word": SECRET, "reason": "closed", "text": "news", "note": "so"}
    values: dict[str, Any] = {}
    for option in options:
        match option["type"]:
            case 3:  # text
                values[option["name"]] = texts[option["name"]]
            case 4:  # a whole number
                values[option["name"]] = job.id if option["name"] == "id" else 1
            case 6:  # a member
                values[option["name"]] = MEMBER
            case 7:  # a channel
                values[option["name"]] = place.name
            case 8:  # a role; @everyone has its server's id
                values[option["name"]] = place.guild_id
            case other:
                raise AssertionError(f"an option of a kind that nothing is known for here: {other}")
    if any(option["name"] == "per_day" for option in options):  # one subject at a time
        values = {name: value for name, value in values.items() if name not in {"role", "server", "at_once"}}
    return values


async def answer_to(kit: ClientKit, asked: Interaction) -> Message:
    return await kit.fake.until(lambda: next((one for one in reversed(asked.messages) if text_of(one)), None))


async def all_of(kit: ClientKit, guild_id: int) -> dict[str, Any]:
    """Everything that is kept about a server and the whole bot."""
    assert isinstance(kit.store, SqlJobStore)
    kept: dict[str, Any] = {}
    async with kit.store.database.reading() as connection:
        for table in (jobs, job_events, charges, rules, audits, kept_values):
            rows = [dict(row) for row in (await connection.execute(select(table))).mappings().all()]
            if table is kept_values:
                rows = [row for row in rows if not str(row["name"]).endswith(str(lounge(kit).guild_id))]
            elif "guild_id" in table.c:
                rows = [row for row in rows if row["guild_id"] in {guild_id, 0}]
            kept[table.name] = rows
    return kept


async def furnished(kit: ClientKit) -> Job:
    """A server with a song, a block, a word, a channel, a notice, a limit and a pause that nobody else may read of."""
    job = await kit.delivered(await kit.order(options={"title": SECRET}))
    for command, options in (
        ("block", {"member": "Owner", "note": SECRET}),
        ("words add", {"word": SECRET}),
        ("channels add", {"channel": "music"}),
        ("notice", {"text": SECRET}),
        ("limit", {"per_day": 40}),
        ("pause", {"reason": SECRET}),
    ):
        await answer_to(kit, await kit.fake.slash(f"compose-admin {command}", options, member=MANAGER))
    return job


async def test_a_manager_of_another_server_sees_and_touches_nothing_here_by_any_command(kit: ClientKit) -> None:
    job = await furnished(kit)
    before = await all_of(kit, here(kit))
    music = kit.fake.place("music")
    commands = commands_of(kit, "compose-admin")
    assert len(commands) >= 18
    for name, options in commands.items():
        values = values_for(kit, options, job, lounge(kit))
        values = {key: "other" if value == SECRET else value for key, value in values.items()}
        asked = await kit.fake.slash(name, values, member=STRANGER, channel="lounge")
        answer = await answer_to(kit, asked)
        assert answer.ephemeral, name
        told = text_of(answer) + "".join(file.data.decode(errors="replace") for file in answer.attachments)
        for mine in (SECRET, f"<#{music.id}>", f"{LYRICS[:12]}"):
            assert mine not in told, (name, told)
        assert not re.search(r"\b40\b", told), (name, told)  # the limit; a time may hold these digits
        if name == "compose-admin song":
            assert "no such song here" in told
            assert labels_of(answer) == []
    assert await all_of(kit, here(kit)) == before


async def reports_with_every_button(kit: ClientKit, group: str, by: str) -> list[tuple[Message, Job]]:
    """Reports of songs in such states that together they bear every button there is, asked back included."""
    failed = await kit.failed(await kit.order(), Reason.DEADLINE)
    delivered = await kit.delivered(await kit.order())
    drawn: list[tuple[Message, Job]] = []
    for job in (failed, delivered):
        report = await answer_to(kit, await kit.fake.slash(f"{group} song", {"id": job.id}, member=by))
        drawn.append((report, job))
        if job is delivered:
            drawn.append((await answer_to(kit, await kit.fake.click(report, "Delete", member=by)), job))
    assert {label for one, _ in drawn for label in labels_of(one)} == {text(key, "en") for key in LABELS.values()}
    return drawn


def carry(kit: ClientKit, message: Message, place: Channel) -> None:
    """No client of Discord's shows a message elsewhere; whoever writes their own can press what it bears there."""
    del kit.fake.world.channels[message.channel_id].messages[message.id]
    message.channel_id = place.id
    place.messages[message.id] = message


async def test_a_manager_of_another_server_can_press_none_of_the_buttons_of_this_one(kit: ClientKit) -> None:
    drawn = await reports_with_every_button(kit, "compose-admin", MANAGER)
    before = await all_of(kit, here(kit))
    stranger = kit.fake.member(STRANGER)
    for report, _ in drawn:
        for place, said in (("general", "Manage Server"), ("lounge", "no such song here")):
            report.visible_to = stranger.id
            carry(kit, report, kit.fake.place(place))
            for label in labels_of(report):
                answer = await answer_to(kit, await kit.fake.click(report, label, member=STRANGER))
                assert said in text_of(answer), (place, label)
    assert await all_of(kit, here(kit)) == before


async def test_who_lost_the_right_can_neither_type_a_command_nor_press_what_was_drawn(kit: ClientKit) -> None:
    drawn = await reports_with_every_button(kit, "compose-admin", MANAGER)
    job = drawn[0][1]
    kit.fake.revoke("manage_guild", member=MANAGER, channel="general")
    await kit.restart()
    before = await all_of(kit, here(kit))
    for report, _ in drawn:
        for label in labels_of(report):
            answer = await answer_to(kit, await kit.fake.click(report, label, member=MANAGER))
            assert "Manage Server" in text_of(answer), label
    for name, options in commands_of(kit, "compose-admin").items():
        values = values_for(kit, options, job, kit.fake.place("general"))
        answer = await answer_to(kit, await kit.fake.slash(name, values, member=MANAGER))
        assert answer.ephemeral
        assert any(refusal in text_of(answer) for refusal in REFUSALS), (name, text_of(answer))
    assert await all_of(kit, here(kit)) == before


async def lines(kit: ClientKit, place: Channel) -> list[Message]:
    await kit.assembly.guild_log().look(LogMessages(kit.client))
    return [one for one in kit.fake.messages if one.channel_id == place.id]


async def test_a_log_channels_buttons_ask_for_the_right_at_every_press_and_only_in_their_server(
    kit: ClientKit,
) -> None:
    place = kit.fake.add_channel("mod-log")
    await kit.fake.settle()
    asked = await kit.fake.slash("compose-admin log-channel", {"channel": place.name}, member=MANAGER)
    assert "gets a line" in text_of(await answer_to(kit, asked))
    job = await kit.delivered(await kit.order())
    track = kit.track_message(job)
    form = await kit.fake.message_command("Report this song", track, member=MANAGER)
    await answer_to(kit, await kit.fake.submit(await kit.fake.until(lambda: form.modal), {"reason": "rude"}))
    drawn = [one for one in await lines(kit, place) if custom_ids(one.components)]
    assert {action for one in drawn for action in actions_of(one)} == set(LogAction)

    for channel in ("general", place):
        kit.fake.revoke("manage_guild", "manage_messages", member=MANAGER, channel=channel)
    kit.fake.grant("manage_guild", "manage_messages", member=STRANGER, channel="lounge")
    await kit.restart()
    before = await all_of(kit, here(kit))
    for line in drawn:
        for where, member, said in ((place, MANAGER, ""), (lounge(kit), STRANGER, "no longer")):
            carry(kit, line, where)
            for custom_id in custom_ids(line.components):
                answer = await answer_to(kit, await kit.fake.click(line, custom_id, member=member))
                told = text_of(answer)
                assert answer.ephemeral
                assert LYRICS not in told
                assert (said and said in told) or any(refusal in told for refusal in REFUSALS), (custom_id, told)
    assert await all_of(kit, here(kit)) == before
    assert not track.deleted


def actions_of(line: Message) -> set[str]:
    found = [re.fullmatch(LOG_TEMPLATE, custom_id) for custom_id in custom_ids(line.components)]
    return {one["action"] for one in found if one}


async def test_who_was_taken_out_of_the_operators_can_neither_type_nor_press_for_the_whole_bot(
    kit: ClientKit,
) -> None:
    terms = kit.jobs.admission.terms
    kit.jobs.admission.terms = replace(terms, operators=terms.operators | {kit.fake.member(MANAGER).id})
    drawn = await reports_with_every_button(kit, "compose-owner", MANAGER)
    job = drawn[0][1]
    await kit.restart()  # OPERATORS without them
    before = await all_of(kit, here(kit))
    commands = commands_of(kit, "compose-owner", here(kit))
    assert set(commands) == {
        name.replace("admin", "owner") for name in commands_of(kit, "compose-admin") if "log-channel" not in name
    }
    for name, options in commands.items():
        values = values_for(kit, options, job, kit.fake.place("general"))
        answer = await answer_to(kit, await kit.fake.slash(name, values, member=MANAGER))
        assert "run this bot" in text_of(answer), name
    for report, _ in drawn:
        for label in labels_of(report):
            assert "run this bot" in text_of(await answer_to(kit, await kit.fake.click(report, label, member=MANAGER)))
    # the owner's own report, in a server that is no longer one of OPERATOR_GUILDS
    report = await answer_to(kit, await kit.fake.slash("compose-owner song", {"id": job.id}, member=OWNER))
    kit.operator_guild_ids = frozenset()
    await kit.restart()
    for label in labels_of(report):
        assert "run this bot" in text_of(await answer_to(kit, await kit.fake.click(report, label, member=OWNER)))
    assert (await all_of(kit, here(kit)))["job"] == before["job"]
    assert (await all_of(kit, here(kit)))["audit"] == before["audit"]
    assert (await kit.fresh(job)).state is JobState.FAILED
