"""`backup` and `restore`, beside a running bot and without one."""

import json
import shutil
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from bot.jobs.model import JobState
from bot.store.beside import open_beside
from tests.bot.shell.conftest import MEMBER, Place, place_at
from tests.bot.store.orders import NOON, an_order


def unpacked(backup: Path, into: Path) -> Path:
    if backup.is_dir():
        return backup
    with tarfile.open(backup) as archive:
        archive.extractall(into, filter="data")
    return into


def named_in(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "SELECT 'references/' || reference_copy_name FROM job UNION SELECT 'tracks/' || track_copy_name FROM job"
        )
        return {name for (name,) in found if name}


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["copy.tar", "copy"])
@pytest.mark.parametrize("is_up", [False, True])
async def test_a_backup_holds_database_and_files_for_this_user_alone(place: Place, name: str, is_up: bool) -> None:
    await place.filled()
    to = place.folder / "kept" / name
    if is_up:
        async with place.bot():
            answer = await place.run("backup", str(to))
    else:
        answer = await place.run("backup", str(to))
    assert answer.code == 0, answer.text
    assert (answer.values["songs"], answer.values["files"], answer.values["missing"]) == (3, 2, 0)
    assert stat.S_IMODE(to.stat().st_mode) == (0o600 if name.endswith(".tar") else 0o700)
    assert [path.name for path in to.parent.iterdir()] == [name]
    inside = unpacked(to, place.folder / "unpacked")
    assert named_in(inside / "database.sqlite") == {
        path.relative_to(inside).as_posix() for path in inside.rglob("*.mp3") if path.is_file()
    }
    listed = {each["name"] for each in json.loads((inside / "backup.json").read_text())["files"]}
    assert listed == {path.relative_to(inside).as_posix() for path in inside.rglob("*") if path.is_file()} - {
        "backup.json"
    }


async def test_a_backup_is_never_written_over_another_and_leaves_nothing_half(sqlite_place: Place) -> None:
    await sqlite_place.filled()
    to = sqlite_place.folder / "copy.tar"
    to.write_bytes(b"another")
    answer = await sqlite_place.run("backup", str(to))
    assert (answer.code, to.read_bytes()) == (1, b"another")
    assert "there already" in answer.text
    assert not list(sqlite_place.folder.glob(".*part*"))


async def test_without_a_name_it_lies_in_data_dir(sqlite_place: Place) -> None:
    await sqlite_place.filled()
    answer = await sqlite_place.run("backup")
    (made,) = (sqlite_place.settings.data_dir / "backups").iterdir()
    assert answer.values["backup"] == str(made)
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700


async def test_a_file_that_is_not_there_is_no_longer_named(sqlite_place: Place) -> None:
    done, *_ = await sqlite_place.filled()
    track = sqlite_place.files.track(done)
    assert track is not None
    track.unlink()
    to = sqlite_place.folder / "copy"
    answer = await sqlite_place.run("backup", str(to))
    assert (answer.code, answer.values["missing"]) == (0, 1)
    assert named_in(to / "database.sqlite") == {f"references/{track.name}"}


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["copy.tar", "copy"])
async def test_what_was_lost_comes_back(place: Place, name: str) -> None:
    done, waits, made = await place.filled()
    to = place.folder / name
    assert (await place.run("backup", str(to))).code == 0
    track = place.files.track(done)
    assert track is not None
    content = track.read_bytes()
    shutil.rmtree(place.settings.data_dir / "tracks")
    async with place.bot() as store:
        await store.delete(done.id)
        after = await store.add(an_order(9), NOON)
    answer = await place.run("restore", str(to))
    assert answer.code == 0, answer.text
    async with place.bot() as store:
        found = await store.get(done.id)
        assert found == done
        assert place.files.track(done) == track
        assert track.read_bytes() == content
        assert await store.get(after.id) is None
        assert (await store.get(made.id)) == made
        assert [line.kind for line in await store.ledger_of(MEMBER)] == ["held", "spent", "held"]
        # sent since or not: nobody knows, and a blind POST would be paid twice
        doubted = await store.get(waits.id)
        assert doubted is not None
        assert (doubted.state, doubted.attempt) == (JobState.SUBMITTING, waits.attempt + 1)
        assert (await store.add(an_order(10), NOON)).id > 4
    assert answer.values["doubted"] == 1
    assert all(Path(each).exists() for each in answer.values["aside"])


async def test_songs_that_waited_go_on_where_no_bot_ran_since(sqlite_place: Place) -> None:
    _, waits, _ = await sqlite_place.filled()
    to = sqlite_place.folder / "copy"
    await sqlite_place.run("backup", str(to))
    assert (await sqlite_place.run("restore", str(to), "--as-it-was")).code == 0
    async with open_beside(sqlite_place.settings.database_url) as store:
        assert await store.get(waits.id) == waits


@pytest.mark.heavy
async def test_nothing_is_restored_under_a_running_bot(place: Place) -> None:
    await place.filled()
    to = place.folder / "copy.tar"
    await place.run("backup", str(to))
    async with place.bot():
        answer = await place.run("restore", str(to))
    assert answer.code == 1
    assert "in use by another running bot" in answer.text


def flipped(backup: Path) -> None:
    data = bytearray(backup.read_bytes())
    at = data.index(b"track ")
    data[at] ^= 0xFF
    backup.write_bytes(data)


def cut(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-20_000])


def emptied(backup: Path) -> None:
    backup.write_bytes(b"")


def no_archive(backup: Path) -> None:
    backup.write_text("a letter")


def smuggled(backup: Path) -> None:
    with tarfile.open(backup, "a") as archive:
        archive.add(__file__, arcname="../outside.py")


def linked(backup: Path) -> None:
    with tarfile.open(backup, "a") as archive:
        member = tarfile.TarInfo("tracks/link.mp3")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)


@pytest.mark.parametrize("harm", [flipped, cut, emptied, no_archive, smuggled, linked, Path.unlink])
async def test_a_backup_that_is_not_whole_changes_nothing(sqlite_place: Place, harm: object) -> None:
    done, *_ = await sqlite_place.filled()
    to = sqlite_place.folder / "copy.tar"
    await sqlite_place.run("backup", str(to))
    before = sorted(path.relative_to(sqlite_place.folder) for path in sqlite_place.folder.rglob("*"))
    harm(to)  # type: ignore[operator]
    answer = await sqlite_place.run("restore", str(to))
    assert answer.code == 1
    assert answer.text.endswith(".")
    assert "\n" not in answer.text
    after = sorted(path.relative_to(sqlite_place.folder) for path in sqlite_place.folder.rglob("*"))
    assert set(before) - {to.relative_to(sqlite_place.folder)} <= set(after)
    assert not [path for path in after if "before-restore" in path.name or path.name.endswith(".part")]
    assert not (sqlite_place.folder.parent / "outside.py").exists()
    async with open_beside(sqlite_place.settings.database_url) as store:
        assert await store.get(done.id) == done


@pytest.mark.heavy
async def test_a_backup_fits_the_other_kind_of_database(place: Place, tmp_path: Path) -> None:
    """From PostgreSQL into a new SQLite installation, and the same from SQLite."""
    done, *_ = await place.filled()
    to = place.folder / "copy.tar"
    await place.run("backup", str(to))
    other = place_at(tmp_path / "other", f"sqlite+aiosqlite:///{tmp_path / 'other' / 'compose.db'}")
    answer = await other.run("restore", str(to))
    assert answer.code == 0, answer.text
    async with other.bot() as store:
        assert await store.get(done.id) == done
        assert other.files.track(done) is not None
