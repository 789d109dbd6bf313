"""`song`, `spent`, `pause`, `resume` and `forget`, beside a running bot and without one; and what cannot be done."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bot.jobs.admission import PAUSED, Pause
from bot.jobs.people import LEAVING
from bot.shell.arguments import SHELL_COMMANDS, parsed
from bot.store.beside import is_running, open_beside
from bot.store.migrate import newest
from bot.store.sqlite_copies import empty_log
from tests.bot.shell.conftest import MEMBER, WHEN, WORDS, Place
from tests.bot.store.orders import TOKEN

#: Each command as it would be typed, where nothing but the database is wanted.
TYPED = {
    "song": ("song", "1"),
    "spent": ("spent",),
    "pause": ("pause",),
    "resume": ("resume",),
    "backup": ("backup",),
    "forget": ("forget", str(MEMBER)),
}


@pytest.mark.heavy
async def test_a_song_is_told_with_its_history_and_its_money_and_no_word_or_secret_of_it(place: Place) -> None:
    done, *_ = await place.filled()
    async with place.bot():
        answer = await place.run("song", str(done.id))
    assert answer.code == 0
    assert answer.values["state"] == "delivered"
    assert [each["state"] for each in answer.values["history"]][-1] == "delivered"
    assert [each["kind"] for each in answer.values["money"]] == ["held", "spent"]
    written = answer.text + answer.written(as_json=True)
    assert json.loads(answer.written(as_json=True))["song"] == done.id
    for secret in (WORDS, TOKEN, done.key, "https://"):
        assert secret not in written
    assert str(MEMBER) in answer.text


@pytest.mark.heavy
async def test_a_deleted_song_is_still_known_by_its_money(place: Place) -> None:
    await place.filled()
    answer = await place.run("song", "4")
    assert (answer.code, answer.values["state"]) == (0, "deleted")
    answer = await place.run("song", "999")
    assert (answer.code, answer.text) == (1, "There is no song 999.")


@pytest.mark.heavy
async def test_what_was_spent_is_told_by_day_and_member(place: Place) -> None:
    await place.filled()
    async with place.bot():
        answer = await place.run("spent", "--days", "45")
    assert (answer.values["songs"], round(answer.values["money"], 6)) == (2, 0.074)
    assert {each["day"] for each in answer.values["by_day"] if each["songs"]} == {f"{WHEN:%Y-%m-%d}"}
    assert {each["member_id"]: each["songs"] for each in answer.values["members"]} == {
        str(MEMBER): 1,
        str(MEMBER + 1): 1,
    }
    assert "2 songs, 0.074 USD" in answer.text


@pytest.mark.parametrize("is_up", [False, True])
async def test_a_pause_is_what_the_bot_reads_and_ends_with_resume(place: Place, is_up: bool) -> None:
    await place.filled()
    if is_up:
        async with place.bot() as store:
            answer = await place.run("pause", "new", "strings", "--until", "2h")
            kept = Pause.parsed(await store.get_value(PAUSED))
            assert answer.values["running"] is True
    else:
        answer = await place.run("pause", "new", "strings", "--until", "2h")
        async with open_beside(place.settings.database_url) as store:
            kept = Pause.parsed(await store.get_value(PAUSED))
        assert "No bot runs" in answer.text
    assert answer.code == 0
    assert kept is not None
    assert kept.reason == "new strings"
    assert kept.until is not None
    assert timedelta(hours=1) < kept.until - datetime.now(UTC) <= timedelta(hours=2)
    assert (await place.run("resume")).values == {"paused": False, "was_paused": True}
    assert (await place.run("resume")).values == {"paused": False, "was_paused": False}
    async with open_beside(place.settings.database_url) as store:
        assert Pause.parsed(await store.get_value(PAUSED)) is None


@pytest.mark.waits
async def test_a_running_bot_forgets_a_member_within_ten_seconds(place: Place) -> None:
    done, waits, _ = await place.filled()
    async with place.bot() as store:
        assert await is_running(place.settings.database_url)
        answer = await place.run("forget", str(MEMBER))
        assert (answer.code, answer.values["state"]) == (0, "done")
        async with asyncio.timeout(20):
            while await store.known_ids([done.id, waits.id]):  # noqa: ASYNC110 - the bot deletes them
                await asyncio.sleep(0.02)
        assert place.files.track(done) is None


async def test_without_a_bot_the_command_forgets_by_itself_to_the_last_byte(place: Place) -> None:
    done, *_ = await place.filled()
    answer = await place.run("forget", str(MEMBER))
    assert (answer.code, answer.values["deleted"]) == (0, 2)
    async with open_beside(place.settings.database_url) as store:
        assert await store.get(done.id) is None
        # songs of months ago count for no limit; what was freed just now does for a day
        assert {line.kind for line in await store.ledger_of(MEMBER)} == {"freed"}
        assert list(await store.values_named(LEAVING)) == [str(MEMBER)]
    assert place.files.track(done) is None
    left = [path.name for path in place.folder.rglob("*") if path.is_file() and WORDS.encode() in path.read_bytes()]
    assert left == []
    answer = await place.run("forget", str(MEMBER + 5))
    assert answer.code == 1
    assert "Nothing is kept" in answer.text


@pytest.mark.parametrize("name", sorted(TYPED))
async def test_no_database_is_one_sentence_and_none_is_made(sqlite_place: Place, name: str) -> None:
    answer = await sqlite_place.run(*TYPED[name])
    assert answer.code == 1
    assert answer.text.startswith("There is no database at ")
    assert not list(sqlite_place.folder.rglob("*.db*"))


@pytest.mark.parametrize("name", sorted(TYPED))
async def test_another_revision_is_refused_with_a_sentence_and_not_migrated(sqlite_place: Place, name: str) -> None:
    await sqlite_place.filled()
    path = sqlite_place.settings.data_dir / "compose.db"
    for revision, words in (("0001", "Start the bot once"), ("9999", "newer version")):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        empty_log(path)
        before = path.read_bytes()
        answer = await sqlite_place.run(*TYPED[name])
        assert answer.code == 1
        assert words in answer.text
        assert path.read_bytes() == before
    assert newest() != "9999"


@pytest.mark.parametrize(
    "typed",
    [
        ("song", "seventeen"),
        ("song", "-1"),
        ("song",),
        ("spent", "--days", "0"),
        ("spent", "--days", "367"),
        ("spent", "--days", "week"),
        ("forget", "Ada"),
        ("forget", "17"),
        ("forget",),
        ("restore",),
        ("move-database",),
        ("sing",),
    ],
)
def test_what_cannot_be_meant_is_refused_with_exit_code_2(
    typed: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        parsed([*typed], version="0")
    assert refused.value.code == 2
    assert typed[0] in capsys.readouterr().err


def test_without_a_command_the_bot_runs() -> None:
    assert parsed([], version="0").what == "run"
    assert parsed(["check"], version="0").what == "check"
    assert {parsed([*typed], version="0").what for typed in TYPED.values()} <= set(SHELL_COMMANDS)


@pytest.mark.parametrize("typed", ["2026-13-40", "2026-02-30T10:00", "tomorrow", "0h", "2020-01-01", "9999999d"])
async def test_a_wrong_date_is_a_sentence_and_pauses_nothing(sqlite_place: Place, typed: str) -> None:
    await sqlite_place.filled()
    answer = await sqlite_place.run("pause", "--until", typed)
    assert answer.code == 2
    assert any(word in answer.text for word in ("is no time", "is over", "too far"))
    async with open_beside(sqlite_place.settings.database_url) as store:
        assert await store.get_value(PAUSED) is None
