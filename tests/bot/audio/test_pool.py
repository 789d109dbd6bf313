"""Children that hang, die, lie or flood are findings; none is left behind, and none sees a secret."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot.audio import AudioPool, ChildLimits, ClosedError, Problem, Tags, Usability
from tests import warm_sound

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="children are counted in /proc")


def children() -> list[int]:
    """Process ids of what this process started."""
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ended meanwhile
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return [pid for pid in found if pid != warm_sound.nursery_id()]


async def started() -> None:
    """Comes back when there is a child."""
    while not children():  # noqa: ASYNC110  nothing tells us but the system
        await asyncio.sleep(0.005)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts another program in the worker's place: the child finds it first on the path it is handed."""

    def install(code: str) -> None:
        package = tmp_path / "hostile" / "bot" / "audio"
        package.mkdir(parents=True, exist_ok=True)
        (package.parent / "__init__.py").touch()
        (package / "__init__.py").touch()
        (package / "worker.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path / "hostile")

    return install


async def only_finding(song: Path, limits: ChildLimits | None = None) -> Problem:
    async with AudioPool(processes=1, limits=limits) as pool:
        seen = await pool.inspect(song)
    assert seen.usability is Usability.REFUSED
    (finding,) = seen.findings
    return finding.problem


@pytest.mark.waits
async def test_a_child_that_hangs_is_stopped_and_told(song: Path, hostile) -> None:
    hostile("import os, time; os.write(1, b'began\\n'); time.sleep(600)")
    assert await only_finding(song, ChildLimits(wall_seconds=5)) is Problem.OVER_TIME
    assert sys.platform != "linux" or not children()


async def test_a_child_that_ignores_its_order_and_dies_is_told(song: Path, hostile) -> None:
    hostile("import os; os.abort()")
    assert await only_finding(song) is Problem.INTERNAL, "it never came as far as the file"
    hostile("import os; os.write(1, b'began\\n'); os.abort()")
    assert await only_finding(song) is Problem.CRASHED


@pytest.mark.waits
async def test_a_child_that_never_stops_talking_is_stopped(song: Path, hostile) -> None:
    hostile("import os\nwhile True: os.write(1, b'x' * 65536)")
    assert await only_finding(song) is Problem.INTERNAL
    hostile("import os\nwhile True: os.write(2, b'x' * 65536)")
    assert await only_finding(song, ChildLimits(wall_seconds=1)) is Problem.UNAVAILABLE


@pytest.mark.parametrize(
    "answer",
    ["", "{", "[]", '{"answer": 1, "peak_bytes": 1}', '{"answer": {"usability": "fine"}, "peak_bytes": 1}', "\\xff"],
)
async def test_an_answer_that_is_none_is_told(song: Path, hostile, answer: str) -> None:
    for begun in ("", "began\n"):
        hostile(f"import sys; sys.stdin.read(); sys.stdout.buffer.write({begun + answer!r}.encode('latin-1'))")
        assert await only_finding(song) is Problem.INTERNAL


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("answer", ["b'[' * 100_000", """b'{"peak_bytes": 1e999}'"""])
async def test_an_answer_that_cannot_even_be_taken_apart_is_told(song: Path, hostile, answer: str, code: int) -> None:
    hostile(f"import os, sys\nsys.stdin.read()\nos.write(1, b'began\\n' + {answer})\nos._exit({code})")
    assert await only_finding(song) is Problem.INTERNAL


async def test_a_defect_of_ours_reaches_the_log_as_type_and_line_only(
    song: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with AudioPool(processes=1, limits=ChildLimits(memory_bytes=48 * 1024 * 1024)) as pool:
        seen = await pool.inspect(song)
    assert not seen.accepted
    assert str(song) not in caplog.text


async def test_a_child_sees_no_secret(song: Path, hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "not-for-children")
    monkeypatch.setenv("GENERATION_API_KEY", "nor-this")
    out = tmp_path / "environ.json"
    hostile(f"import json, os; open({str(out)!r}, 'w').write(json.dumps(dict(os.environ)))")
    await only_finding(song)
    seen = json.loads(out.read_text())
    assert not {"DISCORD_TOKEN", "GENERATION_API_KEY"} & set(seen)
    assert set(seen) <= {
        "PYTHONPATH",
        "PYTHONUTF8",
        "LC_CTYPE",
        "SYSTEMROOT",
        "TMPDIR",
        "TEMP",
        "TMP",
        "LD_LIBRARY_PATH",
    }


@linux_only
async def test_a_child_killed_from_outside_is_told(song: Path, tampered: Callable[[str], None]) -> None:
    tampered("if sys.orig_argv[-1] == 'bot.audio.worker': time.sleep(600)")  # it never comes as far as the file
    async with AudioPool(processes=1) as pool:
        for name in (signal.SIGTERM, signal.SIGKILL):
            looking = asyncio.create_task(pool.inspect(song))
            await started()
            os.kill(children()[0], name)
            seen = await looking
            assert [finding.problem for finding in seen.findings] == [Problem.UNAVAILABLE]


@linux_only
async def test_cancelling_leaves_no_child_and_frees_the_slot(tmp_path: Path, song: Path, song_bytes: bytes) -> None:
    long = tmp_path / "long.mp3"
    long.write_bytes(song_bytes * 50)
    async with AudioPool(processes=1) as pool:
        looking = asyncio.create_task(pool.inspect(long))
        await started()
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        assert not children()
        assert (await pool.inspect(song)).usability is Usability.USABLE


@pytest.mark.heavy
@linux_only
async def test_a_burst_never_runs_more_children_than_allowed(song: Path) -> None:
    most = 0
    async with AudioPool(processes=2) as pool:
        everything = asyncio.gather(*(pool.inspect(song) for _ in range(12)))
        while not everything.done():
            most = max(most, len(children()))
            await asyncio.sleep(0.002)
    assert 1 <= most <= 2
    assert all(seen.usability is Usability.USABLE for seen in everything.result())


@pytest.mark.heavy
async def test_what_is_no_file_is_unreadable_and_never_waited_for(tmp_path: Path) -> None:
    assert await only_finding(tmp_path / "nothing.mp3") is Problem.UNREADABLE
    assert await only_finding(tmp_path) is Problem.UNREADABLE
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp3")
        assert await only_finding(tmp_path / "pipe.mp3") is Problem.UNREADABLE


async def test_rooms_share_the_disk_in_order(tmp_path: Path) -> None:
    entered: list[int] = []

    async def one(pool: AudioPool, number: int) -> None:
        async with pool.room(60) as folder:
            assert folder.parent == tmp_path
            entered.append(number)
            (folder / "file").write_bytes(b"x")
            assert len(list(tmp_path.iterdir())) == 1
            await asyncio.sleep(0.01)

    async with AudioPool(disk_bytes=100, work_dir=tmp_path) as pool:
        await asyncio.gather(*(one(pool, number) for number in range(5)))
        assert entered == [0, 1, 2, 3, 4]
        async with pool.room(10_000):  # more than there is: alone, but not never
            pass
    assert not list(tmp_path.iterdir())


async def test_a_cancelled_room_gives_its_space_back(tmp_path: Path) -> None:
    async with AudioPool(disk_bytes=100, work_dir=tmp_path) as pool:

        async def hold() -> None:
            async with pool.room(100):
                await asyncio.sleep(60)

        holding, waiting = asyncio.create_task(hold()), asyncio.create_task(hold())
        await asyncio.sleep(0.05)
        for task in (waiting, holding):
            task.cancel()
        await asyncio.gather(holding, waiting, return_exceptions=True)
        async with asyncio.timeout(30), pool.room(100) as folder:
            assert folder.is_dir()


async def test_packaging_gives_the_track_back_when_its_child_dies(song: Path, hostile, tmp_path: Path) -> None:
    hostile("import os; os.abort()")
    async with AudioPool() as pool:
        made = await pool.package(song, tmp_path, title="Night", tags=Tags(title="Night"), limit_bytes=10**7)
    assert (made.path, made.fits, made.name, made.steps) == (song, True, "Night.mp3", frozenset())
    assert made.problem is Problem.INTERNAL
    assert not made.broken, "a dead child proves nothing about the track"


@pytest.mark.heavy
@linux_only
async def test_closing_ends_children_and_proves_nothing_about_their_files(
    tmp_path: Path, song: Path, song_bytes: bytes
) -> None:
    long = tmp_path / "long.mp3"
    long.write_bytes(song_bytes * 50)
    async with AudioPool(processes=1) as pool:
        looking, waiting = (asyncio.create_task(pool.inspect(path)) for path in (long, song))
        await started()
    for task in (looking, waiting):
        with pytest.raises(ClosedError):
            await task
    assert not children()


async def test_without_any_process_to_be_had_the_file_is_not_blamed(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(song.with_name("no-python-here")))
    async with AudioPool() as pool:
        seen = await pool.inspect(song)
    assert [finding.problem for finding in seen.findings] == [Problem.INTERNAL]


async def test_a_child_cannot_have_a_foreign_file_posted(song: Path, hostile, tmp_path: Path) -> None:
    secret = tmp_path / ".env"
    secret.write_text("DISCORD_TOKEN=x")
    (tmp_path / "track.mp3").symlink_to(secret)
    for named in (secret, tmp_path / "track.mp3"):
        answer = {"path": str(named), "fits": True, "size_bytes": 1, "name": "a.mp3"}
        written = "began\n" + json.dumps({"answer": answer, "peak_bytes": 1})
        hostile(f"import sys; sys.stdin.read(); sys.stdout.write({written!r})")
        async with AudioPool() as pool:
            made = await pool.package(song, tmp_path, title="a", tags=Tags(), limit_bytes=10**7)
        assert (made.path, made.problem) == (song, Problem.INTERNAL)


@pytest.mark.heavy
async def test_a_finished_track_goes_before_references_that_wait(song: Path, tmp_path: Path) -> None:
    done: list[str] = []
    async with AudioPool(processes=1) as pool:

        async def heard(name: str) -> None:
            await pool.inspect(song)
            done.append(name)

        async def packaged(name: str) -> None:
            await pool.package(song, tmp_path, title="Night", tags=Tags(), limit_bytes=10**7)
            done.append(name)

        await asyncio.gather(heard("first"), heard("second"), heard("third"), packaged("track"))
    assert done == ["first", "track", "second", "third"]


def test_no_process_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="processes"):
        AudioPool(processes=0)
