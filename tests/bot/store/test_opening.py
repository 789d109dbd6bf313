"""What keeps a SQLite file from being opened is said in words, and the file stays as it is."""

import asyncio
import importlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.disk import Disk
from bot.errors import StartError, StoreBusyError
from bot.jobs.model import JobState
from bot.store import sqlite_file
from bot.store.db import describe, kept_value_in, open_store
from bot.store.migrate import FOLDER, newest
from bot.store.sqlite_file import start_error
from tests.bot.store import processes
from tests.bot.store.orders import NOON, SetClock, an_order

HOLDING = """
import asyncio, sys
from bot.clock import SystemClock
from bot.store.db import open_store

async def main():
    async with open_store(sys.argv[1], clock=SystemClock()):
        print("open", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def _refused(url: str) -> str:
    with pytest.raises(StartError) as caught:
        async with open_store(url, clock=SetClock()):
            pass
    return str(caught.value)


async def _filled(url: str, jobs: int = 60) -> None:
    async with open_store(url, clock=SetClock()) as store:
        for number in range(jobs):
            await store.add(an_order(number + 1, lyrics="la " * 1000), NOON)


@contextmanager
def _files_no_larger_than(size_bytes: int) -> Generator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_the_folder_and_the_file_are_made_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "compose.db"
    async with open_store(f"sqlite+aiosqlite:///{path}", clock=SetClock()) as store:
        await store.add(an_order(), NOON)
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["compose.db", "compose.db-wal", "compose.db-shm", "compose.db.lock"], 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_the_file_is_in_wal_mode_and_every_commit_is_synced(sqlite_url: str) -> None:
    async with open_store(sqlite_url, clock=SetClock()) as store, store.database.writing() as connection:
        assert (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar() == "wal"
        full = 2
        assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar() == full
        assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar() == 1


async def test_readers_cannot_write(sqlite_url: str) -> None:
    async with open_store(sqlite_url, clock=SetClock()) as store:
        with pytest.raises(StoreBusyError, match="read-only"):
            async with store.database.reading() as connection:
                await connection.exec_driver_sql("DELETE FROM job")


async def test_a_second_opener_in_this_process_is_refused_until_the_first_is_done(sqlite_url: str, path: Path) -> None:
    async with open_store(sqlite_url, clock=SetClock()) as store:
        assert f"{path} is in use by another running bot" in await _refused(sqlite_url)
        await store.add(an_order(), NOON)
    async with open_store(sqlite_url, clock=SetClock()):
        pass


async def test_another_name_of_the_same_file_is_refused_too(sqlite_url: str, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    async with open_store(sqlite_url, clock=SetClock()):
        assert f"{path} is in use" in await _refused(f"sqlite+aiosqlite:///{link}/../{tmp_path.name}/compose.db")


async def test_a_second_process_is_refused_and_a_killed_one_holds_nothing(sqlite_url: str, path: Path) -> None:
    with processes.start(HOLDING, sqlite_url) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        assert f"{path} is in use by another running bot" in await _refused(sqlite_url)
        assert "in use by a running bot" in await describe(sqlite_url)
        child.send_signal(signal.SIGKILL)
    assert "not in use" in await describe(sqlite_url)
    async with open_store(sqlite_url, clock=SetClock()) as store:
        await store.add(an_order(), NOON)


@pytest.mark.parametrize(
    "content", [b"x", b"a short note", b"hello, I am a letter\n" * 500, b"SQLite format 3\x00" + b"\xff" * 9000]
)
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(
    sqlite_url: str, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    message = await _refused(sqlite_url)
    assert f"{path} is not a SQLite database" in message
    assert "left untouched" in message
    assert path.read_bytes() == content
    with pytest.raises(StartError, match="left untouched"):
        await describe(sqlite_url)


@pytest.mark.parametrize("way", ["overwritten", "cut"])
async def test_a_damaged_database_is_refused_and_left_as_it_is(sqlite_url: str, path: Path, way: str) -> None:
    await _filled(sqlite_url)
    whole = path.read_bytes()
    half = len(whole) // 2 // 4096 * 4096
    content = whole[:half] if way == "cut" else whole[:half] + os.urandom(8192) + whole[half + 8192 :]
    path.write_bytes(content)
    message = await _refused(sqlite_url)
    assert f"{path} is damaged" in message
    assert path.read_bytes() == content
    with pytest.raises(StartError, match="damaged"):
        await describe(sqlite_url)


async def test_damage_in_a_large_database_is_found_while_the_bot_runs(
    sqlite_url: str, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await _filled(sqlite_url)
    monkeypatch.setattr(sqlite_file, "WHOLE_BYTES", 1)
    disk = Disk([], SetClock())
    async with open_store(sqlite_url, clock=SetClock(), disk=disk) as store:
        await _checked()
        assert (disk.trouble, (await store.tally()).by_state[JobState.CHECKING]) == ("", 60)
    whole = path.read_bytes()
    half = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:half] + os.urandom(8192) + whole[half + 8192 :])
    async with open_store(sqlite_url, clock=SetClock(), disk=disk):
        await _checked()
        assert f"{path} is damaged" in disk.trouble
        disk.worked()
        assert f"{path} is damaged" in disk.trouble
    assert "is damaged" in caplog.text
    path.write_bytes(whole[:half])
    assert f"{path} is damaged" in await _refused(sqlite_url)


async def test_a_large_database_is_closed_while_it_is_still_read(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await _filled(sqlite_url)
    monkeypatch.setattr(sqlite_file, "WHOLE_BYTES", 1)
    async with open_store(sqlite_url, clock=SetClock()):
        pass
    assert "damaged" not in caplog.text


async def _checked() -> None:
    for task in asyncio.all_tasks():
        if task.get_name() == "beside the store":
            await task


async def test_a_database_of_something_else_is_refused_and_left_as_it_is(sqlite_url: str, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipe (id INTEGER PRIMARY KEY)")
    before = path.read_bytes()
    assert "not one of Compose" in await _refused(sqlite_url)
    assert path.read_bytes() == before


async def test_an_empty_file_becomes_the_database(sqlite_url: str, path: Path) -> None:
    path.touch()
    assert "empty; the bot will create its tables" in await describe(sqlite_url)
    async with open_store(sqlite_url, clock=SetClock()) as store:
        await store.add(an_order(), NOON)


async def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    message = await _refused(f"sqlite+aiosqlite:///{tmp_path}/data/compose.db")
    assert f"The folder {tmp_path / 'data'} cannot be created" in message


@pytest.mark.heavy
async def test_a_folder_that_this_user_may_not_write_is_named() -> None:
    """As a child of another user where this one is root, whom no permission stops."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        script = f"""
