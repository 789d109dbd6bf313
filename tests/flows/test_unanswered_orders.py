"""Orders that Discord took no answer to, by cause and place: nothing is paid unasked; docs/discord.md has the table."""

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import Reason
from bot.jobs.model import JobState
from sandbox.discord import Channel, Install, Message
from tests.client_kit import labels_of
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import SongBatch, lyrics, open_song_batch, title
from tests.flows.test_places_of_discord import without_the_bot

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]

PAGE = Path(__file__).parents[2] / "docs" / "discord.md"
ROW = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", re.MULTILINE)
STATUSES = {10062: 404, 40060: 400, 50027: 401}
CALLBACK = r"^/interactions/\d+/[^/]+/callback$"

HERE = "a message where it was ordered, with *Make it after all*"
DIRECTLY = "the same, as a direct message"
KEPT = "`/tracks` has song and words, with *Make it after all*"
PAID = "nothing; one song once it is pressed"
#: Played by tests/flows/test_crash_points.py, which kills the bot there.
DEATH = ("the bot died between the job's row and its answer", "none", HERE, PAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Why there is no answer, and where."""

    code: int  #: what Discord says to our answer
    place: Callable[[SongBatch], Channel] = lambda batch: batch.discord.place("general")
    install: Install = Install.GUILD
    member: str = "Member One"
    age_seconds: float = 0.0


#: Each row of docs/discord.md but the last.
CASES = {
    "the answer came too late": Case(code=10062),
    "the same where only the member brought the bot": Case(
        code=10062, place=lambda batch: batch.discord.place("lounge"), install=Install.USER
    ),
    "the same, and the member takes no direct messages": Case(
        code=10062, place=lambda batch: batch.discord.place("lounge"), install=Install.USER, member="Member Two"
    ),
    "the same in a server with the commands alone": Case(code=10062, place=without_the_bot),
    "the same in a direct message": Case(
        code=10062, place=lambda batch: batch.discord.open_dm("Moderator"), member="Moderator"
    ),
    "the order came 3 to 60 s late, as after a drop of the gateway": Case(code=10062, age_seconds=45),
    "the order's token has ended": Case(code=50027),
    "another instance with the same token answered first": Case(code=40060),
}
NAMES = {what: f"number {number:02d}" for number, what in enumerate(CASES)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def batch(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[SongBatch]:
    """One bot for all of them."""
    async with open_song_batch(tmp_path_factory.mktemp("unanswered"), song) as running:
        running.discord.close_dms("Member Two")
        yield running


async def in_the_list(batch: SongBatch, case: Case, place: Channel, name: str) -> Message:
    """The song as its member finds it whom nobody could tell."""
    options = {"song": title(name)}
    asked = await batch.discord.slash("tracks", options, member=case.member, channel=place, install=case.install)
    return await batch.private_answer(asked)


@pytest.mark.parametrize("what", CASES)
async def test_what_its_member_sees_and_what_was_paid_is_what_the_page_says(batch: SongBatch, what: str) -> None:
    case, name = CASES[what], NAMES[what]
    place = case.place(batch)
    if not case.age_seconds:  # else the sandbox itself refuses
        status = STATUSES[case.code]
        batch.discord.fail("POST", CALLBACK, status=status, body={"message": "Refused", "code": case.code})
    asked = await batch.discord.slash(
        "compose",
        {"lyrics": lyrics(name), "title": title(name)},
        files={"reference": ("song.mp3", batch.song)},
        channel=place,
        member=case.member,
        install=case.install,
        age_seconds=case.age_seconds,
    )
    row = await batch.ended(name)
    assert (row["state"], row["reason"], row["lyrics"]) == (JobState.FAILED, Reason.UNANSWERED, lyrics(name))
    assert row["answered_at"] is None
    assert f"refused ({case.code})" in batch.stage.bot.log
    assert ("second instance" in batch.stage.bot.log) == (case.code == 40060)
    assert not asked.messages
    assert not batch.posts(name)
    told = [one for one in batch.discord.messages if title(name) in one.content]
    assert all(f"<@{asked.user.id}>" in one.content for one in told)
    if not told:
        told = [await in_the_list(batch, case, place, name)]
    (news,) = told
    assert "Make it after all" in labels_of(news)

    await batch.discord.click(news, "Make it after all", member=case.member)
    await batch.discord.until(lambda: batch.tracks(title(name)), PATIENCE_SECONDS)
    await batch.rest()
    assert len(batch.posts(name)) == 1
    seen = KEPT if news.ephemeral else HERE if news.channel_id == place.id else DIRECTLY
    assert (what, f"{case.code}", seen, PAID) in ROW.findall(PAGE.read_text(encoding="utf-8"))


async def test_every_case_has_its_row() -> None:
    rows = [row for row in ROW.findall(PAGE.read_text(encoding="utf-8")) if row[3] == PAID]
    assert [row[0] for row in rows] == [*CASES, DEATH[0]]
    assert rows[-1] == DEATH
