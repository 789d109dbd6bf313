"""Whose order is it: each way in which an answer may fail, what the member sees, what was paid; see docs/discord.md."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from bot.errors import Reason
from bot.jobs.model import JobState
from sandbox.discord import Channel, Install, Interaction, Message
from tests.client_kit import labels_of, text_of
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import SongBatch, lyrics, open_song_batch, title
from tests.flows.test_places_of_discord import PAGE, REPLY, without_the_bot

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]

ROW = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", re.MULTILINE)
AFTER_ALL = "Make it after all"
ONE, NOTHING = "1 song", "no song"
IN_CHANNEL = "a message in the channel that says so, with *Make it after all*"
DIRECTLY = "a direct message that says so, with *Make it after all*"
KEPT = "`/tracks` has song and words, with *Make it after all*"
#: Here Discord waits for an answer ten times as long, for the sake of loaded machines.
LATE_SECONDS = 40.0
UNKNOWN_INTERACTION = {"code": 10062, "message": "Unknown interaction"}
ANSWERED_BEFORE = {"code": 40060, "message": "Interaction has already been acknowledged."}
NO_TOKEN = {"code": 50027, "message": "Invalid Webhook Token"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What becomes of the answer to one order."""

    fault: dict[str, Any] = field(default_factory=dict[str, Any])  #: of the call that answers
    age_seconds: float = 0.0
    crash: bool = False
    install: Install = Install.GUILD
    place: str = ""
    member: str = "Member One"
    pressed: bool = False  #: *Make it after all*, later


#: Each row of docs/discord.md.
CASES = {
    "answered": Case(),
    "answered, and the connection breaks before the bot reads that": Case(fault={"drop": True, "after": True}),
    "the connection breaks, and Discord has not taken it": Case(fault={"drop": True}),
    "the connection stays broken until it is too late": Case(fault={"drop": True, "times": None}),
    "an outage of Discord just then, that passes": Case(fault={"status": 503}),
    "an order that comes 3 s to a minute late (10062)": Case(age_seconds=LATE_SECONDS),
    "Discord does not know the order any more (10062)": Case(fault={"status": 404, "body": UNKNOWN_INTERACTION}),
    "a second instance was first (40060)": Case(fault={"status": 400, "body": ANSWERED_BEFORE}),
    "the order's token has ended (50027)": Case(fault={"status": 401, "body": NO_TOKEN}),
    "the bot dies between the row and the answer": Case(crash=True),
    "the same, and the member presses *Make it after all*": Case(age_seconds=LATE_SECONDS, pressed=True),
    "not answered, in a server with the commands alone": Case(age_seconds=LATE_SECONDS, place="without the bot"),
    "not answered, in a server where only the member brought the bot": Case(
        age_seconds=LATE_SECONDS, place="lounge", install=Install.USER
    ),
    "the same, and the member takes no direct messages": Case(
        age_seconds=LATE_SECONDS, place="lounge", install=Install.USER, member="Member Two"
    ),
}
#: Names of songs are plain words, none the beginning of another.
NAMES = {name: f"answer {number:02d}" for number, name in enumerate(CASES)}


def place_of(batch: SongBatch, case: Case) -> Channel:
    if case.place == "lounge":
        return batch.discord.place("lounge")
    return without_the_bot(batch) if case.place else batch.discord.channel


async def ordered(batch: SongBatch, name: str) -> Interaction:
    """Order it; the answer comes to its own end before the next: a fault is for whichever call comes first."""
    case, song = CASES[name], NAMES[name]
    if case.crash:
        await batch.stage.bot.stop()
        await batch.restart(CRASH_AT="after_row")
    fault = batch.discord.fail("POST", "^/interactions/.*/callback$", **case.fault) if case.fault else None
    asked = await batch.discord.slash(
        "compose",
        {"lyrics": lyrics(song), "title": title(song)},
        files={"reference": ("song.mp3", batch.song)},
        channel=place_of(batch, case),
        member=case.member,
        install=case.install,
        age_seconds=case.age_seconds,
    )
    if case.crash:
        await batch.stage.bot.wait()
        await batch.restart()
        return asked

    def is_over() -> bool:
        return asked.answered or batch.row(song).get("state") == JobState.FAILED

    await batch.discord.until(is_over, PATIENCE_SECONDS)
    if fault is not None:
        assert fault.hits
        batch.discord.faults.faults.remove(fault)
    return asked


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def batch(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[SongBatch]:
    """One bot to which every kind of order has come, the one at which it dies at the end."""
    async with open_song_batch(tmp_path_factory.mktemp("answers"), song) as batch:
        batch.discord.close_dms("Member Two")
        for name in sorted(CASES, key=lambda one: CASES[one].crash):
            await ordered(batch, name)
        yield batch


def news_of(batch: SongBatch, song: str) -> list[Message]:
    """What tells of a song and offers it, wherever that is."""
    return [
        one
        for one in batch.discord.messages
        if one.author.bot and title(song) in text_of(one) and AFTER_ALL in labels_of(one) and not one.ephemeral
    ]


async def what_is_seen(batch: SongBatch, name: str) -> str:
    """In the words of the table."""
    case, song = CASES[name], NAMES[name]
    row = await batch.ended(song)
    assert row["lyrics"] == lyrics(song)
    if row["state"] == JobState.DELIVERED:
        (track,) = batch.tracks(title(song))
        assert track.reply_to_id == row["card_message_id"]
        assert row["answered_at"]
        return REPLY
    assert (row["state"], row["reason"], row["answered_at"]) == (JobState.FAILED, Reason.UNANSWERED, None)
    found = news_of(batch, song)
    if not found:
        asked = await batch.discord.slash(
            "tracks", {"song": title(song)}, member=case.member, channel=place_of(batch, case), install=case.install
        )
        answer = await batch.private_answer(asked)
        assert AFTER_ALL in labels_of(answer)
        assert song in text_of(answer)
        return KEPT
    (news,) = found
    assert "nothing was charged" in news.content
    return IN_CHANNEL if news.channel_id == row["channel_id"] else DIRECTLY


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.pressed])
async def test_what_a_member_sees_and_what_was_paid_is_what_the_page_says(batch: SongBatch, name: str) -> None:
    seen = await what_is_seen(batch, name)
    paid = {0: NOTHING, 1: ONE}[len(batch.generations(NAMES[name]))]
    assert (name, seen, paid) in ROW.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.pressed])
async def test_a_song_that_its_member_still_wants_is_made_once(batch: SongBatch, name: str) -> None:
    song = NAMES[name]
    await batch.ended(song)
    (news,) = news_of(batch, song)
    pressed = await batch.discord.click(news, AFTER_ALL)
    await batch.discord.until(lambda: batch.tracks(title(song)), PATIENCE_SECONDS)
    (track,) = batch.tracks(title(song))
    assert track.reply_to_id == pressed.messages[0].id
    assert len(batch.generations(song)) == 1
    assert (name, REPLY, ONE) in ROW.findall(PAGE.read_text(encoding="utf-8"))


async def test_every_case_has_its_row_and_a_second_instance_is_named(batch: SongBatch) -> None:
    section = PAGE.read_text(encoding="utf-8").split("## Answers")[1].split("## ")[0]
    assert [name for name, _, paid in ROW.findall(section) if paid in {ONE, NOTHING}] == list(CASES)
    errors = [line for line in batch.stage.bot.log.splitlines() if "second instance" in line and "ERROR" in line]
    assert len(errors) == 1
