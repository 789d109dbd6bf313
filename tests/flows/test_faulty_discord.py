"""A Discord that fails around one message: the track is in its channel once, and its card says so."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from tests.flows.choir import Choir, open_choir, title
from tests.flows.play import PATIENCE_SECONDS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150)]

CALLBACK = r"^/interactions/"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def choir(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[Choir]:
    """One bot; Discord fails for one test at a time."""
    async with open_choir(tmp_path_factory.mktemp("discord"), song) as choir:
        yield choir


@pytest.fixture(autouse=True)
def well_again(choir: Choir) -> Any:
    """No fault outlives its test."""
    yield
    choir.discord.faults.clear()


TRACK_FAULTS: dict[str, dict[str, Any]] = {
    "a reset before": {"drop": True},
    "a reset after": {"drop": True, "after": True},
    "an unavailable service": {"status": 503},
    "an unavailable service once it is there": {"status": 503, "after": True},
    "an internal error": {"status": 500},
    "a bad gateway once it is there": {"status": 502, "after": True},
    "a limit": {"status": 429, "retry_after_seconds": 0.3},
    "a limit for all": {"status": 429, "retry_after_seconds": 0.3, "is_global": True},
    "a ban": {"status": 429, "via": False},
    "a slow answer": {"delay_seconds": 2.0, "after": True},
}
EDIT_FAULTS: dict[str, dict[str, Any]] = {
    "a reset before": {"drop": True, "times": 3},
    "a reset after": {"drop": True, "after": True, "times": 2},
    "an internal error": {"status": 500},
    "an unavailable service": {"status": 503, "times": 2},
    "a limit": {"status": 429, "retry_after_seconds": 0.3},
}


async def test_a_track_message_that_fails_before_or_after_its_effect_is_there_once(choir: Choir) -> None:
    for name, fault in TRACK_FAULTS.items():
        place = choir.discord.start_thread(f"track {name}")
        choir.discord.fail("POST", f"^/channels/{place.id}/messages$", **fault)
        await choir.sing(f"track with {name}", channel=place)
    for name in TRACK_FAULTS:
        await choir.delivered(f"track with {name}")
        assert "done" in choir.look_of(choir.card(f"track with {name}"))
    assert all(fault.hits == 1 for fault in choir.discord.faults.faults)


async def test_a_card_that_cannot_be_edited_for_a_while_ends_with_the_right_words(choir: Choir) -> None:
    for name, fault in EDIT_FAULTS.items():
        place = choir.discord.start_thread(f"edit {name}")
        choir.discord.fail("PATCH", f"^/channels/{place.id}/messages/", **fault)
        await choir.sing(f"edit with {name}", channel=place)
    for name in EDIT_FAULTS:
        await choir.delivered(f"edit with {name}")
        assert "done" in choir.look_of(choir.card(f"edit with {name}"))
    assert all(fault.hits == fault.times for fault in choir.discord.faults.faults)


async def test_a_command_whose_answer_is_lost_becomes_one_song_with_one_card(choir: Choir) -> None:
    for name, is_after in (("answer reset before", False), ("answer reset after", True)):
        choir.discord.fail("POST", CALLBACK, drop=True, after=is_after)
        asked = await choir.sing(name)
        track = await choir.delivered(name)
        card = choir.card(name)
        assert "done" in choir.look_of(card)
        assert asked.messages == [card]
        assert track.reply_to_id == card.id
        about = [message for message in choir.discord.messages if title(name) in choir.look_of(message)]
        assert about == [card, track]


async def test_a_command_that_can_no_longer_be_answered_becomes_one_song_all_the_same(choir: Choir) -> None:
    choir.discord.fail("POST", CALLBACK, status=404, body={"message": "Unknown interaction", "code": 10062})
    asked = await choir.sing("answer never taken")
    track = await choir.delivered("answer never taken")
    card = await choir.card_says("done", title("answer never taken"))
    about = [message for message in choir.discord.messages if title("answer never taken") in choir.look_of(message)]
    assert sorted(about, key=lambda message: message.id) == sorted([card, track], key=lambda message: message.id)
    assert not asked.messages


async def test_a_command_that_arrives_again_is_one_song(choir: Choir) -> None:
    asked = await choir.sing("replayed")
    await choir.discord.until(lambda: asked.answered, PATIENCE_SECONDS)
    await choir.discord.replay(asked)
    await choir.delivered("replayed")
    await choir.discord.replay(asked)
    await choir.stage.bot.kill()
    await choir.restart()
    await choir.discord.replay(asked)
    await choir.sing("after the replay")
    await choir.delivered("after the replay")
    await choir.delivered("replayed")
    assert asked.messages == [choir.card("replayed")]


async def test_a_risk_that_arrives_again_is_not_taken_twice(choir: Choir) -> None:
    lost = {"manner": "drop", "after_effect": True}
    await choir.sing("twice in doubt", script={"submit": lost})
    choir.api.script(when="song of twice in doubt alone", submit=lost)
    card = await choir.told_of("twice in doubt", JobState.UNKNOWN, "charged twice")
    pressed = await choir.discord.click(card, choir.button(card, "risk"))
    await choir.discord.until(lambda: len(choir.posts("twice in doubt")) == 2, PATIENCE_SECONDS)
    card = await choir.told_of("twice in doubt", JobState.UNKNOWN, "charged twice")

    await choir.discord.replay(pressed)
    await choir.stage.bot.kill()
    await choir.restart()
    choir.forgive_second_answers_to(pressed)
    await choir.discord.replay(pressed)
    await choir.sing("after the second press")
    await choir.delivered("after the second press")
    assert choir.row("twice in doubt")["state"] == JobState.UNKNOWN
    assert len(choir.posts("twice in doubt")) == 2


async def test_a_connection_that_drops_is_resumed_and_one_that_is_forgotten_is_made_anew(choir: Choir) -> None:
    gateway = choir.discord.gateway
    await choir.sing("made over a resume")
    resumes, identifies = gateway.resumes, gateway.identifies
    await gateway.drop()
    asked = await choir.sing("ordered while it was down")
    await choir.discord.until(lambda: gateway.resumes > resumes, PATIENCE_SECONDS)
    await choir.delivered("ordered while it was down")
    assert asked.answered
    assert gateway.identifies == identifies

    await choir.sing("made over a new session")
    await choir.reached("made over a new session", JobState.GENERATING, JobState.READY)
    gateway.forget()
    gateway.cut()
    await gateway.drop()
    await choir.discord.until(lambda: gateway.identifies > identifies, PATIENCE_SECONDS)
    await choir.sing("ordered in the new session")
    for name in ("made over a resume", "made over a new session", "ordered in the new session"):
        await choir.delivered(name)


async def test_a_deleted_card_costs_the_reply_and_not_the_track(choir: Choir) -> None:
    await choir.sing("card deleted", script={"polls": ["generating", "generating", "generating", "completed"]})
    row = await choir.reached("card deleted", JobState.GENERATING)
    choir.discord.remove_message(row["card_message_id"])
    track = await choir.delivered("card deleted")
    assert track.reply_to_id is None
    assert [m for m in choir.discord.messages if title("card deleted") in choir.look_of(m)] == [track]


async def test_a_token_that_ended_while_the_song_was_made_changes_nothing_in_a_server(choir: Choir) -> None:
    asked = await choir.sing("a long song", script={"polls": ["generating", "generating", "generating", "completed"]})
    await choir.reached("a long song", JobState.GENERATING)
    choir.discord.expire_tokens(asked)
    track = await choir.delivered("a long song")
    assert track.reply_to_id == choir.card("a long song").id
    assert "done" in choir.look_of(choir.card("a long song"))


async def test_a_member_who_left_still_has_his_track_in_the_channel(choir: Choir) -> None:
    member = choir.discord.member("Member Two")
    await choir.sing("a member who left", member=member, script={"polls": ["generating", "generating", "completed"]})
    await choir.reached("a member who left", JobState.GENERATING)
    guild = choir.discord.place("general").guild_id
    choir.discord.world.guilds[guild or 0].members.pop(member.id)
    track = await choir.delivered("a member who left")
    assert track.channel_id == choir.discord.place("general").id


async def test_a_discord_that_is_away_when_the_track_is_ready_gets_it_later_and_once(choir: Choir) -> None:
    await choir.sing("an outage")
    await choir.reached("an outage", JobState.GENERATING, JobState.READY, JobState.DELIVERING)
    await choir.discord.refuse_connections()
    await choir.reached("an outage", JobState.DELIVERING)
    await choir.discord.settle(1.0)
    assert choir.row("an outage")["state"] == JobState.DELIVERING
    await choir.discord.accept_connections()
    await choir.delivered("an outage")
    await choir.discord.until(lambda: choir.discord.gateway.connected, PATIENCE_SECONDS)


async def test_a_file_that_discord_finds_too_large_after_all_comes_as_a_link(choir: Choir) -> None:
    await choir.sing("too large", channel="music", script={"polls": ["generating", "generating", "completed"]})
    await choir.reached("too large", JobState.GENERATING)
    choir.discord.set_upload_limit(5_000, channel="music")
    row = await choir.ended("too large")
    assert row["state"] == JobState.DELIVERED
    message = choir.discord.message(row["track_message_id"])
    assert not message.attachments
    assert "does not take the file" in message.content
    assert "Open the track ↗" in choir.look_of(message)
    assert "done" in choir.look_of(choir.card("too large"))
    choir.discord.set_upload_limit(None, channel="music")
