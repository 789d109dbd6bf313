"""A Discord that fails around one message: the track is in its channel once, and its card says so."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import HELD, SongBatch, open_song_batch, title

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]

CALLBACK = r"^/interactions/"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def batch(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[SongBatch]:
    """One bot; Discord fails for one test at a time."""
    async with open_song_batch(tmp_path_factory.mktemp("discord"), song) as batch:
        yield batch


@pytest.fixture(autouse=True)
def well_again(batch: SongBatch) -> Any:
    """No fault outlives its test."""
    yield
    batch.discord.faults.clear()
    batch.discord.set_upload_limit(None, channel="music")


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


async def test_a_track_message_that_fails_before_or_after_its_effect_is_there_once(batch: SongBatch) -> None:
    for name, fault in TRACK_FAULTS.items():
        place = batch.discord.start_thread(f"track {name}")
        batch.discord.fail("POST", f"^/channels/{place.id}/messages$", **fault)
        await batch.order_song(f"track with {name}", channel=place)
    for name in TRACK_FAULTS:
        await batch.delivered(f"track with {name}")
        assert "done" in batch.look_of(batch.card(f"track with {name}"))
    assert all(fault.hits == 1 for fault in batch.discord.faults.faults)


async def test_a_card_that_cannot_be_edited_for_a_while_ends_with_the_right_words(batch: SongBatch) -> None:
    for name, fault in EDIT_FAULTS.items():
        place = batch.discord.start_thread(f"edit {name}")
        batch.discord.fail("PATCH", f"^/channels/{place.id}/messages/", **fault)
        await batch.order_song(f"edit with {name}", channel=place)
    for name in EDIT_FAULTS:
        await batch.delivered(f"edit with {name}")
        assert "done" in batch.look_of(batch.card(f"edit with {name}"))
    assert all(fault.hits == fault.times for fault in batch.discord.faults.faults)


async def test_a_command_whose_answer_is_lost_becomes_one_song_with_one_card(batch: SongBatch) -> None:
    for name, is_after in (("answer reset before", False), ("answer reset after", True)):
        batch.discord.fail("POST", CALLBACK, drop=True, after=is_after)
        asked = await batch.order_song(name)
        track = await batch.delivered(name)
        card = batch.card(name)
        assert "done" in batch.look_of(card)
        assert asked.messages == [card]
        assert track.reply_to_id == card.id
        about = [message for message in batch.discord.messages if title(name) in batch.look_of(message)]
        assert about == [card, track]


async def test_a_command_whose_answer_is_confirmed_by_nobody_is_paid_for_once_and_blamed_on_nobody(
    batch: SongBatch,
) -> None:
    batch.discord.fail("POST", CALLBACK, status=503, after=True)
    asked = await batch.order_song("answer unconfirmed")
    await batch.delivered("answer unconfirmed")
    assert asked.messages == [batch.card("answer unconfirmed")]
    assert "second instance" not in batch.stage.bot.log


async def test_a_command_that_can_no_longer_be_answered_rests_unpaid_until_its_member_wants_it(
    batch: SongBatch,
) -> None:
    name = "answer never taken"
    batch.discord.fail("POST", CALLBACK, status=404, body={"message": "Unknown interaction", "code": 10062})
    asked = await batch.order_song(name)
    news = await batch.ended_with(name, JobState.FAILED, "Make it after all")
    assert not asked.messages
    assert not batch.posts(name)
    assert news.nonce

    await batch.stage.bot.kill()
    await batch.restart()
    again = await batch.discord.click(news, batch.button(news, "again"))
    await batch.discord.until(lambda: batch.tracks(title(name)), PATIENCE_SECONDS)
    await batch.rest()
    assert again.answered
    assert len(batch.posts(name)) == 1


async def test_a_command_that_arrives_again_is_one_song(batch: SongBatch) -> None:
    asked = await batch.order_song("replayed")
    await batch.discord.until(lambda: asked.answered, PATIENCE_SECONDS)
    await batch.discord.replay(asked)
    await batch.delivered("replayed")
    await batch.discord.replay(asked)
    await batch.stage.bot.kill()
    await batch.restart()
    batch.forgive_second_answers_to(asked)
    await batch.discord.replay(asked)
    await batch.order_song("after the replay")
    await batch.delivered("after the replay")
    await batch.delivered("replayed")
    assert asked.messages == [batch.card("replayed")]


async def test_a_risk_that_arrives_again_is_not_taken_twice(batch: SongBatch) -> None:
    lost = {"manner": "drop", "after_effect": True}
    await batch.order_song("twice in doubt", script={"submit": lost})
    batch.api.script(when="song of twice in doubt alone", submit=lost)
    card = await batch.ended_with("twice in doubt", JobState.UNKNOWN, "charged twice")
    pressed = await batch.discord.click(card, batch.button(card, "risk"))
    await batch.discord.until(lambda: len(batch.posts("twice in doubt")) == 2, PATIENCE_SECONDS)
    card = await batch.ended_with("twice in doubt", JobState.UNKNOWN, "charged twice")

    await batch.discord.replay(pressed)
    await batch.stage.bot.kill()
    await batch.restart()
    batch.forgive_second_answers_to(pressed)
    await batch.discord.replay(pressed)
    await batch.order_song("after the second press")
    await batch.delivered("after the second press")
    assert batch.row("twice in doubt")["state"] == JobState.UNKNOWN
    assert len(batch.posts("twice in doubt")) == 2


async def test_a_connection_that_drops_is_resumed_and_one_that_is_forgotten_is_made_anew(batch: SongBatch) -> None:
    gateway = batch.discord.gateway
    await batch.order_song("made over a resume")
    resumes, identifies = gateway.resumes, gateway.identifies
    await gateway.drop()
    asked = await batch.order_song("ordered while it was down")
    await batch.discord.until(lambda: gateway.resumes > resumes, PATIENCE_SECONDS)
    await batch.delivered("ordered while it was down")
    assert asked.answered
    assert gateway.identifies == identifies

    await batch.order_song("made over a new session", script=HELD)
    await batch.reached("made over a new session", JobState.GENERATING)
    gateway.forget()
    gateway.cut()
    await gateway.drop()
    await batch.discord.until(lambda: gateway.identifies > identifies and gateway.connected, PATIENCE_SECONDS)
    batch.go_on("made over a new session")
    await batch.order_song("ordered in the new session")
    for name in ("made over a resume", "made over a new session", "ordered in the new session"):
        await batch.delivered(name)


async def test_a_deleted_card_costs_the_reply_and_not_the_track(batch: SongBatch) -> None:
    await batch.order_song("card deleted", script=HELD)
    await batch.reached("card deleted", JobState.GENERATING)
    await batch.discord.until(lambda: batch.row("card deleted")["card_message_id"], PATIENCE_SECONDS)
    batch.discord.remove_message(batch.row("card deleted")["card_message_id"])
    batch.go_on("card deleted")
    track = await batch.delivered("card deleted")
    assert track.reply_to_id is None
    assert [m for m in batch.discord.messages if title("card deleted") in batch.look_of(m)] == [track]


async def test_a_token_that_ended_while_the_song_was_made_changes_nothing_in_a_server(batch: SongBatch) -> None:
    asked = await batch.order_song("a long song", script=HELD)
    await batch.reached("a long song", JobState.GENERATING)
    batch.discord.expire_tokens(asked)
    batch.go_on("a long song")
    track = await batch.delivered("a long song")
    assert track.reply_to_id == batch.card("a long song").id
    assert "done" in batch.look_of(batch.card("a long song"))


async def test_a_member_who_left_still_has_their_track_in_the_channel(batch: SongBatch) -> None:
    member = batch.discord.member("Member Two")
    await batch.order_song("a member who left", member=member, script=HELD)
    await batch.reached("a member who left", JobState.GENERATING)
    guild = batch.discord.place("general").guild_id
    batch.discord.world.guilds[guild or 0].members.pop(member.id)
    batch.go_on("a member who left")
    track = await batch.delivered("a member who left")
    assert track.channel_id == batch.discord.place("general").id


async def test_a_discord_that_is_away_when_the_track_is_ready_gets_it_later_and_once(batch: SongBatch) -> None:
    await batch.order_song("an outage", script=HELD)
    await batch.reached("an outage", JobState.GENERATING)
    await batch.discord.refuse_connections()
    batch.go_on("an outage")
    await batch.reached("an outage", JobState.DELIVERING)
    await batch.discord.settle(1.0)
    assert batch.row("an outage")["state"] == JobState.DELIVERING
    await batch.discord.accept_connections()
    await batch.delivered("an outage")
    await batch.discord.until(lambda: batch.discord.gateway.connected, PATIENCE_SECONDS)


async def test_a_file_that_discord_finds_too_large_after_all_comes_as_a_link(batch: SongBatch) -> None:
    await batch.order_song("too large", channel="music", script=HELD)
    await batch.reached("too large", JobState.GENERATING)
    batch.discord.set_upload_limit(5_000, channel="music")
    batch.go_on("too large")
    row = await batch.ended("too large")
    assert row["state"] == JobState.DELIVERED
    message = batch.discord.message(row["track_message_id"])
    assert not message.attachments
    assert "does not take the file" in message.content
    assert "Open the track ↗" in batch.look_of(message)
    assert "done" in batch.look_of(batch.card("too large"))