import asyncio, concurrent.futures.thread, os
from bot.clock import SystemClock
from bot.errors import StartError
from bot.store.db import describe, open_store

if os.getuid() == 0:
    os.setuid(65534)

async def main():
    for name in ("compose.db", "deep/compose.db"):
        url = "sqlite+aiosqlite:///" + os.path.join({folder!r}, name)
        for attempt in (describe(url), open_store(url, clock=SystemClock()).__aenter__()):
            try:
                await attempt
            except StartError as error:
                print(error)

asyncio.run(main())
"""
        code, out, errors = await processes.run(script)
        assert code == 0, errors
        assert len(out.splitlines()) == 4
        assert out.count("is not writable") == 2
        assert "cannot be used" in out
        assert "cannot be created" in out
        assert list(Path(folder).iterdir()) == []


async def test_no_room_for_the_first_tables_is_said_and_more_room_helps(sqlite_url: str) -> None:
    with _files_no_larger_than(8192):
        message = await _refused(sqlite_url)
    assert "cannot be used (input/output error). Check the disk" in message
    async with open_store(sqlite_url, clock=SetClock()) as store:
        await store.add(an_order(), NOON)


def test_a_full_disk_is_named_with_what_to_do(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE job (lyrics TEXT)")
        connection.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute("INSERT INTO job VALUES (?)", ("la " * 9000,))
    message = str(start_error(path, caught.value))
    assert message == f"{path} cannot be used (disk full). Free some space on that disk, then start again."


@pytest.mark.heavy
async def test_a_database_that_another_program_holds_is_named(sqlite_url: str, path: Path) -> None:
    await _filled(sqlite_url, jobs=1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        message = await _refused(sqlite_url)
    assert message == f"{path} cannot be used (locked). Close the other programs that have it open, then start again."
    async with open_store(sqlite_url, clock=SetClock()) as store:
        assert await store.get(1) is not None


@pytest.mark.heavy
async def test_what_a_killed_process_left_in_the_log_is_there_at_the_next_start(sqlite_url: str, path: Path) -> None:
    script = """
import asyncio, os, signal, sys
from bot.store.db import open_store
from tests.bot.store.orders import NOON, SetClock, an_order

async def main():
    async with open_store(sys.argv[1], clock=SetClock()) as store:
        await store.add(an_order(), NOON)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    code, _, errors = await processes.run(script, sqlite_url)
    assert code == -9, errors
    assert path.with_name("compose.db-wal").stat().st_size > 0
    assert f"revision {newest()} (up to date)" in await describe(sqlite_url)
    async with open_store(sqlite_url, clock=SetClock()) as store:
        assert await store.get(1) is not None


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("nonsense with s3cret", "not a database URL"),
        ("mysql+aiomysql://bot:s3cret@db/compose", "begins with mysql+aiomysql://"),
        ("sqlite:///data/s3cret.db", "begins with sqlite://"),
        ("sqlite+aiosqlite://", "must name a file"),
        ("sqlite+aiosqlite:///:memory:", "must name a file"),
        ("sqlite+aiosqlite:///file:s3cret?mode=memory&uri=true", "must name a file"),
    ],
)
async def test_a_url_that_cannot_be_opened_is_refused_without_being_repeated(url: str, word: str) -> None:
    message = await _refused(url)
    assert word in message
    assert "s3cret" not in message
    with pytest.raises(StartError, match="DATABASE_URL"):
        await describe(url)


async def test_describing_creates_nothing(sqlite_url: str, path: Path, tmp_path: Path) -> None:
    assert await describe(sqlite_url) == f"{path} does not exist yet; the bot will create it."
    assert "does not exist yet" in await describe(f"sqlite+aiosqlite:///{tmp_path}/a/b/compose.db")
    assert list(tmp_path.iterdir()) == []
    await _filled(sqlite_url)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    megabytes = f"{path.stat().st_size / 1e6:.1f}"
    assert (
        await describe(sqlite_url) == f"{path}: {megabytes} MB, revision {newest()} (up to date), writable, not in use."
    )
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.heavy
async def test_a_kept_value_is_read_beside_a_running_bot_and_from_what_is_not_there(new_url: str) -> None:
    assert await kept_value_in(new_url, "brake.aiml") is None
    async with open_store(new_url, clock=SetClock()) as store:
        assert await kept_value_in(new_url, "brake.aiml") is None
        await store.set_value("brake.aiml", "on")
        assert await kept_value_in(new_url, "brake.aiml") == "on"
    assert await kept_value_in(new_url, "brake.aiml") == "on"


async def test_describing_does_not_disturb_a_running_bot(sqlite_url: str) -> None:
    async with open_store(sqlite_url, clock=SetClock(), busy_seconds=1) as store:
        for number in range(5):
            assert "in use by a running bot" in await describe(sqlite_url)
            await store.add(an_order(number + 1), NOON)


@pytest.mark.heavy
async def test_without_its_driver_postgresql_is_refused_with_what_to_install() -> None:
    script = """
import asyncio, sys
sys.modules["asyncpg"] = None
import importlib.util
from bot.errors import StartError
from bot.store.db import describe

try:
    asyncio.run(describe("postgresql+asyncpg://bot:s3cret@127.0.0.1/compose"))
except StartError as error:
    print(error)
"""
    code, out, errors = await processes.run(script)
    assert code == 0, errors
    assert "needs the package asyncpg" in out


@pytest.mark.heavy
def test_importing_the_store_imports_no_driver_of_postgresql() -> None:
    script = "import sys, bot.store.db, bot.store.jobs; sys.exit('asyncpg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=processes.ROOT, check=False).returncode == 0


@pytest.mark.parametrize("name", ["env", *(f"versions.{file.stem}" for file in sorted(FOLDER.glob("versions/0*.py")))])
def test_importing_a_migration_runs_nothing(name: str) -> None:
    importlib.import_module(f"bot.store.migrations.{name}")


async def test_a_pipe_or_a_device_is_no_database_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        assert "is a device or a pipe, which may have no end" in await _refused(f"sqlite+aiosqlite:///{path}")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/", "names the folder /"),
        ("{folder}", "names the folder"),
        ("{folder}/" + "x" * 300, "cannot be looked at"),
        ("{folder}/x.db?timeout=abc", "what stands behind the ? cannot be used"),
    ],
)
async def test_an_odd_address_gets_a_sentence_and_makes_no_file(tmp_path: Path, place: str, said: str) -> None:
    url = f"sqlite+aiosqlite:///{place.format(folder=tmp_path)}"
    assert said in await _refused(url)
    with pytest.raises(StartError, match="DATABASE_URL"):
        await describe(url)
    assert not list(tmp_path.iterdir())


async def test_parameters_that_the_driver_knows_are_taken(tmp_path: Path) -> None:
    async with open_store(f"sqlite+aiosqlite:///{tmp_path}/x.db?timeout=3", clock=SetClock()) as store:
        await store.add(an_order(), NOON)
    assert (tmp_path / "x.db").exists()
